"""`manage.py check_ledger`: every contradiction is found and says how it is mended; --rebuild writes sums anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from ground import clock
from organizations.models import WorkdayOverride
from tests.volunteers.scenes import EVENING, a_city, a_volunteer, a_whistle, attended, credited
from volunteers.accounting import crediting
from volunteers.accounting.ledger_proof import findings
from volunteers.models import Claim, LedgerEntry, ServiceBalance
from volunteers.states import ClaimState, EntryKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return a_city()


def forced(rows, **values):
    """What no verb does: history changed behind the platform's back."""
    QuerySet.update(rows, **values)


def test_a_sound_ledger(city, capsys):
    claim = credited(city.home, a_volunteer(city))
    with clock.at(EVENING + timedelta(days=1)):
        crediting.correct(claim, by=city.home.secretary, minutes=30, reason="早走")
        crediting.reverse(claim, by=city.home.secretary, reason="不实")
    call_command("check_ledger")
    assert "台账无误，共 3 条记录" in capsys.readouterr().out


def test_a_balance_that_lies_is_found_and_written_anew(city, capsys):
    claim = credited(city.home, a_volunteer(city))
    ServiceBalance.objects.update(minutes=600, times=9)
    other = a_volunteer(city)
    ServiceBalance.objects.create(
        volunteer=other, quarter="2026-07-01", minutes=5, off_hours_minutes=0, times=1, off_hours_times=0
    )
    with pytest.raises(CommandError, match="2 处出入"):
        call_command("check_ledger")
    said = capsys.readouterr().err
    assert "合计记为 600 分钟" in said and "--rebuild" in said
    call_command("check_ledger", "--rebuild")
    assert "台账无误" in capsys.readouterr().out
    assert ServiceBalance.objects.get(volunteer=claim.volunteer).minutes == 60


def test_a_lost_balance_is_found_and_written_anew(city):
    credited(city.home, a_volunteer(city))
    ServiceBalance.objects.all().delete()
    assert len(list(findings())) == 1
    call_command("check_ledger", "--rebuild")
    assert not list(findings())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"minutes": 90}, "超过服务时间 60 分钟"),
        ({"off_hours_minutes": 61}, "不在 0 到 60 之间"),
        ({"off_hours_minutes": 10}, "按工作日历是 60 分钟"),
        ({"duty_area": "safety"}, "职责领域"),
        ({"served_at": EVENING + timedelta(days=9)}, "服务时间"),
        ({"kind": EntryKind.CORRECTION}, "不是从“认定”开始的"),
    ],
)
def test_an_entry_that_contradicts_claim_whistle_or_calendar(city, values, words):
    claim = credited(city.home, a_volunteer(city))
    forced(LedgerEntry.objects.all(), **values)
    found = [sentence for sentence in findings() if words in sentence]
    assert found and all(sentence.endswith("。") for sentence in found)
    assert f"接单 {claim.pk}" in found[0]


def test_columns_and_order_of_several_entries(city):
    volunteer = a_volunteer(city)
    claim = credited(city.home, volunteer)
    with clock.at(EVENING + timedelta(days=1)):
        crediting.correct(claim, by=city.home.secretary, minutes=30, reason="早走")
    second = LedgerEntry.objects.filter(pk=LedgerEntry.objects.get(kind=EntryKind.CORRECTION).pk)
    forced(second, kind=EntryKind.REVERSAL)
    assert any("合计 30 分钟，和“冲销”不符" in sentence for sentence in findings())
    forced(second, kind=EntryKind.CORRECTION)
    forced(second, community=city.next_door.organization, unit=None)
    assert any("社区、单位（和第一条不同）" in sentence for sentence in findings())


def test_claims_without_entries_and_entries_without_credit(city):
    uncredited = attended(a_whistle(city.home), a_volunteer(city))
    Claim.objects.filter(pk=uncredited.pk).update(state=ClaimState.CREDITED)
    claim = credited(city.home, a_volunteer(city))
    Claim.objects.filter(pk=claim.pk).update(state=ClaimState.REFUSED)
    said = "\n".join(findings())
    assert f"接单 {uncredited.pk} 已认定，但台账里没有记录" in said
    assert f"接单 {claim.pk} 没有认定" in said and "不予认定" in said


def test_a_calendar_that_came_late_is_said_and_mended_by_a_correction(city):
    claim = credited(city.home, a_volunteer(city), starts_at=EVENING.replace(hour=14))
    WorkdayOverride.objects.create(day=EVENING.date(), is_workday=False, reason="台风停工")
    (sentence,) = findings()
    assert "更正这一条，分钟数不变" in sentence
    with clock.at(EVENING + timedelta(days=1)):
        crediting.correct(claim, by=city.home.secretary, minutes=60, reason="那天停工")
    assert not list(findings())


def test_the_proof_costs_no_query_for_an_entry_more(city, django_assert_max_num_queries):
    volunteer = a_volunteer(city)
    for days in range(6):
        credited(city.home, volunteer, starts_at=EVENING - timedelta(days=days))
    with django_assert_max_num_queries(6):
        assert not list(findings())
