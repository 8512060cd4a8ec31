"""Which part of the territory a page is about: as far as the posts reach, narrowed by what stands in the URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.http import Http404

from grids.models import Grid, TerritoryPolicy
from grids.scope import grid_ids, reach
from organizations.models import Organization
from organizations.posts import Power, Seat, Tier
from organizations.scope import NOTHING, scope_of

#: So many communities are offered at once; where there are more, a street is chosen first.
FEW = 60
#: Names of the filters in the URL, the widest first.
FILTERS = ("district", "street", "community", "grid")

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Area:
    """Where the posts of `user` that hold `power` reach, inside the chosen district, street, community and grid.

    Whoever reaches one community only has it chosen without asking. `query` is what stands in the URL.
    """

    user: Any
    power: Power = Power.TREE_SEE
    district: Organization | None = None
    street: Organization | None = None
    community: Organization | None = None
    grid: Grid | None = None
    nodes: tuple[Organization, ...] = ()  # districts, streets and communities in reach, as the tree stands
    grids: tuple[Grid, ...] = ()  # of the community, in reach, by tier and code
    query: Mapping[str, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    def rows(self, grid: str = "grid", prefix: str = "") -> Q:
        """The condition on rows with scope columns and a grid ("pk" for grids themselves)."""
        return reach(self.user, self.power, grid=grid, prefix=prefix) & self._narrowing(grid, prefix)

    def placed(self, prefix: str = "") -> Q:
        """The condition on rows with scope columns but no grid: units."""
        if self.grid is not None:
            return NOTHING
        return scope_of(self.user).rows(self.power, prefix=prefix) & self._narrowing("", prefix)

    def _narrowing(self, grid: str, prefix: str) -> Q:
        if self.grid is not None:
            return Q(**{f"{prefix}{grid}__in": self.inside(self.grid.pk)})
        for name in ("community", "street", "district"):
            node = getattr(self, name)
            if node is not None:
                return Q(**{f"{prefix}{name}_id": node.pk})
        return Q()

    def inside(self, grid_id: int) -> set[int]:
        """A grid of the community and those inside it."""
        found = {grid_id}
        for grid in self.grids:  # by tier: parents come before their children
            if grid.parent_id in found:
                found.add(grid.pk)
        return found

    def holds_whole(self, node: Organization) -> bool:
        """Whether a node lies in the chosen place, and all of it is in reach, not only some of its grids."""
        if self.grid is not None or not (self.here is None or is_below(node, self.here)):
            return False
        return any(
            grant.seat is Seat.CITY or (not grant.is_narrowed_to_grids and _is_inside(node, *grant.interval))
            for grant in scope_of(self.user).with_power(self.power)
        )

    def looking(self, power: Power) -> Area:
        """The same place, as far as another power reaches. What was counted for this one is not taken over."""
        return self if power is self.power else replace(self, power=power, kept={})

    def memo(self, key: str, count: Callable[[], Found]) -> Found:
        """Counted once a page, whichever list asks."""
        if key not in self.kept:
            self.kept[key] = count()
        return self.kept[key]

    def policy(self, district_id: int) -> TerritoryPolicy:
        """What holds in a district; of all districts in reach in one query. The defaults where nothing is signed."""
        signed = self.memo("policies", self._policies)
        return signed.setdefault(district_id, TerritoryPolicy(district_id=district_id))

    def _policies(self) -> dict[int, TerritoryPolicy]:
        return TerritoryPolicy.in_force_in({node.tree_id for node in self.nodes})  # the key of the root

    @property
    def here(self) -> Organization | None:
        """The smallest node that is chosen; None: everything in reach."""
        return self.community or self.street or self.district

    @property
    def name(self) -> str:
        if self.grid is not None:
            return self.grid.name
        return name_of(self.here) if self.here else "全市"


def name_of(node: Organization) -> str:
    return node.short_name or node.name


def area_of(user: Any, query: Mapping[str, str] | None = None) -> Area:
    """The area of a page. Three queries. A place that is out of sight raises Http404; what makes no sense, and a
    community outside the chosen street (the street was just changed), is left out."""
    query = query or {}
    nodes = tuple(_nodes_in_reach(user))
    chosen: dict[str, Organization | None] = {}
    above: Organization | None = None
    for name, tier in (
        ("district", Tier.DISTRICT),
        ("street", Tier.STREET),
        ("community", Tier.COMMUNITY),
    ):
        node = _chosen(query.get(name), [node for node in nodes if node.tier == tier], above, nodes)
        chosen[name] = node
        above = node or above
    community = chosen["community"]
    grids = tuple(_grids_in_reach(user, community)) if community else ()
    return Area(
        user=user,
        district=chosen["district"],
        street=chosen["street"],
        community=community,
        nodes=nodes,
        grids=grids,
        grid=_chosen_grid(query.get("grid"), grids, user),
        query=query,
    )


def _nodes_in_reach(user: Any) -> QuerySet[Organization]:
    """The open nodes down to the community, those around the own grids among them."""
    scope = scope_of(user)
    wide = [grant for grant in scope.with_power(Power.TREE_SEE) if not grant.is_narrowed_to_grids]
    if any(grant.seat is Seat.CITY for grant in wide):
        condition = Q()
    else:
        condition = NOTHING
        for grant in wide:
            tree_id, lft, rght = grant.interval
            condition |= Q(tree_id=tree_id, lft__gte=lft, rght__lte=rght)
        if own := grid_ids(user, Power.TREE_SEE):
            around = Grid.objects.filter(pk__in=own).order_by()
            condition |= Q(pk__in=around.values("community"))
    nodes = Organization.objects.open().filter(condition, tier__lte=Tier.COMMUNITY)
    return nodes.order_by("tree_id", "lft")


def _chosen(
    value: str | None,
    nodes: list[Organization],
    above: Organization | None,
    in_reach: tuple[Organization, ...],
) -> Organization | None:
    """The one that the URL names, or the one that holds all that is in reach."""
    below = [node for node in nodes if above is None or is_below(node, above)]
    if value and value.isdecimal():
        found = next((node for node in nodes if node.pk == int(value)), None)
        if found is None:
            raise Http404
        return found if found in below else None
    only = nodes[0] if len(nodes) == 1 else None
    return only if only is not None and all(is_below(node, only) for node in in_reach) else None


def is_below(node: Organization, above: Organization) -> bool:
    return _is_inside(node, above.tree_id, above.lft, above.rght)


def _is_inside(node: Organization, tree_id: int, lft: int, rght: int) -> bool:
    return node.tree_id == tree_id and lft <= node.lft and node.rght <= rght


def _grids_in_reach(user: Any, community: Organization) -> QuerySet[Grid]:
    rows = Grid.objects.visible_to(user).filter(community=community)
    return rows.defer("boundary").order_by("tier", "code")


def _chosen_grid(value: str | None, grids: tuple[Grid, ...], user: Any) -> Grid | None:
    if not value or not value.isdecimal():
        return None
    found = next((grid for grid in grids if grid.pk == int(value)), None)
    if found is None and not Grid.objects.visible_to(user).filter(pk=int(value)).exists():
        raise Http404
    return found


def filters_of(area: Area) -> list[dict[str, Any]]:
    """The selects of the page (`parts/_filter.html`): only where there is something to choose."""
    districts = [node for node in area.nodes if node.tier == Tier.DISTRICT]
    streets = _below(area, Tier.STREET, area.district)
    communities = _below(area, Tier.COMMUNITY, area.street or area.district)
    offered: list[tuple[str, str, list[tuple[int, str]]]] = [
        ("district", "区县", [(node.pk, name_of(node)) for node in districts]),
        ("street", "街镇", [(node.pk, name_of(node)) for node in streets]),
        ("community", "社区", [(node.pk, name_of(node)) for node in communities]),
        ("grid", "网格", [(grid.pk, _indented(grid)) for grid in area.grids if grid.tier > Grid.Tier.FIRST]),
    ]
    return [
        {"name": name, "label": label, "value": _value(area, name), "choices": choices}
        for name, label, choices in offered
        if len(choices) > 1 and not (name == "community" and len(choices) > FEW)
    ]


def _below(area: Area, tier: Tier, above: Organization | None) -> list[Organization]:
    return [node for node in area.nodes if node.tier == tier and (above is None or is_below(node, above))]


def _indented(grid: Grid) -> str:
    return f"　{grid.name}" if grid.tier == Grid.Tier.THIRD else grid.name


def _value(area: Area, name: str) -> int | str:
    chosen = getattr(area, name)
    return chosen.pk if chosen is not None else ""
