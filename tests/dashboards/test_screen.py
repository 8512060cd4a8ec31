"""大屏: who may look, figures without anybody's data, light and dark, and that it keeps nobody signed in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import User
from grids.models import Building, Compound
from ground import clock
from organizations import tree
from organizations.models import Member
from organizations.posts import Post, Tier
from requests.models import ServiceRequest
from tests.dashboards import map_scenes
from tests.dashboards.page_scenes import MARKED, NOW, at_work, officer_of, page_of, rolled
from tests.dashboards.patterns.scenes import again_and_again, look
from tests.desk.scenes import ask, open_page, queries_of
from tests.factories import City, a_city, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes
from volunteers import leaderboards
from volunteers.models import Whistle

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def wall(client: Client, node: Any, query: str = "") -> str:
    url = reverse("dashboards:screen", args=[node.pk]) if node else reverse("dashboards:city_screen")
    with clock.at(NOW):
        return open_page(client, url + query)


def everybody_at_work(city: City) -> None:
    """Requests, a member on the board, a whistle to come, a pattern, boundaries: all that a page can name."""
    at_work(city.home)
    ask(city.home, NOW - timedelta(days=9), text="三零二房欧阳阿婆摔倒了", by=a_user("欧阳求助"))
    volunteer = scenes.a_volunteer(city, name="慕容服务")
    scenes.credited(city.home, volunteer, starts_at=NOW - timedelta(days=2))
    scenes.a_whistle(
        city.home,
        title="陪欧阳阿婆看病",
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=1, hours=2),
    )
    with clock.at(NOW):
        leaderboards.refresh_due()
    again_and_again(city.home, 20, 13, 6, 1, now=NOW)
    look(city, now=NOW)
    map_scenes.draw(city.home, map_scenes.HOME)
    map_scenes.draw(city.next_door, map_scenes.NEXT_DOOR)
    rolled()


def named_of_people() -> set[str]:
    """Everything that the rows know of persons: names, numbers, words of theirs, where they live."""
    words: set[str] = set()
    for model, fields in (
        (User, ("name", "phone")),
        (Member, ("name", "phone")),
        (ServiceRequest, ("text", "number", "contact_name", "contact_phone")),
        (Whistle, ("title", "text", "place")),
        (Building, ("name",)),
        (Compound, ("name",)),
    ):
        known = {each.name for each in model._meta.get_fields()}
        assert known & set(fields), model
        for row in model._default_manager.all():
            words |= {str(getattr(row, name)) for name in fields if name in known and getattr(row, name)}
    return {word for word in words if len(word) > 1}


def test_nothing_of_anybody_is_on_the_wall(city: City) -> None:
    everybody_at_work(city)
    client, names = officer_of(city), named_of_people()
    assert {"欧阳求助", "慕容服务", "三零二房欧阳阿婆摔倒了", "陪欧阳阿婆看病", "花城小区 1 栋"} <= names
    page = page_of(client, city.home.organization)
    assert [word for word in names if word in page], "the page itself names somebody, or this proves nothing"
    for node in (city.district, city.street, city.home.organization):
        for query in ("", "?period=year", "?figure=satisfaction_rate"):
            html = wall(client, node, query)
            assert "超时" in html
            assert [word for word in names if word in html] == []


def test_it_leads_nowhere_but_back_and_to_the_other_light(city: City) -> None:
    everybody_at_work(city)
    html = wall(officer_of(city), city.district)
    body = html[html.index("<header") :]
    assert re.findall(r'<a [^>]*href="([^"]*)"', body) == [
        f"/dashboards/{city.district.pk}/?period=month",
        "?period=month&amp;theme=light",
    ]
    assert "<form" not in body


def test_it_says_what_the_page_says(city: City) -> None:
    everybody_at_work(city)
    client = officer_of(city)
    on_page = {
        (n, place, more): said for n, place, more, said in MARKED.findall(page_of(client, city.district))
    }
    on_wall = MARKED.findall(wall(client, city.district))
    assert {"response_rate", "satisfaction_rate", "overdue", "own", "resolved"} <= {
        each[0] for each in on_wall
    }
    for n, place, more, said in on_wall:
        assert on_page.get((n, place, more), said) == said
    known = [each for each in on_wall if each[:3] in on_page]
    assert len(known) > 20
    assert "未诉先办：1 处" in wall(client, city.district)
    assert 'class="map-svg"' in wall(client, city.district)


def test_it_is_dark_unless_it_is_asked_to_be_light(city: City) -> None:
    rolled()
    client = officer_of(city)
    client.cookies["ws_theme"], client.cookies["ws_size"] = "light", "large"
    assert 'data-theme="dark" data-size=""' in wall(client, city.district)
    assert 'data-theme="light" data-size=""' in wall(client, city.district, "?theme=light")
    assert 'data-theme="dark"' in wall(client, city.district, "?theme=%3Cscript&period=no&figure=no&from=x")


def test_before_the_first_round_it_says_that_there_is_nothing_yet(city: City) -> None:
    html = wall(officer_of(city), city.district)
    assert "还没有汇总" in html
    assert "data-screen" in html


def test_outsiders_find_nothing_and_posts_below_the_grid_branch_have_none(city: City) -> None:
    rolled()
    url = reverse("dashboards:screen", args=[city.home.organization.pk])
    elsewhere = a_city("浈江")
    assert strong_client(elsewhere.home.secretary).get(url).status_code == 404
    assert strong_client(city.next_door.secretary).get(url).status_code == 404
    assert strong_client(a_user("路人")).get(url).status_code == 404
    assert weak_client(a_user("居民")).get(url).status_code == 404
    assert Client().get(url)["Location"].startswith("/sign-in/")
    assert strong_client(city.home.secretary).get(url).status_code == 200
    branch = city.home.grid.branch
    assert branch is not None
    group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name="一栋党小组", code="", by=None)
    client = officer_of(city)
    assert wall(client, branch)
    assert client.get(reverse("dashboards:screen", args=[group.pk])).status_code == 404
    assert client.get(reverse("dashboards:screen", args=[0])).status_code == 404


def test_the_whole_city_is_for_posts_of_the_city(city: City) -> None:
    rolled()
    assert officer_of(city).get(reverse("dashboards:city_screen")).status_code == 404
    inspector = a_user("市里")
    appoint(inspector, Post.OFFICER)
    assert "全市" in wall(strong_client(inspector), None)


def test_looking_again_keeps_no_session_alive(city: City) -> None:
    """The wall asks every minute; the session must end when it would have ended without it."""
    rolled()
    client = weak_then_strong(city)
    before = Session.objects.values_list("session_data", "expire_date").get(pk=client.session.session_key)
    for _ in range(3):
        response = client.get(reverse("dashboards:screen", args=[city.district.pk]))
        assert response.status_code == 200
        assert "wenshao_session" not in response.cookies
        assert "no-store" in response["Cache-Control"]
    assert (
        Session.objects.values_list("session_data", "expire_date").get(pk=client.session.session_key)
        == before
    )


def test_when_the_strong_session_has_ended_it_asks_to_sign_in(city: City) -> None:
    rolled()
    client = weak_then_strong(city)
    url = reverse("dashboards:screen", args=[city.district.pk])
    with clock.at(clock.now() + timedelta(hours=13)):
        response = client.get(url)
    assert response.status_code == 302
    assert "/sign-in/" in response["Location"]


def test_a_long_list_of_children_shows_the_worst_and_says_how_many_there_are(city: City) -> None:
    for number in range(14):
        tree.plant(
            parent=city.street,
            tier=Tier.COMMUNITY,
            name=f"第{number}社区党委",
            code=f"88{number:010d}",
            by=None,
        )
    at_work(city.home)
    rolled()
    html = wall(officer_of(city), city.street)
    assert "前 12 个，共 16 个" in html
    bars = html[html.index('id="bars"') :].split("</section>")[0]
    assert bars.count("<tr>") == 13
    assert "花城社区" in bars


def test_it_costs_few_queries(city: City) -> None:
    everybody_at_work(city)
    client = officer_of(city)
    url = reverse("dashboards:screen", args=[city.district.pk])
    with clock.at(NOW):
        few = queries_of(client, url)
    assert few <= 15, few
    for number in range(10):
        ask(city.home, NOW - timedelta(days=3, minutes=number), text=f"又一件 {number}")
    rolled()
    with clock.at(NOW):
        assert queries_of(client, url) == few


def weak_then_strong(city: City) -> Client:
    """An officer whose strength ends after a working day."""
    client = officer_of(city)
    session = client.session
    session["strong_until"] = (clock.now() + timedelta(hours=12)).timestamp()
    session.save()
    return client
