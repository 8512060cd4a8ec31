"""The published figures of the places that are simulated (DOMAIN, "The seven places"), and how they are scaled.

Figures that a place has not published are either needed to carry the published ones (buildings, households) and then
said to be ours below, or 0: what nobody counted is not simulated.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

from ground.errors import RuleViolation


@dataclass(frozen=True, slots=True)
class Preset:
    """One place. Counts are whole numbers; `hours` are hours of service."""

    name: str
    label: str
    #: Official division codes that belong to the place begin so.
    region: str
    #: Where it lies: west, south (WGS-84, degrees).
    west: float
    south: float

    districts: int = 1
    streets: int = 1
    communities: int = 1
    #: Second-tier grids, each with the branch that is built on it (S2).
    branches: int = 1
    #: Third-tier grids, one building each; 0 where the place has none and buildings stand in the second tier.
    third_grids: int = 0
    groups: int = 0
    zones: int = 0
    compounds: int = 0
    buildings: int = 0
    dwellings: int = 0
    residents: int = 0

    units: int = 0
    members: int = 0
    whistles: int = 0
    participations: int = 0
    hours: int = 0
    #: Requests that are solved; those still open come on top (`asking`).
    requests: int = 0

    def scaled(self, factor: float) -> Preset:
        """The place at another size: exactly the published figures at 1. Never fewer than one of what there is, and
        the tree keeps its shape (a district has two communities, a community its branch, a branch its groups).

        Raises RuleViolation unless 0 < factor ≤ 10.
        """
        if not 0 < factor <= 10:
            raise RuleViolation("规模要大于 0，最多 10。", field="scale")
        if factor == 1:
            return self
        counts = {
            each.name: max(1, round(getattr(self, each.name) * factor))
            for each in fields(self)
            if each.type == "int" and getattr(self, each.name)
        }
        return replace(self, **counts)._in_shape(self)

    def _in_shape(self, whole: Preset) -> Preset:
        """Districts and streets stay as long as there are communities for them; nothing is without its parent."""
        communities = max(self.communities, 1)
        districts = min(whole.districts, max(1, communities // 2))
        streets = max(districts, min(self.streets, communities))
        branches = max(self.branches, communities)
        groups = max(self.groups, branches) if self.groups else 0
        third = max(self.third_grids, branches) if self.third_grids else 0
        buildings = third or max(self.buildings, branches)
        return replace(
            self,
            districts=districts,
            streets=streets,
            branches=branches,
            groups=third or groups,
            third_grids=third,
            buildings=buildings,
            compounds=max(self.compounds, branches) if self.compounds else 0,
            zones=max(self.zones, groups) if self.zones else 0,
            dwellings=max(self.dwellings, buildings) if self.dwellings else 0,
            residents=max(self.residents, self.dwellings),
        )


#: 武江 花城社区 (H1, H8, H11). Ours: compounds (two to a grid), dwellings and residents within "500–1,000 households
#: a branch, over 10,000 residents", members, units, hours (two to a service).
HUACHENG: Final = Preset(
    name="huacheng",
    label="武江花城社区",
    region="440203001021",
    west=113.5890,
    south=24.8010,
    branches=6,
    groups=85,
    compounds=12,
    buildings=96,
    dwellings=3_640,
    residents=10_480,
    units=12,
    members=420,
    whistles=360,
    participations=3_800,
    hours=7_600,
    requests=276,
)
#: 荔湾 (L1, L7). The tree has 27,368 nodes: groups (five to a branch) and duty zones (four to a group) are ours
#: within "over 20,000 duty zones"; so are compounds (two to a branch) and units (as many as 韶关 has for as many
#: members: the 24 of L3 are property companies alone). It published neither whistles nor requests.
LIWAN: Final = Preset(
    name="liwan",
    label="荔湾区",
    region="440103",
    west=113.1700,
    south=23.0400,
    streets=22,
    communities=201,
    branches=1_044,
    groups=5_220,
    zones=20_880,
    compounds=2_088,
    buildings=21_550,
    dwellings=94_000,
    residents=1_150_000,
    units=1_795,
    members=60_000,
)
#: 韶关 (S1–S12). A third-tier grid is one building with its building group; a second-tier grid is one compound.
SHAOGUAN: Final = Preset(
    name="shaoguan",
    label="韶关市",
    region="4402",
    west=113.1000,
    south=24.2000,
    districts=10,
    streets=101,
    communities=295,
    branches=1_091,
    third_grids=9_162,
    groups=9_162,
    compounds=1_091,
    buildings=9_162,
    units=1_795,
    members=60_000,
    whistles=60_100,
    participations=600_000,
    hours=1_600_000,
    requests=11_390,
)
PRESETS: Final = {preset.name: preset for preset in (HUACHENG, LIWAN, SHAOGUAN)}
