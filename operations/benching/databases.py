"""The databases of the benchmark: a simulated city each, kept; what is measured is a copy, dropped afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2  # type: ignore[import-untyped]
from django.db.migrations.loader import MigrationLoader
from psycopg2 import sql


def named(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def ask(url: str, statement: Any, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """One statement outside of any transaction; its rows, if it has any."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def exists(url: str) -> bool:
    found = ask(named(url, "postgres"), "SELECT 1 FROM pg_database WHERE datname = %s", (name_of(url),))
    return bool(found)


def create(url: str) -> None:
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name_of(url)))
    ask(named(url, "postgres"), statement)


def drop(url: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name_of(url)))
    ask(named(url, "postgres"), statement)


def comment(url: str) -> str:
    """What was noted on the database."""
    (found,) = ask(
        named(url, "postgres"),
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
        (name_of(url),),
    )
    return found[0] or ""


def note(url: str, words: str) -> None:
    """Write on the database how it was made."""
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    ask(named(url, "postgres"), statement.format(sql.Identifier(name_of(url)), sql.Literal(words)))


def is_migrated(url: str) -> bool:
    """Whether the database has the migrations of this code, all of them and no others of our apps."""
    wanted = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {})
    there = set(ask(url, "SELECT app, name FROM django_migrations"))
    return wanted == there


@contextmanager
def copied(url: str) -> Iterator[str]:
    """A copy of the database for as long as the block runs: its URL. Nobody may be connected to the original."""
    copy = named(url, f"{name_of(url)}_run")
    drop(copy)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    names = sql.Identifier(name_of(copy)), sql.Identifier(name_of(url))
    ask(named(url, "postgres"), statement.format(*names))
    try:
        yield copy
    finally:
        drop(copy)
