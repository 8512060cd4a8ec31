"""Where the rows are: buildings of the sheet into those of the community, doors into dwellings of buildings.

The rules are the admin's: a grid of this community, a code that is free in the whole city, a compound by its name.
Rows of the registry are changed in memory here; `loading` writes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from grids.dwellings import code_of, fault_of
from grids.importing.checking import Faults
from grids.importing.faults import sentence_of
from grids.importing.register import Register, plain_place
from grids.importing.rows import BuildingEntry, Door, Entry, Flat
from grids.models import Building, Compound, Grid
from organizations.models import Unit


@dataclass
class BuildingPlan:
    """Unsaved rows, and saved ones with the columns that differ."""

    new: list[Building] = field(default_factory=list)
    changed: dict[Building, set[str]] = field(default_factory=dict)
    new_compounds: list[Compound] = field(default_factory=list)
    changed_compounds: dict[Compound, set[str]] = field(default_factory=dict)


class Buildings:
    """The rows of 楼栋 against the buildings of the community."""

    def __init__(self, register: Register, faults: Faults) -> None:
        self.register, self.faults, self.plan = register, faults, BuildingPlan()
        self._first: dict[Any, tuple[Any, BuildingEntry]] = {}
        #: Code or name of a building whose row is bad → that row: what stands on it is not "unknown".
        self.bad: dict[str, BuildingEntry] = {}
        self._units: dict[str, Unit] | None = None

    def take(self, entries: list[BuildingEntry]) -> None:
        foreign = self.register.foreign_codes({entry.code for entry in entries if entry.code})
        for entry in entries:
            self._check(entry, foreign)
            if entry.is_bad:
                self.bad.setdefault(plain_place(entry.code), entry)
                self.bad.setdefault(plain_place(entry.name), entry)
            else:
                self._put(entry)

    def _check(self, entry: BuildingEntry, foreign: set[str]) -> None:
        """What only the whole file and the registry know."""
        if entry.code in foreign:
            self._fault(entry, "building_code", "code_taken", entry.code)
        first = self._first.setdefault(("building", entry.code), (None, entry))[1]
        if entry.code and first is not entry:
            self._fault(entry, "building_code", "building_twice", entry.code, first)
        if entry.compound:
            for attribute in ("compound_kind", "property"):
                self._same_for_compound(entry, attribute)
        if entry.property and self._unit(entry.property) is None:
            self._fault(entry, "property", "property_unknown", entry.property)
        if entry.grid_code or entry.grid_name:
            self._grid_of(entry)
        elif entry.code not in self.register.buildings:
            self._fault(entry, "grid_name", "grid_missing")

    def _same_for_compound(self, entry: BuildingEntry, attribute: str) -> None:
        said = getattr(entry, attribute)
        if not said:
            return
        before, first = self._first.setdefault((plain_place(entry.compound), attribute), (said, entry))
        if before != said:
            self._fault(entry, attribute, "compound_conflict", entry.compound, first)

    def _fault(
        self, entry: BuildingEntry, column: str, code: str, text: str = "", first: BuildingEntry | None = None
    ) -> None:
        sentence = sentence_of(code, row=first.row, sheet=first.source.sheet) if first else ""
        self.faults.add(entry.source, entry.row, column, code, text, sentence)
        entry.is_bad = True

    def _grid_of(self, entry: BuildingEntry) -> Grid | None:
        """The grid that is meant, None after telling what is wrong."""
        if entry.grid_code and (grid := self.register.grids_by_code.get(entry.grid_code.casefold())):
            return grid
        named = self.register.grids_by_name.get(plain_place(entry.grid_name or entry.grid_code), [])
        if len(named) == 1:
            return named[0]
        column = "grid_name" if entry.grid_name else "grid_code"
        code = "grid_ambiguous" if named else "grid_unknown"
        self._fault(entry, column, code, entry.grid_name or entry.grid_code)
        return None

    def _unit(self, name: str) -> Unit | None:
        if self._units is None:
            self._units = self.register.property_companies()
        return self._units.get(plain_place(name))

    def _put(self, entry: BuildingEntry) -> None:
        building = self.register.buildings.get(entry.code)
        told = self._told(entry)
        if building is None:
            building = Building(code=entry.code, **told)
            _stand_in_grid(building, told["grid"])
            self.register.buildings[entry.code] = building
            self.plan.new.append(building)
            return
        differing = {name for name, value in told.items() if _differs(building, name, value)}
        for name in differing:
            setattr(building, name, told[name])
        if "grid" in differing:
            _stand_in_grid(building, told["grid"])
        if differing:
            self.plan.changed[building] = differing

    def _told(self, entry: BuildingEntry) -> dict[str, Any]:
        """What the row says, by column of Building; a blank cell says nothing."""
        told: dict[str, Any] = {
            "name": entry.name,
            "kind": entry.kind,
            "floors": entry.floors,
            "staircases": entry.staircases,
            "has_lift": entry.has_lift,
        }
        told = {name: value for name, value in told.items() if value not in ("", None)}
        if entry.grid_code or entry.grid_name:
            told["grid"] = self._grid_of(entry)
        unit = self._unit(entry.property) if entry.property else None
        if entry.compound:
            told["compound"] = self._compound(entry, unit, told.get("grid"))
        elif unit is not None:
            told["property_unit"] = unit
        return told

    def _compound(self, entry: BuildingEntry, unit: Unit | None, grid: Grid | None) -> Compound:
        told: dict[str, Any] = {"kind": entry.compound_kind, "property_company": unit}
        told = {name: value for name, value in told.items() if value}
        compound = self.register.compounds.get(plain_place(entry.compound))
        if compound is None:
            compound = Compound(name=entry.compound, grid=grid, **told)
            compound.place_under(self.register.community)
            self.register.compounds[plain_place(entry.compound)] = compound
            self.plan.new_compounds.append(compound)
            return compound
        for name, value in told.items():
            if _differs(compound, name, value):
                setattr(compound, name, value)
                if compound.pk:
                    self.plan.changed_compounds.setdefault(compound, set()).add(name)
        return compound


def _differs(row: Building | Compound, name: str, value: Any) -> bool:
    """Related rows by their keys, so that nothing is fetched; compounds as objects, for new ones have no key."""
    if isinstance(value, Compound):
        return getattr(row, name) is not value
    if isinstance(value, Model):
        return bool(getattr(row, f"{name}_id") != value.pk)
    return bool(getattr(row, name) != value)


def _stand_in_grid(building: Building, grid: Grid) -> None:
    building.grid = grid
    building.district_id, building.street_id = grid.district_id, grid.street_id
    building.community_id = grid.community_id


class Places:
    """Doors as people wrote them into dwellings; every door is looked up once."""

    def __init__(self, register: Register, faults: Faults, bad: dict[str, BuildingEntry]) -> None:
        self.register, self.faults, self.bad = register, faults, bad
        self.flats: dict[str, Flat] = {}
        self._known: dict[int, Flat | tuple[str, str, str, str]] = {}
        self._by_code = {code.casefold(): building for code, building in register.buildings.items()}
        self._by_name: dict[str, list[Building]] = defaultdict(list)
        self._by_whole_name: dict[str, list[Building]] = defaultdict(list)
        for building in register.buildings.values():
            self._by_name[plain_place(building.name)].append(building)
            if building.compound is not None:
                whole = plain_place(building.compound.name) + plain_place(building.name)
                self._by_whole_name[whole].append(building)

    def take(self, entries: Iterable[Entry]) -> None:
        """Give every entry its flat, or the fault of its door."""
        for entry in entries:
            if entry.door is None:
                continue
            found = self._known.get(id(entry.door))
            if found is None:
                found = self._known[id(entry.door)] = self._find(entry.door)
            if isinstance(found, Flat):
                entry.flat = found
            else:
                self.faults.add(entry.source, entry.row, *found)
                entry.is_bad = True

    def _find(self, door: Door) -> Flat | tuple[str, str, str, str]:
        """The dwelling, or (column, code, text, sentence) of what is wrong."""
        column, said = (
            ("building_code", door.building_code)
            if door.building_code
            else ("building_name", door.building_name)
        )
        found = self._buildings(door)
        if not found and (row := self.bad.get(plain_place(said))):
            return (
                column,
                "building_bad",
                said,
                sentence_of("building_bad", row=row.row, sheet=row.source.sheet),
            )
        if len(found) != 1:
            return column, "building_ambiguous" if found else "building_unknown", said, ""
        if fault := fault_of(found[0], door.staircase, door.floor):
            text = str(door.floor) if fault[0] == "floor" else door.staircase
            return fault[0], f"{fault[0]}_high", text, fault[1]
        return self._flat(found[0], door)

    def _buildings(self, door: Door) -> list[Building]:
        """Those that are meant: by code, by name within the compound, by compound and name as one."""
        if door.building_code:
            by_code = self._by_code.get(door.building_code.casefold())
            return [by_code] if by_code else self._by_name.get(plain_place(door.building_code), [])
        name, compound = plain_place(door.building_name), plain_place(door.compound)
        found = self._by_name.get(name, [])
        if compound:
            inside = [each for each in found if each.compound and plain_place(each.compound.name) == compound]
            unsaid = [each for each in found if each.compound is None]
            return inside or self._by_name.get(compound + name) or unsaid
        by_code = self._by_code.get(door.building_name.casefold())
        return found or self._by_whole_name.get(name) or ([by_code] if by_code else [])

    def _flat(self, building: Building, door: Door) -> Flat:
        code = code_of(building.code, door.staircase, door.floor, door.door)
        flat = self.flats.get(code)
        if flat is None:
            flat = self.flats[code] = Flat(code, building, door.staircase, door.floor, door.door)
            if (there := self.register.dwellings.get(code)) is not None:
                flat.pk, flat.registered_use = there.pk, there.use
        return flat
