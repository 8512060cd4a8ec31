"""拆分: several matters of one request, one level deep."""

import pytest

from ground.errors import NoPower, RuleViolation
from requests import splitting, tiers, workflow
from requests.guards import MOST_PARTS
from requests.models import Hold, ServiceRequest
from requests.states import Outcome, State
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.workflow import accepted, in_progress, seated, steps_of
from tests.workflow.dispatched import a_department, sent

pytestmark = pytest.mark.django_db


def halves(city: City) -> tuple[ServiceRequest, ServiceRequest, ServiceRequest]:
    whole = accepted(city)
    lamp, door = splitting.split(whole, by=city.home.secretary, parts=["换灯", "修门"])
    return whole, lamp, door


def done(part: ServiceRequest, by: object) -> None:
    workflow.handle(part, by=by, responsible=by)
    splitting.complete(part, by=by, outcome=Outcome.SOLVED, text="好了")


def test_parts_start_accepted_with_the_promise_of_the_whole_and_hold_it() -> None:
    city = a_city()
    whole, lamp, door = halves(city)
    assert (whole.state, lamp.state) == (State.IN_PROGRESS, State.ACCEPTED)
    assert [lamp.number, door.number] == [f"{whole.number}-1", f"{whole.number}-2"]
    assert (lamp.resolve_due, lamp.due, lamp.handler) == (whole.resolve_due, whole.resolve_due, whole.handler)
    assert steps_of(lamp) == ["begin_part"]
    assert lamp.events.get().codes == {"whole": whole.pk, "due": whole.resolve_due.isoformat()}
    assert whole.events.get(step="split").codes == {"parts": [lamp.pk, door.pk]}
    assert {hold.key for hold in whole.holds.all()} == {f"part:{lamp.pk}", f"part:{door.pk}"}
    with pytest.raises(RuleViolation, match="换灯.*还没办完"):
        workflow.resolve(whole, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")


def test_a_part_closes_when_it_is_done_and_then_the_whole_may_go_on() -> None:
    city = a_city()
    whole, lamp, door = halves(city)
    worker = a_grid_worker(city.home)
    done(lamp, worker)
    assert (lamp.state, lamp.outcome, lamp.lapse_due) == (State.CLOSED, Outcome.SOLVED, None)
    done(door, city.home.secretary)
    assert not Hold.objects.filter(service_request=whole).exists()
    workflow.resolve(whole, by=city.home.secretary, outcome=Outcome.SOLVED, text="都好了")
    assert whole.state == State.RESOLVED


def test_nobody_speaks_for_a_part_and_it_is_not_one_s_own() -> None:
    city = a_city()
    whole, lamp, _ = halves(city)
    person = whole.submitter
    assert list(ServiceRequest.objects.own(person)) == [whole]
    for name, words in (
        ("urge", {}),
        ("withdraw", {}),
        ("add", {"text": "快"}),
        ("reopen", {"reason": "不好"}),
    ):
        with pytest.raises(NoPower):
            workflow.VERBS[name](lamp, by=person, **words)
    done(lamp, city.home.secretary)
    with pytest.raises((NoPower, RuleViolation)):
        workflow.VERBS["rate"](lamp, by=person, contacted=True, solved=True, satisfied=5)


def test_a_part_is_neither_asked_split_explained_nor_resolved() -> None:
    city = a_city()
    _, lamp, _ = halves(city)
    secretary = city.home.secretary
    workflow.handle(lamp, by=secretary, responsible=secretary)
    for name, words in (
        ("ask", {"text": "几楼"}),
        ("split", {"parts": ["再分"]}),
        ("explain", {"text": "依照条例"}),
        ("resolve", {"outcome": Outcome.SOLVED, "text": "好了"}),
    ):
        with pytest.raises(NoPower):
            workflow.VERBS[name](lamp, by=secretary, **words)
    whole = lamp.whole
    with pytest.raises(NoPower):
        splitting.complete(whole, by=secretary, outcome=Outcome.SOLVED, text="好了")


def test_ten_at_most_those_of_earlier_splits_counted() -> None:
    city = a_city()
    whole = accepted(city)
    splitting.split(whole, by=city.home.secretary, parts=["一件"] * (MOST_PARTS - 1))
    with pytest.raises(RuleViolation, match="已有 9 件") as refused:
        splitting.split(whole, by=city.home.secretary, parts=["一件", "两件"])
    assert refused.value.field == "parts"
    splitting.split(whole, by=city.home.secretary, parts=["第十件"])
    with pytest.raises(RuleViolation, match="最多拆成 10 件"):
        splitting.split(whole, by=city.home.secretary, parts=["第十一件"])
    assert whole.parts.count() == MOST_PARTS


@pytest.mark.parametrize("parts", [[], ["换灯", "  "], ["长" * 1001]])
def test_refused_words_leave_nothing(parts: list[str]) -> None:
    city = a_city()
    whole = accepted(city)
    with pytest.raises(RuleViolation) as refused:
        splitting.split(whole, by=city.home.secretary, parts=parts)
    assert refused.value.field == "parts"
    assert (whole.parts.count(), steps_of(whole)) == (0, ["submit", "accept"])


def test_parts_end_with_the_whole_and_what_was_sent_out_for_them_too() -> None:
    city = a_city()
    whole, lamp, door = halves(city)
    unit, _ = a_department(city)
    dispatch = sent(city, unit, lamp)
    done(door, city.home.secretary)
    workflow.withdraw(whole, by=whole.submitter)
    lamp.refresh_from_db()
    dispatch.refresh_from_db()
    assert (lamp.state, lamp.ended_at is not None, lamp.due) == (State.WITHDRAWN, True, None)
    assert (steps_of(lamp)[-1], lamp.events.last().by) == ("end_part", None)
    assert (dispatch.state, dispatch.events.last().step) == ("recalled", "end_with")
    door.refresh_from_db()
    assert door.state == State.CLOSED


def test_a_part_goes_up_alone() -> None:
    city = a_city()
    whole, lamp, _ = halves(city)
    tiers.escalate(lamp, by=city.home.secretary, reason="要街道协调")
    assert (lamp.handler, ServiceRequest.objects.get(pk=whole.pk).handler) == (
        city.street,
        city.home.organization,
    )
    done(lamp, seated(city.street))
    assert whole.holds.count() == 1


def test_outsiders_and_the_submitter_do_not_split() -> None:
    city = a_city()
    whole = in_progress(city)
    for person in (a_user(), whole.submitter, city.next_door.secretary, a_grid_worker(city.home)):
        with pytest.raises(NoPower):
            splitting.split(whole, by=person, parts=["换灯"])
    assert whole.parts.count() == 0
