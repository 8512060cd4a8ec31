"""The three clocks (RULES 4) over weekends, 春节 and a make-up Saturday."""

from datetime import datetime

import pytest

from ground import clock
from organizations.models import WorkdayOverride
from requests import workflow
from requests.states import Track
from tests.factories import City, a_city
from tests.workflow import CHINA, a_category, filed

pytestmark = pytest.mark.django_db


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


def due_when_filed(city: City, moment: datetime, track: str) -> tuple[datetime, datetime]:
    with clock.at(moment):
        service_request = filed(city, category=a_category(track, track=track))
    return service_request.accept_due, service_request.contact_due


def due_when_accepted(city: City, moment: datetime, track: str) -> datetime:
    with clock.at(moment):
        service_request = filed(city, category=a_category(track, track=track))
        workflow.accept(service_request, by=city.home.secretary, track=track)
    return service_request.resolve_due


def test_an_urgent_one_runs_day_and_night() -> None:
    city = a_city()
    night = at(11, 21, 23, 50)  # a Saturday
    assert due_when_filed(city, night, Track.URGENT) == (at(11, 22, 0, 20), at(11, 22, 1, 50))
    assert due_when_accepted(city, night, Track.URGENT) == at(11, 22, 23, 50)


def test_working_days_skip_the_weekend() -> None:
    city = a_city()
    friday = at(11, 20)
    assert due_when_filed(city, friday, Track.IMPORTANT) == (at(11, 23, 18), at(11, 23, 18))
    assert due_when_filed(city, friday, Track.HARD) == (at(11, 23, 18), at(11, 24, 18))
    assert due_when_accepted(city, friday, Track.IMPORTANT) == at(11, 27, 18)
    assert due_when_accepted(city, friday, Track.HARD) == at(12, 11, 18)


def test_the_make_up_saturday_before_the_spring_festival_is_a_working_day() -> None:
    city = a_city()
    assert due_when_filed(city, at(2, 13), Track.IMPORTANT)[0] == at(2, 14, 18)


def test_the_spring_festival_does_not_count() -> None:
    city = a_city()
    assert due_when_filed(city, at(2, 14), Track.IMPORTANT)[0] == at(2, 24, 18)
    # 24 25 26 27 and the make-up Saturday of the 28th
    assert due_when_accepted(city, at(2, 14), Track.IMPORTANT) == at(2, 28, 18)


def test_the_city_s_own_days_come_first() -> None:
    city = a_city()
    WorkdayOverride.objects.create(day=at(11, 23).date(), is_workday=False, reason="台风停工")
    assert due_when_filed(city, at(11, 20), Track.IMPORTANT)[0] == at(11, 24, 18)


def test_what_is_due_is_found_and_what_ended_is_not() -> None:
    city = a_city()
    with clock.at(at(11, 20)):
        service_request = filed(city)
        rows = type(service_request).objects
        assert not service_request.is_overdue
    with clock.at(at(11, 23, 18, 1)):
        assert service_request.is_overdue
        assert list(rows.overdue()) == [service_request]
        workflow.withdraw(service_request, by=service_request.submitter)
        assert not rows.overdue().exists()
