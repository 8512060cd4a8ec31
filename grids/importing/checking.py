"""What a row says by itself: every fault with its column, and the row as it will be compared. No database here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from grids.importing import columns
from grids.importing.columns import plain_word
from grids.importing.faults import Fault, masked, sentence_of
from grids.importing.reading import label_of_field
from grids.importing.rows import BuildingEntry, BuildingRow, Door, Entry, PersonRow, Source
from grids.importing.spots import BadPlace, household_number, spot
from grids.models import Resident
from grids.particulars import Particulars, document_index, examined
from ground.identity import DocumentKind, guess_kind, kind_named
from ground.sheets import Cell, date_of, text_of

#: As Excel writes a long number that it has damaged, once it is text again.
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
#: Field of Particulars → column.
_COLUMN_OF: Final = {
    "name": "name",
    "document_number": "number",
    "phone": "phone",
    "birth_date": "birth",
    "sex": "sex",
}
_LONGEST_NAME = 60
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,23}")


class Faults(list[Fault]):
    """Every fault of a file, in the order in which they were met."""

    def add(
        self, source: Source, row: int, field: str, code: str, text: str = "", sentence: str = ""
    ) -> None:
        title = label_of_field(source, field)[:40]
        said = (sentence or sentence_of(code))[
            :200
        ]  # sheets may have names of any length, and are named in it
        self.append(Fault(source.sheet[:40], row, title, code, masked(field, text), said))


def _is_damaged(cell: Cell, text: str) -> bool:
    """Whether Excel took a code for a day, or for a number of more figures than it keeps."""
    return (
        isinstance(cell, date)
        or bool(_SCIENTIFIC.fullmatch(text))
        or (isinstance(cell, int | float) and len(text) > 15)
    )


class PersonChecker:
    """Checks the rows of one sheet of 居民. `groups`: name → key of the groups that may be chosen."""

    def __init__(
        self,
        source: Source,
        faults: Faults,
        *,
        groups: Mapping[str, int],
        doors: dict[Door, Door],
        today: date,
    ) -> None:
        self.source, self.faults, self.groups, self.doors, self.today = source, faults, groups, doors, today
        self._words: dict[tuple[int, str], str | None] = {}
        self._at_sheet = not source.has("building_code", "building_name")
        self._spots: dict[tuple[Cell, ...], Door] = {}

    def entry(self, number: int, row: PersonRow) -> Entry:
        """The row as it will be compared; `is_bad` where something has to be put right first."""
        before = len(self.faults)
        self._row = number
        entry = Entry(self.source, number, self._door(row))
        entry.use = self._word(row.use, columns.USES, "use", "use")
        entry.number = self._household(row.household)
        if self._is_person(row):
            self._person(entry, row)
        entry.is_bad = len(self.faults) > before
        return entry

    def _fault(self, field: str, code: str, text: str = "", sentence: str = "") -> None:
        self.faults.add(self.source, self._row, field, code, text, sentence)

    # Where

    def _door(self, row: PersonRow) -> Door | None:
        """Rows of one dwelling stand together and read alike: what was understood once is understood."""
        said = (row.building_code, row.building_name, row.compound, row.staircase, row.floor, row.door)
        found = self._spots.get(said)
        return found if found is not None else self._new_door(said, row)

    def _new_door(self, said: tuple[Cell, ...], row: PersonRow) -> Door | None:
        code, name = text_of(row.building_code), text_of(row.building_name)
        if not code and not name:
            if not self._at_sheet:
                self._fault("building_name", "building_missing")
                return None
            name = self.source.sheet
        try:
            where = spot(row.staircase, row.floor, row.door)
        except BadPlace as bad:
            self._fault(bad.field, bad.code, text_of(getattr(row, bad.field)))
            return None
        door = Door(code, name, text_of(row.compound), *where)
        self._spots[said] = self.doors.setdefault(door, door)
        return self._spots[said]

    def _household(self, cell: Cell) -> int:
        if cell is None:
            return 1
        try:
            return household_number(cell)
        except BadPlace as bad:
            self._fault(bad.field, bad.code, text_of(cell))
            return 1

    # Who

    def _is_person(self, row: PersonRow) -> bool:
        return any(text_of(getattr(row, name)) for name in columns.PERSONAL)

    def _person(self, entry: Entry, row: PersonRow) -> None:
        entry.relation = self._word(row.relation, columns.RELATIONS, "relation", "relation")
        entry.residence = self._word(row.residence, columns.RESIDENCES, "residence", "residence")
        number = self._document_number(row.number)
        kind = self._document_kind(row.kind, number)
        given = Particulars(
            name=text_of(row.name),
            document_kind=kind or DocumentKind.NONE,
            document_number=None if kind is None else number,
            phone=text_of(row.phone) if row.phone is not None else "",
            birth_date=self._birth(row.birth),
            sex=self._word(row.sex, columns.SEXES, "sex", "sex_unknown"),
            relation=entry.relation or Resident.Relation.OTHER,
            residence=entry.residence or Resident.Residence.REGISTERED,
        )
        entry.given, faults = examined(given, today=self.today)
        for field, fault in faults.items():
            text = text_of(getattr(row, _COLUMN_OF[field]))
            self._fault(_COLUMN_OF[field], fault.code, text, fault.sentence)
        entry.groups = self._groups(row.groups)
        if entry.given.document_number and "document_number" not in faults:
            entry.index = document_index(entry.given.document_number)

    def _document_number(self, cell: Cell) -> str | None:
        """The number as text; None for one that was damaged, which is told."""
        if cell is None:
            return ""
        text = text_of(cell)
        if isinstance(cell, int | float | date) or _SCIENTIFIC.fullmatch(text):
            self._fault("number", "numeric_id", text if isinstance(cell, int) else "")
            return None
        return text

    def _document_kind(self, cell: Cell, number: str | None) -> DocumentKind | None:
        """What the row says, else what the number looks like; None where it cannot be told, which is told."""
        text = text_of(cell) if cell is not None else ""
        said = kind_named(text) if text else None
        if text and said is None:
            self._fault("kind", "kind_unknown", text)
            return None
        if number is None or said is not None:
            return said if number is not None else None
        guessed = guess_kind(number)
        if guessed is None:
            self._fault("number", "kind_unclear", number)
        return guessed

    def _birth(self, cell: Cell) -> date | None:
        if cell is None:
            return None
        try:
            return date_of(cell)
        except ValueError:
            self._fault("birth", "birth_unreadable", text_of(cell))
            return None

    def _groups(self, cell: Cell) -> tuple[int, ...]:
        if cell is None:
            return ()
        found = []
        for name in columns.group_names(text_of(cell)):
            if name in self.groups:
                found.append(self.groups[name])
            else:
                self._fault("groups", "group", name)
        return tuple(dict.fromkeys(found))

    def _word(self, cell: Cell, words: Mapping[str, str], field: str, code: str) -> str:
        """The stored value of a word, "" where nothing is said or it is not known, which is told."""
        if cell is None:
            return ""
        text = text_of(cell)
        key = id(words), text
        if key not in self._words:
            self._words[key] = words.get(plain_word(text)) if text else ""
        value = self._words[key]
        if value is None:
            self._fault(field, code, text)
            return ""
        return value


class BuildingChecker:
    """Checks the rows of one sheet of 楼栋, apart from what only the registry knows."""

    def __init__(self, source: Source, faults: Faults) -> None:
        self.source, self.faults = source, faults

    def entry(self, number: int, row: BuildingRow) -> BuildingEntry:
        before = len(self.faults)
        self._row = number
        entry = BuildingEntry(
            self.source,
            number,
            code=self._code(row.building_code),
            name=self._text(row.building_name, "building_name", _LONGEST_NAME),
            compound=self._text(row.compound, "compound", _LONGEST_NAME, "compound_name"),
            compound_kind=self._word(row.compound_kind, columns.COMPOUND_KINDS, "compound_kind"),
            grid_code=text_of(row.grid_code),
            grid_name=text_of(row.grid_name),
            kind=self._word(row.building_kind, columns.BUILDING_KINDS, "building_kind"),
            floors=self._figure(row.floors, "floors", range(1, 201)),
            staircases=self._figure(row.staircases, "staircases", range(100)),
            has_lift=self._yes_no(row.lift),
            property=text_of(row.property),
        )
        if entry.compound_kind and not entry.compound:
            self.fault("compound", "compound_missing")
        entry.is_bad = len(self.faults) > before
        return entry

    def fault(self, field: str, code: str, text: str = "") -> None:
        self.faults.add(self.source, self._row, field, code, text)

    def _code(self, cell: Cell) -> str:
        text = text_of(cell).replace(" ", "")
        if not text:
            self.fault("building_code", "code_missing")
        elif not _CODE.fullmatch(text) or _is_damaged(cell, text):
            self.fault("building_code", "code", text)
        return text

    def _text(self, cell: Cell, field: str, longest: int, code: str = "building_name") -> str:
        text = text_of(cell)
        if len(text) > longest or (not text and field == "building_name"):
            self.fault(field, code, text)
        return text

    def _word(self, cell: Cell, words: Mapping[str, str], field: str) -> str:
        text = plain_word(text_of(cell))
        if text and text not in words:
            self.fault(field, field, text_of(cell))
        return words.get(text, "")

    def _figure(self, cell: Cell, field: str, allowed: range) -> int | None:
        text = re.sub(r"[层个单元栋]", "", text_of(cell))
        if not text:
            return None
        if not text.isdecimal() or int(text) not in allowed:
            self.fault(field, field, text_of(cell))
            return None
        return int(text)

    def _yes_no(self, cell: Cell) -> bool | None:
        text = plain_word(text_of(cell)) or text_of(cell)
        if not text:
            return None
        if text not in columns.YES_NO and not re.fullmatch(r"[1-9]\d?[部台]?", text):
            self.fault("lift", "lift", text_of(cell))
            return None
        return columns.YES_NO.get(text, True)
