"""The right to write rollups: one holder at a time, on a lease that stands in the one row of `RollupState`.

What is written goes in pieces, each in a transaction of its own that renews the lease first. So nobody waits for a
whole round, and two rounds never write: the row stays locked while a piece is written, and whoever was overtaken
because he fell silent finds another name in it and stops. Killed, the lease runs out by itself.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet

from dashboards.models import RollupState
from ground import clock

#: Longer than the largest piece takes to be counted and written.
LEASE = timedelta(minutes=5)
#: Whoever was told to rebuild waits that long for the round that is under way (seconds).
PATIENCE, PAUSE = 360.0, 0.5


class Overtaken(Exception):
    """The lease ran out, and somebody else has it now. Nothing of the piece was written."""


class Busy(RuntimeError):
    """Another round has been at work all the time."""


class Hold:
    """The right of one round to write. `state` is how far the rollups were when it began."""

    def __init__(self, name: str, state: RollupState) -> None:
        self.name, self.state = name, state

    @contextmanager
    def piece(self) -> Iterator[None]:
        """One transaction that renews the lease. Raises Overtaken where somebody else has it by now."""
        with transaction.atomic():
            self._write(held_until=clock.now() + LEASE)
            yield

    def settle(self, **reached: Any) -> None:
        """The round is through: say how far the rollups are now. Raises Overtaken."""
        self._write(**reached)

    def let_go(self) -> None:
        self._mine().update(holder="", held_until=None)

    def _write(self, **values: Any) -> None:
        if not self._mine().update(**values):
            raise Overtaken

    def _mine(self) -> QuerySet[RollupState]:
        return RollupState.objects.filter(pk=1, holder=self.name)


@contextmanager
def held(patience: float = 0) -> Iterator[Hold]:
    """The right to write, let go in the end. Raises Busy where it is not to be had within so many seconds."""
    hold = _waited_for(patience)
    try:
        yield hold
    except BaseException:
        # Inside a broken transaction nothing can be written: then the lease runs out by itself.
        with suppress(DatabaseError, transaction.TransactionManagementError):
            hold.let_go()
        raise
    hold.let_go()


def _waited_for(patience: float) -> Hold:
    until = time.monotonic() + patience
    while (hold := _take()) is None:
        if time.monotonic() >= until:
            raise Busy
        time.sleep(PAUSE)
    return hold


def _take() -> Hold | None:
    RollupState.objects.get_or_create(pk=1)
    now, name = clock.now(), str(uuid.uuid4())
    # A lease that ends later than any could is of a clock that has been set back since.
    free = Q(holder="") | Q(held_until__lt=now) | Q(held_until__gt=now + LEASE) | Q(held_until=None)
    rows = RollupState.objects.filter(free, pk=1)
    if not rows.update(holder=name, held_until=now + LEASE):
        return None
    return Hold(name, RollupState.objects.get(pk=1))
