"""吹哨: drafting, publishing, cancelling, and what the clock does."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import FanOut, Message, Outgoing
from notifications.outbox import sweep
from organizations.models import Skill
from tests.factories import a_user
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
from volunteers.forms.whistles import WhistleForm
from volunteers.models import Whistle, WhistleEvent
from volunteers.signals import whistle_moved
from volunteers.states import Audience, ClaimState, WhistleState
from volunteers.whistling import whistles
from volunteers.whistling.audiences import of_whistle

pytestmark = pytest.mark.django_db


def test_draft_effect_event_and_number():
    city = a_city()
    with clock.at(FRIDAY_NOON):
        whistle = a_draft(city.home, skills=[Skill.objects.create(name="电工")])
        second = a_draft(city.home)
    letters = city.district.letters or "WS"
    assert whistle.number == f"{letters}S20261120-001"
    assert second.number == f"{letters}S20261120-002"
    assert (whistle.state, whistle.claim_by) == (WhistleState.DRAFT, whistle.starts_at)
    assert [skill.name for skill in whistle.skills.all()] == ["电工"]
    assert (whistle.district, whistle.community) == (city.district, city.home.organization)
    assert whistle.events.get().step == "draft"


def test_the_same_key_gives_the_first_draft():
    city, key = a_city(), uuid.uuid4()
    assert a_draft(city.home, key=key) == a_draft(city.home, key=key)
    assert Whistle.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends_at": EVENING}, "ends_at"),
        ({"ends_at": EVENING + timedelta(hours=25)}, "ends_at"),
        ({"claim_by": EVENING + timedelta(hours=2)}, "claim_by"),
        ({"places_max": 0}, "places_max"),
        ({"places_min": 3}, "places_max"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(change, field):
    city = a_city()
    with pytest.raises(RuleViolation) as refusal:
        a_draft(city.home, **change)
    assert refusal.value.field == field


def test_only_the_community_itself_whistles():
    city = a_city()
    draft = a_draft(city.home)
    for outsider in (city.next_door.secretary, a_volunteer(city).user):
        with pytest.raises(NoPower):
            a_draft(city.home, by=outsider)
        with clock.at(FRIDAY_NOON), pytest.raises(NoPower):
            whistles.publish(draft, by=outsider)


def test_publish_tells_its_audience_once():
    city = a_city()
    member, plain = a_volunteer(city), a_plain_volunteer(city)
    neighbour = a_volunteer(city, city.next_door)
    whistle = a_whistle(city.home)
    assert whistle.state == WhistleState.OPEN
    assert [event.step for event in whistle.events.all()] == ["draft", "publish"]
    assert set(of_whistle(whistle.pk)) == {member.user, plain.user}
    fan_out = FanOut.objects.get()
    assert fan_out.url == f"/whistles/{whistle.pk}/"
    sweep()
    assert set(Message.objects.filter(url=fan_out.url).values_list("to", flat=True)) == {
        member.user.pk,
        plain.user.pk,
    }
    with clock.at(FRIDAY_NOON), pytest.raises(RuleViolation, match="现在是“招募中”"):
        whistles.publish(whistle, by=city.home.secretary)
    for_all = a_whistle(city.home, audience=Audience.DISTRICT)
    assert set(of_whistle(for_all.pk)) == {member.user, plain.user, neighbour.user}


def test_too_late_to_publish():
    city = a_city()
    draft = a_draft(city.home)
    with clock.at(EVENING), pytest.raises(RuleViolation, match="接单截止时间已经过了"):
        whistles.publish(draft, by=city.home.secretary)
    with clock.at(EVENING + timedelta(days=1)), pytest.raises(RuleViolation, match="结束时间已经过了"):
        whistles.publish(draft, by=city.home.secretary)


def test_cancel_releases_the_claims_and_tells_why():
    city = a_city()
    whistle = a_whistle(city.home)
    claim = a_claim(whistle, a_volunteer(city))
    gone = a_claim(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        claims.withdraw(gone, by=gone.volunteer.user)
        with pytest.raises(RuleViolation, match="取消原因"):
            whistles.cancel(whistle, by=city.home.secretary, reason=" ")
        with pytest.raises(NoPower):
            whistles.cancel(whistle, by=city.next_door.secretary, reason="下雨")
        whistles.cancel(whistle, by=city.home.secretary, reason="下雨")
    claim.refresh_from_db()
    gone.refresh_from_db()
    assert (whistle.state, whistle.cancelled_because) == (WhistleState.CANCELLED, "下雨")
    assert (claim.state, gone.state) == (ClaimState.RELEASED, ClaimState.WITHDRAWN)
    assert claim.events.last().step == "release"
    told = Outgoing.objects.filter(title__startswith="哨单取消")
    assert [row.to for row in told] == [claim.volunteer.user]
    assert "下雨" in told[0].text
    again = a_whistle(city.home, title="改到这一单")
    assert a_claim(again, claim.volunteer), "the volunteer is free again"


def test_no_cancelling_once_it_began():
    city = a_city()
    whistle = a_whistle(city.home)
    with clock.at(EVENING), pytest.raises(RuleViolation, match="已到开始时间"):
        whistles.cancel(whistle, by=city.home.secretary, reason="下雨")


def test_the_clock_starts_and_finishes_once():
    city = a_city()
    whistle = a_whistle(city.home)
    heard = []
    receiver = lambda move, **_: heard.append(move.step.name)  # noqa: E731
    whistle_moved.connect(receiver)
    for minutes, taken in ((-1, 0), (0, 1), (0, 0), (59, 0), (60, 1), (60, 0)):
        with clock.at(EVENING + timedelta(minutes=minutes)):
            assert whistles.start_and_finish_due() == taken, minutes
    whistle_moved.disconnect(receiver)
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.DONE
    assert heard == ["start", "finish"]
    assert whistle.events.last().by is None


def test_after_an_outage_everything_is_caught_up_in_order():
    city = a_city()
    for hours in (0, 2, 4):
        start = EVENING + timedelta(hours=hours)
        a_whistle(city.home, title=f"{hours}", starts_at=start, ends_at=start + timedelta(hours=1))
    draft = a_draft(city.home)
    with clock.at(EVENING + timedelta(days=1)):
        assert whistles.start_and_finish_due() == 6
        assert whistles.start_and_finish_due() == 0
    taken = WhistleEvent.objects.filter(step__in=("start", "finish")).order_by("id")
    assert [(event.step, event.subject.title) for event in taken] == [
        *[("start", hours) for hours in ("0", "2", "4")],
        *[("finish", hours) for hours in ("0", "2", "4")],
    ]
    draft.refresh_from_db()
    assert draft.state == WhistleState.DRAFT
    # Nobody is asked to step in for what is over.
    assert not Outgoing.objects.filter(key__contains="too-few").exists()


def test_one_that_fails_does_not_stop_the_others(caplog):
    city = a_city()
    first, second = a_whistle(city.home, title="坏的"), a_whistle(city.home, title="好的")

    def break_first(move, **_):
        if move.thing.pk == first.pk:
            raise ValueError("broken")

    whistle_moved.connect(break_first)
    with clock.at(EVENING):
        assert whistles.start_and_finish_due() == 1
    whistle_moved.disconnect(break_first)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (WhistleState.OPEN, WhistleState.RUNNING)


def test_nobody_takes_the_steps_of_the_clock():
    city = a_city()
    whistle = a_whistle(city.home)
    from volunteers.tables import WHISTLES

    offered = {step.name for step in WHISTLES.steps_open_to(city.home.secretary, whistle)}
    assert offered.isdisjoint({"start", "finish", "fulfil", "expire"})
    with clock.at(FRIDAY_NOON), pytest.raises(RuleViolation, match="还没到开始时间"):
        whistles.start(whistle)


def test_below_the_minimum_it_runs_and_the_community_is_told():
    city = a_city()
    whistle = a_whistle(city.home, places_min=2)
    a_claim(whistle, a_volunteer(city))
    enough = a_whistle(city.home, title="够人", places_min=1)
    a_claim(enough, a_volunteer(city))
    with clock.at(EVENING):
        whistles.start_and_finish_due()
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.RUNNING
    told = Outgoing.objects.get(to=city.home.secretary, title__startswith="人手不足")
    assert "楼道灯抢修" in told.title and "最少要 2 人，现在 1 人" in told.text


def test_the_form_gives_what_draft_takes():
    city = a_city()
    local = timezone.localtime(EVENING).strftime("%Y-%m-%dT%H:%M")
    later = timezone.localtime(EVENING + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    given = {
        "title": "楼道灯抢修", "text": "带梯子", "starts_at": local, "ends_at": later,
        "building": city.home.building.pk, "radius_m": 300, "places_max": 2, "places_min": 1,
        "kind": "service", "duty_area": "safety", "task": "service", "audience": "registered",
    }  # fmt: skip
    form = WhistleForm(given, community=city.home.organization)
    with clock.at(EVENING - timedelta(hours=2)):
        assert form.is_valid(), form.errors
    whistle = whistles.draft(by=city.home.secretary, **form.arguments())
    assert (whistle.place, whistle.grid) == (city.home.building.name, city.home.grid)
    assert whistle.point == city.home.building.point
    assert whistle.starts_at == EVENING
    missing = WhistleForm(given | {"building": ""}, community=city.home.organization)
    with clock.at(EVENING):
        assert not missing.is_valid()
    assert set(missing.errors) == {"place", "building", "starts_at"}
    strange = WhistleForm(given | {"building": city.next_door.building.pk}, community=city.home.organization)
    assert "building" in strange.errors


def test_an_outsider_is_not_in_the_audience():
    city = a_city()
    whistle = a_whistle(city.home)
    assert not of_whistle(whistle.pk).filter(pk=a_user().pk).exists()
