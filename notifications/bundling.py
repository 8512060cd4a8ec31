"""Into the inbox: at most one line an hour about the same matter, and one unread line about it at a time.

An ordinary row about a matter ("request:42") waits while a line about it came, or was carried by a channel,
less than an hour ago; when the hour is over, everything that waits arrives at once. Urgent rows and rows about
nothing in particular stand outside of this: they never wait, and nothing waits because of them, for after
something urgent people want the next step soon.

A line that is still unread is brought up to date (newest title and address, how many steps, earlier titles) and
goes to the top; a read one is history and a new line is added. Whoever was away for a week finds one line a
matter, opens it once, and sees the whole there; a pile of lines about one request is what people elsewhere
complain of. An urgent line is never overwritten by an ordinary one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from ground import clock
from notifications.models import Message, Outgoing

#: How long a worker may hold a row before another one takes it up.
LEASE = timedelta(seconds=60)
HOUR = timedelta(hours=1)
#: Rows per round of the sweep, and people per batch of a fan-out.
BATCH = 500
TEXT_LENGTH = 300

#: Whom and what: (account, about).
Matter = tuple[int, str]


def matter_of(row: Outgoing | Message) -> Matter | None:
    """What a row is bundled by; None for what is never bundled."""
    return (row.to_id, row.about) if row.about and not row.is_urgent else None


def into_inboxes(held: list[Outgoing]) -> list[Outgoing]:
    """Write the inbox lines of rows that the caller holds on lease; gives the rows that channels may carry now.

    With them comes whatever else waits about the same matters. Once only: a row gets its line under its own lock
    and in one transaction with it, and two workers with rows of one matter meet at the older row's lock.
    """
    now = clock.now()
    with transaction.atomic():
        rows = _locked_with_their_matters(held)
        hours = _hours_running(filter(None, map(matter_of, rows)), now)
        arriving = [row for row in rows if row.message_id is None and matter_of(row) not in hours]
        _write_lines(arriving, now)
        return _on_lease(rows, {row.pk for row in held}, hours, now)


def _locked_with_their_matters(held: list[Outgoing]) -> list[Outgoing]:
    """The rows that are still the caller's, and all that waits about their matters; locked in one order."""
    waiting = Outgoing.objects.filter(state=Outgoing.State.WAITING)
    tries = {row.pk: row.tries for row in held}
    matters = {matter for row in held if (matter := matter_of(row))}
    kin = _about(waiting.filter(is_urgent=False), matters).values_list("pk", "to_id", "about")
    wanted = set(tries) | {pk for pk, *matter in kin if tuple(matter) in matters}
    locked = waiting.filter(pk__in=wanted).order_by("pk").select_for_update()
    # Tried once more since it was held: another worker took it along.
    rows = [row for row in locked if tries.get(row.pk, row.tries) == row.tries]
    ours = {matter_of(row) for row in rows if row.pk in tries}
    return [row for row in rows if row.pk in tries or matter_of(row) in ours]


def _about(rows: Any, matters: Collection[Matter]) -> Any:
    """Rows of these people about these things; a few more than the matters, cheap to find by the index."""
    if not matters:
        return rows.none()
    return rows.filter(to__in={to for to, _ in matters}, about__in={about for _, about in matters})


def _hours_running(matters: Iterable[Matter], now: datetime) -> dict[Matter | None, datetime]:
    """Until when news of these matters waits, where it does."""
    since = now - HOUR
    lines = _about(Message.objects.filter(is_urgent=False).exclude(about=""), set(matters)).order_by()
    felt = lines.filter(Q(at__gt=since) | Q(carried_at__gt=since))
    ends: dict[Matter | None, datetime] = {}
    for to, about, at, carried_at in felt.values_list("to_id", "about", "at", "carried_at"):
        end = max(at, carried_at or at) + HOUR
        ends[to, about] = max(end, ends.get((to, about), end))
    return ends


def _on_lease(
    rows: list[Outgoing], held: Collection[int], hours: dict[Matter | None, datetime], now: datetime
) -> list[Outgoing]:
    """Rows in an inbox are the caller's to carry, with those of the same matters that wait for a channel too;
    rows whose hour is not over wait, and that is no try."""
    moving = {matter_of(row) for row in rows if row.message_id and row.pk in held}
    retimed, carried = [], []
    for row in rows:
        if row.message_id is None and row.pk in held:
            row.next_try_at, row.tries = hours[matter_of(row)], row.tries - 1
            retimed.append(row)
        elif row.message_id and row.pk in held:
            carried.append(row)
        elif row.message_id and matter_of(row) in moving:
            row.next_try_at, row.tries = now + LEASE, row.tries + 1
            retimed.append(row)
            carried.append(row)
    Outgoing.objects.bulk_update(retimed, ["next_try_at", "tries"])
    return carried


# Lines


def _write_lines(rows: list[Outgoing], now: datetime) -> None:
    """One line for all rows of a matter, one for each row that is not bundled. A constant number of queries."""
    bundles: defaultdict[Any, list[Outgoing]] = defaultdict(list)
    for row in rows:
        bundles[matter_of(row) or row.pk].append(row)
    unread = _unread_lines({key for key in bundles if isinstance(key, tuple)})
    earlier = _titles_of(unread.values())
    fresh: list[Message] = []
    for key, steps in bundles.items():
        line = unread.get(key) or Message(to_id=steps[0].to_id, about=steps[0].about, steps=0)
        _bring_up_to_date(line, steps, earlier.get(line.pk, []), now)
        if line.pk is None:
            fresh.append(line)
    Message.objects.bulk_create(fresh)
    Message.objects.bulk_update(unread.values(), ["title", "text", "url", "steps", "at"])
    Outgoing.objects.bulk_update(rows, ["message"])


def _unread_lines(matters: Collection[Matter]) -> dict[Matter, Message]:
    """The newest ordinary line of each matter that nobody has read, or is reading in this very moment."""
    lines = _about(Message.objects.unread().filter(is_urgent=False), matters).order_by("at", "pk")
    found = {(line.to_id, line.about): line for line in lines.select_for_update(skip_locked=True)}
    return {matter: line for matter, line in found.items() if matter in matters}


def _titles_of(lines: Iterable[Message]) -> dict[int, list[str]]:
    """What stands in these lines already, oldest first."""
    titles: defaultdict[int, list[str]] = defaultdict(list)
    pks = [line.pk for line in lines]
    if pks:
        rows = Outgoing.objects.filter(message__in=pks).order_by("pk").values_list("message_id", "title")
        for pk, title in rows:
            titles[pk].append(title)
    return titles


def _bring_up_to_date(line: Message, steps: list[Outgoing], earlier: list[str], now: datetime) -> None:
    newest = steps[-1]
    line.title, line.url, line.is_urgent, line.at = newest.title, newest.url, newest.is_urgent, now
    line.steps += len(steps)
    before = [*earlier, *(row.title for row in steps[:-1])]
    line.text = newest.text if line.steps == 1 else bundled(newest, line.steps, before)
    for row in steps:
        row.message = line


def bundled(newest: Outgoing, steps: int, before: Iterable[str]) -> str:
    """“等 3 条进展 · WJ1 路灯不亮。此前：甲；乙”: latest first, each title once, as many as fit in whole."""
    text = f"等 {steps} 条进展" + (f" · {newest.text}" if newest.text else "")
    titles = [title for title in dict.fromkeys(reversed(list(before))) if title != newest.title]
    joint = "。此前：" if not text.endswith("。") else "此前："
    for title in titles:
        if len(text) + len(joint) + len(title) > TEXT_LENGTH:
            break
        text, joint = text + joint + title, "；"
    return text[:TEXT_LENGTH]


def straight_into_inboxes(rows: list[Outgoing]) -> None:
    """The past (a replay): a line for each row at its own moment, nothing bundled and nothing carried."""
    shared = ("to_id", "about", "title", "text", "url", "is_urgent")
    lines = [Message(at=row.created_at, **{name: getattr(row, name) for name in shared}) for row in rows]
    for row, line in zip(rows, lines, strict=True):
        row.message = line
    Message.objects.bulk_create(lines, batch_size=BATCH)
    Outgoing.objects.bulk_update(rows, ["message"], batch_size=BATCH)
