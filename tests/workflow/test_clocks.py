"""The clocks of a request and of a dispatch over holidays, nights and the ends of years (RULES 4)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ground import clock
from organizations import workdays
from organizations.models import Policy
from organizations.models.policies import default_spans
from requests import afterwards, clocks, consents, dispatching, tiers, workflow
from requests.models import Dispatch, ServiceRequest
from requests.states import Grade, Track
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.workflow import CHINA, a_category, accepted, filed, in_progress, resolved

pytestmark = pytest.mark.django_db


def at(month: int, day: int, hour: int = 10, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHINA)


def moments(row: Any) -> list[datetime]:
    """When the reminders of the present due come: half, four fifths, due, told upwards."""
    by_days = clocks.is_by_working_days(row)
    return [
        clocks.reminder_at(row, level, workdays.calendar(), in_working_time=by_days)
        for level in (clocks.HALF, clocks.FOUR_FIFTHS, clocks.DUE, clocks.OVERDUE)
    ]


def filed_at(city: City, moment: datetime, track: str = Track.IMPORTANT) -> ServiceRequest:
    with clock.at(moment):
        return filed(city, category=a_category(track, track=track))


def accepted_at(city: City, moment: datetime, track: str = Track.IMPORTANT) -> ServiceRequest:
    with clock.at(moment):
        return accepted(city, category=a_category(track, track=track), track=track)


def officer_of(city: City) -> Any:
    officer = a_user("街道干部")
    appoint(officer, "officer", city.street)
    return officer


# Reminders, to the minute


def test_reminders_of_a_working_day_come_in_working_time() -> None:
    """Friday 10:00 to Monday 18:00 are 17 working hours."""
    row = filed_at(a_city(), at(11, 20))
    assert moments(row) == [at(11, 23, 9, 30), at(11, 23, 14, 36), at(11, 23, 18), at(11, 24, 9)]
    assert row.next_at == at(11, 23, 9, 30)


def test_reminders_over_the_spring_festival() -> None:
    """The 14th is a make-up Saturday; from the 15th to the 23rd nobody works: 8 + 9 hours again."""
    row = filed_at(a_city(), at(2, 14))
    assert moments(row) == [at(2, 24, 9, 30), at(2, 24, 14, 36), at(2, 24, 18), at(2, 25, 9)]


def test_what_is_due_before_the_festival_is_told_upwards_after_it() -> None:
    row = filed_at(a_city(), at(2, 13))
    assert moments(row)[2:] == [at(2, 14, 18), at(2, 24, 9)]


def test_an_urgent_one_reminds_at_night_and_over_midnight() -> None:
    row = filed_at(a_city(), at(11, 21, 23, 50), Track.URGENT)
    assert moments(row) == [at(11, 22, 0, 5), at(11, 22, 0, 14), at(11, 22, 0, 20), at(11, 22, 0, 23)]


@pytest.mark.parametrize(
    ("moment", "due"), [(at(11, 19, 23, 59), at(11, 20, 18)), (at(11, 20, 0, 0), at(11, 23, 18))]
)
def test_midnight_is_where_the_day_begins(moment: datetime, due: datetime) -> None:
    """Thursday 23:59 is due on Friday, Friday 00:00 on Monday."""
    assert filed_at(a_city(), moment).accept_due == due


def test_a_leap_day_is_a_day() -> None:
    assert filed_at(a_city(), at(2, 28, year=2024)).accept_due == at(2, 29, 18, year=2024)
    assert filed_at(a_city("浈江"), at(2, 29, year=2024)).accept_due == at(3, 1, 18, year=2024)


def test_the_end_of_the_last_known_year() -> None:
    """Beyond it weekdays count: what begins on 31 December is due on the first weekday after it."""
    last = max(workdays._KNOWN_YEARS)
    row = filed_at(a_city(), at(12, 31, year=last))
    day = date(last + 1, 1, 1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    assert row.accept_due == datetime(day.year, day.month, day.day, 18, tzinfo=CHINA)
    assert row.next_at is not None and row.next_at <= row.accept_due


# Extension, reopening, other tiers


def test_an_extension_moves_the_due_and_its_reminders() -> None:
    city = a_city()
    officer, row = officer_of(city), accepted_at(city, at(11, 20))
    with clock.at(at(11, 25)):
        consents.extend(row, by=city.home.secretary, new_due=date(2026, 12, 4), reason="等配件")
        assert row.due == at(11, 27, 18)
    with clock.at(at(11, 26)):
        consents.consent_extension(row, by=officer)
    assert (row.due, row.due_from, row.reminded) == (at(12, 4, 18), at(11, 26), 0)
    assert row.next_at == moments(row)[0] == at(12, 1, 14)  # 31 of 62 working hours


def test_a_reopened_one_has_the_time_that_was_promised_from_now() -> None:
    city = a_city()
    with clock.at(at(11, 20)):
        row = resolved(city)
        assert (row.due, row.next_at) == (None, row.lapse_due)
    with clock.at(at(11, 23)):
        afterwards.reopen(row, by=row.submitter, reason="又不亮了")
    assert (row.due, row.due_from, row.resolve_due) == (at(11, 30, 18), at(11, 23), at(11, 30, 18))


def test_the_promise_stays_while_another_tier_takes_it_over() -> None:
    city = a_city()
    officer, row = officer_of(city), accepted_at(city, at(11, 20))
    with clock.at(at(11, 20, 11)):
        tiers.escalate(row, by=city.home.secretary, reason="要街道协调")
    assert (row.takeover_due, row.due, row.resolve_due) == (at(11, 23, 18), at(11, 23, 18), at(11, 27, 18))
    assert moments(row)[3] == at(11, 24, 9)
    with clock.at(at(11, 23, 9, 30)):
        tiers.take_over(row, by=officer)
    assert (row.takeover_due, row.due, row.due_from) == (None, at(11, 27, 18), at(11, 23, 9, 30))


def test_what_is_due_in_hours_reminds_at_night_though_taking_over_counts_days() -> None:
    """Filed as 要 (a working day to accept), confirmed as 急 (24 hours): the earlier due counts, and how it runs."""
    city = a_city()
    with clock.at(at(11, 20)):
        row = filed(city)
        workflow.accept(row, by=city.home.secretary, track=Track.URGENT)
        tiers.escalate(row, by=city.home.secretary, reason="要街道协调")
    assert (row.takeover_due, row.due) == (at(11, 23, 18), at(11, 21))
    assert moments(row) == [at(11, 20, 22), at(11, 21, 5, 12), at(11, 21), at(11, 21, 12, 24)]
    assert row.next_at == at(11, 20, 22)


# Policies


def sign(city: City, day: date, **spans: Any) -> None:
    words = {"signed_by": city.home.secretary, "document": "韶武办〔2026〕1 号"}
    Policy.objects.create(district=city.district, begins_on=day, spans={**default_spans(), **spans}, **words)


def test_a_policy_signed_later_leaves_old_promises_alone_and_binds_new_ones() -> None:
    city = a_city()
    old, other = filed_at(city, at(11, 20)), accepted_at(city, at(11, 20))
    days = {"accept": {"working_days": 2}, "contact": {"working_days": 2}, "resolve": {"working_days": 10}}
    sign(city, date(2026, 11, 20), important=days)
    assert filed_at(city, at(11, 20, 11)).accept_due == at(11, 24, 18)
    with clock.at(at(11, 20, 12)):
        workflow.add(old, by=old.submitter, text="二楼也不亮")
        tiers.escalate(other, by=city.home.secretary, reason="要街道协调")
    assert (old.accept_due, old.due) == (at(11, 23, 18), at(11, 23, 18))
    assert (other.resolve_due, other.takeover_due) == (at(11, 27, 18), at(11, 23, 18))
    assert accepted_at(city, at(11, 20, 13)).resolve_due == at(12, 4, 18)


# Dispatches


def dispatched(city: City, moment: datetime, *, by: Any = None, **extra: Any) -> Dispatch:
    with clock.at(moment):
        row, unit = in_progress(city), a_unit(city)
        appoint(a_user("承办人"), "case_officer", unit)
        if by is not None:
            tiers.escalate(row, by=city.home.secretary, reason="要街道协调")
        return dispatching.dispatch(row, by=by or city.home.secretary, unit=unit, text="修路灯", **extra)


def test_a_working_dispatch_counts_working_days() -> None:
    row = dispatched(a_city(), at(11, 20))
    assert (row.sign_due, row.arrive_due, row.answer_due) == (at(11, 23, 18), at(11, 25, 18), at(11, 27, 18))
    assert moments(row) == [at(11, 23, 9, 30), at(11, 23, 14, 36), at(11, 23, 18), at(11, 24, 9)]


def test_an_hour_to_sign_runs_at_night() -> None:
    city = a_city()
    row = dispatched(city, at(11, 20, 23, 30), by=officer_of(city), grade=Grade.HARD)
    assert row.due == at(11, 21, 0, 30)
    assert moments(row) == [at(11, 21, 0, 0), at(11, 21, 0, 18), at(11, 21, 0, 30), at(11, 21, 0, 36)]


def test_after_signing_the_earliest_of_contact_arrival_and_answer_is_due() -> None:
    city = a_city()
    row = dispatched(city, at(11, 20, 10), by=officer_of(city), grade=Grade.HARD)
    case_officer = row.unit.appointments.get().user
    with clock.at(at(11, 20, 10, 20)):
        dispatching.sign(row, by=case_officer)
        assert (row.due, row.contact_due) == (at(11, 21), at(11, 21))
        assert not clocks.is_by_working_days(row)  # 24 hours, day and night
        assert moments(row)[3] == row.due + (row.due - row.due_from) * clocks.GRACE
    with clock.at(at(11, 20, 15)):
        dispatching.contact(row, by=case_officer, how="phone")
        assert row.due == row.arrive_due == row.answer_due == at(11, 27, 18)
        assert clocks.is_by_working_days(row)
        dispatching.answer(row, by=case_officer, text="修好了")
        assert (row.due, row.due_from, row.next_at) == (None, None, None)
