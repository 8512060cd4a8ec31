"""Points of open requests: within powers only, and never nearer than powers allow."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards import mapping
from dashboards.areas import area_of
from grids.models import Grid
from ground import clock
from organizations import tree
from organizations.models import Organization
from organizations.posts import Post, Tier
from requests import workflow
from requests.models import ServiceRequest
from tests.dashboards.map_scenes import HOME, NOW, SIDE, a_drawn_city, bound, count, draw, officer_at, square
from tests.desk.scenes import accept, ask
from tests.factories import City, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
#: The middle of the home community's second-tier grid, and where its building stands.
MIDDLE, BUILDING = [HOME[0] + SIDE / 4, HOME[1] + SIDE / 4], [113.58, 24.80]


@pytest.fixture
def city() -> City:
    cache.clear()
    return a_drawn_city()


def points(client: Client, node: Organization | None) -> dict[str, Any]:
    with clock.at(NOW):
        answer = client.get(f"/dashboards/{node.pk if node else 'city'}/map/points.json")
    assert answer.status_code == 200, answer.status_code
    return answer.json()


def numbers_of(data: dict[str, Any]) -> set[str]:
    return {each["number"] for spot in data["spots"] for each in spot["requests"]}


def test_who_reads_a_request_sees_where_it_is(city):
    request = ask(city.home, NOW - timedelta(hours=1), by=a_user("周小明"))
    ServiceRequest.objects.filter(pk=request.pk).update(lng=113.5812, lat=24.8034)
    ask(city.home, NOW - timedelta(hours=2), text="三楼")
    data = points(strong_client(city.home.secretary), city.home.organization)
    assert sorted(spot["at"] for spot in data["spots"]) == [BUILDING, [113.5812, 24.8034]]
    assert not any(spot["coarse"] for spot in data["spots"])
    row = next(
        each for spot in data["spots"] for each in spot["requests"] if each["number"] == request.number
    )
    assert row["title"] == request.title and row["url"] == f"/desk/requests/{request.number}/"
    assert "周小明" not in json.dumps(data, ensure_ascii=False)


@pytest.mark.parametrize("seat", ["city", "district", "street", "branch"])
def test_masked_viewers_see_the_middle_of_the_grid_and_no_words(city, seat):
    request = ask(city.home, NOW - timedelta(hours=1), text="独居老人家里漏水", address="302 房")
    ServiceRequest.objects.filter(pk=request.pk).update(lng=113.5812, lat=24.8034)
    branch = city.home.grid.branch
    node = {"city": None, "district": city.district, "street": city.street, "branch": branch}[seat]
    if seat == "branch":
        secretary = a_user("支部书记")
        appoint(secretary, Post.SECRETARY, branch)
        client = strong_client(secretary)
    else:
        client = officer_at(node)
    data = points(client, node)
    (spot,) = data["spots"]
    assert spot["at"] == pytest.approx(MIDDLE) and spot["coarse"]
    assert set(spot["requests"][0]) == {"number", "category", "state", "overdue", "due", "url"}
    told = json.dumps(data, ensure_ascii=False)
    for hidden in ("漏水", "302", "周小明", "113.5812", "24.8034", "113.58,"):
        assert hidden not in told.replace(" ", ""), hidden
    assert client.get(spot["requests"][0]["url"]).status_code == 200


def test_a_grid_worker_sees_the_own_grid_alone(city):
    other = Grid(tier=2, code="G2", name="第二网格", parent=city.home.first_grid)
    other.place_under(city.home.organization)
    other.save()
    mine, theirs = (
        ask(city.home, NOW - timedelta(hours=1)),
        ask(city.home, NOW - timedelta(hours=1), text="另一格"),
    )
    ServiceRequest.objects.filter(pk=theirs.pk).update(grid=other)
    branch = city.home.grid.branch
    assert numbers_of(points(strong_client(a_grid_worker(city.home)), branch)) == {mine.number}


def test_those_without_sight_of_requests_find_nothing(city):
    ask(city.home, NOW - timedelta(hours=1))
    head = a_user("楼长")
    group = tree.plant(parent=city.home.grid.branch, tier=Tier.BUILDING_GROUP, name="1 栋党小组", by=None)
    appoint(head, Post.BUILDING_HEAD, group)
    client = strong_client(head)
    count()
    with clock.at(NOW):
        assert client.get(f"/dashboards/{group.pk}/map.json").status_code == 200
        assert client.get(f"/dashboards/{group.pk}/map/points.json").status_code == 404
        page = client.get(f"/dashboards/{group.pk}/map/").content.decode()
    assert "data-map-points" not in page


def test_only_what_is_open_and_every_matter_once(city):
    ask(city.home, NOW - timedelta(hours=5))
    gone = ask(city.home, NOW - timedelta(hours=4), text="不用了")
    with clock.at(NOW - timedelta(hours=3)):
        workflow.withdraw(gone, by=gone.submitter)
    part = ask(city.home, NOW - timedelta(hours=2), text="分出来的")
    ServiceRequest.objects.filter(pk=part.pk).update(whole=ServiceRequest.objects.exclude(pk=part.pk).first())
    data = points(officer_at(city.street), city.street)
    count()
    assert sum(spot["n"] for spot in data["spots"]) == 1
    ground = mapping.ground_of(area_of(city.street))
    assert len(ground.children) == 2


def test_without_a_boundary_it_goes_by_what_lies_around(city):
    ask(city.home, NOW - timedelta(hours=1))
    client = officer_at(city.street)
    bound(city.home.grid, None)
    assert points(client, city.street)["spots"][0]["at"] == pytest.approx(
        [HOME[0] + SIDE / 2, HOME[1] + SIDE / 2]
    )
    bound(city.home.first_grid, None)
    data = points(client, city.street)
    assert data["spots"] == [] and data["words"] == "1 件在办；其中 1 件没有位置，画不出来"
    Organization.objects.filter(pk=city.home.organization.pk).update(lng=113.5, lat=24.7)
    assert points(client, city.street)["spots"][0]["at"] == [113.5, 24.7]
    draw(city.home, HOME)


def test_the_most_urgent_come_one_by_one_the_others_as_a_number(city):
    late = [ask(city.home, NOW - timedelta(days=8 - n), text=f"旧 {n}") for n in range(3)]
    for request in late:
        accept(request, city.home, NOW - timedelta(days=4))
    for n in range(4):
        ask(city.next_door, NOW - timedelta(minutes=n), text=f"新 {n}")
    leader = a_user("分管领导")
    appoint(leader, Post.LEADER_IN_CHARGE, city.street)
    with clock.at(NOW):
        data = mapping.points_of(leader, mapping.ground_of(area_of(city.street)), most=3)
    assert numbers_of(data) == {request.number for request in late}
    assert all(each["overdue"] for spot in data["spots"] for each in spot["requests"])
    assert data["beyond"] == [{"place": f"o{city.next_door.organization.pk}", "name": "隔壁社区", "n": 4}]
    assert data["words"] == "先画最急的 3 件，其余 4 件按片区计数"


def test_they_cost_the_same_however_many(city):
    client = officer_at(city.street)
    spent = []
    for n in (1, 12):
        for k in range(n):
            ask(city.home, NOW - timedelta(hours=k + 1), text=f"{n} {k}")
        points(client, city.street)
        with clock.at(NOW), CaptureQueriesContext(connection) as captured:
            client.get(f"/dashboards/{city.street.pk}/map/points.json")
        spent.append(len(captured))
    assert spent[0] == spent[1] <= 12, spent


def test_a_third_tier_grid_may_be_one_house_so_masked_viewers_see_the_grid_around_it(city):
    house = Grid(tier=3, code="G11", name="1 栋", parent=city.home.grid)
    house.place_under(city.home.organization)
    bound(house, square(HOME[0], HOME[1], 0.0002))
    request = ask(city.home, NOW - timedelta(hours=1))
    ServiceRequest.objects.filter(pk=request.pk).update(grid=house, building=None, lng=None, lat=None)
    assert points(officer_at(city.street), city.street)["spots"][0]["at"] == pytest.approx(MIDDLE)
    exact = points(strong_client(city.home.secretary), city.home.organization)["spots"][0]
    assert exact["at"] == pytest.approx([HOME[0] + 0.0001, HOME[1] + 0.0001])
    bound(city.home.grid, None)
    whole = points(officer_at(city.street), city.street)["spots"][0]
    assert whole["at"] == pytest.approx([HOME[0] + SIDE / 2, HOME[1] + SIDE / 2])


@pytest.mark.services
def test_it_reads_open_requests_not_all_there_ever_were(city):
    """Thirty thousand that are closed, and nobody reads them: the plan goes by an index of the open ones."""
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    ask(city.home, NOW - timedelta(hours=1))
    columns = [each.column for each in ServiceRequest._meta.concrete_fields if not each.primary_key]
    own = {
        "number": "'OLD' || n", "key": "gen_random_uuid()", "state": "'closed'", "due": "NULL",
        "submitted_at": "submitted_at - n * interval '1 minute'",
    }  # fmt: skip
    read = ", ".join(own.get(column, f'"{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO requests_servicerequest ({named}) "  # noqa: S608 - names of our own columns
            f"SELECT {read} FROM requests_servicerequest, generate_series(1, 30000) AS n"
        )
        cursor.execute("ANALYZE requests_servicerequest")
    client = officer_at(city.district)
    with CaptureQueriesContext(connection) as captured:
        data = points(client, city.district)
    assert len(data["spots"]) == 1
    asked = [each["sql"] for each in captured if 'FROM "requests_servicerequest"' in each["sql"]]
    assert len(asked) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[0]}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on requests_servicerequest" not in plan, plan
    assert "request_open_due" in plan or "request_watched" in plan, plan
