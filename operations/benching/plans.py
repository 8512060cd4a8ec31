"""The hottest queries of the pages and how PostgreSQL answers them, without a value of anybody in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connection

MOST = 10
LONGEST_SQL, LONGEST_PLAN = 1_500, 60  # signs, lines
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NUMBER = re.compile(r"(?<![\w$.\"])-?\d+(?:\.\d+)?\b")
_LISTS = re.compile(r"\((?:…(?:, )?){2,}\)")
#: Lines of a plan that show values of rows; the others hold costs, times and names of indexes.
_CONDITIONS = re.compile(
    r"^\s*(Filter|.*Cond|One-Time Filter|Output|Sort Key|Group Key|Order By|Presorted Key): "
)
_COLUMNS = re.compile(r'SELECT (DISTINCT )?("?\w+"?\."?\w+"?(?: AS "\w+")?, ){3,}')

Asked = Iterable[tuple[str, str, float]]


def blotted(sql: str) -> str:
    """The statement without its values: texts, numbers, lists of them."""
    without = _NUMBER.sub("…", _TEXT.sub("…", sql))
    return _LISTS.sub("(…)", without)


def hottest(asked: Asked) -> list[dict[str, Any]]:
    """The statements that all pages together wait for longest, and their plans: sql, ms, pages, plan."""
    return [row | {"plan": explained(row.pop("statement"))} for row in ranked(asked)]


def ranked(asked: Asked) -> list[dict[str, Any]]:
    """Without plans; each page counted once. `statement` has values in it: it stays in this process."""
    alike: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    for page, statement, took in asked:
        alike[blotted(statement)].append((page, statement, took))
    longest_first = sorted(alike.items(), key=lambda item: -sum(took for *_, took in item[1]))
    return [_described(sql, found) for sql, found in longest_first[:MOST]]


def _described(sql: str, found: list[tuple[str, str, float]]) -> dict[str, Any]:
    page, slowest, took = max(found, key=lambda each: each[2])
    return {
        "sql": _COLUMNS.sub("SELECT …, ", sql)[:LONGEST_SQL],
        "milliseconds": took,
        "together": round(sum(each[2] for each in found), 1),
        "pages": sorted({page for page, *_ in found}),
        "slowest_on": page,
        "statement": slowest,
    }


def explained(statement: str) -> list[str]:
    """EXPLAIN (ANALYZE, BUFFERS) of a statement that only reads; conditions without their values."""
    with connection.cursor() as cursor:
        cursor.cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}")
        lines = [line for (line,) in cursor.fetchall()]
    return [blotted(line) if _CONDITIONS.match(line) else line for line in lines[:LONGEST_PLAN]]
