"""The page to take away: every cell is what the page says, in a workbook and as CSV; nothing about a person."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboards import exporting, rolling
from dashboards.page.numbers import Number
from ground import clock
from ground.sheets import Shaped, open_book
from organizations import tree
from organizations.models import Organization
from organizations.posts import Post, Tier
from requests.models import Category
from tests.dashboards.working import at_work
from tests.desk.scenes import CHINA, ask, open_page
from tests.factories import City, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)


@pytest.fixture
def rolled(city: City) -> City:
    """Work of all kinds in two communities, service, and somebody whose name must not travel."""
    at_work(city.home)
    at_work(city.next_door)
    ask(city.home, NOW - timedelta(days=5), by=a_user("王建国"))
    scenes.credited(
        city.home, scenes.a_volunteer(city, name="林晓梅"), starts_at=NOW - timedelta(days=3), minutes=100
    )
    with clock.at(NOW):
        rolling.rebuild()
    return city


def book_of(client: Client, url: str) -> dict[str, list[list[Any]]]:
    with clock.at(NOW):
        answer = client.get(url)
    assert answer.status_code == 200, url
    with open_book(answer.content, "x.xlsx") as book:
        return {sheet.name: [cells for _, cells in sheet.rows()] for sheet in book.sheets}


def page_of(client: Client, url: str) -> Any:
    with clock.at(NOW):
        return client.get(url)


def plain(value: Any) -> Any:
    """As a workbook gives it back."""
    value = value.value if isinstance(value, Shaped) else value
    if isinstance(value, datetime):
        return value.astimezone(CHINA).replace(tzinfo=None)
    return None if value == "" else value


def same(cell: Any, wanted: Any) -> bool:
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return isinstance(cell, int | float) and abs(cell - wanted) < 1e-9
    return bool(cell == wanted)


MARKED = re.compile(r'<span data-n="([^"]+)" data-place="([^"]+)"([^>]*)>([^<]*)</span>')


def as_said(number: Number, cell: Any) -> str:
    """What the page would say for the value of a cell, reckoned from the cell alone."""
    value = plain(cell)
    if value is None:
        return "—"
    if isinstance(cell, Shaped) and cell.number_format.endswith("%"):
        return f"{value * 100:.1f}%" if "." in cell.number_format else f"{value * 100:.0f}%"
    if number.name.endswith((".median", ".p90")):
        hours = value
        if hours < 1:
            return f"{max(round(hours * 60), 1)} 分"
        return f"{hours:.1f} 小时" if hours < 48 else f"{hours / 24:.1f} 天"
    if number.name == "minutes/registered":
        return f"{value:.1f}"
    if number.name in exporting.MINUTES:
        return f"{value:,.1f}".removesuffix(".0")
    if number.derived == "change":
        return f"{abs(value):.1f}"
    return f"{value:,}"


def numbers_of(context: dict[str, Any]) -> list[tuple[Number, Any]]:
    """Every number of the page that has a cell of its own, with that cell."""
    table = context["table"]
    found = [
        each.number for each in (*context["tiles"], *context["facts"], *context["funnel"], *context["stuck"])
    ]
    found += [tile.change for tile in context["tiles"] if tile.change]
    found += [each for stage in context["funnel"] for each in (stage.median, stage.p90) if each]
    found += [cell.number for row in (*table.rows, table.total) for cell in row.cells]
    found += [each for line in context["compared"] for each in (line.own, line.rank, line.median)]
    return [(number, exporting.cell_of(number)) for number in found]


PERIODS = ("month", "week", "quarter", "year", "today", "any&from=2026-10-01&to=2026-11-10")


@pytest.mark.parametrize("where", ["district", "street", "community", "branch"])
def test_every_cell_is_what_the_page_says(rolled: City, officer: User, where: str) -> None:
    branch = Organization.objects.get(pk=rolled.home.grid.branch_id)
    nodes = {"district": rolled.district, "street": rolled.street, "community": rolled.home.organization}
    client = strong_client(officer)
    for period in PERIODS:
        compare(client, nodes.get(where, branch), period)


def compare(client: Client, node: Organization, period: str) -> None:
    page = page_of(client, f"/dashboards/{node.pk}/?period={period}")
    context, html = page.context, page.content.decode()
    for number, cell in numbers_of(context):
        if number.name != "oldest_due":  # the page says how long ago, the sheet when
            assert as_said(number, cell) == number.text, number
        assert number.__html__() in html, number
    book = book_of(client, f"/dashboards/{node.pk}/figures.xlsx?period={period}")
    sheets = exporting.sheets_of(context)
    assert len(book) == len(sheets) and len(MARKED.findall(html)) > 20
    for sheet, (name, rows) in zip(sheets, book.items(), strict=True):
        assert name.startswith(sheet.name[:26])
        wanted: list[list[Any]] = [[column.title for column in sheet.columns], *sheet.rows]
        wanted += [sheet.total] if sheet.total else []
        assert len(rows) == len(wanted), name
        for cells, those in zip(rows, wanted, strict=True):
            filled = [*cells, *[None] * (len(those) - len(cells))]
            assert all(same(cell, plain(each)) for cell, each in zip(filled, those, strict=True)), (
                name,
                cells,
                those,
            )


def test_the_sections_of_the_page_are_sheets(rolled: City, officer: User) -> None:
    book = book_of(strong_client(officer), f"/dashboards/{rolled.district.pk}/figures.xlsx?period=month")
    assert list(book)[:5] == ["概况", "主要数字", "堵在哪里", "从点单到满意", "街道（镇）"]
    assert {"每天点单", "什么事多", "办得多快", "接下来"} <= set(book)
    about = {row[0]: row[1] for row in book["概况"][1:]}
    assert about["地方"] == "武江区" and "超时" in about["一句话"]
    assert about["时段"] == "本月（2026-11-01 至 2026-11-30）" and about["截至"] == "2026年11月20日 12:00"
    assert len(book["每天点单"]) == 21 and sum(row[1] for row in book["每天点单"][1:]) == 19


def test_charts_are_taken_away_as_their_tables_say(rolled: City, officer: User) -> None:
    page = page_of(
        strong_client(officer), f"/dashboards/{rolled.street.pk}/?period=month&figure=satisfaction_rate"
    )
    for chart in [*page.context["charts"], page.context["bars"]]:
        sheet = exporting._chart(chart)
        for row, cells in zip(chart.rows, sheet.rows, strict=True):
            assert row.label == cells[0]
            for point, cell in zip(row.cells, cells[1:], strict=True):
                value = plain(cell)
                if isinstance(cell, Shaped) and "%" in cell.number_format:
                    assert point.text == f"{value * 100:.1f}%"
                elif isinstance(cell, Shaped):
                    assert point.text == f"{value:,.1f}"
                else:
                    assert point.text == ("—" if value is None else f"{value:,}")


def test_the_csv_is_the_table_with_place_days_and_moment(rolled: City, officer: User) -> None:
    client = strong_client(officer)
    with clock.at(NOW):
        answer = client.get(f"/dashboards/{rolled.street.pk}/figures.csv?period=month")
        table = client.get(f"/dashboards/{rolled.street.pk}/?period=month").context["table"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [row["名称"] for row in rows] == [row.name for row in table.rows] + ["合计"]
    for row, shown in zip(rows, [*table.rows, table.total], strict=True):
        cells = list(row.values())[2 : 2 + len(shown.cells)]
        for text, cell in zip(cells, shown.cells, strict=True):
            number = cell.number
            if number.value is None:
                assert text == ""
            elif number.name == "oldest_due":
                assert text == f"{datetime.fromtimestamp(number.value, CHINA):%Y-%m-%d %H:%M}"
            elif number.text.endswith("%"):
                assert abs(float(text) - number.value) < 1e-6
            elif number.name.endswith(".median"):
                assert abs(float(text) * 3600 - number.value) < 0.01
            elif number.name == "minutes/registered":
                assert abs(float(text) * 60 - number.value) < 0.001
            else:
                assert float(text) == number.value
    assert (rows[0]["属于"], rows[0]["起"], rows[0]["止"]) == ("新华街道", "2026-11-01", "2026-11-30")
    assert rows[0]["截至"] == "2026-11-20 12:00"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_names_of_files_are_chinese_and_nothing_is_kept(rolled: City, officer: User, kind: str) -> None:
    answer = page_of(strong_client(officer), f"/dashboards/{rolled.district.pk}/figures.{kind}?period=week")
    name = answer["Content-Disposition"]
    assert name.startswith("attachment; filename*=utf-8''")
    assert unquote(name.partition("''")[2]) == f"武江区-看板-2026-11-16至2026-11-22.{kind}"
    assert answer["Cache-Control"] == "no-store"


def test_names_that_look_like_formulas_are_text(rolled: City, officer: User) -> None:
    evil = '=HYPERLINK("http://evil","x")'
    Organization.objects.filter(pk=rolled.home.organization.pk).update(short_name=evil[:40])
    Organization.objects.filter(pk=rolled.street.pk).update(short_name="@SUM(A1)/街道")
    Category.objects.update(name="+cmd|' /C calc'!A0")
    client = strong_client(officer)
    url = f"/dashboards/{rolled.street.pk}/figures"
    text = page_of(client, f"{url}.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert any(row["名称"] == f"'{evil}" for row in rows)
    assert rows[0]["属于"].startswith("'@SUM")
    answer = page_of(client, f"{url}.xlsx")
    assert "/" not in unquote(answer["Content-Disposition"].partition("''")[2])
    book = book_of(client, f"{url}.xlsx")
    assert any(row[0] == evil for row in book["社区（村）"])

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        sheets = [
            archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/")
        ]
    assert sheets and not any("<f>" in sheet for sheet in sheets)


def test_nothing_about_a_person(rolled: City, officer: User) -> None:
    client = strong_client(officer)
    for node in (rolled.district, rolled.home.organization):
        book = book_of(client, f"/dashboards/{node.pk}/figures.xlsx?period=month")
        text = str(book) + page_of(client, f"/dashboards/{node.pk}/figures.csv").content.decode()
        for word in ("王建国", "林晓梅", "周小明", "谢科长", "花城书记", "楼道灯", "1990"):
            assert word not in text, word


def test_before_the_first_round_it_says_so(city: City, officer: User) -> None:
    client = strong_client(officer)
    book = book_of(client, f"/dashboards/{city.district.pk}/figures.xlsx")
    assert list(book) == ["概况"] and ["截至", "还没有汇总"] in book["概况"]
    lines = (
        page_of(client, f"/dashboards/{city.district.pk}/figures.csv")
        .content.decode("utf-8-sig")
        .splitlines()
    )
    assert len(lines) == 1 and lines[0].startswith("名称,说明,点单")


def test_a_duty_zone_has_counts_and_no_names(rolled: City, officer: User) -> None:

    group = tree.plant(
        parent=rolled.home.grid.branch, tier=Tier.BUILDING_GROUP, name="一组", code="", by=None
    )
    zone = tree.plant(parent=group, tier=Tier.DUTY_ZONE, name="一区", code="", by=None)
    appoint(a_user("中心户张三"), Post.DUTY_MEMBER, zone)
    with clock.at(NOW):
        rolling.rebuild()
    book = book_of(strong_client(officer), f"/dashboards/{zone.pk}/figures.xlsx")
    assert list(book) == ["概况", "责任区"] and "张三" not in str(book)


@pytest.mark.parametrize(
    "query",
    [
        "period=xx",
        "period=any&from=x&to=y",
        "sort=;drop&figure=../..",
        "period=any&from=2026-11-30&to=2026-01-01",
    ],
)
def test_garbage_is_the_month_with_a_word_why(rolled: City, officer: User, query: str) -> None:
    client = strong_client(officer)
    book = book_of(client, f"/dashboards/{rolled.district.pk}/figures.xlsx?{query}")
    about = {row[0]: row[1] for row in book["概况"]}
    assert about["时段"].startswith("本月")
    assert ("注意" in about) is ("any" in query)
    assert page_of(client, f"/dashboards/{rolled.district.pk}/figures.csv?{query}").status_code == 200


def test_who_may_and_who_finds_nothing(rolled: City, officer: User) -> None:
    secretary, mayor = rolled.home.secretary, a_user("市里")
    appoint(mayor, Post.OFFICER)
    for kind in ("csv", "xlsx"):
        for place in (rolled.district.pk, rolled.street.pk, rolled.next_door.organization.pk, "city"):
            assert strong_client(secretary).get(f"/dashboards/{place}/figures.{kind}").status_code == 404
        assert strong_client(officer).get(f"/dashboards/city/figures.{kind}").status_code == 404
        assert page_of(strong_client(mayor), f"/dashboards/city/figures.{kind}").status_code == 200
        url = f"/dashboards/{rolled.home.organization.pk}/figures.{kind}"
        for client in (Client(), weak_client(secretary)):
            assert client.get(url)["Location"].startswith("/sign-in/")
        assert strong_client(a_user("居民")).get(url).status_code == 404
        assert strong_client(secretary).post(url).status_code == 405


def test_the_old_address_leads_to_the_new_one(rolled: City, officer: User) -> None:
    client, pk = strong_client(officer), rolled.street.pk
    answer = client.get(f"/dashboards/{pk}/table.csv?period=year")
    assert (answer.status_code, answer["Location"]) == (301, f"/dashboards/{pk}/figures.csv?period=year")
    assert strong_client(rolled.home.secretary).get(f"/dashboards/{pk}/table.csv").status_code == 404


def test_the_page_offers_both(rolled: City, officer: User) -> None:
    with clock.at(NOW):
        page = open_page(strong_client(officer), f"/dashboards/{rolled.street.pk}/?period=week")
    for kind in ("csv", "xlsx"):
        assert f"/dashboards/{rolled.street.pk}/figures.{kind}?period=week" in page


def queries_of(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_it_costs_as_much_as_the_page_however_much_there_is(rolled: City, officer: User) -> None:
    client = strong_client(officer)
    urls = [f"/dashboards/{rolled.district.pk}/figures.{kind}" for kind in ("csv", "xlsx")]
    with clock.at(NOW):
        few = [queries_of(client, url) for url in urls]
    for day in range(1, 15):
        ask(rolled.next_door, NOW - timedelta(days=day), text=f"{day}")
    with clock.at(NOW):
        rolling.rebuild()
        assert [queries_of(client, url) for url in urls] == few
    assert max(few) <= 15
