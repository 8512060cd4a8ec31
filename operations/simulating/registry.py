"""房屋, 户, 居民 of a place, community by community: every person through the checks of the import, with its keys,
indexes and encrypted numbers, every row with the columns that the verbs would give it.

Checking and encrypting cost more than writing. On PostgreSQL a large registry is made ready by other processes, which
touch no database; this one pastes their rows inside its transaction.
"""

from __future__ import annotations

import multiprocessing
import os
import random
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Final, NamedTuple

import django
from django.db.models import Model
from django.db.models.base import ModelState

from grids import groups
from grids.dwellings import stand_in
from grids.models import (
    Building,
    CareAssessment,
    Dwelling,
    Household,
    Resident,
    SpecialGroup,
    TerritoryPolicy,
)
from grids.models.people import CareLevel
from grids.particulars import examined, write_to
from grids.residents import put_into
from ground import clock
from operations.simulating.census import Census, Person, care_of
from operations.simulating.copying import Writer, lines
from operations.simulating.land import Land, Place, shared

#: So many people are worth starting processes for.
WORTH_PROCESSES: Final = 30_000
#: Dwellings that stand empty.
EMPTY: Final = 0.05
Use = Dwelling.Use


class House(NamedTuple):
    pk: int
    code: str
    grid_id: int
    floors: int
    staircases: int
    dwellings: int


@dataclass(frozen=True, slots=True)
class Parish:
    """One community to be settled: plain values, so that another process can do it. `first_…`: the keys that its
    rows are given; there are never more households than residents."""

    district_id: int
    street_id: int
    community_id: int
    houses: tuple[House, ...]
    residents: int
    first_dwelling: int
    first_household: int
    first_resident: int
    number: int
    of: int
    seed: str
    groups: dict[str, int]
    today: date
    entered_at: datetime


@dataclass(slots=True)
class Rows:
    """What a community's registry consists of, in the order in which it can be written."""

    dwellings: list[Dwelling] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    residents: list[Resident] = field(default_factory=list)
    assessments: list[CareAssessment] = field(default_factory=list)
    groups: list[Model] = field(default_factory=list)

    def tables(self) -> Iterator[tuple[type[Model], list[Model]]]:
        yield from zip(MODELS, (getattr(self, name) for name in self.__slots__), strict=True)


MODELS: Final[tuple[type[Model], ...]] = (
    Dwelling,
    Household,
    Resident,
    CareAssessment,
    Resident.groups.through,
)
#: Model (by its place in MODELS), rows, and their text.
Text = tuple[int, int, str]


def register(land: Land, writer: Writer, *, seed: int, number: int = 0, of: int | None = None) -> None:
    """Write dwellings, households and residents of a place. Its communities are the ones from `number` on, of `of` in
    the whole database: so no document comes twice."""
    preset = land.preset
    if not preset.dwellings:
        return
    groups.begin()
    parishes = list(_parishes(land, writer, seed, number, of or len(land.places)))
    if writer.copies and preset.residents >= WORTH_PROCESSES:
        _by_others(parishes, writer, preset.residents)
        return
    for parish in parishes:
        for model, rows in settle(parish).tables():
            writer.write(model, rows, preset.residents if model is Resident else None)


def _by_others(parishes: list[Parish], writer: Writer, residents: int) -> None:
    """Two or three communities ahead, so that memory stays bounded however slowly the database takes them."""
    ahead: deque[Future[list[Text]]] = deque()
    waiting = iter(parishes)
    context, workers = multiprocessing.get_context("spawn"), max(1, min(4, os.cpu_count() or 1))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=django.setup) as pool:
        for parish in waiting:
            ahead.append(pool.submit(text_of, parish))
            if len(ahead) > workers:
                _paste(ahead.popleft().result(), writer, residents)
        while ahead:
            _paste(ahead.popleft().result(), writer, residents)


def _paste(texts: list[Text], writer: Writer, residents: int) -> None:
    for index, rows, text in texts:
        model = MODELS[index]
        is_keyed = model in (Dwelling, Household, Resident)
        writer.paste(model, text, rows, is_keyed=is_keyed, total=residents if model is Resident else None)
    writer.settle()


def text_of(parish: Parish) -> list[Text]:
    """The rows of a community as COPY takes them. Runs in a process of its own."""
    tables = enumerate(settle(parish).tables())
    return [(index, len(rows), lines(rows)) for index, (_, rows) in tables if rows]


# What is shared out


def _parishes(land: Land, writer: Writer, seed: int, number: int, of: int) -> Iterator[Parish]:
    places, preset = land.places, land.preset
    weights = [float(sum(map(_room, place.buildings))) or 1.0 for place in places]
    dwellings = shared(preset.dwellings, weights)
    people = shared(preset.residents, [float(count) for count in dwellings])
    group_ids = dict(SpecialGroup.objects.values_list("name", "pk"))
    now, today = clock.now(), clock.today()
    for index, place in enumerate(places):
        yield Parish(
            district_id=place.district_id,
            street_id=place.street_id,
            community_id=place.node.pk,
            houses=tuple(_houses(place, dwellings[index])),
            residents=people[index],
            first_dwelling=writer.ids(Dwelling, dwellings[index]).start,
            first_household=writer.ids(Household, people[index]).start,
            first_resident=writer.ids(Resident, people[index]).start,
            number=number + index,
            of=of,
            seed=f"{seed}:{place.node.code}",
            groups=group_ids,
            today=today,
            entered_at=now - timedelta(days=370 + index % 60, hours=index % 7),
        )


def _houses(place: Place, dwellings: int) -> Iterator[House]:
    houses = place.buildings
    least = 1 if dwellings >= len(houses) else 0
    counts = shared(dwellings, [float(_room(house)) for house in houses], least)
    for house, number in zip(houses, counts, strict=True):
        yield House(house.pk, house.code, house.grid_id, house.floors or 1, house.staircases or 1, number)


def _room(house: Building) -> int:
    return (house.floors or 1) * (house.staircases or 1)


# Settling a community


def settle(parish: Parish) -> Rows:
    """All rows of a community; touches no database. Exactly `parish.residents` people."""
    return _Settling(parish).run()


class _Settling:
    def __init__(self, parish: Parish) -> None:
        self.parish, self.rows = parish, Rows()
        self.chance = random.Random(parish.seed)  # noqa: S311 - invented people
        self.census = Census(self.chance, parish.today, parish.number, parish.of)
        self.dwellings, self.households = count(parish.first_dwelling), count(parish.first_household)
        self.residents = count(parish.first_resident)
        self.policy = TerritoryPolicy(district_id=parish.district_id)
        self.template = Resident(entered_at=parish.entered_at, changed_at=parish.entered_at)

    def run(self) -> Rows:
        total = sum(house.dwellings for house in self.parish.houses)
        done = 0
        for house in self.parish.houses:
            building = self._building(house)
            for staircase, level, door in _doors(house):
                done += 1
                dwelling = Dwelling(building=building, staircase=staircase, floor=level, door=door)
                stand_in(dwelling, building)
                dwelling.pk = next(self.dwellings)
                self.rows.dwellings.append(dwelling)
                self._live_in(dwelling, self.parish.residents * done // total, is_last=done == total)
        return self.rows

    def _building(self, house: House) -> Building:
        parish = self.parish
        return Building(
            pk=house.pk,
            code=house.code,
            grid_id=house.grid_id,
            district_id=parish.district_id,
            street_id=parish.street_id,
            community_id=parish.community_id,
        )

    def _live_in(self, dwelling: Dwelling, until: int, *, is_last: bool) -> None:
        """Households, until there are as many people as there should be up to this door."""
        dwelling.use = Use.EMPTY
        if not is_last and self.chance.random() < EMPTY:
            return
        for number in count(1):
            left = until - len(self.rows.residents)
            if left <= 0:
                return
            most = self.parish.residents - len(self.rows.residents)
            people, is_tenant = self.census.family(left if is_last else most)
            dwelling.use = Use.LET if is_tenant and number == 1 else Use.OWN if number == 1 else dwelling.use
            self._move_in(dwelling, number, people)

    def _move_in(self, dwelling: Dwelling, number: int, people: list[Person]) -> None:
        household = Household(
            pk=next(self.households),
            dwelling=dwelling,
            number=number,
            grid_id=dwelling.grid_id,
            district_id=dwelling.district_id,
            street_id=dwelling.street_id,
            community_id=dwelling.community_id,
        )
        self._assess(household, people)
        self.rows.households.append(household)
        for person in people:
            self._enter(person, household)

    def _assess(self, household: Household, people: list[Person]) -> None:
        level, reason = care_of(people)
        if level is CareLevel.GREEN:
            return
        days = self.policy.red_days if level is CareLevel.RED else self.policy.yellow_days
        ago = self.chance.randrange(self.policy.review_days)
        review_on = self.parish.today + timedelta(days=self.policy.review_days - ago)
        household.care_level, household.care_days, household.care_review_on = level, days, review_on
        self.rows.assessments.append(
            CareAssessment(
                household=household,
                level=level,
                reason=reason,
                days=days,
                review_on=review_on,
                at=clock.midnight(self.parish.today - timedelta(days=ago)) + timedelta(hours=9),
            )
        )

    def _enter(self, person: Person, household: Household) -> None:
        given, faults = examined(person.given, today=self.parish.today)
        if faults:
            raise ValueError(
                f"an invented person has a fault: {sorted(fault.code for fault in faults.values())}"
            )
        resident = _twin(self.template)
        resident.pk = next(self.residents)
        write_to(resident, given)
        put_into(resident, household)
        self.rows.residents.append(resident)
        link = Resident.groups.through
        self.rows.groups += [
            link(resident_id=resident.pk, specialgroup_id=self.parish.groups[name])
            for name in person.groups
            if name in self.parish.groups
        ]


def _twin(template: Resident) -> Resident:
    """A new row with the same columns: a third of the time of a constructor that sets thirty of them one by one."""
    row = Resident.__new__(Resident)
    row.__dict__.update(template.__dict__)
    row._state = ModelState()
    return row


def _doors(house: House) -> Iterator[tuple[str, int, str]]:
    """(staircase, floor, door) of so many dwellings: staircase by staircase, floor by floor."""
    landings = house.floors * house.staircases
    for number in range(house.dwellings):
        door, landing = divmod(number, landings)
        staircase, level = landing // house.floors + 1, landing % house.floors + 1
        yield str(staircase), level, f"{level}{door + 1:02d}"
