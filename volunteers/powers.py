"""Who may take which step on whistles, claims and registrations (RULES 2, 5). `None` is the clock."""

from __future__ import annotations

from typing import Any

from grids.scope import covers
from organizations.posts import Power
from organizations.scope import scope_of
from requests.models import ServiceRequest
from volunteers.models import Claim, Registration, Whistle
from volunteers.states import ClaimState, WhistleState

#: Claims whose volunteer is on the way or at work: they know whom they help.
AT_WORK = (ClaimState.CLAIMED, ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT)


def can_whistle(user: Any, whistle: Whistle) -> bool:
    """The whistle power at the handler of the request, or at the community where there is no request."""
    if user is None:
        return False
    seat = whistle.service_request.handler_id if whistle.service_request else whistle.community_id
    return scope_of(user).holds_at(Power.WHISTLE, seat)


def can_cancel(user: Any, whistle: Whistle) -> bool:
    """Whoever may publish it, or the platform when its request was withdrawn."""
    return user is None or can_whistle(user, whistle)


def is_own_claim(user: Any, claim: Claim) -> bool:
    return user is not None and claim.volunteer.user_id == user.pk


def can_release(user: Any, claim: Claim) -> bool:
    return can_cancel(user, claim.whistle)


def can_credit(user: Any, claim: Claim) -> bool:
    return user is not None and covers(user, Power.CREDIT, claim.whistle)


def is_own_registration(user: Any, registration: Registration) -> bool:
    return user is not None and registration.volunteer.user_id == user.pk


def can_confirm_registration(user: Any, registration: Registration) -> bool:
    return user is not None and scope_of(user).reaches(Power.CONFIRM_REGISTRATION, registration)


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
        and Claim.objects.filter(
            whistle__service_request=service_request,
            whistle__state__in=(WhistleState.OPEN, WhistleState.RUNNING),
            volunteer__user=user,
            state__in=AT_WORK,
        ).exists()
    )
