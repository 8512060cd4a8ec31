"""Asking for a summary: who, about which days, once, with a trace."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest

from ground.errors import NoPower, RuleViolation
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import a_grid_worker, a_unit, a_user, appoint
from tests.volunteers.summaries.cast import DAY, WHY, State, an_officer, ask_home
from tests.volunteers.summary_scenes import asked
from volunteers.models import LedgerEntry, SummaryJob
from volunteers.summaries import asking, running

pytestmark = pytest.mark.django_db


def test_each_asks_about_his_own(city, liaison):
    home, next_door, unit = city.home.organization, city.next_door.organization, city.home.extra["unit"]
    everything = {city.district, city.street, home, next_door}
    for user, nodes, units in (
        (city.home.secretary, {home}, set()),
        (liaison, set(), {unit}),
        (an_officer(city.street), {city.street, home, next_door}, set()),
        (an_officer(city.district), everything, set()),
        (an_officer(), everything, set()),
        (a_grid_worker(city.home), set(), set()),
        (a_user("居民"), set(), set()),
    ):
        assert set(asking.organizations_of(user)) == nodes
        assert set(asking.units_of(user)) == units
        assert asking.may_ask_anywhere(user) is bool(nodes or units)


def test_names_are_shown_exactly_where_the_ledger_is_in_sight(city, liaison):
    """Whoever may name people sees their ledger (`LedgerEntry.objects.visible_to`); a community worker sees it and
    exports counts: names leave the house with the secretary only (RULES 5)."""
    worker = a_user("社区工作者")
    appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
    assert asking.can_ask(worker, city.home.organization)
    assert not asking.shows_names(worker, city.home.organization)
    officer = an_officer(city.district)
    for user in (city.home.secretary, city.next_door.secretary, liaison, officer, a_grid_worker(city.home)):
        seen = LedgerEntry.objects.visible_to(user)
        for place, rows in (
            (city.home.organization, seen.filter(community=city.home.organization)),
            (city.home.extra["unit"], seen.filter(unit=city.home.extra["unit"])),
        ):
            if asking.can_ask(user, place):
                assert asking.shows_names(user, place) == rows.exists()
            assert not asking.shows_names(user, city.district)


def test_elsewhere_and_names_above_are_refused(city, liaison):
    officer = an_officer(city.street)
    for by, place, named in (
        (city.next_door.secretary, city.home.organization, False),
        (liaison, a_unit(city), False),
        (liaison, city.home.organization, False),
        (officer, city.district, False),
        (officer, city.street, True),
        (officer, city.home.organization, True),
        (a_grid_worker(city.home), city.home.organization, False),
    ):
        with pytest.raises(NoPower):
            asked(by, place, DAY, DAY, with_names=named)
    assert not SummaryJob.objects.exists() and not AccessLogEntry.objects.exists()


# Asking


def test_the_same_tap_and_the_same_question_are_one_job(city):
    secretary, home = city.home.secretary, city.home.organization
    key = uuid.uuid4()
    first = asking.ask(by=secretary, key=key, place=home, first_day=DAY, last_day=DAY)
    assert asking.ask(by=secretary, key=key, place=home, first_day=DAY, last_day=DAY) == first
    assert ask_home(city) == first, "asked again while it is on its way"
    assert ask_home(city, with_names=True) != first, "another question"
    running.write(first.pk)
    assert asking.ask(by=secretary, key=key, place=home, first_day=DAY, last_day=DAY) == first
    assert ask_home(city) != first, "a finished one is asked anew: the ledger may have grown"


def test_a_key_of_somebody_else_gives_nothing_away(city):
    job = ask_home(city)
    officer = an_officer(city.district)
    with pytest.raises(RuleViolation):
        asking.ask(by=officer, key=job.key, place=city.district, first_day=DAY, last_day=DAY)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 2), date(2026, 11, 1), "不能早于"),
        (date(2026, 11, 1), date(2026, 12, 1), "不能晚于今天"),
        (date(2025, 11, 29), date(2026, 11, 30), "最多汇总 366 天"),
        (date(2026, 11, 1), date(2026, 11, 2), "没有活动"),
    ],
)
def test_days_that_cannot_be_summed_up(city, first, last, words):
    with pytest.raises(RuleViolation, match=words) as refused:
        asked(city.home.secretary, city.home.organization, first, last)
    assert refused.value.field == "last_day"


def test_the_beginning_of_the_calendar_is_too_early(city):
    with pytest.raises(RuleViolation, match="不能早于 2000") as refused:
        asked(city.home.secretary, city.home.organization, date.min, date.min)
    assert refused.value.field == "first_day"


def test_366_days_are_a_leap_year(city):
    assert asked(city.home.secretary, city.home.organization, date(2025, 11, 30), date(2026, 11, 30))


def test_three_on_the_way_are_enough(city):
    for number in range(asking.MOST_OPEN):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=number), DAY)
    with pytest.raises(RuleViolation, match="还没有生成好"):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=9), DAY)


def test_names_leave_a_trace_and_count_as_an_export(city):
    job = ask_home(city, with_names=True)
    assert ask_home(city, with_names=True) == job, "a second tap leaves no second line"
    entry = AccessLogEntry.objects.get()
    assert (entry.action, entry.rows, entry.reason) == ("export", 1, WHY)
    assert entry.subject == "花城社区活动汇总（含姓名）" and entry.organization == city.home.organization
    assert entry.is_unusual, "the first export of this person"
    assert not AccessLogEntry.objects.filter(reason__contains="欧阳").exists()
    for number in (1, 2):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=number), DAY, with_names=True)
        SummaryJob.objects.update(state=State.FAILED)
    with pytest.raises(RuleViolation, match="今天已导出 3 次"):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=3), DAY, with_names=True)
    assert SummaryJob.objects.count() == 3
    assert asked(city.home.secretary, city.home.organization, DAY - timedelta(days=3), DAY), "counts go on"


def test_without_a_reason_there_are_no_names_and_no_job(city):
    with pytest.raises(RuleViolation) as refused:
        ask_home(city, with_names=True, reason="无")
    assert refused.value.field == "reason"
    assert not SummaryJob.objects.exists() and not AccessLogEntry.objects.exists()


def test_a_unit_s_trace_lies_where_the_unit_is(city, liaison):
    asked(liaison, city.home.extra["unit"], DAY, DAY, with_names=True)
    assert AccessLogEntry.objects.get().organization == city.district
