"""提醒: who is behind with his quota learns it first; a week later his liaison learns how many (S6).

Beat asks every hour; a message once said is not said again, so that a worker that was killed or away catches up.
Where a policy sets no quota nobody is reminded of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import CharField, Count, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ground import clock, periods
from notifications.models import Outgoing
from notifications.outbox import say
from organizations.models import Appointment, Organization, Policy, Unit
from organizations.posts import Post
from volunteers.accounting import quotas
from volunteers.models import Volunteer
from volunteers.states import Period

log = structlog.get_logger(__name__)

#: Days before the end of a quarter on which its members are reminded.
BEFORE_THE_QUARTER = (30, 10)
#: First days of months in which those are reminded who lack hours of the year.
OF_THE_YEAR = (11, 12)
#: The liaison hears of it so long after the member.
LATER = timedelta(days=7)
#: Nobody is reminded of duties at night.
MORNING = time(9, 0)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Round:
    """One round of reminders: of the quarter or of the year, from a day on until the period is over."""

    period: Period
    first: date
    told_on: date
    last: date

    @property
    def key(self) -> str:
        return f"quota:{self.period.value}:{self.first:%Y%m%d}:{self.told_on:%m%d}"

    @property
    def behind(self) -> Any:
        return quotas.BEHIND["quarter" if self.period == Period.QUARTER else "year"]


def rounds_on(today: date) -> list[Round]:
    """The rounds under way: of each period the last one that has begun. After an outage nobody hears two at once."""
    found = []
    for period in (Period.QUARTER, Period.YEAR):
        first = periods.first_day(period, today)
        last = periods.first_day_after(period, today) - timedelta(days=1)
        if period == Period.QUARTER:
            days = [last - timedelta(days=days) for days in BEFORE_THE_QUARTER]
        else:
            days = [date(first.year, month, 1) for month in OF_THE_YEAR]
        begun = [day for day in days if day <= today]
        if begun:
            found.append(Round(period, first, max(begun), last))
    return found


def remind_due() -> int:
    """Say what is due to members and liaisons; gives how many messages were written. Idempotent."""
    now = timezone.localtime(clock.now())
    if now.time() < MORNING:
        return 0
    written = 0
    for each in rounds_on(now.date()):
        for district in quotas.asking(Organization.objects.open().filter(parent=None)):
            policy = Policy.of(district.pk)
            try:
                written += _remind_members(each, district, policy, now.date())
                written += _tell_liaisons(each, district, policy, now.date())
            except Exception:  # one district does not keep the others waiting; the next round tries again
                log.exception("quota reminders failed", district=district.pk, round=each.key)
    return written


def _behind(each: Round, district: Organization, policy: Policy, today: date) -> QuerySet[Volunteer]:
    rows = quotas.bound(Volunteer.objects.filter(district=district, user__is_active=True))
    return quotas.with_figures(rows, policy, today).filter(each.behind)


def _told(each: Round, rows: QuerySet[Volunteer]) -> Any:
    """The message of this round to the volunteer of the outer query."""
    key = Concat(Value(f"{each.key}:"), Cast(OuterRef("user_id"), CharField()))
    return Outgoing.objects.filter(key=key)


def _remind_members(each: Round, district: Organization, policy: Policy, today: date) -> int:
    rows = _behind(each, district, policy, today)
    rows = rows.filter(~Exists(_told(each, rows))).select_related("user").order_by("pk")
    written, reached = 0, 0
    while batch := list(rows.filter(pk__gt=reached)[:BATCH]):
        with transaction.atomic():
            for volunteer in batch:
                _say_to_member(each, volunteer, policy)
        written, reached = written + len(batch), batch[-1].pk
    return written


def _say_to_member(each: Round, volunteer: Any, policy: Policy) -> None:
    stands = quotas.stands(policy, times=volunteer.times, minutes=volunteer.minutes)
    until = f"{each.last.month} 月 {each.last.day} 日"
    if each.period == Period.QUARTER:
        title = f"本季度还差 {stands.times_left} 次八小时外服务"
        text = f"到 {until}还有 {(each.last - clock.today()).days} 天。看看有没有合适的哨单，周末和晚上都算。"
    else:
        left = _hours(stands.minutes_left)
        title = f"今年还差 {left} 小时八小时外服务"
        text = f"今年已有 {_hours(stands.minutes)} 小时，指标 {stands.hours_wanted} 小时，到 {until}为止。"
    say(to=volunteer.user, key=each.key, title=title, text=text, url=reverse("volunteers:service"))


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}".removesuffix(".0")


def _tell_liaisons(each: Round, district: Organization, policy: Policy, today: date) -> int:
    """One line with the number of those who have known it for a week and still lack it."""
    rows = _behind(each, district, policy, today)
    known = _told(each, rows).filter(created_at__lte=clock.now() - LATER)
    told = rows.filter(Exists(known), member__unit__closed_at=None).order_by()
    counted = Volunteer.objects.filter(pk__in=told.values("pk")).order_by().values_list("member__unit")
    counts = {unit: count for unit, count in counted.annotate(n=Count("pk")) if unit is not None}
    written = 0
    for unit, liaison in _liaisons(counts):
        key = f"{each.key}:unit:{unit.pk}"
        if Outgoing.objects.filter(key=f"{key}:{liaison.pk}").exists():
            continue
        what = "本季度的八小时外服务次数" if each.period == Period.QUARTER else "今年的八小时外服务时长"
        say(
            to=liaison,
            key=key,
            title=f"{unit}有 {counts[unit.pk]} 人还没有完成{what}",
            text="他们本人一周前已经收到提醒。",
            url=reverse("desk:our_people"),
        )
        written += 1
    return written


def _liaisons(counts: dict[int, int]) -> Iterable[tuple[Unit, User]]:
    held = Appointment.objects.in_force().filter(post=Post.UNIT_LIAISON, unit__in=counts)
    for appointment in held.select_related("unit", "user").order_by("pk"):
        if appointment.unit is not None:
            yield appointment.unit, appointment.user
