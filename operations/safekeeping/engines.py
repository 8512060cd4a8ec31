"""The two databases, as backup and restore need them: one moment of it in a file, and that file back."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import sqlite3
import subprocess  # noqa: S404 - the client programs of PostgreSQL, by constant names
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.client import DatabaseClient

from operations.safekeeping.manifest import Refused, create

#: Rows of a query, asked of the moment that was written down.
Ask = Callable[[str], "list[tuple[Any, ...]]"]
#: pg_restore of this version or newer sets a parameter that older servers do not know.
NEW_PARAMETER = 17
PR_SET_PDEATHSIG = 1


class Engine(ABC):
    """`dump` is the file's name inside a backup; `head` is SQL for what stands before the colon of a column."""

    dump: str
    tables: str
    head: str

    @abstractmethod
    def moment(self, into: Path) -> Any:
        """A context: the database of one moment is written to `into`; gives an `Ask` of the same moment.
        Raises Refused, OSError."""

    @abstractmethod
    def load(self, dump: Path) -> None:
        """Fill the empty database from the file, all or nothing. Raises Refused."""

    @abstractmethod
    def server(self) -> str:
        """The server's version."""

    @abstractmethod
    def check(self, *, restoring: bool) -> None:
        """Raises Refused where a program that is needed is missing or does not fit."""

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Of the database as it is now."""
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()


class PostgreSQL(Engine):
    dump = "database.dump"
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    head = "split_part({column}, ':', 1)"

    @contextmanager
    def moment(self, into: Path) -> Iterator[Ask]:
        with transaction.atomic():
            _do("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            [(snapshot,)] = self.ask("SELECT pg_export_snapshot()")
            create(into).close()  # pg_dump keeps the mode of a file that is there
            _run(
                "pg_dump",
                f"--snapshot={snapshot}",
                "--format=custom",
                f"--file={into}",
                *_PLAIN,
                *_where()[1:],
            )
            yield self.ask

    def load(self, dump: Path) -> None:
        *where, name = _where()[1:]
        _run("pg_restore", "--single-transaction", *_PLAIN, *where, f"--dbname={name}", str(dump))
        _do("ANALYZE")

    def server(self) -> str:
        return str(self._major())

    def check(self, *, restoring: bool) -> None:
        for name in ("pg_dump", "pg_restore"):
            _check_client(name, self._major(), restoring)

    def _major(self) -> int:
        with connection.cursor():
            return int(connection.pg_version) // 10_000  # type: ignore[attr-defined]


class SQLite(Engine):
    dump = "database.sqlite3"
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1"
    head = "substr({column}, 1, instr({column}, ':') - 1)"

    @contextmanager
    def moment(self, into: Path) -> Iterator[Ask]:
        create(into).close()
        with closing(sqlite3.connect(into)) as copy:
            try:
                with closing(sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=20)) as source:
                    source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            except sqlite3.Error as error:
                raise Refused(f"数据库没有备份成功：{error}") from None
            yield lambda sql: copy.execute(sql).fetchall()

    def load(self, dump: Path) -> None:
        connection.ensure_connection()
        with closing(sqlite3.connect(f"{dump.resolve().as_uri()}?immutable=1", uri=True)) as source:
            try:
                source.backup(connection.connection)
            except sqlite3.Error as error:
                raise Refused(f"数据库没有恢复成功：{error}") from None
        connection.close()  # the next one sets the journal again

    def server(self) -> str:
        return sqlite3.sqlite_version

    def check(self, *, restoring: bool) -> None:
        """SQLite comes with Python."""


def engine() -> Engine:
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


_PLAIN = ("--no-owner", "--no-privileges")


def _do(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _where() -> list[str]:
    """psql -U user -h host -p port name; only the words behind the first are used."""
    return DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])[0]


def _run(*words: str) -> None:
    """A client program, with the password in its environment and never in its arguments. Raises Refused."""
    secrets = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])[1] or {}
    done = subprocess.run(  # noqa: S603
        words,
        env=os.environ | secrets,
        capture_output=True,
        text=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        # Rows stand in CONTEXT and DETAIL of what PostgreSQL says; its ERROR names the fault.
        fault = next((line for line in said if "error" in line.lower()), said[0] if said else "")
        raise Refused(f"{words[0]} 没有成功：{fault[:300]}")


def _die_with_parent() -> None:
    """Killed means killed: a pg_restore left alone would fill the database behind everybody's back."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _check_client(name: str, server: int, restoring: bool) -> None:
    if shutil.which(name) is None:
        raise Refused(f"找不到 {name}：请安装 postgresql-client-{server}（版本与服务器 {server} 相同）。")
    said = subprocess.run([name, "--version"], capture_output=True, text=True).stdout  # noqa: S603
    found = re.search(r"\) (\d+)", said)
    client = int(found[1]) if found else 0
    if client < server or (restoring and client >= NEW_PARAMETER > server):
        raise Refused(f"{name} 的版本是 {client}，服务器是 {server}：请安装 postgresql-client-{server}。")
