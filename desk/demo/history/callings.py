"""Invents the whistles of the other communities: who comes, who forgets to check out, who stays away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from desk.demo.called import FORGOT
from desk.demo.calls import CALLS, LIGHT_CALLS, Call
from desk.demo.history.crowd import Neighbourhood
from desk.demo.history.inventing import Tale, World
from desk.demo.history.lives import Calling, Deed, Helping, Life
from desk.demo.history.seasons import DAYS, Temper
from desk.demo.script import at_time
from desk.demo.stories import Story
from ground.clock import day_of
from requests.states import DutyArea, Track
from volunteers.models import Volunteer
from volunteers.states import Task

#: A community of a street calls every so many days, one of a town more rarely; whoever asks is helped by two.
EVERY_DAYS, EVERY_DAYS_IN_TOWNS, FOR_ONE = 33, 52, 2
#: So many days ahead is called; a whistle in so many of a hundred is called off for the weather.
AHEAD, CALLED_OFF = 12, 4
WEATHER = "暴雨预警，改期进行"
HEARD = (52, 110)  # hours before the start


class Callings:
    """Keeps apart what one volunteer does: nobody is at two places at once."""

    def __init__(self, world: World) -> None:
        self.world, self.script, self.chance = world, world.script, world.chance
        self._busy: dict[int, list[datetime]] = {}

    def of_the_year(self, places: list[Neighbourhood], today: date) -> Iterator[Calling]:
        """Those that nobody asked for; the last ones lie ahead and are open."""
        for place in places:
            if place.is_huacheng:
                continue
            every = EVERY_DAYS_IN_TOWNS if place.is_rural else EVERY_DAYS
            ago = DAYS - 20 - self.chance.randrange(every)
            while ago > -AHEAD:
                if calling := self._held(place, today - timedelta(days=ago)):
                    yield calling
                ago -= every + self.chance.randint(-6, 6)

    def _held(self, place: Neighbourhood, week: date) -> Calling | None:
        call = self.chance.choice((*CALLS, *LIGHT_CALLS))
        day = week + timedelta(days=(call.weekday - week.weekday()) % 7)
        start = at_time(day, call.at)
        return self.call(place, call, start, self.script.by_day(start - self._before()))

    def _before(self) -> timedelta:
        return timedelta(hours=self.script.between(*HEARD))

    def call(
        self, place: Neighbourhood, call: Call, start: datetime, heard: datetime, life: Life | None = None
    ) -> Calling | None:
        """One whistle, from its draft on. None where it is not heard yet, or too few are registered by then."""
        coming = self._draw(place, call.places, heard, start)
        if heard >= self.script.now or len(coming) < 2:
            return None
        by, house = place.staff[0], life.house if life else self.chance.choice(place.place.buildings)
        calling = Calling(
            house, call.title, call.text, call.kind, call.area, call.task, start,
            start + timedelta(minutes=call.minutes), max(call.places, len(coming)), by, life=life,
        )  # fmt: skip
        published = heard + timedelta(minutes=4)
        calling.deeds += [Deed("draft", heard, by), Deed("publish", published, by)]
        if life is None and self.chance.randrange(100) < CALLED_OFF:
            calling.deeds.append(Deed("cancel", start - timedelta(hours=20), by, WEATHER))
            return calling
        calling.deeds += [Deed("start", start, None), Deed("finish", calling.ends_at, None)]
        calling.helpers += [self._help(calling, volunteer, published) for volunteer in coming]
        for volunteer in coming:
            self._busy.setdefault(volunteer.pk, []).append(start)
        return calling

    def _draw(self, place: Neighbourhood, most: int, heard: datetime, start: datetime) -> list[Volunteer]:
        """Those who are registered by then, and free on that day."""
        free = [
            volunteer
            for volunteer, since in place.helpers
            if since < heard
            and all(abs(start - other) > timedelta(hours=20) for other in self._busy.get(volunteer.pk, ()))
        ]
        return self.chance.sample(free, min(len(free), most, self.chance.randint(3, 6)))

    # One helper

    def _help(self, calling: Calling, volunteer: Volunteer, published: datetime) -> Helping:
        user, by = volunteer.user, calling.by
        room = (calling.starts_at - published) * 0.8
        claimed = published + room * self.chance.uniform(0.02, 1)
        helping = Helping(volunteer, [Deed("claim", claimed, user)], self._metres())
        luck = self.chance.random()
        if luck < 0.05:
            helping.deeds.append(Deed("withdraw", claimed + (calling.starts_at - claimed) / 2, user))
            return helping
        judged = at_time(day_of(calling.ends_at) + timedelta(days=2), time(10, self.chance.randrange(50)))
        if luck < 0.09:
            helping.deeds.append(Deed("absent", judged, by))
            return helping
        helping.deeds.append(Deed("check_in", calling.starts_at + self._minutes(-18, 8), user))
        if luck > 0.13:
            helping.deeds.append(Deed("check_out", calling.ends_at + self._minutes(-6, -1), user))
        reason = {} if luck > 0.13 else {"reason": FORGOT}
        helping.deeds.append(Deed("credit", judged, by, codes=reason))
        return helping

    def _minutes(self, low: float, high: float) -> timedelta:
        return timedelta(minutes=self.script.between(low, high))

    def _metres(self) -> tuple[int, int]:
        return self.chance.randint(3, 80), self.chance.randint(3, 80)

    # For somebody who asked

    def asked_for(self, place: Neighbourhood, story: Story, temper: Temper, at: datetime) -> Life | None:
        """Accepted, called out, done by two neighbours, judged (S7). None where nobody could come."""
        tale = Tale(self.world, place, story, temper, at).accept().contact()
        tale.by = place.staff[0]
        heard = self.script.later(tale.at, 0.2, 2)
        start = at_time(day_of(heard) + timedelta(days=2), time(19, 0))
        area = DutyArea(tale.life.category.duty_area)
        call = Call(story.title, story.text, 0, time(19), 90, FOR_ONE, area, Task.SERVICE, story.skill)
        calling = self.call(place, call, start, heard, tale.life)
        if calling is None or all(each.deeds[-1].step != "credit" for each in calling.helpers):
            return None
        calling.helpers = sorted(calling.helpers, key=lambda each: each.deeds[-1].step != "credit")[:FOR_ONE]
        calling.places = max(FOR_ONE, len(calling.helpers))
        tale.life.calling = calling
        tale.at = calling.deeds[1].at
        tale.life.deeds.append(Deed("whistle", tale.at, place.staff[0], codes={"whistle": calling}))
        tale.at, tale.handler = calling.ends_at, place.staff[0]
        tale.resolve(low=1, high=14).judge()
        return tale.life


def has_helpers(story: Story) -> bool:
    return bool(story.skill) and story.track != Track.HARD
