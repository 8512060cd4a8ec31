"""离岗交接: while the A post is away, the B post has the work (N6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from grids.models import Absence, Grid, GridDuty
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.personal import without_numbers
from ground.steps import lock_row
from notifications.outbox import say
from organizations.models import Appointment
from organizations.posts import GRID_POSTS, Power
from organizations.scope import scope_of


def can_note(user: Any, appointment: Appointment) -> bool:
    """Whoever credits and confirms at the community knows who is away; the holder may say it of himself."""
    if user is None or appointment.user_id == user.pk:
        return True
    return scope_of(user).holds_at(Power.CONFIRM_REGISTRATION, appointment.organization_id)


def notable_by(user: Any) -> QuerySet[Appointment]:
    """The grid posts in force whose absence `user` may note: those of his communities, and his own."""
    seats = scope_of(user).seats(Power.CONFIRM_REGISTRATION)
    held = Appointment.objects.in_force().filter(post__in=GRID_POSTS)
    held = held.filter(Q(organization__in=seats) | Q(user=user.pk))
    return held.select_related("user", "organization").order_by("organization_id", "id")


def note(
    *, by: Any, appointment: Appointment, begins_on: date, ends_on: date | None = None, reason: str = ""
) -> Absence:
    """Note that the holder of a grid post is away; `ends_on` is the first day back. Those who step in are told.

    Raises NoPower, RuleViolation.
    """
    with transaction.atomic():
        lock_row(appointment)
        if not can_note(by, appointment):
            raise NoPower()
        if appointment.post not in GRID_POSTS:
            raise RuleViolation("只登记网格员、网格长的离岗。", field="appointment")
        if appointment.ends_on is not None and appointment.ends_on <= begins_on:
            raise RuleViolation("那时这项任职已经结束，不用登记离岗。", field="begins_on")
        if ends_on is not None and ends_on <= begins_on:
            raise RuleViolation("回岗日期要晚于离岗日期。", field="ends_on")
        if _overlapping(appointment, begins_on, ends_on).exists():
            raise RuleViolation("这段时间已经登记过离岗，请先登记回岗。", field="begins_on")
        absence = Absence.objects.create(
            appointment=appointment,
            begins_on=begins_on,
            ends_on=ends_on,
            reason=without_numbers(reason.strip(), "（号码）")[:60],
            noted_by=by,
        )
        _tell_those_who_step_in(absence)
    return absence


def come_back(absence: Absence, *, by: Any, on: date | None = None) -> None:
    """The holder is back from that day on (default today); one who never was away is struck off.

    Raises NoPower, RuleViolation.
    """
    on = on or clock.today()
    with transaction.atomic():
        lock_row(absence.appointment)
        lock_row(absence)
        if not can_note(by, absence.appointment):
            raise NoPower()
        if absence.ends_on is not None and absence.ends_on <= clock.today():
            raise RuleViolation("已经回岗了。")
        if on <= absence.begins_on:
            absence.delete()
            return
        if _overlapping(absence.appointment, absence.begins_on, on).exclude(pk=absence.pk).exists():
            raise RuleViolation("那时已经登记了下一次离岗，请把日期提前。", field="on")
        absence.ends_on = on
        absence.save(update_fields=["ends_on"])


def _overlapping(appointment: Appointment, begins_on: date, ends_on: date | None) -> QuerySet[Absence]:
    overlap = Q(ends_on=None) | Q(ends_on__gt=begins_on)
    if ends_on is not None:
        overlap &= Q(begins_on__lt=ends_on)
    return appointment.absences.filter(overlap)


def _tell_those_who_step_in(absence: Absence) -> None:
    """The B posts of the grids in which the absent one has the A post hear of it, from when to when."""
    left = GridDuty.objects.in_force().filter(appointment=absence.appointment, part=GridDuty.Part.A)
    others = GridDuty.objects.in_force().filter(grid__in=left.values("grid"), part=GridDuty.Part.B)
    others = others.exclude(appointment__user=absence.appointment.user_id).order_by("grid__code")
    grids: dict[Any, list[str]] = {}
    for duty in others.select_related("appointment__user", "grid").defer("grid__boundary"):
        grids.setdefault(duty.appointment.user, []).append(duty.grid.name)
    for user, names in grids.items():
        say(
            to=user,
            key=f"absence:{absence.pk}:{user.pk}",
            title=f"请你代岗：{'、'.join(names)[:60]}",
            text=f"{absence.appointment.user.name} {span_of(absence)}离岗",
            url=reverse("grids:list", args=["posts"]),
        )


def span_of(absence: Absence) -> str:
    """“11月20日至11月25日”, both days away; “11月20日起” while nobody knows until when."""
    begins, ends = absence.begins_on, absence.ends_on
    first = f"{begins.month}月{begins.day}日"
    if ends is None:
        return f"{first}起"
    last = date.fromordinal(ends.toordinal() - 1)
    return first if last == begins else f"{first}至{last.month}月{last.day}日"


# Who has the work


def present(duties: QuerySet[GridDuty], on: date | None = None) -> QuerySet[GridDuty]:
    """The duties whose holders are not away on that day (default today)."""
    return duties.filter(~Exists(_absences(on)))


def _absences(on: date | None) -> QuerySet[Absence]:
    return Absence.objects.in_force(on).filter(appointment=OuterRef("appointment"))


def in_charge(grids: Iterable[int], on: date | None = None) -> dict[int, GridDuty]:
    """Grid id → the duty whose holder has the work on that day: A, or B while A is away. Two queries.

    A duty covers the grids inside: where a grid has none of its own, that of the grid around it counts, and steps
    in when all of its own are away. Where everybody is away, the first is named: somebody has to be.
    """
    lines = _lines_of(grids)
    held = GridDuty.objects.in_force(on).filter(grid__in={pk for line in lines.values() for pk in line})
    held = held.annotate(is_away=Exists(_absences(on))).order_by("grid_id", "part", "id")
    by_grid: dict[int, list[Any]] = {}
    for duty in held.select_related("appointment__user", "grid").defer(
        "appointment__user__phone", "grid__boundary"
    ):
        by_grid.setdefault(duty.grid_id, []).append(duty)
    found: dict[int, GridDuty] = {}
    for grid, line in lines.items():
        near = [duty for pk in line for duty in by_grid.get(pk, ())]
        if near:
            found[grid] = next((duty for duty in near if not duty.is_away), near[0])
    return found


def _lines_of(grids: Iterable[int]) -> dict[int, list[int]]:
    """Grid id → itself and the grids around it, the nearest first."""
    rows = Grid.objects.filter(pk__in=set(grids)).order_by()
    return {line[0]: [pk for pk in line if pk] for line in rows.values_list("pk", "parent", "parent__parent")}
