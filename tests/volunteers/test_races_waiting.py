"""Crowds at a full whistle, and places that come free: real processes on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from accounts.models import User
from ground import clock
from ground.errors import RuleViolation
from tests.factories import City
from tests.volunteers.racing import at, at_once
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_plain_volunteer,
    a_volunteer,
    a_whistle,
)
from volunteers.claiming import claims, waiting
from volunteers.models import Claim, Registration, Volunteer, Whistle
from volunteers.states import LIVE, ClaimState, RegistrationState, VolunteerKind

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
PROCESSES, EACH, PLACES = 50, 10, 20


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"


def a_crowd(city: City, number: int) -> list[Volunteer]:
    """So many registered volunteers of the home community, without the steps that led there."""
    users = User.objects.bulk_create(
        [User(phone=f"1991{n:07d}", phone_index=f"crowd{n:059d}", name=f"热心{n}") for n in range(number)]
    )
    kind, home = VolunteerKind.VOLUNTEER, city.home
    people = Volunteer.objects.bulk_create(
        [Volunteer(user=user, kind=kind, district=city.district) for user in users]
    )
    confirmed = {"state": RegistrationState.CONFIRMED, "grid": home.grid, "confirmed_at": FRIDAY_NOON}
    rows = [Registration(volunteer=volunteer, **confirmed) for volunteer in people]
    for row in rows:
        row.place_under(home.organization)
    Registration.objects.bulk_create(rows)
    return people


def told(verb: Callable[..., Claim], whistle_id: int, user: Any) -> tuple[str, str]:
    """What one phone is told: the state it got, or the sentence."""
    try:
        return "done", verb(Whistle.objects.get(pk=whistle_id), by=user).state
    except RuleViolation as violation:
        return "refused", violation.sentence


def everybody(verb: Callable[..., Claim], whistle: Whistle, crowd: list[Volunteer]) -> list[tuple[str, str]]:
    """The crowd in fifty processes, each of them ten phones one after the other."""
    share = len(crowd) // PROCESSES

    def batch(number: int) -> Callable[[], Any]:
        ids = [volunteer.pk for volunteer in crowd[number * share : (number + 1) * share]]

        def job() -> list[tuple[str, str]]:
            people = Volunteer.objects.select_related("user").in_bulk(ids)
            return [told(verb, whistle.pk, people[pk].user) for pk in ids]

        return at(FRIDAY_NOON, job)

    outcomes = at_once([batch(number) for number in range(PROCESSES)])
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    return [answer for _, answers in outcomes for answer in answers]


def the_queue(whistle: Whistle) -> list[Claim]:
    return list(Claim.objects.waiting().filter(whistle=whistle))


def live(whistle: Whistle) -> int:
    return Claim.objects.live().filter(whistle=whistle).count()


def withdraw(claim: Claim) -> Callable[[], Any]:
    def job() -> Any:
        row = Claim.objects.select_related("whistle", "volunteer__user").get(pk=claim.pk)
        return claims.withdraw(row, by=row.volunteer.user).state

    return at(FRIDAY_NOON, job)


def test_five_hundred_claims_by_fifty_processes_on_twenty_places():
    city = a_city()
    whistle = a_whistle(city.home, places_max=PLACES)
    crowd = a_crowd(city, PROCESSES * EACH)
    answers = everybody(claims.claim, whistle, crowd)
    assert Counter(kind for kind, _ in answers) == {"done": PLACES, "refused": 480}
    assert {said for kind, said in answers if kind == "refused"} == {
        "该哨单已满员，可以候补，有人退单就按顺序递补给你。"
    }
    assert live(whistle) == PLACES
    there = set(Claim.objects.live().values_list("volunteer", flat=True))

    late = [volunteer for volunteer in crowd if volunteer.pk not in there]
    queued = [
        *late,
        *crowd[:20],
    ]  # of the last batch some hold a place already, or stand in the queue: no harm
    answers = everybody(waiting.wait, whistle, queued[:500])
    assert {kind for kind, _ in answers} == {"done"}
    queue = the_queue(whistle)
    assert len(queue) == 480
    assert {claim.volunteer_id for claim in queue} == {volunteer.pk for volunteer in late}
    assert [waiting.place_of(claim) for claim in queue[:3]] == [1, 2, 3]

    leaving = list(Claim.objects.live().filter(whistle=whistle).order_by("id")[:7])
    outcomes = at_once([withdraw(claim) for claim in leaving])
    assert Counter(kind for kind, _ in outcomes) == {"done": 7}, outcomes
    for claim in queue[:8]:
        claim.refresh_from_db()
    assert [claim.state for claim in queue[:8]] == [ClaimState.CLAIMED] * 7 + [ClaimState.WAITING]
    assert live(whistle) == PLACES
    promoted = Claim.objects.filter(events__step="promote").count()
    assert promoted == 7


def test_several_withdraw_at_once_each_place_is_filled_once_by_many_workers():
    city = a_city()
    whistle = a_whistle(city.home, places_max=4)
    there = [a_claim(whistle, a_plain_volunteer(city)) for _ in range(4)]
    with clock.at(FRIDAY_NOON):
        queue = [waiting.wait(whistle, by=a_plain_volunteer(city).user) for _ in range(6)]
    sweep = at(FRIDAY_NOON, waiting.settle_due)
    outcomes = at_once([*[withdraw(claim) for claim in there[:3]], *[sweep] * 4])
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    for claim in queue:
        claim.refresh_from_db()
    assert [claim.state for claim in queue] == [ClaimState.CLAIMED] * 3 + [ClaimState.WAITING] * 3
    assert live(whistle) == 4
    assert all(claim.events.filter(step="promote").count() == 1 for claim in queue[:3])


def test_promoted_while_the_volunteer_claims_something_that_overlaps():
    """Whichever comes first, he never holds both: the place goes to the next one, or the claim is refused."""
    city = a_city()
    full = a_whistle(city.home, title="满员的", places_max=1)
    other = a_whistle(city.home, title="重叠的", places_max=50, starts_at=EVENING + timedelta(minutes=30))
    for _ in range(4):
        there = a_claim(full, a_plain_volunteer(city))
        wanted = a_plain_volunteer(city)
        with clock.at(FRIDAY_NOON):
            waits = waiting.wait(full, by=wanted.user)
        tap = at(FRIDAY_NOON, lambda user=wanted.user: told(claims.claim, other.pk, user))
        outcomes = at_once([withdraw(there), tap, at(FRIDAY_NOON, waiting.settle_due)])
        assert not [said for kind, said in outcomes if kind != "done"], outcomes
        held = Claim.objects.filter(volunteer=wanted, state__in=LIVE)
        assert held.count() == 1
        waits.refresh_from_db()
        assert waits.state == (ClaimState.CLAIMED if held.get() == waits else ClaimState.RELEASED)
        with clock.at(FRIDAY_NOON):
            for claim in (
                Claim.objects.live().filter(whistle=full).select_related("whistle", "volunteer__user")
            ):
                claims.withdraw(claim, by=claim.volunteer.user)


def test_two_overlapping_queues_promote_one_volunteer_at_once():
    city = a_city()
    wanted = a_volunteer(city)
    pairs = []
    for number in range(2):
        whistle = a_whistle(city.home, places_max=1, starts_at=EVENING + timedelta(minutes=20 * number))
        there = a_claim(whistle, a_plain_volunteer(city))
        with clock.at(FRIDAY_NOON):
            waiting.wait(whistle, by=wanted.user)
        pairs.append(there)
    outcomes = at_once([withdraw(there) for there in pairs])
    assert Counter(kind for kind, _ in outcomes) == {"done": 2}, outcomes
    states = Counter(Claim.objects.filter(volunteer=wanted).values_list("state", flat=True))
    assert states == {ClaimState.CLAIMED: 1, ClaimState.RELEASED: 1}


def test_newcomers_never_get_past_the_queue():
    city = a_city()
    whistle = a_whistle(city.home, places_max=2)
    there = [a_claim(whistle, a_plain_volunteer(city)) for _ in range(2)]
    with clock.at(FRIDAY_NOON):
        queue = [waiting.wait(whistle, by=a_plain_volunteer(city).user) for _ in range(2)]
    newcomers = [a_plain_volunteer(city).user for _ in range(8)]
    taps = [at(FRIDAY_NOON, lambda user=user: told(claims.claim, whistle.pk, user)) for user in newcomers]
    outcomes = at_once([*[withdraw(claim) for claim in there], *taps])
    assert {answer[0] for kind, answer in outcomes if isinstance(answer, tuple)} == {"refused"}, outcomes
    for claim in queue:
        claim.refresh_from_db()
        assert claim.state == ClaimState.CLAIMED


def test_a_worker_killed_between_withdrawing_and_filling_loses_nothing():
    city = a_city()
    whistle = a_whistle(city.home, places_max=1)
    there = a_claim(whistle, a_plain_volunteer(city))
    with clock.at(FRIDAY_NOON):
        waits = waiting.wait(whistle, by=a_plain_volunteer(city).user)

    def killed() -> None:
        row = Claim.objects.select_related("whistle", "volunteer__user").get(pk=there.pk)
        with transaction.atomic():
            transaction.on_commit(
                lambda: os._exit(9)
            )  # before anything that the verb wants done after commit
            claims.withdraw(row, by=row.volunteer.user)

    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=at(FRIDAY_NOON, killed))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    there.refresh_from_db()
    waits.refresh_from_db()
    assert (there.state, waits.state) == (ClaimState.WITHDRAWN, ClaimState.WAITING)
    with clock.at(FRIDAY_NOON):
        assert waiting.settle_due() == 1
        assert waiting.settle_due() == 0
    waits.refresh_from_db()
    assert waits.state == ClaimState.CLAIMED
