"""What the phone home shows: what waits for me, who looks after my grid, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.urls import reverse
from django.utils import timezone

from desk.nav import door_of
from grids.absences import in_charge
from grids.models import Building, Grid, GridDuty
from ground import clock
from organizations.models import Organization, Policy
from requests.clocks import promise_of
from requests.models import Category, ServiceRequest
from requests.presenting import card_of
from requests.states import OPEN, State, Track
from volunteers.models import Claim, Registration, Whistle
from volunteers.states import ClaimState

#: How many of my requests the home shows, and how many quick categories.
MINE, QUICK = 3, 4
#: Claims that are still ahead of me or under way.
AHEAD = (ClaimState.CLAIMED, ClaimState.CHECKED_IN)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is at home on the platform, as far as it is known."""

    community: Organization | None
    grid: Grid | None = None
    building: Building | None = None

    @property
    def fine(self) -> str:
        return " · ".join(part.name for part in (self.grid, self.building) if part)


def context_of(user: Any) -> dict[str, Any]:
    """The context of `desk/home.html` for somebody signed in."""
    mine = list(_mine(user))
    registration = _registration_of(user)
    place = _place_of(registration, user, mine)
    waiting = sum(1 for each in mine if each.state == State.RESOLVED)
    claim = _next_claim(user)
    whistle = None if claim or registration is None else _next_whistle(user)
    worker = _worker_of(place.grid)
    policy = _policy_of(place, registration)
    return {
        "place": place,
        "cards": [card_of(each) for each in mine[:MINE]],
        "mine_open": len(mine),
        "to_rate": waiting,
        "claim": claim,
        "whistle": whistle,
        "places_left": whistle.places_max - whistle.taken if whistle else 0,  # type: ignore[attr-defined]
        "registration": registration,
        "worker": worker,
        "worker_post": f"{worker.appointment.get_post_display()} {worker.get_part_display()}"
        if worker
        else "",
        "categories": list(Category.objects.filter(is_open=True)[:QUICK]),
        "headline": _headline(mine, waiting, claim),
        "staff_url": _staff_door(user),
        "urgent_accept": promise_of(policy, Track.URGENT).accept,
        "has_public_boards": policy.boards_public,
    }


def _policy_of(place: Place, registration: Registration | None) -> Policy:
    """What holds where the person is at home; the usual policy where that is unknown."""
    rows = (place.grid, place.building, registration)
    district = next((row.district_id for row in rows if row is not None), None)
    return Policy.of(district) if district is not None else Policy()


def _mine(user: Any) -> Any:
    """My requests that wait for somebody: for me first (to be rated), then the most pressing."""
    order = Case(
        When(state=State.ASKED, then=Value(0)),
        When(state=State.RESOLVED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return (
        ServiceRequest.objects.own(user)
        .filter(state__in=(*OPEN, State.RESOLVED))
        .select_related("category", "responsible", "community", "grid", "building")
        .defer("responsible__phone", "grid__boundary")
        .order_by(order, "due", "-id")[:20]
    )


def _registration_of(user: Any) -> Registration | None:
    rows = Registration.objects.confirmed().filter(volunteer__user=user)
    return rows.select_related("community", "grid").defer("grid__boundary").first()


def _place_of(registration: Registration | None, user: Any, mine: list[ServiceRequest]) -> Place:
    """The registration's grid, else where the last request was."""
    if registration is not None:
        return Place(registration.community, registration.grid)
    last = mine[0] if mine else None
    if last is None:
        last = (
            ServiceRequest.objects.own(user)
            .select_related("community", "grid", "building")
            .defer("grid__boundary")
            .order_by("-submitted_at")
            .first()
        )
    return Place(last.community, last.grid, last.building) if last else Place(None)


def _worker_of(grid: Grid | None) -> GridDuty | None:
    """Who has the work of the grid today: the A post, or the B post while A is away (N6)."""
    return in_charge([grid.pk]).get(grid.pk) if grid else None


def _next_claim(user: Any) -> Claim | None:
    return (
        Claim.objects.own(user)
        .filter(state__in=AHEAD, whistle__ends_at__gte=clock.now())
        .select_related("whistle")
        .order_by("whistle__starts_at")
        .first()
    )


def _next_whistle(user: Any) -> Whistle | None:
    """The next one that still has a place; `taken` is on it."""
    rows = Whistle.objects.open_to(user).recruiting().with_places_taken().order_by("starts_at")[:5]
    return next((each for each in rows if each.taken < each.places_max), None)  # type: ignore[attr-defined]


def _staff_door(user: Any) -> str:
    """Where the posts of the account lead, "" without any: a session by code has to show more there first."""
    held = user.appointments.in_force().select_related("organization", "unit")
    powers = frozenset().union(*(appointment.powers for appointment in held))
    url = door_of(powers, is_administrator=user.is_administrator)
    return "" if url == reverse("desk:home") else url


def _headline(mine: list[ServiceRequest], to_rate: int, claim: Claim | None) -> str:
    """What waits for me, in words; "" if nothing does. Questions stop the clock, so they come first."""
    if asked := sum(each.state == State.ASKED for each in mine):
        return f"{asked} 件等你补充"
    if to_rate:
        return f"{to_rate} 件办好了，等你评价"
    if claim is not None and timezone.localdate(claim.whistle.starts_at) == clock.today():
        return "今天有一单要去"
    return f"{len(mine)} 件正在办" if mine else ""
