"""A question to the submitter stops the resolve clock: the same day, over a weekend, over the Spring Festival."""

from datetime import datetime

import pytest

from ground import clock
from requests import asking_back, clocks, ticking
from requests.models import ServiceRequest
from requests.states import State, Track
from tests.factories import City, a_city
from tests.workflow import CHINA, a_category, accepted, everybody_was_rung, steps_of

pytestmark = pytest.mark.django_db


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


def asked(city: City, since: datetime, moment: datetime, track: str = Track.IMPORTANT) -> ServiceRequest:
    with clock.at(since):
        row = accepted(city, category=a_category(track, track=track), track=track)
    with clock.at(moment):
        asking_back.ask(row, by=city.home.secretary, text="是哪一层的灯？")
    assert (row.due, row.due_from, row.next_at) == (None, None, row.asked_until)
    return row


def answer(row: ServiceRequest, moment: datetime) -> None:
    with clock.at(moment):
        asking_back.answer(row, by=row.submitter, text="三楼")


@pytest.mark.parametrize(
    ("since", "question", "reply", "due"),
    [
        (at(11, 20), at(11, 23), at(11, 23, 16), at(11, 27, 18)),  # the same day: nothing to give back
        (at(11, 20), at(11, 20, 11), at(11, 23, 9, 30), at(11, 30, 18)),  # over a weekend: Monday
        (at(11, 20), at(11, 20, 11), at(11, 22, 9, 30), at(11, 27, 18)),  # answered on the Sunday
        (at(2, 12), at(2, 13), at(2, 16), at(2, 27, 18)),  # over the festival: the make-up Saturday
        (at(2, 12), at(2, 13), at(2, 20), at(2, 27, 18)),  # after five days the question is over (the 18th)
    ],
)
def test_the_due_moves_by_the_working_days_of_the_pause(
    since: datetime, question: datetime, reply: datetime, due: datetime
) -> None:
    row = asked(a_city(), since, question)
    answer(row, reply)
    assert (row.state, row.resolve_due, row.due, row.due_from) == (State.ACCEPTED, due, due, reply)


def test_an_urgent_one_gets_back_every_minute() -> None:
    row = asked(a_city(), at(11, 20), at(11, 20, 12, 0), Track.URGENT)
    answer(row, at(11, 20, 23, 17))
    assert row.due == at(11, 21, 21, 17)


def test_what_was_over_before_the_question_stays_over_and_is_told_upwards() -> None:
    """Asked on Friday evening after the due: the pause does not hide it from those above."""
    row = asked(a_city(), at(11, 20), at(11, 27, 19))
    answer(row, at(11, 30, 10))
    assert row.due == at(11, 27, 18)
    with clock.at(at(11, 30, 10, 1)):
        ticking.catch_up()
    row.refresh_from_db()
    assert (row.reminded, row.next_at) == (clocks.OVERDUE, None)


def test_the_platform_ends_the_pause_when_the_days_are_over() -> None:
    row = asked(a_city(), at(11, 20), at(11, 20, 11))
    everybody_was_rung()
    with clock.at(at(11, 25, 10, 59)):
        assert ticking.catch_up() == 0
    with clock.at(at(11, 25, 11)):
        assert ticking.catch_up() == 1
    row.refresh_from_db()
    assert steps_of(row)[-1] == "timeout"
    assert (row.state, row.due) == (State.ACCEPTED, at(12, 2, 18))  # 23, 24, 25: three days


def test_after_an_outage_the_pause_ends_when_it_should_have_ended() -> None:
    """Two weeks without a worker: no longer pause, and what is overdue by now is said at once."""
    row = asked(a_city(), at(11, 20), at(11, 20, 11))
    with clock.at(at(12, 4)):
        while ticking.catch_up():
            pass
    row.refresh_from_db()
    assert (row.due, row.due_from) == (at(12, 2, 18), at(12, 4))
    assert (row.reminded, row.next_at) == (clocks.OVERDUE, None)
