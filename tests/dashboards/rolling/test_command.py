"""manage.py rebuild_rollups: counts anew, proves, says what differs."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dashboards import rolling
from dashboards.management.commands import rebuild_rollups
from dashboards.models import Rollup, RollupState, Standing
from dashboards.places import CITY
from dashboards.rolling import holding
from governance.celery import app
from ground import clock
from requests.models import ServiceRequest
from tests.desk.scenes import MORNING, accept, ask
from tests.volunteers.scenes import a_city

pytestmark = pytest.mark.django_db
LONG_AGO = MORNING - timedelta(days=60)


@pytest.fixture(autouse=True)
def city() -> Any:
    city = a_city()
    for moment in (LONG_AGO, MORNING - timedelta(days=2), MORNING):
        accept(ask(city.home, moment), city.home, moment + timedelta(minutes=5))
    with clock.at(MORNING + timedelta(hours=1)):
        rolling.rebuild()
        yield city


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("rebuild_rollups", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue() + str(error)
    return out.getvalue(), err.getvalue()


def spoil(moment: Any, **figures: int) -> Rollup:
    """One figure that is not what the rows say."""
    row = Rollup.objects.get(place=CITY, span="day", starts_on=clock.day_of(moment))
    row.figures |= figures
    row.save()
    return row


def test_everything_is_counted_anew_and_proved() -> None:
    spoil(LONG_AGO, submitted=7)
    said, faults = run("--verify")
    assert "1 行和原来不同" in said and "汇总和台账一致" in said and not faults


def test_check_rebuilds_nothing_and_names_what_differs() -> None:
    spoil(LONG_AGO, submitted=7)
    said, faults = run("--check")
    assert (
        f"{clock.day_of(LONG_AGO)} {CITY} submitted：存的是 7，数出来是 1" in faults and "1 处出入" in faults
    )
    assert "一致" not in said
    assert spoil(LONG_AGO).figures["submitted"] == 7


def test_no_more_than_so_many_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild_rollups, "MOST", 3)
    for number in range(9):
        spoil(LONG_AGO, **{f"category.{number + 1000}": 1})
    _, faults = run("--check")
    assert faults.count("存的是") == 3 and "至少有 3 处" in faults


def test_part_of_the_past() -> None:
    """Whole months; the others, as_of and the standings of other days stay as they were."""
    spoil(LONG_AGO, submitted=7)
    spoil(MORNING, submitted=9)
    Standing.objects.filter(place=CITY).update(figures={"open": 99})
    as_of = RollupState.objects.get().as_of
    day = clock.day_of(LONG_AGO).isoformat()
    with clock.at(MORNING + timedelta(hours=2)):
        said, _ = run("--from", day, "--to", day)
    assert "1 行和原来不同" in said
    assert spoil(LONG_AGO).figures["submitted"] == 1 and spoil(MORNING).figures["submitted"] == 9
    assert RollupState.objects.get().as_of == as_of
    assert set(Standing.objects.filter(place=CITY).values_list("figures__open", flat=True)) == {99}
    with clock.at(MORNING + timedelta(hours=2)):
        run("--from", clock.day_of(MORNING).isoformat())
    assert Standing.objects.get(place=CITY, kind="work").figures["open"] == 3


def test_days_that_are_none() -> None:
    for words in (
        ["--from", "gestern"],
        ["--to", "2026-13-01"],
        ["--from", "2026-12-01", "--to", "2026-01-01"],
    ):
        _, faults = run(*words)
        assert "日期" in faults, words


def test_work_done_while_it_is_proved_is_no_difference() -> None:
    """The first look finds it, the round hears of it, the second look does not."""
    row = ServiceRequest.objects.order_by("pk")[0]
    with clock.at(MORNING + timedelta(hours=2)):
        row.events.create(step="note", source=row.state, target=row.state)
        ServiceRequest.objects.filter(pk=row.pk).update(reopened=1)
        RollupState.objects.update(as_of=MORNING + timedelta(hours=2))
        said, faults = run("--check")
    assert "一致" in said and not faults


def test_while_another_round_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "PAUSE", 0.01)
    monkeypatch.setattr("dashboards.rolling.rounds.PATIENCE", 0.05)
    with holding.held():
        _, faults = run()
    assert "另一轮汇总正在进行" in faults


def test_the_task_of_beat_says_how_many_rows_it_wrote() -> None:
    app.loader.import_default_modules()
    spoil(MORNING, submitted=7)
    Rollup.objects.filter(place=CITY).delete()
    RollupState.objects.update(full_at=None)
    assert app.tasks["dashboards.roll_up"].apply().get() >= 5
    assert app.tasks["dashboards.roll_up"].apply().get() == 0
