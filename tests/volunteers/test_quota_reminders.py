"""Who is behind learns it first; a week later the liaison learns how many; said once, and late rather than never."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from ground import clock
from notifications.models import Outgoing
from organizations import policies
from organizations.posts import Post
from tests.factories import a_user, appoint
from tests.volunteers.scenes import CHINA, LONG_AGO, a_city, a_plain_volunteer, a_volunteer, credited
from volunteers.accounting import quota_reminders
from volunteers.models import ServiceBalance
from volunteers.states import Period

pytestmark = pytest.mark.django_db


def morning(*day: int, hour: int = 9) -> datetime:
    return datetime(*day, hour, 0, tzinfo=CHINA)


def remind(*day: int, hour: int = 9) -> int:
    with clock.at(morning(*day, hour=hour)):
        return quota_reminders.remind_due()


def said_to(user) -> list[str]:
    rows = Outgoing.objects.filter(to=user, key__startswith="quota:").order_by("id")
    return list(rows.values_list("title", flat=True))


def has_hours(volunteer, hours: int = 20) -> None:
    ServiceBalance.objects.create(
        volunteer=volunteer, quarter=date(2026, 1, 1), minutes=hours * 60, off_hours_minutes=hours * 60,
        times=hours, off_hours_times=hours,
    )  # fmt: skip


@pytest.fixture
def city():
    return a_city()


def test_the_rounds_of_a_year():
    def keys(*day: int) -> list[tuple[str, str]]:
        found = quota_reminders.rounds_on(date(*day))
        return [(each.period, f"{each.told_on:%m-%d}") for each in found]

    assert keys(2026, 8, 30) == []
    assert keys(2026, 8, 31) == [(Period.QUARTER, "08-31")]
    assert keys(2026, 9, 20) == [(Period.QUARTER, "09-20")]
    assert keys(2026, 9, 30) == [(Period.QUARTER, "09-20")]
    assert keys(2026, 10, 1) == []
    assert keys(2026, 11, 1) == [(Period.YEAR, "11-01")]
    assert keys(2026, 12, 1) == [(Period.QUARTER, "12-01"), (Period.YEAR, "12-01")]
    assert keys(2026, 12, 31) == [(Period.QUARTER, "12-21"), (Period.YEAR, "12-01")]
    assert keys(2024, 3, 1) == [(Period.QUARTER, "03-01")]


def test_members_hear_thirty_and_ten_days_before_the_end_of_the_quarter(city):
    behind, done, plain = a_volunteer(city), a_volunteer(city), a_plain_volunteer(city)
    has_hours(behind)
    has_hours(done)
    credited(city.home, done, starts_at=morning(2026, 7, 20, hour=19))
    assert remind(2026, 8, 30) == 0
    assert remind(2026, 8, 31, hour=8) == 0  # not before nine
    assert remind(2026, 8, 31) == 1
    assert said_to(behind.user) == ["本季度还差 1 次八小时外服务"]
    assert remind(2026, 8, 31, hour=10) == remind(2026, 9, 1) == 0
    assert remind(2026, 9, 20) == 1
    assert (len(said_to(behind.user)), said_to(done.user), said_to(plain.user)) == (2, [], [])
    assert remind(2026, 10, 1) == 0


def test_the_year_is_said_in_november_and_december(city):
    volunteer = a_volunteer(city)
    has_hours(volunteer, 16)
    credited(city.home, volunteer, starts_at=morning(2026, 10, 20, hour=19), minutes=90)
    remind(2026, 11, 1)
    remind(2026, 12, 1)
    assert said_to(volunteer.user) == ["今年还差 2.5 小时八小时外服务"] * 2
    text = Outgoing.objects.filter(to=volunteer.user, key__startswith="quota:").first().text
    assert "今年已有 17.5 小时，指标 20 小时，到 12 月 31 日为止" in text


def test_after_an_outage_one_hears_the_last_round_only(city):
    volunteer = a_volunteer(city)
    has_hours(volunteer)
    assert remind(2026, 9, 25) == 1
    assert said_to(volunteer.user) == ["本季度还差 1 次八小时外服务"]


def test_a_week_later_the_liaison_hears_how_many_and_no_names(city):
    first = a_volunteer(city, name="王建国")
    second, other = a_volunteer(city, unit=first.unit), a_volunteer(city)
    for volunteer in (first, second, other):
        has_hours(volunteer)
    liaison, stranger = a_user("联络员"), a_user("别家联络员")
    with clock.at(LONG_AGO):
        appoint(liaison, Post.UNIT_LIAISON, first.unit)
        appoint(stranger, Post.UNIT_LIAISON, other.unit)
    remind(2026, 8, 31)
    assert remind(2026, 9, 6) == 0
    credited(city.home, second, starts_at=morning(2026, 9, 3, hour=19))
    credited(city.home, other, starts_at=morning(2026, 9, 3, hour=19))
    assert remind(2026, 9, 7) == 1
    assert said_to(liaison) == [f"{first.unit}有 1 人还没有完成本季度的八小时外服务次数"]
    assert said_to(stranger) == []
    row = Outgoing.objects.get(to=liaison, key__startswith="quota:")
    assert "王建国" not in row.title + row.text and row.url == "/desk/our-people/"
    assert remind(2026, 9, 8) == 0


def test_the_liaison_waits_a_week_after_a_late_reminder_too(city):
    volunteer = a_volunteer(city)
    has_hours(volunteer)
    with clock.at(LONG_AGO):
        appoint(liaison := a_user("联络员"), Post.UNIT_LIAISON, volunteer.unit)
    remind(2026, 9, 10)  # ten days late
    assert remind(2026, 9, 16) == 0
    assert remind(2026, 9, 17) == 1
    assert len(said_to(liaison)) == 1


def test_no_quota_no_reminder(city):
    volunteer = a_volunteer(city)
    officer = a_user("区委")
    with clock.at(LONG_AGO):
        appoint(officer, Post.OFFICER, city.district)
    officer.session_is_strong = True
    policies.sign(
        by=officer, district=city.district, begins_on=clock.today(), document="减负 1 号", preset="relief"
    )
    later = clock.now() + timedelta(days=30)
    for day in range(90):
        with clock.at(later + timedelta(days=day)):
            assert quota_reminders.remind_due() == 0
    assert said_to(volunteer.user) == []


def test_the_cost_of_a_round_with_nothing_to_say_does_not_grow(city, django_assert_max_num_queries):
    for _ in range(6):
        has_hours(a_volunteer(city))
    remind(2026, 8, 31)
    with django_assert_max_num_queries(5):
        assert remind(2026, 9, 1) == 0
