"""However many phones tap at once: real processes with connections of their own, on PostgreSQL."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ground import clock
from requests import workflow
from requests.states import State
from tests.volunteers.racing import at, at_once
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_draft,
    a_volunteer,
    a_whistle,
    credited,
)
from tests.workflow import accepted
from volunteers import leaderboards
from volunteers.accounting import crediting
from volunteers.claiming import claims
from volunteers.models import Board, Claim, Volunteer, Whistle, WhistleEvent
from volunteers.presence import attendance
from volunteers.states import BoardKind, ClaimState, Period, WhistleState
from volunteers.whistling import whistles

FULL = "该哨单已满员，可以候补，有人退单就按顺序递补给你。"
pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"


def tap(whistle: Whistle, volunteer: Volunteer) -> Callable[[], Any]:
    """One phone: rows are fetched anew, as a request would."""

    def job() -> int:
        with clock.at(FRIDAY_NOON):
            user = Volunteer.objects.get(pk=volunteer.pk).user
            return claims.claim(Whistle.objects.get(pk=whistle.pk), by=user).pk

    return job


def test_thirty_processes_claim_the_last_five_places():
    city = a_city()
    whistle = a_whistle(city.home, places_max=8)
    for _ in range(3):
        a_claim(whistle, a_volunteer(city))
    crowd = [a_volunteer(city) for _ in range(30)]
    outcomes = at_once([tap(whistle, volunteer) for volunteer in crowd])
    assert Counter(kind for kind, _ in outcomes) == {"done": 5, "refused": 25}, outcomes
    assert {said for kind, said in outcomes if kind == "refused"} == {FULL}
    live = Claim.objects.live().filter(whistle=whistle)
    assert live.count() == 8
    assert len({claim.volunteer_id for claim in live}) == 8
    assert all(claim.events.count() == 1 for claim in live)


def test_two_overlapping_whistles_at_once_one_wins():
    city = a_city()
    one = a_whistle(city.home, title="甲", places_max=50)
    other = a_whistle(city.home, title="乙", places_max=50, starts_at=EVENING + timedelta(minutes=30))
    crowd = [a_volunteer(city) for _ in range(8)]
    outcomes = at_once([tap(whistle, volunteer) for volunteer in crowd for whistle in (one, other)])
    assert Counter(kind for kind, _ in outcomes) == {"done": 8, "refused": 8}, outcomes
    assert all("时间重叠" in said for kind, said in outcomes if kind == "refused")
    assert all(volunteer.claims.live().count() == 1 for volunteer in crowd)


def test_a_volunteer_who_taps_ten_times_has_one_claim():
    city = a_city()
    whistle, volunteer = a_whistle(city.home, places_max=5), a_volunteer(city)
    outcomes = at_once([tap(whistle, volunteer)] * 10)
    claim = Claim.objects.get()
    assert outcomes == [("done", claim.pk)] * 10
    assert claim.events.count() == 1


def test_claims_and_a_cancellation_at_once_leave_nobody_on_a_cancelled_whistle():
    city = a_city()
    whistle = a_whistle(city.home, places_max=20)
    crowd = [a_volunteer(city) for _ in range(8)]

    def cancel() -> str:
        with clock.at(FRIDAY_NOON):
            row = Whistle.objects.get(pk=whistle.pk)
            return whistles.cancel(row, by=city.home.secretary, reason="下雨").state

    outcomes = at_once([cancel, *(tap(whistle, volunteer) for volunteer in crowd)])
    assert not [said for kind, said in outcomes if kind == "broken"], outcomes
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.CANCELLED
    assert not Claim.objects.exclude(state=ClaimState.RELEASED).exists()


def test_workers_side_by_side_start_and_finish_once():
    city = a_city()
    for number in range(6):
        a_whistle(city.home, title=str(number))
    for moment in (EVENING, EVENING + timedelta(hours=1)):
        outcomes = at_once([at(moment, whistles.start_and_finish_due)] * 4)
        assert sum(taken for _, taken in outcomes) == 6, outcomes
    steps = WhistleEvent.objects.filter(step__in=("start", "finish"))
    assert Counter(steps.values_list("step", flat=True)) == {"start": 6, "finish": 6}


def test_withdrawing_a_request_while_the_clock_starts_its_whistle():
    """Both want request and whistle; the lock order keeps them from waiting for each other."""
    city = a_city()
    pairs = []
    for _ in range(4):
        with clock.at(FRIDAY_NOON):
            service_request = accepted(city)
        pairs.append((service_request, a_whistle(city.home, service_request=service_request)))

    def withdraw(service_request: Any) -> Callable[[], Any]:
        return at(EVENING, lambda: workflow.withdraw(service_request, by=service_request.submitter))

    jobs = [withdraw(service_request) for service_request, _ in pairs]
    outcomes = at_once([*jobs, *[at(EVENING, whistles.start_and_finish_due)] * 2])
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    for service_request, whistle in pairs:
        service_request.refresh_from_db()
        whistle.refresh_from_db()
        assert (service_request.state, whistle.state) == (State.WITHDRAWN, WhistleState.RUNNING)


def test_the_same_draft_sent_eight_times_is_one():
    city, key = a_city(), uuid.uuid4()
    outcomes = at_once([at(FRIDAY_NOON, lambda: a_draft(city.home, key=key).pk)] * 8)
    assert outcomes == [("done", Whistle.objects.get().pk)] * 8


def test_credit_and_boards_by_several_workers():
    city = a_city()
    claim = credited(city.home, a_volunteer(city))
    later = EVENING + timedelta(hours=3)
    with clock.at(later):
        ready = a_claim(
            a_whistle(city.home, starts_at=later, ends_at=later + timedelta(hours=1)), claim.volunteer
        )
    with clock.at(later):
        attendance.check_in(ready, by=claim.volunteer.user, point=ready.whistle.point)

    def credit() -> Any:
        row = Claim.objects.select_related("whistle", "volunteer").get(pk=ready.pk)
        with clock.at(later + timedelta(hours=2)):
            return crediting.credit(row, by=city.home.secretary, reason="忘记签退").pk

    outcomes = at_once([credit] * 6)
    assert Counter(kind for kind, _ in outcomes) == {"done": 1, "refused": 5}, outcomes
    assert claim.volunteer.entries.count() == 2
    refresh = at(later + timedelta(hours=3), leaderboards.refresh_due)
    outcomes = at_once([refresh] * 4)
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    assert Board.objects.count() == len(Period) * len(BoardKind)
    units = Board.objects.filter(kind=BoardKind.CITY_UNITS)  # five members at least: none here
    assert all(board.rows.count() == 1 for board in Board.objects.exclude(pk__in=units))
