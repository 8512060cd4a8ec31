"""并案: done as one, answered to each."""

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from requests import afterwards, consents, merging, splitting, workflow
from requests.models import ServiceRequest
from requests.states import Outcome, State
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.workflow import accepted, escalated, filed, in_progress, seated, steps_of

pytestmark = pytest.mark.django_db
GOOD = {"contacted": True, "solved": True, "satisfied": 5}


def merged(city: City, target: ServiceRequest, child: ServiceRequest | None = None) -> ServiceRequest:
    row = child or accepted(city)
    merging.merge(row, by=city.home.secretary, target=target)
    return row


def now(service_request: ServiceRequest) -> ServiceRequest:
    return ServiceRequest.objects.get(pk=service_request.pk)


def test_it_waits_with_the_target_and_nothing_is_due_of_its_own() -> None:
    city = a_city()
    target = in_progress(city)
    child = merged(city, target)
    assert (child.state, child.merged_into, child.due, child.next_at) == (State.MERGED, target, None, None)
    assert child.events.get(step="merge").codes == {"into": target.pk}
    assert steps_of(target)[-1] == "handle"


def test_merging_what_was_only_submitted_is_its_first_answer_and_starts_its_clock() -> None:
    city = a_city()
    child = merged(city, in_progress(city), filed(city))
    assert child.accepted_in_time is True
    assert (child.accepted_at is not None, child.resolve_due is not None) == (True, True)
    with pytest.raises(NoPower):  # a grid worker handles, but does not verify
        merging.merge(filed(city), by=a_grid_worker(city.home), target=in_progress(city))


def test_resolved_with_the_target_and_rated_each() -> None:
    city = a_city()
    target = in_progress(city)
    first, second = merged(city, target), merged(city, target, filed(city, by=a_user()))
    workflow.resolve(target, by=city.home.secretary, outcome=Outcome.PARTLY, text="先换了两盏")
    for child in (now(first), now(second)):
        assert (child.state, child.outcome, child.merged_into) == (State.RESOLVED, Outcome.PARTLY, None)
        event = child.events.get(step="resolve_with")
        assert (event.codes["with"], event.note.text) == (target.pk, "先换了两盏")
        assert child.responsible == target.responsible
    afterwards.rate(now(second), by=second.submitter, **GOOD)
    assert [now(each).state for each in (target, first, second)] == [
        State.RESOLVED,
        State.RESOLVED,
        State.CLOSED,
    ]
    afterwards.reopen(now(first), by=first.submitter, reason="我这层还不亮")
    assert now(first).state == State.ACCEPTED


def test_an_explanation_that_was_consented_to_answers_them_too() -> None:
    city = a_city()
    target, officer = in_progress(city), seated(city.street)
    child = merged(city, target)
    consents.explain(target, by=city.home.secretary, text="依照条例属业主共有")
    consents.consent_explained(target, by=officer)
    assert (now(child).outcome, steps_of(child)[-1]) == (Outcome.EXPLAINED, "resolve_with")
    assert child.events.get(step="resolve_with").note.text == "依照条例属业主共有"


def test_a_target_that_came_to_nothing_lets_them_go() -> None:
    city = a_city()
    withdrawn, declined = in_progress(city), filed(city)
    first, second = merged(city, withdrawn), merged(city, declined, filed(city, by=a_user()))
    workflow.withdraw(withdrawn, by=withdrawn.submitter)
    workflow.decline(declined, by=city.home.secretary, reason="重复")
    for child in (now(first), now(second)):
        assert (child.state, child.merged_into) == (State.ACCEPTED, None)
        assert child.due == child.resolve_due
        assert child.events.get(step="unmerge").by is None
    assert now(second).accepted_in_time is True


def test_a_target_that_is_merged_takes_along_what_was_merged_into_it() -> None:
    city = a_city()
    last, middle = in_progress(city), in_progress(city)
    child = merged(city, middle)
    merged(city, last, middle)
    assert now(child).merged_into == last
    workflow.resolve(last, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    assert {now(each).state for each in (child, middle, last)} == {State.RESOLVED}


def test_crosswise_the_second_is_refused() -> None:
    city = a_city()
    one, other = accepted(city), accepted(city)
    merged(city, other, one)
    with pytest.raises(RuleViolation, match="已并案"):
        merging.merge(other, by=city.home.secretary, target=one)
    with pytest.raises(RuleViolation, match="不能并到自己"):
        merging.merge(other, by=city.home.secretary, target=other)


def test_only_into_what_is_open_and_no_part() -> None:
    city = a_city()
    whole = accepted(city)
    (part,) = splitting.split(whole, by=city.home.secretary, parts=["换灯"])
    with pytest.raises(RuleViolation, match="请并到总件"):
        merged(city, part)
    with pytest.raises(NoPower):
        merging.merge(part, by=city.home.secretary, target=in_progress(city))
    with pytest.raises(RuleViolation, match="已经拆分过"):
        merged(city, in_progress(city), whole)
    over = filed(city)
    workflow.withdraw(over, by=over.submitter)
    with pytest.raises(RuleViolation, match="已撤回") as refused:
        merged(city, over)
    assert refused.value.field == "target"


def test_not_while_something_holds_it() -> None:
    city = a_city()
    row = in_progress(city)
    workflow.set_hold(row, "whistle:1", "哨单正在进行")
    with pytest.raises(RuleViolation, match="未了结"):
        merged(city, in_progress(city), row)


def test_the_same_community_or_the_same_handler() -> None:
    city = a_city()
    next_door = filed(city, building=city.next_door.building)
    with pytest.raises(RuleViolation, match="同一社区"):
        merged(city, next_door)
    officer = seated(city.street)
    here, there = escalated(city), filed(city, building=city.next_door.building)
    workflow.accept(there, by=city.next_door.secretary, track="important")
    workflow.VERBS["escalate"](there, by=city.next_door.secretary, reason="归街道")
    merging.merge(here, by=officer, target=there)
    assert here.state == State.MERGED
    mine = merged(city, escalated(city))  # the same community, though the street has the other one
    assert mine.merged_into.handler == city.street


def test_unmerged_by_hand_it_goes_on_with_the_promise_it_had() -> None:
    city = a_city()
    child = accepted(city)
    due = child.resolve_due
    merged(city, in_progress(city), child)
    for person in (a_user(), child.submitter, city.next_door.secretary):
        with pytest.raises(NoPower):
            merging.unmerge(child, by=person)
    merging.unmerge(child, by=city.home.secretary)
    assert (child.state, child.due) == (State.ACCEPTED, due)


def test_where_its_handler_was_closed_the_tier_above_has_it() -> None:
    city = a_city()
    target = escalated(city)
    child = merged(city, target)
    home = city.home.organization
    type(home).objects.filter(pk=home.pk).update(closed_at=clock.now())
    workflow.withdraw(target, by=target.submitter)
    assert (now(child).state, now(child).handler) == (State.ACCEPTED, city.street)
    assert child.events.get(step="unmerge").codes["handler"] == city.street.pk


def test_what_is_merged_can_be_withdrawn() -> None:
    city = a_city()
    child = merged(city, in_progress(city))
    workflow.withdraw(child, by=child.submitter)
    assert (child.state, child.merged_into) == (State.WITHDRAWN, None)


def test_outsiders_and_the_submitter_do_not_merge() -> None:
    city = a_city()
    row, target = accepted(city), in_progress(city)
    for person in (a_user(), row.submitter, city.next_door.secretary, a_grid_worker(city.home)):
        with pytest.raises(NoPower):
            merging.merge(row, by=person, target=target)
    assert steps_of(row) == ["submit", "accept"]


def test_nobody_rates_his_own_after_he_has_worked_on_the_target() -> None:
    city = a_city()
    worker = seated(city.home.organization, Post.COMMUNITY_WORKER)
    target = in_progress(city)
    own = merged(city, target, accepted(city, by=worker))
    workflow.resolve(target, by=worker, outcome=Outcome.SOLVED, text="修好了")
    with pytest.raises(RuleViolation, match="你参与了办理"):
        afterwards.rate(now(own), by=worker, **GOOD)
    assert now(own).state == State.RESOLVED
