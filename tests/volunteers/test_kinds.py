"""The four kinds of whistles: what each may be, whom it holds, how the clock treats it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import FanOut, Outgoing
from requests import workflow
from requests.states import Outcome, State
from tests.factories import a_unit, a_user
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_draft,
    a_volunteer,
    a_whistle,
    attended,
)
from tests.workflow import accepted
from volunteers.accounting import crediting
from volunteers.models import Whistle
from volunteers.states import Audience, ClaimState, WhistleKind, WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)


def a_wish(community, **extra):
    fields = {
        "kind": WhistleKind.WISH,
        "title": "想要一副老花镜",
        "places_max": 1,
        "ends_at": EVENING + MONTH,
    }
    return a_whistle(community, **(fields | extra))


# What may be


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "字" * 41}, "title"),
        ({"text": ""}, "text"),
        ({"place": " "}, "place"),
        ({"radius_m": 20}, "radius_m"),
        ({"places_max": 1001}, "places_max"),
        ({"kind": "wish"}, "places_max"),
        ({"kind": "wish", "places_max": 1, "ends_at": EVENING + timedelta(days=61)}, "ends_at"),
        ({"kind": "emergency", "ends_at": EVENING + timedelta(hours=25)}, "ends_at"),
        ({"audience": "units"}, "units"),
        ({"audience": "team"}, "team"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(change, field):
    city = a_city()
    with pytest.raises(RuleViolation) as refusal:
        a_draft(city.home, **change)
    assert refusal.value.field == field
    assert not Whistle.objects.exists()


def test_the_place_the_units_and_the_leader_are_ours():
    city, elsewhere = a_city(), a_city("曲江")
    for change, field in (
        ({"grid": city.next_door.grid}, "grid"),
        ({"audience": "units", "units": [a_unit(elsewhere)]}, "units"),
        ({"leader": city.next_door.secretary}, "leader"),
        ({"leader": a_user()}, "leader"),
    ):
        with pytest.raises(RuleViolation) as refusal:
            a_draft(city.home, **change)
        assert refusal.value.field == field
    ours = a_draft(city.home, leader=city.home.secretary, audience="units", units=[a_unit(city)])
    assert ours.units.count() == 1 and ours.leader == city.home.secretary


def test_when_claiming_ends_by_itself():
    city = a_city()
    for kind, end in (
        ("service", "starts_at"),
        ("activity", "starts_at"),
        ("emergency", "ends_at"),
        ("wish", "ends_at"),
    ):
        draft = a_draft(city.home, kind=kind, places_max=1)
        assert draft.claim_by == getattr(draft, end), kind


# An emergency


def test_an_emergency_is_heard_at_once_and_takes_claims_while_it_runs():
    city = a_city()
    volunteer = a_volunteer(city)
    whistle = a_whistle(
        city.home, kind=WhistleKind.EMERGENCY, title="台风转移", starts_at=FRIDAY_NOON, places_max=9
    )
    call = FanOut.objects.get()
    assert call.is_urgent and "应急集结：台风转移" in call.title
    with clock.at(FRIDAY_NOON + timedelta(minutes=1)):
        assert whistles.start_and_finish_due() == 1
        assert list(Whistle.objects.recruiting()) == [whistle]
        from volunteers.claiming import claims

        assert claims.claim(whistle, by=volunteer.user).state == ClaimState.CLAIMED
    with clock.at(whistle.ends_at):
        whistles.start_and_finish_due()
        with pytest.raises(RuleViolation, match="已完成"):
            claims.claim(whistle, by=a_volunteer(city).user)


def test_ordinary_calls_are_bundled_by_their_matter():
    city = a_city()
    whistle = a_whistle(city.home)
    call = FanOut.objects.get()
    assert (call.is_urgent, call.about, call.audience) == (False, f"whistle:{whistle.pk}", "whistle")
    assert call.text == "今天 18:30 · 要 2 人 · 花城小区 1 栋"


# A wish


def test_a_wish_is_never_started_and_expires():
    city = a_city()
    wish = a_wish(city.home)
    assert "微心愿：想要一副老花镜" in FanOut.objects.get().title
    with clock.at(EVENING + timedelta(days=3)):
        assert whistles.start_and_finish_due() == 0
        with pytest.raises(RuleViolation, match="不按时间开始"):
            whistles.start(wish)
        with pytest.raises(RuleViolation, match="还没到结束时间"):
            whistles.expire(wish)
    with clock.at(EVENING + MONTH):
        assert whistles.start_and_finish_due() == 1
        assert whistles.start_and_finish_due() == 0
    wish.refresh_from_db()
    assert (wish.state, wish.events.last().step) == (WhistleState.DONE, "expire")
    assert "没有人认领" in Outgoing.objects.get(title__startswith="微心愿到期").text


def test_the_community_learns_that_a_claimed_wish_was_not_fulfilled():
    city = a_city()
    a_claim(a_wish(city.home), a_volunteer(city))
    with clock.at(EVENING + MONTH):
        whistles.start_and_finish_due()
    assert "没有按时完成" in Outgoing.objects.get(title__startswith="微心愿到期").text


def test_a_wish_can_be_called_off_while_it_is_open():
    city = a_city()
    wish = a_wish(city.home)
    claim = a_claim(wish, a_volunteer(city))
    with clock.at(EVENING + timedelta(days=2)):
        whistles.cancel(wish, by=city.home.secretary, reason="老人已经买到了")
    claim.refresh_from_db()
    assert (wish.state, claim.state) == (WhistleState.CANCELLED, ClaimState.RELEASED)


@pytest.mark.parametrize("ending", ["fulfil", "expire", "cancel"])
def test_an_open_wish_holds_its_request(ending):
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city)
    wish = a_wish(city.home, service_request=service_request)
    with (
        clock.at(EVENING + timedelta(days=1)),
        pytest.raises(RuleViolation, match="微心愿“想要一副老花镜”还没有完成"),
    ):
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    with clock.at(EVENING + MONTH):
        if ending == "cancel":
            whistles.cancel(wish, by=city.home.secretary, reason="不用了")
        else:
            getattr(whistles, ending)(wish)
        assert not service_request.holds.exists()
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    assert service_request.state == State.RESOLVED


def test_a_withdrawn_request_takes_its_open_wish_along():
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city)
    wish = a_wish(city.home, service_request=service_request)
    with clock.at(EVENING + timedelta(days=1)):
        workflow.withdraw(service_request, by=service_request.submitter)
    wish.refresh_from_db()
    assert wish.state == WhistleState.CANCELLED


# Ending early


def test_aborting_ends_it_now_tells_those_on_it_and_lets_go_of_the_request():
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city)
    whistle = a_whistle(city.home, service_request=service_request)
    there, coming = attended(whistle, a_volunteer(city), leaves=False), a_claim(whistle, a_volunteer(city))
    with clock.at(EVENING):
        whistles.start_and_finish_due()
    early = EVENING + timedelta(minutes=20)
    with clock.at(early):
        with pytest.raises(RuleViolation) as refusal:
            whistles.abort(whistle, by=city.home.secretary, reason=" ")
        assert refusal.value.field == "reason"
        with pytest.raises(NoPower):
            whistles.abort(whistle, by=city.next_door.secretary, reason="下雨")
        whistles.abort(whistle, by=city.home.secretary, reason="下大雨")
        with pytest.raises(RuleViolation, match="现在是“已完成”"):
            whistles.abort(whistle, by=city.home.secretary, reason="下大雨")
    assert (whistle.state, whistle.aborted_at, whistle.aborted_because) == (
        WhistleState.DONE,
        early,
        "下大雨",
    )
    assert whistle.events.last().step == "abort" and whistle.over_at == early
    assert not service_request.holds.exists()
    told = {row.to: row.text for row in Outgoing.objects.filter(title__startswith="提前结束")}
    assert "请签退" in told[there.volunteer.user] and "不用去了" in told[coming.volunteer.user]
    with clock.at(EVENING + timedelta(hours=1)):
        assert whistles.start_and_finish_due() == 0
        there.refresh_from_db()
        assert crediting.proposed_minutes(there) == 20, "presence is cut where it ended"


def test_only_what_runs_is_ended_early():
    city = a_city()
    with clock.at(FRIDAY_NOON), pytest.raises(RuleViolation, match="现在是“招募中”"):
        whistles.abort(a_whistle(city.home), by=city.home.secretary, reason="下雨")


# Editing and copying


def test_editing_a_draft_says_which_fields():
    city = a_city()
    draft = a_draft(city.home)
    with clock.at(FRIDAY_NOON):
        later = EVENING + timedelta(hours=1)
        whistles.edit(
            draft, by=city.home.secretary, title="换灯泡", starts_at=later, ends_at=later + timedelta(hours=1)
        )
        again = {"title": "换灯泡", "text": draft.text}
        whistles.edit(draft, by=city.home.secretary, **again)
    draft.refresh_from_db()
    event = draft.events.get(step="edit")
    assert event.codes == {"fields": ["title", "starts_at", "ends_at", "claim_by"]}
    assert (draft.title, draft.claim_by) == ("换灯泡", later)
    assert event.by == city.home.secretary


def test_editing_keeps_the_rules_and_the_powers():
    city = a_city()
    draft = a_draft(city.home)
    with pytest.raises(RuleViolation) as refusal:
        whistles.edit(draft, by=city.home.secretary, kind="wish")
    assert refusal.value.field == "places_max"
    with pytest.raises(NoPower):
        whistles.edit(draft, by=city.next_door.secretary, title="别人的")
    with pytest.raises(NoPower):
        whistles.edit(draft, by=city.next_door.secretary, title=draft.title)
    published = a_whistle(city.home)
    with pytest.raises(RuleViolation, match="不能修改"):
        whistles.edit(published, by=city.home.secretary, title="改了")
    draft.refresh_from_db()
    assert (draft.kind, draft.title, draft.events.count()) == ("service", "楼道灯抢修", 1)


def test_a_change_of_audience_drops_what_no_longer_speaks():
    city = a_city()
    draft = a_draft(city.home, audience=Audience.UNITS, units=[a_unit(city)])
    whistles.edit(draft, by=city.home.secretary, audience=Audience.DISTRICT)
    assert not draft.units.exists()
    assert draft.events.last().codes == {"fields": ["audience", "units"]}


def test_a_copy_is_a_draft_of_the_coming_week():
    city = a_city()
    unit = a_unit(city)
    whistle = a_whistle(
        city.home, audience=Audience.UNITS, units=[unit], claim_by=EVENING - timedelta(hours=2)
    )
    with clock.at(EVENING + timedelta(days=15)):
        made = whistles.copy(whistle, by=city.home.secretary)
        with pytest.raises(NoPower):
            whistles.copy(whistle, by=city.next_door.secretary)
    assert (made.state, made.starts_at) == (WhistleState.DRAFT, EVENING + timedelta(weeks=3))
    assert made.claim_by == made.starts_at - timedelta(hours=2)
    assert list(made.units.all()) == [unit] and made.number != whistle.number


def test_a_copy_stays_with_a_request_that_can_still_be_whistled_for():
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city)
    whistle = a_whistle(city.home, service_request=service_request)
    with clock.at(FRIDAY_NOON):
        assert whistles.copy(whistle, by=city.home.secretary).service_request == service_request
        workflow.withdraw(service_request, by=service_request.submitter)
        assert whistles.copy(whistle, by=city.home.secretary).service_request is None


# Who leads on site


def test_somebody_of_the_community_or_a_claimant_leads():
    city = a_city()
    whistle = a_whistle(city.home)
    claimant = a_claim(whistle, a_volunteer(city)).volunteer.user
    with clock.at(FRIDAY_NOON):
        whistles.lead(whistle, by=city.home.secretary, leader=claimant)
        whistles.lead(whistle, by=city.home.secretary, leader=claimant)
        with pytest.raises(RuleViolation, match="现场负责人"):
            whistles.lead(whistle, by=city.home.secretary, leader=a_volunteer(city).user)
        with pytest.raises(NoPower):
            whistles.lead(whistle, by=city.next_door.secretary, leader=claimant)
    whistle.refresh_from_db()
    assert whistle.leader == claimant
    assert [event.codes for event in whistle.events.filter(step="lead")] == [{"leader": claimant.pk}]
