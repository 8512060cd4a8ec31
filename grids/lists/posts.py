"""A/B 岗与离岗交接 (N6): which grids nobody looks after, who is away, and who has the work now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from grids.lists.area import Area, name_of
from grids.lists.listing import Column, Listing, View
from grids.models import Absence, Grid, GridDuty

A, B = GridDuty.Part.A, GridDuty.Part.B


@dataclass(frozen=True, slots=True)
class Manned:
    """A grid and who is on its posts, be it by the grid around it. `away`: appointment → the absence of today."""

    grid: Any
    community: str
    a: GridDuty | None
    b: GridDuty | None
    away: dict[int, Absence]

    @property
    def is_double(self) -> bool:
        """Nobody steps in for himself."""
        return bool(self.a and self.b and self.a.appointment.user_id == self.b.appointment.user_id)

    @property
    def absences(self) -> list[Absence]:
        duties = {duty.appointment_id for duty in (self.a, self.b) if duty}
        return [self.away[pk] for pk in sorted(duties) if pk in self.away]

    @property
    def now(self) -> GridDuty | None:
        """Who has the work: A, or B while A is away; where both are, A."""
        here = [duty for duty in (self.a, self.b) if duty]
        return next((duty for duty in here if duty.appointment_id not in self.away), next(iter(here), None))

    @property
    def faults(self) -> list[str]:
        found = [f"没有 {part} 岗" for part, duty in ((A.value, self.a), (B.value, self.b)) if duty is None]
        if self.is_double:
            found.append("A、B 岗是同一人")
        if self.now and self.now.appointment_id in self.away:
            found.append("都离岗，没有人接手")
        return found


def manned(area: Area) -> list[Manned]:
    """The grids that somebody has to look after, with their posts as they stand today. Three queries.

    A duty covers the grids inside. A grid without a post stands for those inside it, unless one of these has its
    own: then each of them is told.
    """
    return area.memo("manned", lambda: _manned(area))


def _manned(area: Area) -> list[Manned]:
    rows: Any = Grid.objects.filter(area.rows(grid="pk"), tier__gt=Grid.Tier.FIRST).order_by(
        "community_id", "code"
    )
    grids = list(rows.values_list("pk", "parent", "parent__parent", "name", "code", "community", named=True))
    duties = _duties(area)
    away = _away(area)
    names = {node.pk: name_of(node) for node in area.nodes}
    split = {grid.parent for grid in grids if _has(grid.pk, duties)}
    known = {grid.pk for grid in grids}
    return [
        Manned(grid, names.get(grid.community, ""), _post(grid, A, duties), _post(grid, B, duties), away)
        for grid in grids
        if _is_told_itself(grid, duties, split, known)
    ]


def _is_told_itself(
    grid: Any, duties: dict[tuple[int, str], GridDuty], split: set[int | None], known: set[int]
) -> bool:
    """`split`: grids of which one inside has a post of its own."""
    if _has(grid.pk, duties):
        return True
    if any(_has(around, duties) for around in (grid.parent, grid.parent__parent)) or grid.pk in split:
        return False
    return grid.parent not in known or grid.parent in split


def _has(grid_id: int | None, duties: dict[tuple[int, str], GridDuty]) -> bool:
    return grid_id is not None and any((grid_id, part) in duties for part in (A, B))


def _post(grid: Any, part: str, duties: dict[tuple[int, str], GridDuty]) -> GridDuty | None:
    line = (grid.pk, grid.parent, grid.parent__parent)
    return next((duties[pk, part] for pk in line if pk and (pk, part) in duties), None)


def _duties(area: Area) -> dict[tuple[int, str], GridDuty]:
    """Of the area and of the grids around it: by grid and part."""
    rows = GridDuty.objects.in_force().filter(area.rows(grid="pk", prefix="grid__")).order_by("-id")
    rows = rows.select_related("appointment__user").defer("appointment__user__phone")
    found = {(duty.grid_id, str(duty.part)): duty for duty in rows}
    if area.grid is not None:  # the grids around the chosen one count as well
        around = {grid.pk for grid in area.grids} - area.inside(area.grid.pk)
        more = GridDuty.objects.in_force().filter(grid__in=around).order_by("-id")
        more = more.select_related("appointment__user").defer("appointment__user__phone")
        found |= {(duty.grid_id, str(duty.part)): duty for duty in more}
    return found


def _away(area: Area) -> dict[int, Absence]:
    """Appointment → the absence that holds today, of all who are on duty in the area."""
    duties = GridDuty.objects.in_force().order_by().values("appointment")
    rows = Absence.objects.in_force().filter(appointment__in=duties)
    return {absence.appointment_id: absence for absence in rows}


def those(keep: Callable[[Manned], bool]) -> Callable[[Area], list[Manned]]:
    return lambda area: [row for row in manned(area) if keep(row)]


def _who(duty: GridDuty | None, away: dict[int, Absence]) -> str:
    if duty is None:
        return "没有人"
    return f"{duty.appointment.user.name}{'（离岗）' if duty.appointment_id in away else ''}"


def _until(row: Manned) -> str:
    said = []
    for absence in row.absences:
        ends = absence.ends_on
        said.append(f"{ends.month}月{ends.day}日回岗" if ends else "回岗日期没有定")
    return "、".join(said)


COLUMNS = (
    Column(
        "网格",
        lambda row: row.grid.name,
        18,
        url=lambda row: reverse("admin:grids_grid_change", args=[row.grid.pk]),
    ),
    Column("社区", lambda row: row.community, 16),
    Column("A 岗", lambda row: _who(row.a, row.away), 16, state=lambda row: "" if row.a else "late"),
    Column("B 岗", lambda row: _who(row.b, row.away), 16, state=lambda row: "" if row.b else "soon"),
    Column(
        "现在谁在岗",
        lambda row: row.now.appointment.user.name if row.now else "没有人",
        16,
        state=lambda row: ("hand" if row.absences else "done") if row.now else "late",
    ),
    Column("工作电话", lambda row: row.now.appointment.work_phone if row.now else "", 16, is_text=True),
    Column("离岗到", _until, 18),
    Column("要补的", lambda row: "、".join(row.faults), 20),
)


def needs(area: Area) -> int:
    return sum(1 for row in manned(area) if row.faults)


def headline(area: Area) -> str:
    rows = manned(area)
    parts = [
        (sum(1 for row in rows if row.a is None), "个网格没有 A 岗"),
        (sum(1 for row in rows if row.b is None), "个没有 B 岗"),
        (sum(1 for row in rows if row.is_double), "个 A、B 岗是同一人"),
        (len({absence.pk for row in rows for absence in row.absences}), "人离岗"),
    ]
    said = [f"{number} {words}" for number, words in parts if number]
    return "，".join(said) if said else "每个网格都有 A 岗和 B 岗，没有人离岗"


LISTING = Listing(
    slug="posts",
    title="A/B 岗与离岗交接",
    question="哪些网格没有人管，谁离岗了，现在谁接手",
    icon="shield",
    views=(
        View(
            "faults",
            "要补岗",
            COLUMNS,
            those(lambda row: bool(row.faults)),
            "每个网格都有 A 岗和 B 岗。",
            state="late",
        ),
        View(
            "no-a",
            "没有 A 岗",
            COLUMNS,
            those(lambda row: row.a is None),
            "每个网格都有 A 岗。",
            state="late",
        ),
        View(
            "no-b",
            "没有 B 岗",
            COLUMNS,
            those(lambda row: row.b is None),
            "每个网格都有 B 岗。",
            state="soon",
        ),
        View(
            "double",
            "同一人",
            COLUMNS,
            those(lambda row: row.is_double),
            "没有人同时在 A 岗和 B 岗。",
            state="soon",
        ),
        View("away", "离岗", COLUMNS, those(lambda row: bool(row.absences)), "今天没有人离岗。"),
        View("all", "全部", COLUMNS, those(lambda row: True), "还没有网格。"),
    ),
    headline=headline,
    needs=needs,
    needing="个网格要补岗",
    fine="每个网格都有 A 岗和 B 岗",
)
