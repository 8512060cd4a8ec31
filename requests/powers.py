"""Who may take which step of a request (RULES 1 and 5). The request is in sight already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from grids.absences import present
from grids.models import GridDuty
from grids.scope import covers, grid_ids
from organizations.models import Appointment, Organization
from organizations.posts import GRID_POSTS, POWERS, Post, Power, Seat, Tier
from organizations.scope import scope_of
from requests.models import Dispatch, ServiceRequest
from requests.states import ConsentKind, DispatchState

#: Predicates (user, service_request) of the floors above: who else may mark a contact (claimants, units).
contactors: list[Callable[[Any, ServiceRequest], bool]] = []


def is_submitter(user: Any, service_request: ServiceRequest) -> bool:
    """Whose own it is. What staff filed for one without a phone, or for nobody (未诉先办), is not theirs."""
    return user is not None and user.pk is not None and service_request.asker_id == user.pk


def can_submit(user: Any, service_request: ServiceRequest) -> bool:
    """Anyone with an account for himself; for another, whoever handles requests at that place (代点); for nobody
    (未诉先办) whoever verifies there."""
    if user is None or not user.is_active:
        return False
    if service_request.is_proactive:
        return can_verify(user, service_request)
    return is_submitter(user, service_request) or covers(user, Power.HANDLE, service_request)


def speaks_for(user: Any, service_request: ServiceRequest) -> bool:
    """The submitter; for one without a phone the staff at his place, but never the one who is responsible.

    Parts have nobody who speaks for them: the whole is asked, urged and withdrawn.
    """
    if user is None or service_request.is_part:
        return False
    if service_request.has_no_phone:
        return service_request.responsible_id != user.pk and covers(user, Power.HANDLE, service_request)
    return is_submitter(user, service_request)


def can_withdraw(user: Any, service_request: ServiceRequest) -> bool:
    """Whoever speaks for it; what the community filed for nobody, the community takes back."""
    if service_request.is_proactive and not service_request.is_part:
        return user is not None and scope_of(user).holds_at(Power.VERIFY, service_request.community_id)
    return speaks_for(user, service_request)


def can_rate(user: Any, service_request: ServiceRequest) -> bool:
    """The submitter, unless it was his to handle (RULES 0: nobody rates what is his own work)."""
    return is_submitter(user, service_request) and service_request.responsible_id != getattr(user, "pk", None)


def can_call_back(user: Any, service_request: ServiceRequest) -> bool:
    """For one without a phone: staff who are not responsible, at his place or at a tier above the handler."""
    if user is None or not service_request.has_no_phone or service_request.responsible_id == user.pk:
        return False
    return covers(user, Power.HANDLE, service_request) or can_supervise(user, service_request)


def can_reopen(user: Any, service_request: ServiceRequest) -> bool:
    return speaks_for(user, service_request)


def can_verify(user: Any, service_request: ServiceRequest) -> bool:
    return scope_of(user).holds_at(Power.VERIFY, service_request.handler_id)


def can_take_over(user: Any, service_request: ServiceRequest) -> bool:
    """What was escalated, handed down or reopened to this tier waits until somebody there takes it."""
    return service_request.takeover_due is not None and can_verify(user, service_request)


def can_whistle(user: Any, service_request: ServiceRequest) -> bool:
    return scope_of(user).holds_at(Power.WHISTLE, service_request.handler_id)


def can_dispatch(user: Any, service_request: ServiceRequest) -> bool:
    return scope_of(user).holds_at(Power.DISPATCH, service_request.handler_id)


def can_handle(user: Any, service_request: ServiceRequest) -> bool:
    """Who holds the power at the handler; a grid worker in his own grid while the community handles it."""
    if scope_of(user).holds_at(Power.HANDLE, service_request.handler_id):
        return True
    if service_request.grid_id is None or service_request.handler_id != service_request.community_id:
        return False
    return service_request.grid_id in grid_ids(user, Power.HANDLE)


def _sits_at_handler(user: Any, service_request: ServiceRequest) -> bool:
    """What concerns other tiers, or other requests, is not decided by a grid worker in his grid."""
    return scope_of(user).holds_at(Power.HANDLE, service_request.handler_id)


def can_ask(user: Any, service_request: ServiceRequest) -> bool:
    has_asker = not (service_request.is_part or service_request.is_proactive)
    return has_asker and can_handle(user, service_request)


def can_merge(user: Any, service_request: ServiceRequest) -> bool:
    """The handler; what nobody has verified yet is merged by those who verify."""
    if service_request.is_part:
        return False
    if service_request.accepted_at is None:
        return can_verify(user, service_request)
    return _sits_at_handler(user, service_request)


def can_unmerge(user: Any, service_request: ServiceRequest) -> bool:
    """The handler; the platform, when the request that it was merged into came to nothing."""
    return user is None or _sits_at_handler(user, service_request)


def can_split(user: Any, service_request: ServiceRequest) -> bool:
    return not service_request.is_part and _sits_at_handler(user, service_request)


def can_begin_part(user: Any, service_request: ServiceRequest) -> bool:
    return service_request.is_part and _sits_at_handler(user, service_request)


def can_complete(user: Any, service_request: ServiceRequest) -> bool:
    return service_request.is_part and can_handle(user, service_request)


def can_resolve(user: Any, service_request: ServiceRequest) -> bool:
    return not service_request.is_part and can_handle(user, service_request)


def can_extend(user: Any, service_request: ServiceRequest) -> bool:
    return _sits_at_handler(user, service_request)


def can_explain(user: Any, service_request: ServiceRequest) -> bool:
    return not service_request.is_part and _sits_at_handler(user, service_request)


def can_escalate(user: Any, service_request: ServiceRequest) -> bool:
    """Not at the district: there is no tier above it in the tree."""
    return service_request.tier_above_id is not None and _sits_at_handler(user, service_request)


def _handles_above_community(user: Any, service_request: ServiceRequest) -> bool:
    return service_request.handler_id != service_request.community_id and _sits_at_handler(
        user, service_request
    )


def can_hand_down(user: Any, service_request: ServiceRequest) -> bool:
    """The first time at will, afterwards with the consent of the tier above."""
    return service_request.handed_down == 0 and _handles_above_community(user, service_request)


def can_propose_hand_down(user: Any, service_request: ServiceRequest) -> bool:
    return service_request.handed_down > 0 and _handles_above_community(user, service_request)


def can_consent(user: Any, service_request: ServiceRequest) -> bool:
    """The tier above: its leader in charge, or those who verify there; at the district its leader in charge."""
    where = service_request.consent_at_id
    if user is None or where is None:
        return False
    scope = scope_of(user)
    is_above = where != service_request.handler_id
    return scope.holds_at(Power.CONSENT, where) or (is_above and scope.holds_at(Power.VERIFY, where))


def can_consent_to_extend(user: Any, service_request: ServiceRequest) -> bool:
    return service_request.consent_kind == ConsentKind.EXTEND and can_consent(user, service_request)


def can_consent_to_explain(user: Any, service_request: ServiceRequest) -> bool:
    return service_request.consent_kind == ConsentKind.EXPLAINED and can_consent(user, service_request)


def can_consent_to_hand_down(user: Any, service_request: ServiceRequest) -> bool:
    return service_request.consent_kind == ConsentKind.HAND_DOWN and can_consent(user, service_request)


def can_supervise(user: Any, service_request: ServiceRequest) -> bool:
    """Any tier above the handler, the city included (RULES 1)."""
    above = service_request.tiers_above_ids
    return any(
        grant.seat is Seat.CITY or grant.organization_id in above
        for grant in scope_of(user).with_power(Power.SUPERVISE)
    )


def can_note(user: Any, service_request: ServiceRequest) -> bool:
    """Whoever handles it, and the tiers above that watch it."""
    return can_handle(user, service_request) or can_supervise(user, service_request)


def can_contact(user: Any, service_request: ServiceRequest) -> bool:
    """There is nobody to be contacted where nobody asked."""
    if service_request.is_proactive:
        return False
    if can_handle(user, service_request) or any(may(user, service_request) for may in contactors):
        return True
    return is_dispatched_to(user, service_request)


def is_dispatched_to(user: Any, service_request: ServiceRequest) -> bool:
    """Whether the user answers a dispatch of this request that was signed. One query for those who answer any."""
    if not scope_of(user).has(Power.ANSWER_DISPATCH, Power.HANDLE):
        return False
    signed = Dispatch.objects.sent_to(user).filter(state=DispatchState.ACCEPTED)
    return signed.filter(service_request=service_request).exists()


# Dispatches


def sends(user: Any, dispatch: Dispatch) -> bool:
    """Whoever dispatches at the present handler: when the request went up, its dispatches followed."""
    return can_dispatch(user, dispatch.service_request)


def answers(user: Any, dispatch: Dispatch) -> bool:
    """Case officers of the unit; at an organization those who handle requests there."""
    if user is None:
        return False
    scope = scope_of(user)
    if dispatch.unit_id is None:
        return scope.holds_at(Power.HANDLE, dispatch.organization_id)
    return any(grant.unit_id == dispatch.unit_id for grant in scope.with_power(Power.ANSWER_DISPATCH))


def can_reveal_phone(user: Any, service_request: ServiceRequest) -> bool:
    return not service_request.is_proactive and covers(user, Power.REVEAL, service_request)


def sees_name(user: Any, service_request: ServiceRequest) -> bool:
    """Whether the submitter's name may be shown, not the surname only (RULES 5: in sight, or in sight masked)."""
    return covers(user, Power.REQUESTS_SEE, service_request)


def verifiers(organization: Organization) -> QuerySet[User]:
    """The people who verify requests at a node: they are told of new ones."""
    return User.objects.filter(
        appointments__in=_held_at(organization, Power.VERIFY), is_active=True
    ).distinct()


def handlers(service_request: ServiceRequest) -> QuerySet[User]:
    """Who may be made responsible: the staff of the handler, those on duty in the grid who are not away (N6)."""
    at_handler = Q(appointments__in=_held_at(service_request.handler, Power.HANDLE))
    if service_request.grid_id and service_request.handler_id == service_request.community_id:
        lines = {service_request.grid_id}
        if service_request.grid and service_request.grid.parent_id:
            lines.add(service_request.grid.parent_id)
        duties = present(GridDuty.objects.in_force().filter(grid__in=lines))
        at_handler |= Q(appointments__in=Appointment.objects.in_force().filter(grid_duties__in=duties))
    people = User.objects.filter(at_handler, is_active=True)
    if not service_request.is_proactive:
        people = people.exclude(pk=service_request.submitter_id)
    return people.distinct().order_by("name", "pk")


def deciders(organization: Organization, *, is_above: bool) -> QuerySet[User]:
    """Who may consent at a tier: the leader in charge, and those who verify where the tier is above the handler."""
    held = _held_at(organization, Power.CONSENT)
    if is_above:
        held = held | _held_at(organization, Power.VERIFY)
    return User.objects.filter(appointments__in=held, is_active=True).distinct()


def leaders_at(organization: Organization) -> QuerySet[User]:
    """分管领导 of a node."""
    return User.objects.filter(
        appointments__in=_held_at(organization, Power.CONSENT), is_active=True
    ).distinct()


def officers_of(dispatch: Dispatch) -> QuerySet[User]:
    """Who answers a dispatch: the unit's case officers, or those who verify at the organization."""
    return officers_at(unit=dispatch.unit_id, organization=dispatch.organization)


def officers_at(*, unit: Any = None, organization: Organization | None = None) -> QuerySet[User]:
    """The same before anything was sent there."""
    if organization is not None:
        return verifiers(organization)
    posts = posts_with(Power.ANSWER_DISPATCH, Seat.UNIT)
    held = Appointment.objects.in_force().filter(unit=unit, post__in=posts)
    return User.objects.filter(appointments__in=held, is_active=True).distinct()


def _held_at(organization: Organization, power: Power) -> QuerySet[Appointment]:
    """The appointments in force at a node whose post has the power there, grid posts left out."""
    posts = posts_with(power, Tier(organization.tier))
    return Appointment.objects.in_force().filter(organization=organization, post__in=posts)


def posts_with(power: Power, tier: Tier | Seat) -> list[Post]:
    return [
        post
        for (post, seat), powers in POWERS.items()
        if seat == tier and power in powers and post not in GRID_POSTS
    ]
