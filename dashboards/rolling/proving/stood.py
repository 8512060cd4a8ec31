"""How places stand, counted by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Sum, Value

from dashboards.measures import Counts
from dashboards.models import Standing
from dashboards.rolling.proving.counting import Around, Columns, Tables
from dashboards.rolling.standing import AHEAD, SOON
from grids.models import Building, Compound, Dwelling, Grid, Household, Resident
from grids.models.people import CareLevel
from ground import clock
from organizations.models import Organization, Policy, Unit, UnitBranch
from organizations.posts import Tier
from requests.models import ServiceRequest
from requests.states import OPEN
from volunteers.accounting import quotas
from volunteers.models import Registration, Volunteer
from volunteers.states import RegistrationState, VolunteerKind

Kind = Standing.Kind
PLAIN = Columns()
HOUSED = Columns(group="building__group")


def stood(kind: str, at: datetime, around: Around) -> dict[str, Counts]:
    """place → counts of one kind of standing, at a moment of today."""
    tables = Tables(around, clock.day_of(at))
    with clock.at(at):
        {Kind.WORK: _work, Kind.PEOPLE: _people, Kind.REGISTRY: _registry}[Kind(kind)](tables)
    _in_seconds(tables)
    return {place: counts for (place, _), counts in tables.found.items()}


def _in_seconds(tables: Tables) -> None:
    """A least moment is kept in seconds."""
    for counts in tables.found.values():
        if oldest := counts.get("oldest_due"):
            counts["oldest_due"] = int(oldest.timestamp())  # type: ignore[attr-defined]


def _work(tables: Tables) -> None:
    rows = ServiceRequest.objects.filter(state__in=OPEN, whole=None)
    late = Q(due__lt=clock.now())
    counted = {
        "open": Count("pk"),
        "overdue": Count("pk", filter=late),
        "open.reopened": Count("pk", filter=Q(reopened__gt=0)),
        "open.supervised": Count("pk", filter=Q(supervised_at__isnull=False)),
        "oldest_due": Min("due", filter=late),
    }
    tables.count(rows, HOUSED, counted)
    tables.count(rows, HOUSED, {"open.state": Count("pk")}, by="state")
    tables.count(rows, HOUSED, {"open.category": Count("pk")}, by="category")
    tables.count(rows.filter(late), HOUSED, {"overdue.category": Count("pk")}, by="category")


def _people(tables: Tables) -> None:
    rows = Registration.objects.filter(state=RegistrationState.CONFIRMED)
    tables.count(rows, PLAIN, {"registered": Count("pk")})
    tables.count(rows, PLAIN, {"registered": Count("pk")}, by="volunteer__kind")
    for district in Organization.objects.filter(tier=Tier.DISTRICT, closed_at=None):
        policy = Policy.of(district.pk)
        if policy.quota_times or policy.quota_hours:
            _quota(tables, rows, district, policy)


def _quota(tables: Tables, rows: Any, district: Organization, policy: Policy) -> None:
    people = quotas.with_figures(Volunteer.objects.filter(district=district), policy)
    behind = {
        name: Q(volunteer__in=people.filter(which).values("pk")) for name, which in quotas.BEHIND.items()
    }
    bound = rows.filter(volunteer__district=district, volunteer__kind=VolunteerKind.EMPLOYED)
    counted = {
        "quota.bound": Count("pk"),
        "quota.met": Count("pk", filter=behind["none"]),
        "quota.behind": Count("pk", filter=behind["any"]),
        "quota.behind_quarter": Count("pk", filter=behind["quarter"]),
        "quota.behind_year": Count("pk", filter=behind["year"]),
    }
    tables.count(bound, PLAIN, counted)


def _registry(tables: Tables) -> None:
    covered = Q(branch__isnull=False)
    tables.count(
        Grid.objects.all(),
        Columns(grid="pk", branch="branch"),
        {"grids": Count("pk"), "grids.covered": Count("pk", filter=covered)},
    )
    bare = Q(branch=None, owners_committee=None, property_company=None)
    tables.count(
        Compound.objects.all(),
        PLAIN,
        {
            "compounds": Count("pk"),
            "compounds.covered": Count("pk", filter=covered),
            "compounds.bare": Count("pk", filter=bare),
        },
    )
    tables.count(
        Building.objects.all(),
        Columns(group="group"),
        {"buildings": Count("pk"), "buildings.covered": Count("pk", filter=Q(group__isnull=False))},
    )
    tables.count(Dwelling.objects.all(), HOUSED, {"dwellings": Count("pk")})
    present = Resident.objects.filter(standing=Resident.Standing.PRESENT)
    tables.count(present, HOUSED, {"residents": Count("pk")})
    _units(tables)
    _households(tables)


def _units(tables: Tables) -> None:
    alive = UnitBranch.objects.filter(unit=OuterRef("pk")).exclude(closed_on__lte=clock.today())
    rows = Unit.objects.filter(closed_at=None).annotate(has=Exists(alive))
    counted = {"units": Count("pk"), "units.covered": Count("pk", filter=Q(has=True))}
    tables.count(rows, Columns(grid="", branch=""), counted)


def _households(tables: Tables) -> None:
    rows, columns = Household.objects.all(), Columns(group="dwelling__building__group")
    today = clock.today()
    counted = {
        "households": Count("pk"),
        "care.review_due": Count("pk", filter=Q(care_review_on__lte=today)),
        "care.review_soon": Count("pk", filter=Q(care_review_on__gt=today, care_review_on__lte=today + SOON)),
    }
    tables.count(rows, columns, counted)
    for level in CareLevel.values:
        tables.count(rows.filter(care_level=level), columns, {f"care.{level}": Count("pk")})
    visits = Sum(Value(AHEAD.days) / F("care_days"))
    tables.count(rows.filter(care_days__gt=0), columns, {"care.visits": visits})
