"""The same numbers where a page is not a page: on the map, on the wall, in a workbook, in the weekly letter."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboards import weekly
from dashboards.areas import area_of
from dashboards.mapping import FIGURES
from dashboards.models import SavedView
from dashboards.page.known import COLUMNS
from dashboards.page.surroundings import around
from dashboards.places import of_node
from ground import clock
from ground.periods import first_day
from ground.sheets import open_book
from tests.dashboards import test_every_number as pages
from tests.dashboards.every_number import Mark, Page, fault
from tests.dashboards.page_scenes import NOW
from tests.volunteers.scenes import CHINA

pytestmark = pytest.mark.django_db
world = pages.world
HOUR = 3600


def asked(client: Any, node: Any, query: str, what: str) -> Any:
    with clock.at(NOW):
        answer = client.get(f"/dashboards/{node.pk if node else 'city'}/{what}{query}")
    assert answer.status_code == 200
    return answer


# The map


@pytest.mark.parametrize("query", ["?period=month", "?period=year"])
@pytest.mark.parametrize("name", ["city", "district", "street", "home"])
def test_every_value_of_the_map_equals_the_rows(world: Any, name: str, query: str) -> None:
    scene, client = world
    node, told = pages.node_of(scene, name), 0
    with clock.at(NOW):
        truth = pages.truth_of(scene, name, query)
    for figure in FIGURES.values():
        data = asked(client, node, f"{query}&figure={figure.key}", "map.json").json()
        days = [datetime.fromisoformat(data["period"][end]).date() for end in ("from", "to")]
        first, last = days if figure.happened else (None, None)
        for each in data["features"]:
            said = each["properties"]
            measure = "grids.covered/grids" if figure.key == "coverage" else figure.key
            right = truth.of(Mark(measure, each["id"], first, last, "", "", None))
            assert said["value"] == pytest.approx(right), (figure.key, said)
            told += bool(said["value"])
    assert told > 5, "something to say"


# The wall


@pytest.mark.parametrize("query", ["", "?period=quarter"])
@pytest.mark.parametrize("name", ["city", "district", "home", "branch"])
def test_every_number_on_the_wall_equals_the_rows(world: Any, name: str, query: str) -> None:
    scene, client = world
    page = Page(asked(client, pages.node_of(scene, name), query, "screen/").content.decode())
    with clock.at(NOW):
        truth = pages.truth_of(scene, name, query)
        faults = [said for mark in page.marks if (said := fault(mark, truth))]
    assert len(page.marks) > 25 and not faults, faults[:10]


# The workbook


def marks_of_columns(place: str, window: Any) -> list[Mark]:
    """What the columns of the table are about, for a line of it."""
    known = {"coverage": "grids.covered/grids", "hours_each": "minutes/registered"}
    return [
        Mark(
            known.get(each.key, each.key), place,
            None if each.is_standing else window.first, None if each.is_standing else window.last,
            "", "", None,
        )
        for each in COLUMNS
    ]  # fmt: skip


def in_cells(mark: Mark, value: Any) -> Any:
    """As a workbook holds it: hours, moments, shares."""
    if value is None or (mark.name == "oldest_due" and not value):
        return None
    if mark.name == "oldest_due":
        return datetime.fromtimestamp(value, UTC).astimezone(CHINA).replace(tzinfo=None)
    if mark.name == "minutes/registered":
        return pytest.approx(value / 60)
    if mark.name.endswith(".median"):
        return pytest.approx(value / HOUR, rel=0.05)
    return pytest.approx(value)


@pytest.mark.parametrize("query", ["?period=month", "?period=any&from=2026-10-03&to=2026-11-09"])
@pytest.mark.parametrize("name", ["city", "district", "street", "home"])
def test_every_cell_of_the_children_equals_the_rows(world: Any, name: str, query: str) -> None:
    scene, client = world
    node = pages.node_of(scene, name)
    with open_book(asked(client, node, query, "figures.xlsx").content, "x.xlsx") as book:
        rows = [row for sheet in book.sheets for row in _table(sheet)]
    assert rows[-1][0] == "合计"
    with clock.at(NOW):
        truth = pages.truth_of(scene, name, query)
        beside = around(pages.User.objects.get(name="市里"), area_of(node))
        window = pages.window_of(dict(pair.split("=") for pair in query[1:].split("&")))
        keys = {line.name: line.place for line in beside.lines} | {"合计": beside.place}
        for title, _, *cells in rows:
            rest = title not in keys
            for mark, cell in zip(
                marks_of_columns(keys.get(title, beside.place), window), cells, strict=True
            ):
                right = in_cells(mark, truth.of(replace(mark, derived="rest") if rest else mark))
                if rest and mark.name == "oldest_due":
                    continue  # of what is on no line only the day is known where it is nobody else's
                assert (None if cell == "" else cell) == right, (title, mark)


def _table(sheet: Any) -> list[list[Any]]:
    """The lines below the head of the sheet that has the table."""
    rows = [cells for _, cells in sheet.rows()]
    heads = [place for place, cells in enumerate(rows) if cells[:2] == ["名称", "说明"]]
    return rows[heads[0] + 1 :] if heads else []


# The letter


@pytest.mark.parametrize("name", ["city", "district", "street", "home", "branch"])
def test_every_number_of_the_letter_equals_the_rows(world: Any, name: str) -> None:
    scene, _ = world
    node = pages.node_of(scene, name)
    with clock.at(NOW):
        truth = pages.truth_of(scene, name, "?period=month")
        week = weekly.week_before(first_day("week", NOW.date()))
        [report] = weekly.reports([SavedView(organization=node)], week)
        then = weekly.week_before(week.first)
    place = of_node(node.pk if node else None)

    def right(measure: str, days: Any = None) -> Any:
        return truth.of(Mark(measure, place, days and days.first, days and days.last, "", "", None))

    assert (report.open, report.overdue) == (right("open"), right("overdue"))
    assert report.figures.submitted == right("submitted", week)
    for rate in report.rates:
        now, before = right(rate.name, week), right(rate.name, then)
        assert rate.value == pytest.approx(now), rate
        change = None if now is None or before is None else round((now - before) * 100, 1)
        assert rate.change == change, rate
    found = re.search(r"点单 (\d+) 件", report.sentence)
    assert (int(found[1]) if found else 0) == report.figures.submitted
    lines = {line: truth.stands(line).get("overdue", 0) for line in truth.lines}
    if report.worst is not None and lines:
        assert report.worst_overdue == lines[report.worst.key] == max(lines.values())
