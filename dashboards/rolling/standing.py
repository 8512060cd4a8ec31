"""How every place stands at a moment: open requests, people and quotas, the registry. What is, not what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, Q, QuerySet

from dashboards.measures import Counts
from dashboards.models import Standing
from dashboards.places import Ladder, Leaf
from grids.lists.property_companies import standing_branches
from grids.models import Building, Compound, Dwelling, Grid, Household, Resident
from ground import clock
from organizations.models import Organization, Policy, Unit
from organizations.posts import Tier
from requests.models import ServiceRequest
from requests.states import OPEN
from volunteers.accounting import quotas
from volunteers.models import Registration, Volunteer
from volunteers.states import VolunteerKind

#: Visits that care levels ask for within so many days, and reviews that come due.
AHEAD = timedelta(days=30)
SOON = timedelta(days=14)

Places = dict[str, Counts]


def stand(kind: str, at: datetime, ladder: Ladder) -> Places:
    """place → counts of one kind of standing. Of "work" as of `at`; people and registry as they are now."""
    found: dict[Leaf, Counts] = defaultdict(Counts)
    for leaf, measures in _SOURCES[Standing.Kind(kind)](at, ladder):
        found[leaf].take(measures)
    places: Places = defaultdict(Counts)
    for leaf, counts in found.items():
        for place in ladder.places(leaf):
            places[place].take(counts)
    return places


Source = Iterator[tuple[Leaf, dict[str, int]]]
_COLUMNS = ("district_id", "street_id", "community_id")


def _work(at: datetime, ladder: Ladder) -> Source:
    """What is open, every matter once; the oldest due that has passed, in seconds since 1970."""
    rows: Any = ServiceRequest.objects.filter(state__in=OPEN, whole=None).order_by()
    late = Q(due__lt=at)
    rows = rows.values(*_COLUMNS, "grid_id", "building_id", "state", "category_id").annotate(
        n=Count("pk"),
        n_late=Count("pk", filter=late),
        n_again=Count("pk", filter=Q(reopened__gt=0)),
        n_watched=Count("pk", filter=Q(supervised_at__isnull=False)),
        oldest=Min("due", filter=late),
    )
    for row in rows:
        counts = {
            "open": row["n"],
            "overdue": row["n_late"],
            "open.reopened": row["n_again"],
            "open.supervised": row["n_watched"],
            f"open.state.{row['state']}": row["n"],
            f"open.category.{row['category_id']}": row["n"],
            f"overdue.category.{row['category_id']}": row["n_late"],
        }
        if row["oldest"] is not None:
            counts["oldest_due"] = int(row["oldest"].timestamp())
        yield _leaf(row, ladder), counts


def _leaf(row: dict[str, Any], ladder: Ladder) -> Leaf:
    group = row.get("group_id") or ladder.group_of(row.get("building_id"))
    return Leaf(row["district_id"], row["street_id"], row["community_id"], row.get("grid_id"), group)


# People


def _people(at: datetime, ladder: Ladder) -> Source:
    """Confirmed registrations, and how employed members stand with the quotas of their district (S6)."""
    rows = Registration.objects.confirmed().order_by()
    standing = _quotas()
    for row in rows.values(*_COLUMNS, "grid_id", "volunteer_id", kind=F("volunteer__kind")):
        counts = {"registered": 1, f"registered.{row['kind']}": 1}
        quota = standing.get(row["volunteer_id"])
        if row["kind"] == VolunteerKind.EMPLOYED and quota is not None:
            counts |= {
                "quota.bound": 1,
                "quota.met": int(quota.is_met),
                "quota.behind": int(not quota.is_met),
                "quota.behind_quarter": int(quota.times_left > 0),
                "quota.behind_year": int(quota.minutes_left > 0),
            }
        yield _leaf(row, ladder), counts


def _quotas() -> dict[int, quotas.Quota]:
    """Employed member → where he stands, in the districts that set a quota."""
    found: dict[int, quotas.Quota] = {}
    for district in Organization.objects.open().filter(tier=Tier.DISTRICT):
        policy = Policy.of(district.pk)
        if not quotas.sets_none(policy):
            found |= quotas.standings(Volunteer.objects.filter(district=district), policy)
    return found


# The registry


def _registry(at: datetime, ladder: Ladder) -> Source:
    today = clock.today()
    lacking = Q(branch=None, owners_committee=None, property_company=None)
    sources: list[tuple[QuerySet[Any], tuple[str, ...], dict[str, Any]]] = [
        (
            Grid.objects.annotate(grid=F("pk")),
            ("grid",),
            {"grids": Count("pk"), "grids.covered": Count("branch")},
        ),
        (
            Compound.objects.all(),
            ("grid",),
            {
                "compounds": Count("pk"),
                "compounds.covered": Count("branch"),
                "compounds.bare": Count("pk", filter=lacking),
            },
        ),
        (
            Building.objects.all(),
            ("grid", "group"),
            {"buildings": Count("pk"), "buildings.covered": Count("group")},
        ),
        (Dwelling.objects.all(), ("grid", "building"), {"dwellings": Count("pk")}),
        (Resident.objects.present(), ("grid", "building"), {"residents": Count("pk")}),
        (
            Unit.objects.filter(closed_at=None).annotate(has_branch=Exists(standing_branches())),
            (),
            {"units": Count("pk"), "units.covered": Count("pk", filter=Q(has_branch=True))},
        ),
    ]
    for rows, columns, counted in sources:
        yield from _grouped(rows, columns, counted, ladder)
    yield from _households(today, ladder)


def _grouped(
    rows: QuerySet[Any], columns: tuple[str, ...], counted: dict[str, Any], ladder: Ladder
) -> Source:
    group = {f"{column}_id": F(column) for column in columns}
    numbers = {f"n{place}": how for place, how in enumerate(counted.values())}
    found: Any = rows.order_by().values(*_COLUMNS, **_aliases(group)).annotate(**numbers)
    for row in found:
        for column in columns:
            row[f"{column}_id"] = row[f"at_{column}_id"]
        yield _leaf(row, ladder), {name: row[f"n{place}"] for place, name in enumerate(counted)}


def _aliases(group: dict[str, Any]) -> dict[str, Any]:
    """Under names that no column has."""
    return {f"at_{name}": column for name, column in group.items()}


def _households(today: Any, ladder: Ladder) -> Source:
    """Households by care level (N9), the visits that their levels ask for in thirty days, reviews that come due."""
    rows: Any = Household.objects.order_by()
    rows = rows.values(
        *_COLUMNS, "grid_id", "care_level", "care_days", building_id=F("dwelling__building_id")
    )
    due = Q(care_review_on__lte=today)
    soon = Q(care_review_on__gt=today, care_review_on__lte=today + SOON)
    for row in rows.annotate(n=Count("pk"), n_due=Count("pk", filter=due), n_soon=Count("pk", filter=soon)):
        counts = {
            "households": row["n"],
            f"care.{row['care_level']}": row["n"],
            "care.review_due": row["n_due"],
            "care.review_soon": row["n_soon"],
        }
        if row["care_days"]:
            counts["care.visits"] = row["n"] * (AHEAD.days // row["care_days"])
        yield _leaf(row, ladder), counts


_SOURCES: dict[Standing.Kind, Callable[[datetime, Ladder], Source]] = {
    Standing.Kind.WORK: _work,
    Standing.Kind.PEOPLE: _people,
    Standing.Kind.REGISTRY: _registry,
}
