"""The whole command, small: what it leaves is sound, and its totals are those of the dashboards."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dashboards.models import RollupState, Standing
from dashboards.rolling import rebuild
from grids.models import Resident
from ground.errors import RuleViolation
from operations.simulating import city, year
from operations.simulating.presets import HUACHENG, LIWAN, SHAOGUAN
from operations.simulating.totals import totals
from organizations import tree_check
from organizations.models import Organization
from tests.factories import a_city

pytestmark = pytest.mark.django_db
SMALL = 0.002


def run(*presets: str, **options: object) -> str:
    out = io.StringIO()
    call_command("simulate_city", preset=list(presets), scale=SMALL, stdout=out, **options)
    return out.getvalue()


def test_two_places_their_totals_are_those_of_the_dashboards():
    said = run("shaoguan", "liwan")
    found = totals()
    assert [each for each in found if not each.is_right] == []
    of_city = {each.label: each.rows for each in found if each.place == "全市"}
    assert of_city["居民"] == Resident.objects.count() == LIWAN.scaled(SMALL).residents
    assert of_city["服务人次"] == SHAOGUAN.scaled(SMALL).participations
    assert f"{LIWAN.scaled(SMALL).residents:,}" in said and "社区书记" in said
    assert tree_check.faults() == []
    for proof in ("check_ledger", "check_tree"):
        call_command(proof, stdout=io.StringIO())
    call_command("rebuild_rollups", verify=True, stdout=io.StringIO(), stderr=io.StringIO())
    with pytest.raises(CommandError, match="已经有党组织"):
        run("huacheng")


def test_a_figure_that_differs_is_said_and_ends_with_one(monkeypatch):
    def miscounted(**options: object) -> None:
        rebuild(**options)
        row = Standing.objects.get(place="city", kind="registry")
        row.figures["residents"] += 1
        row.save()

    monkeypatch.setattr(city.rolling, "rebuild", miscounted)
    with pytest.raises(CommandError, match="全市的居民：单据 2300，看板 2301"):
        run("liwan")


def test_cut_off_while_writing_nothing_is_there(monkeypatch):
    def cut(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(year, "live", cut)
    with pytest.raises(KeyboardInterrupt):
        run("liwan")
    assert not Organization.objects.exists()
    assert not Resident.objects.exists()


def test_cut_off_while_reckoning_the_next_run_says_so_and_finishes(monkeypatch):
    def cut(**options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(city.rolling, "rebuild", cut)
        with pytest.raises(KeyboardInterrupt):
            run("liwan")
    assert Resident.objects.exists() and not Standing.objects.exists()
    with pytest.raises(CommandError, match="--finish"):
        run("liwan")
    assert "全市" in run(finish=True)
    assert RollupState.objects.get().as_of is not None
    with pytest.raises(CommandError, match="没有只完成了一半"):
        run(finish=True)


def test_what_is_there_already_is_left_alone():
    a_city()
    before = Organization.objects.count()
    with pytest.raises(CommandError, match="空的数据库"):
        run("liwan")
    assert Organization.objects.count() == before


def test_one_piece_of_ground_is_simulated_once():
    with pytest.raises(RuleViolation, match="同一块地方"):
        city.simulate([SHAOGUAN.scaled(SMALL), HUACHENG.scaled(SMALL)], seed=1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"preset": []}, "--preset"),
        ({"preset": ["liwan"], "scale": 0}, "规模"),
        ({"preset": ["liwan"], "requests": -1}, "负数"),
        ({"preset": ["liwan"], "divisions": [Path("/nowhere.csv")]}, "读不到"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(options, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("simulate_city", stdout=io.StringIO(), **options)
    assert not Organization.objects.exists()


def test_production_is_refused_unless_it_is_meant(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="--even-in-production"):
        run("liwan")
