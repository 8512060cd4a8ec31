"""What the desk shows of registrations: who waits and where else he asked, who is registered, who left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from grids.models import Grid
from ground import clock
from ground.periods import first_day
from ground.steps import Offer
from organizations.posts import Power
from organizations.scope import scope_of
from requests.entries import Entry
from volunteers.models import Registration, ServiceBalance, Team
from volunteers.models.people import RegistrationQuerySet
from volunteers.states import AWAITING, RegistrationState, VolunteerKind
from volunteers.tables import REGISTRATIONS

PAGE = 30
WAITING, CONFIRMED, ENDED = "waiting", "confirmed", "ended"
TABS = ((WAITING, "等确认"), (CONFIRMED, "已报到"), (ENDED, "已结束"))
_STATES = {
    WAITING: AWAITING,
    CONFIRMED: (RegistrationState.CONFIRMED,),
    ENDED: (RegistrationState.ENDED,),
}
#: Heaps are read in this order: who waits longest, who was confirmed or left last.
_ORDER = {
    WAITING: ("requested_at", "id"),
    CONFIRMED: ("-confirmed_at", "-id"),
    ENDED: ("-ended_at", "-id"),
}


def in_sight(user: Any) -> RegistrationQuerySet:
    """Those of the communities whose registrations the user confirms: not his own as a volunteer elsewhere."""
    return Registration.objects.filter(scope_of(user).rows(Power.CONFIRM_REGISTRATION))


def counts(user: Any) -> dict[str, int]:
    """How many wait and how many are registered; whoever left is history and not counted. One query."""
    standing = in_sight(user).standing().order_by()
    return standing.aggregate(
        **{key: Count("pk", filter=Q(state__in=_STATES[key])) for key in (WAITING, CONFIRMED)}
    )


def heap(user: Any, tab: str) -> QuerySet[Registration]:
    """The registrations under one tab, with all that a row shows; numbers stay sealed."""
    rows = in_sight(user).filter(state__in=_STATES[tab]).order_by(*_ORDER[tab])
    rows = rows.select_related(
        "community",
        "grid",
        "volunteer__user",
        "volunteer__member__unit",
        "volunteer__member__home__building",
        "volunteer__member__home__compound",
    )
    return rows.defer("volunteer__member__phone", "volunteer__user__phone", "grid__boundary")


def with_hours(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    """With `minutes` credited this quarter."""
    this = Q(volunteer__balances__quarter=first_day("quarter", clock.today()))
    rows = rows.annotate(balance=FilteredRelation("volunteer__balances", condition=this))
    return rows.annotate(minutes=Coalesce(F("balance__minutes"), 0))


def found_by(rows: QuerySet[Registration], query: Any) -> QuerySet[Registration]:
    """The rows that satisfy name, grid and kind of the URL; what makes no sense there is ignored."""
    if words := query.get("q", "").replace("\0", " ").strip()[:40]:
        rows = rows.filter(
            Q(volunteer__member__name__icontains=words)
            | Q(volunteer__member=None, volunteer__user__name__icontains=words)
        )
    grid = query.get("grid", "")
    if grid.isdecimal() and len(grid) < 16:
        rows = rows.filter(grid=int(grid))
    if query.get("kind") in VolunteerKind.values:
        rows = rows.filter(volunteer__kind=query["kind"])
    return rows


def grids_of(communities: Iterable[int | None]) -> dict[int, list[Grid]]:
    """The grids to choose from, of every community on the page in one query."""
    found: dict[int, list[Grid]] = {}
    rows = Grid.objects.filter(community__in=set(communities)).defer("boundary").order_by("tier", "code")
    for grid in rows:
        found.setdefault(grid.community_id or 0, []).append(grid)
    return found


def elsewhere(rows: Iterable[Registration]) -> dict[int, str]:
    """By volunteer: where else he is registered or asked, in words. One query."""
    rows = list(rows)
    others = Registration.objects.standing().filter(volunteer__in={row.volunteer_id for row in rows})
    others = others.exclude(pk__in=[row.pk for row in rows]).select_related("community")
    said: dict[int, list[str]] = {}
    for other in others.order_by("choice", "id"):
        name = other.community.short_name if other.community else ""
        words = f"现在{name}报到，要转来" if other.state == RegistrationState.CONFIRMED else f"也选了{name}"
        said.setdefault(other.volunteer_id, []).append(words)
    return {pk: "；".join(words) for pk, words in said.items()}


# One registration


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of one registration says besides the row."""

    offers: dict[str, Offer]
    is_own: bool
    elsewhere: str
    minutes_quarter: int
    minutes_ever: int
    teams: list[Team]
    entries: list[Entry]
    earlier: list[Registration]


def shown(user: Any, row: Registration) -> Shown:
    """Six queries."""
    steps = ("confirm", "decline", "regrid", "end")
    balances = ServiceBalance.objects.filter(volunteer=row.volunteer_id)
    quarter = Sum("minutes", filter=Q(quarter=first_day("quarter", clock.today())), default=0)
    served = balances.aggregate(now=quarter, ever=Sum("minutes", default=0))
    earlier = Registration.objects.filter(volunteer=row.volunteer_id, community=row.community_id)
    return Shown(
        offers={each.step.name: each for each in REGISTRATIONS.offers(user, row, steps)},
        is_own=row.volunteer.user_id == user.pk,
        elsewhere=elsewhere([row]).get(row.volunteer_id, ""),
        minutes_quarter=served["now"],
        minutes_ever=served["ever"],
        teams=list(Team.objects.of(row.volunteer.user)),
        entries=_entries(row),
        earlier=list(earlier.exclude(pk=row.pk).select_related("grid").order_by("-id")[:10]),
    )


def _entries(row: Registration) -> list[Entry]:
    """The history, newest first: who did what, with the grids named. Two queries."""
    events = list(row.events.select_related("by").defer("by__phone"))
    named = {event.codes.get(key) for event in events for key in ("grid", "was")} - {None}
    grids = dict(Grid.objects.filter(pk__in=named).values_list("pk", "name"))
    return [
        Entry(
            event.step,
            REGISTRATIONS.steps[event.step].done,
            event.at,
            by=event.by.name if event.by else "平台",
            note=_note(event.codes, grids),
            text=row.ended_because if event.target == RegistrationState.ENDED else "",
        )
        for event in reversed(events)
    ]


def _note(codes: dict[str, Any], grids: dict[int, str]) -> str:
    to, was = grids.get(codes.get("grid", 0), ""), grids.get(codes.get("was", 0), "")
    return f"{was} → {to}" if was else to
