"""The platform's own steps, by the clock: questions that time out, ratings that lapse, reminders (RULES 1, 3, 4).

`next_at` says when a row is to be looked at next (`contact_next_at`: for its first contact); it moves on in the
same transaction in which the thing is done. So whatever was left behind by an outage is caught up in its order,
and however many workers run at once, or die in between, everything is done once.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from ground import clock
from ground.worktime import WorkCalendar
from organizations.workdays import calendar
from requests import afterwards, asking_back, clocks, reminders
from requests.models import Dispatch, ServiceRequest
from requests.states import State

log = structlog.get_logger(__name__)

#: Rows that are read at once.
BATCH = 200
#: A row that fails is tried again after as long as it has been late already, within these bounds.
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)

CONTACT = "contact_next_at"
#: What is looked through: model, and the column that says when.
SOURCES: tuple[tuple[type[ServiceRequest] | type[Dispatch], str], ...] = (
    (ServiceRequest, "next_at"),
    (Dispatch, "next_at"),
    (ServiceRequest, CONTACT),
)
Due = tuple[datetime, int, int]  # when, place in SOURCES, id


def catch_up(limit: int = 2000, seconds: float = 45) -> int:
    """Do whatever is due, the oldest first, one transaction a row; gives how many rows were seen to.

    Stops after `limit` rows or `seconds`; the next call goes on. What another worker holds is passed over.
    """
    over, days, taken = time.monotonic() + seconds, calendar(), 0
    for moment, place, pk in heapq.merge(*(_due(place, clock.now()) for place in range(len(SOURCES)))):
        if taken >= limit or time.monotonic() > over:
            break
        taken += _see_to(*SOURCES[place], pk, moment, days)
    return taken


def _due(place: int, now: datetime) -> Iterator[Due]:
    """What is due of one model, in order and in batches: a row that stays due is not read twice."""
    model, column = SOURCES[place]
    found = model.objects.filter(**{f"{column}__lte": now}).order_by(column, "id")
    rows = found.values_list(column, "id")
    batch: list[Any] = list(rows[:BATCH])
    while batch:
        yield from ((moment, place, pk) for moment, pk in batch)
        moment, pk = batch[-1]
        after = Q(**{f"{column}__gt": moment}) | Q(**{column: moment}, pk__gt=pk)
        batch = list(rows.filter(after)[:BATCH])


def _see_to(model: Any, column: str, pk: int, moment: datetime, days: WorkCalendar) -> bool:
    """Do the one thing that is due for a row; False where another worker has it, or was first."""
    try:
        with transaction.atomic():
            row = _locked(model, column, pk)
            if row is None:
                return False
            if column == CONTACT:
                _remind_of_contact(row, clock.now(), days)
            else:
                _do(row, days)
    except Exception as error:  # one row that fails must not keep back what others have to hear
        log.error("step of the clock failed", what=model.__name__, id=pk, error=type(error).__name__)
        _put_off(model, column, pk, moment, days)
        return False
    return True


def _locked(model: Any, column: str, pk: int) -> Any:
    """The row as it stands, locked, if it is still due; the request of a dispatch is locked before it."""
    rows = model.objects.select_for_update(of=("self",), skip_locked=True)
    if model is Dispatch:
        whole = ServiceRequest.objects.select_for_update(of=("self",), skip_locked=True)
        if whole.filter(dispatches=pk).first() is None:
            return None
        rows = rows.select_related("service_request")
    return rows.filter(pk=pk, **{f"{column}__lte": clock.now()}).first()


def _do(row: ServiceRequest | Dispatch, days: WorkCalendar) -> None:
    now = clock.now()
    if isinstance(row, ServiceRequest) and row.state == State.ASKED and row.asked_until:
        asking_back.time_out(row)
    elif isinstance(row, ServiceRequest) and row.state == State.RESOLVED and row.lapse_due:
        afterwards.lapse(row)
    else:
        _remind(row, now, days)


def _remind(row: ServiceRequest | Dispatch, now: datetime, days: WorkCalendar) -> None:
    """Say the highest level that has passed: those that were overtaken during an outage are not said any more."""
    level = clocks.level_at(row, now, days)
    if level > row.reminded:
        reminders.say_level(row, level)
        row.reminded = level
    clocks.plan_reminder(row, days)
    row.save(update_fields=["reminded", "next_at"])


def _remind_of_contact(row: ServiceRequest, now: datetime, days: WorkCalendar) -> None:
    """The same for the first contact, whose clock runs beside the one that `due` is of."""
    level = clocks.contact_level_at(row, now, days)
    if level > row.contact_reminded:
        reminders.say_contact(row, level)
        row.contact_reminded = level
    clocks.plan_contact(row, days, row.state)
    row.save(update_fields=["contact_reminded", CONTACT])


def _put_off(model: Any, column: str, pk: int, moment: datetime, days: WorkCalendar) -> None:
    """Look at it again later: the longer it has been failing, the later. Whoever moved it meanwhile was right."""
    now = clock.now()
    row = model.objects.filter(pk=pk).first()
    late = now - _planned(row, column, moment, days) if row else SHORTEST_PAUSE
    pause = min(max(late, SHORTEST_PAUSE), LONGEST_PAUSE)
    model.objects.filter(pk=pk, **{column: moment}).update(**{column: now + pause})


def _planned(row: Any, column: str, moment: datetime, days: WorkCalendar) -> datetime:
    """When it was to be done first, as its other columns say; `moment` where they say nothing sensible."""
    try:
        if column == CONTACT:
            clocks.plan_contact(row, days, row.state)
            return row.contact_next_at or moment
        if isinstance(row, ServiceRequest) and row.state in (State.ASKED, State.RESOLVED):
            return row.asked_until or row.lapse_due or moment
        clocks.plan_reminder(row, days)
    except Exception:
        return moment
    return row.next_at or moment
