"""What a file would change: its rows among themselves, then against the people who are registered.

A person is found by the document, else by name in the same dwelling where one of the two has no document. Blank
cells say nothing: they never erase what is registered. Registered people are walked once and compared by keyed
indexes; nothing is decrypted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from grids.importing.checking import Faults
from grids.importing.faults import UNLESS_RETIRED, sentence_of
from grids.importing.register import Register, Registered
from grids.importing.rows import Entry, Flat
from grids.models import Dwelling, Resident
from grids.particulars import Particulars
from ground.fields import phone_index
from ground.heartbeat import Voice
from ground.names import name_key

HEAD = Resident.Relation.HEAD
EMPTY = Dwelling.Use.EMPTY
PRESENT, LEFT = Resident.Standing.PRESENT, Resident.Standing.LEFT


@dataclass(slots=True, eq=False)
class Change:
    """A registered person whom the file tells otherwise. `told`: names of `TOLD` that differ."""

    entry: Entry
    was: Registered
    told: set[str]
    relation: str
    is_moved: bool
    is_back: bool


#: What may differ → what people call it.
TOLD = {
    "name": "姓名",
    "document": "证件",
    "phone": "手机号",
    "birth_date": "出生日期",
    "sex": "性别",
    "relation": "与户主关系",
    "residence": "居住类型",
    "groups": "重点人群",
}


@dataclass
class PeoplePlan:
    new: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    #: Present people of the buildings in the file who are not in it.
    vanished: list[Registered] = field(default_factory=list)
    new_flats: list[Flat] = field(default_factory=list)
    #: Registered dwellings with another use than before.
    used_otherwise: list[Flat] = field(default_factory=list)


class RowsAmongThemselves:
    """The same person twice, two heads of a household, one dwelling with two uses: told at the later row."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def check(self, entries: list[Entry]) -> None:
        people: dict[object, Entry] = {}
        heads: dict[tuple[str, int], Entry] = {}
        for entry in entries:
            self._check_use(entry)
            if entry.given is None:
                continue
            self._check_twice(entry, people)
            if entry.flat is not None and entry.relation == HEAD:
                first = heads.setdefault((entry.flat.code, entry.number), entry)
                if first is not entry:
                    self._fault(entry, "relation", "two_heads", first)
        for entry in entries:
            flat = entry.flat
            if flat is not None and flat.people and entry.use == flat.use == EMPTY:
                self._fault(entry, "use", "empty_with_people")

    def _check_use(self, entry: Entry) -> None:
        flat = entry.flat
        if flat is None:
            return
        flat.people += entry.given is not None
        if not entry.use:
            return
        if flat.said_by is None:
            flat.use, flat.said_by = entry.use, entry
        elif flat.use != entry.use:
            self._fault(entry, "use", "use_conflict", flat.said_by)

    def _check_twice(self, entry: Entry, people: dict[object, Entry]) -> None:
        """By document; somebody without one by name in the dwelling, whoever of the two has none."""
        given = entry.given
        if given is None:
            return
        if entry.index:
            first = people.setdefault(entry.index, entry)
            if first is not entry:
                self._fault(entry, "number", "twice", first, given.document_number or "")
                return
        if entry.flat is None or not given.name:
            return
        first = people.setdefault((entry.flat.code, entry.number, given.name), entry)
        if first is not entry and not (entry.index and first.index):
            self._fault(entry, "name", "twice", first, given.name)

    def _fault(
        self, entry: Entry, column: str, code: str, first: Entry | None = None, text: str = ""
    ) -> None:
        sentence = sentence_of(code, row=first.row, sheet=first.source.sheet) if first else ""
        self.faults.add(entry.source, entry.row, column, code, text, sentence)
        entry.is_bad = True


class Comparison:
    """The good rows against the registry. `is_retiring`: vanished people are going to be retired."""

    def __init__(self, register: Register, faults: Faults, *, is_retiring: bool, voice: Voice) -> None:
        self.register, self.faults, self.is_retiring, self.voice = register, faults, is_retiring, voice
        self.plan = PeoplePlan()
        self._found: dict[int, tuple[Entry, Registered]] = {}  # by id(entry)

    def compare(self, entries: list[Entry]) -> PeoplePlan:
        good = [entry for entry in entries if not entry.is_bad]
        self._settle_households(good)
        self._heads = {
            (entry.flat.code, entry.number): entry
            for entry in good
            if entry.flat and entry.given and entry.relation == HEAD
        }
        self._by_document = {entry.index: entry for entry in good if entry.index}
        self._touched = {entry.flat.building.pk for entry in entries if entry.flat is not None} - {None}
        stayed = self._match_documents()
        left_over = self._match_names(good, stayed)
        self._tell_changes()
        self._tell_vanished(entries, left_over)
        self.plan.new = [entry for entry in good if entry.given and id(entry) not in self._found]
        self._settle_dwellings(good)
        self._drop_bad()
        return self.plan

    def _settle_households(self, good: list[Entry]) -> None:
        for entry in good:
            if entry.flat is None or entry.given is None or entry.number in entry.flat.households:
                continue
            flat, number = entry.flat, entry.number
            flat.households[number] = self.register.household_of.get((flat.pk, number)) if flat.pk else None

    def _match_documents(self) -> list[Registered]:
        """Those of the registry whom no document of the file names, where the file speaks of their building."""
        stayed = []
        for standing in (PRESENT, LEFT):
            for person in self.register.people(standing):
                self.voice.beat()
                entry = self._by_document.get(person.document_index) if person.document_index else None
                if entry is not None and id(entry) not in self._found:
                    self._found[id(entry)] = entry, person
                elif entry is None and person.building_id in self._touched:
                    stayed.append(person)
        return stayed

    def _match_names(self, good: list[Entry], stayed: list[Registered]) -> list[Registered]:
        """Among those who are left: the same name in the same dwelling, one of the two without a document."""
        names = {
            (entry.flat.pk, name_key(entry.given.name)): entry
            for entry in good
            if entry.given and entry.flat and entry.flat.pk and id(entry) not in self._found
        }
        left_over = []
        for person in stayed:
            dwelling = self.register.households.get(person.household_id or 0, (0, 0))[0]
            entry = names.get((dwelling, person.name_key))
            if entry is None or id(entry) in self._found or (entry.index and person.document_index):
                left_over.append(person)
            else:
                self._found[id(entry)] = entry, person
        return left_over

    def _tell_changes(self) -> None:
        groups = self.register.groups_of(
            [person.pk for entry, person in self._found.values() if entry.groups]
        )
        for entry, person in self._found.values():
            if entry.given is None or entry.flat is None:
                continue
            told = _told(entry, entry.given, person)
            if entry.groups and set(entry.groups) != groups.get(person.pk, set()):
                told.add("groups")
            change = self._change(entry, entry.flat, person, told)
            if change.told or change.is_moved or change.is_back:
                self.plan.changes.append(change)
            else:
                self.plan.unchanged.append(person.pk)

    def _change(self, entry: Entry, flat: Flat, person: Registered, told: set[str]) -> Change:
        household = flat.households[entry.number]
        is_moved, is_back = household is None or household != person.household_id, person.standing == LEFT
        kept = Resident.Relation.OTHER.value if is_moved or is_back else person.relation
        change = Change(entry, person, told, entry.relation or kept, is_moved, is_back)
        if change.relation != person.relation:
            told.add("relation")
        head = self._heads.get((flat.code, entry.number))
        if change.relation == HEAD and head is not None and head is not entry:
            self._fault(head, "relation", "two_heads", row=entry.row, sheet=entry.source.sheet)
        return change

    def _tell_vanished(self, entries: list[Entry], left_over: list[Registered]) -> None:
        mentioned = {entry.index for entry in entries if entry.is_bad and entry.index}
        named = {name_key(entry.given.name) for entry in entries if entry.is_bad and entry.given}
        empty = {flat.pk: flat for flat in self._flats(entries) if flat.pk and flat.use == EMPTY}
        for person in left_over:
            if person.standing != PRESENT:
                continue
            if person.document_index not in mentioned and person.name_key not in named:
                self.plan.vanished.append(person)
                if self.is_retiring:
                    continue
            self._check_who_stays(person, empty)

    def _check_who_stays(self, person: Registered, empty: dict[int, Flat]) -> None:
        """Somebody who is not in the file and stays where the file brings a head, or says that nobody lives."""
        where = self.register.households.get(person.household_id or 0)
        if where is None:
            return
        head = self._heads.get((self.register.codes[where[0]], where[1]))
        if head is not None and person.relation == HEAD:
            self._fault(head, "relation", "head_stands")
        flat = empty.get(where[0])
        if flat is not None and flat.said_by is not None:
            self._fault(flat.said_by, "use", "lived_in")

    def _settle_dwellings(self, good: list[Entry]) -> None:
        for flat in self._flats(good):
            lived = bool(flat.households)
            use = flat.use or (flat.registered_use if not lived or flat.registered_use != EMPTY else "")
            flat.use = use or (Dwelling.Use.OWN if lived else EMPTY)
            if flat.pk is None:
                self.plan.new_flats.append(flat)
            elif flat.use != flat.registered_use:
                self.plan.used_otherwise.append(flat)

    def _flats(self, entries: Iterable[Entry]) -> list[Flat]:
        return list(dict.fromkeys(entry.flat for entry in entries if entry.flat is not None))

    def _drop_bad(self) -> None:
        """Rows that turned out bad in the comparison itself."""
        self.plan.new = [entry for entry in self.plan.new if not entry.is_bad]
        self.plan.changes = [change for change in self.plan.changes if not change.entry.is_bad]

    def _fault(self, entry: Entry, column: str, code: str, **places: object) -> None:
        if entry.is_bad and code in UNLESS_RETIRED:
            return
        self.faults.add(entry.source, entry.row, column, code, "", sentence_of(code, **places))
        entry.is_bad = True


def _told(entry: Entry, given: Particulars, person: Registered) -> set[str]:
    """What the row says otherwise. Birth date and sex are the document's where there is one."""
    told, index = set(), entry.index
    if given.name != person.name:
        told.add("name")
    if index and (str(given.document_kind), index) != (person.document_kind, person.document_index):
        told.add("document")
    if given.phone and phone_index(given.phone) != person.phone_index:
        told.add("phone")
    if entry.residence and entry.residence != person.residence:
        told.add("residence")
    if entry.relation and entry.relation != person.relation:
        told.add("relation")
    if index or not person.document_index:
        told |= {
            name
            for name in ("birth_date", "sex")
            if getattr(given, name) and getattr(given, name) != getattr(person, name)
        }
    return told
