"""Which days are working days."""

from datetime import date

import pytest

from organizations.models import WorkdayOverride
from organizations.workdays import calendar, calendar_is_known

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "is_workday"),
    [
        (date(2026, 2, 17), False),  # Spring Festival, a Tuesday
        (date(2026, 2, 28), True),  # a Saturday made up for it
        (date(2026, 10, 1), False),
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
    ],
)
def test_the_statutory_calendar(day, is_workday):
    assert calendar().is_workday(day) is is_workday


def test_the_city_has_the_last_word():
    WorkdayOverride.objects.create(day=date(2026, 11, 20), is_workday=False, reason="台风停工")
    WorkdayOverride.objects.create(day=date(2026, 11, 21), is_workday=True, reason="补班")
    days = calendar()
    assert not days.is_workday(date(2026, 11, 20))
    assert days.is_workday(date(2026, 11, 21))


def test_an_unknown_year_goes_by_weekdays():
    assert not calendar_is_known(2099)
    assert calendar_is_known(2026)
    assert calendar().is_workday(date(2099, 10, 1))  # a Thursday
    assert not calendar().is_workday(date(2099, 10, 3))
    WorkdayOverride.objects.create(day=date(2099, 10, 1), is_workday=False, reason="国庆")
    assert not calendar().is_workday(date(2099, 10, 1))


def test_a_calendar_asks_the_database_once(django_assert_num_queries):
    days = calendar()
    with django_assert_num_queries(1):
        for number in range(1, 29):
            days.is_workday(date(2026, 2, number))
