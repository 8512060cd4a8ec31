"""A node and what is around it: the line above, what lies right below, and its peers. Two queries at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Aggregate, Case, F, JSONField, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast

from dashboards.areas import Area
from dashboards.models import RollupState
from dashboards.places import of_grid, of_node
from grids.models import Grid
from grids.scope import grid_ids
from ground import clock
from ground.kept import A_DAY, A_KEY, Kept
from organizations.models import Organization
from organizations.models.policies import Boards
from organizations.posts import Power, Seat, Tier
from organizations.scope import Scope, scope_of
from requests.models import Category
from volunteers.leaderboards.sight import saying_boards


@dataclass(frozen=True, slots=True)
class Line:
    """What lies right below: a node, or a grid. `is_open`: its own page is in sight."""

    name: str
    place: str
    node_id: int | None = None
    grid_id: int | None = None
    note: str = ""
    is_open: bool = False
    tier: int = 0  # of the node


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`as_of`: the moment of the last round, None before the first. `boards`: what the district's policy shows.

    `splits`: the lines share the rows of the node out among them, so that what is left over belongs to none.
    `categories`: id → name, closed ones too. `peers`: keys of the other places that the node is compared with, within
    `peers_of`.
    """

    place: str
    as_of: datetime | None
    trail: list[Organization] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    rest: str = ""
    splits: bool = True
    peers: list[str] = field(default_factory=list)
    peers_of: str = ""
    boards: str = Boards.OFF
    categories: dict[str, str] = field(default_factory=dict)
    sees: Callable[[Organization], bool] = lambda node: False


def name_of(node: Organization) -> str:
    return node.short_name or node.name


def around(user: Any, area: Area) -> Surroundings:
    """The surroundings of an area, as `user` may open them."""
    sees = _sight(user)
    node = area.node
    if node is None:
        return _of_city(sees)
    found = _found(node)
    here = next(each for each in found if each.pk == node.pk)
    trail = [each for each in found if each.lft <= node.lft and each.rght >= node.rght and _is_in(each, node)]
    children = [each for each in found if each.parent_id == node.pk and each.closed_at is None]
    peers, peers_of = _peers(node, trail, found)
    lines = [_of_node(child, sees) for child in children if node.tier != Tier.COMMUNITY]
    if node.tier in (Tier.COMMUNITY, Tier.GRID_BRANCH):
        lines += _grid_lines(user, area, sees)
    return Surroundings(
        place=of_node(node.pk),
        as_of=here.as_of,
        trail=trail,
        lines=lines,
        rest=_RESTS.get(Tier(node.tier), "未归到下级"),
        splits=node.tier != Tier.GRID_BRANCH,  # its groups and its grids each hold all of it
        peers=peers,
        peers_of=peers_of,
        boards=here.boards_shown,
        categories=here.categories or {},
        sees=sees,
    )


def _of_city(sees: Callable[[Organization], bool]) -> Surroundings:
    districts = _DISTRICTS(today=clock.today())
    first = districts[0] if districts else None
    return Surroundings(
        of_node(None),
        first.as_of if first else None,
        lines=[_of_node(each, sees) for each in districts],
        rest="其他",
        categories=(first.categories or {}) if first else {},
        sees=sees,
    )


class _Names(Aggregate):
    """All rows as one JSON object."""

    function = "jsonb_object_agg"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_group_object", **more)


def _nodes(which: Q, today: date, once: Organization | None = None) -> Any:
    """Nodes with `as_of` and `boards_shown`, and the names of the categories at `once` (None: at each): none of
    them costs a query of its own."""
    moment = RollupState.objects.filter(pk=1).values("as_of")[:1]
    all_of_them = Category.objects.order_by().annotate(all=Value(1)).values("all")
    names = Subquery(all_of_them.annotate(names=_Names(Cast("pk", TextField()), F("name"))).values("names"))
    at = names if once is None else Case(When(pk=once.pk, then=names), output_field=JSONField())
    return saying_boards(Organization.objects.filter(which), today).annotate(
        as_of=Subquery(moment), categories=at
    )


def _around(node: Organization) -> Q:
    above = Q(tree_id=node.tree_id, lft__lte=node.lft, rght__gte=node.rght)
    return above | Q(parent=node.pk, closed_at=None) | (_peers_of(node) & Q(closed_at=None))


def _found(node: Organization) -> list[Any]:
    """Everything around a node in the order of the tree."""
    values = {name: getattr(node, name) for name in _PLACED | _WITHIN.get(Tier(node.tier), {})}
    return _AROUND[Tier(node.tier)](**values, today=clock.today())


def _kept_around(tier: Tier) -> Kept[Organization]:
    def build(today: date, **placed: int) -> QuerySet[Organization]:
        node = Organization(tier=tier, **placed)
        return _nodes(_around(node), today, node).order_by("tree_id", "lft")

    return Kept(build, **_PLACED, **_WITHIN.get(tier, {}), today=A_DAY)


def _is_in(above: Organization, node: Organization) -> bool:
    return above.tree_id == node.tree_id


# Peers


def _peers_of(node: Organization) -> Q:
    """The districts of a city; streets and communities of a district; below them: cousins, the branches of a
    street, the groups of a community. Duty zones have no figures to compare."""
    if node.tier == Tier.DISTRICT:
        return Q(tier=Tier.DISTRICT)
    if node.tier <= Tier.COMMUNITY:
        return Q(tier=node.tier, tree_id=node.tree_id)
    if node.tier == Tier.DUTY_ZONE:
        return Q(pk__in=[])
    above = Organization.objects.filter(pk=node.parent_id).order_by().values("parent")[:1]
    return Q(tier=node.tier, parent__parent=Subquery(above))


#: What is asked of a node: where it lies, and below communities what it lies in.
_PLACED = {name: A_KEY + number for number, name in enumerate(("pk", "tree_id", "lft", "rght"))}
_WITHIN = {tier: {"parent_id": A_KEY + len(_PLACED)} for tier in (Tier.GRID_BRANCH, Tier.BUILDING_GROUP)}
_AROUND = {tier: _kept_around(tier) for tier in Tier}
_DISTRICTS = Kept(
    lambda today: _nodes(Q(tier=Tier.DISTRICT, closed_at=None), today).order_by("code", "tree_id"),
    today=A_DAY,
)


def _peers(node: Organization, trail: list[Organization], found: list[Organization]) -> tuple[list[str], str]:
    others = [
        each
        for each in found
        if each.tier == node.tier and each.closed_at is None and each.pk != node.pk and each.parent_id != node.pk
        and each not in trail
    ]  # fmt: skip
    return [of_node(each.pk) for each in others], f"{_within(node, trail)}{len(others) + 1} 个{_kind(node)}"


def _within(node: Organization, trail: list[Organization]) -> str:
    if node.tier == Tier.DISTRICT:
        return "全市 "
    if node.tier <= Tier.COMMUNITY:
        return f"{name_of(trail[0])} "
    return f"{name_of(trail[-3])} " if len(trail) > 2 else ""


_RESTS = {Tier.COMMUNITY: "社区本级", Tier.BUILDING_GROUP: "未分到责任区"}
_KINDS = {
    Tier.DISTRICT: "区（县）",
    Tier.STREET: "街道（镇）",
    Tier.COMMUNITY: "社区（村）",
    Tier.GRID_BRANCH: "网格党支部",
    Tier.BUILDING_GROUP: "楼栋党小组",
    Tier.DUTY_ZONE: "党员责任区",
}


def _kind(node: Organization) -> str:
    return _KINDS[Tier(node.tier)]


def child_word(area: Area, lines: list[Line]) -> str:
    """What the lines are, for the heading of their table."""
    if area.node is None:
        return _KINDS[Tier.DISTRICT]
    if area.node.tier == Tier.COMMUNITY:
        return "网格"
    if area.node.tier == Tier.GRID_BRANCH:
        return "党小组和网格" if any(line.node_id and not line.grid_id for line in lines) else "网格"
    return {Tier.DISTRICT: "街道（镇）", Tier.STREET: "社区（村）"}.get(Tier(area.node.tier), "责任区")


# Lines


def _of_node(node: Organization, sees: Callable[[Organization], bool]) -> Line:
    return Line(name_of(node), of_node(node.pk), node_id=node.pk, is_open=sees(node), tier=node.tier)


def _grid_lines(user: Any, area: Area, sees: Callable[[Organization], bool]) -> list[Line]:
    """Grids of the second tier, with those of the third inside them counted on theirs. One query."""
    node, here = area.node, area.node and area.node.pk
    is_community = node is not None and node.tier == Tier.COMMUNITY
    grids = _GRIDS_OF_COMMUNITY(community=here) if is_community else list(_grids(area.grids))
    own = grid_ids(user, Power.TREE_SEE)
    lines = [_grid_line(grid, sees, own) for grid in grids if _is_a_line(grid, grids)]
    return [replace(line, is_open=False) if line.node_id == here else line for line in lines]


def _grids(where: Q) -> QuerySet[Grid]:
    return Grid.objects.filter(where).select_related("branch").defer("boundary").order_by("tier", "code")


_GRIDS_OF_COMMUNITY = Kept(lambda community: _grids(Q(community=community)), community=A_KEY)


def _is_a_line(grid: Grid, grids: list[Grid]) -> bool:
    """The community's own first-tier grid is none, unless there is no other; nor is what lies in another line."""
    top = min((each.tier for each in grids if each.tier > Grid.Tier.FIRST), default=Grid.Tier.FIRST)
    if grid.tier < top:
        return False
    return grid.tier == top or grid.parent_id not in {each.pk for each in grids if each.tier >= top}


def _grid_line(grid: Grid, sees: Callable[[Organization], bool], own: set[int]) -> Line:
    branch = grid.branch
    is_open = branch is not None and branch.closed_at is None and (sees(branch) or grid.pk in own)
    note = name_of(branch) if branch else "还没有党支部"
    return Line(grid.name, of_grid(grid.pk), grid.branch_id, grid.pk, note, is_open)


# Sight


def _sight(user: Any) -> Callable[[Organization], bool]:
    """Whether a node's totals are in sight: `areas.nodes_in_sight` for nodes at hand, without a query.

    Those whom a duty narrows to grids have only the branches of their grids, which are lines of their own.
    """
    scope = scope_of(user)
    return lambda node: sees_node(scope, node, Power.TREE_SEE)


def sees_node(scope: Scope, node: Organization, *powers: Power) -> bool:
    for grant in scope.with_power(*powers):
        if grant.seat is Seat.CITY:
            return True
        tree_id, lft, rght = grant.interval
        if (
            not grant.is_narrowed_to_grids
            and node.tree_id == tree_id
            and lft <= node.lft
            and node.rght <= rght
        ):
            return True
    return False
