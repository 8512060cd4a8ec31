"""Which days a dashboard is about, what it compares them with, and what the address may say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from dashboards.periods import CHOICES, EARLIEST, Window, before, kept_of, query_of, span, window, window_of
from ground import clock
from tests.volunteers.scenes import CHINA

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)


@pytest.fixture(autouse=True)
def on_a_friday():
    with clock.at(NOON):
        yield


def days(found: Window) -> tuple[str, str]:
    return str(found.first), str(found.last)


def any_days(first: str, last: str) -> Window:
    return window_of({"period": "any", "from": first, "to": last})


def test_periods_follow_the_calendar_of_the_city() -> None:
    assert days(window("today")) == ("2026-11-20", "2026-11-20")
    assert days(window("week")) == ("2026-11-16", "2026-11-22")
    assert days(window("quarter")) == ("2026-10-01", "2026-12-31")
    assert days(window("year")) == ("2026-01-01", "2026-12-31")
    assert window("nonsense").key == "month"
    with clock.at(datetime(2026, 11, 30, 23, 30, tzinfo=CHINA)):
        assert days(window("today")) == ("2026-11-30", "2026-11-30")
    with clock.at(datetime(2026, 12, 1, 0, 10, tzinfo=CHINA)):
        assert days(window("month")) == ("2026-12-01", "2026-12-31")


@pytest.mark.parametrize(
    ("key", "label", "first", "last"),
    [
        ("today", "昨天", "2026-11-19", "2026-11-19"),
        ("week", "上周同期", "2026-11-09", "2026-11-13"),
        ("month", "上月同期", "2026-10-01", "2026-10-20"),
        ("quarter", "上季同期", "2026-07-01", "2026-08-20"),
        ("year", "上年同期", "2025-01-01", "2025-11-20"),
    ],
)
def test_what_is_under_way_is_compared_with_as_many_days(key: str, label: str, first: str, last: str) -> None:
    past = before(window(key))
    assert (past.label, *days(past)) == (label, first, last)


def test_what_is_over_is_compared_with_all_of_the_period_before() -> None:
    past = before(window("month", date(2026, 3, 9)))
    assert (past.label, *days(past)) == ("上月", "2026-02-01", "2026-02-28")
    past = before(span(date(2026, 3, 10), date(2026, 3, 16)))
    assert (past.label, *days(past)) == ("前 7 天", "2026-03-03", "2026-03-09")


def test_a_long_month_is_not_compared_with_days_of_itself() -> None:
    with clock.at(datetime(2026, 3, 30, 12, 0, tzinfo=CHINA)):
        assert days(before(window("month"))) == ("2026-02-01", "2026-02-28")


def test_any_days_are_asked_for_and_written_in_the_same_way() -> None:
    asked = any_days("2026-03-01", "2026-03-31")
    assert (asked.key, asked.label, *days(asked)) == ("any", "3月1日至3月31日", "2026-03-01", "2026-03-31")
    assert not asked.refusal
    assert window_of({"from": "2026-03-01", "to": "2026-03-31"}) == asked
    for shown in (asked, *(window(key) for key in CHOICES)):
        assert window_of(dict(parse_qsl(query_of(shown)))) == shown


@pytest.mark.parametrize(
    ("first", "last", "word"),
    [
        ("2026-03-31", "2026-03-01", "对调"),
        ("2026-02-30", "2026-03-01", "不是日期"),
        ("", "2026-03-01", "没有填全"),
        ("2026-03-01", "", "没有填全"),
        ("2026-11-21", "2026-11-22", "还没有到"),
        (str(EARLIEST - timedelta(days=1)), "2026-03-01", "最早从"),
        ("2020-01-01", "2026-03-01", "最多看三年"),
        ("0001-01-01", "9999-12-31", "最早从"),
        ("\0", "２０２６-03-01", "不是日期"),
        ("20260301", "2026-W10-1", "不是日期"),
    ],
)
def test_days_that_make_no_sense_are_the_month_with_a_word_why(first: str, last: str, word: str) -> None:
    shown = any_days(first, last)
    assert shown == window("month") and word in shown.refusal and "本月" in shown.refusal


def test_days_to_come_are_cut_off_and_it_is_said() -> None:
    shown = any_days("2026-11-01", "2026-12-31")
    assert days(shown) == ("2026-11-01", "2026-11-20") and "今天为止" in shown.refusal


@pytest.mark.parametrize("query", [{}, {"period": "?"}, {"period": "\0"}, {"period": "week' OR 1"}])
def test_an_unknown_period_is_the_month(query: dict[str, str]) -> None:
    assert window_of(query) == window("month") and not window_of(query).refusal


def test_what_else_an_address_asks_for_is_kept() -> None:
    asked = {"period": "year", "figure": "resolve.median", "sort": "-overdue", "other": "x"}
    assert kept_of(asked) == {"figure": "resolve.median", "sort": "-overdue"}
    assert kept_of({"figure": "a&b=<c>", "sort": ""}) == {}
