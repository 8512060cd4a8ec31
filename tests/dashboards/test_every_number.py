"""Every number on every dashboard page equals the rows, and no digit stands there without saying what it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from dashboards import rolling
from dashboards.areas import area_of
from dashboards.page.surroundings import around
from dashboards.periods import before, window_of
from ground import clock
from organizations.posts import Post
from tests.dashboards.every_number import Mark, Page, Truth, fault
from tests.dashboards.page_scenes import NOW, at_work
from tests.dashboards.rolling.scenes import World, a_world
from tests.desk.scenes import accept, ask, contact, finish, open_page
from tests.factories import a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers.scenes import CHINA, credited
from tests.workflow.dispatched import sent

pytestmark = pytest.mark.django_db
PERIODS = [
    "",
    "?period=today",
    "?period=week",
    "?period=quarter",
    "?period=year",
    "?from=2026-10-03&to=2026-11-09",
]
PAGES = ["city", "district", "street", "other_street", "home", "far", "branch", "group", "zone"]
#: Words with digits that are no figures: dates of headings and axes, stars, shares of the rules, names of periods.
WORDS = re.compile(
    r"\d{4}年|\d{1,2}月\d{1,2}日(起)?|\d{1,2}月|\d{1,2}:\d{2}|1–3 星|4–5 星|90%|前 \d+ [天名]|\d{4}-\d{2}-\d{2}"
    r"|\d{4} 年节假日表|(今天起|接下来) 7 天|还有 \d+ 天|\d+ 个里排第|\d+ 个社区（村）"
)


@pytest.fixture(scope="module")
def world(django_db_setup: Any, django_db_blocker: Any) -> Iterator[tuple[World, Client]]:
    with django_db_blocker.unblock(), transaction.atomic():
        with clock.at(NOW - timedelta(days=80)):
            world = a_world()
        _work(world)
        with clock.at(NOW):
            rolling.rebuild()
            # Nothing that a page says may come from a figure that was not counted at the round.
            officer = a_user("市里")
            appoint(officer, Post.OFFICER)
            client = strong_client(officer)
        yield world, client
        transaction.set_rollback(True)


def _work(world: World) -> None:
    home = world.city.home
    for place in world.communities:
        at_work(place)
    for number, building in enumerate(world.buildings[:4]):
        start = datetime(2026, 11, 16, 9 + number, tzinfo=CHINA)
        row = ask(home, start, building=building, category=world.categories[1])
        accept(row, home, start + timedelta(minutes=7))
        contact(row, home, start + timedelta(minutes=55))
        if number % 2:
            finish(row, home, start + timedelta(hours=3 * number), stars=2 + number, solved=number != 1)
        with clock.at(start + timedelta(days=1)):
            again = ask(home, start + timedelta(days=1), building=building)
            accept(again, home, start + timedelta(days=1, hours=1))
        with clock.at(start + timedelta(days=1, hours=2)):
            sent(world.city, service_request=again)
    for number, volunteer in enumerate(world.volunteers[:3]):
        for days in (2, 20, 45):
            begun = datetime(2026, 11, 20, 18, 30, tzinfo=CHINA) - timedelta(days=days + number)
            credited(home, volunteer, starts_at=begun, minutes=60 + 13 * number, grid=world.corner)


def node_of(world: World, name: str) -> Any:
    home = world.city.home
    return {
        "city": None,
        "district": world.city.district,
        "street": world.city.street,
        "other_street": world.other_street,
        "home": home.organization,
        "far": world.far.organization,
        "branch": home.grid.branch,
        "group": world.groups[0],
        "zone": world.zones[0],
    }[name]


def opened(client: Client, node: Any, query: str = "") -> str:
    with clock.at(NOW):
        return open_page(client, f"/dashboards/{node.pk if node else 'city'}/{query}")


def truth_of(world: World, name: str, query: str) -> Truth:
    node, viewer = node_of(world, name), User.objects.get(name="市里")
    shown = window_of(dict(pair.split("=") for pair in query[1:].split("&") if pair))
    beside = around(viewer, area_of(node))
    return Truth(NOW, before(shown), beside.place, [line.place for line in beside.lines], beside.peers)


@pytest.mark.parametrize("query", PERIODS)
@pytest.mark.parametrize("name", PAGES)
def test_every_number_equals_the_rows(world: Any, name: str, query: str) -> None:
    scene, client = world
    page = Page(opened(client, node_of(scene, name), query))
    with clock.at(NOW):
        truth = truth_of(scene, name, query)
        faults = [said for mark in page.marks if (said := fault(mark, truth))]
    assert len(page.marks) > 25 and not faults, faults[:10]
    said = sum(any(digit in mark.text for digit in "123456789") for mark in page.marks)
    assert said > 2, "something to say"


@pytest.mark.parametrize("query", PERIODS)
@pytest.mark.parametrize("name", PAGES)
def test_no_digit_without_its_meaning(world: Any, name: str, query: str) -> None:
    scene, client = world
    page = Page(opened(client, node_of(scene, name), query))
    loose = [said for said in page.loose if re.search(r"\d", WORDS.sub("", said.partition(": ")[2]))]
    assert loose == []


def test_a_wrong_number_would_be_found(world: Any) -> None:
    """The test is one: a number more, another place's number, a rate of other days."""
    scene, client = world
    page = Page(opened(client, node_of(scene, "district")))
    with clock.at(NOW):
        truth = truth_of(scene, "district", "")
        for mark in page.marks:
            if mark.text.isdigit():
                wrong = Mark(**{**vars(mark), "text": str(int(mark.text) + 1)})
                assert fault(wrong, truth), wrong
