"""Due dates and hours after work, on a small calendar of its own (RULES 4, S6)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ground.worktime import Span, due_after, off_hours_minutes

CITY = ZoneInfo("Asia/Shanghai")


class Calendar:
    """Weekdays, with one holiday week and one make-up Saturday, like 国庆 2026."""

    holidays = {date(2026, 10, day) for day in range(1, 8)}
    make_up = {date(2026, 10, 10)}

    def is_workday(self, day: date) -> bool:
        return day in self.make_up or (day.weekday() < 5 and day not in self.holidays)


CALENDAR = Calendar()


def moment(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CITY)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (moment(11, 20, 9, 12), 1, moment(11, 23, 18)),  # Friday → Monday
        (moment(11, 21, 23, 59), 1, moment(11, 23, 18)),  # Saturday night → Monday
        (moment(9, 30, 10), 1, moment(10, 8, 18)),  # the eve of the holiday week
        (moment(10, 8, 10), 2, moment(10, 10, 18)),  # a make-up Saturday counts
        (moment(11, 16, 8), 5, moment(11, 23, 18)),
    ],
)
def test_working_days_end_at_six_of_the_last_one_and_skip_holidays(start, days, due):
    assert due_after(start, Span(working_days=days), CALENDAR) == due


def test_minutes_run_day_and_night():
    assert due_after(moment(10, 1, 23, 45), Span(minutes=30), CALENDAR) == moment(10, 2, 0, 15)


def test_the_day_is_the_citys_day_not_utcs():
    friday_one_o_clock = moment(11, 20, 1).astimezone(ZoneInfo("UTC"))  # still Thursday in UTC
    assert due_after(friday_one_o_clock, Span(working_days=1), CALENDAR) == moment(11, 23, 18)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (moment(11, 20, 10), moment(11, 20, 12), 0),  # a working morning
        (moment(11, 20, 17, 30), moment(11, 20, 19), 60),  # over the end of the day
        (moment(11, 21, 9), moment(11, 21, 11), 120),  # Saturday
        (moment(10, 10, 9), moment(10, 10, 11), 0),  # make-up Saturday
        (moment(10, 1, 9), moment(10, 1, 11), 120),  # holiday
        (moment(11, 19, 22), moment(11, 20, 10), 11 * 60),  # over midnight into the working day
        (moment(11, 20, 10), moment(11, 20, 10), 0),
    ],
)
def test_off_hours_are_evenings_weekends_and_holidays(start, end, minutes):
    assert off_hours_minutes(start, end, CALENDAR) == minutes


def test_a_whole_week_has_all_hours_but_forty_five():
    start = moment(11, 16)
    assert off_hours_minutes(start, start + timedelta(days=7), CALENDAR) == 7 * 24 * 60 - 5 * 9 * 60


def test_spans_speak():
    assert [str(Span(minutes=30)), str(Span(minutes=1440)), str(Span(working_days=5))] == [
        "30 分钟",
        "24 小时",
        "5 个工作日",
    ]
