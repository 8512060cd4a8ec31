"""请补充: one question, during which the clock stands still."""

from datetime import datetime, timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from requests import afterwards, asking_back, consents, tiers, workflow
from requests.states import Outcome, State, Track
from tests.factories import a_city, a_grid_worker, a_user
from tests.workflow import CHINA, FRIDAY, accepted, filed, in_progress, seated, steps_of

pytestmark = pytest.mark.django_db


def test_the_question_and_the_answer_stand_in_the_history() -> None:
    city = a_city()
    service_request = in_progress(city)
    asking_back.ask(service_request, by=city.home.secretary, text="几楼的灯")
    assert (service_request.state, service_request.due) == (State.ASKED, None)
    assert service_request.next_at == service_request.asked_until
    asking_back.answer(service_request, by=service_request.submitter, text="四楼")
    assert service_request.state == State.IN_PROGRESS
    assert (service_request.asked_until, service_request.asked_from) == (None, "")
    assert [event.note.text for event in service_request.events.filter(step__in=("ask", "answer"))] == [
        "几楼的灯",
        "四楼",
    ]


def test_the_resolve_clock_stands_still_meanwhile() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        working, urgent = accepted(city), accepted(city, track=Track.URGENT)
        before = (working.resolve_due, urgent.resolve_due)
        for each in (working, urgent):
            asking_back.ask(each, by=city.home.secretary, text="几楼")
    tuesday = FRIDAY + timedelta(days=4)
    with clock.at(tuesday):  # a weekend and two working days later
        for each in (working, urgent):
            asking_back.answer(each, by=each.submitter, text="四楼")
    assert before[0] == datetime(2026, 11, 27, 18, tzinfo=CHINA)
    assert working.resolve_due == datetime(2026, 12, 1, 18, tzinfo=CHINA)
    assert urgent.resolve_due == before[1] + timedelta(days=4)
    assert working.due == working.resolve_due


def test_after_five_days_it_goes_on_without_an_answer_however_late_the_clock_is() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request = accepted(city, track=Track.URGENT)
        before = service_request.resolve_due
        asking_back.ask(service_request, by=city.home.secretary, text="几楼")
    with clock.at(FRIDAY + timedelta(days=5, minutes=-1)), pytest.raises(RuleViolation, match="还没到"):
        asking_back.time_out(service_request)
    with clock.at(FRIDAY + timedelta(days=7)):
        asking_back.time_out(service_request)
    assert service_request.state == State.ACCEPTED
    assert service_request.resolve_due == before + timedelta(days=5)
    assert service_request.events.get(step="timeout").by is None


def test_one_question_a_round() -> None:
    city = a_city()
    service_request = in_progress(city)
    secretary, person = city.home.secretary, service_request.submitter
    asking_back.ask(service_request, by=secretary, text="几楼")
    with pytest.raises(RuleViolation, match="待补充"):
        asking_back.ask(service_request, by=secretary, text="几点")
    asking_back.answer(service_request, by=person, text="四楼")
    with pytest.raises(RuleViolation, match="已经请提出人补充过一次"):
        asking_back.ask(service_request, by=secretary, text="几点")
    workflow.resolve(service_request, by=secretary, outcome=Outcome.SOLVED, text="好了")
    afterwards.reopen(service_request, by=person, reason="又坏了")
    asking_back.ask(service_request, by=secretary, text="哪天坏的")
    assert service_request.state == State.ASKED


def test_another_tier_has_a_question_of_its_own() -> None:
    city = a_city()
    service_request, officer = accepted(city), seated(city.street)
    asking_back.ask(service_request, by=city.home.secretary, text="几楼")
    asking_back.answer(service_request, by=service_request.submitter, text="四楼")
    tiers.escalate(service_request, by=city.home.secretary, reason="管线归街道")
    asking_back.ask(service_request, by=officer, text="哪条管线")
    assert (service_request.state, service_request.takeover_due) == (State.ASKED, None)


def test_not_while_the_tier_above_is_asked() -> None:
    city = a_city()
    seated(city.street)
    service_request = in_progress(city)
    consents.explain(service_request, by=city.home.secretary, text="依照条例")
    with pytest.raises(RuleViolation, match="正在等新华街道答复"):
        asking_back.ask(service_request, by=city.home.secretary, text="几楼")


def test_the_handler_asks_and_the_submitter_answers() -> None:
    city = a_city()
    service_request, waiting = accepted(city), filed(city)
    for person in (a_user(), service_request.submitter, city.next_door.secretary):
        with pytest.raises(NoPower):
            asking_back.ask(service_request, by=person, text="几楼")
    with pytest.raises(RuleViolation, match="待受理"):
        asking_back.ask(waiting, by=city.home.secretary, text="几楼")
    asking_back.ask(service_request, by=a_grid_worker(city.home), text="几楼")
    for person in (a_user(), city.home.secretary):
        with pytest.raises(NoPower):
            asking_back.answer(service_request, by=person, text="四楼")
    assert steps_of(service_request) == ["submit", "accept", "ask"]


def test_for_one_without_a_phone_other_staff_answer() -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    service_request = accepted(city, by=worker, without_phone="周阿婆")
    asking_back.ask(service_request, by=city.home.secretary, text="几楼")
    with pytest.raises(NoPower):
        asking_back.answer(service_request, by=city.home.secretary, text="四楼")
    asking_back.answer(service_request, by=worker, text="她说四楼")
    assert service_request.state == State.ACCEPTED
