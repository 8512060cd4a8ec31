"""What has to be counted anew: which days, which standings, or everything.

Work leaves events, and what passes by itself are dues: both name days. The tree, the territory and the people have
no events: a digest of what the rollups rest on (`signs`) is kept with them and compared. A digest hears of every
way in which they may change (verbs, imports, a hand in the database) and costs the changes themselves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from auditlog.models import LogEntry
from django.db.models import Count, Exists, Max, Min, Q, Sum

from dashboards.models import RollupState
from dashboards.places import Ladder
from grids.lists.property_companies import standing_branches
from grids.models import ImportJob
from ground import clock
from ground.periods import first_day_after
from organizations.models import Organization, Policy, Unit
from organizations.posts import Tier
from requests.models import Dispatch, DispatchEvent, RequestEvent, ServiceRequest
from volunteers.models import ClaimEvent, LedgerEntry, RegistrationEvent, Volunteer, Whistle, WhistleEvent
from volunteers.states import VolunteerKind

#: A transaction that began before the last round may have committed after it; longer ones the night finds.
OVERLAP = timedelta(minutes=10)

Span = tuple[date, date]  # first day, day after the last one
Signs = dict[str, str]


# Everything?


def heard_since(state: RollupState, now: datetime, signs: Signs) -> datetime | None:
    """From when on changes are to be looked for. None: everything is counted anew, in the first round of a day,
    with another tree or territory (rows belong to other places now), after a clock was set back."""
    if state.as_of is None or state.full_at is None or now < state.as_of:
        return None
    if clock.day_of(state.full_at) != clock.day_of(now) or state.signs.get("places") != signs["places"]:
        return None
    return state.as_of - OVERLAP


def signs(ladder: Ladder) -> Signs:
    """What the rollups rest on, in short: `places` all of them, `people` and `units` the standings."""
    kinds = {kind: Sum("pk", filter=Q(kind=kind)) for kind in VolunteerKind.values}
    districts = Organization.objects.open().filter(tier=Tier.DISTRICT).order_by("pk")
    units = Unit.objects.filter(closed_at=None).order_by("pk")
    units = units.annotate(has_branch=Exists(standing_branches()))
    return {
        "places": digest(ladder.steps()),
        "people": digest([Volunteer.objects.aggregate(**kinds), *districts.values_list("pk", flat=True)]),
        "units": digest(units.values_list("pk", "district", "street", "community", "has_branch")),
    }


def digest(facts: Iterable[Any]) -> str:
    found = sha256()
    for fact in facts:
        found.update(repr(fact).encode())
    return found.hexdigest()


# Which standings


def people_changed(state: RollupState, since: datetime, found: Signs) -> bool:
    """Registrations, services, policies and kinds of people: what quotas are reckoned from."""
    heard = {"at__gt": since}
    return (
        state.signs.get("people") != found["people"]
        or LedgerEntry.objects.filter(**heard).exists()
        or RegistrationEvent.objects.filter(**heard).exists()
        or Policy.objects.filter(signed_at__gt=since).exists()
    )


def registry_changed(state: RollupState, since: datetime, found: Signs) -> bool:
    """By the registry's own record of changes, which every save writes; an import is heard of by its job."""
    kept = {"resident", "household", "dwelling", "building", "compound"}
    edited = LogEntry.objects.filter(
        timestamp__gt=since, content_type__app_label="grids", content_type__model__in=kept
    )
    imported = ImportJob.objects.filter(ended_at__gt=since)
    return state.signs.get("units") != found["units"] or edited.exists() or imported.exists()


# Which days


def changed_days(since: datetime, now: datetime) -> list[date]:
    """Days of which something may have changed: where events happened, dues passed or entries were made since.

    One query for each way to hear of it: put together by OR they would read whole tables.
    """
    told = RequestEvent.objects.filter(at__gt=since).order_by()
    called = WhistleEvent.objects.filter(at__gt=since).order_by().values("subject")
    claimed = ClaimEvent.objects.filter(at__gt=since).order_by().values("subject__whistle")
    sent = DispatchEvent.objects.filter(at__gt=since).order_by().values("subject")
    moments = [
        _moments(ServiceRequest, "submitted_at", pk__in=told.values("subject")),
        ServiceRequest.objects.filter(_came_due(since, now))
        .order_by()
        .values_list("submitted_at", flat=True),
        _moments(Whistle, "starts_at", pk__in=called),
        _moments(Whistle, "starts_at", pk__in=claimed),
        _moments(Dispatch, "sent_at", pk__in=sent),
        _moments(LedgerEntry, "served_at", at__gt=since),
    ]
    if moved := list(told.filter(codes__has_key="moved_from").values_list("subject", flat=True)):
        # What lay in one community and lies in another takes its dispatches, whistles and entries along.
        moments += [
            _moments(Dispatch, "sent_at", service_request__in=moved),
            _moments(Whistle, "starts_at", service_request__in=moved),
            _moments(LedgerEntry, "served_at", whistle__service_request__in=moved),
        ]
    return sorted({clock.day_of(moment) for found in moments for moment in found})


def _moments(model: Any, column: str, **which: Any) -> Any:
    return model.objects.filter(**which).order_by().values_list(column, flat=True)


def _came_due(since: datetime, now: datetime) -> Q:
    """First contacts and first answers of which the due passed since: they count as due from now on (RULES 7)."""
    return Q(contacted_at=None, contact_due__gt=since, contact_due__lte=now) | Q(
        accepted_in_time=None, accept_due__gt=since, accept_due__lte=now
    )


def extent() -> Span:
    """From the day of the first row that is counted to the last one, today at least: whistles may begin later."""
    columns: tuple[tuple[Any, str], ...] = (
        (ServiceRequest, "submitted_at"), (Dispatch, "sent_at"), (Whistle, "starts_at"), (LedgerEntry, "served_at"),
    )  # fmt: skip
    found = {clock.today()}
    for model, column in columns:
        edges = model.objects.order_by().aggregate(first=Min(column), last=Max(column), n=Count("pk"))
        found |= {clock.day_of(edges[edge]) for edge in ("first", "last") if edges["n"]}
    return min(found), max(found) + timedelta(days=1)


def months(span: Span) -> list[date]:
    """The firsts of the months that the days lie in."""
    found, month = [], span[0].replace(day=1)
    while month < span[1]:
        found.append(month)
        month = first_day_after("month", month)
    return found


def by_month(days: Iterable[date]) -> dict[date, list[date]]:
    found: dict[date, list[date]] = {}
    for day in sorted(set(days)):
        found.setdefault(day.replace(day=1), []).append(day)
    return found


def runs(days: Iterable[date]) -> Iterator[Span]:
    """Days that follow each other, put together."""
    start = after = None
    for day in sorted(set(days)):
        if start is not None and after is not None and day != after:
            yield start, after
            start = None
        start, after = start or day, day + timedelta(days=1)
    if start is not None and after is not None:
        yield start, after
