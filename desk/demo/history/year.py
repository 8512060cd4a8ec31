"""The year before the script: invented once, written night by night, so that the closings of the boards saw it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import chain

from django.utils import timezone

from desk.demo.history import special
from desk.demo.history.callings import Callings, has_helpers
from desk.demo.history.crowd import Crowd
from desk.demo.history.inventing import World, invent
from desk.demo.history.lives import Calling, Life
from desk.demo.history.playing import Rules
from desk.demo.history.seasons import Occasion, occasions, temper_of
from desk.demo.history.words import BY_KIND
from desk.demo.history.writing import add_up, write
from desk.demo.names import Cast
from desk.demo.people import DEPARTMENT, People
from desk.demo.places import HUACHENG, Land
from desk.demo.script import Script, at_time
from organizations.workdays import calendar, one_calendar
from requests.models import Category
from volunteers.models import Volunteer

SEED = 7
#: What happened longer ago is written at once; boards of the last three months were closed night by night.
NIGHTS = 100
MIDNIGHT = time(0, 1)
#: Of a hundred requests so many are done by neighbours, and so many are asked by two.
BY_NEIGHBOURS, BY_TWO = 6, 5
#: These have a present of their own, which the script tells: what is not over is left out.
TOLD_BY_THE_SCRIPT = (HUACHENG, "440203001004")
STREET_OF_THE_SCRIPT = "440203001"


class Year:
    """Adds the lines that write it to the script of the demo."""

    def __init__(self, land: Land, people: People, cast: Cast, script: Script) -> None:
        self.script = script
        own = Script(script.now, random.Random(SEED))  # noqa: S311 - invented data, the same every time
        self.places = Crowd(land, people, cast, own).gather()
        self.rules = Rules(land.district, calendar())
        kinds = {category.code: category for category in Category.objects.all()}
        self.world = World(own, people, kinds, self.rules)
        self.today = timezone.localtime(script.now).date()
        self.written = [0, 0]

    def write(self) -> None:
        """All lives of the year, each written on the night after its last deed."""
        with one_calendar():
            self.rules.calendar = calendar()
            lives, callings = self._lives()
        nights = [at_time(self.today - timedelta(days=ago), MIDNIGHT) for ago in range(NIGHTS, -1, -1)]
        last = self.script.ago(minutes=3)
        for after, until in zip([None, *nights], [*nights, last], strict=True):
            self._on_a_night(after, min(until, last), lives, callings)
        self.script.at(self.script.ago(minutes=2), self._add_up)

    def _on_a_night(
        self, after: datetime | None, until: datetime, lives: list[Life], callings: list[Calling]
    ) -> None:
        some = [life for life in lives if (after is None or life.ends >= after) and life.ends < until]
        few = [each for each in callings if (after is None or each.ends >= after) and each.ends < until]
        if some or few:
            self.script.at(until, lambda: self._write(some, few))

    def _write(self, lives: list[Life], callings: list[Calling]) -> None:
        with one_calendar():
            for place, number in enumerate(write(lives, callings, self.rules)):
                self.written[place] += number

    def _add_up(self) -> None:
        helpers = [volunteer.pk for place in self.places for volunteer, _ in place.helpers]
        add_up(
            Volunteer.objects.filter(pk__in=helpers, entries__isnull=False)
            .distinct()
            .values_list("pk", flat=True)
        )

    # Inventing

    def _lives(self) -> tuple[list[Life], list[Calling]]:
        now, callings = self.script.now - timedelta(minutes=3), Callings(self.world)
        invented = chain(self._asked(callings), special.specials(self.world, self.places))
        lives = [life.until(now) for life in invented if life.begins < now]
        lives += special.contented(self.world, self.places, lives)
        called = [each.until(now) for each in callings.of_the_year(self.places, self.today)]
        return [life for life in lives if self._is_told(life)], [each for each in called if each.deeds]

    def _asked(self, callings: Callings) -> Iterator[Life]:
        chance = self.world.chance
        for each in occasions(self.places, self.script.now, self.today, self.rules.calendar, chance):
            number = chance.randrange(100)
            life = self._by_neighbours(callings, each) if number < BY_NEIGHBOURS else None
            if life is None:
                temper = temper_of(each.place, each.progress)
                life = invent(self.world, each.place, each.kind, temper, each.at)
                if number >= 100 - BY_TWO:
                    special.neighbours(self.world, life, each.place)
            yield life

    def _by_neighbours(self, callings: Callings, each: Occasion) -> Life | None:
        stories = [story for story in BY_KIND[each.kind] if has_helpers(story)]
        if not stories or each.place.is_huacheng:
            return None
        temper = temper_of(each.place, each.progress)
        return callings.asked_for(each.place, self.world.chance.choice(stories), temper, each.at)

    def _is_told(self, life: Life) -> bool:
        """What lies open where the script tells the present would stand between those whom the manual names."""
        code = next(place.node.code for place in self.places if place.node.pk == life.house.community_id)
        is_over = all(each.deeds[-1].step in _OVER for each in (life, *life.merged))
        if code in TOLD_BY_THE_SCRIPT:
            return is_over
        waits_above = any(deed.step in _ABOVE for deed in life.deeds)
        if code.startswith(STREET_OF_THE_SCRIPT) and waits_above and not is_over:
            return False
        return is_over or all(each.unit.name != DEPARTMENT for each in life.sendings)


_OVER = ("rate", "lapse", "decline", "withdraw")
_ABOVE = ("escalate", "object", "extend", "explain")
