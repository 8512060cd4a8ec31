"""What the forms of the registry offer to choose from, where that is more than what is in sight or less."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from organizations.models import Organization, Unit
from organizations.posts import Power, Tier
from organizations.scope import NOTHING, scope_of


def nodes_below(user: Any) -> QuerySet[Organization]:
    """Party organizations below the communities whose registry somebody changes: for a grid worker too, who sees
    the community's own node only."""
    reach = NOTHING
    for grant in scope_of(user).with_power(Power.REGISTRY_CHANGE):
        tree_id, lft, rght = grant.interval
        reach |= Q(tree_id=tree_id, lft__gte=lft, rght__lte=rght)
    return Organization.objects.open().filter(reach, tier__gt=Tier.COMMUNITY)


def units_of_the_district(user: Any) -> QuerySet[Unit]:
    """Units by name: a property company is at home in the district, and works in many communities."""
    trees = {grant.interval[0] for grant in scope_of(user).with_power(Power.REGISTRY_CHANGE)}
    return Unit.objects.filter(district__tree_id__in=trees, closed_at=None).order_by("name")
