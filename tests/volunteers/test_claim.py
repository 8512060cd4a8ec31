"""Claiming: RULES 2, one place for one volunteer, never more claims than places."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from tests.factories import a_unit, a_user
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_draft,
    a_plain_volunteer,
    a_volunteer,
    a_whistle,
)
from volunteers.claiming import claims
from volunteers.joining import registry, teams
from volunteers.models import Claim, TeamMembership, Whistle
from volunteers.signals import claim_moved
from volunteers.states import Audience, ClaimState, VolunteerKind
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db


def test_effect_event_and_news():
    city = a_city()
    volunteer, whistle = a_volunteer(city), a_whistle(city.home)
    heard = []
    receiver = lambda move, **_: heard.append((move.step.name, move.thing.pk))  # noqa: E731
    claim_moved.connect(receiver)
    claim = a_claim(whistle, volunteer)
    claim_moved.disconnect(receiver)
    assert claim.state == ClaimState.CLAIMED
    assert claim.claimed_at == FRIDAY_NOON
    event = claim.events.get()
    assert (event.step, event.source, event.target, event.by) == ("claim", "", "claimed", volunteer.user)
    assert heard == [("claim", claim.pk)]


def test_a_double_tap_gives_the_first_claim():
    city = a_city()
    volunteer, whistle = a_volunteer(city), a_whistle(city.home)
    first, second = a_claim(whistle, volunteer), a_claim(whistle, volunteer)
    assert first == second
    assert first.events.count() == 1


def test_a_late_retry_does_not_claim_again_after_withdrawing():
    city = a_city()
    volunteer, whistle, key = a_volunteer(city), a_whistle(city.home), uuid.uuid4()
    with clock.at(FRIDAY_NOON):
        claim = claims.claim(whistle, by=volunteer.user, key=key)
        claims.withdraw(claim, by=volunteer.user)
        with pytest.raises(RuleViolation, match="已经退掉或解除了"):
            claims.claim(whistle, by=volunteer.user, key=key)
        meant = claims.claim(whistle, by=volunteer.user, key=uuid.uuid4())
    assert meant != claim


def test_full():
    city = a_city()
    whistle = a_whistle(city.home, places_max=1)
    a_claim(whistle, a_volunteer(city))
    with pytest.raises(RuleViolation, match="已满员"):
        a_claim(whistle, a_volunteer(city))
    assert Claim.objects.count() == 1


def test_the_last_place_is_told_to_the_community():
    city = a_city()
    whistle = a_whistle(city.home, places_max=2)
    told = Outgoing.objects.filter(to=city.home.secretary, title__startswith="已满员")
    a_claim(whistle, a_volunteer(city))
    assert not told.exists()
    a_claim(whistle, a_volunteer(city))
    assert told.count() == 1


def test_after_the_deadline():
    city = a_city()
    whistle = a_whistle(city.home, claim_by=FRIDAY_NOON + timedelta(hours=1))
    volunteer = a_volunteer(city)
    with clock.at(FRIDAY_NOON + timedelta(hours=1)), pytest.raises(RuleViolation, match="接单截止"):
        claims.claim(whistle, by=volunteer.user)


def test_not_a_draft_nor_what_was_called_off():
    city = a_city()
    volunteer = a_volunteer(city)
    with pytest.raises(RuleViolation, match="草稿"):
        a_claim(a_draft(city.home), volunteer)
    whistle = a_whistle(city.home)
    with clock.at(EVENING - timedelta(hours=1)):
        whistles.cancel(whistle, by=city.home.secretary, reason="下雨")
        with pytest.raises(RuleViolation, match="已取消"):
            claims.claim(whistle, by=volunteer.user)


def test_a_running_one_takes_claims_until_its_deadline():
    city = a_city()
    first, second = a_volunteer(city), a_volunteer(city)
    whistle = a_whistle(city.home, claim_by=EVENING + timedelta(minutes=30))
    with clock.at(EVENING):
        whistles.start(whistle)
        assert claims.claim(whistle, by=first.user).state == ClaimState.CLAIMED
    with clock.at(EVENING + timedelta(minutes=30)), pytest.raises(RuleViolation, match="接单截止"):
        claims.claim(whistle, by=second.user)


def test_no_overlap_with_other_live_claims():
    city = a_city()
    volunteer = a_volunteer(city)
    first, second = a_whistle(city.home, title="第一单"), a_whistle(city.home)
    claim = a_claim(first, volunteer)
    with pytest.raises(RuleViolation, match="“第一单”时间重叠"):
        a_claim(second, volunteer)
    with clock.at(FRIDAY_NOON):
        claims.withdraw(claim, by=volunteer.user)
    assert a_claim(second, volunteer).state == ClaimState.CLAIMED


def test_one_after_the_other_is_no_overlap():
    city = a_city()
    volunteer = a_volunteer(city)
    a_claim(a_whistle(city.home), volunteer)
    after = EVENING + timedelta(hours=1)
    a_claim(a_whistle(city.home, starts_at=after, ends_at=after + timedelta(hours=1)), volunteer)
    assert volunteer.claims.live().count() == 2


def test_a_confirmed_registration_is_needed():
    city = a_city()
    whistle = a_whistle(city.home)
    with pytest.raises(RuleViolation, match="先到社区报到"):
        claims.claim(whistle, by=a_user())
    newcomer = registry.enrol(user=a_user(), kind=VolunteerKind.VOLUNTEER, district=city.district)
    registry.choose(newcomer, by=newcomer.user, community=city.home.organization)
    with pytest.raises(RuleViolation, match="先到社区报到"):
        a_claim(whistle, newcomer)


def test_the_audience_is_kept_to():
    city = a_city()
    neighbour = a_volunteer(city, city.next_door)
    with pytest.raises(RuleViolation, match="只面向报到到本社区"):
        a_claim(a_whistle(city.home), neighbour)
    assert a_claim(a_whistle(city.home, audience=Audience.DISTRICT), neighbour)
    stranger = a_volunteer(a_city("浈江"))
    with pytest.raises(RuleViolation, match="只面向本区"):
        a_claim(a_whistle(city.home, audience=Audience.DISTRICT), stranger)


def test_sight_of_whistles():
    city = a_city()
    volunteer, neighbour = a_plain_volunteer(city), a_volunteer(city, city.next_door)
    whistle, draft = a_whistle(city.home), a_draft(city.home)
    for_all = a_whistle(city.home, audience=Audience.DISTRICT)
    assert set(Whistle.objects.open_to(volunteer.user)) == {whistle, for_all}
    assert set(Whistle.objects.open_to(neighbour.user)) == {for_all}
    assert set(Whistle.objects.visible_to(city.home.secretary)) == {whistle, draft, for_all}
    assert not Whistle.objects.visible_to(city.next_door.secretary).exists()
    assert not Whistle.objects.open_to(a_user()).exists()


def test_withdraw_before_the_start_only():
    city = a_city()
    volunteer, whistle = a_volunteer(city), a_whistle(city.home, places_max=1)
    claim = a_claim(whistle, volunteer)
    with clock.at(EVENING), pytest.raises(RuleViolation, match="不能退单"):
        claims.withdraw(claim, by=volunteer.user)
    with clock.at(EVENING - timedelta(minutes=1)):
        claims.withdraw(claim, by=volunteer.user)
    assert claim.state == ClaimState.WITHDRAWN
    assert [event.step for event in claim.events.all()] == ["claim", "withdraw"]
    assert a_claim(whistle, a_volunteer(city)), "the place is free again"


def test_nobody_withdraws_the_claim_of_another():
    city = a_city()
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    for other in (city.home.secretary, a_volunteer(city).user):
        with clock.at(FRIDAY_NOON), pytest.raises(NoPower):
            claims.withdraw(claim, by=other)


def test_whistles_for_units_and_teams_are_claimed_by_those():
    city = a_city()
    unit = a_unit(city)
    of_unit, of_team, other = (
        a_volunteer(city, unit=unit),
        a_volunteer(city, city.next_door),
        a_volunteer(city),
    )
    for_unit = a_whistle(city.home, title="单位的", audience=Audience.UNITS, units=[unit])
    team = teams.found(
        by=city.home.secretary,
        organization=city.home.organization,
        kind="service",
        name="理发队",
        theme="elders",
    )
    TeamMembership.objects.create(team=team, volunteer=of_team, added_by=city.home.secretary)
    late = EVENING + timedelta(hours=2)
    for_team = a_whistle(
        city.home,
        title="队伍的",
        audience=Audience.TEAM,
        team=team,
        starts_at=late,
        ends_at=late + timedelta(hours=1),
    )
    assert a_claim(for_unit, of_unit).state == ClaimState.CLAIMED
    assert a_claim(for_team, of_team).state == ClaimState.CLAIMED
    for whistle, sentence in ((for_unit, "指定单位"), (for_team, "指定队伍")):
        with pytest.raises(RuleViolation, match=sentence):
            a_claim(whistle, other)
        assert not Whistle.objects.open_to(other.user).filter(pk=whistle.pk).exists()
