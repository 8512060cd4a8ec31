"""Statements that are put together once in a process, and planned once in a session: only their parameters change.

Django builds and compiles a queryset anew for every call, and PostgreSQL plans it anew. Where one joins ten tables
that costs several times what it takes to find the rows; on the way of every call it is worth keeping.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=models.Model)
Said = tuple[str, tuple[Any, ...]]
#: Samples: a key of nobody, a day and a moment of nothing.
A_KEY, A_DAY = 1_987_654_321, date(1949, 10, 1)
A_MOMENT = datetime(1949, 10, 1, 15, tzinfo=UTC)

#: What each session of PostgreSQL has prepared; None where statements may not be left in it.
_sessions: WeakKeyDictionary[Any, set[str] | None] = WeakKeyDictionary()
_numbers = itertools.count(1)


def some_keys(count: int, first: int = A_KEY) -> tuple[int, ...]:
    """A sample of a list of keys."""
    return tuple(range(first, first + count))


class _Statement(NamedTuple):
    compiler: SQLCompiler  # that put it together: knows which column belongs where
    sql: str
    params: tuple[Any, ...]
    places: dict[int, int]  # which of the parameters is filled by which value

    def said(self, values: Sequence[Any]) -> Said:
        """With the values in their places."""
        params = enumerate(self.params)
        return self.sql, tuple(
            values[self.places[place]] if place in self.places else each for place, each in params
        )


class Kept(Generic[Row]):
    """A queryset that is asked with its parameters by name.

        BY_NUMBER = Kept(lambda number: ServiceRequest.objects.filter(number=number), number="a number")
        BY_NUMBER.first(number="WJ-20260704-00001")

    build:   makes the queryset. It looks at nothing but its parameters, and prefetches nothing.
    samples: for each parameter a value of its type that occurs nowhere else in the statement. Raises ValueError at
             the first call where one is not found there. A tuple is a list of so many at most: of those given, one
             stands in the places that are left.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Row]], **samples: Any) -> None:
        self._build, self._samples = build, samples
        self._statements: dict[str, _Statement] = {}
        self._name = f"kept_{next(_numbers)}"

    def __call__(self, **values: Any) -> list[Row]:
        kept = self._statements.get(connection.vendor) or self._put_together()
        filled = [_adapted(each) for each in self._filled(values)]
        said = left_prepared(self._name, kept.said, filled) or kept.said(filled)
        return list(ModelIterable(_Asked(kept.compiler, said)))  # type: ignore[arg-type]

    def first(self, **values: Any) -> Row | None:
        return next(iter(self(**values)), None)

    def _put_together(self) -> _Statement:
        compiler = self._build(**self._samples).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        samples = [_adapted(each) for each in self._filled(self._samples)]
        places = {place: samples.index(each) for place, each in enumerate(params) if each in samples}
        if len(set(places.values())) < len(samples):
            raise ValueError(f"a parameter is missing in the statement: {', '.join(self._samples)}")
        kept = _Statement(compiler, sql, params, places)
        self._statements[connection.vendor] = kept
        return kept

    def _filled(self, values: dict[str, Any]) -> list[Any]:
        """The values in the order of the samples, one for each place."""
        filled: list[Any] = []
        for name, sample in self._samples.items():
            if not isinstance(sample, tuple):
                filled.append(values[name])
                continue
            given = list(values[name])
            if not 0 < len(given) <= len(sample):
                raise ValueError(f"{name}: there are places for 1 to {len(sample)}, not for {len(given)}")
            filled += given + given[:1] * (len(sample) - len(given))
        return filled


def left_prepared(
    name: str, said: Callable[[Sequence[Any]], Said], values: Sequence[Any], types: Sequence[str] = ()
) -> Said | None:
    """The call of the statement that lies in the session under that name, or is put there now.

    said: gives the whole statement with what it is handed in the places of the values. types: those of the values in
    PostgreSQL, where the statement alone does not tell (a number beside nothing else would be taken for a text).
    None where the caller says it in full: on SQLite, which keeps by itself what it was asked, in a session that is
    not ours alone, and to whoever reads along.
    """
    if connection.vendor != "postgresql" or connection.queries_logged or not values:
        return None
    there = _left_in_session()
    if there is None:
        return None
    if name not in there:
        declared = f"{name} ({', '.join(types)})" if types else name
        _prepare(declared, *said(_marks(len(values))))
        there.add(name)
    return f"EXECUTE {name} ({', '.join(['%s'] * len(values))})", tuple(values)


def _adapted(value: Any) -> Any:
    """As the database is given it: SQLite has no moments and no days."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value


def _left_in_session() -> set[str] | None:
    connection.ensure_connection()
    session = connection.connection
    if session not in _sessions:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('wenshao.session', true)")
            _sessions[session] = set() if cursor.fetchone() == ("own",) else None
    return _sessions[session]


def _marks(count: int) -> list[Any]:
    from psycopg2.extensions import AsIs  # type: ignore[import-untyped]  # not where SQLite is all there is

    return [AsIs(f"${number}") for number in range(1, count + 1)]


def _prepare(name: str, sql: str, params: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE {name} AS {sql}", params)


class _Asked:
    """What `ModelIterable` wants of a queryset and of its query: a compiler whose statement is there already."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: SQLCompiler, said: Said) -> None:
        self.query, self._compiler, self._said = self, compiler, said

    def get_compiler(self, using: str) -> SQLCompiler:
        compiler = copy.copy(self._compiler)  # shared by threads: each has its own connection and parameters
        compiler.connection = connection
        compiler.as_sql = lambda *args, **kwargs: self._said  # type: ignore[method-assign]
        return compiler
