"""What every test shares: isolation of files and cache, and a last word on what was left out."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings

LEFT_OUT = {
    "services": "make test-services (PostgreSQL, Redis)",
    "browser": "make test-browser (Chromium)",
}
deselected: dict[str, int] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: looking through it again and again for garbage costs a tenth of the suite."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in LEFT_OUT:
            if item.get_closest_marker(mark):
                deselected[mark] = deselected.get(mark, 0) + 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of xdist hands its count to the one that writes the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["deselected"] = dict(deselected)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    deselected.update(getattr(node, "workeroutput", {}).get("deselected", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which marked tests this run did not play, and which command plays them."""
    expression = config.option.markexpr
    for mark, command in LEFT_OUT.items():
        if f"not {mark}" in expression:
            count = deselected.get(mark)
            number = f"{count} tests" if count else "the tests"
            terminalreporter.write_line(f"Left out: {number} marked {mark!r}; {command} runs them.")


@pytest.fixture(autouse=True)
def apart(tmp_path: Path) -> Iterator[None]:
    """An empty cache and an uploads folder of its own for every test."""
    cache.clear()
    # A plain assignment would not do: storages keep their folder until they hear of a change.
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        yield
    shutil.rmtree(tmp_path / "media", ignore_errors=True)
