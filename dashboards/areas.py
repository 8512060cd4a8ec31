"""What a dashboard is about: a node of the tree, what lies in it, and who may look (RULES 5, "tree and totals")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from grids.scope import grid_ids
from organizations.models import Organization
from organizations.posts import Power, Seat, Tier
from organizations.scope import COLUMNS, NOTHING, scope_of


@dataclass(frozen=True, slots=True)
class Area:
    """A node, or the whole city where `node` is None, and the conditions that its rows satisfy.

    requests: on ServiceRequest; entries: on LedgerEntry; grids: on Grid.
    """

    node: Organization | None
    requests: Q
    entries: Q
    grids: Q

    @property
    def name(self) -> str:
        return "全市" if self.node is None else self.node.short_name or self.node.name

    @property
    def goes_by_grid(self) -> bool:
        """From the community down, the rows of the table are grids."""
        return self.node is not None and self.node.tier >= Tier.COMMUNITY


def nodes_in_sight(user: Any) -> QuerySet[Organization]:
    """The open nodes whose totals `user` may see; grid workers see those of their grids' branches."""
    reach = NOTHING
    for grant in scope_of(user).with_power(Power.TREE_SEE):
        if grant.seat is Seat.CITY:
            return Organization.objects.open()
        if not grant.is_narrowed_to_grids:
            tree_id, lft, rght = grant.interval
            reach |= Q(tree_id=tree_id, lft__gte=lft, rght__lte=rght)
    narrowed = [grant for grant in scope_of(user).with_power(Power.TREE_SEE) if grant.is_narrowed_to_grids]
    if narrowed and (ids := grid_ids(user, Power.TREE_SEE)):
        reach |= Q(grids__in=ids)
    return Organization.objects.open().filter(reach).distinct()


def top_of(user: Any) -> Organization | None:
    """The user's own top node; None for city posts over several districts. Raises Http404 without a post."""
    if sees_city(user):
        roots = list(Organization.objects.open().filter(tier=Tier.DISTRICT)[:2])
        if len(roots) != 1:
            return None
        return roots[0]
    node = nodes_in_sight(user).order_by("tier", "tree_id", "lft").first()
    if node is None:
        raise Http404
    return node


def sees_city(user: Any) -> bool:
    return any(grant.seat is Seat.CITY for grant in scope_of(user).with_power(Power.TREE_SEE))


def area_of(node: Organization | None) -> Area:
    """The conditions of a node, by its tier: scope columns, grid branches, building groups."""
    if node is None:
        return Area(None, Q(), Q(), Q())
    column = COLUMNS.get(Tier(node.tier))
    if column:
        by_column = Q(**{f"{column}_id": node.pk})
        return Area(node, by_column, by_column, by_column)
    if node.tier == Tier.GRID_BRANCH:
        branch = _inside("grid__branch", node)
        return Area(node, branch, _inside("whistle__grid__branch", node), _inside("branch", node))
    group = _inside("building__group", node)
    return Area(node, group, _inside("whistle__service_request__building__group", node), NOTHING)


def _inside(path: str, node: Organization) -> Q:
    return Q(
        **{f"{path}__tree_id": node.tree_id, f"{path}__lft__gte": node.lft, f"{path}__rght__lte": node.rght}
    )
