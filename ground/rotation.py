"""A new key for what lies encrypted in the database, while the site answers.

Every encrypted column is walked by primary key in batches. A value that was not sealed with the newest key and
the cipher of now is opened and sealed again, and written only if what is stored is still what was read: an edit
in between wins. Rows that somebody holds are left for the next pass, so a rotation never waits with rows in its
hands. Every batch is a transaction of its own; killed anywhere, it is started again.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Count, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, StrIndex, Substr

from ground.fields import EncryptedCharField, Undecipherable, current_head, decrypt, encrypt
from ground.history import AppendOnly, AppendOnlyError

BATCH, LARGEST_BATCH = 500, 5_000
#: How often a column is walked again for rows that were held or edited meanwhile.
PASSES, PAUSE_SECONDS = 10, 0.2
#: How many unreadable rows are named; all are counted.
NAMED = 20
KEY_BYTES = 32

_HEAD = re.compile(r"[a-z]\d+:")
#: Primary key, what is stored, what is to be stored.
Change = tuple[Any, str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One encrypted field of one table; `str` of it is `accounts.user.phone`."""

    model: type[models.Model]
    field: EncryptedCharField

    def __str__(self) -> str:
        return self.field.place

    def stored(self) -> QuerySet[Any]:
        """The rows that hold a value, with `raw` as it is stored. Nothing is opened."""
        raw = Cast(F(self.field.name), TextField())
        rows = self.model._base_manager.annotate(raw=raw).order_by()
        return rows.exclude(Q(raw=None) | Q(raw=""))

    def batches(self, size: int, *, only_stale: bool) -> Iterator[list[tuple[Any, str]]]:
        """(primary key, stored value) in the order of keys; every batch is a short query of its own."""
        rows = self.stored().order_by("pk").values_list("pk", "raw")
        if only_stale:
            rows = rows.exclude(raw__startswith=current_head())
        batch = list(rows[:size])
        while batch:
            yield batch
            batch = list(rows.filter(pk__gt=batch[-1][0])[:size])

    def by_head(self) -> dict[str, int]:
        """How many values there are per cipher and key version: {"a1:": 12}. "" counts what is not sealed."""
        head = Substr("raw", 1, StrIndex("raw", Value(":")))
        counts: dict[str, int] = {}
        for name, count in self.stored().values_list(head).annotate(count=Count("pk")):
            known = (
                name if _HEAD.fullmatch(name) else ""
            )  # what is not ours may be anybody's number: never shown
            counts[known] = counts.get(known, 0) + count
        return dict(sorted(counts.items()))


@dataclass(slots=True)
class Report:
    """What became of one column."""

    column: Column
    resealed: int = 0
    unreadable: int = 0
    #: Primary keys of the first of them.
    named: list[Any] = field(default_factory=list)
    remaining: dict[str, int] = field(default_factory=dict)

    @property
    def stale(self) -> int:
        """Values that still need an old key, the unreadable among them."""
        return sum(count for head, count in self.remaining.items() if head != current_head())

    def note_unreadable(self, pk: Any) -> None:
        self.unreadable += 1
        if len(self.named) < NAMED:
            self.named.append(pk)


def columns() -> list[Column]:
    """Every encrypted column of the installed apps.

    Raises AppendOnlyError for one in an append-only table: its rows could never be given a new key.
    """
    found = [
        Column(model, each)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for each in model._meta.local_fields
        if isinstance(each, EncryptedCharField)
    ]
    for column in found:
        if issubclass(column.model, AppendOnly):
            raise AppendOnlyError(
                f"{column} is encrypted in an append-only table: keep it in a note beside it"
            )
    return found


def rotate(
    column: Column,
    *,
    batch: int = BATCH,
    is_dry: bool = False,
    advance: Callable[[int], object] = lambda count: None,
) -> Report:
    """Seal the values of a column again where needed; `advance` is told of every value that was looked at.

    `is_dry` opens and counts, and writes nothing. Every value is opened, the current ones too: what no key
    opens is in the report.
    """
    report = Report(column)
    missed = 0
    for rows in column.batches(batch, only_stale=False):
        missed += _do_batch(column, rows, report, is_dry)
        advance(len(rows))
    for _ in range(PASSES):
        if not missed:
            break
        time.sleep(PAUSE_SECONDS)
        again = Report(column)
        walk = column.batches(batch, only_stale=True)
        missed = sum(_do_batch(column, rows, again, is_dry) for rows in walk)
        report.resealed += again.resealed
    report.remaining = column.by_head()
    return report


def _do_batch(column: Column, rows: Iterable[tuple[Any, str]], report: Report, is_dry: bool) -> int:
    """Seal one batch again; gives how many values were held or edited by somebody meanwhile."""
    changes = list(_changes(column, rows, report))
    written = len(changes) if is_dry else _write(column, changes)
    report.resealed += written
    return len(changes) - written


def _changes(column: Column, rows: Iterable[tuple[Any, str]], report: Report) -> Iterator[Change]:
    place, current = column.field.place, current_head()
    for pk, stored in rows:
        try:
            plain = decrypt(stored, place)
        except Undecipherable:
            report.note_unreadable(pk)
            continue
        if not stored.startswith(current):
            yield pk, stored, encrypt(plain, place)


def _write(column: Column, changes: list[Change]) -> int:
    """Write what nobody holds and nobody changed; gives how many rows that were."""
    if not changes:
        return 0
    with transaction.atomic():
        # Locked in the order of keys and without waiting: no deadlock with anybody, a second rotation included.
        rows = column.model._base_manager.filter(pk__in=[pk for pk, _, _ in changes]).order_by("pk")
        free = set(rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        return _compare_and_set(column, [change for change in changes if change[0] in free])


def _compare_and_set(column: Column, changes: list[Change]) -> int:
    """One statement for a batch; PostgreSQL and SQLite both call the columns of VALUES column1, column2 …"""
    if not changes:
        return 0
    key, quote = column.model._meta.pk, connection.ops.quote_name
    table, sealed = quote(column.model._meta.db_table), quote(str(column.field.column))
    sql = (
        f"UPDATE {table} SET {sealed} = fresh.column3 "  # noqa: S608 (names of our models)
        f"FROM (VALUES {', '.join(['(%s, %s, %s)'] * len(changes))}) AS fresh "
        f"WHERE {table}.{quote(str(key.column))} = fresh.column1 "
        f"AND {table}.{sealed} = fresh.column2"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [
                value
                for pk, old, new in changes
                for value in (key.get_db_prep_value(pk, connection), old, new)
            ],
        )
        return cursor.rowcount


# A new key


def new_entry(ring: Iterable[str]) -> str:
    """An entry for FIELD_KEYS under the next number after those in `ring`: `2:<base64>`."""
    number = max((int(name) for name in ring if name.isdigit()), default=0) + 1
    return f"{number}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def add_key(path: Path) -> str:
    """Put a new key into the file of the ring; gives its number. The file is whole at every moment, and 0600.

    Running processes know nothing of it until they are started again. Raises OSError.
    """
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once add two keys
        ring = path.read_text().strip()
        entry = new_entry(part.partition(":")[0].strip() for part in ring.split(","))
        replace(path, f"{ring},{entry}\n")
    return entry.partition(":")[0]


def replace(path: Path, text: str) -> None:
    """Another ring in the file, whole at every moment, 0600 and on the disk. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # a key that is lost with the power takes the data with it
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def ring_file() -> Path | None:
    """Where the ring is kept on this machine; None where the environment gives it."""
    return settings.FIELD_KEYS_FILE
