"""Two at once on one request or on two of one family, on PostgreSQL: one wins, the other reads why."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from ground.errors import NoPower, RuleViolation
from organizations import tree
from organizations.posts import Post, Tier
from requests import afterwards, consents, workflow
from requests.models import Consent, ServiceRequest
from requests.states import OPEN, Outcome, State
from tests.factories import City, a_city, a_user
from tests.workflow import accepted, escalated, filed, in_progress, resolved, seated, steps_of, together
from tests.workflow import standing as state_of_things
from tests.workflow.dispatched import a_department

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
TIMES = 4  # the threads do not meet in the same place every time


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


def on(row: ServiceRequest, name: str, by: Any, **words: Any) -> Callable[[], str]:
    """A step on a copy of the row, as another process reads it."""

    def call() -> str:
        workflow.VERBS[name](ServiceRequest.objects.get(pk=row.pk), by=by, **words)
        return name

    return call


def one_wins(results: list[Any]) -> RuleViolation | NoPower:
    """Exactly one went through; gives the refusal of the other."""
    refusals = [each for each in results if isinstance(each, RuleViolation | NoPower)]
    assert (len(refusals), len(results)) == (1, 2), results
    assert sum(isinstance(each, str) for each in results) == 1, results
    return refusals[0]


def all_is_well() -> None:
    now = state_of_things.Snapshot.taken()
    assert state_of_things.faults(now, state_of_things.Snapshot()) == []


def colleague(city: City) -> Any:
    return seated(city.home.organization, Post.FIRST_SECRETARY)


def test_one_accepts_and_the_other_declines() -> None:
    city = a_city()
    other = colleague(city)
    for _ in range(TIMES):
        row = filed(city, by=a_user())
        results = together(
            on(row, "accept", city.home.secretary, track="hard"), on(row, "decline", other, reason="不归我们")
        )
        assert "现在是" in str(one_wins(results))
        assert len(steps_of(row)) == 2
    all_is_well()


def test_one_escalates_while_the_other_sends_it_out() -> None:
    """Both may come to pass (a dispatch follows upwards), but never a dispatch by a tier that has no say."""
    city = a_city()
    other, (unit, _) = colleague(city), a_department(city)
    for _ in range(TIMES):
        row = accepted(city, by=a_user())
        results = together(
            on(row, "escalate", city.home.secretary, reason="归街道"),
            on(row, "dispatch", other, unit=unit, text="请看"),
        )
        happened = steps_of(row)[2:]
        assert happened in (["escalate"], ["dispatch", "escalate"]), results
        assert ServiceRequest.objects.get(pk=row.pk).handler == city.street
    all_is_well()


def test_one_resolves_while_the_other_asks() -> None:
    city = a_city()
    other = colleague(city)
    for _ in range(TIMES):
        row = in_progress(city, by=a_user())
        results = together(
            on(row, "resolve", city.home.secretary, outcome=Outcome.SOLVED, text="好了"),
            on(row, "ask", other, text="几楼"),
        )
        one_wins(results)
    all_is_well()


def test_merged_crosswise_one_wins_and_nobody_dies() -> None:
    city = a_city()
    other = colleague(city)
    for _ in range(TIMES):
        a, b = accepted(city, by=a_user()), accepted(city, by=a_user())
        results = together(on(a, "merge", city.home.secretary, target=b), on(b, "merge", other, target=a))
        assert "已并案" in str(one_wins(results))
    all_is_well()


def test_a_ring_of_merges_leaves_one_open() -> None:
    city = a_city()
    for _ in range(TIMES):
        rows = [accepted(city, by=a_user()) for _ in range(3)]
        pairs = list(zip(rows, [*rows[1:], rows[0]], strict=True))
        results = together(*(on(a, "merge", city.home.secretary, target=b) for a, b in pairs))
        assert all(isinstance(each, str | RuleViolation) for each in results), results
        states = [ServiceRequest.objects.get(pk=row.pk).state for row in rows]
        assert any(state in OPEN for state in states)
    all_is_well()


@pytest.mark.parametrize("step", ["withdraw", "resolve"])
def test_the_target_ends_while_something_is_merged_into_it(step: str) -> None:
    city = a_city()
    for _ in range(TIMES):
        target, child = in_progress(city, by=a_user()), accepted(city, by=a_user())
        end = {
            "withdraw": on(target, "withdraw", target.submitter),
            "resolve": on(target, "resolve", city.home.secretary, outcome=Outcome.SOLVED, text="好了"),
        }[step]
        ended, merged = together(end, on(child, "merge", colleague(city), target=target))
        assert ended == step
        state = ServiceRequest.objects.get(pk=child.pk).state
        if isinstance(merged, RuleViolation):
            assert ("只能并到还在办的" in str(merged), state) == (True, State.ACCEPTED)
        else:
            assert state == (State.ACCEPTED if step == "withdraw" else State.RESOLVED), merged
    all_is_well()


def test_split_while_it_is_resolved() -> None:
    city = a_city()
    for _ in range(TIMES):
        row = in_progress(city, by=a_user())
        results = together(
            on(row, "resolve", city.home.secretary, outcome=Outcome.SOLVED, text="好了"),
            on(row, "split", colleague(city), parts=["换灯", "修门"]),
        )
        one_wins(results)
    all_is_well()


def test_the_last_part_is_done_while_the_whole_is_withdrawn() -> None:
    city = a_city()
    for _ in range(TIMES):
        whole = accepted(city, by=a_user())
        (part,) = workflow.VERBS["split"](whole, by=city.home.secretary, parts=["换灯"])
        workflow.handle(part, by=city.home.secretary, responsible=city.home.secretary)
        done, withdrawn = together(
            on(part, "complete", city.home.secretary, outcome=Outcome.SOLVED, text="好了"),
            on(whole, "withdraw", whole.submitter),
        )
        assert withdrawn == "withdraw"
        assert done == "complete" or isinstance(done, RuleViolation)
    all_is_well()


def test_consented_to_while_it_is_withdrawn() -> None:
    city = a_city()
    officer = seated(city.street)
    for _ in range(TIMES):
        row = in_progress(city, by=a_user())
        consents.explain(row, by=city.home.secretary, text="依照条例")
        results = together(on(row, "consent_explained", officer), on(row, "withdraw", row.submitter))
        one_wins(results)
        given = ServiceRequest.objects.get(pk=row.pk).state == State.RESOLVED
        assert row.consents.get().state == (Consent.State.GIVEN if given else Consent.State.DROPPED)
    all_is_well()


def test_consented_to_and_denied_at_once() -> None:
    city = a_city()
    officer, leader = seated(city.street), seated(city.street, Post.LEADER_IN_CHARGE)
    for _ in range(TIMES):
        row = in_progress(city, by=a_user())
        consents.explain(row, by=city.home.secretary, text="依照条例")
        one_wins(together(on(row, "consent_explained", officer), on(row, "deny", leader, reason="能办")))
    all_is_well()


def test_a_double_tap_reopens_once() -> None:
    city = a_city()
    for _ in range(TIMES):
        row = resolved(city, by=a_user())
        one_wins(together(*[on(row, "reopen", row.submitter, reason="又坏了")] * 2))
        assert ServiceRequest.objects.get(pk=row.pk).reopened == 1
    all_is_well()


def test_rated_and_reopened_at_once() -> None:
    city = a_city()
    for _ in range(TIMES):
        row = resolved(city, by=a_user())
        results = together(
            on(row, "rate", row.submitter, contacted=True, solved=True, satisfied=5),
            on(row, "reopen", row.submitter, reason="又坏了"),
        )
        assert results[1] == "reopen", results  # also after the rating closed it
        assert isinstance(results[0], str | RuleViolation)
    all_is_well()


def test_it_lapses_in_the_moment_in_which_it_is_rated() -> None:
    city = a_city()
    row = resolved(city, by=a_user())
    ServiceRequest.objects.filter(pk=row.pk).update(lapse_due=row.resolved_at)

    def lapse() -> str:
        afterwards.lapse(ServiceRequest.objects.get(pk=row.pk))
        return "lapse"

    one_wins(together(lapse, on(row, "rate", row.submitter, contacted=True, solved=True, satisfied=5)))


def test_urged_twice_at_once_counts_once() -> None:
    city = a_city()
    for _ in range(TIMES):
        row = accepted(city, by=a_user())
        assert "今天已经催过" in str(one_wins(together(*[on(row, "urge", row.submitter)] * 2)))
        assert ServiceRequest.objects.get(pk=row.pk).urges == 1


def test_handed_down_while_the_child_moves_or_closes() -> None:
    """It never stays with a node that is closed, nor outside of its line."""
    city = a_city()
    officer = seated(city.street)
    for number in range(TIMES):
        there = tree.plant(
            parent=city.street,
            tier=Tier.COMMUNITY,
            name=f"新{number}社区党委",
            short_name=f"新{number}",
            by=None,
        )
        row = escalated(city, by=a_user())

        def change(node: Any = there, closes: bool = number % 2 == 0) -> str:
            tree.close(node, by=None) if closes else tree.move(node, to=city.district, by=None)
            return "changed"

        together(on(row, "hand_down", officer, child=there, text="归你们"), change)
        now = ServiceRequest.objects.select_related("handler").get(pk=row.pk)
        assert now.handler.closed_at is None
        assert now.handler_id in (now.community_id, now.street_id, now.district_id)
        fresh = type(there).objects.get(pk=there.pk)
        assert now.community_id != there.pk or now.street_id == (
            fresh.parent_id if fresh.parent_id != city.district.pk else None
        )
