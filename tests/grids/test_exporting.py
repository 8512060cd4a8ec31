"""导出 of people: who may, what is in the file, what is in the log."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from grids import exporting, residents
from grids.models import Resident
from ground import clock
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.grids.homes import a_household, a_resident, an_id
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
EXPORT = "/desk/residents/export/"
WHY = "街道人口核对"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def people(city):
    number = an_id(date(1950, 1, 1))
    a_resident(city.home, "欧阳海", document_number=number, phone="13800138000", relation="head")
    gone = a_resident(city.home, "走了的")
    residents.leave(gone, by=None)
    a_resident(city.next_door, "吴别处")
    return number


def sheet_of(answer: Any) -> list[list[Any]]:
    assert answer["Content-Type"].startswith("application/vnd.openxml"), answer.content.decode()[:2000]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    return book.get_sheet_by_index(0).to_python()


def test_the_people_of_the_filter_masked(city, people):
    client = strong_client(city.home.secretary)
    answer = client.post(EXPORT, {"reason": WHY, "whole": ""})
    heading, *rows = sheet_of(answer)
    assert heading == [column.title for column in exporting.COLUMNS]
    assert [row[0] for row in rows] == ["欧阳海"]
    assert f"{people[:6]}********{people[-4:]}" in rows[0] and "138****8000" in rows[0]
    assert people not in str(rows) and "1950" not in str(rows)
    assert "no-store" in answer["Cache-Control"]
    left = sheet_of(client.post(f"{EXPORT}?standing=left", {"reason": WHY}))
    assert [row[0] for row in left[1:]] == ["走了的"]


def test_whole_numbers_only_when_asked_and_as_text(city, people):
    answer = strong_client(city.home.secretary).post(EXPORT, {"reason": WHY, "whole": "1"})
    row = sheet_of(answer)[1]
    assert people in row and "13800138000" in row
    assert "完整号码" in AccessLogEntry.objects.get().subject


def test_the_log_says_who_what_how_many_and_why(city, people):
    strong_client(city.home.secretary).post(EXPORT, {"reason": WHY})
    entry = AccessLogEntry.objects.get()
    assert (entry.action, entry.by, entry.rows, entry.reason) == ("export", city.home.secretary, 1, WHY)
    assert (entry.organization, entry.subject) == (city.home.organization, "花城社区居民台账")


def test_no_reason_no_file_and_nobody_no_file(city, people):
    client = strong_client(city.home.secretary)
    for reason in ("", "看"):
        answer = client.post(EXPORT, {"reason": reason})
        assert "reason" in answer.context["form"].errors
    empty = client.post(f"{EXPORT}?residence=overseas", {"reason": WHY})
    assert "没有可导出的人" in empty.content.decode()
    assert not AccessLogEntry.objects.exists()


def test_too_many_are_narrowed_first(city, people, monkeypatch):
    monkeypatch.setattr(exporting, "MOST_ROWS", 1)
    a_resident(city.home, "第二人")
    page = strong_client(city.home.secretary).post(EXPORT, {"reason": WHY}).content.decode()
    assert "请先按网格筛选" in page
    assert not AccessLogEntry.objects.exists()


def test_three_times_a_day(city, people):
    client = strong_client(city.home.secretary)
    for _ in range(3):
        sheet_of(client.post(EXPORT, {"reason": WHY}))
    assert "每日上限" in client.post(EXPORT, {"reason": WHY}).content.decode()


def test_the_secretary_only(city, people):
    worker, street, staff = a_grid_worker(city.home), a_user("街道"), a_user("社工")
    appoint(street, Post.OFFICER, city.street)
    appoint(staff, Post.COMMUNITY_WORKER, city.home.organization)
    for user in (worker, street, staff, a_user("居民")):
        client = strong_client(user)
        assert client.get(EXPORT).status_code == client.post(EXPORT, {"reason": WHY}).status_code == 404
        assert EXPORT not in client.get("/desk/residents/").content.decode()
    next_door = strong_client(city.next_door.secretary)
    assert [row[0] for row in sheet_of(next_door.post(EXPORT, {"reason": WHY}))[1:]] == ["吴别处"]
    asked = f"{EXPORT}?community={city.home.organization.pk}"
    assert next_door.post(asked, {"reason": WHY}).status_code == 404


def test_it_costs_the_same_however_many_rows(city):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            exporting.export(
                Resident.objects.present(),
                by=city.home.secretary,
                community=city.home.organization,
                reason=WHY,
                whole=True,
            )
        return len(captured)

    home = a_household(city.home)
    a_resident(city.home, household=home), a_household(city.home)
    queries()
    few = queries()
    for _ in range(30):
        a_resident(city.home, household=home)
    assert queries() == few


def test_ages_are_told_by_the_day(city):
    born = clock.today() - timedelta(days=365 * 70)
    a_resident(city.home, "周小明", document_number=an_id(born))
    row = sheet_of(strong_client(city.home.secretary).post(EXPORT, {"reason": WHY}))[1]
    assert row[2] in (69, 70)
