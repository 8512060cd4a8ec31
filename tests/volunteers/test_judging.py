"""Refused, absent, corrected, reversed, proposed: every change of the ledger is an entry, and sums follow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from organizations.models import WorkdayOverride
from organizations.posts import Post
from tests.factories import a_unit, a_user, appoint
from tests.volunteers.scenes import (
    EVENING,
    LONG_AGO,
    a_city,
    a_claim,
    a_volunteer,
    a_whistle,
    attended,
    credited,
)
from tests.workflow import a_photo
from volunteers.accounting import crediting, ledger
from volunteers.accounting.ledger_proof import findings
from volunteers.claiming import wishes
from volunteers.models import BoardNews, Claim, LedgerEntry, ServiceBalance
from volunteers.states import Attested, ClaimState, EntryKind, WhistleKind, WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
OVER = EVENING + timedelta(hours=2)


@pytest.fixture
def city():
    return a_city()


def judge(name, claim, city, **given):
    with clock.at(OVER):
        return getattr(crediting, name)(claim, by=city.home.secretary, **given)


def entries_of(claim):
    rows = LedgerEntry.objects.filter(claim=claim).order_by("id")
    return [(row.kind, row.minutes, row.off_hours_minutes) for row in rows]


def sums_of(volunteer):
    return [
        (row.minutes, row.off_hours_minutes, row.times, row.off_hours_times)
        for row in ServiceBalance.objects.filter(volunteer=volunteer)
    ]


def said_to(volunteer):
    return list(Outgoing.objects.filter(to=volunteer.user).order_by("-id").values_list("title", flat=True))


def test_refusing_says_why_and_writes_no_minutes(city):
    claim = attended(a_whistle(city.home), a_volunteer(city))
    with pytest.raises(RuleViolation) as refusal:
        judge("refuse", claim, city, reason="  ")
    assert refusal.value.field == "reason"
    judge("refuse", claim, city, reason="到场就走了")
    assert (claim.state, claim.judged_because) == (ClaimState.REFUSED, "到场就走了")
    event = claim.events.last()
    assert (event.step, event.by) == ("refuse", city.home.secretary)
    assert entries_of(claim) == [] and sums_of(claim.volunteer) == []
    assert BoardNews.objects.filter(community=city.home.organization, served_on=EVENING.date()).exists()
    assert said_to(claim.volunteer)[0].startswith("服务没有认定")
    with pytest.raises(RuleViolation, match="现在是“不予认定”"):
        judge("refuse", claim, city, reason="再来一次")


def test_absent_once_it_is_over_and_by_the_clock_after_three_days(city):
    whistle = a_whistle(city.home)
    one, other = a_claim(whistle, a_volunteer(city)), a_claim(whistle, a_volunteer(city))
    with clock.at(EVENING + timedelta(minutes=30)), pytest.raises(RuleViolation, match="服务还没结束"):
        crediting.absent(one, by=city.home.secretary)
    with clock.at(EVENING):
        whistles.start_and_finish_due()
    with clock.at(OVER):
        whistles.start_and_finish_due()
        assert crediting.call_absent_due() == 0
    judge("absent", one, city)
    with clock.at(EVENING + timedelta(hours=1, days=3)):
        assert crediting.call_absent_due() == 1
        assert crediting.call_absent_due() == 0
    other.refresh_from_db()
    assert (one.state, other.state) == (ClaimState.ABSENT, ClaimState.ABSENT)
    assert other.events.last().by is None
    assert not LedgerEntry.objects.exists()


def test_somebody_who_never_checked_in_is_attested_with_a_reason(city):
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    for given, field in (({}, "minutes"), ({"minutes": 60}, "reason")):
        with pytest.raises(RuleViolation) as refusal:
            judge("credit", claim, city, **given)
        assert refusal.value.field == field
    judge("credit", claim, city, minutes=60, reason="手机坏了，领队证明在场")
    entry = LedgerEntry.objects.get()
    assert (entry.minutes, entry.attested) == (60, Attested.COMMUNITY)
    assert sums_of(claim.volunteer) == [(60, 60, 1, 1)]


def test_a_correction_is_an_entry_of_the_difference(city):
    claim = credited(city.home, a_volunteer(city), minutes=60)
    with pytest.raises(RuleViolation, match="更正要写明理由"):
        judge("correct", claim, city, minutes=40, reason="")
    with pytest.raises(RuleViolation, match="不用更正"):
        judge("correct", claim, city, minutes=60, reason="没变")
    with pytest.raises(RuleViolation, match="不能超过服务时间"):
        judge("correct", claim, city, minutes=61, reason="更久")
    judge("correct", claim, city, minutes=40, reason="提前走了")
    judge("correct", claim, city, minutes=50, reason="又核对了一次")
    assert entries_of(claim) == [
        (EntryKind.CREDIT, 60, 60), (EntryKind.CORRECTION, -20, -20), (EntryKind.CORRECTION, 10, 10),
    ]  # fmt: skip
    assert sums_of(claim.volunteer) == [(50, 50, 1, 1)]
    assert ledger.balance(claim.volunteer).times == 1
    assert (claim.state, claim.judged_because) == (ClaimState.CREDITED, "又核对了一次")


def test_a_refused_and_an_absent_claim_are_corrected_by_a_credit(city):
    whistle = a_whistle(city.home)
    refused, missed = attended(whistle, a_volunteer(city)), a_claim(whistle, a_volunteer(city))
    judge("refuse", refused, city, reason="认错人了")
    judge("absent", missed, city)
    judge("correct", refused, city, minutes=60, reason="查了签到表，确实在场")
    judge("correct", missed, city, minutes=30, reason="领队说来了半小时")
    assert entries_of(refused) == [(EntryKind.CREDIT, 60, 60)]
    assert entries_of(missed) == [(EntryKind.CREDIT, 30, 30)]
    assert LedgerEntry.objects.get(claim=missed).attested == Attested.COMMUNITY


def test_a_reversal_takes_everything_back_and_can_be_corrected(city):
    volunteer = a_volunteer(city)
    claim = credited(city.home, volunteer, minutes=60)
    before = BoardNews.objects.count()
    judge("reverse", claim, city, reason="替别人签到")
    assert BoardNews.objects.count() == before + 1
    assert (claim.state, claim.judged_because) == (ClaimState.REFUSED, "替别人签到")
    assert entries_of(claim) == [(EntryKind.CREDIT, 60, 60), (EntryKind.REVERSAL, -60, -60)]
    assert sums_of(volunteer) == [(0, 0, 0, 0)]
    assert ledger.balance(volunteer) == ledger.Balance()
    assert said_to(volunteer)[0].startswith("服务时长已冲销")
    judge("correct", claim, city, minutes=20, reason="只有后半段是替的")
    assert entries_of(claim)[-1] == (EntryKind.CORRECTION, 20, 20)
    assert sums_of(volunteer) == [(20, 20, 1, 1)]


def test_entries_of_a_claim_stay_with_the_unit_and_the_time_of_the_first(city):
    volunteer = a_volunteer(city)
    claim = credited(city.home, volunteer, minutes=60)
    first = LedgerEntry.objects.get()
    volunteer.member.unit = a_unit(city)
    volunteer.member.save()
    claim = Claim.objects.get(pk=claim.pk)
    with clock.at(OVER + timedelta(days=60)):
        crediting.correct(claim, by=city.home.secretary, minutes=10, reason="年底核对")
    second = LedgerEntry.objects.latest("id")
    assert (second.unit, second.served_at) == (first.unit, first.served_at)
    assert sums_of(volunteer) == [(10, 10, 1, 1)]


def test_the_calendar_that_came_late_is_corrected_with_the_same_minutes(city):
    claim = credited(city.home, a_volunteer(city), starts_at=EVENING.replace(hour=14), minutes=60)
    assert entries_of(claim) == [(EntryKind.CREDIT, 60, 0)]
    WorkdayOverride.objects.create(day=EVENING.date(), is_workday=False, reason="台风停工")
    judge("correct", claim, city, minutes=60, reason="那天停工")
    assert entries_of(claim)[1:] == [(EntryKind.CORRECTION, 0, 60)]
    assert sums_of(claim.volunteer) == [(60, 60, 1, 1)]


def test_nobody_is_corrected_into_two_places_at_once(city):
    volunteer = a_volunteer(city)
    whistle = a_whistle(city.home)
    missed = a_claim(whistle, volunteer)
    judge("absent", missed, city)
    credited(city.home, volunteer, starts_at=EVENING + timedelta(minutes=10), minutes=30)
    with pytest.raises(RuleViolation, match="不能两处都认定"):
        judge("correct", missed, city, minutes=60, reason="其实来了")
    assert LedgerEntry.objects.count() == 1


def test_the_liaison_of_the_unit_proposes_and_the_community_decides(city):
    volunteer = a_volunteer(city)
    with clock.at(LONG_AGO):
        appoint(liaison := a_user("联络员"), Post.UNIT_LIAISON, volunteer.unit)
        appoint(stranger := a_user("别家联络员"), Post.UNIT_LIAISON, a_unit(city))
    claim = a_claim(a_whistle(city.home), volunteer)
    with clock.at(OVER):
        for outsider in (stranger, city.home.secretary, volunteer.user):
            with pytest.raises(NoPower):
                crediting.propose(claim, by=outsider, minutes=60, reason="值班表")
        with pytest.raises(RuleViolation, match="写明依据"):
            crediting.propose(claim, by=liaison, minutes=60, reason="")
        with pytest.raises(RuleViolation, match="不能超过"):
            crediting.propose(claim, by=liaison, minutes=90, reason="值班表")
        crediting.propose(claim, by=liaison, minutes=60, reason="值班表")
        crediting.propose(claim, by=liaison, minutes=50, reason="值班表，晚到十分钟")
    assert (claim.state, claim.proposed_minutes) == (ClaimState.CLAIMED, 50)
    assert not LedgerEntry.objects.exists()


def test_nobody_judges_or_proposes_what_is_his_own(city):
    volunteer = a_volunteer(city)
    with clock.at(LONG_AGO):
        appoint(volunteer.user, Post.COMMUNITY_WORKER, city.home.organization)
        appoint(volunteer.user, Post.UNIT_LIAISON, volunteer.unit)
    claim, done = attended(a_whistle(city.home), volunteer), None
    done = credited(city.home, volunteer, starts_at=EVENING - timedelta(days=1))
    for verb, row, given in (
        ("refuse", claim, {"reason": "自己"}),
        ("propose", claim, {"minutes": 60, "reason": "自己"}),
        ("correct", done, {"minutes": 10, "reason": "自己"}),
        ("reverse", done, {"reason": "自己"}),
    ):
        with clock.at(OVER), pytest.raises(RuleViolation, match="你自己的事项"):
            getattr(crediting, verb)(row, by=volunteer.user, **given)


def test_outsiders_judge_nothing(city):
    claim = credited(city.home, a_volunteer(city))
    for outsider in (city.next_door.secretary, claim.volunteer.user, None):
        for verb, given in (("correct", {"minutes": 10, "reason": "改"}), ("reverse", {"reason": "改"})):
            with clock.at(OVER), pytest.raises(NoPower):
                getattr(crediting, verb)(claim, by=outsider, **given)


def test_an_aborted_whistle_is_credited_up_to_its_real_end(city):
    volunteer = a_volunteer(city)
    whistle = a_whistle(city.home)
    claim = attended(whistle, volunteer, leaves=False)
    whistle.state, whistle.aborted_at = WhistleState.DONE, EVENING + timedelta(minutes=25)
    whistle.save()
    claim = Claim.objects.get(pk=claim.pk)
    with pytest.raises(RuleViolation, match="不能超过服务时间 25 分钟"):
        judge("credit", claim, city, minutes=60, reason="忘记签退")
    judge("credit", claim, city, minutes=25, reason="下雨提前结束")
    assert entries_of(claim) == [(EntryKind.CREDIT, 25, 25)]


def test_a_wish_is_credited_by_its_photo_up_to_eight_hours_and_counts_when_it_was_fulfilled(city):
    volunteer = a_volunteer(city)
    ends_at = EVENING + timedelta(days=20)
    wish = a_whistle(city.home, kind=WhistleKind.WISH, ends_at=ends_at, claim_by=ends_at, places_max=1)
    claim = a_claim(wish, volunteer)
    fulfilled = EVENING.replace(hour=18, minute=20) + timedelta(days=3)  # a Monday
    with clock.at(fulfilled):
        wishes.fulfil(claim, by=volunteer.user, photos=[a_photo()])
    with clock.at(fulfilled + timedelta(hours=1)):
        for given, field in (
            ({}, "minutes"),
            ({"minutes": 60}, "reason"),
            ({"minutes": 481, "reason": "照片"}, "minutes"),
        ):
            with pytest.raises(RuleViolation) as refusal:
                crediting.credit(claim, by=city.home.secretary, **given)
            assert refusal.value.field == field
        crediting.credit(claim, by=city.home.secretary, minutes=60, reason="看照片，送到家里")
    entry = LedgerEntry.objects.get()
    assert (entry.attested, entry.served_at) == (Attested.PHOTO, fulfilled)
    assert (entry.minutes, entry.off_hours_minutes) == (60, 20)  # from 17:20 to 18:20
    assert not list(findings())


def test_while_it_runs_nobody_is_credited_for_more_than_his_presence(city):
    """It may still end early: then the ledger would say more than the whistle lasted."""
    volunteer, whistle = a_volunteer(city), a_whistle(city.home)
    claim = attended(whistle, volunteer, early=40)
    with clock.at(EVENING + timedelta(minutes=21)):
        for verb in ("credit", "propose"):
            by = city.home.secretary if verb == "credit" else _liaison_of(volunteer)
            with pytest.raises(RuleViolation, match="等结束以后") as refusal:
                getattr(crediting, verb)(claim, by=by, minutes=60, reason="还会回来")
            assert refusal.value.field == "minutes"
        crediting.credit(claim, by=city.home.secretary)
        with pytest.raises(RuleViolation, match="等结束以后"):
            crediting.correct(claim, by=city.home.secretary, minutes=60, reason="还会回来")
        whistles.start(whistle)
        whistles.abort(whistle, by=city.home.secretary, reason="下雨")
    assert entries_of(claim) == [(EntryKind.CREDIT, 20, 20)]
    assert not list(findings())


def _liaison_of(volunteer):
    liaison = a_user("联络员")
    with clock.at(LONG_AGO):
        appoint(liaison, Post.UNIT_LIAISON, volunteer.unit)
    return liaison
