"""PostgreSQL itself: old versions, broken indexes, what holds it up, and whether it tidies up after itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

from operations.doctor.findings import Finding, Level, error, note, of_sentences, warning
from operations.doctor.registry import Ask, check

LEAST_VERSION = 150_000
#: Seconds that a transaction may take; vacuum waits for it.
LONG, TOO_LONG = 10 * 60, 60 * 60
#: Dead rows of a table of which vacuum has lost count: at least so many, and that share of the living.
DEAD, DEAD_SHARE = 50_000, 0.4
#: Transactions until numbers run out: 2 thousand million; half of them gone is late.
OLD = 1_000_000_000
FULL = 0.8


@check("postgres", "PostgreSQL", cost="约 8 次查询，只读系统目录")
def postgres(ask: Ask) -> Iterator[Finding]:
    """The server is new enough, its indexes are valid, no transaction hangs (vacuum waits for it, tables swell), and
    autovacuum does its work. On SQLite there is nothing to look at but that it is SQLite."""
    if connection.vendor != "postgresql":
        yield note("数据库是 SQLite：只供一台机器试用和教学", "给真实的人用，换 PostgreSQL（DATABASE_URL）。")
        return
    yield from _version()
    rebuild = "REINDEX INDEX CONCURRENTLY 名称；唯一索引建不起来，先清重复的行。"
    yield from of_sentences("索引是坏的（建到一半断了），查询不用它", rebuild, _strings(INVALID))
    yield from _transactions()
    yield from _vacuum()
    yield from _connections()


INVALID = """
    SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT (indisvalid AND indisready)
      AND relnamespace = ANY (SELECT oid FROM pg_namespace WHERE nspname = ANY (current_schemas(false)))
    ORDER BY relname"""
HANGING = """
    SELECT pid, state, extract(epoch FROM now() - xact_start)::int FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
      AND xact_start < now() - make_interval(secs => %s) ORDER BY xact_start"""
DEAD_ROWS = """
    SELECT relname FROM pg_stat_user_tables
    WHERE n_dead_tup > %s AND n_dead_tup > %s * n_live_tup ORDER BY n_dead_tup DESC"""
SWITCHED_OFF = """
    SELECT relname FROM pg_class WHERE relkind = 'r' AND reloptions && ARRAY['autovacuum_enabled=false',
        'autovacuum_enabled=off'] ORDER BY relname"""


def rows_of(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def _strings(statement: str, *values: Any) -> list[str]:
    return [str(row[0]) for row in rows_of(statement, *values)]


def _version() -> Iterator[Finding]:
    version = int(_strings("SHOW server_version_num")[0])
    if version < LEAST_VERSION:
        yield error(
            f"PostgreSQL 版本 {version // 10_000}，要 15 以上",
            "升级数据库（pg_upgrade，或备份后恢复到新版本）。",
        )


def _transactions() -> Iterator[Finding]:
    hanging = rows_of(HANGING, LONG)
    end = "看 pg_stat_activity 是谁；卡住的用 SELECT pg_terminate_backend(pid) 结束。"
    said = [f"pid {pid} {state} {seconds // 60} 分钟" for pid, state, seconds in hanging]
    worst = max((seconds for _, _, seconds in hanging), default=0)
    level = Level.ERROR if worst > TOO_LONG else Level.WARNING
    yield from of_sentences("事务开了十分钟以上没有结束", end, said, level)
    left = _strings("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")
    yield from of_sentences("两阶段事务留着没有结束", "ROLLBACK PREPARED '名称'。", left)


def _vacuum() -> Iterator[Finding]:
    if _strings("SHOW autovacuum") != ["on"]:
        # A warning: nothing is broken yet, and some vacuum by a clock of their own; what comes of it is below.
        yield warning(
            "autovacuum 关着：没有别的定时 VACUUM，表会越来越大，最后停写",
            "postgresql.conf 里 autovacuum = on，再 reload。",
        )
    back = "ALTER TABLE 名称 RESET (autovacuum_enabled)。"
    yield from of_sentences("有表关了 autovacuum", back, _strings(SWITCHED_OFF), Level.WARNING)
    clean = "VACUUM (ANALYZE) 名称；一再如此，先结束长事务。"
    yield from of_sentences("表里的死行太多", clean, _strings(DEAD_ROWS, DEAD, DEAD_SHARE), Level.WARNING)
    age = "SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()"
    if int(_strings(age)[0]) > OLD:
        yield error("事务号快用完了，用完会停写", "结束长事务，再对整个库 VACUUM FREEZE。")


def _connections() -> Iterator[Finding]:
    used = int(_strings("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")[0])
    most = int(_strings("SHOW max_connections")[0])
    if used > FULL * most:
        yield warning(
            f"连接用了 {used} 个，最多 {most} 个", "减少 web、worker 的线程，或在中间放 PgBouncer。"
        )
