"""人盯房: a building as it stands, a row per floor and a column per door, each with who is registered behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from grids import dwellings
from grids.forms import DwellingForm
from grids.models import Building, Dwelling, Household
from grids.models.people import CareLevel, Resident
from grids.powers import can_change
from grids.scope import reach
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power

#: The household that is looked after most often colours the door.
_URGENCY = [CareLevel.RED, CareLevel.YELLOW, CareLevel.GREEN]


@dataclass(slots=True)
class Cell:
    dwelling: Dwelling
    people: int = 0
    households: list[int] = field(default_factory=list)
    care: str = ""

    @property
    def household(self) -> int | None:
        return self.households[0] if self.households else None

    @property
    def care_label(self) -> str:
        return CareLevel(self.care).label if self.care else ""


@dataclass(frozen=True, slots=True)
class Floor:
    """`slots`: for every column of every staircase the cells that stand there, nearly always one or none."""

    label: str
    slots: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Staircase:
    label: str
    doors: list[str]


@dataclass(frozen=True, slots=True)
class Plan:
    staircases: list[Staircase]
    floors: list[Floor]
    people: int
    occupied: int
    dwellings: int


def plan_of(building: Building) -> Plan:
    """Two queries, however high the building is."""
    cells = _cells(building)
    columns = sorted({(_natural(cell.dwelling.staircase), _column(cell.dwelling)) for cell in cells})
    by_staircase: dict[Any, list[Any]] = {}
    for staircase, column in columns:
        by_staircase.setdefault(staircase, []).append(column)
    slots: dict[tuple[int, Any, Any], list[Cell]] = {}
    for cell in cells:
        each = cell.dwelling
        slots.setdefault((each.floor, _natural(each.staircase), _column(each)), []).append(cell)
    floors = [
        Floor(_floor_label(number), [slots.get((number, *column), []) for column in columns])
        for number in sorted({cell.dwelling.floor for cell in cells}, reverse=True)
    ]
    staircases = [
        Staircase(f"{staircase[1]} 单元" if staircase[1] else "", [door[1] for door in doors])
        for staircase, doors in by_staircase.items()
    ]
    occupied = sum(1 for cell in cells if cell.people)
    return Plan(staircases, floors, sum(cell.people for cell in cells), occupied, len(cells))


def _cells(building: Building) -> list[Cell]:
    cells = {each.pk: Cell(each) for each in building.dwellings.all()}
    rows = Household.objects.filter(dwelling__building=building).order_by("dwelling_id", "number")
    present = Count("residents", filter=Q(residents__standing=Resident.Standing.PRESENT))
    for row in rows.annotate(people=present).values("pk", "dwelling_id", "care_level", "people"):
        cell = cells[row["dwelling_id"]]
        cell.households.append(row["pk"])
        cell.people += row["people"]
        if row["people"]:
            cell.care = min(filter(None, (cell.care, row["care_level"])), key=_urgency)
    return list(cells.values())


def _urgency(level: str) -> int:
    return _URGENCY.index(CareLevel(level))


def _natural(text: str) -> tuple[int, str]:
    """2 before 10, numbers before letters, nothing first."""
    digits = re.match(r"\d+", text)
    return (int(digits[0]) if digits else (10**6 if text else -1), text)


def _column(dwelling: Dwelling) -> tuple[int, str]:
    """Door 1102 on floor 11 stands in column 02, below 1002 and above 1202."""
    floor = str(abs(dwelling.floor))
    door = dwelling.door
    return _natural(door.removeprefix(floor) if len(door) > len(floor) else door)


def _floor_label(floor: int) -> str:
    return f"{floor} 层" if floor > 0 else f"地下 {-floor} 层"


def _building(user: Any, pk: int) -> Building:
    rows = Building.objects.filter(reach(user, Power.REGISTRY_SEE)).select_related("grid", "compound")
    return get_object_or_404(rows.defer("grid__boundary"), pk=pk)


@never_cache
@require_GET
@staff_page(Power.REGISTRY_SEE)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    building = _building(request.user, pk)
    may = can_change(request.user, building)
    context = {"building": building, "plan": plan_of(building), "can_change": may}
    return render(request, "grids/building.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_page(Power.REGISTRY_SEE)
def add_dwelling(request: HttpRequest, pk: int) -> HttpResponse:
    """登记房屋: one door; the same page again for the next one, because they come in rows."""
    building = _building(request.user, pk)
    if not can_change(request.user, building):
        raise NoPower()
    form = DwellingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = dwellings.add(by=request.user, building=building, **form.cleaned_data)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已登记房屋：{made.short}")
            return redirect("grids:dwelling_new" if "again" in request.POST else "grids:building", pk=pk)
    return render(request, "grids/dwelling_new.html", {"building": building, "form": form})
