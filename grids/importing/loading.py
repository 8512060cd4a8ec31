"""Writing a plan: the caller holds the transaction and the locks, and has made the plan under them.

Rows get every column as the verbs would give it (`particulars.write_to`, `residents.put_into`, `dwellings.stand_in`);
only the statements are large. What changes about registered people is booked without values, as a save would have
booked it; new people are told by `last_import`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

from grids.dwellings import follow_building, stand_in
from grids.importing.booking import Booking
from grids.importing.examining import Outcome
from grids.importing.inserting import insert
from grids.importing.placing import BuildingPlan
from grids.importing.planning import Change
from grids.importing.register import Registered
from grids.importing.rows import Entry, Flat
from grids.models import Dwelling, Household, ImportJob, Resident
from grids.particulars import Particulars, write_to
from grids.residents import put_into
from ground import clock
from ground.heartbeat import Voice

Row = TypeVar("Row")
#: Rows per round: so many are held as model rows at a time; and rows per statement that names them by key.
PORTION, KEYS = 2_000, 900
#: Changed rows per statement.
CHANGED_PORTION = 200
SCOPE = ["district", "street", "community"]
LEFT_WHY = "导入的表里没有"
#: What is told otherwise → columns; the others are columns themselves.
COLUMNS = {
    "name": ["name", "name_key", "initials"],
    "document": ["document_kind", "document_number", "document_index"],
    "phone": ["phone", "phone_index"],
    "groups": [],
}


def write(outcome: Outcome, job: ImportJob, *, voice: Voice) -> None:
    """Everything the plan says. Raises django.db.DatabaseError where the registry does not take it."""
    _Loading(outcome, job, voice).run()


class _Loading:
    def __init__(self, outcome: Outcome, job: ImportJob, voice: Voice) -> None:
        self.outcome, self.job, self.voice, self.now = outcome, job, voice, clock.now()
        self.people = outcome.people
        self.booking = Booking(job.confirmed_by, self.now)
        self._last: tuple[Flat | None, int, Household] = None, 0, Household()

    def run(self) -> None:
        people = self.people
        vanished = people.vanished if self.job.retire_vanished else []
        total = len(people.new) + len(people.changes) + len(people.unchanged) + len(vanished)
        self.done = 0
        self.voice.phase("写入", total)
        write_buildings(self.outcome.buildings)
        self._write_dwellings()
        self._open_households()
        self._retire(vanished)
        self._step_down()
        self._change()
        self._confirm_unchanged()
        self._enter()
        self.booking.write()

    def _advance(self, count: int) -> None:
        self.done += count
        self.voice.at(self.done)

    # Dwellings and households

    def _write_dwellings(self) -> None:
        for flats in portions(self.people.new_flats, PORTION):
            rows = Dwelling.objects.bulk_create([new_dwelling(flat) for flat in flats])
            for flat, row in zip(flats, rows, strict=True):
                flat.pk = row.pk
            self.voice.beat()
        by_use: dict[str, list[int]] = defaultdict(list)
        for flat in self.people.used_otherwise:
            by_use[flat.use].append(flat.pk or 0)
            self.booking.note_use(flat)
        for use, pks in by_use.items():
            for some in portions(pks, KEYS):
                Dwelling.objects.filter(pk__in=some).update(use=use)

    def _open_households(self) -> None:
        for some in portions(list(self.outcome.new_households().items()), PORTION):
            rows = Household.objects.bulk_create([household_in(flat, key[1]) for key, flat in some])
            for (key, flat), row in zip(some, rows, strict=True):
                flat.households[key[1]] = row.pk
            self.voice.beat()

    # Registered people

    def _retire(self, vanished: Sequence[Registered]) -> None:
        today = clock.today()
        for some in portions(vanished, KEYS):
            Resident.objects.filter(pk__in=[person.pk for person in some]).update(
                standing=Resident.Standing.LEFT, left_on=today, left_why=LEFT_WHY, changed_at=self.now
            )
            for person in some:
                self.booking.note_leaving(person, today)
            self._advance(len(some))

    def _step_down(self) -> None:
        """Heads who are none any more, or not there: first, for the database allows one head at every moment."""
        heads = [each.was.pk for each in self.people.changes if _steps_down(each)]
        for some in portions(heads, KEYS):
            Resident.objects.filter(pk__in=some).update(relation=Resident.Relation.OTHER)

    def _change(self) -> None:
        """In groups that rewrite the same encrypted columns: those of the others are not even read."""
        alike: dict[tuple[bool, bool], list[Change]] = defaultdict(list)
        for change in self.people.changes:
            alike["document" in change.told, "phone" in change.told].append(change)
        for changes in alike.values():
            for some in portions(changes, CHANGED_PORTION):
                self._rewrite_all(some)
                self._advance(len(some))

    def _rewrite_all(self, changes: Sequence[Change]) -> None:
        keys = [change.was.pk for change in changes]
        rows = Resident.objects.defer("document_number", "phone").in_bulk(keys)
        columns = {"relation", "residence", "last_import", "changed_at"}
        for change in changes:
            columns |= self._rewrite(rows[change.was.pk], change)
        Resident.objects.bulk_update(rows.values(), sorted(columns))
        self._regroup([change for change in changes if "groups" in change.told])

    def _rewrite(self, resident: Resident, change: Change) -> set[str]:
        """Put a change into the row; gives the columns that it may have changed."""
        write_to(resident, merged(change))
        columns = {column for name in change.told for column in COLUMNS.get(name, [name])}
        if change.is_moved or change.is_back:
            put_into(resident, self._household(change.entry))
            columns.update(["household", "building", "grid", *SCOPE])
        if change.is_back:
            resident.standing, resident.left_on, resident.left_why = Resident.Standing.PRESENT, None, ""
            columns.update(["standing", "left_on", "left_why"])
        resident.last_import, resident.changed_at = self.job, self.now
        self.booking.note_change(change, resident)
        return columns

    def _regroup(self, changes: Sequence[Change]) -> None:
        through = Resident.groups.through.objects
        through.filter(resident_id__in=[change.was.pk for change in changes]).delete()
        self._enter_groups((change.was.pk, change.entry) for change in changes)

    def _enter_groups(self, people: Iterator[tuple[int, Entry]]) -> None:
        through = Resident.groups.through
        through.objects.bulk_create(
            through(resident_id=pk, specialgroup_id=group) for pk, entry in people for group in entry.groups
        )

    def _confirm_unchanged(self) -> None:
        for some in portions(self.people.unchanged, KEYS):
            Resident.objects.filter(pk__in=some).update(last_import=self.job)
            self._advance(len(some))

    # New people

    def _enter(self) -> None:
        for some in portions(self.people.new, PORTION):
            insert([self._new_resident(entry) for entry in some if not entry.groups])
            grouped = [entry for entry in some if entry.groups]
            rows = Resident.objects.bulk_create([self._new_resident(entry) for entry in grouped])
            self._enter_groups((row.pk, entry) for row, entry in zip(rows, grouped, strict=True))
            self._advance(len(some))

    def _new_resident(self, entry: Entry) -> Resident:
        resident = Resident(last_import=self.job, entered_at=self.now, changed_at=self.now)
        if entry.given is not None:
            write_to(resident, entry.given)
        put_into(resident, self._household(entry))
        return resident

    def _household(self, entry: Entry) -> Household:
        """An unsaved twin of the household's row: everything that `put_into` asks for, and no query.

        Rows of one household mostly stand together: the last twin is kept.
        """
        flat, number = entry.flat, entry.number
        if flat is None:
            raise ValueError("a good row has a dwelling")
        if self._last[0] is not flat or self._last[1] != number:
            household = household_in(flat, number)
            household.pk = flat.households[number]
            self._last = flat, number, household
        return self._last[2]


# Rows


def write_buildings(plan: BuildingPlan) -> None:
    """Compounds first. What stands on a building follows it into another grid, as everywhere."""
    for compound in plan.new_compounds:
        compound.save()
    for compound, columns in plan.changed_compounds.items():
        compound.save(update_fields=sorted(columns))
    for building in plan.new:
        building.compound = building.compound  # takes the key, now that there is one
        building.save()
    for building, columns in plan.changed.items():
        building.compound = building.compound
        is_moved = "grid" in columns
        building.save(update_fields=[*sorted(columns), *(SCOPE if is_moved else [])])
        if is_moved:
            follow_building(building)


def new_dwelling(flat: Flat) -> Dwelling:
    dwelling = Dwelling(
        building=flat.building, staircase=flat.staircase, floor=flat.floor, door=flat.door, use=flat.use
    )
    stand_in(dwelling, flat.building)
    return dwelling


def household_in(flat: Flat, number: int) -> Household:
    """Columns as `households.open_household` gives them; its dwelling has keys only."""
    building = flat.building
    return Household(
        dwelling=Dwelling(pk=flat.pk, building_id=building.pk),
        number=number,
        grid_id=building.grid_id,
        district_id=building.district_id,
        street_id=building.street_id,
        community_id=building.community_id,
    )


def merged(change: Change) -> Particulars:
    """The row over what is registered: what it does not say is kept, a document and a phone unread."""
    given, was = change.entry.given, change.was
    if given is None:
        raise ValueError("a change is about a person")
    tells_document = bool(change.entry.index)
    return Particulars(
        name=given.name,
        document_kind=given.document_kind if tells_document else was.document_kind,
        document_number=given.document_number if tells_document else (None if was.document_index else ""),
        phone=given.phone or None,
        birth_date=given.birth_date or was.birth_date,
        sex=given.sex or was.sex,
        relation=change.relation,
        residence=change.entry.residence or was.residence,
    )


def _steps_down(change: Change) -> bool:
    head = Resident.Relation.HEAD
    return change.was.relation == head and (change.is_moved or change.relation != head)


def portions(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
