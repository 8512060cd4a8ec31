"""Which grids a grid worker looks after, on the A or the B post (N6)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from grids.models import Grid, GridDuty
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Appointment
from organizations.posts import GRID_POSTS, Power
from organizations.scope import scope_of


def can_assign(user: Any, grid: Grid) -> bool:
    """Whoever may appoint in the community shares out its grids."""
    return user is None or scope_of(user).reaches(Power.TREE_CHANGE, grid)


def assign(
    *,
    by: Any,
    appointment: Appointment,
    grid: Grid,
    part: str = GridDuty.Part.A,
    begins_on: date | None = None,
) -> GridDuty:
    """Give a grid to a grid worker or leader of its community. One person per grid and part.

    Raises NoPower, and RuleViolation when the part is taken or the appointment does not fit.
    """
    with transaction.atomic():
        lock_row(grid)
        if not can_assign(by, grid):
            raise NoPower()
        if appointment.post not in GRID_POSTS or appointment.organization_id != grid.community_id:
            raise RuleViolation("只能分给本社区的网格员或网格长，请先给他任职。", field="appointment")
        if appointment.ends_on is not None:
            raise RuleViolation("这项任职已经定了止日，不能再分网格。", field="appointment")
        _end_orphan(grid, part)
        if GridDuty.objects.filter(grid=grid, part=part, ends_on=None).exists():
            raise RuleViolation("这个网格的这个岗已经有人了，请先结束原来的分工。", field="part")
        return GridDuty.objects.create(
            appointment=appointment, grid=grid, part=part, begins_on=begins_on or clock.today()
        )


def _end_orphan(grid: Grid, part: str) -> None:
    """A duty whose appointment has ended holds nothing any more, and must not keep the next one out."""
    left = GridDuty.objects.filter(
        grid=grid, part=part, ends_on=None, appointment__ends_on__lte=clock.today()
    )
    left.update(ends_on=Greatest(F("begins_on"), clock.today()))


def end(duty: GridDuty, *, by: Any, on: date | None = None) -> GridDuty:
    """End a duty; `on` is the first day without it (default today: at once)."""
    on = on or clock.today()
    with transaction.atomic():
        lock_row(duty)
        if not can_assign(by, duty.grid):
            raise NoPower()
        if duty.ends_on is not None and duty.ends_on <= clock.today():
            raise RuleViolation("这项分工已经结束了。")
        if on < duty.begins_on:
            raise RuleViolation("止日不能早于起日。", field="on")
        duty.ends_on = on
        duty.save(update_fields=["ends_on"])
    return duty
