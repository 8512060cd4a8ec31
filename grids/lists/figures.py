"""The figures of an area, counted a line in a few grouped queries on the scope columns.

However many residents there are, a page asks the same number of questions; the index `resident_present` answers
those about people without reading their rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F

from grids.lists.area import Area
from grids.lists.lines import Line, lines_of
from grids.models import Building, Compound, Dwelling, Grid, Household, Resident, SpecialGroup


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of an area, or of one of its lines. `groups` counts memberships, not people."""

    grids: int = 0
    covered_grids: int = 0
    compounds: int = 0
    covered_compounds: int = 0
    buildings: int = 0
    covered_buildings: int = 0
    dwellings: int = 0
    households: int = 0
    residents: int = 0

    @property
    def coverage(self) -> float | None:
        """Grids with a Party organization of their own, of all grids (H2); None without grids."""
        return self.covered_grids / self.grids if self.grids else None

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def figures_of(area: Area) -> list[tuple[Line, Figures]]:
    """The lines of an area with their figures. Six queries."""
    return area.memo("figures", lambda: _figures(area))


def _figures(area: Area) -> list[tuple[Line, Figures]]:
    lines = lines_of(area)
    where = area.rows()
    counted: list[tuple[dict[int | None, dict[str, int]], tuple[str, ...]]] = [
        (
            lines.count(Grid.objects.filter(area.rows(grid="pk")), "pk", with_it=Count("branch")),
            ("grids", "covered_grids"),
        ),
        (
            lines.count(Compound.objects.filter(where), with_it=Count("branch")),
            ("compounds", "covered_compounds"),
        ),
        (
            lines.count(Building.objects.filter(where), with_it=Count("group")),
            ("buildings", "covered_buildings"),
        ),
        (lines.count(Dwelling.objects.filter(where)), ("dwellings",)),
        (lines.count(Household.objects.filter(where)), ("households",)),
        (lines.count(Resident.objects.present().filter(where)), ("residents",)),
    ]
    shown = lines.shown(*(found for found, _ in counted))
    return [(line, _line_figures(line.key, counted)) for line in shown]


def _line_figures(
    key: int | None, counted: list[tuple[dict[int | None, dict[str, int]], tuple[str, ...]]]
) -> Figures:
    values: dict[str, int] = {}
    for found, names in counted:
        values |= zip(names, found.get(key, {}).values(), strict=False)
    return Figures(**values)


def total_of(area: Area) -> Figures:
    return sum((figures for _, figures in figures_of(area)), Figures())


def grids_by_tier(area: Area) -> dict[int, int]:
    """Tier → how many grids. One query."""
    rows = Grid.objects.filter(area.rows(grid="pk")).order_by().values_list("tier")
    return dict(rows.annotate(n=Count("*")))


def people_by_community(area: Area) -> dict[int | None, int]:
    """Community → how many people are registered there. One query, none where the lines are communities."""
    lines = lines_of(area)
    if lines.column == "community" and "figures" in area.kept:
        return {line.key: figures.residents for line, figures in figures_of(area)}
    rows = Resident.objects.present().filter(area.rows()).order_by().values_list("community_id")
    return dict(rows.annotate(n=Count("*")))


def groups_of(area: Area) -> list[tuple[SpecialGroup, int]]:
    """The special groups and how many people of each live in the area (L9). Two queries."""
    through: Any = Resident.groups.through
    rows = through.objects.filter(
        area.rows(prefix="resident__"), resident__standing=Resident.Standing.PRESENT
    )
    counted = dict(
        rows.order_by().values(group=F("specialgroup_id")).annotate(n=Count("*")).values_list("group", "n")
    )
    return [(group, counted[group.pk]) for group in SpecialGroup.objects.all() if counted.get(group.pk)]
