"""认定: minutes into the ledger, by the community, never by oneself; balances and quota are sums."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.history import AppendOnlyError
from notifications.models import Outgoing
from organizations.models import WorkdayOverride
from organizations.posts import Post
from tests.factories import a_grid_worker, appoint
from tests.volunteers.scenes import (
    CHINA,
    EVENING,
    LONG_AGO,
    a_city,
    a_plain_volunteer,
    a_volunteer,
    a_whistle,
    attended,
    credited,
)
from volunteers.accounting import crediting, ledger, quotas
from volunteers.models import Claim, LedgerEntry
from volunteers.states import Attested, ClaimState, Period

pytestmark = pytest.mark.django_db
OVER = EVENING + timedelta(hours=2)


def credit(claim, city, **extra):
    with clock.at(OVER):
        return crediting.credit(claim, by=city.home.secretary, **extra)


def test_credit_effect_event_entry_and_news():
    city = a_city()
    volunteer = a_volunteer(city)
    claim = credit(attended(a_whistle(city.home), volunteer, late=10), city)
    assert claim.state == ClaimState.CREDITED
    event = claim.events.last()
    assert (event.step, event.by, event.codes) == ("credit", city.home.secretary, {"minutes": 50})
    entry = LedgerEntry.objects.get()
    assert (entry.minutes, entry.off_hours_minutes, entry.attested) == (50, 50, Attested.LOCATION)
    assert (entry.volunteer, entry.unit, entry.by) == (volunteer, volunteer.unit, city.home.secretary)
    assert (entry.served_at, entry.community, entry.district) == (
        EVENING, city.home.organization, city.district,
    )  # fmt: skip
    assert Outgoing.objects.filter(to=volunteer.user, title__startswith="服务时长已认定").exists()
    with pytest.raises(RuleViolation, match="现在是“已认定”"):
        credit(claim, city)
    assert LedgerEntry.objects.count() == 1


def test_corrections_need_a_reason_and_stay_within_the_window():
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city), late=10)
    for minutes, reason, field in ((40, "", "reason"), (0, "没来", "minutes"), (61, "多做了", "minutes")):
        with pytest.raises(RuleViolation) as refusal:
            credit(claim, city, minutes=minutes, reason=reason)
        assert refusal.value.field == field
    credit(claim, city, minutes=60, reason="提前到，手机没电")
    entry = LedgerEntry.objects.get()
    assert (entry.minutes, entry.reason) == (60, "提前到，手机没电")


def test_a_forgotten_check_out_needs_a_reason_and_the_end():
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city), leaves=False)
    with clock.at(EVENING + timedelta(minutes=30)), pytest.raises(RuleViolation, match="服务还没结束"):
        crediting.credit(claim, by=city.home.secretary, reason="忘了")
    with pytest.raises(RuleViolation, match="忘记签退"):
        credit(claim, city)
    credit(claim, city, reason="在场到结束，忘记签退")
    entry = LedgerEntry.objects.get()
    assert (entry.minutes, entry.attested) == (60, Attested.FORGOTTEN)


def test_presence_without_overlap_must_be_corrected():
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city), late=-30, early=70)
    with pytest.raises(RuleViolation, match="没有重叠"):
        credit(claim, city)
    assert crediting.proposed_minutes(claim) == 0
    credit(claim, city, minutes=30, reason="去取工具，又回来了")


def test_who_may_credit():
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city))
    with clock.at(LONG_AGO):
        worker = a_grid_worker(city.home)
        appoint(officer := a_volunteer(city).user, Post.OFFICER, city.district)
    for outsider in (city.next_door.secretary, worker, officer, claim.volunteer.user):
        with clock.at(OVER), pytest.raises(NoPower):
            crediting.credit(claim, by=outsider)
    assert list(Claim.objects.visible_to(city.home.secretary)) == [claim]
    assert not Claim.objects.visible_to(city.next_door.secretary).exists()


def test_nobody_credits_himself():
    city = a_city()
    volunteer = a_volunteer(city)
    with clock.at(LONG_AGO):
        appoint(volunteer.user, Post.COMMUNITY_WORKER, city.home.organization)
    claim = attended(a_whistle(city.home), volunteer)
    with clock.at(OVER), pytest.raises(RuleViolation, match="你自己的事项"):
        crediting.credit(claim, by=volunteer.user)


def test_many_at_once_tell_which_were_refused():
    city = a_city()
    whistle = a_whistle(city.home, places_max=3)
    good, forgotten = attended(whistle, a_volunteer(city)), attended(whistle, a_volunteer(city), leaves=False)
    with clock.at(OVER):
        done, refused = crediting.credit_many([good, forgotten], by=city.home.secretary)
    assert done == [good]
    assert [(claim, "忘记签退" in sentence) for claim, sentence in refused] == [(forgotten, True)]


def test_off_hours_follow_the_statutory_calendar():
    city = a_city()
    volunteer = a_volunteer(city)
    afternoon = datetime(2026, 11, 20, 17, 30, tzinfo=CHINA)
    credited(city.home, volunteer, starts_at=afternoon, minutes=60)
    assert LedgerEntry.objects.latest("id").off_hours_minutes == 30
    saturday = datetime(2026, 11, 21, 9, 30, tzinfo=CHINA)
    credited(city.home, volunteer, starts_at=saturday)
    assert LedgerEntry.objects.latest("id").off_hours_minutes == 60
    WorkdayOverride.objects.create(day=datetime(2026, 11, 28).date(), is_workday=True, reason="调休上班")
    credited(city.home, volunteer, starts_at=saturday + timedelta(days=7))
    assert LedgerEntry.objects.latest("id").off_hours_minutes == 0


def test_minutes_added_count_backwards_from_the_end():
    """Corrected up, the service began earlier: a late check-in at 17:50 does not turn work time into evening."""
    city = a_city()
    volunteer = a_volunteer(city)
    start = datetime(2026, 11, 20, 17, 0, tzinfo=CHINA)
    whistle = a_whistle(city.home, starts_at=start, ends_at=start + timedelta(hours=2))
    claim = attended(whistle, volunteer, late=60)
    credit(claim, city, minutes=120, reason="五点就到了")
    assert LedgerEntry.objects.get().off_hours_minutes == 60


def test_balance_and_quota():
    city = a_city()
    volunteer = a_volunteer(city)
    credited(city.home, volunteer, minutes=90)
    credited(city.home, volunteer, starts_at=datetime(2026, 11, 23, 10, 0, tzinfo=CHINA), minutes=120)
    credited(city.home, volunteer, starts_at=datetime(2026, 9, 21, 19, 0, tzinfo=CHINA), minutes=60)
    credited(city.home, volunteer, starts_at=datetime(2025, 12, 30, 19, 0, tzinfo=CHINA), minutes=60)
    today = EVENING.date()
    assert ledger.balance(volunteer).minutes == 330
    year = ledger.balance(volunteer, *ledger.bounds(Period.YEAR, today))
    assert (year.minutes, year.off_hours_minutes, year.times, year.off_hours_times) == (270, 150, 3, 2)
    quota = quotas.quota(volunteer, today)
    assert quota is not None
    assert (quota.times, quota.minutes, quota.hours, quota.times_left) == (1, 150, 2.5, 0)
    assert quota.minutes_left == 17 * 60 + 30
    assert not quota.is_met
    assert quotas.quota(a_plain_volunteer(city)) is None


def test_bounds_of_periods():
    day = datetime(2026, 11, 20).date()
    said = {period: [f"{at:%Y-%m-%d}" for at in ledger.bounds(period, day)] for period in Period}
    assert said == {
        Period.MONTH: ["2026-11-01", "2026-12-01"],
        Period.QUARTER: ["2026-10-01", "2027-01-01"],
        Period.YEAR: ["2026-01-01", "2027-01-01"],
    }


def test_the_ledger_is_only_added_to():
    city = a_city()
    credited(city.home, a_volunteer(city))
    entry = LedgerEntry.objects.get()
    entry.minutes = 600
    with pytest.raises(AppendOnlyError):
        entry.save()
    with pytest.raises(AppendOnlyError):
        LedgerEntry.objects.update(minutes=600)
    with pytest.raises(AppendOnlyError):
        entry.delete()


def test_check_ledger(capsys):
    city = a_city()
    claim = credited(city.home, a_volunteer(city))
    call_command("check_ledger")
    assert "台账无误，共 1 条记录" in capsys.readouterr().out
    uncredited = attended(a_whistle(city.home), a_volunteer(city))
    Claim.objects.filter(pk=uncredited.pk).update(state=ClaimState.CREDITED)
    Claim.objects.filter(pk=claim.pk).update(state=ClaimState.CHECKED_OUT)
    with pytest.raises(CommandError, match="2 处出入"):
        call_command("check_ledger")
    said = capsys.readouterr().err
    assert f"接单 {uncredited.pk} 已认定" in said and f"接单 {claim.pk} 没有认定" in said
