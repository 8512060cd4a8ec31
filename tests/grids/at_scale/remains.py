"""What is left of a day: the dump of the database, files, cached values, each as (where, bytes)."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet

from grids.models import Resident
from tests.grids.at_scale.spellings import session_text


def dump() -> bytes:
    """The whole database as an operator would take it away."""
    if connection.vendor == "sqlite":
        return "\n".join(connection.connection.iterdump()).encode()
    return _by_pg_dump() if shutil.which("pg_dump") else b"".join(_by_copy())


def _by_pg_dump() -> bytes:
    to = connection.settings_dict
    environ = {"PGPASSWORD": to["PASSWORD"], "PATH": str(Path(str(shutil.which("pg_dump"))).parent)}
    where = ["-h", to["HOST"], "-p", str(to["PORT"] or 5432), "-U", to["USER"], to["NAME"]]
    done = subprocess.run(["pg_dump", "--no-owner", *where], env=environ, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _by_copy() -> Iterator[bytes]:
    """Every table of ours, as pg_dump would copy it."""
    for table in connection.introspection.table_names():
        content = io.BytesIO()
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {connection.ops.quote_name(table)} TO STDOUT", content)
        yield f"COPY {table}\n".encode() + content.getvalue()


def sessions() -> Iterator[tuple[str, bytes]]:
    """They are signed and packed: in a dump they read as nothing."""
    for row in Session.objects.all():
        yield "session", session_text(row)


def files() -> Iterator[tuple[str, bytes]]:
    """Everything below the folder of uploads, and the progress of jobs where it lies in files."""
    folders = [Path(settings.MEDIA_ROOT)]
    if "filebased" in settings.CACHES["progress"]["BACKEND"]:
        folders.append(Path(settings.CACHES["progress"]["LOCATION"]))
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.exists() else ():
            if path.is_file():
                yield str(path.relative_to(folder.parent)), path.read_bytes() + path.name.encode()


def cached() -> Iterator[tuple[str, bytes]]:
    """Keys and values of Redis, if that is where caches and the broker are."""
    if not settings.REDIS_URL:
        return
    import redis

    store = redis.Redis.from_url(settings.REDIS_URL)
    for key in store.scan_iter(count=1000):
        kind = store.type(key)
        value = store.get(key) if kind == b"string" else store.dump(key)
        yield f"redis {key[:40].decode(errors='replace')}", key + b" " + (value or b"")


def everything(logged: str) -> Iterator[tuple[str, bytes]]:
    yield "dump", dump()
    yield "log", logged.encode()
    yield from sessions()
    yield from files()
    yield from cached()


def numbers_of(rows: QuerySet[Resident]) -> set[str]:
    """The numbers that are stored, opened."""
    pairs = rows.order_by().values_list("document_number", "phone")
    return {number for pair in pairs for number in pair if number}
