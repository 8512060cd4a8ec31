"""The pages and calls of the five boards: who sees what of whom, under every policy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ground import clock
from organizations.posts import Post
from tests.desk.scenes import open_page
from tests.factories import City, a_unit, a_user, appoint
from tests.organizations.policy_scenes import an_officer, sign
from tests.signing_in import strong_client, weak_client
from tests.volunteers.board_scenes import a_service
from tests.volunteers.scenes import CHINA, LONG_AGO, a_city, a_volunteer
from volunteers import leaderboards
from volunteers.leaderboards import paging
from volunteers.models import Board, BoardRow, Star, Volunteer
from volunteers.states import BoardKind, Period

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 21, tzinfo=CHINA)
OCTOBER = datetime(2026, 10, 20, 19, tzinfo=CHINA)


@pytest.fixture
def city() -> City:
    return a_city()


def members(city: City, number: int = 6, **extra: Any) -> list[Volunteer]:
    """So many people of one unit who served in November, the first the longest, and in October the last only."""
    with clock.at(LONG_AGO):
        unit = extra.pop("unit", None) or a_unit(city, "市电力公司")
        people = [a_volunteer(city, unit=unit, **extra) for _ in range(number)]
    for place, person in enumerate(people):
        a_service(city.home, person, NOW - timedelta(days=1), [600 - 60 * place])
    a_service(city.home, people[-1], OCTOBER, [60])
    return people


def computed() -> None:
    with clock.at(OCTOBER + timedelta(hours=1)):
        leaderboards.refresh_all()
    with clock.at(NOW):
        leaderboards.refresh_all()


def look(client: Client, url: str) -> str:
    with clock.at(NOW):
        return open_page(client, url)


def code(client: Client, url: str) -> int:
    with clock.at(NOW):
        return client.get(url).status_code


def policy(city: City, **fields: Any) -> None:
    with clock.at(NOW):
        sign(an_officer(city.district), city.district, **fields)


# All five


def test_every_board_is_one_tap_from_the_others_and_shows_ones_own(city):
    first, *_ = members(city)
    computed()
    client = weak_client(first.user)
    page = look(client, f"/leaderboards/{city.district.pk}/")
    for url in (
        f"/leaderboards/{city.home.organization.pk}/",
        *(f"/leaderboards/city/{slug}/" for slug in ("members", "units", "communities")),
    ):
        assert f'{url}?period=month"' in page
        assert "还没有名次" not in look(client, url)
    assert "花城社区党员服务榜" in look(client, f"/leaderboards/{city.home.organization.pk}/")
    units = look(client, "/leaderboards/city/units/")
    assert "市电力公司" in units and "报到 6 人" in units and "满 5 人的单位参加排名" in units
    assert "花城社区" in look(client, "/leaderboards/city/communities/")
    assert code(client, "/leaderboards/city/gold/") == 404


def test_past_months_are_kept_and_found(city):
    *_, last = members(city)
    computed()
    client, url = weak_client(last.user), f"/leaderboards/{city.district.pk}/"
    assert "2026 年 10 月" in look(client, url)
    page = look(client, f"{url}?on=2026-10-01")
    assert "共 1 人" in page and str(last) in page
    score = look(client, f"{url}{last.pk}/?on=2026-10-01")
    assert "2026 年 10 月名次" in score and "1 小时" in score
    assert "那时候没有名次" in look(client, f"{url}?on=2025-10-01")
    assert "共 6 人" in look(client, f"{url}?on=nonsense")


def test_one_finds_a_name_and_oneself_far_down(city, monkeypatch):
    monkeypatch.setattr(paging, "PER_PAGE", 2)
    people = members(city)
    computed()
    client, url = weak_client(people[-1].user), f"/leaderboards/{city.district.pk}/"
    page = look(client, url)
    assert "我：第 6 名" in page and "page=3" in page and "共 3 页" in page
    last = look(client, f"{url}?page=3")
    assert (
        str(people[4]) in last
        and "我：第 6 名" in last
        and "看前后的名次" in page
        and "看前后的名次" not in last
    )
    for nonsense in ("0", "-1", "x", "99999999999999999999"):
        assert code(client, f"{url}?page={nonsense}") == 200
    found = look(client, f"{url}?q={people[3]}")
    assert f"{url}{people[3].pk}/" in found and f"{url}{people[0].pk}/" not in found
    assert "榜上没有找到" in look(client, f"{url}?q=没有这个人")


def test_scores_of_units_and_communities_open_to_counts_and_people_where_powers_allow(city):
    first, *_ = members(city)
    computed()
    unit = first.unit
    liaison = a_user("联络员")
    appoint(liaison, Post.UNIT_LIAISON, unit)
    urls = (
        f"/leaderboards/city/units/{unit.pk}/",
        f"/leaderboards/city/communities/{city.home.organization.pk}/",
    )
    neighbour = look(weak_client(first.user), urls[0])
    assert "按职责领域" in neighbour and "平安守护" in neighbour and '6<span class="unit">人次' in neighbour
    assert str(first) in neighbour and neighbour.count("<small>1 次</small>") == 1, (
        "of the people only oneself"
    )
    secretary = look(strong_client(city.home.secretary), urls[1])
    assert "按人" in secretary and str(first) in secretary
    with clock.at(NOW):
        assert strong_client(liaison).get(urls[0]).status_code in (
            200,
            404,
        )  # boards are for those of the district
    assert code(weak_client(first.user), "/leaderboards/city/units/999/") == 404


def test_outsiders_find_no_board(city):
    members(city)
    computed()
    client = weak_client(a_user("居民"))
    for url in (
        f"/leaderboards/{city.district.pk}/", f"/leaderboards/{city.home.organization.pk}/",
        "/leaderboards/city/members/", f"/leaderboards/city/units/{a_unit(city).pk}/",
        "/api/v1/leaderboards/members/", f"/api/v1/leaderboards/{city.home.organization.pk}/",
        f"/leaderboards/{city.street.pk}/",
    ):  # fmt: skip
        assert code(client, url) == 404, url
    with clock.at(NOW):
        assert client.get("/api/v1/stars/").json()["results"] == []


# Positive, and who wishes not to be named


def test_who_wishes_not_to_be_named_is_named_nowhere_and_sees_his_own(city):
    first, second, *_ = people = members(city)
    computed()
    policy(city, boards="positive")
    client, board = weak_client(first.user), f"/leaderboards/{city.district.pk}/"
    assert "不想上榜？" in look(client, "/service/") and "不想上榜？" in look(client, board)
    with clock.at(NOW):
        assert client.post("/leaderboards/listing/", {"is_listed": "no"}).status_code == 302
        assert client.post("/leaderboards/listing/", {"is_listed": "no"}).status_code == 302, "a second tap"
    first.refresh_from_db()
    assert first.hides_from_boards
    others = weak_client(second.user)
    for url in (board, "/leaderboards/city/members/", f"/leaderboards/{city.home.organization.pk}/"):
        page = look(others, url)
        assert str(second) in page and str(first) not in page
    assert code(others, f"{board}{first.pk}/") == 404
    with clock.at(NOW):
        rows = others.get(f"/api/v1{board}").json()["results"]
    assert [row["volunteer"] for row in rows] == [second.pk]
    assert "我：第 1 名" in look(client, board) and "你没有上榜" in look(client, "/service/")
    with clock.at(NOW):
        client.post("/leaderboards/listing/", {"is_listed": "yes"})
    assert f"{board}{first.pk}/" in look(others, board)
    assert people


def test_where_all_are_named_nobody_leaves(city):
    first, *_ = members(city)
    client = weak_client(first.user)
    assert "不想上榜" not in look(client, "/service/")
    with clock.at(NOW):
        client.post("/leaderboards/listing/", {"is_listed": "no"})
    first.refresh_from_db()
    assert not first.hides_from_boards
    assert client.get("/leaderboards/listing/").status_code == 405


def test_a_board_of_the_city_follows_the_policy_of_each_district(city):
    here, elsewhere = members(city), a_city("浈江")
    there = members(elsewhere)
    computed()
    policy(elsewhere, boards="positive")
    page = look(weak_client(here[0].user), "/leaderboards/city/members/")
    shown = {person.pk for person in (*here, *there) if f"/members/{person.pk}/" in page}
    assert shown == {*(person.pk for person in here), *(person.pk for person in there[:2])}
    policy(elsewhere, boards="off")
    page = look(weak_client(here[0].user), "/leaderboards/city/members/")
    assert not any(f"/members/{person.pk}/" in page for person in there)


# Closed days and stars


def test_a_closed_day_can_be_looked_up(city):
    first, *_ = members(city)
    computed()
    with clock.at(NOW + timedelta(days=1)):
        leaderboards.close_due()
    client, board = weak_client(first.user), f"/leaderboards/{city.district.pk}/"
    assert "11月20日结榜" in look(client, board)
    page = look(client, f"{board}?day=2026-11-20")
    assert "当天结束时的前 50 名" in page and str(first) in page
    assert code(client, f"{board}?day=2026-11-19") == 404
    with clock.at(NOW):
        kept = client.get(f"/api/v1{board}snapshots/").json()["results"]
    assert (kept[0]["day"], kept[0]["size"], kept[0]["rows"][0]["id"]) == ("2026-11-20", 6, first.pk)
    policy(city, boards="positive")
    assert (
        len(look(client, f"{board}?day=2026-11-20").split('class="rank')) - 1 == 2 + 1
    )  # the list, and two rows


def test_a_closed_day_of_the_city_shows_no_more_than_the_policies_of_today(city):
    """Communities as well as people: below the first third none is named, of a district without boards none."""
    here, elsewhere = members(city), a_city("浈江")
    members(elsewhere)
    computed()
    with clock.at(NOW + timedelta(days=1)):
        leaderboards.close_due()
    client, url = weak_client(here[0].user), "/leaderboards/city/communities/?day=2026-11-20"
    ours, theirs = city.home.organization, elsewhere.home.organization
    board = Board.objects.get(kind="city_communities", period="month", starts_on="2026-11-01")
    assert {row["id"] for row in board.snapshots.get().rows} == {ours.pk, theirs.pk}
    last = board.rows.get(rank=2).community
    kept = "/api/v1/leaderboards/communities/snapshots/"

    def shown():
        with clock.at(NOW):
            return {row["id"] for row in client.get(kept).json()["results"][0]["rows"]}

    assert shown() == {ours.pk, theirs.pk}
    for place in (city, elsewhere):
        policy(place, boards="positive")
    assert shown() == {ours.pk, theirs.pk} - {last.pk}
    assert look(client, url).count('class="rank') == 1 + 1  # the list, and one row
    policy(elsewhere, boards="off")
    assert theirs.pk not in shown()


def test_stars_stand_on_the_board_and_on_ones_own_page(city):
    *_, star = members(city)
    computed()
    with clock.at(datetime(2026, 11, 5, 1, tzinfo=CHINA)):
        leaderboards.close_due()
    client = weak_client(star.user)
    assert "10月报到之星" in look(client, f"/leaderboards/{city.district.pk}/")
    own = look(client, "/service/")
    assert "荣誉" in own and "2026年10月报到之星" in own
    with clock.at(NOW):
        found = client.get("/api/v1/stars/").json()["results"]
        there = client.get(f"/api/v1/stars/?organization={city.home.organization.pk}").json()["results"]
    assert len(found) == 2 and len(there) == 1 and there[0]["name"] == str(star)
    assert Star.objects.count() == 2


# Everybody


def test_the_public_page_shows_surnames_and_units_where_the_policy_says_so(city):
    members(city, name="王守林")
    computed()
    url = f"/public/leaderboards/{city.district.pk}/"
    urls = (url, "/public/leaderboards/", "/public/leaderboards/city/members/")
    for each in urls:
        assert code(Client(), each) == 404
    policy(city, boards_public=True)
    page = look(Client(), url)
    assert (
        "王**" in page
        and "王守林" not in page
        and "市电力公司" in page
        and "/leaderboards/city/units/" in page
    )
    assert f'href="/leaderboards/{city.district.pk}' not in page
    assert "武江区党员" in look(Client(), "/public/leaderboards/")
    assert "市电力公司" in look(Client(), "/public/leaderboards/city/units/")
    assert "王**" in look(Client(), f"/public/leaderboards/{city.home.organization.pk}/")
    for missing in ("gold/", "units/1/"):
        assert code(Client(), f"/public/leaderboards/city/{missing}") == 404
    assert code(Client(), f"/public/leaderboards/{city.street.pk}/") == 404
    policy(city, boards_public=False)
    for each in urls:
        assert code(Client(), each) == 404, "at once, whatever is kept"


def test_public_boards_of_the_city_leave_out_districts_that_do_not_allow_it(city):
    members(city, unit=a_unit(city, "甲单位"))
    other = a_city("浈江")
    members(other, unit=a_unit(other, "乙单位"))
    computed()
    policy(city, boards_public=True)
    page = look(Client(), "/public/leaderboards/city/members/")
    assert "甲单位" in page and "乙单位" not in page
    assert "乙单位" not in look(Client(), "/public/leaderboards/city/units/")
    communities = look(Client(), "/public/leaderboards/city/communities/")
    assert communities.count("花城社区") == 1


def test_a_positive_public_board_names_the_first_third_without_those_who_left(city):
    first, second, *_ = members(city)
    computed()
    policy(city, boards="positive", boards_public=True)
    url = f"/public/leaderboards/{city.district.pk}/"
    assert look(Client(), url).count("党**") == 2
    with clock.at(NOW):
        weak_client(first.user).post("/leaderboards/listing/", {"is_listed": "no"})
    cache.clear()
    assert look(Client(), url).count("党**") == 1
    assert second


def test_the_public_page_has_a_limit(city):
    members(city)
    computed()
    policy(city, boards_public=True)
    cache.clear()
    client = Client()
    with clock.at(NOW):
        answers = [client.get("/public/leaderboards/").status_code for _ in range(61)]
    cache.clear()
    assert answers.count(200) == 60 and answers[-1] == 429


# Cost


def test_a_board_costs_the_same_for_few_and_many(city, django_assert_max_num_queries):
    people = members(city, 8)
    computed()
    client = weak_client(people[0].user)
    urls = (
        f"/leaderboards/{city.district.pk}/", f"/leaderboards/{city.home.organization.pk}/?period=year",
        "/leaderboards/city/members/", "/leaderboards/city/units/", "/leaderboards/city/communities/",
        f"/leaderboards/{city.district.pk}/?q=党",
    )  # fmt: skip
    for url in urls:
        look(client, url)
        with django_assert_max_num_queries(25):
            look(client, url)
    assert (
        BoardRow.objects.filter(board__kind=BoardKind.DISTRICT_MEMBERS, board__period=Period.YEAR).count()
        == 8
    )


def test_closed_days_cost_the_same_however_many(city):
    here = members(city)
    computed()
    client, url = weak_client(here[0].user), "/api/v1/leaderboards/members/snapshots/"

    def cost(days: int) -> int:
        for day in range(days):
            with clock.at(NOW + timedelta(days=day + 1)):
                leaderboards.close_due()
        with clock.at(NOW), CaptureQueriesContext(connection) as asked:
            assert len(client.get(url).json()["results"]) == days
        return len(asked)

    assert cost(1) == cost(4)


def test_numbers_too_long_to_read_are_passed_over(city):
    first, *_ = members(city)
    computed()
    client, long = weak_client(first.user), "9" * 5000
    board = f"/leaderboards/{city.district.pk}/"
    assert [code(client, f"{board}?{name}={long}") for name in ("page", "community")] == [200, 200]
    assert code(client, f"/api/v1/leaderboards/{long}/") == 404
