"""The uploads that rows name: which there are, copying them out and back in."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection, models

from ground.sealed import LENGTH_BYTES
from operations.safekeeping.engines import Ask
from operations.safekeeping.manifest import MEDIA, Entry, Refused, create, measured

Advance = Callable[[int], object]  # is told of bytes

#: Files on their way in lie here, under the folder of uploads, so that moving them is one step of the disk.
ON_THEIR_WAY = ".restoring"
#: A sealed file begins like this, behind the length of its first piece where it was sealed in pieces.
_HEAD = re.compile(rb"(?:[\s\S]{%d})?[a-z](\d+):" % LENGTH_BYTES)


class Copied(NamedTuple):
    """What became of the uploads of one moment."""

    files: dict[str, Entry]  # by path inside the backup
    gone: list[str]  # named by a row, not on the disk
    keys: set[str]  # versions of the keys that sealed some of them


def root() -> Path:
    """The folder of uploads. Raises Refused where they are not kept in files."""
    if not isinstance(default_storage, FileSystemStorage):
        raise Refused("上传文件不在本机磁盘上（对象存储）：请用存储自己的备份，这个命令不适用。")
    return Path(settings.MEDIA_ROOT)


def columns() -> list[tuple[str, str]]:
    """(table, column) of every field that names files."""
    return [
        (model._meta.db_table, str(each.column))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for each in model._meta.local_fields
        if isinstance(each, models.FileField)
    ]


def names(ask: Ask) -> list[str]:
    """Paths under the folder of uploads that rows of this moment name."""
    quote, found = connection.ops.quote_name, set[str]()
    for table, column in columns():
        sql = f"SELECT {quote(column)} FROM {quote(table)} WHERE {quote(column)} <> ''"  # noqa: S608
        found.update(name for (name,) in ask(sql))
    return sorted(found)


def copy_out(wanted: Iterable[str], into: Path, advance: Advance) -> Copied:
    """Copy uploads into `into`/media. Raises OSError, Refused for a name that leads out of the folder."""
    files, gone, keys = dict[str, Entry](), list[str](), set[str]()
    for name in wanted:
        inside = f"{MEDIA}/{name}"
        _refuse_outside(name)
        try:
            with (root() / name).open("rb") as source:
                keys.update(_keys_of(name, source.peek(64)))
                target = into / inside
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with create(target) as file:
                    files[inside] = measured(source, file)
        except FileNotFoundError:
            gone.append(name)
        else:
            advance(files[inside].size)
    return Copied(files, gone, keys)


def refuse_strangers(files: dict[str, Entry]) -> None:
    """The folder of uploads holds nothing, or what an earlier try with the same backup put there. Raises Refused."""
    for path in _there():
        name = path.relative_to(root()).as_posix()
        entry = files.get(f"{MEDIA}/{name}")
        if entry is None or path.stat().st_size != entry.size or _entry(path) != entry:
            raise Refused(f"上传目录 {root()} 不是空的（例如 {name}）：请换一个空目录，或先把它移走。")


def copy_in(source: Path, files: dict[str, Entry], advance: Advance) -> Iterator[Path]:
    """Put the uploads of a backup in their places, each whole or not at all; gives each new one as it stands there.

    Raises OSError, Refused for a file that is not as the manifest has it, or whose name leads out of the folder.
    """
    for inside in files:
        _refuse_outside(inside)
    waiting = root() / ON_THEIR_WAY
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir(parents=True, mode=0o750)
    try:
        for inside, entry in files.items():
            target = root() / PurePosixPath(inside).relative_to(MEDIA)
            if not target.exists():
                _put(source / inside, waiting / "file", entry, inside)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(waiting / "file", target)
                yield target
            advance(entry.size)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def _put(source: Path, target: Path, entry: Entry, inside: str) -> None:
    with source.open("rb") as file, target.open("wb") as copy:
        found = measured(file, copy)
    if found != entry:
        raise Refused(f"备份中的 {inside} 与清单不符：没有恢复任何内容。")
    if settings.FILE_UPLOAD_PERMISSIONS is not None:
        target.chmod(settings.FILE_UPLOAD_PERMISSIONS)


def _there() -> Iterator[Path]:
    for path in sorted(root().rglob("*")):
        if path.is_file() and path.relative_to(root()).parts[0] != ON_THEIR_WAY:
            yield path


def _entry(path: Path) -> Entry:
    with path.open("rb") as file:
        return measured(file)


def _keys_of(name: str, beginning: bytes) -> Iterator[str]:
    if name.endswith(".sealed") and (found := _HEAD.match(beginning)):
        yield found[1].decode()


def _refuse_outside(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Refused("有一个文件名指向上传目录之外，这不是平台写的：请先查数据库（doctor）和备份的来历。")
