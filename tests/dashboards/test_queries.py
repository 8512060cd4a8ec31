"""What a dashboard asks of the database: at most fifteen questions, the same at ten times the rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grids.models import Grid
from ground import clock
from organizations import tree
from organizations.models import Organization
from organizations.posts import Post, Tier
from tests.dashboards.page_scenes import NOW, officer_of, rolled, url_of
from tests.desk.scenes import ask, open_page, queries_of
from tests.factories import City, a_community, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers import scenes
from volunteers import leaderboards

pytestmark = pytest.mark.django_db
AT = NOW + timedelta(hours=10)
MOST = 15
#: A dashboard reads rollups, what is around the node, and the frame of every page of the desk.
FRAME = (
    "django_session", "accounts_user", "organizations_appointment", "organizations_workdayoverride",
    "requests_servicerequest", "requests_dispatch",
)  # fmt: skip


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def nodes_of(city: City) -> list[Organization]:
    """One of each tier."""
    branch = city.home.grid.branch
    assert branch is not None
    group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name="第一楼栋党小组", by=None)
    zone = tree.plant(parent=group, tier=Tier.DUTY_ZONE, name="一单元责任区", by=None)
    type(city.home.building).objects.filter(pk=city.home.building.pk).update(group=group)
    nodes = [city.district, city.street, city.home.organization, branch, group, zone]
    return list(Organization.objects.filter(pk__in=[node.pk for node in nodes]).order_by("tier"))


def grow(city: City) -> None:
    """Nine more of everything."""
    branch = city.home.grid.branch
    for number in range(9):
        code = f"{city.district.code}1{number:02}"
        street = tree.plant(parent=city.district, tier=Tier.STREET, name=f"{number} 街道", code=code, by=None)
        ask(a_community(street, f"{number} 号"), NOW - timedelta(hours=2))
        a_community(city.street, f"第 {number}")
        grid = Grid(tier=2, code=f"N{number}", name=f"{number} 网格", parent=city.home.first_grid)
        grid.place_under(city.home.organization)
        grid.branch = branch
        grid.save()
        group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name=f"{number} 党小组", by=None)
        tree.plant(parent=group, tier=Tier.DUTY_ZONE, name=f"{number} 责任区", by=None)
        ask(city.home, NOW - timedelta(hours=2), text=f"{number} 件")
        scenes.credited(city.home, scenes.a_volunteer(city), starts_at=NOW - timedelta(days=number + 1))


def everything_rolled() -> None:
    rolled(AT)
    with clock.at(AT):
        leaderboards.refresh_due()


def counted(client: Client, urls: list[str]) -> list[int]:
    with clock.at(AT):
        return [queries_of(client, url) for url in urls]


def test_a_dashboard_costs_the_same_however_many_children_and_rows(city: City) -> None:
    client = officer_of(city)
    ask(city.home, NOW - timedelta(hours=1))
    scenes.credited(city.home, scenes.a_volunteer(city))
    everything_rolled()
    urls = [
        f"{url_of(node)}{query}"
        for node in nodes_of(city)
        for query in ("", "?period=any&from=2024-01-05&to=2026-11-19&sort=response_rate")
    ]
    few = counted(client, urls)
    grow(city)
    everything_rolled()
    assert counted(client, urls) == few
    assert max(few) <= MOST, dict(zip(urls, few, strict=True))


def of_the_city(city: City) -> tuple[Client, str]:
    inspector = a_user("市里")
    appoint(inspector, Post.OFFICER)
    tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="999999", by=None)
    return strong_client(inspector), reverse("dashboards:city")


def of_a_secretary(city: City) -> tuple[Client, str]:
    return strong_client(city.home.secretary), url_of(city.home.organization)


def of_a_grid_worker(city: City) -> tuple[Client, str]:
    assert city.home.grid.branch is not None
    return strong_client(a_grid_worker(city.home)), url_of(city.home.grid.branch)


@pytest.mark.parametrize("whose", [of_the_city, of_a_secretary, of_a_grid_worker])
def test_so_it_does_for_whoever_looks(city: City, whose: Callable[[City], tuple[Client, str]]) -> None:
    client, url = whose(city)
    scenes.credited(city.home, scenes.a_volunteer(city))
    everything_rolled()
    few = counted(client, [url])
    grow(city)
    everything_rolled()
    assert counted(client, [url]) == few and few[0] <= MOST


def test_nothing_that_grows_with_events_is_counted(city: City) -> None:
    """Requests, claims, the ledger and events are only in the frame's counts of what waits for whoever looks."""
    client = officer_of(city)
    everything_rolled()
    for node in nodes_of(city):
        with clock.at(AT):
            open_page(client, url_of(node))
            with CaptureQueriesContext(connection) as captured:
                open_page(client, url_of(node))
        asked = [query["sql"] for query in captured]
        own = [sql for sql in asked if not any(f'FROM "{table}"' in sql for table in FRAME)]
        assert own
        for sql in own:
            for table in (
                "requests_servicerequest",
                "requestevent",
                "volunteers_ledgerentry",
                "claimevent",
                "whistleevent",
            ):
                assert f'FROM "{table}' not in sql, sql
