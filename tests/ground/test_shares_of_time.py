"""Working days between, shares of a due and the next morning (RULES 4): round Spring Festival 2026 and past
what anybody knows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ground.worktime import Span, due_after, next_morning, share_of, working_days_between
from organizations.workdays import calendar, calendar_is_known

CITY, UTC = ZoneInfo("Asia/Shanghai"), ZoneInfo("UTC")

# The city's calendar reads its own days over the statutory ones: there are none here.
pytestmark = pytest.mark.django_db


def moment(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CITY)


# Spring Festival 2026: holiday 15–23 February; Saturdays 14 and 28 February are worked.
BETWEEN = [
    (moment(2, 13, 10), moment(2, 14, 9), 1),  # Friday → the make-up Saturday
    (moment(2, 13, 10), moment(2, 24, 9), 2),  # over the whole holiday
    (moment(2, 14, 10), moment(2, 23, 23, 59), 0),  # nothing but holiday
    (moment(2, 27, 10), moment(3, 1), 1),  # the second make-up Saturday; Sunday is none
    (moment(2, 24, 0, 0), moment(2, 24, 23, 59), 0),  # its own day does not count
    (moment(2, 24, 23, 59), moment(2, 25), 1),  # midnight makes a day
    (moment(2, 25), moment(2, 24), 0),
    (moment(2, 24, 1).astimezone(UTC), moment(2, 25, 1).astimezone(UTC), 1),  # days of the city, not of UTC
]


@pytest.mark.parametrize(("start", "end", "days"), BETWEEN)
def test_working_days_between_two_moments(start, end, days):
    assert working_days_between(start, end, calendar()) == days


def test_a_due_is_as_many_working_days_away_as_was_promised():
    city = calendar()
    for days in range(1, 12):
        for start in (moment(2, 12, 23, 59), moment(2, 14, 12), moment(2, 18), moment(2, 27, 19)):
            assert working_days_between(start, due_after(start, Span(working_days=days), city), city) == days


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        (moment(2, 13, 20), moment(2, 14, 9)),  # Friday evening → the make-up Saturday
        (moment(2, 14, 8), moment(2, 24, 9)),  # its own morning is over: past the holiday
        (moment(2, 20, 0, 0), moment(2, 24, 9)),
        (moment(2, 23, 23, 59), moment(2, 24, 9)),
        (moment(2, 24, 0, 0), moment(2, 25, 9)),  # midnight belongs to the day that begins
        (moment(2, 28, 10), moment(3, 2, 9)),
    ],
)
def test_the_next_morning_is_that_of_a_working_day(now, morning):
    assert next_morning(now, calendar()) == next_morning(now.astimezone(UTC), calendar()) == morning


@pytest.mark.parametrize(
    ("start", "due", "share", "used_up"),
    [
        (moment(2, 13, 9), moment(2, 14, 18), 0.5, moment(2, 13, 18)),  # two whole days
        (moment(2, 14, 12), moment(2, 24, 18), 0.5, moment(2, 24, 10, 30)),  # six hours, holiday, nine hours
        (moment(2, 13, 20), moment(2, 14, 18), 0.5, moment(2, 14, 13, 30)),  # the evening does not count
        (moment(2, 16, 3), moment(2, 24, 18), 0.8, moment(2, 24, 16, 12)),
        (moment(2, 24, 23), moment(2, 25, 22), 1, moment(2, 25, 22)),  # all of it: the due itself
        (moment(2, 24, 23), moment(2, 25, 18), 0, moment(2, 24, 23)),
        (moment(2, 15, 8), moment(2, 15, 10), 0.5, moment(2, 15, 9)),  # no working time: real time
        (moment(2, 24, 10), moment(2, 24, 9), 0.5, moment(2, 24, 9)),  # late already
    ],
)
def test_a_share_of_working_time(start, due, share, used_up):
    assert share_of(start, due, share, calendar(), in_working_time=True) == used_up


def test_a_share_of_real_time_runs_day_and_night():
    city = calendar()
    assert share_of(moment(2, 15, 23), moment(2, 16, 1), 0.5, city, in_working_time=False) == moment(2, 16)
    assert share_of(moment(2, 15), moment(2, 16), 0.8, city, in_working_time=False) == moment(2, 15, 19, 12)


def test_shares_rise_and_stay_inside():
    start, due, city = moment(2, 12, 17, 30), moment(2, 26, 18), calendar()
    for is_working in (True, False):
        found = [share_of(start, due, n / 20, city, in_working_time=is_working) for n in range(21)]
        assert found == sorted(found) and found[0] == start and found[-1] == due


def test_a_year_that_nobody_knows_goes_by_weekdays():
    year = next(year for year in range(2026, 2100) if not calendar_is_known(year))
    monday = next(date(year, 1, day) for day in range(1, 8) if date(year, 1, day).weekday() == 0)
    start, city = moment(1, monday.day, 10, year=year), calendar()
    assert working_days_between(start, start + timedelta(days=7), city) == 5
    assert next_morning(start + timedelta(days=4), city) == moment(1, monday.day + 7, 9, year=year)
    friday_evening = moment(1, monday.day + 4, 19, year=year)
    due = due_after(friday_evening, Span(working_days=1), city)
    half = share_of(friday_evening, due, 0.5, city, in_working_time=True)
    assert half == moment(1, monday.day + 7, 13, 30, year=year)
