"""Two questions, and whether anybody could tell their answers apart: status, body, and the statements behind them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

#: What differs from one answer to the next by itself.
_BY_ITSELF = (
    r'name="csrfmiddlewaretoken" value="[^"]+"',
    r'x-csrftoken["&:; quot]+[\w-]+',
    r'nonce="[^"]+"',
    r"[?&]s=[\w-]+",
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+\d\d:\d\d)",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
)


#: Keys begin here, so far apart from table to table; below two thousand million, which a tree's number can be.
FAR, APART = 700_000_000, 10_000_000


@dataclass
class Answer:
    status: int
    body: str
    statements: list[str]

    def unlike(self, other: Answer) -> str:
        """What differs, in words; "" for nothing."""
        if self.status != other.status:
            return f"{self.status} and {other.status}"
        if self.body != other.body:
            return "bodies:\n" + _first_difference(self.body, other.body)
        if self.statements != other.statements:
            return "statements:\n" + _first_difference(
                "\n".join(self.statements), "\n".join(other.statements)
            )
        return ""


def ask(
    client: Client,
    method: str,
    url: str,
    data: Any = None,
    *,
    forget: tuple[Any, ...] = (),
    leaves_nothing: bool = True,
) -> Answer:
    """One call, undone afterwards unless it has to commit. `forget`: values of the question itself, which an answer
    may repeat."""
    cache.clear()
    # Content types are looked up once in a process: not by whichever of the two questions comes first.
    ContentType.objects.get_for_models(*apps.get_models())
    is_call = url.startswith("/api/")
    extra = {"content_type": "application/json"} if is_call and method != "get" else {}
    if data and (method == "get" or not is_call):
        data = {name: value for name, value in data.items() if value is not None}
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with (
        _same_keys_again() if leaves_nothing else nullcontext(),
        transaction.atomic() if leaves_nothing else nullcontext(),
        CaptureQueriesContext(connection) as asked,
    ):
        answer = getattr(client, method)(url, data or {}, **extra)
        body = f"{answer.get('Location', '')}\n{text_of(answer)}"
        if leaves_nothing:
            transaction.set_rollback(True)
    for name, value in cookies.items():
        client.cookies[name] = value
    for each in (url, *forget):
        body = re.sub(rf"(?<!\d){re.escape(str(each))}(?!\d)", "…", body)
    for pattern in _BY_ITSELF:
        body = re.sub(pattern, "", body, flags=re.IGNORECASE)
    return Answer(answer.status_code, body, [_shape(query["sql"]) for query in asked])


#: What a question may make, and what an answer then names by its key.
_MADE = ("grids_resident", "grids_household", "grids_importjob")


@contextmanager
def _same_keys_again() -> Iterator[None]:
    """What was made and undone leaves no gap behind: the next one has the key that this one had."""
    if connection.vendor == "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = [_state_of(cursor, table) for table in _MADE]
    yield
    _put_back(before)


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "".join(book.read(name).decode(errors="replace") for name in sorted(book.namelist()))
    return content.decode(errors="replace")


def _shape(sql: str) -> str:
    """A statement without its values."""
    sql = re.sub(r"'(?:[^']|'')*'", "?", sql)
    sql = re.sub(r'(SAVEPOINT) "[^"]+"', r"\1", sql)
    sql = re.sub(r"(?<![\w\"])-?\d+(?:\.\d+)?\b", "?", sql)
    return re.sub(r"\((?:\?, )*\?\)", "(?)", sql)


def _first_difference(one: str, other: str) -> str:
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    left, right = next((pair for pair in pairs if pair[0] != pair[1]), (one[-300:], other[-300:]))
    return f"  {left.strip()[:500]}\n  {right.strip()[:500]}"


@contextmanager
def numbers_from_afar() -> Iterator[None]:
    """Give the rows of every table ids of their own, so that an id in an answer is told from a count or a colour.

    PostgreSQL does not take sequences back with a transaction: they are put back, or the next test's districts have
    keys that no interval of the tree can hold.
    """
    tables = [
        (model._meta.db_table, FAR + nth * APART)
        for nth, model in enumerate(apps.get_models(), start=1)
        if isinstance(model._meta.pk, models.BigAutoField)
    ]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table, first in tables:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first])
        yield
        return
    with connection.cursor() as cursor:
        before = [_state_of(cursor, table) for table, _ in tables]
        for (sequence, *_), (_, first) in zip(before, tables, strict=True):
            cursor.execute("SELECT setval(%s, %s)", [sequence, first])
    yield
    _put_back(before)


def _state_of(cursor: Any, table: str) -> tuple[str, int, bool]:
    """The sequence of a table's keys, and where it stands."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    sequence = cursor.fetchone()[0]
    cursor.execute(f"SELECT last_value, is_called FROM {sequence}")
    return (sequence, *cursor.fetchone())


def _put_back(states: list[tuple[str, int, bool]]) -> None:
    with connection.cursor() as cursor:
        for state in states:
            cursor.execute("SELECT setval(%s, %s, %s)", list(state))
