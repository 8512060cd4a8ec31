"""News of dispatches: officers of what is sent, the handler of what comes back, leaders the third time."""

from datetime import datetime
from typing import Any

import pytest

from ground import clock
from requests import dispatching, tiers, workflow
from requests.models import Dispatch
from requests.states import Grade
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.workflow import CHINA, accepted, in_progress
from tests.workflow.hearing import heard, told

pytestmark = pytest.mark.django_db
WHAT = "楼道灯不亮"


def staff(place: Any, post: str = "officer") -> Any:
    person = a_user("干部")
    appoint(person, post, place)
    return person


def sent(city: City, name: str = "供电所") -> tuple[Dispatch, Any]:
    unit = a_unit(city, name)
    officer = staff(unit, "case_officer")
    row = in_progress(city)
    return dispatching.dispatch(row, by=city.home.secretary, unit=unit, text="修灯"), officer


def test_officers_hear_of_what_is_sent_with_its_due() -> None:
    city = a_city()
    with clock.at(datetime(2026, 11, 20, 10, tzinfo=CHINA)):
        row, officer = sent(city)
    message = told(officer)[-1]
    assert (message.title, message.is_urgent) == (f"派单，请签收：{WHAT}", False)
    assert message.text.endswith("11月23日 18:00 前签收")
    assert (message.url, message.about) == (
        f"/desk/dispatches/{row.pk}/",
        f"request:{row.service_request_id}",
    )
    assert len(heard(officer)) == 1


def test_an_hour_to_sign_is_urgent() -> None:
    city = a_city()
    street, unit = staff(city.street), a_unit(city)
    officer = staff(unit, "case_officer")
    row = accepted(city)
    tiers.escalate(row, by=city.home.secretary, reason="要协调")
    dispatching.dispatch(row, by=street, unit=unit, text="修灯", grade=Grade.HARD)
    assert told(officer)[-1].is_urgent


def test_the_handler_hears_what_comes_back_and_not_every_signature() -> None:
    city = a_city()
    row, officer = sent(city)
    secretary = city.home.secretary
    before = len(heard(secretary))
    dispatching.sign(row, by=officer)
    dispatching.contact(row, by=officer, how="phone")
    dispatching.arrive(row, by=officer)
    assert len(heard(secretary)) == before
    dispatching.answer(row, by=officer, text="修好了")
    assert heard(secretary)[before:] == [f"供电所有回复，请核销：{WHAT}"]
    dispatching.confirm(row, by=secretary, timely=5, effective=5, attitude=5)
    assert len(heard(officer)) == 1


def test_given_back_is_told_to_the_owner_and_to_the_sender() -> None:
    city = a_city()
    row, officer = sent(city)
    other = staff(city.home.organization, "community_worker")
    workflow.handle(row.service_request, by=city.home.secretary, responsible=other)
    dispatching.give_back(row, by=officer, reason="不归我们管")
    for person in (city.home.secretary, other):
        assert heard(person)[-1] == f"供电所退回了派单，请另行安排：{WHAT}"
    assert "不归我们管" not in repr([each.text for each in told(other)])


def test_a_sender_who_left_hears_nothing_more() -> None:
    city = a_city()
    row, officer = sent(city)
    other = staff(city.home.organization, "community_worker")
    workflow.handle(row.service_request, by=city.home.secretary, responsible=other)
    heard(city.home.secretary)
    city.home.secretary.appointments.all().delete()
    before = len(heard(city.home.secretary))
    dispatching.give_back(row, by=officer, reason="不归我们管")
    assert len(heard(city.home.secretary)) == before


def test_the_third_rejection_is_told_to_the_leader_in_charge() -> None:
    city = a_city()
    row, officer = sent(city)
    leader = staff(city.street, "leader_in_charge")
    dispatching.sign(row, by=officer)
    for count in (1, 2, 3, 4):
        dispatching.answer(row, by=officer, text="修好了")
        dispatching.reject(row, by=city.home.secretary, reason="还是不亮")
        expected = [f"供电所第 3 次被退回重办：{WHAT}"] if count >= 3 else []
        assert heard(leader) == expected
    assert heard(officer).count(f"退回重办：{WHAT}") == 4
    assert told(leader)[0].url == f"/desk/requests/{row.service_request.number}/"


def test_recalled_and_ended_with_the_request() -> None:
    city = a_city()
    row, officer = sent(city)
    dispatching.recall(row, by=city.home.secretary, reason="自己修了")
    assert heard(officer)[-1] == f"派单已收回：{WHAT}"
    again, colleague = sent(city, "城管队")
    workflow.withdraw(again.service_request, by=again.service_request.submitter)
    assert heard(colleague)[-1] == f"点单已了结，派单收回：{WHAT}"


def test_a_dispatch_to_an_organization_is_told_to_those_who_verify_there() -> None:
    city = a_city()
    row = in_progress(city)
    dispatching.dispatch(
        row, by=city.home.secretary, organization=city.next_door.organization, text="一起看看"
    )
    assert heard(city.next_door.secretary) == [f"派单，请签收：{WHAT}"]


def test_when_the_request_went_up_answers_go_to_the_new_handler() -> None:
    city = a_city()
    street = staff(city.street)
    row, officer = sent(city)
    tiers.escalate(row.service_request, by=city.home.secretary, reason="要协调")
    before = len(heard(city.home.secretary))
    dispatching.sign(row, by=officer)
    dispatching.answer(row, by=officer, text="修好了")
    assert heard(street)[-1] == f"供电所有回复，请核销：{WHAT}"
    assert len(heard(city.home.secretary)) == before
