"""The demo is loaded once in a run of the suite: every process of the run begins with a copy of it.

A copy is a var directory (keys, uploads, static files, on SQLite the database) and, where
WENSHAO_TEST_DATABASE_URL names a server, a database on it that has the loaded one for its template.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

#: Loads the demo into a var directory and the database of that URL, "" for SQLite.
Load = Callable[[Path, str], None]
_READY = "ready"


@contextmanager
def copy_of_the_demo(shared: Path, folder: Path, load: Load) -> Iterator[str]:
    """Fill `folder` and give the URL of its database ("" for SQLite), which is dropped afterwards.

    `shared` belongs to the processes of one run. Whoever comes first loads the demo there; whoever ends last
    takes it away again.
    """
    shared.mkdir(parents=True, exist_ok=True)
    own = f"wenshao_browser_{os.getpid()}"
    with (shared / "playing").open("w") as playing:
        with _alone(shared):
            _begin(shared, load)
            shutil.copytree(shared / "var", folder, dirs_exist_ok=True)
            _on_server(f'CREATE DATABASE "{own}" TEMPLATE "{_template()}"')
            fcntl.flock(playing, fcntl.LOCK_SH)
        try:
            yield _url(own)
        finally:
            _on_server(f'DROP DATABASE "{own}" WITH (FORCE)')
            # Where another process still plays, that one will be the last.
            with _alone(shared), suppress(BlockingIOError):
                fcntl.flock(playing, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end(shared)


@contextmanager
def _alone(shared: Path) -> Iterator[None]:
    """Nobody else loads, copies or takes away meanwhile."""
    with (shared / "alone").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _begin(shared: Path, load: Load) -> None:
    if (shared / _READY).exists():
        return
    _end(shared)  # what a loading that failed has left
    _on_server(f'CREATE DATABASE "{_template()}"')
    load(shared / "var", _url(_template()))
    (shared / _READY).touch()


def _end(shared: Path) -> None:
    (shared / _READY).unlink(missing_ok=True)
    shutil.rmtree(shared / "var", ignore_errors=True)
    _on_server(f'DROP DATABASE IF EXISTS "{_template()}" WITH (FORCE)')


def _template() -> str:
    """The loaded database, one for each run."""
    return f"wenshao_browser_{os.environ.get('PYTEST_XDIST_TESTRUNUID') or os.getpid()}_demo"


def _url(name: str) -> str:
    server = os.environ.get("WENSHAO_TEST_DATABASE_URL", "")
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}")) if server else ""


def _on_server(statement: str) -> None:
    """Nothing where the platforms are on SQLite."""
    if not (url := _url("postgres")):
        return
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()
