"""地图: the same figures as the page, whose polygons, five steps, size and cost, what the address may ask for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import shapely
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from shapely.geometry import shape

from dashboards import mapping, rolling
from dashboards.areas import area_of
from dashboards.mapping.shapes import MOST_CORNERS, slim
from dashboards.periods import window
from grids.models import Grid
from ground import clock
from organizations import tree
from organizations.models import Organization
from organizations.posts import Post, Tier
from tests.dashboards.map_scenes import (
    HOME,
    NOW,
    SIDE,
    a_drawn_city,
    bound,
    count,
    draw,
    map_of,
    officer_at,
    square,
    values_of,
)  # fmt: skip
from tests.desk.scenes import accept, ask, contact, finish, open_page, queries_of
from tests.factories import City, a_community, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    cache.clear()
    return a_drawn_city()


def at_work(city: City) -> None:
    """At home one rated well and one overdue, next door one that is answered late."""
    done = ask(city.home, NOW - timedelta(days=3))
    accept(done, city.home, NOW - timedelta(days=3) + timedelta(minutes=5))
    contact(done, city.home, NOW - timedelta(days=3) + timedelta(minutes=9))
    finish(done, city.home, NOW - timedelta(days=2), stars=5)
    late = ask(city.home, NOW - timedelta(days=4), text="下水堵了")
    accept(late, city.home, NOW - timedelta(days=4) + timedelta(minutes=5))
    slow = ask(city.next_door, NOW - timedelta(days=5))
    accept(slow, city.next_door, NOW - timedelta(days=5))
    contact(slow, city.next_door, NOW - timedelta(days=1))


# One set of totals


@pytest.mark.parametrize("figure", list(mapping.FIGURES))
def test_the_map_says_what_the_table_of_the_page_says(city, figure):
    at_work(city)
    count()
    client = officer_at(city.street)
    data = map_of(client, city.street, f"period=month&figure={figure}")
    assert set(values_of(data)) == {"花城社区", "隔壁社区"}
    with clock.at(NOW):
        page = open_page(client, f"/dashboards/{city.street.pk}/?period=month&figure={figure}")
        alone = open_page(client, f"/dashboards/{city.street.pk}/map/?period=month&figure={figure}")
    number = re.compile(r'<span data-n="([^"]+)" data-place="(o\d+)"[^>]*>([^<]+)</span>')
    shown = {(name, place): text for name, place, text in number.findall(page)}
    drawn = [each for each in number.findall(alone) if each[1] != f"o{city.street.pk}"]
    assert len(drawn) == 2
    for name, place, text in drawn:
        if (name, place) in shown:
            assert shown[name, place] == text, name
        else:
            # Bars of nothing but zeros are not drawn.
            assert name == "care.visits" or text.startswith("0"), f"{name} is nowhere on the page"


def test_figures_are_what_was_done(city):
    at_work(city)
    count()
    client = officer_at(city.street)
    assert values_of(map_of(client, city.street, "figure=overdue")) == {"花城社区": 1, "隔壁社区": 1}
    assert values_of(map_of(client, city.street, "figure=submitted")) == {"花城社区": 2, "隔壁社区": 1}
    response = map_of(client, city.street, "figure=response_rate")
    assert values_of(response) == {"花城社区": 0.5, "隔壁社区": 0}
    words = {each["properties"]["words"] for each in response["features"]}
    assert words == {"花城社区：50.0%（1/2）", "隔壁社区：0.0%（0/1）"}
    rated = values_of(map_of(client, city.street, "figure=satisfaction_rate"))
    assert rated == {"花城社区": 1, "隔壁社区": None}


def test_what_belongs_to_no_polygon_is_said(city):
    ask(city.home, NOW - timedelta(hours=1))
    ask(city.next_door, NOW - timedelta(hours=1))
    Organization.objects.filter(pk=city.next_door.organization.pk).update(closed_at=NOW)
    count()
    data = map_of(officer_at(city.street), city.street, "figure=open")
    assert values_of(data) == {"花城社区": 1} and data["total"] == "2 件"
    assert data["rest"] == "其中 1 件不在下面任何一块"


# Whose polygons


def test_a_district_shows_its_streets_and_communities_without_a_street(city):
    lone = a_community(city.district, "直属", lng=113.7)
    bound(lone.first_grid, square(113.62, 24.80))
    count()
    data = map_of(officer_at(city.district), city.district)
    drawn = {each["properties"]["name"]: shape(each["geometry"]) for each in data["features"]}
    assert set(drawn) == {"新华街道", "直属社区"}
    assert drawn["新华街道"].geom_type == "Polygon", "two communities side by side are one street"
    assert drawn["新华街道"].bounds == pytest.approx((113.58, 24.80, 113.62, 24.82))


def test_from_the_community_down_it_is_grids(city):
    second = Grid(tier=2, code="G2", name="第二网格", parent=city.home.first_grid)
    inner = Grid(tier=3, code="G11", name="1 栋", parent=city.home.grid)
    for grid in (second, inner):
        grid.place_under(city.home.organization)
        bound(grid, square(HOME[0] + SIDE / 2, HOME[1], SIDE / 2))
    count()
    client = officer_at(city.street)
    data = map_of(client, city.home.organization)
    assert [each["properties"]["name"] for each in data["features"]] == ["第一网格", "第二网格"]
    urls = {each["properties"]["name"]: each["properties"]["url"] for each in data["features"]}
    assert urls["第一网格"].startswith(f"/dashboards/{city.home.grid.branch_id}/?period=month")
    assert urls["第二网格"] == f"/desk/requests/?which=overdue&grid={second.pk}"
    for url in urls.values():
        with clock.at(NOW):
            assert client.get(url).status_code == 200


def test_third_tier_where_there_is_no_second(city):
    city.home.grid.tier = 3
    bound(city.home.grid, square(*HOME, SIDE / 2))
    count()
    data = map_of(officer_at(city.street), city.home.organization)
    assert [each["id"] for each in data["features"]] == [f"g{city.home.grid.pk}"]


def test_a_polygon_leads_down_with_period_and_figure(city):
    count()
    data = map_of(officer_at(city.district), city.district, "period=week&figure=open")
    assert (
        data["features"][0]["properties"]["url"] == f"/dashboards/{city.street.pk}/?period=week&figure=open"
    )


def test_the_city_shows_its_districts(city):
    at_work(city)
    count()
    client = officer_at(None)
    with clock.at(NOW):
        data = client.get("/dashboards/city/map.json?figure=overdue").json()
        assert values_of(data) == {"武江区": 2}
        assert "武江区" in open_page(client, "/dashboards/city/map/")
    assert officer_at(city.district).get("/dashboards/city/map.json").status_code == 404


# No boundary


def test_without_boundaries_it_says_so_and_shows_the_table(city):
    at_work(city)
    for grid in Grid.objects.all():
        bound(grid, None)
    count()
    data = map_of(officer_at(city.street), city.street)
    assert [each["geometry"] for each in data["features"]] == [None, None]
    assert data["undrawn"]["words"] == "2 个网格还没有画边界"
    with clock.at(NOW):
        page = open_page(officer_at(city.street), f"/dashboards/{city.street.pk}/map/")
        assert "2 个网格还没有画边界，画不出地图" in page and '<svg class="map-svg"' not in page
        assert "花城社区" in page and '<details class="more map-table" open>' in page


def test_those_who_lay_out_grids_are_led_to_the_missing_ones(city):
    bound(city.home.grid, None)
    count()
    secretary = strong_client(city.home.secretary)
    url = map_of(secretary, city.home.organization)["undrawn"]["url"]
    assert url == f"/desk/registry/grids/grid/{city.home.grid.pk}/change/"
    assert secretary.get(url).status_code == 200
    bound(city.home.first_grid, None)
    bound(city.next_door.first_grid, None)
    street = officer_at(city.street)
    url = map_of(street, city.street)["undrawn"]["url"]
    listed = open_page(street, url)
    assert "花城社区网格" in listed and "隔壁社区网格" in listed and "第一网格" not in listed
    leader = a_user("分管领导")
    appoint(leader, Post.LEADER_IN_CHARGE, city.street)
    assert map_of(strong_client(leader), city.street)["undrawn"]["url"] == ""


def test_a_branch_and_a_group_have_maps_that_open(city):
    branch = city.home.grid.branch
    assert branch is not None
    group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name="1 栋党小组", by=None)
    count()
    client = strong_client(city.home.secretary)
    assert [each["properties"]["name"] for each in map_of(client, branch)["features"]] == ["第一网格"]
    assert map_of(client, group)["features"] == []
    with clock.at(NOW):
        assert "没有可画的" in open_page(client, f"/dashboards/{group.pk}/map/")


# Size and cost


def test_neighbours_fit_together_however_much_is_taken_away():
    """Two halves of a circle whose common border winds."""
    border = [(0.0002 * (n % 7), n / 2000) for n in range(2001)]
    left = shapely.Polygon([(-1, 0), *border, (-1, 1)])
    right = shapely.Polygon([(1, 0), *border, (1, 1)])
    thin = slim({"left": left, "right": right}, most=200)
    assert shapely.get_num_coordinates(list(thin.values())).sum() <= 200
    assert thin["left"].intersection(thin["right"]).area == pytest.approx(0, abs=1e-12)
    assert thin["left"].union(thin["right"]).area == pytest.approx(2, rel=1e-3)


def test_a_map_has_a_bound_on_its_size(city):
    """A boundary as a survey would draw it: 60,000 corners."""
    circle = shapely.Point(113.59, 24.81).buffer(0.01, quad_segs=15_000)
    bound(
        city.home.first_grid,
        {"type": "Polygon", "coordinates": [[list(at) for at in circle.exterior.coords]]},
    )
    count()
    data = map_of(officer_at(city.street), city.street)
    corners = sum(shapely.get_num_coordinates(shape(each["geometry"])) for each in data["features"])
    assert corners < MOST_CORNERS and corners < 1_000, "no more than a screen can show"
    islands = {str(n): shapely.Point(n, 0).buffer(0.1, quad_segs=16) for n in range(400)}
    assert shapely.get_num_coordinates(list(slim(islands, 3_000).values())).sum() <= 3_000


def test_cracks_between_neighbours_are_closed(city):
    bound(city.next_door.first_grid, square(113.60002, 24.80))
    count()
    street = map_of(officer_at(city.district), city.district)["features"][0]
    assert street["geometry"]["type"] == "Polygon" and len(street["geometry"]["coordinates"]) == 1


def test_as_many_queries_for_two_hundred_children_as_for_five(city):
    def add(n: int) -> None:
        seeds = [tree.Seed(Tier.COMMUNITY, f"{k} 社区党委", city.street, f"{k} 社区") for k in range(n)]
        nodes = Organization.objects.in_bulk([node.pk for node in tree.plant_many(seeds)])
        for k, node in enumerate(nodes.values()):
            grid = Grid(
                tier=1,
                code=f"{node.pk}-G",
                name="网格",
                boundary=square(114 + k % 20 * 0.02, 24 + k // 20 * 0.02),
            )
            grid.district, grid.street, grid.community = city.district, city.street, node
            grid.save()

    client = officer_at(city.street)
    at_work(city)
    spent = []
    for n in (3, 195):
        add(n)
        count()
        cache.clear()
        with clock.at(NOW), CaptureQueriesContext(connection) as captured:
            data = client.get(f"/dashboards/{city.street.pk}/map.json?figure=response_rate").json()
        spent.append(len(captured))
        assert all(each["geometry"] for each in data["features"])
    assert len(data["features"]) == 200
    assert spent[0] == spent[1] <= 12, spent


@pytest.mark.parametrize("where", ["map.json", "map/", "map/points.json"])
def test_what_it_costs_at_each_tier(city, where):
    at_work(city)
    count()
    cache.clear()
    worker = strong_client(a_grid_worker(city.home))
    branch = city.home.grid.branch
    assert branch is not None
    with clock.at(NOW):
        for client, node in (
            (officer_at(city.district), city.district),
            (strong_client(city.home.secretary), city.home.organization),
            (worker, branch),
        ):
            limit = 12 if where != "map/" else 20  # the frame around a page has counts of its own
            assert queries_of(client, f"/dashboards/{node.pk}/{where}") <= limit, node


def test_nothing_is_sent_again_before_the_next_round(city):
    at_work(city)
    count()
    client, url = officer_at(city.street), f"/dashboards/{city.street.pk}/map.json"
    with clock.at(NOW):
        first = client.get(url)
        assert "private" in first["Cache-Control"] and first["ETag"]
        again = client.get(url, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(f"{url}?figure=open", headers={"If-None-Match": first["ETag"]}).status_code == 200
        other = officer_at(city.street).get(url, headers={"If-None-Match": first["ETag"]})
        assert other.status_code == 200, "links are those of whoever asks"
    bound(city.home.first_grid, square(113.57, 24.80, 0.03))
    with clock.at(NOW):
        moved = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert moved.status_code == 200 and shape(moved.json()["features"][0]["geometry"]).bounds[0] == 113.57
    with clock.at(NOW + timedelta(minutes=10)):
        rolling.catch_up()
        assert client.get(url, headers={"If-None-Match": moved["ETag"]}).status_code == 200


# Addresses and people


@pytest.mark.parametrize(
    "query",
    ["figure=nonsense", "figure=", "period=%F0%9F%98%80", "period=any&from=x&to=y", "figure=open&figure=%00x"[:11],
     "period=any&from=2026-03-02&to=2026-03-01", "figure=" + "长" * 3000],
)  # fmt: skip
def test_what_makes_no_sense_is_the_usual(city, query):
    count()
    client = officer_at(city.street)
    data = map_of(client, city.street, query)
    assert data["figure"]["key"] in mapping.FIGURES and data["period"]["label"] == "本月"
    with clock.at(NOW):
        assert open_page(client, f"/dashboards/{city.street.pk}/map/?{query}")


def test_before_the_first_round_there_is_land_and_no_figure(city):
    data = map_of(officer_at(city.street), city.street)
    assert values_of(data) == {"花城社区": None, "隔壁社区": None} and data["as_of"] is None
    assert all(each["geometry"] for each in data["features"]) and data["total"] == "—"
    with clock.at(NOW):
        assert "还没有汇总" in open_page(officer_at(city.street), f"/dashboards/{city.street.pk}/map/")


def test_outsiders_find_no_map(city):
    count()
    stranger = strong_client(city.next_door.secretary)
    resident = weak_client(a_user("居民"))
    for tail in ("map.json", "map/", "map/points.json"):
        url = f"/dashboards/{city.home.organization.pk}/{tail}"
        assert stranger.get(url).status_code == 404
        assert resident.get(url).status_code == 404
        assert weak_client(city.home.secretary).get(url).status_code == 302, "to the password"
        assert stranger.get(f"/dashboards/999999/{tail}").status_code == 404
        assert (
            stranger.post(
                url.replace(str(city.home.organization.pk), str(city.next_door.organization.pk))
            ).status_code
            == 405
        )


def test_names_are_words_not_markup(city):
    Organization.objects.filter(pk=city.home.organization.pk).update(short_name="<b>花城</b>&")
    draw(city.home, HOME)
    count()
    with clock.at(NOW):
        page = open_page(officer_at(city.street), f"/dashboards/{city.street.pk}/map/")
    assert "<b>花城" not in page and "&lt;b&gt;花城&lt;/b&gt;&amp;" in page


def test_the_picture_links_where_the_data_does(city):
    at_work(city)
    count()
    with clock.at(NOW):
        ground = mapping.ground_of(area_of(city.street))
        drawing = mapping.draw(city.home.secretary, ground, window("month"), mapping.FIGURES["overdue"], NOW)
    picture = mapping.svg(drawing)
    paths = re.findall(r'<path class="(h\d)" d="(M[^"]+)Z"', picture)
    assert [tone for tone, _ in paths] == ["h2", "h2"]
    corners = [float(x) for _, line in paths for x in re.findall(r"[ML]([\d.]+)", line)]
    assert min(corners) >= 0 and max(corners) <= 760
    assert "花城社区：1 件" in picture and 'viewBox="0 0 760' in picture
    assert mapping.svg(drawing, width=1200, most_height=200).startswith(
        '<svg class="map-svg" viewBox="0 0 1200 200"'
    )
