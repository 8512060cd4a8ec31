"""What is registered in a community, read in a few queries, as an import needs it. Nothing is decrypted."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from grids.models import Building, Compound, Dwelling, Grid, Household, Resident
from organizations.models import Organization, Unit
from organizations.posts import Tier

#: Rows of people per query: server-side cursors are off behind PgBouncer, so tables are walked by key.
PORTION = 5_000


class RegisteredDwelling(NamedTuple):
    pk: int
    building_id: int
    staircase: str
    door: str
    use: str


class Registered(NamedTuple):
    """A person as registered; PEOPLE_COLUMNS in their order. Names are read for comparing, never shown whole."""

    pk: int
    household_id: int | None
    building_id: int | None
    name: str
    name_key: str
    document_kind: str
    document_index: str
    phone_index: str
    birth_date: date | None
    sex: str
    relation: str
    residence: str
    standing: str


class Register:
    """The territory and dwellings of a community by what a sheet calls them."""

    def __init__(self, community: Organization) -> None:
        self.community = community
        self.buildings = {
            building.code: building for building in Building.objects.filter(community=community)
        }
        self.compounds = {
            plain_place(compound.name): compound for compound in Compound.objects.filter(community=community)
        }
        compounds = {compound.pk: compound for compound in self.compounds.values()}
        for building in self.buildings.values():
            building.compound = compounds.get(building.compound_id) if building.compound_id else None
        self._read_grids()
        self._read_dwellings()

    def _read_grids(self) -> None:
        self.grids_by_code: dict[str, Grid] = {}
        self.grids_by_name: dict[str, list[Grid]] = defaultdict(list)
        for grid in Grid.objects.filter(community=self.community):
            self.grids_by_code[grid.code.casefold()] = grid
            self.grids_by_name[plain_place(grid.name)].append(grid)

    def _read_dwellings(self) -> None:
        rows = Dwelling.objects.filter(community=self.community).order_by()
        self.dwellings: dict[str, RegisteredDwelling] = {}
        self.codes: dict[int, str] = {}
        columns = ("code", "pk", "building_id", "staircase", "door", "use")
        for code, *rest in rows.values_list(*columns).iterator(chunk_size=PORTION):
            self.dwellings[code] = RegisteredDwelling(*rest)
            self.codes[rest[0]] = code
        households = Household.objects.filter(community=self.community).order_by()
        self.households: dict[int, tuple[int, int]] = {}
        self.household_of: dict[tuple[int, int], int] = {}
        for pk, *where in households.values_list("pk", "dwelling_id", "number").iterator(chunk_size=PORTION):
            self.households[pk] = where[0], where[1]
            self.household_of[where[0], where[1]] = pk

    def property_companies(self) -> dict[str, Unit]:
        """Open property companies of the district by name. One query."""
        units = Unit.objects.filter(
            district=self.community.at_tier(Tier.DISTRICT), kind=Unit.Kind.PROPERTY, closed_at=None
        )
        return {plain_place(unit.name): unit for unit in units}

    def foreign_codes(self, codes: set[str]) -> set[str]:
        """Those building codes that stand elsewhere in the city. Nobody is told that they do."""
        found: set[str] = set()
        unknown = sorted(codes - set(self.buildings))
        for start in range(0, len(unknown), 500):
            some = Building.objects.filter(code__in=unknown[start : start + 500])
            found.update(some.exclude(community=self.community).values_list("code", flat=True))
        return found

    def people(self, standing: str) -> Iterator[Registered]:
        """Everybody of that standing in the community, in the order of keys."""
        rows = Resident.objects.filter(community=self.community, standing=standing).order_by("pk")
        values, last = rows.values_list(*Registered._fields), 0
        while portion := [Registered(*each) for each in values.filter(pk__gt=last)[:PORTION]]:
            yield from portion
            last = portion[-1].pk

    def groups_of(self, pks: list[int]) -> dict[int, set[int]]:
        """Special groups by resident."""
        found: dict[int, set[int]] = defaultdict(set)
        through = Resident.groups.through.objects
        for start in range(0, len(pks), 900):
            rows = through.filter(resident_id__in=pks[start : start + 900])
            for resident_id, group_id in rows.values_list("resident_id", "specialgroup_id"):
                found[resident_id].add(group_id)
        return found

    def door_of(self, household_id: int | None) -> str:
        """Where a household is, in words."""
        if household_id is None or household_id not in self.households:
            return "未登记房屋"
        dwelling_id, number = self.households[household_id]
        dwelling = self.dwellings[self.codes[dwelling_id]]
        building = self._building_names().get(dwelling.building_id, "")
        short = f"{dwelling.staircase}单元 {dwelling.door}" if dwelling.staircase else dwelling.door
        return f"{building} {short}" + (f" 第 {number} 户" if number > 1 else "")

    def _building_names(self) -> dict[int, str]:
        if not hasattr(self, "_names"):
            self._names = {building.pk: building.name for building in self.buildings.values() if building.pk}
        return self._names


def plain_place(name: str) -> str:
    """A place as it is compared: 3 栋 and ３幢 are one."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).casefold().replace("幢", "栋")
