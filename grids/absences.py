"""离岗交接: while the A post is away, the B post has the work (N6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from grids.models import Absence, GridDuty
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Appointment
from organizations.posts import GRID_POSTS, Power
from organizations.scope import scope_of


def can_note(user: Any, appointment: Appointment) -> bool:
    """Whoever credits and confirms at the community knows who is away; the holder may say it of himself."""
    if user is None or appointment.user_id == user.pk:
        return True
    return scope_of(user).holds_at(Power.CONFIRM_REGISTRATION, appointment.organization_id)


def note(
    *, by: Any, appointment: Appointment, begins_on: date, ends_on: date | None = None, reason: str = ""
) -> Absence:
    """Note that the holder of a grid post is away; `ends_on` is the first day back. Raises NoPower, RuleViolation."""
    with transaction.atomic():
        lock_row(appointment)
        if not can_note(by, appointment):
            raise NoPower()
        if appointment.post not in GRID_POSTS:
            raise RuleViolation("只登记网格员、网格长的离岗。", field="appointment")
        if ends_on is not None and ends_on <= begins_on:
            raise RuleViolation("回岗日期要晚于离岗日期。", field="ends_on")
        overlap = Q(ends_on=None) | Q(ends_on__gt=begins_on)
        if ends_on is not None:
            overlap &= Q(begins_on__lt=ends_on)
        if appointment.absences.filter(overlap).exists():
            raise RuleViolation("这段时间已经登记过离岗，请先登记回岗。", field="begins_on")
        return Absence.objects.create(
            appointment=appointment,
            begins_on=begins_on,
            ends_on=ends_on,
            reason=reason.strip()[:60],
            noted_by=by,
        )


def come_back(absence: Absence, *, by: Any, on: date | None = None) -> None:
    """The holder is back from that day on (default today); one who never was away is struck off.

    Raises NoPower, RuleViolation.
    """
    on = on or clock.today()
    with transaction.atomic():
        lock_row(absence)
        if not can_note(by, absence.appointment):
            raise NoPower()
        if absence.ends_on is not None and absence.ends_on <= clock.today():
            raise RuleViolation("已经回岗了。")
        if on <= absence.begins_on:
            absence.delete()
            return
        absence.ends_on = on
        absence.save(update_fields=["ends_on"])


def in_charge(grids: Iterable[int], on: date | None = None) -> dict[int, GridDuty]:
    """Grid id → the duty whose holder has the work on that day: A, or B while A is away. Two queries.

    Where both are away, A is named: somebody has to be.
    """
    duties = GridDuty.objects.in_force(on).filter(grid__in=list(grids)).order_by("grid_id", "part")
    held = list(duties.select_related("appointment__user"))
    away = set(
        Absence.objects.in_force(on)
        .filter(appointment__in={duty.appointment_id for duty in held})
        .values_list("appointment", flat=True)
    )
    found: dict[int, GridDuty] = {}
    for duty in held:
        first = found.get(duty.grid_id)
        if first is None or (first.appointment_id in away and duty.appointment_id not in away):
            found[duty.grid_id] = duty
    return found
