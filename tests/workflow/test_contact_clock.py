"""The clock of the first contact runs beside the others, with reminders of its own (RULES 4)."""

from datetime import datetime
from typing import Any

import pytest

from ground import clock
from requests import asking_back, ticking, workflow
from requests.states import ContactBy, Track
from tests.factories import City, a_city, a_user, appoint
from tests.workflow import CHINA, accepted, filed
from tests.workflow.hearing import heard

pytestmark = pytest.mark.django_db


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA)


@pytest.fixture
def city() -> City:
    return a_city()


def ticked(moment: datetime, person: Any) -> list[str]:
    before = len(heard(person))
    with clock.at(moment):
        while ticking.catch_up():
            pass
    return [said for said in heard(person)[before:] if "联系" in said]


def test_the_owner_hears_at_half_at_four_fifths_and_when_it_is_over(city):
    with clock.at(at(20, 9)):
        row = accepted(city, track=Track.HARD)  # filed as 要: contact until 18:00 of Monday, 18 working hours
    assert ticked(at(20, 17, 59), city.home.secretary) == []
    assert ticked(at(20, 18), city.home.secretary) == [f"还剩 3 天联系提出人：{row.number}"]
    assert ticked(at(23, 14, 24), city.home.secretary) == [f"还剩 3 小时联系提出人：{row.number}"]
    assert ticked(at(23, 18), city.home.secretary) == [f"联系提出人到期：{row.number}"]
    assert ticked(at(23, 19), city.home.secretary) == []


def test_then_the_tier_above_hears_once(city):
    officer = a_user("干部")
    appoint(officer, "officer", city.street)
    with clock.at(at(20, 9)):
        row = accepted(city)
    assert ticked(at(24, 8, 59), officer) == []
    assert ticked(at(24, 9), officer) == [f"超时 15 小时未联系提出人：{row.number}"]
    assert ticked(at(27, 9), officer) == []


def test_contact_ends_it_and_so_does_an_end(city):
    with clock.at(at(20, 9)):
        rung, gone = accepted(city), accepted(city)
        assert rung.contact_next_at == gone.contact_next_at == at(20, 18)
        workflow.contact(rung, by=city.home.secretary, how=ContactBy.PHONE)
        workflow.withdraw(gone, by=gone.submitter)
    assert rung.contact_next_at is gone.contact_next_at is None
    assert ticked(at(24, 9), city.home.secretary) == []


def test_it_runs_on_while_the_submitter_is_asked(city):
    with clock.at(at(20, 9)):
        row = accepted(city)
        asking_back.ask(row, by=city.home.secretary, text="哪一层？")
    assert row.due is None and row.contact_next_at == at(20, 18)


def test_while_nobody_accepted_the_accept_clock_speaks_for_both(city):
    with clock.at(at(20, 9)):
        row = filed(city)
    assert row.contact_next_at is None
    assert ticked(at(24, 9), city.home.secretary) == []
