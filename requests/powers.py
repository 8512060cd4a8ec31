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
from organizations.posts import GRID_POSTS, POWERS, Post, Power, Tier
from organizations.scope import scope_of
from requests.models import ServiceRequest

#: Predicates (user, service_request) of the floors above: who else may mark a contact (claimants, units).
contactors: list[Callable[[Any, ServiceRequest], bool]] = []


def is_submitter(user: Any, service_request: ServiceRequest) -> bool:
    return user is not None and user.pk is not None and service_request.submitter_id == user.pk


def can_submit(user: Any, service_request: ServiceRequest) -> bool:
    """Anyone with an account for himself; for another, whoever handles requests at that place (代点)."""
    if user is None or not user.is_active:
        return False
    return is_submitter(user, service_request) or covers(user, Power.HANDLE, service_request)


def can_add(user: Any, service_request: ServiceRequest) -> bool:
    return is_submitter(user, service_request)


def can_withdraw(user: Any, service_request: ServiceRequest) -> bool:
    return is_submitter(user, service_request)


def can_rate(user: Any, service_request: ServiceRequest) -> bool:
    """The submitter, unless it was his to handle (RULES 0: nobody rates what is his own work)."""
    return is_submitter(user, service_request) and service_request.responsible_id != user.pk


def can_verify(user: Any, service_request: ServiceRequest) -> bool:
    return scope_of(user).holds_at(Power.VERIFY, service_request.handler_id)


def can_whistle(user: Any, service_request: ServiceRequest) -> bool:
    return scope_of(user).holds_at(Power.WHISTLE, service_request.handler_id)


def can_handle(user: Any, service_request: ServiceRequest) -> bool:
    """Who holds the power at the handler; a grid worker in his own grid while the community handles it."""
    if scope_of(user).holds_at(Power.HANDLE, service_request.handler_id):
        return True
    if service_request.grid_id is None or service_request.handler_id != service_request.community_id:
        return False
    return service_request.grid_id in grid_ids(user, Power.HANDLE)


def can_contact(user: Any, service_request: ServiceRequest) -> bool:
    return can_handle(user, service_request) or any(may(user, service_request) for may in contactors)


def can_reveal_phone(user: Any, service_request: ServiceRequest) -> bool:
    return covers(user, Power.REVEAL, service_request)


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
    people = User.objects.filter(at_handler, is_active=True).exclude(pk=service_request.submitter_id)
    return people.distinct().order_by("name", "pk")


def _held_at(organization: Organization, power: Power) -> QuerySet[Appointment]:
    """The appointments in force at a node whose post has the power there, grid posts left out."""
    posts = _posts_with(power, Tier(organization.tier))
    return Appointment.objects.in_force().filter(organization=organization, post__in=posts)


def _posts_with(power: Power, tier: Tier) -> list[Post]:
    return [
        post
        for (post, seat), powers in POWERS.items()
        if seat == tier and power in powers and post not in GRID_POSTS
    ]
