"""What is a pattern: requests of one category in one building, or across the buildings of one compound.

Counted is what people asked for, themselves or through staff, every matter once: not what was withdrawn, declined
or merged into another one, no parts, nothing that the community filed itself or has filed a request for already.
After a decision the count begins anew. So many requests in so many weeks as the policy says, by two people at
least, in two calendar weeks (Monday to Sunday, where the city is) at least.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import TruncWeek
from django.utils import timezone

from dashboards.models import Pattern
from ground import clock
from organizations.models import Policy
from requests.models import RequestEvent, ServiceRequest
from requests.states import OPEN, State

LEAST_PEOPLE = LEAST_WEEKS = 2
#: What came to nothing, or is counted with another one.
_NOT_COUNTED = (State.DECLINED, State.WITHDRAWN, State.MERGED)
_ASKED_FOR = (ServiceRequest.Source.RESIDENT, ServiceRequest.Source.STAFF)
_DECIDED = (Pattern.State.FILED, Pattern.State.DISMISSED)

#: building, compound (one of them), category.
Key = tuple[int | None, int | None, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A place and a category that reach the thresholds, and by how much."""

    building_id: int | None
    compound_id: int | None
    category_id: int
    count: int
    people: int
    weeks: int
    first_at: datetime
    last_at: datetime

    @property
    def key(self) -> Key:
        return self.building_id, self.compound_id, self.category_id

    @property
    def figures(self) -> dict[str, Any]:
        """The columns of a `Pattern` that tell of it."""
        return {name: getattr(self, name) for name in ("count", "people", "weeks", "first_at", "last_at")}


def looked_back(policy: Policy, at: datetime) -> datetime:
    """Since when requests count: so many times seven days, the day of `at` being the last of them."""
    return clock.midnight(clock.day_of(at) - timedelta(days=7 * policy.pattern_weeks - 1))


def countable(since: datetime) -> QuerySet[ServiceRequest]:
    """What may be evidence of a pattern, submitted since then. Bounded by `since`, also where it looks at events."""
    with_another = RequestEvent.objects.filter(subject=OuterRef("pk"), step="resolve_with", at__gte=since)
    return (
        ServiceRequest.objects.filter(
            submitted_at__gte=since, source__in=_ASKED_FOR, whole=None, cause=None, building__isnull=False
        )
        .exclude(state__in=_NOT_COUNTED)
        .filter(~Exists(with_another.order_by()), category__is_open=True)
        .order_by()
    )


def find(district_id: int, policy: Policy, at: datetime) -> list[Found]:
    """What reaches the thresholds of the district's policy. Three grouped queries over the weeks looked back at."""
    rows = countable(looked_back(policy, at)).filter(district=district_id, submitted_at__lte=at)
    found = []
    if policy.pattern_building:
        found += _of_buildings(rows, policy.pattern_building)
    if policy.pattern_compound:
        found += _of_compounds(rows, policy)
    return found


def _week() -> TruncWeek:
    return TruncWeek("submitted_at", tzinfo=timezone.get_default_timezone())


def _reaching(
    rows: QuerySet[ServiceRequest], place: str, least: int, **more: Any
) -> Iterable[dict[str, Any]]:
    """Of one without a phone only the one who filed it is known: what he files for others counts as one person."""
    with_phone = Count("submitter", distinct=True, filter=Q(has_no_phone=False))
    without = Count("submitter", distinct=True, filter=Q(has_no_phone=True))
    grouped: Any = rows.values(place_id=F(place), of=F("category")).annotate(
        count=Count("pk"),
        people=with_phone + without,
        weeks=Count(_week(), distinct=True),
        first_at=Min("submitted_at"),
        last_at=Max("submitted_at"),
        **more,
    )
    return grouped.filter(count__gte=least, people__gte=LEAST_PEOPLE, weeks__gte=LEAST_WEEKS)


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("count", "people", "weeks", "first_at", "last_at")}


def _of_buildings(rows: QuerySet[ServiceRequest], least: int) -> list[Found]:
    here = Q(building=OuterRef("building")) | Q(compound=OuterRef("building__compound"))
    fresh = rows.filter(~_decided(Q(building=OuterRef("building"))), ~_under_way(here))
    return [
        Found(row["place_id"], None, row["of"], **_figures(row))
        for row in _reaching(fresh, "building", least)
    ]


def _of_compounds(rows: QuerySet[ServiceRequest], policy: Policy) -> list[Found]:
    """Those that reach across buildings, without those that one of their buildings alone explains."""
    here = Q(compound=OuterRef("building__compound"))
    fresh = rows.filter(~_decided(here), ~_under_way(here), building__compound__isnull=False)
    reaching = _reaching(
        fresh, "building__compound", policy.pattern_compound, buildings=Count("building", distinct=True)
    )
    found = [
        Found(None, row["place_id"], row["of"], **_figures(row)) for row in reaching if row["buildings"] > 1
    ]
    explained = _explained(fresh, found, policy) if found and policy.pattern_building else set()
    return [each for each in found if each.key not in explained]


def _decided(here: Q) -> Exists:
    """Submitted before the last decision about this place and category."""
    decided = Pattern.objects.filter(here, category=OuterRef("category"), state__in=_DECIDED)
    return Exists(decided.filter(decided_at__gte=OuterRef("submitted_at")).order_by())


def _under_way(here: Q) -> Exists:
    """The request that was filed for this place and category is still in hand."""
    filed = Pattern.objects.filter(here, category=OuterRef("category"), state=Pattern.State.FILED)
    return Exists(filed.filter(service_request__state__in=OPEN).order_by())


# One building explains it


@dataclass(frozen=True, slots=True)
class _Asked:
    """How often somebody asked in one building in one week."""

    building: int
    person: tuple[int, bool]
    week: datetime
    count: int


def _explained(rows: QuerySet[ServiceRequest], found: list[Found], policy: Policy) -> set[Key]:
    """Compounds in which one building is a pattern by itself, and nothing is left of the compound without it."""
    fine: Any = (
        rows.filter(
            building__compound__in={each.compound_id for each in found},
            category__in={each.category_id for each in found},
        )
        .annotate(place_id=F("building__compound"), of=F("category"), week=_week())
        .values("building", "submitter", "has_no_phone", "place_id", "of", "week")
        .annotate(count=Count("pk"))
    )
    asked: defaultdict[Key, list[_Asked]] = defaultdict(list)
    for row in fine:
        person = row["submitter"], row["has_no_phone"]
        asked[None, row["place_id"], row["of"]].append(
            _Asked(row["building"], person, row["week"], row["count"])
        )
    return {each.key for each in found if _is_explained(asked[each.key], policy)}


def _is_explained(asked: list[_Asked], policy: Policy) -> bool:
    for building in {each.building for each in asked}:
        alone = [each for each in asked if each.building == building]
        rest = [each for each in asked if each.building != building]
        if _reaches(alone, policy.pattern_building) and not _reaches(rest, policy.pattern_compound):
            return True
    return False


def _reaches(asked: list[_Asked], least: int) -> bool:
    return (
        sum(each.count for each in asked) >= least
        and len({each.person for each in asked}) >= LEAST_PEOPLE
        and len({each.week for each in asked}) >= LEAST_WEEKS
    )


# What a pattern at hand counts


def counted_by(pattern: Pattern) -> QuerySet[ServiceRequest]:
    """The requests of its count: for a filed one those that were linked to the request when it was filed."""
    if pattern.service_request_id is not None:
        return ServiceRequest.objects.filter(cause=pattern.service_request_id)
    return evidence_for(pattern).filter(submitted_at__lte=pattern.last_at)


def evidence_for(pattern: Pattern) -> QuerySet[ServiceRequest]:
    """What there is since its first request, also what came after the last round."""
    rows = countable(pattern.first_at).filter(category=pattern.category_id)
    if pattern.building_id is not None:
        return rows.filter(building=pattern.building_id)
    return rows.filter(building__compound=pattern.compound_id)
