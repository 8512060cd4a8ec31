"""Two at one dispatch in the same second, on PostgreSQL: one wins, the other reads why."""

import pytest
from django.db import connection

from ground.errors import RuleViolation
from organizations.posts import Post
from requests import dispatching, workflow
from requests.models import Dispatch, Hold
from requests.states import DispatchState
from tests.factories import a_city, a_user, appoint
from tests.workflow import accepted, together
from tests.workflow import steps_of as request_steps
from tests.workflow.dispatched import (
    GOOD,
    a_department,
    again,
    answered,
    officer_of,
    sent,
    signed,
    steps_of,
)

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


def told_apart(results):
    """How many won, and the sentences of those who did not."""
    lost = [result.sentence for result in results if isinstance(result, RuleViolation)]
    strange = [
        each for each in results if isinstance(each, Exception) and not isinstance(each, RuleViolation)
    ]
    assert not strange, strange
    return len(results) - len(lost), lost


@pytest.mark.parametrize("turn", range(5))
def test_the_unit_answers_while_the_handler_recalls(turn) -> None:
    city = a_city()
    row = signed(city)
    officer, secretary = officer_of(row), city.home.secretary
    results = together(
        lambda: dispatching.answer(again(row), by=officer, text="好了"),
        lambda: dispatching.recall(again(row), by=secretary, reason="派重了"),
    )
    won, lost = told_apart(results)
    assert (won, len(lost)) == (1, 1)
    ended = again(row).state
    assert ended in (DispatchState.ANSWERED, DispatchState.RECALLED)
    wanted = "现在是“已回复”，不能收回" if ended == DispatchState.ANSWERED else "现在是“已收回”，不能回复"
    assert wanted in lost[0]
    assert Hold.objects.exists() is (ended == DispatchState.ANSWERED)
    assert len(steps_of(row)) == 3


def test_two_officers_sign_at_once() -> None:
    city = a_city()
    unit, officer = a_department(city)
    colleague = a_user("同事")
    appoint(colleague, Post.CASE_OFFICER, unit)
    row = sent(city, unit)
    results = together(*(lambda by=by: dispatching.sign(again(row), by=by) for by in (officer, colleague)))
    won, lost = told_apart(results)
    assert won == 1 and "现在是“办理中”，不能签收" in lost[0]
    assert steps_of(row) == ["send", "sign"]


def test_two_secretaries_send_two_leads() -> None:
    """The second becomes an assistant: the lock of the request decides who came first."""
    city = a_city()
    first, second, request = a_department(city)[0], a_department(city)[0], accepted(city)
    results = together(*(lambda unit=unit: sent(city, unit, request) for unit in (first, second)))
    assert told_apart(results) == (2, [])
    assert sorted(Dispatch.objects.values_list("is_lead", flat=True)) == [False, True]
    assert request.holds.count() == 2


def test_a_double_tap_sends_to_a_unit_once() -> None:
    city = a_city()
    (unit, _), request = a_department(city), accepted(city)
    results = together(*[lambda: sent(city, unit, request)] * 4)
    won, lost = told_apart(results)
    assert won == 1 and all("还没有办完" in sentence for sentence in lost)
    assert request_steps(request).count("dispatch") == 1


def test_confirming_while_another_rejects() -> None:
    city = a_city()
    row, colleague = answered(city), a_user("副书记")
    appoint(colleague, Post.FIRST_SECRETARY, city.home.organization)
    results = together(
        lambda: dispatching.confirm(again(row), by=city.home.secretary, **GOOD),
        lambda: dispatching.reject(again(row), by=colleague, reason="没办好"),
    )
    won, lost = told_apart(results)
    assert (won, len(lost)) == (1, 1)
    fresh = again(row)
    assert (fresh.timely is not None) == (fresh.state == DispatchState.CONFIRMED)
    assert fresh.rejections == (fresh.state == DispatchState.ACCEPTED)


def test_the_unit_gives_back_while_the_submitter_withdraws() -> None:
    city = a_city()
    row = sent(city)
    officer, request = officer_of(row), row.service_request
    results = together(
        lambda: dispatching.give_back(again(row), by=officer, reason="不归我们"),
        lambda: workflow.withdraw(again(row).service_request, by=request.submitter),
    )
    won, _ = told_apart(results)
    assert won >= 1 and not isinstance(results[1], Exception)
    assert again(row).state in (DispatchState.RETURNED, DispatchState.RECALLED)
    assert not Hold.objects.filter(key=dispatching.hold_key(row)).exists()
