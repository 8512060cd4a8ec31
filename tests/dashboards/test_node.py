"""看板: figures against a slow count, what the page says of them, and the way down to the rows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboards.page.known import BARS, COLUMNS
from dashboards.places import of_node
from grids.models import Grid
from ground import clock
from requests import workflow
from requests.figures import Figures
from requests.models import ServiceRequest
from requests.states import OPEN, Outcome, State
from tests.dashboards.page_scenes import (
    MARKED,
    NOW,
    at_work,
    context_of,
    listed,
    officer_of,
    page_of,
    rolled,
    rows_of,
    url_of,
)
from tests.desk.scenes import accept, ask, contact, finish
from tests.factories import City, a_community
from tests.volunteers import scenes
from tests.workflow import a_category

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def slowly(rows: Any, at: datetime) -> Figures:
    """The figures of RULES 7, counted row by row in Python."""
    rows = [row for row in rows if row.whole_id is None]
    own = [row for row in rows if row.source == ServiceRequest.Source.RESIDENT]
    due = [
        row
        for row in own
        if row.contacted_at
        or (row.contact_due < at and (row.ended_at is None or row.ended_at > row.contact_due))
    ]
    answers = [
        row
        for row in own
        if row.accepted_in_time is not None
        or (row.accept_due < at and (row.ended_at is None or row.ended_at > row.accept_due))
    ]
    plain = [row for row in own if row.accepted_at and row.outcome != Outcome.EXPLAINED]
    done = [row for row in plain if row.resolved_at]
    ratings = [row.rating for row in own if hasattr(row, "rating")]
    finished = [row for row in own if row.state in (State.RESOLVED, State.CLOSED)]
    return Figures(
        submitted=len(rows),
        own=len(own),
        accepted=sum(1 for row in own if row.accepted_at),
        resolved=sum(1 for row in own if row.resolved_at),
        contact_due=len(due),
        contact_in_time=sum(1 for row in due if row.contacted_at and row.contacted_at <= row.contact_due),
        rated=len(ratings),
        unrated=len(finished) - len(ratings),
        solved=sum(1 for rating in ratings if rating.solved),
        satisfied=sum(1 for rating in ratings if rating.satisfied >= 4),
        answer_due=len(answers),
        answered_in_time=sum(1 for row in answers if row.accepted_in_time),
        to_resolve=len(plain),
        done=len(done),
        done_in_time=sum(1 for row in done if row.resolved_at <= row.resolve_due),
        explained=sum(1 for row in own if row.resolved_at and row.outcome == Outcome.EXPLAINED),
    )


# Figures


def test_totals_and_lines_are_what_a_slow_count_says(city: City) -> None:
    at_work(city.home)
    at_work(city.next_door)
    rolled()
    context = context_of(officer_of(city), city.street)
    window = context["window"]
    in_period = [row for row in ServiceRequest.objects.all() if window.start <= row.submitted_at < window.end]
    table = context["table"]
    assert table.total.numbers.figures == slowly(in_period, NOW)
    assert 0 < table.total.numbers.figures.rated < table.total.numbers.figures.own
    assert len(table.rows) == 2
    for row, place in zip(table.rows, (city.home, city.next_door), strict=True):
        mine = [each for each in in_period if each.community_id == place.organization.pk]
        assert row.numbers.figures == slowly(mine, NOW)
    alive = [row for row in ServiceRequest.objects.all() if row.state in OPEN]
    total = rows_of(context)["合计"]
    assert total["在办"].value == len(alive)
    late = [row for row in alive if row.due < NOW]
    assert total["超时"].value == len(late) > 0
    oldest = min(row.due for row in late)
    assert total["最久超时"].value == int(oldest.timestamp())
    assert total["最久超时"].text == f"{(NOW - oldest).days} 天"


def test_hours_and_coverage_add_up_at_every_tier(city: City) -> None:
    scenes.credited(city.home, scenes.a_volunteer(city), minutes=90)
    scenes.credited(city.next_door, scenes.a_volunteer(city, city.next_door), minutes=60)
    at = NOW + timedelta(hours=12)
    rolled(at)
    client = officer_of(city)
    for node in (city.district, city.street):
        context = context_of(client, node, at=at)
        service = context["tiles"][3]
        assert (service.number.text, service.number.value) == ("2.5", 150)
        assert rows_of(context)["合计"]["网格党组织覆盖"].text == "50%"
        assert rows_of(context)["合计"]["人均服务小时"].text == "1.2"
    home = context_of(client, city.home.organization, at=at)
    assert home["tiles"][3].number.value == 90


def test_the_change_is_against_as_many_days_of_the_month_before(city: City) -> None:
    for month, day, is_quick in ((10, 5, True), (10, 6, False), (10, 29, False), (11, 5, True)):
        start = datetime(2026, month, day, 9, 0, tzinfo=scenes.CHINA)
        each = ask(city.home, start)
        accept(each, city.home, start + timedelta(minutes=5))
        contact(each, city.home, start + timedelta(hours=1 if is_quick else 90))
    rolled()
    tile = context_of(officer_of(city), city.district)["tiles"][0]
    assert (tile.number.text, tile.change.text, tile.direction) == ("100.0%", "50.0", "up")
    assert "上月同期" in tile.text


def test_why_a_rate_fell_is_told_by_its_categories(city: City) -> None:
    parking = a_category("parking", name="停车秩序")
    for month, stars in ((10, 5), (11, 1)):
        start = datetime(2026, month, 5, 9, 0, tzinfo=scenes.CHINA)
        each = ask(city.home, start, category=parking)
        accept(each, city.home, start)
        contact(each, city.home, start)
        finish(each, city.home, start + timedelta(hours=1), stars=stars, solved=stars > 2)
    rolled()
    tile = context_of(officer_of(city), city.district)["tiles"][2]
    assert (tile.number.text, tile.change.text, tile.direction) == ("0.0%", "100.0", "down")
    assert "主要因 停车秩序" in tile.text


# Lines


def test_below_the_community_lines_are_grids_with_those_inside_them(city: City) -> None:
    home = city.home
    inner = Grid(tier=3, code="X3", name="1 栋", parent=home.grid)
    inner.place_under(home.organization)
    inner.save()
    ask(home, NOW - timedelta(hours=1))
    request = ask(home, NOW - timedelta(hours=1), text="另一件")
    ServiceRequest.objects.filter(pk=request.pk).update(grid=inner)
    rolled()
    rows = rows_of(context_of(officer_of(city), home.organization))
    assert rows["第一网格"]["点单"].value == 2
    assert set(rows) == {"第一网格", "合计"}


def test_a_community_right_below_the_district_is_a_line_beside_the_streets(city: City) -> None:
    lone = a_community(city.district, "直属")
    ask(lone, NOW - timedelta(hours=1))
    ask(city.home, NOW - timedelta(hours=1))
    rolled()
    client = officer_of(city)
    rows = rows_of(context_of(client, city.district))
    counts = {name: row["点单"].value for name, row in rows.items()}
    assert counts == {"新华街道": 1, "直属社区": 1, "合计": 2}
    assert (
        f"community={lone.organization.pk}" in rows["直属社区"]["三无小区"].url
        or not rows["直属社区"]["三无小区"]
    )
    assert listed(client, rows["直属社区"]["点单"].url) == 1


def test_rows_of_a_closed_child_are_not_lost(city: City) -> None:
    done = ask(city.next_door, NOW - timedelta(hours=3))
    with clock.at(NOW - timedelta(hours=2)):
        workflow.withdraw(done, by=done.submitter)
    node = city.next_door.organization
    type(node).objects.filter(pk=node.pk).update(closed_at=NOW)
    rolled()
    client = officer_of(city)
    rows = rows_of(context_of(client, city.street))
    assert list(rows) == ["花城社区", "未归到下级", "合计"]
    assert rows["未归到下级"]["点单"].value == 1 == rows["合计"]["点单"].value
    with clock.at(NOW):
        assert client.get(url_of(node)).status_code == 404


def test_what_the_community_has_itself_is_a_line_without_a_link(city: City) -> None:
    request = ask(city.home, NOW - timedelta(hours=1))
    ServiceRequest.objects.filter(pk=request.pk).update(grid=city.home.first_grid)
    rolled()
    own = rows_of(context_of(officer_of(city), city.home.organization))["社区本级"]
    assert own["点单"].value == 1 and not own["点单"].url


def test_the_table_sorts_by_its_columns(city: City) -> None:
    for number in range(3):
        ask(city.next_door, NOW - timedelta(hours=1), text=f"{number}")
    ask(city.home, NOW - timedelta(days=9))
    rolled()
    client = officer_of(city)

    def order(query: str) -> list[str]:
        return [row.name for row in context_of(client, city.street, query)["table"].rows]

    worst, busy = "花城社区", "隔壁社区"
    assert order("") == order("?sort=overdue") == [worst, busy]
    assert order("?sort=submitted") == [busy, worst] and order("?sort=-submitted") == [worst, busy]
    assert order("?sort=oldest_due") == [worst, busy]
    assert order("?sort=response_rate") == [worst, busy], "the weakest first, what has none last"
    assert sorted(order("?sort=name")) == order("?sort=name") == order("?sort=-name")[::-1]
    for nonsense in ("?sort=nonsense", "?sort=", "?sort=--", "?sort=pk&sort=name;drop"):
        assert set(order(nonsense)) == {worst, busy}
    page = page_of(client, city.street, "?sort=-submitted&period=week")
    assert page.count("aria-sort=") == 1 and "?period=week&amp;sort=submitted#children" in page


# Where it sticks


def test_the_headline_says_what_is_overdue_and_where(city: City) -> None:
    at_work(city.home)
    rolled()
    client = officer_of(city)
    assert re.search(
        r"武江区：\d+ 件超时，都在新华街道的维修", context_of(client, city.district)["headline_text"]
    )
    assert re.search(
        r"花城社区：\d+ 件超时，都在第一网格", context_of(client, city.home.organization)["headline_text"]
    )
    for day in range(1, 4):
        ask(city.next_door, NOW - timedelta(days=day))
    rolled()
    assert "集中在花城社区" in context_of(client, city.street)["headline_text"]


def test_without_anything_overdue_it_is_the_rate_that_fell_and_where(city: City) -> None:
    for month in (10, 11):
        for number in range(12):
            place = city.home if number % 2 else city.next_door
            start = datetime(2026, month, 5, 9, number, tzinfo=scenes.CHINA)
            each = ask(place, start)
            accept(each, place, start)
            contact(each, place, start)
            is_bad = month == 11 and place is city.home
            finish(each, place, start + timedelta(hours=1), stars=1 if is_bad else 5)
    rolled()
    said = context_of(officer_of(city), city.district)["headline_text"]
    assert said == "武江区：没有超时，满意率 50.0%，比上月同期低 50.0 个百分点"


def test_else_grids_without_a_party_organization_else_quiet(city: City) -> None:
    rolled()
    client = officer_of(city)
    assert context_of(client, city.district)["headline_text"] == "武江区：没有超时，2 个网格还没有党组织"
    Grid.objects.filter(branch=None).update(branch=city.home.grid.branch)
    rolled()
    assert context_of(client, city.district)["headline_text"] == "武江区：没有在办的点单"
    ask(city.home, NOW - timedelta(minutes=5))
    rolled()
    assert context_of(client, city.district)["headline_text"] == "武江区：没有超时，1 件在办"


def test_the_oldest_overdue_request_is_two_presses_away(city: City) -> None:
    """District → street → community, whose table names the grid; one more opens its rows."""
    other = Grid(tier=2, code="ZZ", name="第二网格", parent=city.home.first_grid)
    other.place_under(city.home.organization)
    other.save()
    old = ask(city.home, NOW - timedelta(days=12))
    ServiceRequest.objects.filter(pk=old.pk).update(grid=other)
    for day in range(1, 5):
        ask(city.home, NOW - timedelta(days=day))
    rolled()
    client = officer_of(city)
    url, steps = url_of(city.district), 0
    while "/dashboards/" in url:
        with clock.at(NOW):
            page = client.get(url).content.decode()
        found = re.search(
            r'最久 <span data-n="oldest_due"[^>]*>(\d+) 天</span>，在<a class="link" href="([^"]+)">([^<]+)',
            page,
        )
        assert found and found[1] == "10"  # due a working day after it was asked for
        url, name, steps = found[2].replace("&amp;", "&"), found[3], steps + 1
    assert name == "第二网格" and steps == 3
    with clock.at(NOW):
        rows = client.get(url).context["rows"]
    assert len(rows) == 1


def test_heaps_open_their_rows_and_what_there_is_none_of_is_said(city: City) -> None:
    at_work(city.home)
    rolled()
    client = officer_of(city)
    context = context_of(client, city.district)
    heaps = {heap.label: heap for heap in context["stuck"]}
    assert {"超时", "没有按时联系", "不满意", "网格还没有党组织"} <= set(heaps)
    for label in ("超时", "没有按时联系", "不满意", "评价为未解决"):
        assert listed(client, heaps[label].number.url) == heaps[label].number.value, label
    assert "没有重办" in context["nothing"]


# Everything opens to its rows


def test_every_number_of_the_table_opens_what_it_counts(city: City) -> None:
    at_work(city.home)
    rolled()
    client = officer_of(city)
    for node in (city.district, city.street, city.home.organization, city.home.grid.branch):
        for name, row in rows_of(context_of(client, node)).items():
            for column in ("点单", "在办", "超时"):
                if row[column]:
                    assert listed(client, row[column].url) == row[column].value, (node, name, column)
            with clock.at(NOW):
                for number in row.values():
                    assert not number.url or client.get(number.url).status_code == 200, number


def test_every_figure_of_the_funnel_opens_the_rows_it_counts(city: City) -> None:
    at_work(city.home)
    rolled()
    client = officer_of(city)
    stages = context_of(client, city.district)["funnel"]
    assert [stage.label for stage in stages] == ["点单", "受理", "派/吹哨", "办结", "评价", "满意"]
    assert [stage.number.value for stage in stages] == sorted((s.number.value for s in stages), reverse=True)
    for stage in stages:
        if stage.number.name == "arranged":
            assert stage.number.url.endswith("figure=arranged#bars")
        else:
            assert listed(client, stage.number.url) == stage.number.value, stage.label
    times = {stage.label: stage.median.text for stage in stages if stage.median}
    assert set(times) == {"受理", "派/吹哨", "办结"}


@pytest.mark.parametrize("figure", [*(each.key for each in BARS), "nonsense", "oldest_due", "\0"])
def test_any_figure_is_counted_per_child(city: City, figure: str) -> None:
    at_work(city.home)
    rolled()
    context = context_of(officer_of(city), city.street, f"?figure={figure}")
    shown = context["bars"]
    known = figure in {each.key for each in BARS}
    assert context["figure"].key == (figure if known else "overdue")
    assert len(shown.labels) == 2 and [url for url in shown.urls if "figure=" in url] == []


def test_every_figure_is_marked_with_what_it_counts(city: City) -> None:
    """Columns of every line; of what happened with its days, of what stands without."""
    at_work(city.home)
    rolled()
    page = page_of(officer_of(city), city.street, "?period=week")
    marks = MARKED.findall(page)
    assert len(marks) > 70  # an empty course has no table
    for name, place, more, text in marks:
        assert re.fullmatch(r"city|[og]\d+", place), place
        assert text.strip() and "<" not in text
        if 'data-derived="c' not in more:
            assert (name in STANDING) != ('data-from="' in more), (name, more)
    here = [name for name, place, *_ in marks if place == of_node(city.home.organization.pk)]
    assert {each.key for each in COLUMNS if "_each" not in each.key and each.key != "coverage"} <= set(here)


STANDING = (
    "open", "overdue", "oldest_due", "compounds.bare", "residents", "grids", "grids.covered", "grids.covered/grids",
    "grids-grids.covered", "quota.bound", "quota.met", "quota.behind", "quota.behind_quarter", "quota.behind_year",
    "care.review_due", "care.review_soon", "open.supervised",
)  # fmt: skip
