"""Many desks, two whistles of one volunteer, a process killed in the middle: real processes, on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from ground import clock
from organizations.posts import Post
from tests.factories import a_user, appoint
from tests.volunteers.racing import PATIENCE, at_once
from tests.volunteers.scenes import (
    EVENING,
    LONG_AGO,
    a_city,
    a_draft,
    a_volunteer,
    a_whistle,
    attended,
    credited,
)
from volunteers.accounting import crediting
from volunteers.accounting.ledger_proof import findings
from volunteers.claiming import claims
from volunteers.leaderboards import news as board_news
from volunteers.models import BoardNews, Claim, ClaimEvent, LedgerEntry, ServiceBalance
from volunteers.presence import attendance
from volunteers.states import ClaimState
from volunteers.whistling import whistles

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
OVER = EVENING + timedelta(hours=3)


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"


def judging(claim: Claim, by: Any, verb: str = "credit", **given: Any) -> Callable[[], Any]:
    """One desk: the claim is fetched anew, as a request would."""

    def job() -> Any:
        row = Claim.objects.select_related("whistle", "volunteer__user").get(pk=claim.pk)
        with clock.at(OVER):
            return getattr(crediting, verb)(row, by=by, **given).pk

    return job


def secretaries(city: Any, count: int) -> list[Any]:
    found = [a_user(f"书记{number}") for number in range(count)]
    with clock.at(LONG_AGO):
        for user in found:
            appoint(user, Post.COMMUNITY_WORKER, city.home.organization)
    return found


def test_six_secretaries_credit_the_same_claim_once():
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city))
    outcomes = at_once([judging(claim, by) for by in secretaries(city, 6)])
    assert Counter(kind for kind, _ in outcomes) == {"done": 1, "refused": 5}, outcomes
    assert LedgerEntry.objects.count() == 1
    assert ClaimEvent.objects.filter(step="credit").count() == 1
    assert ServiceBalance.objects.get().minutes == 60
    assert not list(findings())


def test_credit_refusal_and_absence_at_once_leave_one_judgement():
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city))
    desks = secretaries(city, 6)
    jobs = [judging(claim, by) for by in desks[:3]]
    jobs += [judging(claim, by, "refuse", reason="没有干活") for by in desks[3:]]
    outcomes = at_once(jobs)
    assert Counter(kind for kind, _ in outcomes) == {"done": 1, "refused": 5}, outcomes
    claim.refresh_from_db()
    assert LedgerEntry.objects.count() == (claim.state == ClaimState.CREDITED)
    assert not list(findings())


def test_whistles_of_one_volunteer_credited_at_once_leave_a_right_balance():
    city = a_city()
    volunteer = a_volunteer(city)
    waiting = [
        attended(
            a_whistle(
                city.home,
                title=f"哨单{number}",
                starts_at=EVENING + timedelta(minutes=20 * number),
                ends_at=EVENING + timedelta(minutes=20 * number + 20),
            ),
            volunteer,
        )
        for number in range(6)
    ]
    outcomes = at_once([judging(claim, by) for claim, by in zip(waiting, secretaries(city, 6), strict=True)])
    assert Counter(kind for kind, _ in outcomes) == {"done": 6}, outcomes
    kept = ServiceBalance.objects.get()
    assert (kept.minutes, kept.off_hours_minutes, kept.times) == (120, 120, 6)
    assert not list(findings())


def test_the_same_correction_from_six_desks_is_taken_once():
    city = a_city()
    claim = credited(city.home, a_volunteer(city))
    given = {"minutes": 30, "reason": "早走", "seen": 1}
    outcomes = at_once([judging(claim, by, "correct", **given) for by in secretaries(city, 6)])
    assert Counter(kind for kind, _ in outcomes) == {"done": 1, "refused": 5}, outcomes
    assert LedgerEntry.objects.count() == 2
    assert ServiceBalance.objects.get().minutes == 30
    assert not list(findings())


def _refused_twice(city: Any) -> list[Claim]:
    """Two claims of one volunteer whose times overlap: the first was refused before he claimed the second."""
    volunteer, whistle = a_volunteer(city), a_whistle(city.home)
    first = attended(whistle, volunteer, early=50)
    soon = EVENING + timedelta(minutes=20)
    with clock.at(soon):
        crediting.refuse(first, by=city.home.secretary, reason="没有干活")
        draft = a_draft(city.home, kind="emergency", starts_at=soon, ends_at=soon + timedelta(hours=1))
        called = whistles.publish(draft, by=city.home.secretary)
        second = claims.claim(called, by=volunteer.user)
        attendance.check_in(second, by=volunteer.user, point=called.point)
    with clock.at(OVER):
        crediting.refuse(second, by=city.home.secretary, reason="没有干活")
    return [first, second]


def test_overlapping_claims_corrected_at_the_same_second_leave_one():
    city = a_city()
    pairs = [_refused_twice(city) for _ in range(4)]
    given = {"minutes": 10, "reason": "核实到场"}
    jobs = [judging(claim, city.home.secretary, "correct", **given) for pair in pairs for claim in pair]
    outcomes = at_once(jobs)
    assert Counter(kind for kind, _ in outcomes) == {"done": 4, "refused": 4}, outcomes
    assert sorted(ServiceBalance.objects.values_list("times", flat=True)) == [1, 1, 1, 1]
    assert not list(findings())


def _credit_and_hang(claim_id: int, by_id: int, reached: Any) -> None:
    """Everything of a credit is written but not committed: then the process hangs until it is killed."""
    from accounts.models import User

    note = board_news.note

    def hang(**given: Any) -> None:
        note(**given)
        reached.set()
        time.sleep(PATIENCE)

    board_news.note = hang
    row = Claim.objects.select_related("whistle", "volunteer__user").get(pk=claim_id)
    with clock.at(OVER):
        crediting.credit(row, by=User.objects.get(pk=by_id))


def test_a_process_killed_while_it_credits_loses_nothing_and_leaves_nothing_half_done():
    city = a_city()
    volunteer = a_volunteer(city)
    credited(city.home, volunteer, starts_at=EVENING - timedelta(days=1))
    claim = attended(a_whistle(city.home), volunteer)
    before = (LedgerEntry.objects.count(), ClaimEvent.objects.count(), BoardNews.objects.count())
    context = multiprocessing.get_context("fork")
    for _ in range(2):  # killed, and killed again
        connections.close_all()  # no process inherits a connection
        reached = context.Event()
        worker = context.Process(
            target=_credit_and_hang, args=(claim.pk, city.home.secretary.pk, reached), daemon=True
        )
        worker.start()
        assert reached.wait(PATIENCE)
        os.kill(worker.pid, signal.SIGKILL)
        worker.join(PATIENCE)
        assert worker.exitcode == -signal.SIGKILL
        claim.refresh_from_db()
        assert claim.state == ClaimState.CHECKED_OUT
        now = (LedgerEntry.objects.count(), ClaimEvent.objects.count(), BoardNews.objects.count())
        assert now == before
        assert ServiceBalance.objects.get().minutes == 60
        assert not list(findings())
    # The locks went with the process: whoever comes next credits, once.
    outcomes = at_once([judging(claim, city.home.secretary)] * 3)
    assert Counter(kind for kind, _ in outcomes) == {"done": 1, "refused": 2}, outcomes
    assert ServiceBalance.objects.get().minutes == 120
    assert not list(findings())
