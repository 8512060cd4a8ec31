"""What every test shares: isolation of files and cache, and a last word on what was left out."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings

from desk import prepared
from ground.frames import with_room

pytest_plugins = ["tests.sharing_out"]
LEFT_OUT = {
    "services": "make test-services (PostgreSQL, Redis)",
    "browser": "make test-browser (Chromium)",
    "once": "make test (on SQLite only)",
    "served": "make test-browser (on PostgreSQL and Redis only)",
}
OF_DATABASES = {"db", "transactional_db", "django_db_setup", "django_db_blocker", "live_server"}
BROWSER = Path(__file__).parent / "browser"
deselected: dict[str, int] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    """What asks no database is the same on every one."""
    marked = any(item.get_closest_marker(mark) for mark in ("django_db", "services", "browser"))
    if not marked and OF_DATABASES.isdisjoint(getattr(item, "fixturenames", ())):
        item.add_marker("once")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for the demo comes first: xdist takes from the end of a list, so one process loads it, once."""
    items.sort(key=lambda item: "demo" not in getattr(item, "fixturenames", ()))
    for item in items:
        if item.get_closest_marker("browser") and BROWSER not in item.path.parents:
            raise pytest.UsageError(f"make test-browser looks into tests/browser only: {item.nodeid}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """As pages and tasks are called: a sixth of the suite's time is saved."""
    pyfuncitem.obj = with_room(pyfuncitem.obj)


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
    """An empty cache, no kept statements and an uploads folder of its own for every test."""
    cache.clear()
    prepared._kept.clear()  # a key that was taken back with a test is given to somebody else
    # A plain assignment would not do: storages keep their folder until they hear of a change.
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        yield
    shutil.rmtree(tmp_path / "media", ignore_errors=True)
