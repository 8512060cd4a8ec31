"""What a row of a sheet is on its way: as it stands there, and what is known of it after checking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grids.models import Building
from ground.sheets import Cell

if TYPE_CHECKING:
    from grids.particulars import Particulars


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A sheet that was understood: its name, its kind ("people", "buildings"), and field → what it calls it."""

    sheet: str
    kind: str
    titles: dict[str, str]
    columns: dict[str, int]
    #: The last row of the headings.
    header_row: int

    def has(self, *fields: str) -> bool:
        return any(name in self.columns for name in fields)


@dataclass(slots=True)
class PersonRow:
    """The cells of a row of 居民, untouched; None where the sheet has no such column. Order: `columns.PEOPLE`."""

    building_code: Cell
    building_name: Cell
    compound: Cell
    staircase: Cell
    floor: Cell
    door: Cell
    use: Cell
    household: Cell
    name: Cell
    kind: Cell
    number: Cell
    phone: Cell
    relation: Cell
    residence: Cell
    groups: Cell
    birth: Cell
    sex: Cell


@dataclass(slots=True)
class BuildingRow:
    """The cells of a row of 楼栋. Order: `columns.BUILDINGS`."""

    building_code: Cell
    building_name: Cell
    compound: Cell
    compound_kind: Cell
    grid_code: Cell
    grid_name: Cell
    building_kind: Cell
    floors: Cell
    staircases: Cell
    lift: Cell
    property: Cell


@dataclass(frozen=True, slots=True)
class Door:
    """Where a row says it is; rows of one dwelling share one."""

    building_code: str
    building_name: str
    compound: str
    staircase: str
    floor: int
    door: str


@dataclass(slots=True)
class Entry:
    """A checked row of 居民. `given` is None where it tells of a dwelling only; a bad row keeps what it mentions."""

    source: Source
    row: int
    door: Door | None
    use: str = ""
    number: int = 1
    given: Particulars | None = None
    #: As the row tells, "" where it does not; `given` has the defaults of a new person then.
    relation: str = ""
    residence: str = ""
    groups: tuple[int, ...] = ()
    #: Keyed index of the document, "" for none.
    index: str = ""
    is_bad: bool = False
    flat: Flat | None = None


@dataclass(slots=True, eq=False)
class Flat:
    """A dwelling that the file speaks of, found in the registry (`pk`) or new."""

    code: str
    building: Building
    staircase: str
    floor: int
    door: str
    pk: int | None = None
    registered_use: str = ""
    use: str = ""
    said_by: Entry | None = None
    people: int = 0
    #: Household number → its key, None for a new one.
    households: dict[int, int | None] = field(default_factory=dict)

    @property
    def short(self) -> str:
        return f"{self.building.name} " + (
            f"{self.staircase}单元 {self.door}" if self.staircase else self.door
        )


@dataclass(slots=True, eq=False)
class BuildingEntry:
    """A checked row of 楼栋; "" and None where the row does not tell."""

    source: Source
    row: int
    code: str
    name: str
    compound: str = ""
    compound_kind: str = ""
    grid_code: str = ""
    grid_name: str = ""
    kind: str = ""
    floors: int | None = None
    staircases: int | None = None
    has_lift: bool | None = None
    property: str = ""
    is_bad: bool = False
