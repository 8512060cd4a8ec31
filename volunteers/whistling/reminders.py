"""提醒: the evening before and an hour before, one fan-out each to those who go.

`Whistle.remind_at` is the next moment; it is set at publishing and moved on in the transaction that writes the
fan-out, so a worker that dies, or two at once, remind once. Whoever claims later is reminded of what is left.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from ground import clock
from notifications.outbox import say_to_many
from volunteers.models import Claim, Whistle
from volunteers.states import WhistleKind, WhistleState
from volunteers.whistling import calling

log = structlog.get_logger(__name__)

#: When people look at what tomorrow brings.
EVENING = time(19, 0)
HOUR_BEFORE = timedelta(hours=1)


def next_after(whistle: Whistle, moment: datetime) -> datetime | None:
    """The first moment after `moment` at which its volunteers are to be reminded; None when there is none left.

    An emergency has only the hour: it is called when it happens. A wish has only the evening before its end.
    """
    return next((at for at in moments_of(whistle) if at > moment), None)


def moments_of(whistle: Whistle) -> list[datetime]:
    """When its volunteers are to be reminded, in order."""
    if whistle.is_wish:
        return [_evening_before(whistle.ends_at)]
    hour = whistle.starts_at - HOUR_BEFORE
    return [hour] if whistle.kind == WhistleKind.EMERGENCY else [_evening_before(whistle.starts_at), hour]


def _evening_before(moment: datetime) -> datetime:
    day = timezone.localtime(moment).date() - timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, EVENING))


def remind_due() -> int:
    """Remind of every open whistle whose moment has come; safe to run twice and side by side.

    Gives how many reminders were written here. One that fails is logged and does not stop the others.
    """
    due = Whistle.objects.filter(state=WhistleState.OPEN, remind_at__lte=clock.now())
    written = 0
    for pk in due.order_by("remind_at", "id").values_list("pk", flat=True).iterator(chunk_size=200):
        try:
            written += _remind(pk)
        except Exception:
            log.exception("reminder failed", whistle=pk)
    return written


def _remind(pk: int) -> int:
    with transaction.atomic():
        rows = Whistle.objects.select_for_update(of=("self",)).filter(pk=pk, state=WhistleState.OPEN)
        whistle = rows.first()
        written = 0
        while whistle is not None and whistle.remind_at is not None and whistle.remind_at <= clock.now():
            written += _remind_at(whistle, whistle.remind_at)
            whistle.remind_at = next_after(whistle, whistle.remind_at)
        if whistle is not None:
            whistle.save(update_fields=["remind_at"])
    return written


def _remind_at(whistle: Whistle, at: datetime) -> int:
    """Write what belongs to that moment; nothing where it is caught up too late to help."""
    if not whistle.is_wish and at == whistle.starts_at - HOUR_BEFORE:
        return _of_the_hour(whistle)
    return _of_the_evening(whistle, at)


def _of_the_evening(whistle: Whistle, at: datetime) -> int:
    """Only on that evening: after midnight "tomorrow" would be wrong, and the hour before still comes."""
    if timezone.localtime(at).date() != clock.today():
        return 0
    taken = Claim.objects.live().filter(whistle=whistle).count()
    if not whistle.is_wish and taken < whistle.places_min:
        calling.tell_of_missing(whistle, taken)
    when = calling.moment(whistle.ends_at if whistle.is_wish else whistle.starts_at)
    if whistle.is_wish:
        _say(whistle, "evening", f"明天到期：{whistle.title}", f"{when} 前完成，拍照上传。")
    else:
        _say(whistle, "evening", f"{when}：{whistle.title}", f"{whistle.place}。去不了的请早点退单。")
    return 1


def _of_the_hour(whistle: Whistle) -> int:
    if clock.now() >= whistle.starts_at:
        return 0
    minutes = max(1, round((whistle.starts_at - clock.now()).total_seconds() / 60))
    title = f"还有 {minutes} 分钟：{whistle.title}" if minutes != 60 else f"还有一小时：{whistle.title}"
    _say(whistle, "hour", title, f"{calling.moment(whistle.starts_at)} · {whistle.place}。到了再签到。")
    return 1


def _say(whistle: Whistle, which: str, title: str, text: str) -> None:
    """Not bundled: a reminder that comes an hour later is none."""
    say_to_many(
        audience="claimants",
        audience_id=whistle.pk,
        key=f"claim:whistle-{whistle.pk}:{which}",
        title=title,
        text=text,
        url=reverse("volunteers:whistle", args=[whistle.pk]),
        is_urgent=whistle.kind == WhistleKind.EMERGENCY,
    )
