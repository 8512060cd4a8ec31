"""The territory of the demo: the tree of 武江区, 花城社区 with its published figures (H1), a little of the rest."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from desk.demo.outline import Cell, cells, lattice, middle, outline_of, patchwork, ring_of
from grids.models import Building, Compound, Grid
from ground.geo import Point
from organizations import divisions, tree
from organizations.models import Organization
from organizations.posts import Tier

DIVISIONS = Path(__file__).with_name("divisions.csv")
DISTRICT, HUACHENG, NEIGHBOUR = "440203", "440203001021", "440203001004"

#: Two compounds to a grid, eight buildings to a compound: 6 grids, 96 buildings.
COMPOUNDS = (
    ("锦绣花园", "电厂宿舍"),
    ("新华苑", "教师新村"),
    ("丽景湾", "芙蓉里"),
    ("沿江小区", "百合花园"),
    ("工业新村", "供销大院"),
    ("御景台", "榕树里"),
)
#: 85 building groups over 6 branches: the last houses of a branch share one.
GROUPS = (15, 14, 14, 14, 14, 14)
LIGHT_COMPOUNDS = ("和顺苑", "建安小区", "桥头新村", "金桂园", "文昌里", "祥和居")
#: The last house of a grid is looked after by a member of its own, below the group that it shares.
LAST = 15
NUMBERS = "一二三四五六"
#: The land of 36 communities, degrees: towns with room in the west, streets in the east; 花城社区 is about 1.2 by
#: 0.9 kilometres large. A street's communities lie side by side: up one column, down the next.
WEST, SOUTH = 113.4980, 24.7714
WIDTHS, HEIGHTS = (0.0270, 0.0200, 0.0150, 0.0140, 0.0120, 0.0120), (0.0084,) * 6
STREETS_FROM_THE_WEST = (
    "440203103",
    "440203104",
    "440203102",
    "440203100",
    "440203101",
    "440203001",
    "440203002",
)
CENTRE = (4, 3)  # where 花城社区 lies

Row = TypeVar("Row", Grid, Compound, Building)


@dataclass
class Community:
    """What the demo knows about one community."""

    node: Organization
    grids: list[Grid] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)

    def branches(self) -> list[Organization]:
        return [grid.branch for grid in self.grids if grid.branch is not None]


@dataclass
class Land:
    """The tree and the territory."""

    district: Organization
    streets: list[Organization]
    communities: dict[str, Community]
    groups: list[Organization]

    @property
    def huacheng(self) -> Community:
        return self.communities[HUACHENG]

    def others(self) -> list[Community]:
        return [place for code, place in self.communities.items() if code != HUACHENG]


def settle(chance: random.Random) -> Land:
    """Plant the tree and lay out grids, compounds and buildings."""
    nodes = _plant()
    by_code = {node.code: node for node in nodes if node.code}
    below = {node.pk: [child for child in nodes if child.parent_id == node.pk] for node in nodes}
    streets = [node for node in nodes if node.tier == Tier.STREET]
    land = Land(by_code[DISTRICT], streets, {}, [n for n in nodes if n.tier == Tier.BUILDING_GROUP])
    communities = [node for node in nodes if node.tier == Tier.COMMUNITY]
    lie = _cells_of(communities)
    for number, node in enumerate(communities):
        branches, cell = below[node.pk], lie[node.code]
        if node.code == HUACHENG:
            land.communities[node.code] = _settle_huacheng(node, branches, below, cell, chance)
        else:
            land.communities[node.code] = _settle_lightly(node, branches, number, cell, chance)
    return land


def _cells_of(communities: list[Organization]) -> dict[str, Cell]:
    """Where each community lies, by its code; 花城社区 changes places with whoever came to the centre."""
    land = patchwork(WEST, SOUTH, WIDTHS, HEIGHTS)
    spots = sorted(land, key=lambda spot: (spot[0], spot[1] if spot[0] % 2 else -spot[1]))
    by_street = sorted((STREETS_FROM_THE_WEST.index(node.code[:9]), node.code) for node in communities)
    lie = {code: spot for (_, code), spot in zip(by_street, spots, strict=True)}
    there = next(code for code, spot in lie.items() if spot == CENTRE)
    lie[there], lie[HUACHENG] = lie[HUACHENG], CENTRE
    return {code: land[spot] for code, spot in lie.items()}


# The tree


def _plant() -> list[Organization]:
    """The first three tiers from the fixture, as an import would plant them; branches and groups below."""
    divisions.load(divisions.read(DIVISIONS.read_bytes()))
    communities = Organization.objects.filter(tier=Tier.COMMUNITY)
    tree.plant_many([seed for node in communities for seed in _branch_seeds(node)])
    return list(Organization.objects.select_related("parent__parent__parent"))


def _branch_seeds(community: Organization) -> Iterator[tree.Seed]:
    is_huacheng = community.code == HUACHENG
    for number in range(len(GROUPS) if is_huacheng else 2):
        name = f"第{NUMBERS[number]}网格党支部"
        branch = tree.Seed(Tier.GRID_BRANCH, f"{community.short_name}{name}", community, name)
        yield branch
        for group in range(GROUPS[number] if is_huacheng else 0):
            short = f"{building_name(number, group)}党小组"
            last = tree.Seed(Tier.BUILDING_GROUP, short, branch, short)
            yield last
        if is_huacheng:
            yield tree.Seed(Tier.DUTY_ZONE, zone := f"{building_name(number, LAST)}党员中心户", last, zone)


# 花城社区


def building_name(grid: int, index: int) -> str:
    """The name of the `index`-th house of a grid, both from 0."""
    compound = COMPOUNDS[grid][index // 8]
    return f"{compound} {index % 8 + 1} 栋"


def _settle_huacheng(
    node: Organization,
    branches: list[Organization],
    below: dict[int, list[Organization]],
    cell: Cell,
    chance: random.Random,
) -> Community:
    parts = cells(cell, 3, 2, chance)
    place = _begin(node, branches, parts)
    compounds = [
        placed(Compound(name=name, grid=grid), node)
        for grid, names in zip(place.grids, COMPOUNDS, strict=True)
        for name in names
    ]
    Compound.objects.bulk_create(compounds)
    for number, (grid, part) in enumerate(zip(place.grids, parts, strict=True)):
        groups = below[grid.branch_id or 0]
        zone = below[groups[-1].pk][0]
        for index, at in enumerate(lattice(part, 4, 4, chance)):
            house = Building(
                name=building_name(number, index),
                compound=compounds[number * 2 + index // 8],
                group=zone if index == LAST else groups[min(index, len(groups) - 1)],
                floors=chance.choice((6, 7, 8, 11, 18)),
                staircases=chance.choice((1, 2, 2, 3)),
            )
            place.buildings.append(_stand(house, grid, index, at))
    Building.objects.bulk_create(place.buildings)
    return place


# The others


def _settle_lightly(
    node: Organization, branches: list[Organization], number: int, cell: Cell, chance: random.Random
) -> Community:
    """Two grids and four houses."""
    parts = cells(cell, 2, 1, chance)
    place = _begin(node, branches, parts)
    for index, (grid, part) in enumerate(zip(place.grids, parts, strict=True)):
        compound = placed(Compound(name=LIGHT_COMPOUNDS[(number + index) % 6], grid=grid), node)
        compound.save()
        for house, at in enumerate(lattice(part, 2, 1, chance)):
            name = f"{compound.name} {house + 1} 栋"
            place.buildings.append(_stand(Building(name=name, compound=compound), grid, house, at))
    Building.objects.bulk_create(place.buildings)
    return place


# Both


def _begin(node: Organization, branches: list[Organization], parts: list[Cell]) -> Community:
    """The first-tier grid of a community and the second-tier ones that its branches are built on (S2)."""
    first = placed(Grid(tier=1, code=node.code, name=node.short_name, branch=node), node)
    first.boundary = outline_of(parts)
    first.save()
    grids = [
        placed(
            Grid(
                tier=2,
                code=f"{node.code}-{number + 1:02d}",
                name=f"第{NUMBERS[number]}网格",
                parent=first,
                branch=branch,
                boundary=ring_of(cell),
            ),
            node,
        )
        for number, (branch, cell) in enumerate(zip(branches, parts, strict=True))
    ]
    Grid.objects.bulk_create(grids)
    at = middle(parts[0])
    Organization.objects.filter(pk=node.pk).update(lng=at.lng, lat=at.lat)
    return Community(node, grids)


def _stand(house: Building, grid: Grid, index: int, at: Point) -> Building:
    house.code = f"{grid.code}-{index + 1:02d}"
    house.grid, house.lng, house.lat = grid, at.lng, at.lat
    house.qr_token = token_of(house.code)
    assert grid.community is not None  # noqa: S101 - set by `placed`
    return placed(house, grid.community)


def token_of(code: str) -> str:
    """The QR token of a demo building: the same after every loading, so that a printed poster keeps working."""
    return hashlib.sha256(f"demo {code}".encode()).hexdigest()[:16]


def placed(row: Row, community: Organization) -> Row:
    """Fill the scope columns without a query: above a community the demo has a street and the district."""
    street = community.parent
    assert street is not None and street.parent is not None  # noqa: S101
    row.community, row.street, row.district = community, street, street.parent
    return row
