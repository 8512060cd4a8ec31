"""One look at a file: read and checked by itself, then compared with the registry. Nothing is written.

The first half needs no registry and is done before a transaction is opened; the second half is done again inside of
it, so that what has changed since the check is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from grids.importing.checking import BuildingChecker, Faults, PersonChecker
from grids.importing.faults import UNLESS_RETIRED
from grids.importing.placing import BuildingPlan, Buildings, Places
from grids.importing.planning import TOLD, Change, Comparison, PeoplePlan, RowsAmongThemselves
from grids.importing.reading import Mappings, rows_of, understood
from grids.importing.register import Register
from grids.importing.rows import BuildingEntry, BuildingRow, Door, Entry, Flat, PersonRow, Source
from grids.models import ImportFinding, SpecialGroup
from ground import clock
from ground.fields import surname_only
from ground.heartbeat import Voice
from ground.personal import without_numbers
from ground.sheets import Book, Sheet, open_book
from organizations.models import Organization

Kind = ImportFinding.Kind
NOT_UNDERSTOOD = "没有认出表头，这张表没有读；如果要导入，请指出各列。"
HIDDEN = "这张表是隐藏的，没有读；如果要导入，请取消隐藏。"
#: Sheets of the template that hold no data.
EXPLANATIONS = frozenset({"说明", "填表说明", "填写说明"})


@dataclass
class Draft:
    """A file by itself."""

    entries: list[Entry] = field(default_factory=list)
    buildings: list[BuildingEntry] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    #: (sheet, row or None, why)
    skipped: list[tuple[str, int | None, str]] = field(default_factory=list)
    is_understood: bool = False

    @property
    def rows(self) -> int:
        return len(self.entries) + len(self.buildings)


@dataclass
class Outcome:
    """A file against the registry."""

    draft: Draft
    register: Register
    buildings: BuildingPlan
    people: PeoplePlan

    @property
    def bad_rows(self) -> set[tuple[str, int]]:
        return {(fault.sheet, fault.row) for fault in self.draft.faults}

    @property
    def touched(self) -> dict[int, tuple[str, int]]:
        """Registered people whom the file would change or move → (sheet, row)."""
        return {
            change.was.pk: (change.entry.source.sheet[:40], change.entry.row)
            for change in self.people.changes
        }

    def new_households(self) -> dict[tuple[str, int], Flat]:
        """(dwelling code, number) → dwelling, of the households that are still to be opened."""
        entries = [*self.people.new, *(change.entry for change in self.people.changes)]
        return {
            (entry.flat.code, entry.number): entry.flat
            for entry in entries
            if entry.flat is not None and entry.flat.households[entry.number] is None
        }

    @property
    def counts(self) -> dict[str, int]:
        """As `ImportJob.counts`."""
        people, buildings, bad = self.people, self.buildings, self.bad_rows
        lasting = {(each.sheet, each.row) for each in self.draft.faults if each.code not in UNLESS_RETIRED}
        back = sum(change.is_back for change in people.changes)
        moved = sum(change.is_moved and not change.is_back for change in people.changes)
        return {
            "rows": self.draft.rows,
            "bad": len(bad),
            "unless_retired": len(bad - lasting),
            "new": len(people.new),
            "changed": len(people.changes) - moved - back,
            "moved": moved,
            "back": back,
            "unchanged": len(people.unchanged),
            "vanished": len(people.vanished),
            "dwellings": len(people.new_flats) + len(people.used_otherwise),
            "households": len(self.new_households()),
            "buildings": len(buildings.new) + len(buildings.changed),
            "compounds": len(buildings.new_compounds) + len(buildings.changed_compounds),
            "skipped": len(self.draft.skipped),
        }

    def findings(self) -> Iterator[ImportFinding]:
        """Unsaved, without their job: what must be put right first, then what would change, then what was skipped.

        Sheets and columns may be called anything, also by somebody's number.
        """
        for finding in self._findings():
            for name in ("sheet", "column", "sentence"):
                setattr(finding, name, without_numbers(getattr(finding, name), "（号码）"))
            yield finding

    def _findings(self) -> Iterator[ImportFinding]:
        """Row after row: pages and people go through a sheet from top to bottom."""
        for fault in sorted(self.draft.faults, key=lambda each: (each.sheet, each.row)):
            yield ImportFinding(kind=Kind.BAD, **fault._asdict())
        for change in sorted(self.people.changes, key=lambda each: (each.entry.source.sheet, each.entry.row)):
            yield _changed(change, self.register)
        for person in self.people.vanished:
            where = self.register.door_of(person.household_id)
            sentence = f"登记在 {where}，表里没有；默认不动，可选记为迁出。"
            yield ImportFinding(
                kind=Kind.VANISHED,
                resident_id=person.pk,
                value=surname_only(person.name),
                sentence=sentence[:200],
            )
        for sheet, row, why in self.draft.skipped:
            yield ImportFinding(kind=Kind.SKIPPED, sheet=sheet[:40], row=row, sentence=why[:200])


def _changed(change: Change, register: Register) -> ImportFinding:
    entry, parts = change.entry, []
    if change.is_back:
        parts.append("曾迁出，恢复在册")
    if change.is_moved and entry.flat is not None:
        suffix = f" 第 {entry.number} 户" if entry.number > 1 else ""
        parts.append(f"从 {register.door_of(change.was.household_id)} 搬到 {entry.flat.short}{suffix}")
    if change.told:
        parts.append("变化：" + "、".join(label for name, label in TOLD.items() if name in change.told))
    return ImportFinding(
        kind=Kind.MOVED if change.is_moved else Kind.CHANGED,
        resident_id=change.was.pk,
        sheet=entry.source.sheet[:40],
        row=entry.row,
        value=surname_only(change.was.name),
        sentence="；".join(parts)[:200],
    )


# The file by itself


def read(content: bytes, name: str, mapping: Mappings, *, voice: Voice, expected: int = 0) -> Draft:
    """Open a file and check every row by itself. Raises ground.sheets.BadBook.

    `expected`: how many rows an earlier look found, for the progress bar.
    """
    reader = _Reader(voice)
    voice.phase("读取和核对", expected)
    with open_book(content, name) as book:
        reader.read(book, mapping)
    return reader.draft


class _Reader:
    """Goes through the sheets of a book. One query, for the groups that may be chosen."""

    def __init__(self, voice: Voice) -> None:
        self.draft, self.voice = Draft(), voice
        self.groups = dict(SpecialGroup.objects.filter(is_open=True).values_list("name", "pk"))
        self.doors: dict[Door, Door] = {}

    def read(self, book: Book, mapping: Mappings) -> None:
        for sheet in book.sheets:
            source = understood(sheet, mapping)
            if source is not None and not sheet.hidden:
                self.draft.is_understood = True
                self._read_sheet(sheet, source)
            elif not sheet.hidden and sheet.name not in EXPLANATIONS:
                self.draft.skipped.append((sheet.name, None, NOT_UNDERSTOOD))
            elif source is not None:
                self.draft.skipped.append((sheet.name, None, HIDDEN))

    def _read_sheet(self, sheet: Sheet, source: Source) -> None:
        faults, today = self.draft.faults, clock.today()
        people = PersonChecker(source, faults, groups=self.groups, doors=self.doors, today=today)
        buildings = BuildingChecker(source, faults)
        for number, row in rows_of(sheet, source, self._skipper(sheet.name)):
            if isinstance(row, PersonRow):
                self.draft.entries.append(people.entry(number, row))
            elif isinstance(row, BuildingRow):
                self.draft.buildings.append(buildings.entry(number, row))
            if self.draft.rows % 100 == 0:
                self.voice.at(self.draft.rows)

    def _skipper(self, sheet: str) -> Callable[[int, str], None]:
        return lambda row, why: self.draft.skipped.append((sheet, row, f"{why}，没有读。"))


# The file against the registry


def compare(draft: Draft, community: Organization, *, is_retiring: bool, voice: Voice) -> Outcome:
    """What the file would change. A draft is compared once: its rows learn where they are, and what is wrong."""
    voice.phase("比对台账")
    register = Register(community)
    buildings = Buildings(register, draft.faults)
    buildings.take(draft.buildings)
    voice.beat()
    Places(register, draft.faults, buildings.bad).take(draft.entries)
    voice.beat()
    RowsAmongThemselves(draft.faults).check(draft.entries)
    voice.beat()
    people = Comparison(register, draft.faults, is_retiring=is_retiring, voice=voice).compare(draft.entries)
    return Outcome(draft, register, buildings.plan, people)
