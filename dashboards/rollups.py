"""Totals of a node and of each of its children, in grouped queries on the scope columns.

However many children or rows there are, a dashboard asks the database the same number of questions.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate, TruncMonth, TruncWeek

from dashboards.areas import Area
from dashboards.periods import Window
from grids.models import Grid
from organizations.models import Organization
from organizations.posts import Tier
from organizations.scope import COLUMNS
from requests.figures import Figures, Workload, figures_by, submitted_between, total, workload_by
from requests.models import ServiceRequest
from volunteers.figures import Service, served_between, service_by


@dataclass(frozen=True, slots=True)
class Coverage:
    """Grids with a Party organization of their own, of all grids (H2)."""

    covered: int = 0
    grids: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(self.covered + other.covered, self.grids + other.grids)


@dataclass(frozen=True, slots=True)
class Sums:
    """Everything that one line of the table says."""

    figures: Figures = field(default_factory=Figures)
    workload: Workload = field(default_factory=Workload)
    service: Service = field(default_factory=Service)
    coverage: Coverage = field(default_factory=Coverage)

    def __add__(self, other: Self) -> Sums:
        return Sums(
            self.figures + other.figures,
            self.workload + other.workload,
            self.service + other.service,
            self.coverage + other.coverage,
        )

    @property
    def is_empty(self) -> bool:
        return self == Sums()


@dataclass(frozen=True, slots=True)
class Line:
    """A child of the node: an organization, a grid, or what belongs to none of them."""

    name: str
    sums: Sums
    node_id: int | None = None
    grid_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rollup:
    sums: Sums
    lines: list[Line]


def roll_up(area: Area, window: Window, at: datetime) -> Rollup:
    """The totals of an area in a period and its table, in at most seven queries a tier of children."""
    if area.goes_by_grid:
        return _by_grid(area, window, at)
    return _by_child(area, window, at)


def figures_of(area: Area, window: Window, at: datetime) -> Figures:
    """The figures of the area alone: for comparing with the period before. One query."""
    return total(submitted_between(_requests(area), window.start, window.end), at)


def _requests(area: Area) -> Any:
    """Every matter once: parts are counted with their whole."""
    return ServiceRequest.objects.filter(area.requests, whole=None)


def _sums_by(
    area: Area, window: Window, at: datetime, column: str, entries: str, grids: str
) -> dict[Any, Sums]:
    """Four queries: the sums of each value of a column, named as it is called on each of the tables."""
    requests = _requests(area)
    found: list[dict[Hashable, Any]] = [
        figures_by(submitted_between(requests, window.start, window.end), column, at),
        workload_by(requests, column, at),
        service_by(served_between(window.start, window.end).filter(area.entries), entries),
        _coverage_by(area.grids, grids),
    ]
    keys = set().union(*found)
    blank = (Figures(), Workload(), Service(), Coverage())
    return {
        key: Sums(*(part.get(key, empty) for part, empty in zip(found, blank, strict=True))) for key in keys
    }


def _coverage_by(where: Q, column: str) -> dict[Hashable, Coverage]:
    rows = (
        Grid.objects.filter(where)
        .order_by()
        .values(group=F(column))
        .annotate(n_covered=Count("branch"), n_grids=Count("pk"))
    )
    return {row["group"]: Coverage(row["n_covered"], row["n_grids"]) for row in rows}


# Districts and streets: one line a child of the tree


def _by_child(area: Area, window: Window, at: datetime) -> Rollup:
    """A place may skip a tier: communities right below the district are lines beside its streets."""
    children = {(child.tier, child.pk): child for child in _children(area)}
    columns = [COLUMNS[tier] for tier in sorted({Tier(tier) for tier, _ in children} & set(COLUMNS))]
    found: dict[tuple[int, int], Sums] = {}
    rest, coarser = Sums(), Q()
    for column in columns or [COLUMNS[Tier.COMMUNITY]]:
        tier = next(tier for tier, name in COLUMNS.items() if name == column)
        sums = _sums_by(area.narrowed(coarser), window, at, *[f"{column}_id"] * 3)
        coarser &= Q(**{column: None})
        later = sums.pop(None, Sums())  # not at this tier: on a line of the next one, if there is one
        for key, mine in sums.items():
            if (tier, key) in children:
                found[tier, key] = mine
            else:
                rest += mine
        if not columns or column == columns[-1]:
            rest += later
    lines = [
        Line(child.short_name or child.name, found.get(key, Sums()), node_id=child.pk)
        for key, child in children.items()
    ]
    return _with_rest(lines, "未归到下级", rest)


def _with_rest(lines: list[Line], name: str, rest: Sums) -> Rollup:
    """The lines, one more for what belongs to none of them, and their total: they always add up."""
    lines = lines if rest.is_empty else [*lines, Line(name, rest)]
    return Rollup(sum((line.sums for line in lines), Sums()), lines)


def _children(area: Area) -> list[Organization]:
    if area.node is None:
        return list(Organization.objects.open().filter(tier=Tier.DISTRICT).order_by("code", "tree_id"))
    return list(Organization.objects.open().filter(parent=area.node).order_by("lft"))


# Communities and branches: one line a grid of the second tier, with the grids inside it


def _by_grid(area: Area, window: Window, at: datetime) -> Rollup:
    grids = list(Grid.objects.filter(area.grids).select_related("branch").order_by("tier", "code"))
    lines = _lines_of(grids)
    sums = _sums_by(area, window, at, "grid_id", "whistle__grid_id", "pk")
    into: dict[Any, Sums] = {}
    for key, mine in sums.items():
        top = lines.get(key)
        into[top] = into.get(top, Sums()) + mine
    shown = [_grid_line(grid, into.get(grid.pk, Sums())) for grid in grids if lines[grid.pk] == grid.pk]
    return _with_rest(shown, "社区本级", into.get(None, Sums()))


def _lines_of(grids: list[Grid]) -> dict[int, int | None]:
    """Grid → the grid on whose line it is counted; None for the community's own first-tier grid."""
    parents = {grid.pk: grid.parent_id for grid in grids}
    top = min((grid.tier for grid in grids if grid.tier > Grid.Tier.FIRST), default=Grid.Tier.FIRST)
    lines: dict[int, int | None] = {}
    for grid in grids:
        here: int | None = grid.pk
        if grid.tier < top:
            here = None
        elif grid.tier > top:
            parent = parents.get(grid.pk)
            here = lines.get(parent) if parent in lines else grid.pk
        lines[grid.pk] = here
    return lines


def _grid_line(grid: Grid, sums: Sums) -> Line:
    branch = grid.branch
    note = branch.short_name or branch.name if branch else "还没有党支部"
    return Line(grid.name, sums, node_id=grid.branch_id, grid_id=grid.pk, note=note)


# How many a day


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    label: str
    submitted: int
    resolved: int


_CUTS: dict[str, Callable[..., Any]] = {
    "week": TruncDate,
    "month": TruncDate,
    "quarter": TruncWeek,
    "year": TruncMonth,
}


def trend(area: Area, window: Window, until: date) -> list[Day]:
    """Requests submitted a day (a week in a quarter, a month in a year) and those of them resolved by now.

    One query; days without any are there with 0, days to come are not.
    """
    rows = (
        submitted_between(_requests(area), window.start, window.end)
        .order_by()
        .annotate(day=_CUTS[window.key]("submitted_at"))
        .values("day")
        .annotate(n=Count("pk"), n_resolved=Count("pk", filter=Q(resolved_at__isnull=False)))
    )
    counted = {_as_date(row["day"]): (row["n"], row["n_resolved"]) for row in rows}
    return [
        Day(day, _wording(window.key, day), *counted.get(day, (0, 0)))
        for day in _days(window, min(until, window.last))
    ]


def _wording(key: str, day: date) -> str:
    if key == "year":
        return f"{day.year}年{day.month}月"
    return f"{day.month}月{day.day}日" + ("起一周" if key == "quarter" else "")


def _as_date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _days(window: Window, until: date) -> list[date]:
    if window.key in ("week", "month"):
        first, step = window.first.toordinal(), 1
        return [date.fromordinal(n) for n in range(first, until.toordinal() + 1, step)]
    if window.key == "quarter":
        monday = window.first.toordinal() - window.first.weekday()
        return [date.fromordinal(n) for n in range(monday, until.toordinal() + 1, 7)]
    return [date(window.first.year, month, 1) for month in range(1, until.month + 1)]
