"""A year of requests: who asks what where, invented as the demo's year is, played by the tables, written by COPY.

District by district, some hundred at a time, so that only one heap of lives is in memory. Photos are left out: what
the catalogue wants to see when something is mended would be a hundred thousand small files.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, groupby, islice
from typing import Any, Final, NamedTuple

from django.db import models

from desk.demo.history import inventing, special, words, writing
from desk.demo.history.inventing import Tale, World
from desk.demo.history.lives import Deed, Life
from desk.demo.history.playing import Rules
from desk.demo.history.seasons import IN_MONTHS, KINDS, PARKING, Temper
from desk.demo.script import Script
from operations.simulating.copying import Writer
from operations.simulating.crowd import Crowd, Neighbours
from operations.simulating.rhythm import Rhythm
from organizations.models import Policy
from requests.models import Category, ServiceRequest
from requests.states import State

#: Of a thousand requests so many come twice (并案), are filed by the community itself (未诉先办), or lie too long.
TWICE, PROACTIVE, STUCK = 25, 12, 5
#: What a stormy day does to the kinds.
IN_STORMS: Final = {"safety": 4.0, "clean": 2.0, "repair": 1.6}
#: Of what is asked so much is solved by now, at least; so much is left to chance, what is then missing goes straight.
SOLVED, NATURAL = 0.95, 0.97
#: What was asked longer ago and went straight is over.
RECENT: Final = timedelta(days=45)
#: So many lives are in memory before they are written.
HEAP: Final = 1_000
#: Nothing happened in the last minutes.
MARGIN: Final = timedelta(minutes=3)
#: One street in so many answers late.
SLOW_STREETS: Final = 12
#: How long what lies too long has lain (days).
LAIN: Final = (12, 80)


class SteadyRules(Rules):
    """One policy for the whole year: nothing was signed in a city that was just invented."""

    def policy(self, at: datetime) -> Policy:
        if date.max not in self._policies:
            self._policies[date.max] = Policy.of(self.district.pk)
        return self._policies[date.max]


class Copied:
    """`writing.Into` by COPY."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def create(self, model: type[models.Model], rows: list[Any]) -> None:
        unnamed = [row for row in rows if row.pk is None]
        for row, key in zip(unnamed, self.writer.ids(model, len(unnamed)), strict=True):
            row.pk = key
        self.writer.write(model, rows)


class Occasion(NamedTuple):
    """Somebody asks. way: one of `inventing.WAYS`, "straight", "proactive", "stuck"; "" is left to chance."""

    at: datetime
    place: int
    way: str = ""


@dataclass(slots=True)
class Counted:
    """What was written: requests of all states, and those of them that are solved (resolved or closed)."""

    requests: int = 0
    solved: int = 0


class Asking:
    """Writes the requests of a year. Same crowd, rhythm and chance: the same requests."""

    def __init__(self, crowd: Crowd, rhythm: Rhythm, writer: Writer, chance: random.Random) -> None:
        self.crowd, self.rhythm, self.chance = crowd, rhythm, chance
        self.into, self.counted = Copied(writer), Counted()
        script = Script(rhythm.now - MARGIN, chance)
        kinds = {category.code: category for category in Category.objects.all()}
        self.worlds = {
            pk: World(script, units, kinds, SteadyRules(units.district, rhythm.calendar))
            for pk, units in crowd.units.items()
        }
        self.tempers = self._tempers()
        self._shares = list(accumulate(each.land.weight for each in crowd.neighbours))

    def ask(self, *, solved: int = 0, total: int = 0) -> Counted:
        """Until exactly `solved` are solved or, with `total`, so many are written in all states."""
        most = (total or solved / SOLVED) * NATURAL
        first = max(0, round(most - 2 * most**0.5))
        stuck, proactive = first * STUCK // 1000, first * PROACTIVE // 1000
        self._write(
            [
                *self._drawn(first - stuck - proactive),
                *self._stuck(stuck),
                *self._drawn(proactive, "proactive"),
            ]
        )
        while missing := (total - self.counted.requests if total else solved - self.counted.solved):
            if missing < 0:
                raise RuntimeError(f"{-missing} requests too many")
            # Straight ones that are over: each counts once.
            self._write(self._drawn(missing, "straight", before=self.rhythm.now - RECENT))
        return self.counted

    # Who asks when

    def _drawn(self, count: int, way: str = "", before: datetime | None = None) -> list[Occasion]:
        moments = self.rhythm.asked(count)
        if before is not None:
            moments = [at if at < before else at - RECENT for at in moments]
        places = self.chance.choices(range(len(self._shares)), cum_weights=self._shares, k=len(moments))
        return [Occasion(at, place, way) for at, place in zip(moments, places, strict=True)]

    def _stuck(self, count: int) -> list[Occasion]:
        """Still in hand, long after their due."""
        low, high = LAIN
        days = [self.chance.uniform(low, high) for _ in range(count)]
        places = self.chance.choices(range(len(self._shares)), cum_weights=self._shares, k=count)
        by_day = self.worlds[self.crowd.neighbours[0].land.district_id].script.by_day
        return [
            Occasion(by_day(self.rhythm.now - timedelta(days=ago)), place, "stuck")
            for ago, place in zip(days, places, strict=True)
        ]

    def _tempers(self) -> list[Temper]:
        """How each place works: a street in twelve answers late, and does not get better."""
        slow = {node.pk for node in self.crowd.land.streets if self.chance.randrange(SLOW_STREETS) == 0}
        return [
            Temper(self.chance.uniform(1.7, 2.1), 0.3)
            if each.land.street_id in slow
            else Temper(self.chance.uniform(0.8, 1.2), self.chance.uniform(0.03, 0.12), self._unhappy())
            for each in self.crowd.neighbours
        ]

    def _unhappy(self) -> frozenset[str]:
        return frozenset(("parking", "dispute")) if self.chance.random() < 0.08 else frozenset()

    # Writing

    def _write(self, occasions: list[Occasion]) -> None:
        """District by district in the order of time."""
        by_district = sorted(occasions, key=lambda each: (self._district_of(each), each.at))
        for district, of_district in groupby(by_district, key=self._district_of):
            now = self.worlds[district].script.now
            while some := list(islice(of_district, HEAP)):
                lives = [self._life(each).until(now) for each in some if each.at < now]
                writing.write(lives, [], self.worlds[district].rules, self.into)
                self._count(row for life in lives for row in (life.row, *(each.row for each in life.merged)))

    def _district_of(self, occasion: Occasion) -> int:
        return self.crowd.neighbours[occasion.place].land.district_id

    def _count(self, rows: Iterable[ServiceRequest]) -> None:
        for row in rows:
            self.counted.requests += 1
            self.counted.solved += row.state in (State.RESOLVED, State.CLOSED) and bool(row.outcome)

    # What happens

    def _life(self, occasion: Occasion) -> Life:
        place, temper = self.crowd.neighbours[occasion.place], self.tempers[occasion.place]
        world, kind = self.worlds[place.land.district_id], self._kind(occasion.at)
        if occasion.way == "stuck":
            life = _stuck(world, place, kind, temper, occasion.at)
        elif occasion.way == "proactive":
            life = _proactive(world, place, kind, temper, occasion.at)
        else:
            life = inventing.invent(world, place, kind, temper, occasion.at, occasion.way)
            if not occasion.way and self.chance.randrange(1000) < TWICE:
                special.neighbours(world, life, place)
        for deeds in life.all_deeds():
            for deed in deeds:
                deed.scene = ""
        return life

    def _kind(self, at: datetime) -> str:
        progress, stormy = self.rhythm.progress(at), self.rhythm.is_stormy(at)
        weights = {
            kind: weight * IN_MONTHS.get(kind, {}).get(at.month, 1.0) for kind, weight in KINDS.items()
        }
        weights["parking"] *= PARKING[0] + (PARKING[1] - PARKING[0]) * progress
        for kind, more in IN_STORMS.items() if stormy else ():
            weights[kind] *= more
        return self.chance.choices(list(weights), list(weights.values()))[0]


def _stuck(world: World, place: Neighbours, kind: str, temper: Temper, at: datetime) -> Life:
    """Taken in hand and not done; some were urged, some are watched by the street (督办)."""
    tale = Tale(world, place, world.chance.choice(words.BY_KIND[kind]), temper, at)
    tale.accept().contact().handle()
    if world.chance.random() < 0.4:
        tale.then("urge", 48, 120, tale.asker)
    if world.chance.random() < 0.3:
        tale.then(
            "supervise", 24, 72, place.officer, words.URGED_BY_STREET, supervised_by=place.land.street_id,
            is_internal=True,
        )  # fmt: skip
    return tale.life


def _proactive(world: World, place: Neighbours, kind: str, temper: Temper, at: datetime) -> Life:
    """未诉先办: the community saw it itself; nobody is contacted, nobody rates."""
    tale = Tale(world, place, world.chance.choice(words.BY_KIND[kind]), temper, at)
    tale.life.source, tale.life.submitter, tale.life.shares_phone = (
        ServiceRequest.Source.PROACTIVE,
        tale.by,
        False,
    )
    tale.life.deeds[0].by = tale.by
    tale.accept().handle().resolve()
    tale.life.deeds.append(Deed("conclude", tale.at, None))
    return tale.life
