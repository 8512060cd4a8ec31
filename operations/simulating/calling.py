"""A year of whistles, and who came: community by community, exactly as many as the place has published.

What was held within the last days waits for its credit, and a few lie ahead and take claims: both come on top.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from accounts.models import User
from desk.demo.calls import CALLS, LIGHT_CALLS, Call
from ground.clock import day_of
from operations.simulating.accounts import Keys
from operations.simulating.copying import Writer
from operations.simulating.crowd import Crowd, Neighbours
from operations.simulating.helping import Helping, Moments, Way
from operations.simulating.land import shared
from operations.simulating.members import Helper
from operations.simulating.rhythm import DAYS, Rhythm, at_time
from organizations.models import Organization
from requests.models import NumberSeries
from requests.states import DutyArea
from volunteers.models import BoardNews, Thanks, Whistle, WhistleEvent
from volunteers.states import Task, WhistleKind
from volunteers.tables import WHISTLES
from volunteers.whistling import limits, reminders, whistles

#: A window is at most so long, and at least.
LONGEST, SHORTEST = timedelta(minutes=300), timedelta(minutes=40)
#: What is over for less waits to be credited.
JUDGED_AFTER: Final = timedelta(days=3)
#: Called off, of a hundred; ahead, for so many days. They come on top of those that were held.
CALLED_OFF, AHEAD = 3, 6
#: Of a hundred who served: forgot to check out. Beside each hundred: withdrew, stayed away, were refused.
FORGOT, WITHDREW, ABSENT, REFUSED = 4, 4, 3, 0.4
#: How much of its window a presence misses, in minutes, on average.
MISSED: Final = 5
#: Hours before the start at which it is heard.
HEARD: Final = (30, 160)
#: A whistle in so many is thanked for, by up to three.
THANKED: Final = 7
WORDS: Final = ("谢谢你们", "很热心", "帮了大忙", "辛苦了", "")
WEATHER: Final = "暴雨预警，改期进行"
FLOOD: Final = Call(
    "防汛巡查和转移", "暴雨预警，按网格巡查低洼处和地下车库，协助转移独居老人，请穿雨衣胶鞋。", 0, time(19), 150, 12,
    DutyArea.SAFETY, Task.GOVERNANCE, "安全巡查", WhistleKind.EMERGENCY,
)  # fmt: skip
#: Boards of so many months, this one among them, are told of; what lies longer back is seen by who asks for it.
BOARD_MONTHS: Final = 3
#: So many claims are kept until they are written.
HEAP: Final = 4000


@dataclass(slots=True)
class Held:
    """What was written: whistles that were held, called off or lie ahead; credited participations, their minutes."""

    held: int = 0
    called_off: int = 0
    ahead: int = 0
    participations: int = 0
    minutes: int = 0


class Calling:
    """Writes the whistles of a year. Same crowd, rhythm and chance: the same whistles."""

    def __init__(self, crowd: Crowd, rhythm: Rhythm, writer: Writer, chance: random.Random) -> None:
        self.crowd, self.rhythm, self.writer, self.chance = crowd, rhythm, writer, chance
        self.preset, self.keys = crowd.land.preset, Keys(writer)
        self.helping = Helping(self.keys, writer, rhythm.calendar)
        self.numbers = Numbers({node.pk: node for node in crowd.land.districts})
        self.counted = Held()
        self._whistles: list[Whistle] = []
        self._events: list[WhistleEvent] = []
        self._thanks: list[Thanks] = []
        self._owed = 0

    def call(self) -> Held:
        """As many whistles and participations as the preset has; nothing where it has none."""
        if self.preset.whistles:
            weights = [max(len(each.members), 1) for each in self.crowd.neighbours]
            counts = shared(self.preset.whistles, weights)
            services = shared(self.preset.participations, weights)
            for place, count, many in zip(self.crowd.neighbours, counts, services, strict=True):
                self._year_of(place, count, many)
            self.numbers.write()
        self.counted.participations, self.counted.minutes = self.helping.credited, self.helping.minutes
        return self.counted

    def _year_of(self, place: Neighbours, count: int, services: int) -> None:
        starts = self.rhythm.called(count, LONGEST)
        fresh = [start for start in starts if start + LONGEST > self.rhythm.now - JUDGED_AFTER]
        usual = max(2, round(services / max(count, 1)))
        weights = [self.chance.uniform(0.4, 1.6) for _ in range(count - len(fresh))]
        sizes = shared(services, weights) if weights else []
        for start, size in zip(starts, [*sizes, *[usual] * len(fresh)], strict=False):
            self._held(place, start, size, is_judged=start not in fresh)
        for start in self._upcoming(count * AHEAD / DAYS):
            self._ahead(place, start, usual)
        self._write()
        self.helping.write_sums()
        self._tell_boards(place)

    # One whistle

    def _held(self, place: Neighbours, start: datetime, size: int, *, is_judged: bool) -> None:
        if self.chance.randrange(100) < CALLED_OFF:
            self._called_off(place, start, size)
        whistle, published = self._whistle(place, start, size + 2 + size // 6)
        wanted = size + self._owed if is_judged else size
        coming = self._draw(place, min(wanted, whistle.places_max), published, whistle)
        if is_judged:
            self._owed = wanted - len(coming)
        self._step(whistle, "start", whistle.starts_at, None)
        self._step(whistle, "finish", whistle.ends_at, None)
        judge = self.chance.choice(place.staff)
        for helper in coming:
            way = Way.WAITS if not is_judged else Way.FORGOT if self._is(FORGOT) else Way.SERVED
            self._help(whistle, helper, way, published, judge)
        self._others(place, whistle, published, judge, size if is_judged else 0)
        self._thank(place, whistle)
        self.counted.held += 1

    def _others(
        self, place: Neighbours, whistle: Whistle, published: datetime, judge: User, size: int
    ) -> None:
        """Those who did not come, or came and did nothing."""
        room = whistle.places_max - size
        for way, share in ((Way.WITHDRAWN, WITHDREW), (Way.ABSENT, ABSENT), (Way.REFUSED, REFUSED)):
            many = sum(self._is(share) for _ in range(size))
            for helper in self._draw(place, min(many, room), published, whistle):
                self._help(whistle, helper, way, published, judge)

    def _called_off(self, place: Neighbours, start: datetime, size: int) -> None:
        whistle, published = self._whistle(place, start, size + 2)
        at = start - timedelta(hours=20)
        for helper in self._draw(place, size // 3, published, whistle, blocks=False):
            claimed = published + (at - published) * self.chance.uniform(0.05, 0.9)
            moments = Moments(claimed, at, at, at)
            self.helping.help(whistle, helper, Way.RELEASED, moments, (0, 0), place.staff[0].pk)
        self._step(whistle, "cancel", at, place.staff[0])
        whistle.cancelled_because = WEATHER
        self.counted.called_off += 1

    def _ahead(self, place: Neighbours, start: datetime, size: int) -> None:
        """Heard already, and open."""
        whistle, published = self._whistle(place, start, size + 2)
        whistle.remind_at = reminders.next_after(whistle, self.rhythm.now)
        for helper in self._draw(place, size // 2, published, whistle):
            claimed = published + (self.rhythm.now - published) * self.chance.uniform(0.05, 0.95)
            moments = Moments(claimed, start, start, start)
            self.helping.help(whistle, helper, Way.GOING, moments, (0, 0), place.staff[0].pk)
        self.counted.ahead += 1

    def _upcoming(self, often: float) -> Iterator[datetime]:
        for _ in range(int(often + self.chance.random())):
            day = day_of(self.rhythm.now) + timedelta(days=self.chance.randint(1, AHEAD))
            yield at_time(day, time(9 if not self.rhythm.calendar.is_workday(day) else 19, 30))

    def _whistle(self, place: Neighbours, start: datetime, places: int) -> tuple[Whistle, datetime]:
        """Drafted and published. Gives when, too."""
        call, house = self._call_at(start), self.chance.choice(place.land.buildings)
        by, heard, spot = self.chance.choice(place.staff), self._heard(start), house.point
        if spot is None:
            raise RuntimeError("a house stands nowhere")
        row = Whistle(
            id=self.keys.next(Whistle), title=call.title, text=call.text, kind=call.kind, duty_area=call.area,
            task=call.task, starts_at=start, ends_at=start + self._length(places), place=house.name, lng=spot.lng,
            lat=spot.lat, places_max=places, places_min=max(1, places // 3), created_by_id=by.pk, created_at=heard,
            district_id=house.district_id, street_id=house.street_id, community_id=house.community_id,
            grid_id=house.grid_id,
        )  # fmt: skip
        row.key, row.claim_by = (
            uuid.uuid5(uuid.NAMESPACE_OID, f"whistle {row.pk}"),
            limits.usual_claim_by(row),
        )
        row.number = self.numbers.next(row.district_id, day_of(heard))
        self._whistles.append(row)
        row.state, published = "", heard + timedelta(minutes=4)
        self._step(row, "draft", heard, by)
        self._step(row, "publish", published, by)
        return row, published

    def _step(self, row: Whistle, name: str, at: datetime, by: User | None) -> None:
        step, source = WHISTLES.steps[name], row.state
        if source not in step.sources or step.target is None:
            raise RuntimeError(f"{name} is not open to {source!r}")
        row.state = str(step.target)
        event = WhistleEvent(
            subject_id=row.pk, by_id=by.pk if by else None, step=name, source=source, target=row.state, at=at
        )
        self._events.append(event)

    def _call_at(self, start: datetime) -> Call:
        if self.rhythm.is_stormy(start) and self.chance.random() < 0.6:
            return FLOOD
        return self.chance.choice(_CALLS)

    def _heard(self, start: datetime) -> datetime:
        """In office hours, some days before; never after now."""
        at = min(start, self.rhythm.now) - timedelta(hours=self.chance.uniform(*HEARD))
        return at_time(day_of(at), time(self.chance.randrange(9, 18), self.chance.randrange(60)))

    def _length(self, size: int) -> timedelta:
        """About as long as the published hours make it; what was too little so far is made up for by and by."""
        mean = self.preset.hours * 60 / max(self.preset.participations, 1)
        behind = mean * self.helping.credited - self.helping.minutes
        minutes = mean * self.chance.uniform(0.75, 1.25) + MISSED + max(-25, min(25, behind / max(size, 1)))
        return min(max(timedelta(minutes=round(minutes / 5) * 5), SHORTEST), LONGEST)

    # Who comes

    def _draw(
        self, place: Neighbours, many: int, published: datetime, whistle: Whistle, *, blocks: bool = True
    ) -> list[Helper]:
        """Registered by then and free at that time; the eager ones more often. `blocks`: they are busy then."""
        members, tries = place.members, many * 8
        found: list[Helper] = []
        while members and len(found) < many and tries:
            tries -= 1
            helper = members[int(len(members) * self.chance.random() ** 1.5)]
            if helper.since < published and helper.free_at <= whistle.starts_at and helper not in found:
                found.append(helper)
        if blocks:
            for helper in found:
                helper.free_at = whistle.ends_at
        return found

    def _help(self, whistle: Whistle, helper: Helper, way: Way, published: datetime, judge: User) -> None:
        chance, start, end = self.chance, whistle.starts_at, whistle.ends_at
        claimed = published + (start - published) * 0.8 * chance.random()
        came, left = start + _minutes(chance.uniform(-18, 8)), end - _minutes(chance.uniform(0.5, 6))
        judged = at_time(day_of(end) + timedelta(days=chance.randint(1, 2)), time(10, chance.randrange(50)))
        if way is Way.WITHDRAWN:
            judged = claimed + (start - claimed) * chance.random()
        metres = chance.randint(3, 90), chance.randint(3, 90)
        self.helping.help(whistle, helper, way, Moments(claimed, came, left, judged), metres, judge.pk)
        if len(self.helping.claims) >= HEAP:
            self._write()

    def _is(self, share: float) -> bool:
        return self.chance.random() * 100 < share

    def _thank(self, place: Neighbours, whistle: Whistle) -> None:
        """Those who were served say so: a like, often stars, sometimes words (RULES 7)."""
        if self.chance.randrange(THANKED) or not place.residents:
            return
        for user, _ in self.chance.sample(
            place.residents, min(self.chance.randint(1, 3), len(place.residents))
        ):
            at = min(whistle.ends_at + timedelta(hours=self.chance.uniform(0.2, 30)), self.rhythm.now)
            stars = self.chance.choices((None, 3, 4, 5), (20, 5, 25, 50))[0]
            words = self.chance.choice(WORDS)
            self._thanks.append(Thanks(whistle_id=whistle.pk, by_id=user.pk, stars=stars, words=words, at=at))

    # Writing

    def _write(self) -> None:
        self.writer.write(Whistle, self._whistles)
        self.writer.write(WhistleEvent, self._events)
        self.helping.write()
        self.writer.write(Thanks, self._thanks)
        self._whistles, self._events, self._thanks = [], [], []

    def _tell_boards(self, place: Neighbours) -> None:
        """One piece of news for each month: boards know no shorter period."""
        day, rows = day_of(self.rhythm.now), []
        for _ in range(BOARD_MONTHS):
            rows.append(
                BoardNews(district_id=place.land.district_id, community_id=place.node.pk, served_on=day)
            )
            day = day.replace(day=1) - timedelta(days=1)
        self.writer.write(BoardNews, rows)


_CALLS: Final = (*CALLS, *LIGHT_CALLS)


def _minutes(some: float) -> timedelta:
    return timedelta(minutes=some)


class Numbers:
    """Numbers of whistles by the series of each district and day; the series go on where others left them."""

    def __init__(self, districts: dict[int, Organization]) -> None:
        self.districts = districts
        self._known = dict(NumberSeries.objects.values_list("prefix", "last"))
        self._last: dict[str, int] = {}

    def next(self, district_id: int, day: date) -> str:
        prefix = f"{self.districts[district_id].letters or 'WS'}{whistles.MARK}{day:%Y%m%d}"
        self._last[prefix] = self._last.get(prefix, self._known.get(prefix, 0)) + 1
        return f"{prefix}-{self._last[prefix]:03d}"

    def write(self) -> None:
        rows: list[Any] = [NumberSeries(prefix=prefix, last=last) for prefix, last in self._last.items()]
        NumberSeries.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["prefix"], update_fields=["last"], batch_size=500
        )
