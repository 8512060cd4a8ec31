"""What a weekly letter tells of a node: last week's rates against the week before, what is overdue now, and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from dashboards import places, reading
from dashboards.areas import Area, area_of
from dashboards.mapping.shapes import lines_of
from dashboards.measures import Counts
from dashboards.models import SavedView
from dashboards.periods import Window, query_of, span
from grids.models import Grid
from ground import clock
from ground.periods import first_day
from ground.templatetags.wenshao import percent
from organizations.models import Organization
from requests.figures import Figures

#: The rates of RULES 7, as the letter calls them: property of `Figures` → name.
RATES = {"response_rate": "响应率", "resolution_rate": "解决率", "satisfaction_rate": "满意率"}
#: Letters come on Mondays from this hour on, by the city's clock.
HOUR = time(8, 0)


def monday_of_round() -> date | None:
    """The Monday whose letters are due: this week's from its eighth hour on, None before."""
    now = timezone.localtime(clock.now())
    monday = first_day("week", now.date())
    begins = timezone.make_aware(datetime.combine(monday, HOUR))
    return monday if now >= begins else None


def next_monday() -> date:
    """The Monday of the next letters that are not due yet."""
    monday = first_day("week", clock.today())
    return monday if monday_of_round() is None else monday + timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Child:
    """A part of the node: a node below it, or a grid."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of the week, and its change in percentage points against the week before (None: not comparable)."""

    name: str
    label: str
    value: float | None
    change: float | None

    @property
    def said(self) -> str:
        return f"{self.label} {percent(self.value)}{self.moved}"

    @property
    def moved(self) -> str:
        if self.change is None:
            return ""
        if not self.change:
            return "（持平）"
        return f"（{'升' if self.change > 0 else '降'} {abs(self.change):.1f}）"

    @property
    def direction(self) -> str:
        """For `parts/_tile.html`: up is good; "" where there is nothing to compare."""
        if not self.change:
            return ""
        return "up" if self.change > 0 else "down"

    @property
    def points(self) -> str:
        return f"{abs(self.change):.1f}" if self.change is not None and self.direction else ""


@dataclass(frozen=True, slots=True)
class Report:
    """One node in one week. `worst`: the part with most overdue, or None where nothing is."""

    place: str
    key: str
    window: Window
    figures: Figures
    rates: list[Rate]
    open: int
    overdue: int
    worst: Child | None
    worst_overdue: int
    url: str

    @property
    def headline(self) -> str:
        """The sentence without the name of the place."""
        if not self.overdue:
            return f"没有超时，{self.open} 件在办" if self.open else "没有在办的点单"
        if self.worst is None:
            return f"{self.overdue} 件超时"
        if self.worst_overdue == self.overdue:
            return f"{self.overdue} 件超时，都在{self.worst.name}"
        return f"{self.overdue} 件超时，最多的是{self.worst.name}（{self.worst_overdue} 件）"

    @property
    def sentence(self) -> str:
        week = "上周" if self.window == week_before(first_day("week", clock.today())) else self.window.label
        if not self.figures.submitted:
            return f"{self.place}：{self.headline}。{week}没有点单。"
        known = [rate.said for rate in self.rates if rate.value is not None]
        return f"{self.place}：{self.headline}。{week}{'，'.join([f'点单 {self.figures.submitted} 件', *known])}。"


def week_before(monday: date) -> Window:
    """The seven days that end before this Monday."""
    return span(monday - timedelta(days=7), monday - timedelta(days=1))


def reports(views: Iterable[SavedView], week: Window) -> list[Report]:
    """One for each node among the views, in their order. Five queries, however many there are."""
    nodes = {view.organization_id: view.organization for view in views}
    areas = [area_of(node) for node in nodes.values()]
    parts = _parts(areas)
    keys = {places.of_node(node) for node in nodes}
    then = span(week.first - timedelta(days=7), week.first - timedelta(days=1))
    now, past = reading.read(keys, week, then)
    stands = reading.stand_now(keys | {child.key for found in parts.values() for child in found})
    return [_report(area, week, now, past, stands, parts[_key(area)]) for area in areas]


def _key(area: Area) -> str:
    return places.of_node(area.node.pk if area.node else None)


def _report(
    area: Area,
    week: Window,
    now: Mapping[str, Counts],
    past: Mapping[str, Counts],
    stands: Mapping[str, Counts],
    parts: list[Child],
) -> Report:
    key = _key(area)
    figures, before = _at(now, key).figures(), _at(past, key).figures()
    load = _at(stands, key).workload()
    worst = max(parts, key=lambda part: _at(stands, part.key)["overdue"], default=None)
    late = _at(stands, worst.key)["overdue"] if worst else 0
    node = area.node
    page = reverse("dashboards:node", args=[node.pk]) if node else reverse("dashboards:city")
    return Report(
        place=area.name,
        key=key,
        window=week,
        figures=figures,
        rates=[_rate(name, figures, before) for name in RATES],
        open=load.open,
        overdue=load.overdue,
        worst=worst if late else None,
        worst_overdue=late,
        url=f"{page}?{query_of(week)}",
    )


def _at(found: Mapping[str, Counts], key: str) -> Counts:
    return found.get(key) or Counts()


def _rate(name: str, now: Figures, then: Figures) -> Rate:
    value, before = getattr(now, name), getattr(then, name)
    change = None if value is None or before is None else round((value - before) * 100, 1)
    return Rate(name, RATES[name], value, change)


# The parts of a node, for many nodes at once


def _parts(areas: list[Area]) -> dict[str, list[Child]]:
    """Key of a node → its parts: nodes below it, and from the community down its grids. Two queries."""
    found: dict[str, list[Child]] = defaultdict(list)
    for area in areas:
        found[_key(area)] = []
    above = [area.node.pk if area.node else None for area in areas if not area.goes_by_grid]
    for child in _children(above):
        part = Child(places.of_node(child.pk), child.short_name or child.name)
        found[places.of_node(child.parent_id)].append(part)
    for area, grids in _grids([area for area in areas if area.goes_by_grid]):
        found[_key(area)] = [Child(places.of_grid(pk), name) for pk, name in grids]
    return found


def _children(above: list[int | None]) -> list[Organization]:
    if not above:
        return []
    open_nodes = Organization.objects.open()
    found = open_nodes.filter(parent__in=[pk for pk in above if pk is not None])
    if None in above:
        found = found | open_nodes.filter(parent=None)
    return list(found.order_by("tree_id", "lft"))


def _grids(areas: list[Area]) -> Iterable[tuple[Area, list[tuple[int, str]]]]:
    """The grids that are lines of the page: what lies in them is counted with them."""
    if not areas:
        return
    where = areas[0].grids
    for area in areas[1:]:
        where |= area.grids
    columns = ("pk", "name", "tier", "parent_id", "community_id")
    branch = ("branch__tree_id", "branch__lft", "branch__rght")
    rows: list[Any] = list(Grid.objects.filter(where).order_by("code").values(*columns, *branch))
    for area in areas:
        mine = [row for row in rows if _lies_in(row, area.node)]
        shown = lines_of([(row["pk"], row["tier"], row["parent_id"]) for row in mine])
        yield area, [(row["pk"], row["name"]) for row in mine if row["pk"] in shown]


def _lies_in(row: dict[str, Any], node: Organization | None) -> bool:
    if node is None:
        return False
    if row["community_id"] == node.pk:
        return True
    is_same_tree = row["branch__tree_id"] == node.tree_id
    return is_same_tree and node.lft <= row["branch__lft"] and row["branch__rght"] <= node.rght
