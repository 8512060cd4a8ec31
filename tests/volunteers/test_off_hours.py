"""Which minutes count as outside working hours, and to which quarter and year: where the city is (S6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.volunteers.scenes import CHINA, a_city, a_volunteer, credited
from volunteers.accounting import ledger, quotas
from volunteers.models import LedgerEntry, ServiceBalance
from volunteers.states import Period

pytestmark = pytest.mark.django_db


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("starts_at", "minutes", "off_hours", "why"),
    [
        (moment(2026, 11, 20, 17, 30), 60, 30, "a working day ends at six"),
        (moment(2026, 11, 20, 8, 0), 120, 60, "and begins at nine"),
        (moment(2026, 11, 20, 23, 30), 60, 60, "over midnight into a Saturday"),
        (moment(2026, 11, 22, 23, 0), 11 * 60, 10 * 60, "over midnight into a Monday, until ten"),
        (moment(2026, 9, 30, 17, 0), 120, 60, "the evening before the National Day"),
        (moment(2026, 10, 1, 9, 0), 120, 120, "the National Day is a Thursday and free"),
        (moment(2026, 10, 7, 23, 0), 11 * 60, 10 * 60, "the holiday ends at midnight"),
        (moment(2026, 10, 10, 9, 30), 60, 0, "a Saturday on which one makes up for the holiday"),
        (moment(2026, 10, 10, 17, 30), 60, 30, "whose evening is free as any other"),
        (moment(2024, 2, 29, 17, 0), 120, 60, "leap day, a Thursday"),
        (moment(2024, 2, 28, 23, 30), 60, 60, "over midnight into leap day"),
        (moment(2026, 1, 1, 0, 0), 60, 60, "New Year"),
    ],
)
def test_minutes_outside_working_hours(starts_at, minutes, off_hours, why):
    city = a_city()
    credited(city.home, a_volunteer(city), starts_at=starts_at, minutes=minutes)
    entry = LedgerEntry.objects.get()
    assert (entry.minutes, entry.off_hours_minutes) == (minutes, off_hours), why


def test_quarters_and_years_end_at_midnight_where_the_city_is():
    """Half past eleven on New Year's Eve is half past three in the afternoon in London: it is last year's."""
    city = a_city()
    volunteer = a_volunteer(city)
    for starts_at in (
        moment(2025, 9, 30, 23, 30),
        moment(2025, 10, 1, 0, 30),
        moment(2025, 12, 31, 23, 30),  # an hour that ends in the next year counts to the one it began in
        moment(2026, 1, 1, 0, 30),
    ):
        credited(city.home, volunteer, starts_at=starts_at, minutes=60)
    kept = dict(ServiceBalance.objects.values_list("quarter", "times"))
    assert kept == {date(2025, 7, 1): 1, date(2025, 10, 1): 2, date(2026, 1, 1): 1}
    assert ledger.balance(volunteer, *ledger.bounds(Period.YEAR, date(2025, 12, 31))).times == 3
    assert ledger.balance(volunteer, *ledger.bounds(Period.QUARTER, date(2026, 1, 1))).times == 1
    last, new = (quotas.quota(volunteer, day) for day in (date(2025, 12, 31), date(2026, 1, 1)))
    assert last is not None and new is not None
    assert (last.times, last.minutes, new.times, new.minutes) == (2, 180, 1, 60)


def test_the_ring_says_what_the_entries_say():
    city = a_city()
    volunteer = a_volunteer(city)
    for days, hour in ((0, 19), (30, 10), (60, 17), (90, 20), (120, 9)):
        starts_at = moment(2026, 7, 1, hour, 30) + timedelta(days=days)
        credited(city.home, volunteer, starts_at=starts_at, minutes=90)
    today = date(2026, 11, 20)
    found = quotas.quota(volunteer, today)
    assert found is not None
    year = ledger.balance(volunteer, *ledger.bounds(Period.YEAR, today))
    quarter = ledger.balance(volunteer, *ledger.bounds(Period.QUARTER, today))
    assert (found.minutes, found.times) == (year.off_hours_minutes, quarter.off_hours_times)
