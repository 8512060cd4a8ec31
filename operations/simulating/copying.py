"""Many rows into tables at the pace of the database: COPY on PostgreSQL, `bulk_create` on SQLite.

What is written is what `save` would have written: columns that compute themselves do so, every value is prepared by
its field, and no constraint is switched off. What foreign keys point at is looked up at the end of each table, so
that rows of one call may point at each other. No signals are sent.

The text of a COPY can also be made in another process (`lines`) and be pasted here.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final, TypeVar

from django.db import connection, connections, models

#: Rows that are held at a time.
BATCH: Final = 5_000
#: Hears of every batch: what is written, rows of this batch, rows of the whole (None where nobody knows).
Listen = Callable[[str, int, int | None], None]
#: Fields whose Python values are what COPY writes; every other field prepares its values itself.
_PLAIN: Final = (
    models.CharField,
    models.TextField,
    models.ForeignKey,
    models.OneToOneField,
    models.BooleanField,
    models.FloatField,
    models.DateField,
    models.DateTimeField,
    models.UUIDField,
    models.AutoField,
    models.BigAutoField,
    models.IntegerField,
    models.BigIntegerField,
    models.SmallIntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
)
Row = TypeVar("Row", bound=models.Model)


class Writer:
    """Writes inside the caller's transaction. `counts`: table label → rows written so far."""

    def __init__(self, listen: Listen = lambda what, rows, total: None) -> None:
        self.listen = listen
        self.counts: dict[str, int] = {}
        self.copies = connection.vendor == "postgresql"

    def ids(self, model: type[models.Model], count: int) -> range:
        """A block of primary keys that nobody else will be given: rows can point at each other before they are
        written. The table's sequence stands behind the block at once."""
        first = _first_free(model._meta, count) if count else 1
        return range(first, first + count)

    def write(self, model: type[Row], rows: Iterable[Row], total: int | None = None) -> int:
        """Insert rows in batches; gives how many. Rows without a key get one, which is not told (`ids`).

        Raises django.db.DatabaseError (a constraint), TypeError for a value that COPY cannot write.
        """
        written = 0
        for some in batches(rows):
            if self.copies:
                key, alias = attrgetter(model._meta.pk.attname), connection.alias
                for is_keyed in (True, False):
                    part = [row for row in some if (key(row) is not None) is is_keyed]
                    self._copy(model, lines(part), is_keyed=is_keyed)
                for row in some:
                    row._state.adding, row._state.db = False, alias
            else:
                model._default_manager.bulk_create(some)
            written += len(some)
            self._told(model, len(some), total)
        self.settle()
        return written

    def paste(
        self,
        model: type[models.Model],
        text: str,
        count: int,
        *,
        is_keyed: bool = True,
        total: int | None = None,
    ) -> None:
        """Write the `lines` of `count` rows that another process made. PostgreSQL only."""
        self._copy(model, text, is_keyed=is_keyed)
        self._told(model, count, total)

    def settle(self) -> None:
        """Look up now what foreign keys point at, instead of keeping a million questions for the commit."""
        if self.copies:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    def _copy(self, model: type[models.Model], text: str, *, is_keyed: bool) -> None:
        if not text:
            return
        meta, quote = model._meta, connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in _fields(model, is_keyed))
        with connection.cursor() as cursor:
            statement = f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN"
            with connection.wrap_database_errors:
                cursor.copy_expert(statement, io.StringIO(text))

    def _told(self, model: type[models.Model], rows: int, total: int | None) -> None:
        label = model._meta.label
        self.counts[label] = self.counts.get(label, 0) + rows
        self.listen(str(model._meta.verbose_name), rows, total)


def batches(rows: Iterable[Row], size: int = BATCH) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while some := list(islice(waiting, size)):
        yield some


# Keys


def _first_free(meta: Any, count: int) -> int:
    table, column = meta.db_table, meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column])
            (sequence,) = cursor.fetchone()
            cursor.execute("SELECT nextval(%s)", [sequence])
            (first,) = cursor.fetchone()
            cursor.execute("SELECT setval(%s, %s)", [sequence, first + count - 1])
            return int(first)
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        known = cursor.fetchone()
        first = known[0] + 1 if known else 1
        change = "UPDATE sqlite_sequence SET seq = %s WHERE name = %s"
        cursor.execute(
            change if known else "INSERT INTO sqlite_sequence (seq, name) VALUES (%s, %s)",
            [first + count - 1, table],
        )
        return int(first)


# The text of a COPY


def lines(rows: Sequence[models.Model]) -> str:
    """Rows of one model, either all with a key or all without, as the text format of COPY; "" for none."""
    if not rows:
        return ""
    model, is_keyed = type(rows[0]), rows[0].pk is not None
    fields = _fields(model, is_keyed)
    values_of = attrgetter(*[field.attname for field in fields])
    computed = [field for field in fields if _computes(field)]
    prepared = [(index, _prepares(field)) for index, field in enumerate(fields) if type(field) not in _PLAIN]
    writes, found = _WRITES.get, []
    for row in rows:
        for field in computed:
            setattr(row, field.attname, field.pre_save(row, True))
        values = list(values_of(row))
        for index, prepare in prepared:
            values[index] = prepare(values[index])
        found.append("\t".join([writes(type(value), _rarer)(value) for value in values]))
    return "\n".join(chain(found, [""]))


def _computes(field: Any) -> bool:
    """Whether a field makes its value while it is saved. Dates do so only where they are stamped."""
    if isinstance(field, models.DateField | models.TimeField):
        return bool(field.auto_now or field.auto_now_add)
    return type(field).pre_save is not models.Field.pre_save


def _prepares(field: Any) -> Callable[[Any], Any]:
    """What makes of a Python value what the database takes."""
    if type(field) is models.JSONField and field.encoder is None:
        return _json
    direct = connections[connection.alias]  # asked for once: the proxy costs more than many a value
    return lambda value: field.get_db_prep_save(value, direct)


def _json(value: Any) -> str | None:
    """What `get_db_prep_save` would dump; an empty record, as most events have, without asking the encoder."""
    return None if value is None else "{}" if value == {} else json.dumps(value)


@lru_cache(maxsize=256)
def _fields(model: type[models.Model], is_keyed: bool) -> list[Any]:
    meta = model._meta
    return [
        field for field in meta.concrete_fields if not field.generated and (is_keyed or not field.primary_key)
    ]


def _text(value: str) -> str:
    return value if value.isprintable() and "\\" not in value else _escaped(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("a moment without a time zone")
    return value.isoformat()


#: What most values are, and how COPY reads them.
_WRITES: Final[dict[type, Callable[[Any], str]]] = {
    str: _text,
    int: repr,
    float: repr,
    bool: lambda value: "t" if value else "f",
    type(None): lambda value: r"\N",
    datetime: _moment,
}


def _rarer(value: Any) -> str:
    """Any other value as COPY reads it. Raises TypeError for what it does not know."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):  # choices are members of an enumeration
        return _escaped(str(value))
    if isinstance(value, int | float | Decimal | uuid.UUID):
        return str(value)
    return _adapted(value)


def _adapted(value: Any) -> str:
    """What a field wraps for psycopg2: JSON as it would be dumped, bytes as hexadecimal digits, addresses."""
    if hasattr(value, "dumps") and hasattr(value, "adapted"):
        return _escaped(value.dumps(value.adapted))
    if hasattr(value, "adapted") and isinstance(value.adapted, bytes | memoryview):
        return rf"\\x{bytes(value.adapted).hex()}"
    if hasattr(value, "addr"):
        return _escaped(str(value.addr))
    raise TypeError(f"COPY cannot write a {type(value).__name__}")


_SIGNS: Final = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def _escaped(text: str) -> str:
    return text.translate(_SIGNS)
