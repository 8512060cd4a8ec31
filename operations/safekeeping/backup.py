"""A backup: the database of one moment, then the uploads that its rows name, then the manifest.

Uploads second: photos are only ever added, and a photo is on the disk before its row is written, so whatever rows of
the moment name is there, and what comes later is not copied. Sheets and summaries are deleted when their jobs end:
one that ended meanwhile is listed as gone, and restored its job says that the file is no longer there.
Everything is written into DIR.partial, which gets its name when it is whole and on the disk.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from ground import clock, rotation
from ground.fields import current_version
from operations.safekeeping import manifest, uploads
from operations.safekeeping.engines import Ask, Engine, engine
from operations.safekeeping.manifest import FORMAT, Entry, Manifest, Refused, fingerprint

LOCK = ".lock"


class Moment(NamedTuple):
    """What rows said in the moment of the backup."""

    migrations: list[str]
    rows: dict[str, int]
    keys: set[str]
    names: list[str]


def backup(folder: Path, advance: uploads.Advance = lambda count: None) -> Manifest:
    """Write a backup of database and uploads into `folder`, which must not be there yet; gives its manifest.

    Mode 0700 and 0600. The site may run meanwhile. `advance` is told of every `n` bytes of uploads.
    Raises Refused; then nothing of it is left.
    """
    data = engine()
    _refuse_place(folder)
    data.check(restoring=False)
    with _partial(folder) as partial:
        said = _write(data, partial, advance)
        manifest.write(partial, said)
        (partial / LOCK).unlink()
        os.sync()
        partial.rename(folder)
    return said


def rows_of(ask: Ask, data: Engine) -> dict[str, int]:
    """Rows by table."""
    quote = connection.ops.quote_name
    tables = [name for (name,) in ask(data.tables)]
    return {name: ask(f"SELECT COUNT(*) FROM {quote(name)}")[0][0] for name in tables}  # noqa: S608


def _write(data: Engine, partial: Path, advance: uploads.Advance) -> Manifest:
    made_at = timezone.localtime(clock.now()).isoformat()
    with data.moment(partial / data.dump) as ask:
        moment = _look(ask, data)
    copied = uploads.copy_out(moment.names, partial, advance)
    with (partial / data.dump).open("rb") as file:
        dumped: Entry = manifest.measured(file)
    needed = moment.keys | copied.keys | {"index", current_version()}
    return Manifest(
        format=FORMAT,
        made_at=made_at,
        version=_version(),
        engine=connection.vendor,
        server=data.server(),
        migrations=moment.migrations,
        rows=moment.rows,
        keys={name: fingerprint(settings.FIELD_KEYS[name]) for name in sorted(_held(needed))},
        files={data.dump: dumped} | copied.files,
        gone=copied.gone,
    )


def _look(ask: Ask, data: Engine) -> Moment:
    rows = rows_of(ask, data)
    if "django_migrations" not in rows:
        raise Refused("数据库里没有平台的数据表：请核对 DATABASE_URL。")
    applied = ask("SELECT app, name FROM django_migrations ORDER BY app, name")
    return Moment(
        migrations=[f"{app}.{name}" for app, name in applied],
        rows=rows,
        keys=set(_versions(ask, data)),
        names=uploads.names(ask),
    )


def _versions(ask: Ask, data: Engine) -> Iterator[str]:
    """Numbers of the keys under which encrypted columns lie."""
    quote = connection.ops.quote_name
    for each in rotation.columns():
        column, table = quote(str(each.field.column)), quote(each.model._meta.db_table)
        head = data.head.format(column=column)
        sql = f"SELECT DISTINCT {head} FROM {table} WHERE {column} LIKE '%:%'"  # noqa: S608
        yield from (found[1:] for (found,) in ask(sql) if found[1:].isdigit())


def _held(needed: set[str]) -> set[str]:
    """Raises Refused where the ring lacks a key that something lies under: such a backup could never be read."""
    if lacking := sorted(needed - set(settings.FIELD_KEYS)):
        raise Refused(f"密钥环里缺 {'、'.join(lacking)} 号密钥，有数据是用它加密的：请先补上密钥再备份。")
    return needed


def _refuse_place(folder: Path) -> None:
    if folder.exists():
        raise Refused(f"{folder} 已经存在，备份不会覆盖任何东西：请换一个名字。")
    if not folder.parent.is_dir():
        raise Refused(f"{folder.parent} 不存在或不是目录。")
    if uploads.root().resolve() in (folder.resolve(), *folder.resolve().parents):
        raise Refused("备份不能放在上传目录里。")


@contextmanager
def _partial(folder: Path) -> Iterator[Path]:
    """The folder on its way; nothing of it stays where something goes wrong. Raises Refused."""
    partial = folder.with_name(f"{folder.name}.partial")
    mask = os.umask(0o077)  # folders and files alike are closed to others, whoever makes them
    try:
        _sweep(partial)
        partial.mkdir(mode=0o700)
        with manifest.create(partial / LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield partial
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    except OSError as error:
        raise Refused(f"备份没有写成，已清理：{error.strerror}（{partial}）。") from None
    finally:
        os.umask(mask)


def _sweep(partial: Path) -> None:
    """Remove what a killed backup left. Raises Refused where one is at work, or the folder is none of ours."""
    if not partial.exists():
        return
    if not (partial / LOCK).exists():
        raise Refused(f"{partial} 已经存在，而且不是中断的备份：请把它移走。")
    with (partial / LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"另一个备份正在写 {partial}。") from None
        shutil.rmtree(partial)


def _version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    return str(project["version"])
