"""What the commands share: a bar over bytes, sizes in words, and the question for a passphrase."""

from __future__ import annotations

import os
from getpass import getpass
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from operations.safekeeping.manifest import Refused

PASSPHRASE = "WENSHAO_KEYS_PASSPHRASE"  # noqa: S105 (the name of a variable)


class Bar:
    """A bar of bytes on standard error, where somebody looks; how many there will be nobody knows beforehand."""

    def __init__(self, what: str, *, is_seen: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, disable=not is_seen)
        self._task = self._progress.add_task(what, total=None)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, count: int) -> None:
        self._progress.advance(self._task, count)


def megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB"


def asked_passphrase(*, is_new: bool) -> str:
    """From the environment, or typed by whoever sits there, a new one twice. Raises Refused."""
    if given := os.environ.get(PASSPHRASE):
        return given
    try:
        typed = getpass("口令：")
        if is_new and getpass("再输入一次：") != typed:
            raise Refused("两次输入的口令不一样。")
    except EOFError:
        raise Refused(f"没有口令：请在终端里执行，或由 {PASSPHRASE} 给出。") from None
    return typed
