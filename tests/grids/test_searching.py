"""One box: what is meant by its shape, whom it finds, and that it asks an index."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from grids import residents, searching
from grids.models import Grid, Resident
from grids.searching import Words, find
from ground import clock
from ground.fields import phone_index
from ground.names import initials_of, name_key
from organizations.posts import Post
from tests.factories import City, a_city, a_community, a_grid_worker, a_user, appoint
from tests.grids.homes import a_resident, an_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def names(user: Any, text: str, *, with_left: bool = False) -> list[str]:
    return [person.name for person in find(user, Words(text, with_left)).people]


class TestShapes:
    @pytest.fixture
    def people(self, city: City) -> dict[str, Resident]:
        return {
            "head": a_resident(city.home, "欧阳海", phone="13800138000"),
            "landline": a_resident(city.home, "欧小阳", phone="0751-8123456"),
            "permit": a_resident(city.home, "陈大文", document_kind="hk_macau", document_number="H12345678"),
            "foreign": a_resident(
                city.home, "Maria da Silva", document_kind="passport", document_number="AB123456"
            ),
        }

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("欧阳", ["欧阳海"]),
            ("欧", ["欧小阳", "欧阳海"]),
            ("欧阳海 ", ["欧阳海"]),
            ("阳海", []),
            ("oyh", ["欧阳海"]),
            ("OY", ["欧阳海"]),
            ("o", ["欧小阳", "欧阳海"]),
            ("maria", ["Maria da Silva"]),
            ("Maria da", ["Maria da Silva"]),
            ("mds", ["Maria da Silva"]),
            ("13800138000", ["欧阳海"]),
            ("+86 138-0013-8000", ["欧阳海"]),
            ("１３８００１３８０００", ["欧阳海"]),
            ("1380013800", []),
            ("07518123456", ["欧小阳"]),
            ("H12345678", ["陈大文"]),
            ("h1234567801", ["陈大文"]),
            ("ab123456", ["Maria da Silva"]),
            ("%", []),
            ("_", []),
            ("欧%", []),
            ("'; DROP TABLE", []),
            ("𠮷" * 40, []),
            ("٣" * 11, []),
        ],
    )
    def test_what_is_typed_finds(self, city, people, text, found):
        assert sorted(names(city.home.secretary, text)) == sorted(found)

    def test_the_document_with_its_last_letter_small(self, city):
        number = next(each for each in (an_id() for _ in range(200)) if each.endswith("X"))
        a_resident(city.home, "周小明", document_number=number)
        assert names(city.home.secretary, number.lower()) == ["周小明"]

    @pytest.mark.parametrize("text", ["", " ", "12", "？", "·", "欧1"])
    def test_what_means_nothing_is_told_so_without_asking(self, city, text, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert "请输入姓名" in find(city.home.secretary, Words(text)).sentence

    def test_those_who_left_only_when_asked(self, city, people):
        residents.leave(people["head"], by=None)
        assert names(city.home.secretary, "欧阳") == []
        assert names(city.home.secretary, "欧阳", with_left=True) == ["欧阳海"]


class TestSight:
    def test_everybody_finds_his_own(self, city):
        grid = Grid(tier=2, code="G9", name="第九网格", parent=city.home.first_grid)
        grid.place_under(city.home.organization)
        grid.save()
        number = an_id()
        a_resident(city.home, "欧阳海", document_number=number, phone="13800138000")
        street, head = a_user(), a_user()
        appoint(street, Post.OFFICER, city.street)
        appoint(head, Post.SECRETARY, city.home.grid.branch)
        outside = [city.next_door.secretary, a_grid_worker(city.home, grid=grid), street, head, a_user()]
        for text in ("欧阳", "oyh", number, "13800138000"):
            for user in outside:
                assert names(user, text) == [], (user, text)
            for user in (city.home.secretary, a_grid_worker(city.home, "B")):
                assert names(user, text) == ["欧阳海"]
            city.home.grid.duties.all().delete()

    def test_the_same_statements_whether_or_not_somebody_is_registered_elsewhere(self, city):
        number, phone = an_id(), "13800138000"

        def asked(text: str) -> list[str]:
            with CaptureQueriesContext(connection) as captured:
                find(User.objects.get(pk=city.home.secretary.pk), Words(text))
            return [re.sub(r"'?\b[0-9a-f]{64}\b'?", "?", query["sql"]) for query in captured]

        before = [asked(number), asked(phone)]
        a_resident(city.next_door, document_number=number, phone=phone)
        assert [asked(number), asked(phone)] == before

    def test_fifty_and_no_more(self, city):
        people = [_row(city, number, "王") for number in range(60)]
        Resident.objects.bulk_create(people)
        found = find(city.home.secretary, Words("王"))
        assert (len(found.people), found.more) == (50, True)


# Twenty thousand people of four communities


def _row(city: City, number: int, surname: str = "", place: Any = None) -> Resident:
    place = place or city.home
    name = (
        (surname or "赵钱孙李周吴郑王冯陈"[number % 10])
        + chr(0x4E00 + number % 500)
        + chr(0x4E00 + number // 7)
    )
    row = Resident(name=name, name_key=name_key(name), initials=initials_of(name), grid=place.grid)
    row.building, row.district_id, row.street_id = place.building, city.district.pk, city.street.pk
    row.community_id = place.organization.pk
    row.document_index, row.phone_index = f"{number:064x}", phone_index(f"139{number:08d}")
    return row


@pytest.fixture
def crowd(city: City) -> City:
    places = [city.home, city.next_door, *(a_community(city.street, name) for name in ("三里", "四里"))]
    rows = [_row(city, number, place=places[number % 4]) for number in range(20_000)]
    Resident.objects.bulk_create(rows, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return city


def _plan(work: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        work()
    asked = [query["sql"] for query in captured if 'FROM "grids_resident"' in query["sql"]]
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    plans = []
    for sql in asked:
        with connection.cursor() as cursor:
            # Django writes SQLite's parameters into the text that it records, as literals.
            cursor.execute(explain + sql.replace("%", "%%"), ())
            plans.append("\n".join(str(row) for row in cursor.fetchall()))
    return plans


@pytest.mark.parametrize("who", ["secretary", "worker"])
def test_the_search_asks_an_index_among_twenty_thousand(crowd, who):
    user = crowd.home.secretary if who == "secretary" else a_grid_worker(crowd.home)
    one = Resident.objects.filter(community=crowd.home.organization)[100]
    number = next(each for each in range(20_000) if f"{each:064x}" == one.document_index)
    for text in (one.name, one.name[:1], one.initials, f"139{number:08d}", an_id()):
        found = []
        plans = _plan(
            lambda text=text, found=found: found.append(find(User.objects.get(pk=user.pk), Words(text)))
        )
        assert plans, text
        for plan in plans:
            assert "Seq Scan on grids_resident" not in plan, (text, plan)
            assert not re.search(r"SCAN (TABLE )?grids_resident(?! USING)", plan), (text, plan)
        if text != one.initials:
            continue
        assert one in found[0].people or found[0].more


def test_the_first_page_of_the_list_is_quick_to_find_too(crowd):
    rows = searching.for_rows(searching.narrowed(Resident.objects.visible_to(crowd.home.secretary), {}))
    page = searching.page_after(rows, None)
    assert len(page.rows) == searching.PAGE and page.next_key == page.rows[-1].pk
    assert not page.rows[0].get_deferred_fields().isdisjoint({"document_number"})


@pytest.mark.parametrize(
    ("today", "born", "sixty"),
    [
        ("2026-11-20", "1966-11-20", True),
        ("2026-11-20", "1966-11-21", False),
        ("2028-02-29", "1968-02-29", True),
        ("2028-02-28", "1968-02-29", False),
        ("2027-02-28", "1967-02-28", True),
    ],
)
def test_the_band_of_age_and_the_age_agree(city, today, born, sixty):

    noon = datetime.fromisoformat(f"{today}T12:00:00+08:00")
    with clock.at(noon):
        person = a_resident(city.home, document_number=an_id(date.fromisoformat(born)))
        rows = searching.narrowed(Resident.objects.all(), {"age": "60"})
        assert ((person.age() or 0) >= 60, rows.exists()) == (sixty, sixty)
