"""Who may ask for a summary of what (RULES 5), and asking: one question on its way is one job."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet

from ground import clock, leases
from ground.errors import NoPower, RuleViolation
from organizations.access import record_export
from organizations.models import Organization, Unit
from organizations.posts import Power, Seat, Tier
from organizations.scope import Scope, scope_of
from volunteers.models import SummaryJob
from volunteers.summaries import reading

#: Posts at these seats see the totals of everything below (RULES 5); grid workers see those of their grids.
_HIGH = (Seat.CITY, Tier.DISTRICT, Tier.STREET)
LONGEST_DAYS = 366
#: Nothing was served before; the first days of the calendar break the reckoning of time zones.
EARLIEST = date(2000, 1, 1)
#: Whoever has so many on the way waits for one of them first: workers are there for everybody.
MOST_OPEN = 3
NO_LONGER = "你已不在申请时的岗位，这份汇总不能再生成和下载；需要的话请重新申请。"


# Who


def organizations_of(user: Any) -> QuerySet[Organization]:
    """The nodes whose activities one may sum up: one's own community, everything below a higher seat."""
    nodes = Organization.objects.open().filter(tier__lte=Tier.COMMUNITY)
    below = _above(user).organizations(Organization.objects.order_by(), Power.TREE_SEE)
    return nodes.filter(Q(pk__in=scope_of(user).seats(Power.CREDIT)) | Q(pk__in=below.values("pk")))


def units_of(user: Any) -> QuerySet[Unit]:
    """The units whose liaison one is."""
    return Unit.objects.filter(scope_of(user).own_units(), closed_at=None)


def may_ask_anywhere(user: Any) -> bool:
    """Whether there is anything to sum up for this person. No query beyond the scope's."""
    return scope_of(user).has(Power.CREDIT, Power.UNIT_SEE) or bool(_above(user).grants)


def can_ask(user: Any, place: Organization | Unit) -> bool:
    """One query at most."""
    offered: QuerySet[Any] = units_of(user) if isinstance(place, Unit) else organizations_of(user)
    return offered.filter(pk=place.pk).exists()


def shows_names(user: Any, place: Organization | Unit) -> bool:
    """Whether a file may name people: of a community by whoever may export personal data there (RULES 5), of a unit
    by its liaison, whose own colleagues they are. Everybody else gets counts. No query beyond the scope's."""
    scope = scope_of(user)
    if isinstance(place, Unit):
        return any(grant.unit_id == place.pk for grant in scope.with_power(Power.UNIT_SEE))
    needed = (Power.CREDIT, Power.EXPORT_PERSONAL)
    return place.tier == Tier.COMMUNITY and all(scope.holds_at(power, place.pk) for power in needed)


def may_still(user: Any, job: SummaryJob) -> bool:
    """Whether whoever asked may still have what was asked for: posts end."""
    return shows_names(user, job.place) if job.with_names else can_ask(user, job.place)


def _above(user: Any) -> Scope:
    """What is held at a street, a district or the city alone."""
    return Scope(grant for grant in scope_of(user).with_power(Power.TREE_SEE) if grant.seat in _HIGH)


# Asking


def ask(
    *,
    by: Any,
    key: uuid.UUID,
    place: Organization | Unit,
    first_day: date,
    last_day: date,
    with_names: bool = False,
    reason: str = "",
    is_handed_over: bool = True,
) -> SummaryJob:
    """Have the activities of a place over [first_day, last_day] summed up by a worker; gives the job.

    `key` is the client's: sent twice, it gives the first job, and so does the same question while it is on its way.
    `with_names` needs the power of `shows_names` and a `reason`, counts as an export of the day and leaves a line
    in the access log (RULES 5). `is_handed_over=False`: the caller runs `running.write` himself.
    Raises NoPower; RuleViolation with the field.
    """
    if not can_ask(by, place) or (with_names and not shows_names(by, place)):
        raise NoPower()
    where = {"unit": place} if isinstance(place, Unit) else {"organization": place}
    job = SummaryJob(key=key, by=by, first_day=first_day, last_day=last_day, with_names=with_names, **where)
    if (there := _there(job)) is not None:
        return there
    _refuse_days(first_day, last_day)
    entries = reading.entries_of(job).count()
    if not entries and not reading.whistles_of(job).exists():
        raise RuleViolation("这段时间没有活动，请换一段时间。", field="last_day")
    try:
        _make(job, entries, reason, hand_over if is_handed_over else _keep_back)
    except _AlreadyThere as found:
        return found.job
    except RuleViolation:
        if (there := _there(job)) is not None:  # the first tap took the last export of the day
            return there
        raise
    return job


def _refuse_days(first_day: date, last_day: date) -> None:
    if first_day > last_day:
        raise RuleViolation("结束日期不能早于开始日期。", field="last_day")
    if first_day < EARLIEST:
        raise RuleViolation(f"开始日期不能早于 {EARLIEST.year} 年。", field="first_day")
    if last_day > clock.today():
        raise RuleViolation("结束日期不能晚于今天。", field="last_day")
    if (last_day - first_day).days >= LONGEST_DAYS:
        raise RuleViolation(f"一次最多汇总 {LONGEST_DAYS} 天，请分几次。", field="last_day")


def _there(job: SummaryJob) -> SummaryJob | None:
    """The job that this one would repeat: by its key, or by its question while that is on its way."""
    same_key = SummaryJob.objects.filter(key=job.key).first()
    if same_key is not None:
        if same_key.by_id != job.by_id:
            raise RuleViolation("请刷新页面再试一次。")
        return same_key
    asked = {
        name: getattr(job, name)
        for name in ("by", "organization", "unit", "first_day", "last_day", "with_names")
    }
    return SummaryJob.objects.filter(**asked, state__in=SummaryJob.OPEN).first()


class _AlreadyThere(Exception):
    """The same question, asked a moment ago."""

    def __init__(self, job: SummaryJob) -> None:
        super().__init__()
        self.job = job


def _make(job: SummaryJob, entries: int, reason: str, then: Callable[[SummaryJob], None]) -> None:
    """Job and trace in one transaction, under the person's lock; handed over after commit. Raises _AlreadyThere."""

    def begin() -> None:
        if (there := _there(job)) is not None:
            raise _AlreadyThere(there)
        if SummaryJob.objects.filter(by=job.by, state__in=SummaryJob.OPEN).count() >= MOST_OPEN:
            raise RuleViolation(f"你有 {MOST_OPEN} 份汇总还没有生成好，请等一份做完再来。")
        job.save()
        then(job)

    if not job.with_names:
        with transaction.atomic():
            get_user_model().objects.select_for_update(no_key=True).get(pk=job.by_id)
            begin()
        return
    record_export(
        by=job.by,
        organization=_logged_at(job.place),
        what=f"{job.place_name[:30]}活动汇总（含姓名）",
        rows=entries,
        reason=reason,
        may=lambda user, _: shows_names(user, job.place),
        then=begin,
    )


def _logged_at(place: Organization | Unit) -> Organization:
    """Where the access log keeps it: the community; for a unit the lowest node that it belongs to."""
    if isinstance(place, Unit):
        return place.community or place.street or place.district
    return place


def hand_over(job: SummaryJob) -> None:
    """Send the job to a worker after commit."""
    transaction.on_commit(lambda: send(job))


def _keep_back(job: SummaryJob) -> None:
    """Whoever asked writes it himself."""


def send(job: SummaryJob) -> None:
    from volunteers import tasks

    leases.send(tasks.write_summary, job)
