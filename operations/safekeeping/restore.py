"""Restore: everything is looked at first, then the uploads are put in place, and the database last.

The database comes in one transaction. Killed anywhere before its commit, it is as empty as it was, and what lies in
the folder of uploads is whole and the backup's own: the same command takes it up again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from operations.safekeeping import manifest, uploads
from operations.safekeeping.backup import rows_of
from operations.safekeeping.engines import Engine, engine
from operations.safekeeping.manifest import Entry, Manifest, Refused


class Restored(NamedTuple):
    """What came back, and how many migrations the program had beyond the backup."""

    manifest: Manifest
    migrated: int


def restore(folder: Path, advance: uploads.Advance = lambda count: None) -> Restored:
    """Fill the empty database and the empty folder of uploads of this configuration from a backup.

    A backup of an older release is migrated afterwards. `advance` is told of every `n` bytes, twice each: looked
    at, put in place. Raises Refused; then database and uploads are as they were.
    """
    data = engine()
    said = manifest.read(folder)
    _refuse(said, data)
    _look_at_all(folder, said, advance)
    uploaded = {name: entry for name, entry in said.files.items() if name != data.dump}
    with _taken_back() as placed:
        for path in uploads.copy_in(folder, uploaded, advance):
            placed.append(path)  # one by one: what stands there is known when the next one fails
        data.load(folder / data.dump)
    _compare(said, data)
    behind = _behind(said)
    if behind:
        call_command("migrate", interactive=False, verbosity=0)
    return Restored(said, len(behind))


def _refuse(said: Manifest, data: Engine) -> None:
    """Everything that can be known before a byte is read. Raises Refused."""
    if said.engine != connection.vendor:
        raise Refused(f"备份来自 {said.engine}，这里的数据库是 {connection.vendor}：请用同一种数据库恢复。")
    data.check(restoring=True)
    if lacking := sorted(manifest.missing_keys(said)):
        raise Refused(
            f"密钥环里没有备份需要的密钥（{'、'.join(lacking)}），恢复了也读不出号码：请先用 restore_keys 恢复。"
        )
    if unknown := sorted(set(said.migrations) - _known()):
        raise Refused(f"备份来自更新的版本（例如 {unknown[-1]}）：请先升级程序再恢复。")
    if tables := data.ask(data.tables):
        raise Refused(
            f"数据库不是空的（有 {len(tables)} 张表），恢复不会覆盖任何数据：请新建一个空数据库"
            "（PostgreSQL：createdb 新名字；SQLite：换一个 WENSHAO_VAR），让 DATABASE_URL 指向它，先不要 migrate。"
        )
    uploads.refuse_strangers(said.files)


def _look_at_all(folder: Path, said: Manifest, advance: uploads.Advance) -> None:
    for name, entry in said.files.items():
        if _found(folder / name) != entry:
            raise Refused(f"备份中的 {name} 缺失、损坏或被改动过：没有恢复任何内容。")
        advance(entry.size)


def _found(path: Path) -> Entry | None:
    try:
        with path.open("rb") as file:
            return manifest.measured(file)
    except OSError:
        return None


@contextmanager
def _taken_back() -> Iterator[list[Path]]:
    """The files that were put in place: removed again where the rest does not succeed. Raises Refused."""
    placed: list[Path] = []
    try:
        yield placed
    except BaseException as error:
        for path in placed:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise Refused(
                f"没有恢复，已撤回：{error.strerror}（{error.filename or uploads.root()}）。"
            ) from None
        raise


def _compare(said: Manifest, data: Engine) -> None:
    """Raises Refused where the tables do not hold what the backup counted."""
    there = rows_of(data.ask, data)
    if wrong := sorted(name for name in said.rows if there.get(name) != said.rows[name]):
        raise Refused(
            f"恢复之后有 {len(wrong)} 张表的行数与清单不符（例如 {wrong[0]}）：不要使用这个数据库。"
        )


def _known() -> set[str]:
    """Migrations of this release, and those that squashed ones stand for."""
    disk = MigrationLoader(None).disk_migrations
    replaced = (pair for migration in disk.values() for pair in migration.replaces)
    return {f"{app}.{name}" for app, name in (*disk, *replaced)}


def _behind(said: Manifest) -> set[str]:
    disk = MigrationLoader(None).disk_migrations
    return {f"{app}.{name}" for app, name in disk} - set(said.migrations)
