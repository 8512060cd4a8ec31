"""What the territory does, and what it refuses, when the tree changes."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from grids.models import Building, Compound, Dwelling, Grid, Household, Resident
from ground.errors import RuleViolation
from organizations.models import Organization
from organizations.posts import Tier
from organizations.signals import organization_closing, organization_moved


@receiver(organization_moved)
def territory_follows(sender: Any, node: Organization, **kwargs: Any) -> None:
    """Scope columns follow; a branch or group does not leave the community that its grids lie in."""
    for model in (Grid, Compound, Building, Dwelling, Household, Resident):
        model.follow(node)
    if node.tier > Tier.COMMUNITY:
        _refuse_leaving_the_grids(node)


@receiver(organization_closing)
def refuse_while_grids_need_it(sender: Any, node: Organization, **kwargs: Any) -> None:
    grids = Grid.objects.filter(branch=node).count()
    buildings = Building.objects.filter(group=node).count()
    compounds = Compound.objects.filter(branch=node).count()
    if compounds:
        raise RuleViolation(f"“{node}”还覆盖着 {compounds} 个小区，请先给这些小区换党组织。")
    if grids:
        raise RuleViolation(f"“{node}”建在 {grids} 个网格上，请先给这些网格换党组织。")
    if buildings:
        raise RuleViolation(f"“{node}”还管着 {buildings} 栋楼，请先给这些楼换党小组。")


def _refuse_leaving_the_grids(node: Organization) -> None:
    below = node.get_descendants(include_self=True).order_by().values("pk")
    community = node.at_tier(Tier.COMMUNITY)
    left_behind = Grid.objects.filter(branch__in=below).exclude(community=community).count()
    left_behind += Building.objects.filter(group__in=below).exclude(community=community).count()
    left_behind += Compound.objects.filter(branch__in=below).exclude(community=community).count()
    if left_behind:
        raise RuleViolation(f"“{node}”的网格、小区和楼栋还在原来的社区，请先调整它们（{left_behind} 处）。")
