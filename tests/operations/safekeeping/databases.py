"""Databases beside the test's own: to make one, to be inside, to begin with an empty one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from django.db import connection

_made: list[str] = []
_empty: list[str] = []


@contextmanager
def inside(name: str) -> Iterator[None]:
    """The default connection leads into the database of that name (SQLite: path)."""
    was = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = was


def copy_of_the_tests_own(folder: Path) -> str:
    """Its tables, and the rows that belong to no test."""
    if connection.vendor == "postgresql":
        own = connection.settings_dict["NAME"]
        connection.close()
        _on_server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{own}'")
        return _created(template=own)
    there = folder / "copy.sqlite3"
    own = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(own)) as source, closing(sqlite3.connect(there)) as copy:
        source.backup(copy)
    return str(there)


@contextmanager
def an_empty_one(folder: Path) -> Iterator[None]:
    """Inside of a database without tables. PostgreSQL has one for all tests: to make and drop one takes seconds."""
    if connection.vendor == "postgresql":
        name = _empty[0] if _empty else _created()
        _empty[:] = [name]
    else:
        name = str(folder / f"{uuid4().hex}.sqlite3")
    with inside(name):
        if connection.vendor == "postgresql" and not _is_bare():
            _do("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        yield


def drop_all() -> None:
    """At the end and not one by one: a server writes everything to its disk before it drops a database."""
    _empty.clear()
    while _made:
        _on_server(f'DROP DATABASE "{_made.pop()}" WITH (FORCE)')


def _created(template: str = "template1") -> str:
    name = f"wenshao_restored_{os.getpid()}_{uuid4().hex[:6]}"
    _on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _made.append(name)
    return name


def _is_bare() -> bool:
    """No table, index, sequence or view."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace")
        return cursor.fetchone() == (0,)


def _do(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _on_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement)
