import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from operations.simulating.rhythm import Rhythm, at_time
from organizations.workdays import calendar

NOW = datetime.fromisoformat("2026-11-30T15:40:00+08:00")
LONGEST = timedelta(hours=5)
pytestmark = pytest.mark.django_db


def rhythm(seed: int = 1) -> Rhythm:
    return Rhythm(NOW, calendar(), random.Random(seed))


def local(moments: list[datetime]) -> list[datetime]:
    return [timezone.localtime(moment) for moment in moments]


def test_everything_lies_in_the_year_until_now_in_order():
    drawn = rhythm()
    for moments in (drawn.asked(2000), drawn.called(2000, LONGEST)):
        assert moments == sorted(moments) and len(moments) == 2000
        assert moments[-1] < NOW
        assert moments[0] > NOW - timedelta(days=380)
    assert max(drawn.called(2000, LONGEST)) + LONGEST < NOW


def test_requests_come_in_the_morning_whistles_in_the_evening_and_at_weekends():
    drawn = rhythm()
    hours = Counter(moment.hour for moment in local(drawn.asked(4000)))
    assert hours[9] > 2 * hours[13] and not hours[3]
    starts = local(drawn.called(4000, LONGEST))
    evenings = sum(start.hour >= 18 for start in starts if calendar().is_workday(start.date()))
    by_day = sum(start.hour < 18 for start in starts if calendar().is_workday(start.date()))
    assert evenings > 3 * by_day
    assert sum(start.weekday() >= 5 for start in starts) > 0.4 * len(starts)


def test_the_spring_festival_is_quiet_and_storms_are_not():
    drawn = rhythm()
    asked = Counter(moment.date() for moment in local(drawn.asked(40_000)))
    usual = 40_000 / 365
    assert asked[datetime(2026, 2, 17).date()] < usual / 3
    stormy = [day.date for day in drawn.days if day.is_stormy]
    assert stormy and {day.month for day in stormy} <= {6, 7, 8, 9, 10}
    assert sum(asked[day] for day in stormy) / len(stormy) > 1.5 * usual
    assert drawn.is_stormy(at_time(stormy[0], datetime.min.time()))


def test_the_same_seed_draws_the_same_year():
    assert rhythm(7).asked(300) == rhythm(7).asked(300)
    assert rhythm(7).called(300, LONGEST) != rhythm(8).called(300, LONGEST)
