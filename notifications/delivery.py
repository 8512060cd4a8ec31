"""From the outbox to people: the inbox first (`bundling`), then the channels (SMS, WeChat; now the console).

A row is taken on lease, gets its line in the inbox, is carried, and is noted as sent. Whatever dies between
two of these, the row waits until its lease ends and goes on where it stopped. The inbox does not ask for quiet
hours or switches: reading in the app disturbs nobody, and what is news at night is found there at night. Both
bind the channels, and at the end of the quiet hours one call about a matter stands for all that came meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from ground import clock
from ground.channels import Console
from notifications.bundling import BATCH, LEASE, into_inboxes, matter_of
from notifications.models import Message, Outgoing
from notifications.preferences import is_wanted, preferences_of, quiet_until

log = structlog.get_logger(__name__)

#: A row that failed so often is given up (FAILED); the pause doubles from 30 seconds on.
MAX_TRIES = 8
FIRST_PAUSE = timedelta(seconds=30)

#: Takes one outgoing row that is in the inbox already (its `message` is the line, of one step or of several);
#: may raise, then it is called again later.
Channel = Callable[[Outgoing], None]


def _console(outgoing: Outgoing) -> None:
    # The key, not the title: titles hold people's own words, which belong in no log.
    Console().send(f"account {outgoing.to_id}", outgoing.key)


#: What carries a message besides the inbox.
channels: list[Channel] = [_console]


def deliver(outgoing_id: int) -> bool:
    """Deliver one row if it is due and nobody else holds it; True if it was carried to the end, not put off."""
    return deliver_many([outgoing_id]) > 0


def deliver_many(ids: Iterable[int]) -> int:
    """Deliver those of the rows that are due and free, and what is bundled with them; gives how many were
    carried to the end. Safe to repeat; the number of queries does not grow with the rows."""
    held = _hold(ids)
    return _carry(into_inboxes(held)) if held else 0


def due() -> list[int]:
    """The next rows whose pause, hour, quiet time or lease is over."""
    now = clock.now()
    waiting = Outgoing.objects.filter(state=Outgoing.State.WAITING, next_try_at__lte=now)
    # Held to the end of its lease for the last time: whatever kills its workers, it is given up.
    waiting.filter(tries__gte=MAX_TRIES).change(state=Outgoing.State.FAILED)
    return list(waiting.order_by("next_try_at", "pk").values_list("pk", flat=True)[:BATCH])


def _hold(ids: Iterable[int]) -> list[Outgoing]:
    """Take the rows on lease: until it ends nobody else picks them up, after it anybody may."""
    now = clock.now()
    with transaction.atomic():
        rows = Outgoing.objects.filter(pk__in=list(ids), state=Outgoing.State.WAITING, next_try_at__lte=now)
        held = list(rows.select_for_update(skip_locked=True))
        Outgoing.objects.filter(pk__in=[row.pk for row in held]).update(
            next_try_at=now + LEASE, tries=F("tries") + 1
        )
    for row in held:
        row.tries += 1
    return held


# Channels


def _carry(rows: list[Outgoing]) -> int:
    """Let the channels carry what may disturb now, one call a matter; gives how many rows are done with."""
    preferences = preferences_of([row.to_id for row in rows])
    done, calls = [], defaultdict(list)
    for row in _not_quiet(rows, preferences):
        if is_wanted(preferences[row.to_id], row):
            calls[matter_of(row) or row.pk].append(row)
        else:
            done.append(row)
    carried = [row for bundle in calls.values() if _is_carried(bundle) for row in bundle]
    now = clock.now()
    Message.objects.filter(pk__in={row.message_id for row in carried}).change(carried_at=now)
    sent = Outgoing.objects.filter(pk__in=[row.pk for row in done + carried], state=Outgoing.State.WAITING)
    return sent.change(state=Outgoing.State.SENT, sent_at=now)


def _not_quiet(rows: list[Outgoing], preferences: dict[int, Any]) -> list[Outgoing]:
    """Those that may go now; the others wait for the end of their person's quiet hours, which is no try."""
    now = clock.now()
    quiet = []
    for row in rows:
        end = None if row.is_urgent else quiet_until(preferences[row.to_id], now)
        if end is not None and is_wanted(preferences[row.to_id], row):
            row.next_try_at, row.tries = end, row.tries - 1
            quiet.append(row)
    waiting = {row.pk for row in quiet}
    with transaction.atomic():
        Outgoing.objects.filter(pk__in=waiting).lock()
        Outgoing.objects.bulk_update(quiet, ["next_try_at", "tries"])
    return [row for row in rows if row.pk not in waiting]


def _is_carried(bundle: list[Outgoing]) -> bool:
    try:
        for channel in channels:
            channel(bundle[-1])
    except Exception as error:  # whatever a gateway does, the rows are tried again later
        _put_off(bundle, error)
        return False
    return True


def _put_off(bundle: list[Outgoing], error: Exception) -> None:
    newest = bundle[-1]
    given_up = newest.tries >= MAX_TRIES
    name = type(error).__name__
    log.warning("message not carried", outgoing=newest.pk, tries=newest.tries, given_up=given_up, error=name)
    Outgoing.objects.filter(pk__in=[row.pk for row in bundle], state=Outgoing.State.WAITING).change(
        state=Outgoing.State.FAILED if given_up else Outgoing.State.WAITING,
        next_try_at=clock.now() + FIRST_PAUSE * 2 ** (newest.tries - 1),
    )
