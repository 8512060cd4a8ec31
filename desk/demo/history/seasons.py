"""When people ask and what for: the rhythm of the week, the seasons, holidays, what grows; and how places differ."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from desk.demo.history.crowd import Neighbourhood
from desk.demo.script import at_time
from ground.worktime import WorkCalendar

DAYS = 364
#: The script tells eight weeks of 花城社区 itself, the last three of them closely; and a little of the others.
TOLD_ELSEWHERE, TOLD_CLOSELY, TOLD_BESIDE = 57, 21, 32
#: Requests a week: 花城社区, while its script tells more; a community of a street, of a town; and what is left of
#: these where the script tells of them too.
HUACHENG, BESIDE_THE_SCRIPT, OF_STREET, OF_TOWN = 4.6, 3.0, 0.68, 0.42
LESS = 0.65
#: Monday to Sunday; what is left of it on statutory holidays.
WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 1.05, 0.85, 0.75)
HOLIDAY = 0.5
MONTHS = (0.95, 0.7, 1.0, 1.05, 1.15, 1.2, 1.15, 1.1, 1.05, 0.95, 1.0, 0.95)
#: How much is asked at the beginning and at the end of the year.
GROWTH = (0.82, 1.2)
#: Weight of each category; what a month does to it.
KINDS = {
    "repair": 26, "clean": 19, "safety": 11, "elder": 12, "child": 5, "dispute": 10, "parking": 7, "policy": 9,
}  # fmt: skip
IN_MONTHS = {
    "repair": {4: 1.3, 5: 1.4, 6: 1.4},
    "clean": {6: 1.2, 7: 1.4, 8: 1.4, 9: 1.2},
    "dispute": {5: 1.3, 6: 1.5, 7: 1.6, 8: 1.6, 9: 1.3},
    "elder": {12: 1.5, 1: 1.6, 2: 1.4, 10: 1.2},
    "child": {8: 2.0, 9: 2.2, 7: 1.5},
    "policy": {3: 1.5, 4: 1.4, 9: 1.2},
}
#: Parking grows from six tenths to nearly twice.
PARKING = (0.6, 1.9)
#: The street that answers late, and the communities where noise and parking are not solved.
SLOW_STREET = "440203002"
UNHAPPY_PLACES = ("工业东社区", "工业西社区", "工业中社区", "沙洲社区", "金洲社区")
UNHAPPY_KINDS = ("parking", "dispute")


@dataclass(frozen=True, slots=True)
class Temper:
    """How a place works: pace multiplies hours, late is the share of first contacts after their due."""

    pace: float
    late: float
    unhappy: frozenset[str] = field(default_factory=frozenset)


def temper_of(place: Neighbourhood, progress: float) -> Temper:
    """Most places get better over the year (progress 0 to 1); one street does not."""
    if place.node.code.startswith(SLOW_STREET):
        return Temper(1.9 + 0.2 * progress, 0.3 + 0.08 * progress)
    is_unhappy = place.node.short_name in UNHAPPY_PLACES
    pace = (1.15 if place.is_rural else 1.0) - 0.22 * progress
    return Temper(pace, 0.13 - 0.09 * progress, frozenset(UNHAPPY_KINDS if is_unhappy else ()))


@dataclass(frozen=True, slots=True)
class Occasion:
    """Somebody asks: where, when, what for, and how far the year has gone (0 to 1)."""

    place: Neighbourhood
    at: datetime
    kind: str
    progress: float


def occasions(
    places: list[Neighbourhood], now: datetime, today: date, calendar: WorkCalendar, chance: random.Random
) -> Iterator[Occasion]:
    """All of the year, in the order of days."""
    for ago in range(DAYS, -1, -1):
        day = today - timedelta(days=ago)
        progress = 1 - ago / DAYS
        for place in places:
            often = _often(place, day, ago, progress, calendar)
            for _ in range(_how_many(often, chance)):
                kind = _kind(place, day.month, progress, chance)
                at = _moment(day, chance)
                if at < now:
                    yield Occasion(place, at, kind, progress)


def _often(place: Neighbourhood, day: date, ago: int, progress: float, calendar: WorkCalendar) -> float:
    """Requests that are to be expected on that day."""
    if place.is_huacheng:
        base = HUACHENG if ago > TOLD_ELSEWHERE else BESIDE_THE_SCRIPT if ago > TOLD_CLOSELY else 0
    else:
        base = (OF_TOWN if place.is_rural else OF_STREET) * (1 if ago > TOLD_BESIDE else LESS)
    if place.node.code.startswith(SLOW_STREET):
        base *= 1.4
    is_holiday = day.weekday() < 5 and not calendar.is_workday(day)
    grown = GROWTH[0] + (GROWTH[1] - GROWTH[0]) * progress
    return base / 7 * WEEKDAYS[day.weekday()] * MONTHS[day.month - 1] * grown * (HOLIDAY if is_holiday else 1)


def _how_many(often: float, chance: random.Random) -> int:
    """A whole number that is `often` on average."""
    found, left = 0, often
    while left > 0:
        found += chance.random() < min(left, 0.5)
        left -= 0.5
    return found


def _kind(place: Neighbourhood, month: int, progress: float, chance: random.Random) -> str:
    weights = {kind: weight * IN_MONTHS.get(kind, {}).get(month, 1.0) for kind, weight in KINDS.items()}
    weights["parking"] *= PARKING[0] + (PARKING[1] - PARKING[0]) * progress
    if place.is_rural:
        weights["parking"] *= 0.4
        weights["policy"] *= 1.5
    if place.node.short_name in UNHAPPY_PLACES:
        for kind in UNHAPPY_KINDS:
            weights[kind] *= 2.4
    return chance.choices(list(weights), list(weights.values()))[0]


def _moment(day: date, chance: random.Random) -> datetime:
    """Mornings and evenings more than noon."""
    hour = chance.choices(
        (8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20), (6, 9, 9, 6, 3, 5, 6, 6, 5, 8, 9, 6)
    )[0]
    return at_time(day, time(hour, chance.randrange(60), chance.randrange(60)))
