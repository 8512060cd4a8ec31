"""What the registry's forms and calls offer to choose from, where that is more, or less, than what is in sight."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from grids.scope import reach
from organizations.models import Member, Organization, Unit
from organizations.posts import Power, Tier
from organizations.scope import NOTHING, scope_of


def nodes_below(user: Any) -> QuerySet[Organization]:
    """Party organizations below the communities whose registry somebody changes: for a grid worker too, who sees
    the community's own node only."""
    below = NOTHING
    for grant in scope_of(user).with_power(Power.REGISTRY_CHANGE):
        tree_id, lft, rght = grant.interval
        below |= Q(tree_id=tree_id, lft__gte=lft, rght__lte=rght)
    return Organization.objects.open().filter(below, tier__gt=Tier.COMMUNITY)


def units_to_choose(user: Any) -> QuerySet[Unit]:
    """Units by name: property companies of the whole district, because they work in many communities; of the rest
    those of the district or street, and of one's own communities."""
    grants = scope_of(user).with_power(Power.REGISTRY_CHANGE)
    own = Q(kind=Unit.Kind.PROPERTY) | Q(community=None)
    for grant in grants:
        tree_id, lft, rght = grant.interval
        own |= Q(community__tree_id=tree_id, community__lft__lte=lft, community__rght__gte=rght)
    trees = {grant.interval[0] for grant in grants}
    return Unit.objects.filter(own, district__tree_id__in=trees, closed_at=None).order_by("name", "pk")


def contact_members(user: Any) -> QuerySet[Member]:
    """联户 "1+10" (C5): the members in sight, and those who live in buildings whose registry somebody changes."""
    seen = Member.objects.visible_to(user).order_by().values("pk")
    living_here = Member.objects.filter(reach(user, Power.REGISTRY_CHANGE, prefix="home__building__"))
    wanted = Member.objects.filter(Q(pk__in=seen) | Q(pk__in=living_here.values("pk")))
    return wanted.order_by("name", "pk")


def whole_communities(user: Any) -> QuerySet[Organization]:
    """Where somebody may register people who belong to no dwelling, and import: whoever changes all of it."""
    seats = scope_of(user).seats(Power.REGISTRY_CHANGE)
    return Organization.objects.open().filter(pk__in=seats, tier=Tier.COMMUNITY)
