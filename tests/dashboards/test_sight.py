"""Who may look at which dashboards, and how far down each may open the figures (RULES 5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from ground import clock
from organizations import tree
from organizations.models import Unit
from organizations.posts import Post, Tier
from tests.dashboards.page_scenes import (
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
from tests.desk.scenes import ask, open_page
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def test_home_leads_to_the_own_top_node_with_the_period(city: City) -> None:
    client = officer_of(city)
    assert client.get("/dashboards/?period=week")["Location"].endswith(url_of(city.district, "?period=week"))
    worker = a_grid_worker(city.home)
    assert strong_client(worker).get("/dashboards/")["Location"].endswith(f"/{city.home.grid.branch_id}/")


def test_a_city_post_begins_with_its_district_or_with_all_of_them(city: City) -> None:
    inspector = a_user("市里")
    appoint(inspector, Post.OFFICER)
    client = strong_client(inspector)
    assert client.get("/dashboards/")["Location"].endswith(url_of(city.district))
    tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="999999", by=None)
    assert client.get("/dashboards/")["Location"] == reverse("dashboards:city")
    ask(city.home, NOW - timedelta(hours=1))
    rolled()
    with clock.at(NOW):
        response = client.get(reverse("dashboards:city"))
    rows = rows_of(response.context)
    assert list(rows)[:2] == ["武江区", "浈江区委"] or list(rows)[:2] == ["浈江区委", "武江区"]
    assert rows["合计"]["点单"].value == 1 == listed(client, rows["合计"]["点单"].url)
    assert "全市：" in response.content.decode()


def test_a_city_without_districts_has_a_page(db: None) -> None:
    inspector = a_user("市里")
    appoint(inspector, Post.OFFICER)
    assert "还没有汇总" in open_page(strong_client(inspector), reverse("dashboards:city"))


def test_only_the_own_part_of_the_tree_is_in_sight(city: City) -> None:
    secretary = strong_client(city.home.secretary)
    assert page_of(secretary, city.home.organization)
    for node in (city.district, city.street, city.next_door.organization):
        assert secretary.get(url_of(node)).status_code == 404
        assert secretary.get(f"{url_of(node)}table.csv").status_code == 404
    assert secretary.get(reverse("dashboards:city")).status_code == 404
    elsewhere = a_city("浈江")
    assert officer_of(city).get(url_of(elsewhere.district)).status_code == 404


def test_residents_liaisons_and_case_officers_find_nothing(city: City) -> None:
    unit = Unit.objects.create(name="区人民医院", kind=Unit.Kind.AGENCY, district=city.district)
    people = [a_user("居民")]
    for post in (Post.UNIT_LIAISON, Post.CASE_OFFICER):
        people.append(a_user(post.label))
        appoint(people[-1], post, unit)
    for person in people:
        for url in ("/dashboards/", url_of(city.district), url_of(city.home.organization)):
            assert strong_client(person).get(url).status_code == 404


def test_weak_sessions_and_visitors_sign_in_first(city: City, client: Client) -> None:
    for browser in (client, weak_client(city.home.secretary)):
        for url in ("/dashboards/", url_of(city.home.organization)):
            response = browser.get(url)
            assert response.status_code == 302 and response["Location"].startswith("/sign-in/")


def test_who_sees_requests_opens_rows_others_counts_per_child(city: City) -> None:
    """An officer sees them masked, a building head has totals only: no link leads him to a refusal."""
    at_work(city.home)
    branch = city.home.grid.branch
    assert branch is not None
    group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name="第一楼栋党小组", by=None)
    tree.plant(parent=group, tier=Tier.DUTY_ZONE, name="一单元责任区", by=None)
    type(city.home.building).objects.filter(pk=city.home.building.pk).update(group=group)
    rolled()
    officer = officer_of(city)
    total = rows_of(context_of(officer, group))["合计"]["点单"]
    assert listed(officer, total.url) == total.value == 9
    with clock.at(NOW):
        assert "周小明" not in officer.get(total.url).content.decode()
    head = a_user("楼长")
    appoint(head, Post.BUILDING_HEAD, group)
    client = strong_client(head)
    context = context_of(client, group)
    assert rows_of(context)["合计"]["点单"].value == 9 and not rows_of(context)["合计"]["点单"].url
    assert all(stage.number.url.startswith("?") for stage in context["funnel"] if stage.number)
    page = page_of(client, group)
    assert reverse("desk:requests") not in page


def test_a_grid_worker_sees_the_branch_of_his_grid(city: City) -> None:
    at_work(city.home)
    rolled()
    worker = strong_client(a_grid_worker(city.home))
    assert worker.get(url_of(city.home.organization)).status_code == 404
    branch = city.home.grid.branch
    assert branch is not None
    rows = rows_of(context_of(worker, branch))
    assert listed(worker, rows["第一网格"]["点单"].url) == rows["第一网格"]["点单"].value == 9
    trail = context_of(worker, branch)["trail"]
    assert [step["url"] for step in trail] == ["", "", "", ""], "what lies above is named, not linked"


def test_what_lies_above_ones_sight_is_named_not_linked(city: City) -> None:
    rolled()
    trail = context_of(strong_client(city.home.secretary), city.home.organization)["trail"]
    assert [(step["label"], bool(step["url"])) for step in trail] == [
        ("武江区", False),
        ("新华街道", False),
        ("花城社区", False),
    ]
    trail = context_of(officer_of(city), city.home.organization)["trail"]
    assert [bool(step["url"]) for step in trail] == [True, True, False]
