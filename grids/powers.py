"""Who may do what with the registry (RULES 5). Sight is a queryset (`visible_to`); these are asked afterwards."""

from __future__ import annotations

from typing import Any

from grids.models import Building, Dwelling, Household, Resident
from grids.scope import covers
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of

Row = Building | Dwelling | Household | Resident


def can_see_registry(user: Any) -> bool:
    """Whether there are any people whose (masked) registry is in sight."""
    return scope_of(user).has(Power.REGISTRY_SEE)


def can_change(user: Any, row: Row) -> bool:
    """Community staff in the community, grid workers in their grids. `by=None` is the system itself."""
    return user is None or covers(user, Power.REGISTRY_CHANGE, row)


def can_change_all_of(user: Any, community: Organization) -> bool:
    """Import, merge across grids, people without a dwelling: whoever changes the whole registry of a community."""
    return user is None or scope_of(user).holds_at(Power.REGISTRY_CHANGE, community.pk)


def can_reveal(user: Any, row: Any) -> bool:
    return covers(user, Power.REVEAL, row)


def can_export(user: Any, community: Organization) -> bool:
    return scope_of(user).holds_at(Power.EXPORT_PERSONAL, community.pk)


def sees_counts_only(user: Any) -> bool:
    """Streets, districts and the city: the registry is open to them as counts per grid."""
    scope = scope_of(user)
    return scope.has(Power.TREE_SEE) and not scope.has(Power.REGISTRY_SEE, Power.REGISTRY_NAMES)
