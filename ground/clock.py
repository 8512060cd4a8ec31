"""The one place that says what time it is.

Verbs, dues and events ask `now()`. A replay of the past (the demo, a catch-up after an outage, a test)
sets it for the current thread of execution with `at(moment)`; nothing else may.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time

from django.utils import timezone

_moment: ContextVar[datetime | None] = ContextVar("wenshao_moment", default=None)


def now() -> datetime:
    """The present moment, aware (UTC)."""
    return _moment.get() or timezone.now()


def today() -> date:
    """The present day where the city is (TIME_ZONE)."""
    return timezone.localdate(now())


def day_of(moment: datetime) -> date:
    """The day on which an aware moment lies where the city is."""
    return timezone.localtime(moment, timezone.get_default_timezone()).date()


def midnight(day: date) -> datetime:
    """The first moment of a day where the city is."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Run the block as if it were `moment` (aware); a naive one is refused with ValueError."""
    if timezone.is_naive(moment):
        raise ValueError("clock.at needs an aware datetime")
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)
