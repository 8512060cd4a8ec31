"""Room on the disks that the platform writes to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from operations.doctor.findings import Finding, error, note, warning
from operations.doctor.registry import Ask, check

GIGA = 1024**3
#: Less is an error, a warning: bytes and share of the disk, whichever comes first for small disks.
LEAST, LITTLE = 1 * GIGA, 5 * GIGA
LEAST_SHARE, LITTLE_SHARE = 0.02, 0.10
#: Files of a disk that can still be made.
LEAST_FILES = 10_000
#: A log of SQLite that has grown so large is not taken over into the database any more.
LARGE_WAL = 1 * GIGA
ROOM = "清出空间或换大盘：旧备份、var/drafts、日志、docker 镜像；照片和数据库不能删。"


class Room(NamedTuple):
    free: int
    total: int
    files: int


@check("disk", "磁盘", cost="每个文件夹一次系统调用")
def disk(ask: Ask) -> Iterator[Finding]:
    """There is room where photos, the database, drafts and temporary files are written: on a full disk uploads fail
    and PostgreSQL stops."""
    for name, path in _folders().items():
        yield from _of(name, room(path))
    yield from _log_of_sqlite()
    if connection.vendor == "postgresql" and "数据库" not in _folders():
        yield note("PostgreSQL 的数据盘不在这台机器上，或看不到它", "在数据库服务器上看：df -h。")


def room(path: Path) -> Room:
    seen = os.statvfs(path)
    free, total = shutil.disk_usage(path).free, shutil.disk_usage(path).total
    return Room(free, total, seen.f_favail if seen.f_files else LEAST_FILES)


def _folders() -> dict[str, Path]:
    found = {"上传（MEDIA_ROOT）": Path(settings.MEDIA_ROOT), "工作目录（VAR）": Path(settings.VAR)}
    if database := _database():
        found["数据库"] = database
    return {name: _there(path) for name, path in found.items()}


def _there(path: Path) -> Path:
    """The folder, or the one above it where it has not been made yet."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _database() -> Path | None:
    if connection.vendor == "sqlite":
        return Path(str(connection.settings_dict["NAME"])).parent
    if connection.settings_dict["HOST"] not in ("", "localhost", "127.0.0.1", "::1"):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
        row = cursor.fetchone()
    path = Path(row[0]) if row else None
    return path if path is not None and os.access(path, os.F_OK) else None


def _of(name: str, here: Room) -> Iterator[Finding]:
    free, share = here.free, here.free / max(here.total, 1)
    said = f"{name}只剩 {free / GIGA:.1f} GB（{share:.0%}）"
    if free < LEAST or share < LEAST_SHARE:
        yield error(said, ROOM)
    elif free < LITTLE or share < LITTLE_SHARE:
        yield warning(said, ROOM)
    if here.files < LEAST_FILES:
        yield error(f"{name}只能再建 {here.files} 个文件", "清掉大量小文件，或换一个 inode 多的文件系统。")


def _log_of_sqlite() -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    if log.exists() and log.stat().st_size > LARGE_WAL:
        size = log.stat().st_size / GIGA
        yield warning(
            f"SQLite 的日志有 {size:.1f} GB",
            "停下平台再启动；还大，用 sqlite3 执行 PRAGMA wal_checkpoint(TRUNCATE)。",
        )
