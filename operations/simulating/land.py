"""The tree and the territory of a place: nodes in one pass, grids with boundaries, compounds, buildings.

A second-tier grid has a branch built on it (S2). Where the place has third-tier grids, each is one building with a
building group; elsewhere buildings stand in the second tier, each with the group or duty zone that looks after it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from desk.demo.outline import Cell, cells, lattice, middle, patchwork, ring_of
from grids.models import Building, Compound, Grid
from ground.geo import Point
from operations.simulating import naming
from operations.simulating.copying import Writer
from operations.simulating.presets import Preset
from organizations import divisions, tree
from organizations.divisions import Division
from organizations.models import Organization
from organizations.posts import Tier

#: A community is about 1.2 by 0.9 kilometres large (degrees); districts of a city lie four in a row.
WIDTH, HEIGHT, IN_A_ROW = 0.0120, 0.0084, 4
COMPOUNDS: Final = (
    *("锦绣", "新华", "丽景", "沿江", "芙蓉", "百合", "工业", "御景"),
    *("榕树", "和顺", "建安", "金桂", "文昌", "祥和", "教师", "供销"),
)
ENDINGS: Final = ("花园", "苑", "小区", "新村", "里", "大院", "名庭", "公寓")
KINDS: Final = {
    Compound.Kind.COMMERCIAL: 5,
    Compound.Kind.OLD: 4,
    Compound.Kind.UNIT_HOUSING: 2,
    Compound.Kind.RESETTLEMENT: 1,
}
Row = TypeVar("Row", Grid, Compound, Building)


@dataclass(eq=False)
class Place:
    """One community. `grids` and `branches` go by the same order; `weight` is how large it is beside the others
    (0.6 to 1.5)."""

    node: Organization
    district_id: int
    street_id: int
    weight: float
    #: First tier: the community itself.
    whole: Grid
    #: Second tier.
    grids: list[Grid] = field(default_factory=list)
    #: Third tier, empty where the place has none.
    third_grids: list[Grid] = field(default_factory=list)
    branches: list[Organization] = field(default_factory=list)
    groups: list[Organization] = field(default_factory=list)
    compounds: list[Compound] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)


@dataclass(eq=False)
class Land:
    """What a preset became. `nodes` counts all nodes of its trees."""

    preset: Preset
    districts: list[Organization]
    streets: list[Organization]
    places: list[Place] = field(default_factory=list)
    nodes: int = 0


@dataclass(eq=False)
class _Plan:
    """One community before it is planted."""

    seed: tree.Seed
    weight: float
    cell: Cell
    branches: list[tree.Seed] = field(default_factory=list)
    #: By branch: its groups, and who looks after its houses one by one (duty zones, or the groups).
    groups: list[list[tree.Seed]] = field(default_factory=list)
    carers: list[list[tree.Seed]] = field(default_factory=list)


def lay_out(preset: Preset, listed: list[Division], chance: random.Random, writer: Writer) -> Land:
    """Plant the tree of a place and write grids, compounds and buildings. Raises RuleViolation."""
    upper, plans = _planned(preset, naming.rows_of(preset, listed), chance)
    seeds = [*upper, *(seed for plan in plans for seed in _all_of(plan))]
    planted = dict(zip(map(id, seeds), tree.plant_many(seeds), strict=True))
    nodes = [planted[id(seed)] for seed in upper]
    writer.listen("党组织", len(seeds), None)
    land = Land(
        preset,
        [node for node in nodes if node.tier == Tier.DISTRICT],
        [node for node in nodes if node.tier == Tier.STREET],
        nodes=len(seeds),
    )
    _Settling(land, planted, chance, writer).run(plans)
    return land


def shared(total: int, weights: Sequence[float], least: int = 0) -> list[int]:
    """`total` whole things by weight, `least` for everybody: exactly `total` in the end (largest remainders)."""
    rest = total - least * len(weights)
    if rest < 0:
        raise ValueError("there is less than the least for everybody")
    whole = sum(weights)
    exact = [rest * weight / whole for weight in weights]
    parts = [math.floor(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in order[: rest - sum(parts)]:
        parts[index] += 1
    return [least + part for part in parts]


# The tree


def _planned(
    preset: Preset, rows: list[Division], chance: random.Random
) -> tuple[list[tree.Seed], list[_Plan]]:
    """Seeds of districts and streets, and the communities with what lies below them."""
    seeds: dict[str, tree.Seed] = {}
    for row in rows:
        name, short = divisions.names_of(row.code, row.name)
        tier, above = divisions.TIERS[len(row.code)], seeds.get(row.parent_code)
        seeds[row.code] = tree.Seed(tier, name, above, short, row.code, official_name=row.name)
    cells_by_code = _cells(preset, [code for code in seeds if len(code) == naming.COMMUNITY])
    plans = [
        _Plan(seeds[code], chance.uniform(0.6, 1.5), cell) for code, cell in sorted(cells_by_code.items())
    ]
    for plan in plans:
        at = middle(plan.cell)
        plan.seed.lng, plan.seed.lat = at.lng, at.lat
    _add_branches(preset, plans)
    return [seed for seed in seeds.values() if seed.tier < Tier.COMMUNITY], plans


def _add_branches(preset: Preset, plans: list[_Plan]) -> None:
    for plan, count in zip(
        plans, shared(preset.branches, [plan.weight for plan in plans], least=1), strict=True
    ):
        community = plan.seed
        for number in range(1, count + 1):
            short = f"第{number}网格党支部"
            plan.branches.append(
                tree.Seed(Tier.GRID_BRANCH, f"{community.short_name}{short}"[:60], community, short)
            )
    branches = [(plan, branch) for plan in plans for branch in plan.branches]
    groups = shared(preset.groups, [1.0] * len(branches), least=1 if preset.groups else 0)
    for (plan, branch), count in zip(branches, groups, strict=True):
        plan.groups.append([_below(Tier.BUILDING_GROUP, branch, number) for number in range(count)])
    _add_zones(preset, plans)


def _add_zones(preset: Preset, plans: list[_Plan]) -> None:
    groups = [group for plan in plans for of_branch in plan.groups for group in of_branch]
    zones = shared(preset.zones, [1.0] * len(groups)) if groups else []
    of_group = {
        id(group): [_below(Tier.DUTY_ZONE, group, number) for number in range(count)]
        for group, count in zip(groups, zones, strict=True)
    }
    for plan in plans:
        for of_branch in plan.groups:
            zones_here = [zone for group in of_branch for zone in of_group[id(group)]]
            plan.carers.append(zones_here or of_branch)


def _below(tier: Tier, parent: tree.Seed, number: int) -> tree.Seed:
    word = "党小组" if tier == Tier.BUILDING_GROUP else "党员责任区"
    name = f"第{number + 1}{word}"
    return tree.Seed(tier, name, parent, name)


def _all_of(plan: _Plan) -> Iterator[tree.Seed]:
    yield plan.seed
    for branch, groups, carers in zip(plan.branches, plan.groups, plan.carers, strict=True):
        yield branch
        yield from groups
        if carers is not groups:
            yield from carers


# Where it lies


def _cells(preset: Preset, codes: list[str]) -> dict[str, Cell]:
    """A patch of land for every community: a district's lie side by side, a street's among them."""
    by_district: dict[str, list[str]] = {}
    for code in sorted(codes):
        by_district.setdefault(code[: naming.DISTRICT], []).append(code)
    columns = math.ceil(math.sqrt(max(map(len, by_district.values()))))
    lie: dict[str, Cell] = {}
    for number, some in enumerate(by_district.values()):
        row, column = divmod(number, IN_A_ROW)
        west, south = (
            preset.west + column * (columns + 1) * WIDTH,
            preset.south + row * (columns + 1) * HEIGHT,
        )
        rows = math.ceil(len(some) / columns)
        land = patchwork(west, south, (WIDTH,) * columns, (HEIGHT,) * rows)
        # Up one row, back the next: neighbours in the list are neighbours on the ground.
        spots = sorted(land, key=lambda spot: (spot[1], spot[0] if spot[1] % 2 == 0 else -spot[0]))
        lie |= {code: land[spot] for code, spot in zip(some, spots, strict=False)}
    return lie


def _parts(cell: Cell, count: int, chance: random.Random) -> list[Cell]:
    """A patch cut into `count` parts or, where that gives no rows of equal length, a few more."""
    columns = math.ceil(math.sqrt(count))
    return cells(cell, columns, math.ceil(count / columns), chance)[:count]


# The territory


class _Settling:
    """Writes grids, compounds and buildings community by community, each table in one go."""

    def __init__(
        self, land: Land, planted: dict[int, Organization], chance: random.Random, writer: Writer
    ) -> None:
        self.land, self.planted, self.chance, self.writer = land, planted, chance, writer

    def run(self, plans: list[_Plan]) -> None:
        preset, branches = self.land.preset, sum(len(plan.branches) for plan in plans)
        weights = [plan.weight for plan in plans for _ in plan.branches]
        self.houses = iter(shared(preset.buildings, weights if not preset.third_grids else [1.0] * branches))
        self.compounds = iter(shared(preset.compounds, [1.0] * branches))
        self.ids = {
            Grid: iter(self.writer.ids(Grid, len(plans) + branches + preset.third_grids)),
            Compound: iter(self.writer.ids(Compound, preset.compounds)),
            Building: iter(self.writer.ids(Building, preset.buildings)),
        }
        for plan in plans:
            self.land.places.append(self._settle(plan))
        self._write()

    def _write(self) -> None:
        places = self.land.places
        for rows in ([place.whole] for place in places), (place.grids for place in places):
            self.writer.write(Grid, [row for some in rows for row in some])
        self.writer.write(Grid, [row for place in places for row in place.third_grids])
        self.writer.write(Compound, [row for place in places for row in place.compounds])
        self.writer.write(Building, [row for place in places for row in place.buildings])

    def _settle(self, plan: _Plan) -> Place:
        node = self.planted[id(plan.seed)]
        street = node.parent
        if street is None or street.parent_id is None:
            raise ValueError("a community lies in a street, a street in a district")
        whole = Grid(tier=1, code=node.code, name=node.short_name, branch=node, boundary=ring_of(plan.cell))
        place = Place(node, street.parent_id, street.pk, plan.weight, whole)
        self._placed(whole, place)
        parts = _parts(plan.cell, len(plan.branches), self.chance)
        for number, branch in enumerate(plan.branches):
            groups = [self.planted[id(seed)] for seed in plan.groups[number]]
            carers = [self.planted[id(seed)] for seed in plan.carers[number]]
            place.branches.append(self.planted[id(branch)])
            place.groups += groups
            self._settle_grid(place, number, parts[number], carers)
        return place

    def _settle_grid(self, place: Place, number: int, part: Cell, carers: list[Organization]) -> None:
        grid = Grid(
            tier=2,
            code=f"{place.node.code}-{number + 1:02d}",
            name=f"第{number + 1}网格",
            parent=place.whole,
            branch=place.branches[number],
            boundary=ring_of(part),
        )
        place.grids.append(self._placed(grid, place))
        before = len(place.compounds)
        for _ in range(next(self.compounds)):
            place.compounds.append(self._compound(place, grid))
        compounds = place.compounds[before:]
        count = next(self.houses)
        columns = max(1, math.ceil(math.sqrt(count)))
        spots = lattice(part, columns, math.ceil(count / columns), self.chance) if count else iter(())
        for index, at in zip(range(count), spots, strict=False):
            carer = carers[min(index, len(carers) - 1)] if carers else None
            compound = compounds[index * len(compounds) // count] if compounds else None
            self._build(place, grid, compound, carer, index, at)

    def _compound(self, place: Place, grid: Grid) -> Compound:
        """Names are given once in a community; every community begins elsewhere in the list."""
        again, number = divmod(len(place.compounds), len(COMPOUNDS) * len(ENDINGS))
        number = (number + int(place.node.code)) % (len(COMPOUNDS) * len(ENDINGS))
        stem, ending = COMPOUNDS[number % len(COMPOUNDS)], ENDINGS[number // len(COMPOUNDS)]
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        branch = grid.branch if self.chance.random() < 0.8 else None
        name = f"{stem}{ending}" + (str(again + 1) if again else "")
        row = Compound(name=name, kind=kind, grid=grid, branch=branch)
        return self._placed(row, place)

    def _build(
        self,
        place: Place,
        grid: Grid,
        compound: Compound | None,
        carer: Organization | None,
        index: int,
        at: Point,
    ) -> None:
        code = f"{grid.code}-{index + 1:02d}"
        stands_in = grid
        name = f"{compound.name} {index + 1} 栋" if compound else f"{grid.name} {index + 1} 栋"
        if self.land.preset.third_grids:
            stands_in = Grid(tier=3, code=code, name=name[:40], parent=grid, branch=carer)
            place.third_grids.append(self._placed(stands_in, place))
        floors = self.chance.choice((3, 6, 7, 8, 11, 18))
        house = Building(
            code=code,
            name=name,
            compound=compound,
            grid=stands_in,
            group=carer,
            floors=floors,
            staircases=self.chance.choice((1, 2, 2, 3)),
            has_lift=floors > 8,
            lng=at.lng,
            lat=at.lat,
        )
        place.buildings.append(self._placed(house, place))

    def _placed(self, row: Row, place: Place) -> Row:
        row.pk = next(self.ids[type(row)])
        row.district_id, row.street_id, row.community_id = place.district_id, place.street_id, place.node.pk
        return row
