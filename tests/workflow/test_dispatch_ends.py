"""How a dispatch ends: confirmed, rejected, given back, taken back, with the request; and sight with it."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from requests import dispatching, workflow
from requests.dispatching import LEAD
from requests.models import Dispatch, ServiceRequest
from requests.states import DispatchState, State
from tests.factories import a_city, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import CHINA, FRIDAY, a_photo, accepted
from tests.workflow.dispatched import GOOD, a_department, again, answered, officer_of, sent, signed, steps_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    with clock.at(FRIDAY - timedelta(days=30)):
        return a_city()


def returned(city, **extra):
    row = sent(city, **extra)
    dispatching.give_back(row, by=officer_of(row), reason="该找水务")
    return row


def keys(service_request):
    return set(service_request.holds.values_list("key", flat=True))


def resolve(city, request):
    workflow.resolve(request, by=city.home.secretary, outcome="solved", text="修好了")


def test_confirming_judges_the_answer_and_lets_the_request_go(city):
    row = answered(city)
    dispatching.confirm(row, by=city.home.secretary, **GOOD, text="很快")
    assert (row.state, row.timely, row.effective, row.attitude) == (DispatchState.CONFIRMED, 5, 4, 5)
    assert row.events.last().codes == GOOD and row.ended_at is not None
    assert not keys(row.service_request)
    resolve(city, again(row).service_request)


@pytest.mark.parametrize("marks", [{"timely": 0}, {"effective": 6}, {"attitude": -1}])
def test_marks_are_one_to_five(city, marks):
    row = answered(city)
    with pytest.raises(RuleViolation, match="1 到 5") as refusal:
        dispatching.confirm(row, by=city.home.secretary, **(GOOD | marks))
    assert refusal.value.field == next(iter(marks))


def test_the_unit_does_not_judge_itself(city):
    row = answered(city)
    for stranger in (officer_of(row), city.next_door.secretary):
        with pytest.raises(NoPower):
            dispatching.confirm(row, by=stranger, **GOOD)


def test_nor_does_whoever_answered_for_it_confirm_with_another_post(city):
    dispatch = answered(city)
    officer = officer_of(dispatch)
    appoint(officer, Post.COMMUNITY_WORKER, city.home.organization)
    with pytest.raises(RuleViolation, match="请由其他人核销"):
        dispatching.confirm(dispatch, by=officer, **GOOD)
    assert (again(dispatch).state, again(dispatch).timely) == (DispatchState.ANSWERED, None)


def test_three_rejections_are_counted_and_each_has_a_new_due(city):
    with clock.at(FRIDAY):
        row = answered(city)
        for count in (1, 2, 3):
            dispatching.reject(row, by=city.home.secretary, reason="灯还是不亮")
            assert (row.state, row.rejections) == (DispatchState.ACCEPTED, count)
            assert row.events.last().codes == {"count": count}
            dispatching.answer(row, by=officer_of(row), text="又换了")
    assert again(row).answer_due == datetime(2026, 11, 25, 18, tzinfo=CHINA)
    with clock.at(FRIDAY):
        dispatching.reject(row, by=city.home.secretary, reason="还是不亮", answer_by=date(2026, 11, 24))
    assert row.answer_due == datetime(2026, 11, 24, 18, tzinfo=CHINA)


def test_what_is_sent_back_is_due_at_its_new_day_whatever_was_missed_before(city):
    """Who answered without a visit is not late on the spot: the answer is what is asked for again."""
    with clock.at(FRIDAY):
        row = answered(city)
    monday_after = FRIDAY + timedelta(days=10)
    with clock.at(monday_after):
        dispatching.reject(row, by=city.home.secretary, reason="灯还是不亮")
    assert row.arrived_at is None and row.arrive_due < monday_after
    assert row.due == row.answer_due > monday_after


# Given back


def test_a_returned_lead_is_replaced_by_another_one(city):
    row = returned(city)
    request = again(row).service_request
    assert row.state == DispatchState.RETURNED and keys(request) == {LEAD}
    with pytest.raises(RuleViolation, match="请另派主办或改为自办"):
        resolve(city, request)
    other = sent(city, service_request=request)
    assert other.is_lead and LEAD not in keys(request)


def test_or_the_handler_does_it_himself(city):
    request = again(returned(city)).service_request
    workflow.handle(request, by=city.home.secretary, responsible=city.home.secretary)
    assert not keys(request)
    resolve(city, request)


def test_an_assistant_that_gives_back_leaves_the_lead_in_place(city):
    lead = sent(city)
    returned(city, service_request=lead.service_request)
    assert keys(lead.service_request) == {f"dispatch:{lead.pk}"}
    assert again(lead).is_lead


def test_what_was_signed_is_not_given_back(city):
    row = signed(city)
    with pytest.raises(RuleViolation, match="办理中"):
        dispatching.give_back(row, by=officer_of(row), reason="不归我们管")


def test_giving_back_and_taking_back_need_a_reason(city):
    row = sent(city)
    with pytest.raises(RuleViolation, match="请写明"):
        dispatching.give_back(row, by=officer_of(row), reason=" ")
    with pytest.raises(RuleViolation, match="请写明"):
        dispatching.recall(row, by=city.home.secretary, reason="")
    assert again(row).state == DispatchState.SENT


# Taken back


def test_the_handler_takes_it_back_while_it_is_out(city):
    row = signed(city)
    with pytest.raises(NoPower):
        dispatching.recall(row, by=officer_of(row), reason="不办了")
    dispatching.recall(row, by=city.home.secretary, reason="重复了")
    assert (row.state, row.due) == (DispatchState.RECALLED, None)
    assert not keys(row.service_request)


def test_withdrawing_the_request_ends_all_of_them(city):
    lead = answered(city)
    helping = sent(city, service_request=lead.service_request)
    request = again(lead).service_request
    workflow.withdraw(request, by=request.submitter)
    for row in (lead, helping):
        assert again(row).state == DispatchState.RECALLED
        assert row.events.last().by is None and steps_of(row)[-1] == "end_with"
    assert not keys(request)


def test_they_follow_the_request_upwards_and_the_new_handler_confirms(city):
    row, officer = answered(city), a_user("街道干部")
    appoint(officer, Post.OFFICER, city.street)
    request = again(row).service_request
    workflow.VERBS["escalate"](request, by=city.home.secretary, reason="管不了")
    row = again(row)
    assert row.state == DispatchState.ANSWERED and keys(request) == {f"dispatch:{row.pk}"}
    with pytest.raises(NoPower):
        dispatching.confirm(row, by=city.home.secretary, **GOOD)
    dispatching.confirm(row, by=officer, **GOOD)
    assert again(row).service_request.state == State.ACCEPTED


# Sight


def seen_by(user, dispatch):
    """Whether the request, its photo and its API open to somebody."""
    request, client = dispatch.service_request, strong_client(user)
    photo = request.photos.first()
    urls = [
        reverse("requests:photo", args=[request.number, photo.pk]),
        f"/api/v1/requests/{request.number}/",
        f"/api/v1/requests/{request.number}/photos/{photo.pk}/",
    ]
    codes = {client.get(url).status_code for url in urls}
    codes.add(200 if ServiceRequest.objects.visible_to(client_user(user)).exists() else 404)
    assert len(codes) == 1, codes
    return codes.pop() == 200


def client_user(user):
    fresh = type(user).objects.get(pk=user.pk)
    fresh.session_is_strong = True
    return fresh


def test_sight_begins_with_sending_and_ends_with_giving_back(city):
    unit, officer = a_department(city)
    _, stranger = a_department(city)
    row = sent(city, unit, accepted(city, photos=[a_photo()]))
    assert seen_by(officer, row) and not seen_by(stranger, row)
    dispatching.give_back(row, by=officer, reason="不归我们管")
    assert not seen_by(officer, row)
    assert Dispatch.objects.visible_to(client_user(officer)).get() == row
    assert not Dispatch.objects.visible_to(client_user(stranger)).exists()


def test_sight_ends_with_taking_back_and_stays_after_confirming(city):
    unit, officer = a_department(city)
    row = sent(city, unit, accepted(city, photos=[a_photo()]))
    dispatching.recall(row, by=city.home.secretary, reason="重复了")
    assert not seen_by(officer, row)
    second = sent(city, unit, row.service_request)
    dispatching.sign(second, by=officer)
    dispatching.answer(second, by=officer, text="好了")
    dispatching.confirm(second, by=city.home.secretary, **GOOD)
    assert seen_by(officer, second)
