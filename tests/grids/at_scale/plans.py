"""How PostgreSQL executes what a piece of code asks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass(frozen=True)
class Node:
    """A step of a plan: `rows` came out of it, all its loops together."""

    kind: str
    table: str
    index: str
    rows: int
    #: Rows that went into it from below, and rows that it read and left out.
    taken: int
    left_out: int

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, self.table, self.index)))


@dataclass(frozen=True)
class Plan:
    sql: str
    nodes: tuple[Node, ...]
    milliseconds: float

    @property
    def shape(self) -> tuple[str, ...]:
        """The steps without their figures."""
        return tuple(str(node) for node in self.nodes)

    @property
    def indexes(self) -> set[str]:
        return {node.index for node in self.nodes if node.index}

    def walked(self, table: str) -> bool:
        """Whether the whole table was read row by row."""
        return any(node.kind == "Seq Scan" and node.table == table for node in self.nodes)

    def read_of(self, table: str) -> int:
        """Rows that were read from a table, those that were left out at once among them."""
        return sum(node.rows + node.left_out for node in self.nodes if node.table == table)

    @property
    def most_sorted(self) -> int:
        return max((node.taken for node in self.nodes if "Sort" in node.kind), default=0)

    @property
    def most_read(self) -> int:
        return max((node.rows + node.left_out for node in self.nodes), default=0)


def asked(work: Callable[[], Any], about: str = "") -> list[str]:
    """The statements that read while `work` runs, with their values; those that name the table `about`."""
    with CaptureQueriesContext(connection) as captured:
        work()
    statements = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in statements if sql.startswith("SELECT") and about in sql]


def plans_of(work: Callable[[], Any], about: str = "") -> list[Plan]:
    """The plans of what `work` asks of a table, executed once more each for the figures."""
    return [explained(sql) for sql in asked(work, f'FROM "{about}"' if about else "")]


def explained(sql: str) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.replace("%", "%%"), ())
        (found,) = cursor.fetchone()
    plan = json.loads(found) if isinstance(found, str) else found
    return Plan(sql, tuple(_nodes(plan[0]["Plan"])), plan[0]["Execution Time"])


def _nodes(plan: dict[str, Any]) -> Iterator[Node]:
    below = plan.get("Plans", [])
    yield Node(
        plan["Node Type"],
        plan.get("Relation Name", ""),
        plan.get("Index Name", ""),
        int(plan["Actual Rows"] * plan["Actual Loops"]),
        sum(int(each["Actual Rows"] * each["Actual Loops"]) for each in below),
        int(plan.get("Rows Removed by Filter", 0) * plan["Actual Loops"]),
    )
    for each in below:
        yield from _nodes(each)


def text_of(sql: str) -> str:
    """The statement without its values: what a database sees as the same question."""
    sql = re.sub(r"'(?:[^']|'')*'", "?", sql)
    return re.sub(r"\b\d+\b", "?", sql)
