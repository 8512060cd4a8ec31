"""Who may change the tree and appoint (RULES 5): strictly below the seat, so nobody changes his own node."""

from __future__ import annotations

from typing import Any

from accounts.powers import administers
from organizations.models import Appointment, Organization, Unit
from organizations.posts import Post, Power, Seat, Tier
from organizations.scope import scope_of


def can_change_node(user: Any, node: Organization) -> bool:
    """Rename, move, close: the power is held above the node. `user=None` is a command."""
    return user is None or _is_seated(user, {line.pk for line in node.get_ancestors()})


def can_plant_under(user: Any, parent: Organization | None) -> bool:
    """Plant: the power is held at the parent or above it; a new district takes the city."""
    if user is None:
        return True
    line = parent.get_ancestors(include_self=True) if parent is not None else ()
    return _is_seated(user, {node.pk for node in line})


def _is_seated(user: Any, organization_ids: set[int]) -> bool:
    scope = scope_of(user)
    grants = scope.with_power(Power.TREE_CHANGE)
    if any(grant.seat is Seat.CITY for grant in grants):
        return True
    return bool(scope.seats(Power.TREE_CHANGE) & organization_ids)


#: Whom a community appoints at itself (RULES 5: grid workers are appointed at the community).
OWN_STAFF = frozenset({Post.COMMUNITY_WORKER, Post.GRID_WORKER, Post.GRID_LEADER, Post.COOPTED})


def can_appoint(
    user: Any,
    post: str,
    *,
    organization: Organization | None = None,
    unit: Unit | None = None,
    at_city: bool = False,
) -> bool:
    """Appoint to, and end, a post: strictly below the seat; a community its own staff; units in one's reach.

    City posts are the first ones of a deployment: the system administrator gives them, who has none himself.
    """
    if user is None:
        return True
    if at_city:
        return administers(user)
    if unit is not None:
        return scope_of(user).reaches(Power.TREE_CHANGE, unit)
    if organization is None:
        return False
    is_own_staff = organization.tier == Tier.COMMUNITY and post in OWN_STAFF
    return can_change_node(user, organization) or (
        is_own_staff and scope_of(user).holds_at(Power.TREE_CHANGE, organization.pk)
    )


def can_end(user: Any, appointment: Appointment) -> bool:
    """Whoever may appoint to a post may end it."""
    return can_appoint(
        user,
        appointment.post,
        organization=appointment.organization,
        unit=appointment.unit,
        at_city=appointment.at_city,
    )
