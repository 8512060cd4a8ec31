"""The database has what the models say: constraints, foreign keys, unique indexes, migrations; and the rows obey."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from operations.doctor.checks.postgres import rows_of
from operations.doctor.findings import MOST, Finding, Level, of_sentences
from operations.doctor.registry import Ask, check

MIGRATE = "先备份，再 manage.py migrate。"
ADD_AGAIN = "有人改过表结构：按迁移文件把约束加回来（先改好违反它的行），或从备份恢复。"
VALIDATE = "改好违反它的行，再 ALTER TABLE … VALIDATE CONSTRAINT …。"
MEND_ROWS = "这些行是绕过平台写进来的：查日志和备份，从备份恢复，或在页面上改对。"
INTEGRITY = "停下平台，复制整个 var，再从备份恢复；磁盘可能坏了。"
SEQUENCE = "SELECT setval(pg_get_serial_sequence('表', 'id'), (SELECT MAX(id) FROM 表))。"

#: Tables that ask no sequence for their numbers, and why.
ONE_ROW = {"dashboards.RollupState": "its one row is always number 1"}


@check("migrations", "迁移", cost="2 次查询")
def migrations(ask: Ask) -> Iterator[Finding]:
    """Every migration of the program is applied, and the database knows none that the program does not: an upgrade
    was finished, and nobody runs an old program on a new database."""
    loader = MigrationLoader(connection)
    # Not the plan of `migrate`: it does not see one that is missing in the middle.
    open_ones = sorted(loader.graph.nodes.keys() - loader.applied_migrations.keys())
    yield from of_sentences("迁移还没有执行", MIGRATE, [f"{app}.{name}" for app, name in open_ones])
    replaced = {each for migration in loader.disk_migrations.values() for each in migration.replaces}
    known = loader.disk_migrations.keys() | replaced
    strange = [
        f"{app}.{name}"
        for app, name in sorted(loader.applied_migrations.keys() - known)
        if app in loader.migrated_apps
    ]
    back = "程序比数据库旧：换回新版本的程序，或恢复旧版本的备份。"
    yield from of_sentences("数据库里有程序不认识的迁移", back, strange)


@check(
    "constraints",
    "约束",
    cost="目录每表几次查询；不加 --quick 时每张表按它的 CHECK 再数一遍：115 万居民约 3 秒",
)
def constraints(ask: Ask) -> Iterator[Finding]:
    """Every CHECK, UNIQUE, foreign key and index of the models is in the database and valid, and every row obeys its
    CHECKs. They stand behind the rules: without them two people get one place. Sequences are ahead of their tables,
    SQLite's file is whole."""
    missing: list[str] = []
    indexes: list[str] = []
    for model in tables():
        there = _constraints_of(model)
        missing += _missing(model, there)
        indexes += [
            f"{model._meta.db_table}.{each.name}" for each in model._meta.indexes if each.name not in there
        ]
    yield from of_sentences("数据库里缺约束", ADD_AGAIN, missing)
    yield from of_sentences("数据库里缺索引，页面会慢", ADD_AGAIN, indexes, Level.WARNING)
    if connection.vendor == "postgresql":
        yield from _of_postgresql(ask)
    else:
        yield from _of_sqlite(ask)
    if not ask.is_quick:
        for model in tables():
            yield from _disobeying(model)


def tables() -> list[Any]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]


def _constraints_of(model: Any) -> dict[str, Any]:
    table = model._meta.db_table
    if connection.vendor == "sqlite":
        return _on_sqlite(table)
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, table)


def _on_sqlite(table: str) -> dict[str, Any]:
    """The same shape. Django's own reading stumbles over a CHECK with a comma and a LIKE in it."""
    ((sql,),) = rows_of("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", table)
    found = {name: _kind() for name in re.findall(r'CONSTRAINT "([^"]+)"', sql)}
    quoted = connection.ops.quote_name(table)
    for _, name, unique, *_ in rows_of(f"PRAGMA index_list({quoted})"):
        columns = [row[2] for row in rows_of(f"PRAGMA index_info({connection.ops.quote_name(name)})")]
        found[name] = _kind(columns=columns, unique=bool(unique))
    for number, _, parent, here, there, *_ in rows_of(f"PRAGMA foreign_key_list({quoted})"):
        found[f"foreign key {number}"] = _kind(columns=[here], foreign_key=(parent, there))
    keys = [row[1] for row in rows_of(f"PRAGMA table_info({quoted})") if row[5]]
    return found | {"primary key": _kind(columns=keys, primary_key=True)}


def _kind(**said: Any) -> dict[str, Any]:
    return {"columns": [], "unique": False, "primary_key": False, "foreign_key": None} | said


def _missing(model: Any, there: dict[str, Any]) -> Iterator[str]:
    table, kinds = model._meta.db_table, list(there.values())
    for each in model._meta.constraints:
        if each.name not in there:
            yield f"{table}.{each.name}"
    for field in model._meta.local_concrete_fields:
        if field.unique and not any(_is_unique(kind, [field.column]) for kind in kinds):
            yield f"{table}.{field.column} UNIQUE"
        if field.remote_field and field.db_constraint and not _has_key(kinds, field):
            yield f"{table}.{field.column} FOREIGN KEY"
    for names in model._meta.unique_together:
        columns = [model._meta.get_field(name).column for name in names]
        if not any(_is_unique(kind, columns) for kind in kinds):
            yield f"{table}.({', '.join(columns)}) UNIQUE"


def _is_unique(kind: dict[str, Any], columns: list[str]) -> bool:
    return (kind["unique"] or kind["primary_key"]) and list(kind["columns"] or []) == columns


def _has_key(kinds: Iterable[dict[str, Any]], field: Any) -> bool:
    target = (field.target_field.model._meta.db_table, field.target_field.column)
    return any(kind["foreign_key"] == target and kind["columns"] == [field.column] for kind in kinds)


# The rows


def _disobeying(model: Any) -> Iterator[Finding]:
    """One pass over a table for all of its CHECKs; the rows of one are asked for where some disobey."""
    checks = {
        each.name: _sql_of(each, model)
        for each in model._meta.constraints
        if isinstance(each, models.CheckConstraint)
    }
    if not checks:
        return
    quote, table = connection.ops.quote_name, model._meta.db_table
    counts = ", ".join(f"COUNT(CASE WHEN NOT ({sql}) THEN 1 END)" for sql in checks.values())
    (numbers,) = rows_of(f"SELECT {counts} FROM {quote(table)}")  # noqa: S608 (names and conditions of our models)
    for (name, sql), count in zip(checks.items(), numbers, strict=True):
        if count:
            key = quote(model._meta.pk.column)
            some = f"SELECT {key} FROM {quote(table)} WHERE NOT ({sql}) ORDER BY {key} LIMIT {MOST}"  # noqa: S608
            keys = tuple(str(row[0]) for row in rows_of(some))
            yield Finding(Level.ERROR, f"{model._meta.label} 的行违反 {name}", MEND_ROWS, keys, count)


def _sql_of(constraint: models.CheckConstraint, model: Any) -> str:
    """The condition as the migration writes it: where it is unknown (NULL), a row obeys."""
    editor = connection.SchemaEditorClass(connection, collect_sql=True)
    return constraint._get_check_sql(model, editor)  # type: ignore[attr-defined]


# One and the other


def _of_postgresql(ask: Ask) -> Iterator[Finding]:
    loose = rows_of(
        "SELECT conrelid::regclass::text, conname, contype FROM pg_constraint WHERE NOT convalidated "
        "AND connamespace = ANY (SELECT oid FROM pg_namespace WHERE nspname = ANY (current_schemas(false)))"
    )
    yield from of_sentences(
        "约束是 NOT VALID 的，旧行没有查过", VALIDATE, [f"{row[0]}.{row[1]}" for row in loose]
    )
    off = rows_of(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgisinternal AND tgenabled = 'D' GROUP BY 1"
    )
    on = "ALTER TABLE … ENABLE TRIGGER ALL，再删去或改对没有主的行。"
    yield from of_sentences("外键被关掉了（触发器停用）", on, [row[0] for row in off])
    yield from of_sentences("序列落在最大编号后面，新行会写不进", SEQUENCE, _behind())


def _behind() -> Iterator[str]:
    """Numbers that would be given a second time. One statement for all tables."""
    numbered = [
        model for model in tables() if isinstance(model._meta.pk, models.AutoField | models.BigAutoField)
    ]
    keyed = [model for model in numbered if model._meta.label not in ONE_ROW]
    quote = connection.ops.quote_name
    parts = [
        f"SELECT '{model._meta.db_table}', (SELECT MAX({quote(model._meta.pk.column)}) "  # noqa: S608
        f"FROM {quote(model._meta.db_table)}), last_value, is_called FROM {_sequence(model)}"
        for model in keyed
    ]
    for table, most, last, is_called in rows_of(" UNION ALL ".join(parts)):
        following = last + 1 if is_called else last
        if most is not None and following <= most:
            yield f"{table}：下一个 {following}，最大 {most}"


def _sequence(model: Any) -> str:
    (row,) = rows_of(
        "SELECT pg_get_serial_sequence(%s, %s)",
        connection.ops.quote_name(model._meta.db_table),
        model._meta.pk.column,
    )
    return str(row[0])


def _of_sqlite(ask: Ask) -> Iterator[Finding]:
    pragma = "PRAGMA quick_check" if ask.is_quick else "PRAGMA integrity_check"
    whole = [str(row[0]) for row in rows_of(pragma)]
    yield from of_sentences(
        "SQLite 文件坏了", INTEGRITY, [] if whole == ["ok"] else [_kind_only(each) for each in whole]
    )
    lost = [
        f"{table} 第 {row} 行没有它指的 {parent}"
        for table, row, parent, _ in rows_of("PRAGMA foreign_key_check")
    ]
    yield from of_sentences("外键指向没有的行", MEND_ROWS, lost)


def _kind_only(said: str) -> str:
    """SQLite names tables, rows and constraints, no values; long lines are cut."""
    return said[:120]
