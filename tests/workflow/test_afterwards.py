"""The lawful ways out after an answer: objecting, reopening, lapsing."""

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from requests import afterwards, consents, tiers, workflow
from requests.models import ServiceRequest
from requests.states import Outcome, State
from tests.factories import City, a_city, a_user
from tests.workflow import FRIDAY, accepted, filed, in_progress, resolved, seated, steps_of

pytestmark = pytest.mark.django_db
GOOD = {"contacted": True, "solved": True, "satisfied": 5}


def declined(city: City) -> ServiceRequest:
    service_request = filed(city)
    workflow.decline(service_request, by=city.home.secretary, reason="不归社区管")
    return service_request


def done_again(service_request: ServiceRequest, by: object) -> None:
    workflow.handle(service_request, by=by, responsible=by)
    workflow.resolve(service_request, by=by, outcome=Outcome.SOLVED, text="又修了")


# 申诉


def test_an_objection_goes_to_the_tier_above_which_verifies_anew() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request = declined(city)
    with clock.at(FRIDAY + timedelta(days=3)):
        afterwards.object_to(service_request, by=service_request.submitter, reason="这是公共的灯")
    assert (service_request.state, service_request.handler) == (State.SUBMITTED, city.street)
    assert (service_request.ended_at, service_request.takeover_due) == (None, None)
    assert service_request.due == service_request.accept_due > FRIDAY + timedelta(days=3)
    event = service_request.events.get(step="object")
    assert event.codes == {"from": city.home.organization.pk, "to": city.street.pk}
    assert event.note.text == "这是公共的灯"
    with pytest.raises(NoPower):
        workflow.accept(service_request, by=city.home.secretary, track="important")
    workflow.accept(service_request, by=seated(city.street), track="important")
    assert service_request.accepted_in_time is False  # the refusal in time was no lawful answer


def test_once_and_only_within_the_days_of_the_policy() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request, late = declined(city), declined(city)
        afterwards.object_to(service_request, by=service_request.submitter, reason="请再看")
        workflow.decline(service_request, by=seated(city.street), reason="确实不归我们管")
        with pytest.raises(RuleViolation, match="只能申诉一次.*12348"):
            afterwards.object_to(service_request, by=service_request.submitter, reason="还是不服")
    with clock.at(FRIDAY + timedelta(days=15)):
        assert workflow.REQUESTS.is_open("object", late.submitter, late)
    with clock.at(FRIDAY + timedelta(days=15, minutes=1)), pytest.raises(RuleViolation, match="期限已经过了"):
        afterwards.object_to(late, by=late.submitter, reason="才看到")


def test_a_decline_of_the_district_is_final_and_shows_the_legal_route() -> None:
    city = a_city()
    service_request = declined(city)
    ServiceRequest.objects.update(handler=city.district)
    service_request.refresh_from_db()
    with pytest.raises(RuleViolation, match="最后的答复.*行政复议"):
        afterwards.object_to(service_request, by=service_request.submitter, reason="不服")


def test_only_the_submitter_objects() -> None:
    city = a_city()
    service_request = declined(city)
    for person in (a_user(), city.home.secretary, city.next_door.secretary):
        with pytest.raises(NoPower):
            afterwards.object_to(service_request, by=person, reason="不服")
    assert steps_of(service_request) == ["submit", "decline"]


def test_where_the_tier_above_was_closed_the_next_one_verifies() -> None:
    city = a_city()
    service_request = declined(city)
    for place in (city.street, city.home.organization):
        type(place).objects.filter(pk=place.pk).update(closed_at=clock.now())
    afterwards.object_to(service_request, by=service_request.submitter, reason="没人管了")
    assert service_request.handler == city.district


# 重办


def test_first_the_handler_then_the_tier_above_watches_then_it_takes_over() -> None:
    city = a_city()
    service_request, officer = resolved(city), seated(city.street)
    person, secretary = service_request.submitter, city.home.secretary
    afterwards.reopen(service_request, by=person, reason="又不亮")
    assert (service_request.state, service_request.handler) == (State.ACCEPTED, city.home.organization)
    assert (service_request.supervised_by, service_request.outcome) == (None, "")
    done_again(service_request, secretary)
    afterwards.rate(service_request, by=person, **(GOOD | {"satisfied": 1}))
    afterwards.reopen(service_request, by=person, reason="还是不亮")
    assert (service_request.handler, service_request.supervised_by) == (city.home.organization, city.street)
    done_again(service_request, secretary)
    afterwards.reopen(service_request, by=person, reason="一直不亮")
    assert (service_request.handler, service_request.responsible) == (city.street, None)
    assert service_request.takeover_due is not None
    with pytest.raises(NoPower):
        workflow.handle(service_request, by=secretary, responsible=secretary)
    tiers.take_over(service_request, by=officer)
    assert [event.codes["count"] for event in service_request.events.filter(step="reopen")] == [1, 2, 3]
    assert service_request.rating.satisfied == 1  # until somebody rates anew


def test_at_the_district_the_third_time_is_refused_with_the_legal_route() -> None:
    city = a_city()
    service_request = resolved(city)
    ServiceRequest.objects.update(handler=city.district, reopened=2)
    service_request.refresh_from_db()
    with pytest.raises(RuleViolation, match="区里已经重办过.*人民法院"):
        afterwards.reopen(service_request, by=service_request.submitter, reason="不满意")


def test_not_after_a_consented_explanation() -> None:
    city = a_city()
    service_request = in_progress(city)
    officer = seated(city.street)
    consents.explain(service_request, by=city.home.secretary, text="依照物业管理条例，属业主共有")
    consents.consent_explained(service_request, by=officer)
    with pytest.raises(RuleViolation, match="依法依规解释.*12348"):
        afterwards.reopen(service_request, by=service_request.submitter, reason="不满意")
    afterwards.rate(service_request, by=service_request.submitter, **GOOD)
    with pytest.raises(RuleViolation, match="依法依规解释"):
        afterwards.reopen(service_request, by=service_request.submitter, reason="不满意")


def test_fifteen_days_after_it_was_closed() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request, late = resolved(city), resolved(city)
        for each in (service_request, late):
            afterwards.rate(each, by=each.submitter, **GOOD)
    with clock.at(FRIDAY + timedelta(days=15)):
        afterwards.reopen(service_request, by=service_request.submitter, reason="又坏了")
    assert service_request.resolve_due > FRIDAY + timedelta(days=15)
    assert service_request.due == service_request.resolve_due
    with clock.at(FRIDAY + timedelta(days=15, minutes=1)), pytest.raises(RuleViolation, match="再点一单"):
        afterwards.reopen(late, by=late.submitter, reason="又坏了")


def test_only_the_submitter_reopens_and_only_what_was_resolved() -> None:
    city = a_city()
    service_request = resolved(city)
    for person in (a_user(), city.home.secretary):
        with pytest.raises(NoPower):
            afterwards.reopen(service_request, by=person, reason="重来")
    busy = accepted(city)
    with pytest.raises(RuleViolation, match="已受理"):
        afterwards.reopen(busy, by=busy.submitter, reason="重来")


def test_a_closed_handler_is_replaced_by_the_nearest_tier_and_history_says_so() -> None:
    city = a_city()
    service_request = resolved(city)
    home = city.home.organization
    type(home).objects.filter(pk=home.pk).update(closed_at=clock.now())
    afterwards.reopen(service_request, by=service_request.submitter, reason="又坏了")
    assert (service_request.handler, service_request.responsible) == (city.street, None)
    assert service_request.events.get(step="reopen").codes["handler"] == city.street.pk


# 逾期未评价


def test_it_lapses_after_seven_days_unrated() -> None:
    with clock.at(FRIDAY):
        service_request = resolved(a_city())
    with clock.at(FRIDAY + timedelta(days=7, minutes=-1)), pytest.raises(RuleViolation, match="还没到"):
        afterwards.lapse(service_request)
    with clock.at(FRIDAY + timedelta(days=7)):
        afterwards.lapse(service_request)
    assert (service_request.state, service_request.lapse_due) == (State.CLOSED, None)
    assert service_request.reopen_until == FRIDAY + timedelta(days=22)
    assert not hasattr(service_request, "rating")
    assert service_request.events.get(step="lapse").by is None


# 回访


def phoneless(city: City) -> ServiceRequest:
    return resolved(city, by=city.home.secretary, without_phone="周阿婆")


def test_who_filed_for_one_without_a_phone_does_not_rate_and_nobody_who_worked_calls_back() -> None:
    city = a_city()
    service_request, colleague = phoneless(city), seated(city.home.organization, Post.COMMUNITY_WORKER)
    with pytest.raises(NoPower):
        afterwards.rate(service_request, by=city.home.secretary, **GOOD)
    with pytest.raises(NoPower):
        afterwards.call_back(service_request, by=city.home.secretary, **GOOD)
    with pytest.raises(NoPower):
        afterwards.call_back(service_request, by=city.next_door.secretary, **GOOD)
    afterwards.call_back(service_request, by=colleague, text="她说亮了", **GOOD)
    assert service_request.state == State.CLOSED
    assert (service_request.rating.is_call_back, service_request.rating.by) == (True, colleague)


@pytest.mark.parametrize("step", ["ask", "split", "contact"])
def test_whoever_took_part_in_the_work_does_not_call_back(step: str) -> None:
    city = a_city()
    helper = seated(city.home.organization, Post.COMMUNITY_WORKER)
    service_request = in_progress(city, by=city.home.secretary, without_phone="周阿婆")
    words = {"ask": {"text": "几楼"}, "split": {"parts": ["换灯"]}, "contact": {"how": "visit"}}[step]
    workflow.VERBS[step](service_request, by=helper, **words)
    if step == "ask":
        workflow.VERBS["answer"](service_request, by=seated(city.home.organization, "secretary"), text="四楼")
    for part in service_request.parts.all():
        workflow.handle(part, by=helper, responsible=helper)
        workflow.VERBS["complete"](part, by=helper, outcome=Outcome.SOLVED, text="好了")
    workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    with pytest.raises(RuleViolation, match="参与了办理"):
        afterwards.call_back(service_request, by=helper, **GOOD)
    afterwards.call_back(service_request, by=seated(city.street), **GOOD)


def test_staff_may_accept_what_they_filed_for_one_without_a_phone() -> None:
    city = a_city()
    service_request = accepted(city, by=city.home.secretary, without_phone="周阿婆")
    assert service_request.state == State.ACCEPTED


def test_their_own_they_may_not() -> None:
    city = a_city()
    service_request = filed(city, by=city.home.secretary)
    with pytest.raises(RuleViolation, match="你自己的事项"):
        workflow.accept(service_request, by=city.home.secretary, track="important")
