"""办理统计: every number leads to the rows it counts, whoever looks; small numbers are said as they are."""

import csv
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from desk.figure_tables import GROUPS, HEADINGS, UNIT_HEADINGS
from ground import clock
from organizations.posts import Post
from requests import dispatching, splitting, workflow
from requests.models import ServiceRequest
from tests.desk.scenes import ask, contact, finish, open_page, queries_of
from tests.factories import City, a_city, a_community, a_grid_worker, a_unit, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.workflow import CHINA, a_category

pytestmark = pytest.mark.django_db
URL, TABLE = "/desk/figures/", "/desk/figures/table.csv"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)


@pytest.fixture
def city() -> City:
    return a_city()


def officer_of(node: Any, post: str = Post.OFFICER) -> Any:
    officer = a_user("干部")
    appoint(officer, post, node)
    return strong_client(officer)


def at_work(city: City) -> None:
    """A dozen requests of two communities and two months, a part, one filed by staff, one dispatched."""
    for day in range(1, 13):
        home = city.home if day % 3 else city.next_door
        at = datetime(2026, 11 if day > 3 else 10, day, 9, 0, tzinfo=CHINA)
        extra = {"category": a_category("clean", name="卫生")} if day % 2 else {}
        row = ask(home, at, text=f"第 {day} 件", **extra)
        if day % 4 == 0:
            continue  # nobody looks at it
        with clock.at(at + timedelta(hours=day)):
            workflow.accept(row, by=home.secretary, track="important")
        contact(row, home, at + timedelta(hours=2 * day))
        if day % 5:
            finish(row, home, at + timedelta(days=day), stars=day % 6, solved=day % 6 > 2)
    started(city)


def started(city: City, name: str = "供电所") -> None:
    secretary = city.home.secretary
    row = ask(city.home, NOW - timedelta(days=2))
    unit, officer = a_unit(city, name), a_user("承办人")
    appoint(officer, Post.CASE_OFFICER, unit)
    with clock.at(NOW - timedelta(days=1)):
        workflow.accept(row, by=secretary, track="important")
        splitting.split(row, by=secretary, parts=["甲", "乙"])
        dispatching.dispatch(row, by=secretary, text="去修", unit=unit)
        ask(city.home, NOW - timedelta(days=1), by=secretary, without_phone="郑阿婆")


def lines(client: Any, **query: Any) -> dict[str, dict[str, Any]]:
    """Row → heading → cell."""
    with clock.at(NOW):
        context = client.get(URL, {"period": "year", **query}).context
    found = {name: dict(zip(context["headings"], cells, strict=True)) for name, cells in context["rows"]}
    if context["total"]:
        found["合计"] = dict(zip(context["headings"], context["total"], strict=True))
    return found


@pytest.mark.parametrize("group", [key for key in GROUPS if key != "unit"])
def test_every_number_opens_the_rows_it_counts(city: City, group: str) -> None:
    at_work(city)
    client = officer_of(city.district)
    followed = 0
    for name, cells in lines(client, by=group).items():
        for heading, cell in cells.items():
            if not cell.url:
                continue
            with clock.at(NOW):
                listed = len(client.get(cell.url).context["rows"])
            said = str(cell.note if heading in ("响应率", "受理率") and "中" in cell.note else cell.text)
            wanted = int(said.split("中")[1].strip(" 件")) if "中" in said else said
            if isinstance(wanted, int) or wanted.isdecimal():
                assert listed == int(wanted), (name, heading, cell)
                followed += 1
    assert followed >= 10


def test_groups_add_up_to_the_total(city: City) -> None:
    at_work(city)
    client = officer_of(city.district)
    for group in ("community", "handler", "category", "month"):
        found = lines(client, by=group)
        total = found.pop("合计")
        assert sum(cells["点单"].text for cells in found.values()) == total["点单"].text == 13, group
        assert total["点单"].note == "另有代点 1"
    months = lines(client, by="month")
    assert list(months)[:2] == ["2026 年 11 月", "2026 年 10 月"]
    assert set(lines(client, by="community")) == {"花城社区", "隔壁社区", "合计"}


def test_few_are_said_in_figures_and_many_as_a_share(city: City) -> None:
    for number in range(12):
        row = ask(city.home, NOW - timedelta(days=3, minutes=number))
        if number < 9:
            contact(row, city.home, NOW - timedelta(days=2, hours=23))
    ask(city.next_door, NOW - timedelta(days=3))
    found = lines(officer_of(city.district), by="community", period="month")
    assert (found["花城社区"]["响应率"].text, found["花城社区"]["响应率"].note) == ("75.0%", "12 件中 9 件")
    assert (found["隔壁社区"]["响应率"].text, found["隔壁社区"]["响应率"].note) == ("1 件中 0 件", "")
    assert found["隔壁社区"]["满意率"].text == "—"


def test_units_with_what_was_sent_to_them(city: City) -> None:
    at_work(city)
    found = lines(officer_of(city.district), by="unit")
    assert list(found) == ["供电所"]
    assert tuple(found["供电所"]) == UNIT_HEADINGS
    assert (found["供电所"]["派单"].text, found["供电所"]["主办点单"].text) == (1, 1)


def test_each_tier_looks_at_its_own(city: City) -> None:
    at_work(city)
    home = strong_client(city.home.secretary)
    page = open_page(home, URL)
    assert "花城社区办理统计" in page and "隔壁" not in page
    assert set(lines(home, by="handler")) == {"花城社区", "合计"}
    for node in (city.next_door.organization, city.street, city.district):
        for url in (URL, TABLE):
            assert home.get(url, {"node": node.pk}).status_code == 404
    street = officer_of(city.street)
    assert set(lines(street, node=city.home.organization.pk, by="community")) == {"花城社区", "合计"}
    worker = strong_client(a_grid_worker(city.home))
    assert worker.get(URL).status_code == 200


def test_who_has_no_requests_in_sight_has_no_page(city: City) -> None:
    assert strong_client(a_user("居民")).get(URL).status_code == 404
    assert weak_client(city.home.secretary).get(URL).status_code == 302
    for client in (strong_client(city.home.secretary), officer_of(city.district)):
        assert f'href="{URL}"' in open_page(client, URL)


@pytest.mark.parametrize(
    "query", [{"by": "x"}, {"period": "x"}, {"node": "x"}, {"node": "9" * 40}, {"by": ["a", "b"]}]
)
def test_strange_addresses_give_the_usual_page(city: City, query: dict[str, Any]) -> None:
    assert officer_of(city.district).get(URL, query).status_code == 200


def test_the_download_is_the_table_without_anybody_in_it(city: City) -> None:
    at_work(city)
    client = officer_of(city.district)
    for group in GROUPS:
        with clock.at(NOW):
            response = client.get(TABLE, {"by": group, "period": "year"})
        text = response.content.decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines()))
        assert len({len(row) for row in rows}) == 1, group
        assert rows[0][0] == GROUPS[group][0]
        assert not any(name in text for name in ("周小明", "郑阿婆", "书记"))
        if group != "unit":
            assert rows[-1][:3] == ["合计", "14", "1"]


def test_links_carry_what_narrows_them(city: City) -> None:
    at_work(city)
    client = officer_of(city.district)
    cell = lines(client, by="handler")["花城社区"]["点单"]
    query = parse_qs(urlsplit(cell.url).query)
    assert query["handler"] == [str(city.home.organization.pk)] and query["which"] == ["own"]
    assert urlsplit(cell.url).path == reverse("desk:requests")
    october = lines(client, by="month")["2026 年 10 月"]["点单"]
    assert parse_qs(urlsplit(october.url).query)["to"] == ["2026-10-31"]


@pytest.mark.parametrize("group", ["community", "month", "unit"])
def test_it_costs_the_same_however_many_there_are(city: City, group: str) -> None:
    started(city)
    client = officer_of(city.district)
    with clock.at(NOW):
        few = queries_of(client, f"{URL}?by={group}&period=year")
        for number in range(4):
            beyond = a_community(city.street, f"{number} 号")
            ask(
                beyond,
                NOW - timedelta(days=40 * number),
                category=a_category(f"c{number}", name=f"类{number}"),
            )
            started(city, f"单位 {number}")
        many = queries_of(client, f"{URL}?by={group}&period=year")
    assert abs(many - few) <= 1  # the session comes from the cache, or from the table
    assert few <= 18


def test_headings_and_cells_belong_together(city: City) -> None:
    at_work(city)
    found = lines(officer_of(city.district), by="category")
    assert all(tuple(cells) == HEADINGS for cells in found.values())
    assert ServiceRequest.objects.filter(whole__isnull=False).count() == 2
