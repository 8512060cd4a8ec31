"""Numbers that every page of the desk asks for: their statement is put together once for each set of posts.

The menu counts a dozen heaps in two statements. The database answers them from partial indexes in two milliseconds;
building and compiling them costs ten times that on every page, and so does planning them. What a statement says
depends on nothing but the person, the posts in force and the moment, so it is kept with the moment left open; and
those of people with like posts differ in keys alone, so that PostgreSQL plans one for all of them. SQLite is given
moments as text.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from typing import Any, NamedTuple

from django.db import connection
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import User
from grids.scope import goes_by_grid
from ground import clock
from ground.kept import Said, left_prepared
from organizations.scope import scope_of

#: So many statements are kept in a process, of some 20 kB each; then it begins anew.
MOST = 200
#: So many of different shape, as combinations of posts make them, are left planned in a session; others are said in
#: full.
MOST_SHAPES = 100
Numbers = Callable[[], dict[str, Any]]
_numbered = itertools.count(1)


class Slot(Enum):
    """A parameter that every run fills anew."""

    NOW = auto()
    TODAY = auto()
    MIDNIGHT = auto()  # the end of today


#: What a slot is to PostgreSQL; a whole number is an int where it fits into one.
_TYPES = {Slot.NOW: "timestamptz", Slot.MIDNIGHT: "timestamptz", Slot.TODAY: "date"}
_INT = 2**31


class Statement(NamedTuple):
    """`name`: what it is called in a session, the same for all that differ in moments and whole numbers alone; ""
    where it is not left there."""

    sql: str
    params: tuple[Any, ...]
    name: str

    def said(self, values: Sequence[Any]) -> Said:
        """With the values where moments and whole numbers stand."""
        left = iter(values)
        return self.sql, tuple(next(left) if _varies(each) else each for each in self.params)


def _varies(param: Any) -> bool:
    return isinstance(param, Slot | int) and not isinstance(param, bool)


_kept: dict[Hashable, Statement] = {}
_names: dict[Hashable, str] = {}


def numbers(name: str, user: Any, build: Numbers) -> dict[str, Any]:
    """The values of the expressions of `build`, whole numbers and yes or no, in one query.

    `build` may look at the user, his scope and the clock, and at nothing else. Whoever is bound to grids is left
    out: which ones they are is told by rows.
    """
    grants = scope_of(user).grants
    key = (name, user.pk, grants)
    if (kept := _kept.get(key)) is not None:  # in one step: another thread may begin anew meanwhile
        return _run(kept)
    began, expressions = clock.now(), build()
    if not expressions:
        return {}
    rows: Any = User.objects.filter(pk=user.pk).order_by().values(**expressions)
    statement = None if any(goes_by_grid(grant) for grant in grants) else _prepared(rows, began)
    _keep(key, statement)
    return dict(rows[0]) if statement is None else _run(statement)  # the first time is asked like every other


def _keep(key: Hashable, statement: Statement | None) -> None:
    if len(_kept) >= MOST:
        _kept.clear()
    if statement is not None:
        _kept[key] = statement


def _prepared(rows: Any, began: datetime) -> Statement | None:
    """None where a parameter cannot be told to be the same tomorrow: then nothing is kept."""
    sql, params = rows.query.get_compiler(connection=connection).as_sql()
    slots = [_slot(_read(each), began, clock.now()) for each in params]
    return None if None in slots else Statement(sql, tuple(slots), _name_of(sql, slots))


def _name_of(sql: str, params: Sequence[Any]) -> str:
    shape = sql, tuple((_type_of(each),) if _varies(each) else each for each in params)
    if shape not in _names and len(_names) >= MOST_SHAPES:
        return ""
    return _names.setdefault(shape, f"counted_{next(_numbered)}")


def _read(value: Any) -> Any:
    """A parameter as Python has it: the moment or the day, where SQLite is given its text."""
    if connection.vendor != "sqlite" or not isinstance(value, str):
        return value
    if len(value) == len("2026-11-30"):
        return parse_date(value) or value
    moment = parse_datetime(value)
    return value if moment is None else moment.replace(tzinfo=UTC)


def _slot(value: Any, began: datetime, ended: datetime) -> Any:
    """The value itself, the slot of a moment, or None for what is not understood."""
    if isinstance(value, datetime):
        if began <= value <= ended:
            return Slot.NOW
        return Slot.MIDNIGHT if value == _end_of_today() else None
    if isinstance(value, date):
        return Slot.TODAY if value == clock.today() else None
    return value if isinstance(value, int | str) else None


def _end_of_today() -> datetime:
    return clock.midnight(clock.today() + timedelta(days=1))


def _type_of(param: Slot | int) -> str:
    if isinstance(param, Slot):
        return _TYPES[param]
    return "int" if -_INT <= param < _INT else "bigint"


def _run(statement: Statement) -> dict[str, Any]:
    moment, day = connection.ops.adapt_datetimefield_value, connection.ops.adapt_datefield_value
    filled = {
        Slot.NOW: moment(clock.now()),
        Slot.TODAY: day(clock.today()),
        Slot.MIDNIGHT: moment(_end_of_today()),
    }
    params = [each for each in statement.params if _varies(each)]
    values = [filled[each] if isinstance(each, Slot) else each for each in params]
    types = [_type_of(each) for each in params]
    planned = left_prepared(statement.name, statement.said, values, types) if statement.name else None
    said = planned or statement.said(values)
    with connection.cursor() as cursor:
        cursor.execute(*said)
        (row,) = cursor.fetchall()
        return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
