"""What one call asks of the database: its queries counted in this process, and asked once more by hand."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from operations.benching.figures import at
from operations.benching.load import Call
from operations.benching.serving import HOST

#: How often the SQL of a call is asked by hand: the middle of so many.
BY_HAND = 5
_READS = re.compile(r"\s*\(?\s*(SELECT|WITH)\b", re.IGNORECASE)
_LOCKS = re.compile(r"\bFOR (NO KEY )?UPDATE\b|\bpg_advisory", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Counted:
    """`queries` are those of a process that is warm; `statements` with their values in them: never to be shown."""

    status: int
    queries: int
    length: int
    statements: list[str] = field(repr=False)
    content: bytes = field(repr=False)

    def asked(self, good: Sequence[int]) -> int | None:
        """The queries of a call that was answered well; a refusal asks little and is no measure."""
        return self.queries if self.status in good else None

    def reads(self) -> list[str]:
        """The statements that only read, which can be asked again."""
        return [each for each in self.statements if _READS.match(each) and not _LOCKS.search(each)]


def counted(call: Call, *, warm: Call | None = None) -> Counted:
    """`call` in this process, after `warm` (the same, unless it may be sent once only) has filled the caches."""
    client = Client(HTTP_HOST=HOST, HTTP_X_FORWARDED_PROTO="https", raise_request_exception=False)
    if warm is not None or call.method == "GET":
        _send(client, warm or call)
    with CaptureQueriesContext(connection) as captured:
        response = _send(client, call)
        content = _content(response)
    statements = [query["sql"] for query in captured.captured_queries]
    queries = sum(not _is_of_transactions(statement) for statement in statements)
    return Counted(response.status_code, queries, len(content), statements, content)


def _is_of_transactions(statement: str) -> bool:
    return statement.split(" ", 1)[0] in {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}


def _send(client: Client, call: Call) -> Any:
    kind = call.headers.get("Content-Type", "application/json")
    heads = {name: value for name, value in call.headers.items() if name != "Content-Type"}
    return client.generic(call.method, call.path, call.body, content_type=kind, secure=True, headers=heads)


def _content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def by_hand(statements: Sequence[str]) -> float:
    """Milliseconds that psycopg2 takes for the statements, rows fetched: the middles of some runs, added up."""
    return round(sum(each_by_hand(statements)), 2)


def each_by_hand(statements: Sequence[str]) -> list[float]:
    """Milliseconds of each statement: the middle of some runs."""
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        return [_middle(cursor, statement) for statement in statements]


def _middle(cursor: Any, statement: str) -> float:
    return at(sorted(_once(cursor, statement) for _ in range(BY_HAND)), 0.5)


def _once(cursor: Any, statement: str) -> float:
    began = time.perf_counter()
    cursor.execute(statement)
    cursor.fetchall()
    return (time.perf_counter() - began) * 1000
