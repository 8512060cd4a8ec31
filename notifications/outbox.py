"""Saying things to people: written in the caller's transaction, delivered after commit, swept up if left behind.

`say` and `say_to_many` only write rows. A worker delivers them (`delivery`, `bundling`); if the broker is away,
or the worker is killed with the task in its hands, `sweep` (beat, every minute) delivers. However often any of it
runs, a message arrives once: its key is unique, and an outgoing row stands in one inbox line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import KombuError

from accounts.models import User
from ground import clock
from notifications.bundling import BATCH, straight_into_inboxes
from notifications.delivery import deliver_many, due
from notifications.models import FanOut, Kind, Outgoing

log = structlog.get_logger(__name__)

#: Pages of those who work for others: what leads there is work, whatever it is about.
STAFF_PAGES = ("/desk/", "/dashboards/")
#: By the first word of the key, or of the matter where the key says nothing.
_KINDS = {
    "request": Kind.PROGRESS,
    "dispatch": Kind.WORK,
    "whistle": Kind.WHISTLE,
    "claim": Kind.OTHER,
}

Audience = Callable[[int], "QuerySet[User]"]


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

Said = TypeVar("Said", Outgoing, FanOut)


# Saying


def say(
    *,
    to: User,
    key: str,
    title: str,
    text: str = "",
    url: str = "",
    is_urgent: bool = False,
    about: str = "",
    kind: Kind | None = None,
) -> Outgoing:
    """Say something to one person, in the caller's transaction. The same key and person: said once.

    `key` names the event (≤ 100 characters, "request:42:accept"); `title` ≤ 80, `text` ≤ 300 characters
    without phone or ID numbers; `url` is a path of this site, opened by a tap. `about` names the matter
    ("request:42"): ordinary news of it comes at most once an hour; "" is never bundled. `kind` is told from the
    address and the matter unless it is said.
    """
    row = Outgoing(
        key=f"{key}:{to.pk}",
        to=to,
        title=title[:80],
        text=text[:300],
        url=url,
        is_urgent=is_urgent,
        about=about,
        kind=kind or _kind_of(key, about, url),
        created_at=clock.now(),
        next_try_at=clock.now(),
    )
    kept = _once(row)
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
    about: str = "",
    kind: Kind | None = None,
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
        about=about,
        kind=kind or _kind_of(key, about, url),
        created_at=clock.now(),
    )
    kept = _once(row)
    _after_commit(partial(_hand_over_fan_out, kept.pk))
    return kept


def _once(row: Said) -> Said:
    """The row, written; where something was written under its key before, what is there stays and the row stands
    for it. One statement, without a savepoint: every step says something."""
    (kept,) = type(row)._default_manager.bulk_create(
        [row], update_conflicts=True, unique_fields=["key"], update_fields=["key"]
    )
    return kept


def _kind_of(key: str, about: str, url: str) -> Kind:
    if url.startswith(STAFF_PAGES):
        return Kind.WORK
    words = [text.partition(":")[0] for text in (key, about)]
    return next((_KINDS[word] for word in words if word in _KINDS), Kind.OTHER)


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
        straight_into_inboxes(list(waiting.order_by("pk")))
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
        about=fan_out.about,
        kind=fan_out.kind,
        created_at=fan_out.created_at,
        next_try_at=clock.now(),
    )


# Sweeping up


def sweep() -> int:
    """Expand and deliver what a broker outage or a killed worker left behind, and what waited for the end of its
    hour or of somebody's quiet hours; gives how many were carried to the end."""
    for fan_out_id in FanOut.objects.filter(done_at=None).values_list("pk", flat=True):
        try:
            expand(fan_out_id)
        except Exception as error:  # one that cannot be expanded must not keep back what others have to hear
            log.error("fan-out not expanded", fan_out=fan_out_id, error=type(error).__name__)
    arrived = 0
    seen: list[int] = []
    while (ids := due()) and ids != seen:  # the same again: another worker has them in its hands
        arrived, seen = arrived + deliver_many(ids), ids
    return arrived
