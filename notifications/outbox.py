"""Saying things to people: written in the caller's transaction, delivered after commit, swept up if left behind.

`say` and `say_to_many` only write rows. A worker delivers them; if the broker is away, or the worker is killed
with the task in its hands, `sweep` (beat, every minute) delivers. However often any of it runs, a message
arrives once: its key is unique, and so is the inbox line of an outgoing row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from kombu.exceptions import KombuError

from accounts.models import User
from ground import clock
from ground.channels import Console
from notifications.models import FanOut, Message, Outgoing

log = structlog.get_logger(__name__)

#: People per batch of a fan-out, and rows per round of the sweep.
BATCH = 500
#: How long a worker may hold a row before another one takes it up.
LEASE = timedelta(seconds=60)
#: A row that failed so often is given up (FAILED); the pause doubles from 30 seconds on.
MAX_TRIES = 8
FIRST_PAUSE = timedelta(seconds=30)

Audience = Callable[[int], "QuerySet[User]"]
#: Takes one outgoing row that is in the inbox already; may raise, then it is called again later.
Channel = Callable[[Outgoing], None]


class Audiences:
    """Whom a fan-out means: floors above register a name and a function from an id to accounts."""

    def __init__(self) -> None:
        self._known: dict[str, Audience] = {}

    def register(self, name: str, people: Audience) -> None:
        """`people(audience_id)` gives a queryset of User; it is asked again for every batch."""
        self._known[name] = people

    def people(self, name: str, audience_id: int) -> QuerySet[User]:
        """The accounts meant; KeyError for a name that nobody registered."""
        return self._known[name](audience_id)

    def __contains__(self, name: object) -> bool:
        return name in self._known


audiences = Audiences()


def _console(outgoing: Outgoing) -> None:
    # The key, not the title: titles hold people's own words, which belong in no log.
    Console().send(f"account {outgoing.to_id}", outgoing.key)


#: What carries a message besides the inbox.
channels: list[Channel] = [_console]


# Saying


def say(
    *, to: User, key: str, title: str, text: str = "", url: str = "", is_urgent: bool = False
) -> Outgoing:
    """Say something to one person, in the caller's transaction. The same key and person: said once.

    `key` names the event (≤ 100 characters, "request:42:accept"); `title` ≤ 80, `text` ≤ 300 characters
    without phone or ID numbers; `url` is a path of this site, opened by a tap.
    """
    row = Outgoing(
        key=f"{key}:{to.pk}",
        to=to,
        title=title[:80],
        text=text[:300],
        url=url,
        is_urgent=is_urgent,
        created_at=clock.now(),
        next_try_at=clock.now(),
    )
    with transaction.atomic():
        Outgoing.objects.bulk_create([row], ignore_conflicts=True)
        kept = Outgoing.objects.get(key=row.key)
        _after_commit(partial(_hand_over_rows, [kept.pk]))
    return kept


def say_to_many(
    *,
    audience: str,
    audience_id: int,
    key: str,
    title: str,
    text: str = "",
    url: str = "",
    is_urgent: bool = False,
) -> FanOut:
    """Say something to a registered audience: one row now, expanded in batches after commit.

    Idempotent by `key`. Raises KeyError for an audience that is not registered.
    """
    if audience not in audiences:
        raise KeyError(audience)
    row = FanOut(
        key=key,
        audience=audience,
        audience_id=audience_id,
        title=title[:80],
        text=text[:300],
        url=url,
        is_urgent=is_urgent,
        created_at=clock.now(),
    )
    with transaction.atomic():
        FanOut.objects.bulk_create([row], ignore_conflicts=True)
        kept = FanOut.objects.get(key=key)
        _after_commit(partial(_hand_over_fan_out, kept.pk))
    return kept


# Handing over to the worker: a broker that is away costs a log line, never the caller's work


_is_replay: ContextVar[bool] = ContextVar("wenshao_replay", default=False)


@contextmanager
def replay() -> Iterator[None]:
    """The past is replayed inside (the demo): no worker is woken, and no channel carries what was said then.

    At the end everything that waits goes straight into the inboxes. Runs in the caller's transaction.
    """
    token = _is_replay.set(True)
    try:
        yield
        for fan_out_id in FanOut.objects.filter(done_at=None).values_list("pk", flat=True):
            expand(fan_out_id)
        waiting = Outgoing.objects.filter(state=Outgoing.State.WAITING)
        _into_inbox(list(waiting.order_by("pk")))
        waiting.update(state=Outgoing.State.SENT, sent_at=clock.now())
    finally:
        _is_replay.reset(token)


def _after_commit(hand_over: Callable[[], None]) -> None:
    if not _is_replay.get():
        transaction.on_commit(hand_over)


def _hand_over_rows(ids: list[int]) -> None:
    from notifications.tasks import deliver_rows

    _guarded(lambda: deliver_rows.apply_async([ids], retry=False), rows=len(ids))


def _hand_over_fan_out(fan_out_id: int) -> None:
    from notifications.tasks import expand_fan_out

    _guarded(lambda: expand_fan_out.apply_async([fan_out_id], retry=False), fan_out=fan_out_id)


def _guarded(send: Callable[[], object], **what: int) -> None:
    try:
        send()
    except (KombuError, OSError) as error:
        log.warning("broker away, the sweep will deliver", error=type(error).__name__, **what)


# Delivering


def deliver(outgoing_id: int) -> bool:
    """Deliver one row if it is due and nobody else holds it; True if this call delivered it."""
    return deliver_many([outgoing_id]) == 1


def deliver_many(ids: Iterable[int]) -> int:
    """Deliver those of the rows that are due and free; gives how many arrived. Safe to repeat."""
    held = _hold(ids)
    if not held:
        return 0
    _into_inbox(held)
    arrived = [row.pk for row in held if _carried(row)]
    Outgoing.objects.filter(pk__in=arrived, state=Outgoing.State.WAITING).update(
        state=Outgoing.State.SENT, sent_at=clock.now()
    )
    return len(arrived)


def _hold(ids: Iterable[int]) -> list[Outgoing]:
    """Take the rows on lease: until it ends nobody else picks them up, after it anybody may."""
    now = clock.now()
    with transaction.atomic():
        due = Outgoing.objects.filter(pk__in=list(ids), state=Outgoing.State.WAITING, next_try_at__lte=now)
        held = list(due.select_for_update(skip_locked=True))
        Outgoing.objects.filter(pk__in=[row.pk for row in held]).update(
            next_try_at=now + LEASE, tries=F("tries") + 1
        )
    for row in held:
        row.tries += 1
    return held


def _into_inbox(rows: list[Outgoing]) -> None:
    lines = [
        Message(
            outgoing=row,
            to_id=row.to_id,
            title=row.title,
            text=row.text,
            url=row.url,
            is_urgent=row.is_urgent,
            at=row.created_at,
        )
        for row in rows
    ]
    Message.objects.bulk_create(lines, ignore_conflicts=True)


def _carried(row: Outgoing) -> bool:
    try:
        for channel in channels:
            channel(row)
    except Exception as error:  # whatever a gateway does, the row is tried again later
        _put_off(row, error)
        return False
    return True


def _put_off(row: Outgoing, error: Exception) -> None:
    given_up = row.tries >= MAX_TRIES
    log.warning(
        "message not carried", outgoing=row.pk, tries=row.tries, given_up=given_up, error=type(error).__name__
    )
    Outgoing.objects.filter(pk=row.pk, state=Outgoing.State.WAITING).update(
        state=Outgoing.State.FAILED if given_up else Outgoing.State.WAITING,
        next_try_at=clock.now() + FIRST_PAUSE * 2 ** (row.tries - 1),
    )


# One to many


def expand(fan_out_id: int) -> int:
    """Write the outgoing rows of a fan-out, batch by batch from where it stopped; gives how many people."""
    people = 0
    while (batch := _expand_batch(fan_out_id)) is not None:
        people += len(batch)
    return people


def _expand_batch(fan_out_id: int) -> list[int] | None:
    """The next batch of recipients' ids, or None when there is nothing left to do."""
    with transaction.atomic():
        fan_out = FanOut.objects.select_for_update().filter(pk=fan_out_id, done_at=None).first()
        if fan_out is None:
            return None
        people = audiences.people(fan_out.audience, fan_out.audience_id).filter(pk__gt=fan_out.cursor)
        ids = list(people.order_by("pk").values_list("pk", flat=True).distinct()[:BATCH])
        rows = [_row_of(fan_out, user_id) for user_id in ids]
        Outgoing.objects.bulk_create(rows, ignore_conflicts=True)
        fan_out.cursor = ids[-1] if ids else fan_out.cursor
        fan_out.done_at = clock.now() if len(ids) < BATCH else None
        fan_out.save(update_fields=["cursor", "done_at"])
        keys = [row.key for row in rows]
        written = list(Outgoing.objects.filter(key__in=keys).values_list("pk", flat=True))
        if written:
            _after_commit(partial(_hand_over_rows, written))
    return ids


def _row_of(fan_out: FanOut, user_id: int) -> Outgoing:
    return Outgoing(
        key=f"{fan_out.key}:{user_id}",
        to_id=user_id,
        title=fan_out.title,
        text=fan_out.text,
        url=fan_out.url,
        is_urgent=fan_out.is_urgent,
        created_at=fan_out.created_at,
        next_try_at=clock.now(),
    )


# Sweeping up


def sweep() -> int:
    """Expand and deliver whatever a broker outage or a killed worker left behind; gives how many arrived."""
    for fan_out_id in FanOut.objects.filter(done_at=None).values_list("pk", flat=True):
        try:
            expand(fan_out_id)
        except Exception as error:  # one that cannot be expanded must not keep back what others have to hear
            log.error("fan-out not expanded", fan_out=fan_out_id, error=type(error).__name__)
    arrived = 0
    while ids := _due():
        arrived += deliver_many(ids)
    return arrived


def _due() -> list[int]:
    now = clock.now()
    waiting = Outgoing.objects.filter(state=Outgoing.State.WAITING, next_try_at__lte=now)
    # Held to the end of its lease for the last time: whatever kills its workers, it is given up.
    waiting.filter(tries__gte=MAX_TRIES).update(state=Outgoing.State.FAILED)
    return list(waiting.order_by("next_try_at", "pk").values_list("pk", flat=True)[:BATCH])
