"""看板: figures against a slow count, the way down, who may look, what it costs."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dashboards.areas import area_of
from dashboards.periods import before, window
from dashboards.rollups import roll_up, trend
from grids.models import Grid
from ground import clock
from organizations import tree
from organizations.posts import Post, Tier
from requests.figures import Figures
from requests.models import ServiceRequest
from requests.states import OPEN, Outcome, State
from tests.desk.scenes import MORNING, accept, ask, contact, finish, open_page, queries_of
from tests.factories import City, Community, a_community, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes
from volunteers import leaderboards

pytestmark = pytest.mark.django_db
NOW = MORNING.replace(day=20, hour=12)


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def officer_of(city: City) -> Client:
    officer = a_user("谢科长")
    appoint(officer, Post.OFFICER, city.district)
    return strong_client(officer)


def at_work(community: Community) -> None:
    """A dozen requests of all kinds, this month and the one before."""
    for day in range(1, 13):
        start = datetime(2026, 11 if day > 3 else 10, day, 9, 0, tzinfo=scenes.CHINA)
        each = ask(community, start, text=f"第 {day} 件")
        if day % 4 == 0:
            continue  # nobody looks at it
        accept(each, community, start + timedelta(minutes=20 * day))
        if day % 3:
            contact(each, community, start + timedelta(hours=day))
        if day % 5:
            finish(each, community, start + timedelta(hours=day + 1), stars=day % 6, solved=day % 6 > 2)


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


def test_totals_and_lines_are_what_a_slow_count_says(city: City) -> None:
    at_work(city.home)
    at_work(city.next_door)
    present = window("month", NOW.date())
    rollup = roll_up(area_of(city.street), present, NOW)
    in_period = [
        row for row in ServiceRequest.objects.all() if present.start <= row.submitted_at < present.end
    ]
    assert rollup.sums.figures == slowly(in_period, NOW)
    assert 0 < rollup.sums.figures.rated < rollup.sums.figures.own
    for line in rollup.lines:
        mine = [row for row in in_period if row.community_id == line.node_id]
        assert line.sums.figures == slowly(mine, NOW)
    alive = [row for row in ServiceRequest.objects.all() if row.state in OPEN]
    assert rollup.sums.workload.open == len(alive)
    assert rollup.sums.workload.overdue == sum(1 for row in alive if row.due < NOW)


def test_hours_and_coverage_add_up_at_every_tier(city: City) -> None:
    scenes.credited(city.home, scenes.a_volunteer(city), minutes=90)
    scenes.credited(city.next_door, scenes.a_volunteer(city, city.next_door), minutes=60)
    present = window("month", NOW.date())
    for node in (city.district, city.street):
        sums = roll_up(area_of(node), present, NOW).sums
        assert (sums.service.minutes, sums.service.times) == (150, 2)
        assert sums.service.off_hours_minutes > 0
        assert (sums.coverage.covered, sums.coverage.grids) == (2, 4)
    home = roll_up(area_of(city.home.organization), present, NOW)
    assert home.sums.service.minutes == 90 == sum(line.sums.service.minutes for line in home.lines)


def test_below_the_community_lines_are_grids_with_those_inside_them(city: City) -> None:
    home = city.home
    inner = Grid(tier=3, code="X3", name="1 栋", parent=home.grid)
    inner.place_under(home.organization)
    inner.save()
    ask(home, NOW - timedelta(hours=1))
    request = ask(home, NOW - timedelta(hours=1), text="另一件")
    ServiceRequest.objects.filter(pk=request.pk).update(grid=inner)
    rollup = roll_up(area_of(home.organization), window("month", NOW.date()), NOW)
    line = next(line for line in rollup.lines if line.grid_id == home.grid.pk)
    assert line.sums.figures.submitted == 2
    assert inner.pk not in {line.grid_id for line in rollup.lines}


def test_a_community_right_below_the_district_is_a_line_beside_the_streets(city: City) -> None:
    lone = a_community(city.district, "直属")
    ask(lone, NOW - timedelta(hours=1))
    ask(city.home, NOW - timedelta(hours=1))
    rollup = roll_up(area_of(city.district), window("month", NOW.date()), NOW)
    counts = {line.node_id: line.sums.figures.submitted for line in rollup.lines}
    assert counts == {city.street.pk: 1, lone.organization.pk: 1}
    assert rollup.sums.figures.submitted == 2


def test_rows_of_a_closed_child_are_not_lost(city: City) -> None:
    done = ask(city.next_door, NOW - timedelta(hours=3))
    with clock.at(NOW - timedelta(hours=2)):
        from requests import workflow

        workflow.withdraw(done, by=done.submitter)
    node = city.next_door.organization
    type(node).objects.filter(pk=node.pk).update(closed_at=NOW)
    rollup = roll_up(area_of(city.street), window("month", NOW.date()), NOW)
    assert [line.name for line in rollup.lines] == ["花城社区", "未归到下级"]
    assert rollup.sums.figures.submitted == 1


def test_periods_follow_the_calendar_of_the_city() -> None:
    day = NOW.date()
    assert str(window("week", day).first) == "2026-11-16"
    assert str(window("quarter", day).after) == "2027-01-01"
    assert str(before(window("month", day)).first) == "2026-10-01"
    assert str(before(window("quarter", day)).first) == "2026-07-01"
    assert str(before(window("year", day)).after) == "2026-01-01"
    assert window("nonsense", day).key == "month"


def test_the_trend_has_every_day_up_to_now(city: City) -> None:
    at_work(city.home)
    present = window("month", NOW.date())
    days = trend(area_of(city.district), present, NOW.date())
    assert len(days) == 20 and sum(day.submitted for day in days) == 9
    assert [day.submitted for day in days[3:12]] == [1] * 9
    assert (
        sum(day.submitted for day in trend(area_of(city.district), window("year", NOW.date()), NOW.date()))
        == 12
    )
    assert (
        sum(day.submitted for day in trend(area_of(city.district), window("quarter", NOW.date()), NOW.date()))
        == 12
    )


def test_the_page_says_where_it_sticks_and_leads_down_to_the_rows(city: City) -> None:
    at_work(city.home)
    client = officer_of(city)
    with clock.at(NOW):
        page = open_page(client, f"/dashboards/{city.district.pk}/?period=month")
        assert re.search(r"武江区：\d+ 件超时，都在新华街道", page)
        assert reverse("dashboards:node", args=[city.street.pk]) in page
        lines = client.get(f"/dashboards/{city.street.pk}/?period=month").context["rows"]
        row = next(row for row in lines if row["name"] == "花城社区")
        for cell in row["cells"][:3]:
            listed = client.get(cell.url).context["rows"]
            assert len(listed) == int(cell.text)


def test_every_figure_of_the_funnel_opens_the_rows_it_counts(city: City) -> None:
    at_work(city.home)
    client = officer_of(city)
    with clock.at(NOW):
        for stage in client.get(f"/dashboards/{city.district.pk}/").context["funnel"]:
            assert len(client.get(stage["url"]).context["rows"]) == stage["value"], stage["label"]


def test_the_download_is_the_table(city: City) -> None:
    at_work(city.home)
    with clock.at(NOW):
        response = officer_of(city).get(f"/dashboards/{city.street.pk}/table.csv?period=month")
    text = response.content.decode("utf-8-sig")
    assert response.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(text.splitlines()))
    assert rows[0][0] == "名称" and rows[-1][0] == "合计"
    assert rows[-1][1] == "9" == rows[1][1]


def test_the_district_shows_its_board(city: City) -> None:
    volunteer = scenes.a_volunteer(city, name="林晓梅")
    scenes.credited(city.home, volunteer)
    with clock.at(NOW + timedelta(hours=10)):
        leaderboards.refresh_due()
        page = open_page(officer_of(city), f"/dashboards/{city.district.pk}/?period=month")
    assert "报到之星" in page and "林晓梅" in page


def test_home_leads_to_the_own_top_node(city: City) -> None:
    assert (
        officer_of(city)
        .get("/dashboards/?period=week")["Location"]
        .endswith(f"/dashboards/{city.district.pk}/?period=week")
    )
    worker = a_grid_worker(city.home)
    assert strong_client(worker).get("/dashboards/")["Location"].endswith(f"/{city.home.grid.branch_id}/")
    inspector = a_user("市里")
    appoint(inspector, Post.OFFICER)
    client = strong_client(inspector)
    assert client.get("/dashboards/")["Location"].endswith(f"/dashboards/{city.district.pk}/")
    tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="999999", by=None)
    assert client.get("/dashboards/")["Location"] == reverse("dashboards:city")
    assert "浈江区委" in open_page(client, reverse("dashboards:city"))


def test_only_the_own_part_of_the_tree_is_in_sight(city: City) -> None:
    secretary = strong_client(city.home.secretary)
    assert open_page(secretary, f"/dashboards/{city.home.organization.pk}/")
    for node in (city.district, city.street, city.next_door.organization):
        assert secretary.get(f"/dashboards/{node.pk}/").status_code == 404
        assert secretary.get(f"/dashboards/{node.pk}/table.csv").status_code == 404
    worker = strong_client(a_grid_worker(city.home))
    assert worker.get(f"/dashboards/{city.home.organization.pk}/").status_code == 404
    assert open_page(worker, f"/dashboards/{city.home.grid.branch_id}/")
    assert secretary.get(reverse("dashboards:city")).status_code == 404
    assert strong_client(a_user("居民")).get("/dashboards/").status_code == 404


def test_weak_sessions_and_visitors_sign_in_first(city: City, client: Client) -> None:
    for browser in (client, weak_client(city.home.secretary)):
        for url in ("/dashboards/", f"/dashboards/{city.home.organization.pk}/"):
            response = browser.get(url)
            assert response.status_code == 302 and response["Location"].startswith("/sign-in/")


def test_a_dashboard_costs_the_same_however_many_children_and_rows(city: City) -> None:
    client = officer_of(city)
    ask(city.home, NOW - timedelta(hours=1))
    scenes.credited(city.home, scenes.a_volunteer(city))
    urls = [f"/dashboards/{node.pk}/" for node in (city.district, city.street, city.home.organization)]
    with clock.at(NOW + timedelta(hours=10)):
        leaderboards.refresh_due()
        few = [queries_of(client, url) for url in urls]
    for number in range(8):
        street = tree.plant(
            parent=city.district,
            tier=Tier.STREET,
            name=f"{number} 街道",
            code=f"{city.district.code}1{number:02}",
            by=None,
        )
        ask(a_community(street, f"{number} 号"), NOW - timedelta(hours=2))
        a_community(city.street, f"第 {number}")
        grid = Grid(tier=2, code=f"N{number}", name=f"{number} 网格", parent=city.home.first_grid)
        grid.place_under(city.home.organization)
        grid.save()
        ask(city.home, NOW - timedelta(hours=2), text=f"{number} 件")
        scenes.credited(city.home, scenes.a_volunteer(city), starts_at=NOW - timedelta(days=number + 1))
    with clock.at(NOW + timedelta(hours=10)):
        leaderboards.refresh_due()
        assert [queries_of(client, url) for url in urls] == few
    assert max(few) <= 19  # four of them are the frame: session, person, menu counts, the calendar notice
