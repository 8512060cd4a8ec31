"""Years beside months and days: read in the fewest rows, always the sum of their months, mended by the next night."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module
from random import Random
from typing import Any

import pytest
from django.apps import apps

from dashboards import reading, rolling
from dashboards.models import Rollup, RollupState
from dashboards.periods import Window
from dashboards.places import CITY, of_node
from dashboards.rolling import proving, rounds
from ground import clock
from ground.periods import first_day_after
from tests.desk.scenes import MORNING, accept, ask
from tests.factories import City
from tests.volunteers.scenes import a_city

MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
THIS_YEAR = date(2026, 1, 1)


def days_of(cut: reading.Cut) -> list[date]:
    span, first, after = cut
    if span != "day":
        assert first == first.replace(day=1) and after == after.replace(day=1)
    if span == "year":
        assert first.month == after.month == 1
    return [first + number * A_DAY for number in range((after - first).days)]


@pytest.mark.parametrize("seed", range(60))
def test_every_day_of_a_span_is_read_once(seed: int) -> None:
    chance = Random(seed)
    first = date(2024, 1, 1) + chance.randrange(800) * A_DAY
    after = first + (1 + chance.choice([0, 5, 30, 300, 1000])) * A_DAY
    if seed % 3 == 0:
        first = first.replace(month=1, day=1)
    if seed % 4 == 0:
        after = first_day_after("year", after)
    found = [day for cut in reading._cut(first, after) for day in days_of(cut)]
    assert found == [first + number * A_DAY for number in range((after - first).days)]


def test_a_year_is_one_row_and_a_season_before_it_its_months() -> None:
    assert reading._cut(THIS_YEAR, date(2027, 1, 1)) == [("year", THIS_YEAR, date(2027, 1, 1))]
    assert reading._cut(date(2025, 10, 31), date(2027, 2, 2)) == [
        ("day", date(2025, 10, 31), date(2025, 11, 1)),
        ("month", date(2025, 11, 1), THIS_YEAR),
        ("year", THIS_YEAR, date(2027, 1, 1)),
        ("month", date(2027, 1, 1), date(2027, 2, 1)),
        ("day", date(2027, 2, 1), date(2027, 2, 2)),
    ]
    assert reading._cut(date(2026, 3, 5), date(2026, 3, 9)) == [("day", date(2026, 3, 5), date(2026, 3, 9))]


# Written


@pytest.fixture
def city(db: Any) -> City:
    return a_city()


def round_at(minutes: int) -> None:
    with clock.at(MORNING + minutes * MINUTE):
        assert rolling.catch_up() is not None and proving.differences(at_once=12) == []


def of_year(year: date, place: str = CITY) -> dict[str, int]:
    rows = Rollup.objects.filter(place=place, span="year", starts_on=year).values_list("figures", flat=True)
    return rows[0] if rows else {}


def test_a_year_follows_its_days(city: City) -> None:
    row = ask(city.home, MORNING - 40 * A_DAY)
    ask(city.home, MORNING - 400 * A_DAY)
    round_at(0)
    assert of_year(THIS_YEAR)["submitted"] == of_year(date(2025, 1, 1))["submitted"] == 1
    accept(row, city.home, MORNING + 5 * MINUTE)
    ask(city.home, MORNING + 6 * MINUTE)
    round_at(10)
    assert of_year(THIS_YEAR)["submitted"] == 2 and of_year(THIS_YEAR)["accepted"] == 1
    whole = Window("any", "", date(2025, 1, 1), date(2027, 1, 1))
    assert reading.read([CITY], whole)[0][CITY]["submitted"] == 3


def test_a_place_that_lost_all_its_matters_has_no_year_left(city: City) -> None:
    row = ask(city.home)
    round_at(0)
    place = of_node(row.community_id)
    assert of_year(THIS_YEAR, place)
    Rollup.objects.create(place="g999999", span="year", starts_on=THIS_YEAR, figures={"own": 3})
    with clock.at(MORNING + MINUTE):
        assert {each.what for each in proving.differences(at_once=12)} == {"year"}
        rolling.rebuild(THIS_YEAR, MORNING.date())
        assert proving.differences(at_once=12) == []
    assert of_year(THIS_YEAR, place) and not of_year(THIS_YEAR, "g999999")


def test_a_rebuilding_that_ends_before_its_year_is_followed_by_a_full_one(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(city.home)
    round_at(0)
    Rollup.objects.filter(span="year").update(figures={"own": 77})
    with monkeypatch.context() as broken:
        broken.setattr(rounds, "write_year", _gone)
        with clock.at(MORNING + MINUTE), pytest.raises(MemoryError):
            rolling.rebuild(THIS_YEAR, MORNING.date())
    round_at(2)
    assert of_year(THIS_YEAR)["own"] == 1


def _gone(year: date) -> int:
    raise MemoryError


def test_a_rebuilding_of_some_months_leaves_the_next_round_a_short_one(city: City) -> None:
    ask(city.home)
    round_at(0)
    with clock.at(MORNING + MINUTE):
        rolling.rebuild(THIS_YEAR, MORNING.date())
    assert RollupState.objects.get(pk=1).full_at == MORNING


def test_the_migration_adds_up_what_is_there(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    for months in range(3):
        ask(city.home, MORNING - 200 * months * A_DAY)
    round_at(0)
    wanted = set(map(str, Rollup.objects.filter(span="year").values_list("place", "starts_on", "figures")))
    assert len(wanted) > 4
    migration = import_module("dashboards.migrations.0004_years")
    monkeypatch.setattr(migration, "PORTION", 2)
    migration.forget(apps, None)
    assert not Rollup.objects.filter(span="year").exists()
    migration.add_up(apps, None)
    assert proving.differences(at_once=12) == []
    assert Rollup.objects.filter(span="year").count() == len(wanted)
