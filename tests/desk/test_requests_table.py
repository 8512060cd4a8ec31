"""点单表: the rows of the list, one a line, and nothing about a person; who may, what is logged, what it costs."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from desk import requests_table, searching
from desk.requests_table import MARKS, MOMENTS
from grids.models import Grid
from ground import clock
from organizations import access
from organizations.models import AccessLogEntry, Organization
from organizations.posts import Post
from requests import splitting
from requests.figures import total
from requests.models import Category, ServiceRequest
from requests.states import State
from tests.desk.scenes import CHINA, accept, ask, contact, finish, open_page
from tests.factories import City, a_city, a_grid_worker, a_unit, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.workflow import a_category

pytestmark = pytest.mark.django_db
URL, LIST = "/desk/requests.csv", "/desk/requests/"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)


@pytest.fixture
def city() -> City:
    with clock.at(NOW - timedelta(days=60)):
        return a_city()


@pytest.fixture
def worked(city: City) -> City:
    """In two communities: waiting, late, contacted in time and not, rated well and badly, a part, one by staff."""
    for day in range(1, 13):
        home = city.home if day % 3 else city.next_door
        extra = {"category": a_category("clean", name="卫生")} if day % 2 else {}
        at = datetime(2026, 11, day, 9, 0, 7, 654_321, tzinfo=CHINA)
        row = ask(home, at, text=f"第 {day} 件", **extra)
        if day % 4 == 0:
            continue
        accept(row, home, at + timedelta(hours=4 * day), track="important")
        contact(row, home, at + timedelta(hours=5 * day))
        if day % 5:
            finish(row, home, at + timedelta(days=day), stars=day % 6, solved=day % 6 > 2)
    whole = ask(city.home, NOW - timedelta(days=2), by=a_user("王建国"), text="西门的灯")
    accept(whole, city.home, NOW - timedelta(days=1))
    with clock.at(NOW - timedelta(hours=20)):
        splitting.split(whole, by=city.home.secretary, parts=["甲", "乙"])
        ask(city.home, NOW, by=city.home.secretary, without_phone="郑阿婆")
    return city


def officer_of(node: Organization | None) -> User:
    user = a_user("谢科长")
    appoint(user, Post.OFFICER, node)
    return user


def text_of(client: Client, **query: Any) -> str:
    with clock.at(NOW):
        answer = client.get(URL, query)
    assert answer.status_code == 200
    content = b"".join(answer)
    assert content.startswith(b"\xef\xbb\xbf")
    return content.decode("utf-8-sig")


def rows_of(client: Client, **query: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(text_of(client, **query).splitlines()))


def listed(client: Client, **query: Any) -> list[str]:
    """The numbers on all pages of the list."""
    found: list[str] = []
    with clock.at(NOW):
        while True:
            context = client.get(LIST, query).context
            found += [row.number for row in context["page"].rows]
            if not context["page"].next_key:
                return found
            query["after"] = context["page"].next_key


# What is in it


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"state": "submitted"},
        {"track": "important", "source": "resident"},
        {"q": "第 1"},
        {"mark": "escalated"},
        {"which": "contact_late"},
        {"from": "2026-11-03", "to": "2026-11-08"},
        {"state": "nonsense", "track": "", "from": "x", "within": "abc", "handler": "-1"},
    ],
)
def test_it_is_the_list(worked: City, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]) -> None:
    monkeypatch.setattr(searching, "PAGE", 4)
    client = strong_client(officer_of(worked.district))
    assert [row["编号"] for row in rows_of(client, **query)] == listed(client, **query)


def test_by_category_and_place(worked: City) -> None:
    client = strong_client(officer_of(worked.street))
    clean = Category.objects.get(code="clean")
    node = worked.next_door.organization
    rows = rows_of(client, category=clean.pk, within=node.pk)
    assert [row["编号"] for row in rows] == listed(client, category=clean.pk, within=node.pk)
    assert {(row["类别"], row["社区（村）"], row["承办"]) for row in rows} == {
        ("卫生", "隔壁社区", "隔壁社区")
    }
    assert (
        rows[0]["区县"] == "武江区" and rows[0]["街道（镇）"] == "新华街道" and rows[0]["网格"] == "第一网格"
    )


def test_every_cell_is_what_the_request_says(worked: City) -> None:
    rows = rows_of(strong_client(worked.home.secretary))
    assert len(rows) == 12
    for row in rows:
        thing = ServiceRequest.objects.select_related("rating").get(number=row["编号"])
        for heading, name in MOMENTS:
            moment = getattr(thing, name)
            assert row[heading] == (f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}" if moment else ""), (
                heading
            )
        rating = getattr(thing, "rating", None)
        assert row["评价：满意度"] == (str(rating.satisfied) if rating else "")
        assert row["评价：解决了"] == ({True: "是", False: "否"}[rating.solved] if rating else "")
        assert row["状态"] == thing.get_state_display() and row["分级"] == thing.get_track_display()
        assert row["来源"] == thing.get_source_display() and row["结果"] == thing.get_outcome_display()
        assert row["分件"] == ("是" if thing.is_part else "否")
        with clock.at(NOW):
            late = "是" if thing.is_overdue else "否"
        assert row["现在超时"] == (late if thing.is_open else "")
    assert {"是", "否", ""} <= {row["现在超时"] for row in rows}


def test_marks_add_up_to_the_figures(worked: City) -> None:
    rows = rows_of(strong_client(officer_of(worked.district)))
    figures = total(ServiceRequest.objects.all(), NOW)
    counted = {heading: [row[heading] for row in rows] for heading, _, _ in MARKS}
    assert counted["按时受理"].count("是") == figures.answered_in_time
    assert counted["按时联系"].count("是") == figures.contact_in_time
    assert counted["按时办结"].count("是") == figures.done_in_time
    assert counted["按时受理"].count("否") == figures.answer_due - figures.answered_in_time > 0
    assert counted["按时联系"].count("否") == figures.contact_due - figures.contact_in_time > 0
    assert counted["按时办结"].count("否") == figures.done - figures.done_in_time > 0


def test_the_headings_in_their_order(city: City) -> None:
    (heading,) = text_of(strong_client(city.home.secretary)).splitlines()
    assert heading.startswith("编号,区县,街道（镇）,社区（村）,网格,类别,分级,来源,分件,状态,承办,提交,受理,")
    assert heading.endswith(",结果,评价：联系过,评价：解决了,评价：满意度,督办,催办次数,重办次数")


def test_nothing_about_a_person(worked: City) -> None:
    text = text_of(strong_client(worked.home.secretary))
    for word in ("周小明", "王建国", "郑阿婆", "花城书记", "西门", "第 1 件", "1 栋", "1990"):
        assert word not in text, word


def test_names_that_look_like_formulas_are_text(worked: City) -> None:
    evil = '=HYPERLINK("http://evil","x")'
    Organization.objects.filter(pk=worked.home.organization.pk).update(short_name=evil[:40])
    Organization.objects.filter(pk=worked.street.pk).update(short_name="", name="@街道,一\n二")
    Category.objects.update(name="+cmd|' /C calc'!A0")
    Grid.objects.update(name="-1+1")
    strange = ServiceRequest.objects.filter(state=State.SUBMITTED, community=worked.home.organization)[
        :1
    ].get()
    ServiceRequest.objects.filter(pk=strange.pk).update(number="=A,1")
    content = text_of(strong_client(worked.home.secretary))
    rows = list(csv.DictReader(content.splitlines(keepends=True)))
    for heading, name in (
        ("社区（村）", evil),
        ("街道（镇）", "@街道,一\n二"),
        ("类别", "+cmd|' /C calc'!A0"),
    ):
        assert {row[heading] for row in rows} == {f"'{name}"}
    assert {row["网格"] for row in rows} == {"'-1+1"}
    assert "'=A,1" in {row["编号"] for row in rows}


def test_pages_meet_without_a_gap_or_a_repetition(worked: City) -> None:
    """Also where many were filed at the same moment."""
    long_ago = NOW - timedelta(days=30)
    ServiceRequest.objects.filter(submitted_at__lt=NOW - timedelta(days=9)).update(submitted_at=long_ago)
    everything = ServiceRequest.objects.all()
    whole = b"".join(requests_table.csv_pages(everything, [worked.district.pk], NOW))
    for size in (1, 2, 3, 7):
        assert b"".join(requests_table.csv_pages(everything, [worked.district.pk], NOW, size)) == whole
    assert whole.count(b"\r\n") == everything.count() + 1


# The file


def test_the_name_says_place_and_days(worked: City) -> None:
    client = strong_client(officer_of(worked.district))
    asked = {"within": worked.street.pk, "from": "2026-11-01", "to": "2026-11-30"}
    wanted = {"新华街道-点单-2026-11-01至2026-11-30.csv": asked, "武江区-点单-截至2026-11-20.csv": {}}
    for name, query in wanted.items():
        with clock.at(NOW):
            answer = client.get(URL, query)
        assert unquote(answer["Content-Disposition"]) == f"attachment; filename*=utf-8''{name}"
        assert answer["Content-Type"] == "text/csv; charset=utf-8" and answer["Cache-Control"] == "no-store"


def test_more_than_excel_opens_is_narrowed_first(worked: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.views.requests_table.MOST", 3)
    client = strong_client(worked.home.secretary)
    answer = client.get(URL, {"source": "resident"}, follow=True)
    assert answer.redirect_chain == [(f"{LIST}?source=resident", 302)]
    assert "请先按时间或范围筛选" in answer.content.decode()
    assert not AccessLogEntry.objects.exists()


# Who


def test_the_next_community_sees_nothing_of_it(worked: City) -> None:
    ours = {row["编号"] for row in rows_of(strong_client(worked.home.secretary))}
    next_door = strong_client(worked.next_door.secretary)
    theirs = {row["编号"] for row in rows_of(next_door)}
    assert ours and theirs and not ours & theirs
    for node in (worked.home.organization, worked.street, worked.district):
        assert next_door.get(URL, {"within": node.pk}).status_code == 404
    assert next_door.get(URL, {"within": 999_999_999}).status_code == 404


def test_a_grid_worker_takes_what_the_list_shows(worked: City) -> None:
    client = strong_client(a_grid_worker(worked.home))
    numbers = [row["编号"] for row in rows_of(client)]
    assert numbers == listed(client) and numbers
    branch = worked.home.grid.branch_id
    assert [row["编号"] for row in rows_of(client, within=branch)] == listed(client, within=branch)


def test_nobody_else(worked: City) -> None:
    case_officer = a_user("承办人")
    appoint(case_officer, Post.CASE_OFFICER, a_unit(worked))
    for user in (a_user("居民"), case_officer):
        assert strong_client(user).get(URL).status_code == 404
    for client in (Client(), weak_client(worked.home.secretary)):
        assert client.get(URL)["Location"].startswith("/sign-in/")
    assert strong_client(worked.home.secretary).post(URL).status_code == 405
    assert not AccessLogEntry.objects.exists()


# The access log


def test_a_line_in_the_log_before_the_first_byte(worked: City) -> None:
    secretary = worked.home.secretary
    with clock.at(NOW):
        strong_client(secretary).get(URL, {"from": "2026-11-01", "to": "2026-11-30"})  # nothing is read
    entry = AccessLogEntry.objects.get()
    assert (entry.action, entry.by, entry.organization) == ("export", secretary, worked.home.organization)
    assert (entry.rows, entry.field_words, entry.is_unusual) == (12, "不含个人信息", False)
    assert entry.subject == "花城社区-点单-2026-11-01至2026-11-30"


def test_of_the_whole_city_every_district_is_told(worked: City) -> None:
    other = a_city("浈江")
    ask(other.home, NOW)
    rows = rows_of(strong_client(officer_of(None)))
    logged = dict(AccessLogEntry.objects.values_list("organization", "rows"))
    assert logged == {worked.district.pk: len(rows) - 1, other.district.pk: 1}
    assert {row["区县"] for row in rows} == {"武江区", "浈江区"}


def test_it_is_no_export_of_personal_data(worked: City) -> None:
    """Neither one of the three a day, nor the first."""
    secretary, node = worked.home.secretary, worked.home.organization
    for _ in range(5):
        rows_of(strong_client(secretary))
    with clock.at(NOW):
        assert access.exports_left_today(secretary) == 3
        first = access.record_export(
            by=secretary, organization=node, what="居民台账", rows=1, reason="人口核对"
        )
        assert (
            first.why_unusual == AccessLogEntry.Why.FIRST_EXPORT and access.exports_left_today(secretary) == 2
        )


# What it costs


def queries_of(client: Client, **query: Any) -> int:
    text_of(client, **query)
    with CaptureQueriesContext(connection) as captured:
        text_of(client, **query)
    return len(captured)


def test_more_rows_cost_pages_alone(worked: City, monkeypatch: pytest.MonkeyPatch) -> None:
    client = strong_client(officer_of(worked.district))
    few = queries_of(client)
    for day in range(30):
        ask(worked.home, NOW - timedelta(days=day, hours=3), text=f"{day}")
    assert queries_of(client) == few <= 20
    before = ServiceRequest.objects.count()
    monkeypatch.setattr(requests_table, "PAGE", 10)
    monkeypatch.setattr(requests_table.csv_pages, "__defaults__", (10,))
    assert queries_of(client) - few <= before // 10 * 2  # a page, and names that are new on it


# Where it is offered


def test_list_and_figures_offer_it(worked: City) -> None:
    client = strong_client(officer_of(worked.district))
    with clock.at(NOW):
        page = open_page(client, f"{LIST}?state=submitted&after=1-2")
        figures = open_page(client, f"/desk/figures/?period=month&node={worked.street.pk}")
    assert f'href="{URL}?state=submitted"' in page
    query = f"within={worked.street.pk}&amp;from=2026-11-01&amp;to=2026-11-30"
    assert f'href="{URL}?{query}"' in figures
