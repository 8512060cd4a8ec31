"""候补: the queue of a full whistle, and who gets a place that comes free (RULES 2)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from tests.signing_in import weak_client
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
from volunteers.models import Claim
from volunteers.states import ClaimState, WhistleKind
from volunteers.tasks import fill_places, settle_queues
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return a_city()


@pytest.fixture
def full(city):
    """One place, taken by the claim that stands beside it."""
    whistle = a_whistle(city.home, places_max=1)
    return whistle, a_claim(whistle, a_volunteer(city))


def waits(whistle, volunteer, **extra) -> Claim:
    with clock.at(FRIDAY_NOON):
        return waiting.wait(whistle, by=volunteer.user, **extra)


def withdrawn(claim, moment=FRIDAY_NOON):
    """Withdrawn, and what comes after the commit done."""
    with clock.at(moment):
        claims.withdraw(claim, by=claim.volunteer.user)
        fill_places(claim.whistle_id)


def test_effect_event_and_second_tap(city, full):
    whistle, _ = full
    volunteer, key = a_volunteer(city), uuid.uuid4()
    claim = waits(whistle, volunteer, key=key)
    assert (claim.state, claim.claimed_at) == (ClaimState.WAITING, FRIDAY_NOON)
    event = claim.events.get()
    assert (event.step, event.target, event.by) == ("wait", "waiting", volunteer.user)
    assert waits(whistle, volunteer, key=key) == claim == waits(whistle, volunteer)
    assert claims.taken(whistle) == 1, "who waits takes no place"


def test_the_full_one_offers_the_queue(city, full):
    with pytest.raises(RuleViolation, match="已满员，可以候补"):
        a_claim(full[0], a_volunteer(city))


def test_whoever_holds_a_place_does_not_wait_for_another(city, full):
    whistle, claim = full
    assert waits(whistle, claim.volunteer) == claim


def test_who_waits_and_taps_again_is_told_to_wait(city, full):
    volunteer = a_volunteer(city)
    waits(full[0], volunteer)
    with pytest.raises(RuleViolation, match="已经在候补了"):
        a_claim(full[0], volunteer)


def test_the_rules_of_claiming_hold_for_waiting_too(city, full):
    whistle, _ = full
    with pytest.raises(RuleViolation, match="只面向报到到本社区"):
        waits(whistle, a_volunteer(city, city.next_door))
    busy = a_volunteer(city)
    a_claim(a_whistle(city.home, title="第一单"), busy)
    with pytest.raises(RuleViolation, match="“第一单”时间重叠"):
        waits(whistle, busy)
    with pytest.raises(RuleViolation, match="直接接单就行"):
        waits(a_whistle(city.home), a_volunteer(city))
    with clock.at(EVENING), pytest.raises(RuleViolation):
        waiting.wait(whistle, by=a_volunteer(city).user)


def test_places_that_come_free_are_filled_in_order(city, full):
    whistle, claim = full
    first, second = waits(whistle, a_volunteer(city)), waits(whistle, a_volunteer(city))
    assert (waiting.place_of(first), waiting.place_of(second), waiting.place_of(claim)) == (1, 2, 0)
    withdrawn(claim)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (ClaimState.CLAIMED, ClaimState.WAITING)
    event = first.events.last()
    assert (event.step, event.by) == ("promote", None)
    told = Outgoing.objects.get(to=first.volunteer.user, title__startswith="递补上了")
    assert told.is_urgent and told.url == f"/claims/{first.pk}/"
    assert waiting.place_of(second) == 1


def test_after_the_commit_a_worker_fills(city, full, django_capture_on_commit_callbacks):
    whistle, claim = full
    first = waits(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON), django_capture_on_commit_callbacks(execute=True):
        claims.withdraw(claim, by=claim.volunteer.user)
    first.refresh_from_db()
    assert first.state == ClaimState.CLAIMED


def test_who_is_busy_by_then_is_passed_over_and_told(city, full):
    whistle, claim = full
    busy, free = waits(whistle, a_volunteer(city)), waits(whistle, a_volunteer(city))
    a_claim(a_whistle(city.home, title="别的单"), busy.volunteer)
    withdrawn(claim)
    busy.refresh_from_db()
    free.refresh_from_db()
    assert (busy.state, free.state) == (ClaimState.RELEASED, ClaimState.CLAIMED)
    told = Outgoing.objects.get(to=busy.volunteer.user, title__startswith="候补没有轮到")
    assert "“别的单”时间重叠" in told.text and told.about == f"whistle:{whistle.pk}"


def test_nobody_gets_past_those_who_wait(city, full):
    whistle, claim = full
    first, newcomer = waits(whistle, a_volunteer(city)), a_volunteer(city)
    with clock.at(FRIDAY_NOON):
        claims.withdraw(claim, by=claim.volunteer.user)  # and the worker is killed
    with pytest.raises(RuleViolation, match="可以候补"):
        a_claim(whistle, newcomer)
    first.refresh_from_db()
    assert first.state == ClaimState.CLAIMED, "the newcomer's tap has filled the place"


def test_a_newcomer_gets_what_nobody_in_the_queue_can_take(city, full):
    whistle, claim = full
    busy = waits(whistle, a_volunteer(city))
    a_claim(a_whistle(city.home), busy.volunteer)
    with clock.at(FRIDAY_NOON):
        claims.withdraw(claim, by=claim.volunteer.user)
    assert a_claim(whistle, a_volunteer(city)).state == ClaimState.CLAIMED
    busy.refresh_from_db()
    assert busy.state == ClaimState.RELEASED


def test_leaving_the_queue(city, full):
    whistle, _ = full
    first, second = waits(whistle, a_volunteer(city)), waits(whistle, a_volunteer(city))
    with pytest.raises(NoPower):
        waiting.leave(first, by=second.volunteer.user)
    waiting.leave(first, by=first.volunteer.user)
    assert first.state == ClaimState.WITHDRAWN
    assert waiting.place_of(second) == 1
    with pytest.raises(RuleViolation, match="已退单"):
        waiting.leave(first, by=first.volunteer.user)
    assert waits(whistle, first.volunteer).pk != first.pk, "one may queue again, at the end"


@pytest.mark.parametrize("started", [True, False])
def test_at_the_start_the_rest_of_the_queue_goes_home(city, started):
    claim_by = None if started else EVENING - timedelta(hours=2)
    whistle = a_whistle(city.home, places_max=1, claim_by=claim_by)
    a_claim(whistle, a_volunteer(city))
    first = waits(whistle, a_volunteer(city))
    with clock.at(EVENING if started else claim_by):
        if started:
            whistles.start(whistle)
        assert settle_queues() == 0
    first.refresh_from_db()
    assert first.state == ClaimState.RELEASED
    assert Outgoing.objects.filter(to=first.volunteer.user, title__startswith="候补没有轮到").count() == 1


def test_a_cancelled_whistle_tells_those_who_wait(city, full):
    whistle, claim = full
    first = waits(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        whistles.cancel(whistle, by=city.home.secretary, reason="下雨")
    for row, sentence in ((claim, "你不用去了"), (first, "候补也取消了")):
        row.refresh_from_db()
        assert row.state == ClaimState.RELEASED
        assert sentence in Outgoing.objects.get(to=row.volunteer.user, title__startswith="哨单取消").text


def test_the_sweep_leaves_alone_what_needs_nothing(city, full, django_assert_max_num_queries):
    waits(full[0], a_volunteer(city))
    with clock.at(FRIDAY_NOON), django_assert_max_num_queries(1):
        assert waiting.settle_due() == 0


def test_an_emergency_takes_claims_while_it_runs_but_has_no_queue_then(city):
    ends = EVENING + timedelta(hours=1)
    whistle = a_whistle(city.home, kind=WhistleKind.EMERGENCY, places_max=2, claim_by=ends)
    first, second, third = (a_volunteer(city) for _ in range(3))
    with clock.at(EVENING):
        whistles.start(whistle)
        for volunteer in (first, second):
            assert claims.claim(whistle, by=volunteer.user).state == ClaimState.CLAIMED
        with pytest.raises(RuleViolation, match="已满员，看看别的"):
            claims.claim(whistle, by=third.user)
        with pytest.raises(RuleViolation, match="不会再空出名额"):
            waiting.wait(whistle, by=third.user)


# Pages


def test_the_pages_offer_the_queue_and_show_the_place(city, full):
    whistle, claim = full
    ahead, me = a_plain_volunteer(city), a_plain_volunteer(city)
    waits(whistle, ahead)
    client = weak_client(me.user)
    with clock.at(FRIDAY_NOON):
        page = client.get(f"/whistles/{whistle.pk}/").content.decode()
        assert "候补（前面 1 位）" in page and f"/whistles/{whistle.pk}/claim/" not in page
        page = client.post(f"/whistles/{whistle.pk}/wait/", follow=True).content.decode()
        assert "已排队候补" in page and "候补第 2 位" in page and "退出候补" in page
        client.post(f"/whistles/{whistle.pk}/wait/")
        assert Claim.objects.own(me.user).count() == 1
        assert "候补第 2 位" in client.get("/claims/").content.decode()
        assert "候补第 2 位，看我的候补" in client.get(f"/whistles/{whistle.pk}/").content.decode()
        withdrawn(claim)
        assert "候补第 1 位" in client.get("/claims/").content.decode()
        own = Claim.objects.own(me.user).get()
        assert "已退出候补" in client.post(f"/claims/{own.pk}/leave/", follow=True).content.decode()


def test_outsiders_find_no_queue(city, full):
    whistle, _ = full
    claim = waits(whistle, a_volunteer(city))
    outsider = weak_client(a_volunteer(city, city.next_door).user)
    assert outsider.post(f"/whistles/{whistle.pk}/wait/").status_code == 404
    assert outsider.post(f"/claims/{claim.pk}/leave/").status_code == 404


def test_the_list_costs_the_same_for_few_and_many(city):
    me = a_volunteer(city)
    client = weak_client(me.user)

    def queued(number: int) -> None:
        for day in range(number):
            begins = EVENING + timedelta(days=day + 1 + Claim.objects.count())
            whistle = a_whistle(
                city.home, places_max=1, starts_at=begins, ends_at=begins + timedelta(hours=1)
            )
            a_claim(whistle, a_plain_volunteer(city))
            waits(whistle, me)

    counts = []
    for number in (1, 6):
        queued(number)
        with (
            clock.at(FRIDAY_NOON),
            CaptureQueriesContext(
                connection,
            ) as seen,
        ):
            assert client.get("/claims/").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12
