"""台账总览: the figures of an area, where each leads, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from grids.models import Compound, Resident, SpecialGroup
from ground import clock
from organizations.posts import Post
from tests.desk.scenes import open_page, queries_of
from tests.factories import City, a_city, a_community, a_grid_worker, a_user, appoint
from tests.grids.listing import a_compound, a_grid, homeless_person, move_in, officer_at
from tests.grids.people import a_resident
from tests.grids.population import Cast, fill
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
URL = "/desk/territory/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def secretary(city: City) -> Client:
    return strong_client(city.home.secretary)


def tiles(client: Client, url: str = URL) -> dict[str, str]:
    return {tile["label"]: tile["figure"] for tile in client.get(url).context["tiles"]}


def lines(client: Client, url: str = URL) -> dict[str, list[str]]:
    return {row["name"]: row["cells"] for row in client.get(url).context["rows"]}


def test_the_figures_are_what_a_slow_count_says(city: City, secretary: Client) -> None:
    inner = a_grid(city.home, "N1", parent=city.home.grid)
    for household in (*move_in(city.home, 2), *move_in(city.home, 3, inner)):
        a_resident(household)
    Resident.objects.filter(pk=Resident.objects.first().pk).update(standing="left", left_on=clock.today())
    a_resident(move_in(city.next_door, 1)[0])
    found = tiles(secretary)
    assert [found[name] for name in ("网格", "小区", "楼栋", "房屋", "户", "居民")] == [
        "3",
        "1",
        "2",
        "5",
        "5",
        "4",
    ]
    assert found["网格党组织覆盖"] == "33.3%"
    table = lines(secretary)
    assert table["第一网格"] == ["2", "1", "2", "5", "5", "4", "50.0%"], "with the grids inside it"
    whole = secretary.get(URL).context["total"]
    assert whole == ["3", "1", "2", "5", "5", "4", "33.3%"]


def test_a_district_has_a_line_a_community_and_a_city_a_line_a_district(city: City) -> None:
    a_resident(move_in(city.home, 1)[0])
    homeless_person(city)
    by_community = lines(officer_at(city.district))
    assert by_community["花城社区"][-2] == "2" and by_community["隔壁社区"][-2] == "0"
    other = a_city("浈江")
    by_district = lines(officer_at(None))
    assert by_district["武江区"][-2] == "2" and by_district["浈江区"][-2] == "0"
    narrowed = lines(officer_at(None), f"{URL}?district={other.district.pk}")
    assert set(narrowed) == {"花城社区", "隔壁社区"} and narrowed["花城社区"][-2] == "0"


def test_the_cards_say_how_many_ask_for_somebody_to_act(city: City, secretary: Client) -> None:
    Compound.objects.update(branch=city.home.grid.branch)
    for number in range(3):
        a_compound(city.home, f"老院 {number}")
    page = open_page(secretary, URL)
    assert "3 个三无小区" in page and "1 个网格要补岗" in page and "每个人都登记了住处" in page
    cards = secretary.get(URL).context["cards"]
    assert [bool(card["number"]) for card in cards] == sorted(
        (bool(card["number"]) for card in cards), reverse=True
    )
    for card in cards:
        assert secretary.get(card["url"]).status_code == 200


def test_every_figure_leads_to_a_page_that_is_open(city: City) -> None:
    fill(city.home, 120)
    for user in (city.home.secretary, a_grid_worker(city.home)):
        follow_everything(strong_client(user))
    follow_everything(officer_at(city.street))
    follow_everything(officer_at(city.district))


def follow_everything(client: Client) -> None:
    shown = client.get(URL).context
    urls = [each["url"] for each in (*shown["tiles"], *shown["groups"], *shown["rows"])]
    for url in filter(None, urls):
        assert client.get(url).status_code == 200, url


def test_special_groups_are_counted_and_open_for_registry_sight_only(city: City, secretary: Client) -> None:
    group = SpecialGroup.objects.create(name="独居老人", purpose="定期上门探访")
    first, *_ = move_in(city.home, 1)
    a_resident(first, groups=[group])
    a_resident(move_in(city.next_door, 1)[0], groups=[group])
    assert [(each["name"], each["number"]) for each in secretary.get(URL).context["groups"]] == [
        ("独居老人", 1)
    ]
    assert "group=" in secretary.get(URL).context["groups"][0]["url"]
    officer = officer_at(city.street).get(URL).context["groups"]
    assert [(each["number"], each["url"]) for each in officer] == [(2, "")]


def test_a_grid_worker_sees_the_figures_of_his_grid(city: City) -> None:
    other = a_grid(city.home, "N7")
    a_resident(move_in(city.home, 1)[0])
    a_resident(move_in(city.home, 1, other)[0])
    worker = strong_client(a_grid_worker(city.home))
    assert tiles(worker)["居民"] == "1" and set(lines(worker)) == {"第一网格"}
    head = a_user("支书")
    appoint(head, Post.SECRETARY, city.home.grid.branch)
    assert tiles(strong_client(head))["居民"] == "1"


def test_a_district_is_counted_again_after_two_minutes_and_a_community_at_once(city: City) -> None:
    secretary, officer = strong_client(city.home.secretary), officer_at(city.district)
    assert tiles(officer)["居民"] == tiles(secretary)["居民"] == "0"
    a_resident(move_in(city.home, 1)[0])
    assert tiles(secretary)["居民"] == "1"
    answer = officer.get(URL)
    assert tiles(officer)["居民"] == "0" and "的数字" in answer.content.decode()
    inside = f"{URL}?community={city.home.organization.pk}"
    assert tiles(officer, inside)["居民"] == "1", "a community is counted at once, whoever looks"
    other = officer_at(city.street)
    assert tiles(other)["居民"] == "1", "a street as well"


def test_what_is_kept_for_one_district_is_not_shown_to_another(city: City) -> None:
    a_resident(move_in(city.home, 1)[0])
    other = a_city("浈江")
    assert tiles(officer_at(city.district))["居民"] == "1"
    assert tiles(officer_at(other.district))["居民"] == "0"
    assert tiles(officer_at(None))["居民"] == "1"


def test_it_costs_the_same_however_many_live_there(city: City) -> None:
    clients = [strong_client(city.home.secretary), officer_at(city.street)]
    cast = Cast()
    for place in (city.home, city.next_door):
        fill(place, 20, cast)
    few = [queries_of(client, URL) for client in clients]
    for number in range(5):
        fill(a_community(city.street, f"第{number}"), 60, cast)
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert [queries_of(client, URL) for client in clients] == few
    assert max(few) <= 34


def test_the_menu_leads_there(city: City, secretary: Client) -> None:
    assert f'href="{reverse("grids:overview")}"' in open_page(secretary, "/desk/")
