"""Who may take which step on whistles, claims and registrations (RULES 2, 5). `None` is the clock."""

from __future__ import annotations

from typing import Any

from grids.scope import covers
from organizations.posts import Power, Seat, Tier
from organizations.scope import scope_of
from requests import beside
from requests.models import ServiceRequest
from requests.powers import is_submitter
from volunteers.models import Claim, Registration, Team, Whistle
from volunteers.states import ClaimState, WhistleState

#: Claims whose volunteer is on the way or at work: they know whom they help.
AT_WORK = (ClaimState.CLAIMED, ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT)


def can_whistle(user: Any, whistle: Whistle) -> bool:
    """The whistle power at the handler of the request, or at the community where there is no request."""
    if user is None:
        return False
    seat = whistle.service_request.handler_id if whistle.service_request else whistle.community_id
    return scope_of(user).holds_at(Power.WHISTLE, seat)


def can_publish(user: Any, whistle: Whistle) -> bool:
    """Whoever whistles there; the platform, for the next one of a series that somebody set up."""
    return whistle.series_id is not None if user is None else can_whistle(user, whistle)


def can_cancel(user: Any, whistle: Whistle) -> bool:
    """Whoever may publish it, or the platform when its request was withdrawn."""
    return user is None or can_whistle(user, whistle)


def is_own_claim(user: Any, claim: Claim) -> bool:
    return user is not None and claim.volunteer.user_id == user.pk


def can_release(user: Any, claim: Claim) -> bool:
    return can_cancel(user, claim.whistle)


def can_credit(user: Any, claim: Claim) -> bool:
    return user is not None and covers(user, Power.CREDIT, claim.whistle)


def can_attest(user: Any, claim: Claim) -> bool:
    """Whoever credits there, and branch secretaries and grid workers for their own grids (RULES 5)."""
    return user is not None and (
        covers(user, Power.ATTEST, claim.whistle) or covers(user, Power.CREDIT, claim.whistle)
    )


def can_show_code(user: Any, whistle: Whistle) -> bool:
    """The leader on the spot, and the staff there: whoever finds it in `Whistle.objects.with_code_for`."""
    return user is not None and (
        whistle.leader_id == user.pk
        or any(covers(user, power, whistle) for power in (Power.WHISTLE, Power.CREDIT, Power.ATTEST))
    )


def can_propose(user: Any, claim: Claim) -> bool:
    """The liaison of the volunteer's own unit."""
    unit = claim.volunteer.unit
    return (
        user is not None
        and unit is not None
        and any(grant.unit_id == unit.pk for grant in scope_of(user).with_power(Power.PROPOSE_CREDIT))
    )


def can_call_absent(user: Any, claim: Claim) -> bool:
    """Whoever credits; the clock, when nobody has judged for days."""
    return user is None or can_credit(user, claim)


def is_own_registration(user: Any, registration: Registration) -> bool:
    return user is not None and registration.volunteer.user_id == user.pk


def can_confirm_registration(user: Any, registration: Registration) -> bool:
    return user is not None and scope_of(user).reaches(Power.CONFIRM_REGISTRATION, registration)


def can_end_registration(user: Any, registration: Registration) -> bool:
    """The community, or the volunteer himself; the platform, when he has been confirmed elsewhere."""
    return (
        user is None
        or is_own_registration(user, registration)
        or can_confirm_registration(user, registration)
    )


def can_place(user: Any, registration: Registration) -> bool:
    """调剂 is the district's (S1): whoever changes its tree."""
    return user is not None and any(
        grant.seat in (Seat.CITY, Tier.DISTRICT) and grant.organization_id in (None, registration.district_id)
        for grant in scope_of(user).with_power(Power.TREE_CHANGE)
    )


def places_people(user: Any) -> bool:
    """Whether the user places anybody at all: the city, a district."""
    return any(
        grant.seat in (Seat.CITY, Tier.DISTRICT) for grant in scope_of(user).with_power(Power.TREE_CHANGE)
    )


def can_keep_team(user: Any, team: Team) -> bool:
    """Found, rename, close, take in and out, name captains: the community for its own teams and those of its
    branches, the district for its own (D11). `None` is a command."""
    if user is None:
        return True
    scope = scope_of(user)
    if team.community_id is None:
        return scope.holds_at(Power.TREE_CHANGE, team.organization_id)
    return any(
        scope.holds_at(power, team.community_id) for power in (Power.CONFIRM_REGISTRATION, Power.WHISTLE)
    )


def sees_people_of(user: Any, team: Team) -> bool:
    """Names of the team: whoever keeps it, and the secretaries of the branch it belongs to (RULES 5)."""
    return can_keep_team(user, team) or scope_of(user).holds_at(Power.REGISTRY_NAMES, team.organization_id)


def sees_requester(user: Any, whistle: Whistle) -> bool:
    """From claim to finish a volunteer sees surname, place and consented number (RULES 5). One query at most."""
    if whistle.state not in (WhistleState.OPEN, WhistleState.RUNNING) or not user.is_authenticated:
        return False
    return Claim.objects.filter(whistle=whistle, volunteer__user=user, state__in=AT_WORK).exists()


def is_claimant_of(user: Any, service_request: ServiceRequest) -> bool:
    """Whether the user is at work on a whistle of this request: may say that contact was made (RULES 1)."""
    return (
        user is not None
        and user.is_authenticated
        and beside.has(service_request, "whistles")
        and Claim.objects.filter(
            whistle__service_request=service_request,
            whistle__state__in=(WhistleState.OPEN, WhistleState.RUNNING),
            volunteer__user=user,
            state__in=AT_WORK,
        ).exists()
    )


def can_thank(user: Any, whistle: Whistle) -> bool:
    """Whoever was served, but not who runs it: its leader and staff thank only for a request of their own."""
    if user is None or user.pk in (whistle.leader_id, whistle.created_by_id):
        return False
    asked = whistle.service_request
    if asked is not None and is_submitter(user, asked):
        return True
    return not any(covers(user, power, whistle) for power in (Power.WHISTLE, Power.CREDIT, Power.ATTEST))
