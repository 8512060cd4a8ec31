"""Who may change the tree and appoint (RULES 5): strictly below the seat, so nobody changes his own node."""

from __future__ import annotations

from typing import Any

from organizations.models import Organization
from organizations.posts import Power, Seat
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
