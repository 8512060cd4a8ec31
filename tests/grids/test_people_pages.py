"""The pages of people, households and buildings: who opens them, what they show, what they write, what they cost."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grids import households, residents
from grids.models import Dwelling, Home, Household, Resident, SpecialGroup
from grids.views import people
from ground import clock
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_member, a_unit, a_user, appoint
from tests.grids.homes import a_dwelling, a_household, a_resident, an_id
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db
LIST = "/desk/residents/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def secretary(city: City) -> Client:
    return strong_client(city.home.secretary)


@pytest.fixture
def person(city: City) -> Resident:
    return a_resident(city.home, "欧阳海", phone="13800138000", relation="head")


def page_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def url(route: str, row: Any = None, **more: Any) -> str:
    return reverse(f"grids:{route}", kwargs=({"pk": row.pk} if row is not None else {}) | more)


def addresses(person: Resident) -> list[str]:
    home = person.household
    steps = [url("resident_step", person, name=name) for name in ("change", "move", "leave", "erase", "link")]
    return [
        url("resident", person),
        url("resident_reveal", person),
        *steps,
        url("household", home),
        url("household_step", home, name="assess"),
        url("dwelling", home.dwelling),
        url("dwelling_use", home.dwelling),
        url("building", home.dwelling.building),
        url("dwelling_new", home.dwelling.building),
        f"{url('resident_new')}?household={home.pk}",
        f"{url('resident_new')}?dwelling={home.dwelling.pk}",
    ]


class TestSight:
    def outsiders(self, city: City) -> dict[str, Client]:
        street, liaison, officer = a_user("街道"), a_user("联络员"), a_user("市里")
        appoint(street, Post.OFFICER, city.street)
        appoint(liaison, Post.UNIT_LIAISON, a_unit(city))
        appoint(officer, Post.OFFICER)
        other_grid = Resident.objects.first().grid.__class__(
            tier=2, code="other", name="别的网格", parent=city.home.first_grid
        )
        other_grid.place_under(city.home.organization)
        other_grid.save()
        people = {
            "next community": city.next_door.secretary,
            "next grid": a_grid_worker(city.home, grid=other_grid),
            "street": street,
            "city": officer,
            "unit": liaison,
            "resident": a_user("居民"),
        }
        return {who: strong_client(user) for who, user in people.items()}

    def test_outsiders_find_nothing_by_any_address(self, city, person):
        for who, client in self.outsiders(city).items():
            for each in addresses(person):
                asked = {"get": None, "post": {"reason": "看一看吧", "field": "phone"}}
                for method, data in asked.items():
                    answer = getattr(client, method)(each, data)
                    assert answer.status_code in (404, 405), (who, method, each, answer.status_code)
        assert not AccessLogEntry.objects.exists()

    def test_nor_in_the_list_nor_by_the_box(self, city, person):
        for who, client in self.outsiders(city).items():
            for words in ("欧阳", "oyh", "13800138000", person.document_number):
                found = client.post(url("residents_search"), {"words": words}, follow=True)
                assert found.status_code == 404 or "欧阳海" not in found.content.decode(), (who, words)
            listed = client.get(LIST)
            assert listed.status_code == 404 or "欧阳海" not in listed.content.decode(), who

    def test_the_community_and_the_grid_worker_open_everything(self, city, person):
        for user in (city.home.secretary, a_grid_worker(city.home)):
            client = strong_client(user)
            for name, row in (
                ("resident", person),
                ("household", person.household),
                ("building", person.building),
            ):
                assert client.get(url(name, row)).status_code == 200, name
            assert "欧阳海" in page_of(client, LIST)

    def test_a_weak_session_and_visitors_are_sent_to_sign_in(self, city, person):
        for client in (weak_client(city.home.secretary), Client()):
            for each in (LIST, *addresses(person)):
                answer = client.get(each)
                assert answer.status_code == 405 or "/sign-in/" in answer["Location"], each

    def test_names_only_for_branch_secretaries_and_building_heads(self, city, person):
        leader = a_user("支书")
        appoint(leader, Post.SECRETARY, city.home.grid.branch)
        client = strong_client(leader)
        page = page_of(client, LIST)
        assert "欧阳海" in page and str(person.household) in page
        for hidden in ("138", "440203", "户籍常住", "岁", url("resident", person)):
            assert hidden not in page, hidden
        for each in addresses(person):
            assert client.get(each).status_code in (404, 405), each
        assert client.post(url("residents_search"), {"words": "欧阳"}).status_code == 404

    def test_numbers_are_masked_everywhere_and_nothing_is_kept_by_caches(self, city, person, secretary):
        for each in (
            LIST,
            url("resident", person),
            url("household", person.household),
            url("resident_step", person, name="change"),
            url("twins"),
        ):
            answer = secretary.get(each)
            page = answer.content.decode()
            assert person.document_number not in page and "13800138000" not in page, each
            assert "no-store" in answer["Cache-Control"], each
            assert "1980" not in page, f"{each}: beside a masked number a birth date gives it away"


class TestTheBox:
    def test_found_by_name_initials_document_and_phone(self, city, person, secretary):
        a_resident(city.home, "欧阳小海")
        for words in ("欧阳海", "oyh", "OYH", person.document_number, "138 0013 8000"):
            answer = secretary.post(url("residents_search"), {"words": words})
            assert words not in answer["Location"]
            page = page_of(secretary, answer["Location"])
            assert url("resident", person) in page, words

    def test_the_words_are_nowhere_in_clear(self, secretary, person):
        secretary.post(url("residents_search"), {"words": "13800138000"})
        assert "13800138000" not in str(dict(secretary.session))

    def test_ten_searches_are_kept_and_another_session_knows_none(self, city, secretary):
        first = secretary.post(url("residents_search"), {"words": "甲"})["Location"]
        for _ in range(10):
            last = secretary.post(url("residents_search"), {"words": "乙"})["Location"]
        assert "过期" in page_of(secretary, first)
        assert "过期" not in page_of(secretary, last)
        assert "过期" in page_of(strong_client(city.next_door.secretary), last)

    def test_nonsense_is_told_what_to_type(self, secretary):
        page = page_of(secretary, secretary.post(url("residents_search"), {"words": "？！"})["Location"])
        assert "请输入姓名" in page
        assert secretary.post(url("residents_search"), {"words": " "})["Location"] == LIST

    def test_too_many_asks_for_more_letters(self, city, secretary):
        home = a_household(city.home)
        for number in range(51):
            a_resident(city.home, "王小" + chr(0x4E00 + number), household=home)
        page = page_of(secretary, secretary.post(url("residents_search"), {"words": "王"})["Location"])
        assert "再多输几个字" in page and page.count("row-link") == 50


class TestTheList:
    def test_every_filter(self, city, secretary):
        group = SpecialGroup.objects.create(name="测试人群", purpose="走访")
        old = a_resident(city.home, "老人家", document_number=an_id(date(1940, 1, 1)), groups=[group])
        child = a_resident(city.home, "小朋友", document_number=an_id(date(2020, 1, 1)), residence="floating")
        gone = a_resident(city.home, "走了的")
        residents.leave(gone, by=None)
        households.assess(old.household, by=city.home.secretary, level="red", reason="独居老人")
        grid, building = city.home.grid.pk, city.home.building.pk
        for query, names in (
            (f"grid={grid}", ["老人家", "小朋友"]),
            (f"grid={city.home.first_grid.pk}", ["老人家", "小朋友"]),
            (f"building={building}", ["老人家", "小朋友"]),
            (f"building={city.next_door.building.pk}", []),
            (f"group={group.pk}", ["老人家"]),
            ("residence=floating", ["小朋友"]),
            ("care=red", ["老人家"]),
            ("age=60", ["老人家"]),
            ("age=14", ["小朋友"]),
            ("standing=left", ["走了的"]),
            ("age=x&care=blue&grid=a&group=²&residence=moon&after=-1", ["老人家", "小朋友"]),
        ):
            rows = secretary.get(f"{LIST}?{query}").context["people"]
            assert [row.name for row in rows] == names, query
        assert child.age() is not None

    def test_pages_by_key_bring_everybody_once(self, city, secretary):
        home = a_household(city.home)
        for _ in range(65):
            a_resident(city.home, household=home)
        seen, after = [], ""
        for _ in range(3):
            page = secretary.get(f"{LIST}?after={after}").context["page"]
            seen += [row.pk for row in page.rows]
            after = page.next_key
        assert after is None and len(seen) == len(set(seen)) == 65

    def test_a_page_costs_the_same_however_many_there_are(self, city, secretary):
        def queries(*urls: str) -> list[int]:
            counts = []
            for each in urls:
                with CaptureQueriesContext(connection) as captured:
                    page_of(secretary, each)
                counts.append(len(captured))
            return counts

        person = a_resident(city.home, groups=[SpecialGroup.objects.create(name="甲", purpose="一")])
        a_resident(city.home), a_resident(city.home, household=person.household)
        pages = (
            LIST,
            f"{LIST}?grid={city.home.grid.pk}&care=green&age=14",
            url("resident", person),
            url("household", person.household),
            url("building", person.building),
            url("twins"),
        )
        page_of(secretary, LIST)
        few = queries(*pages)
        for _ in range(40):
            a_resident(city.home, household=person.household, groups=[SpecialGroup.objects.get(name="甲")])
            a_resident(city.home)
        assert queries(*pages) == few
        assert max(few) <= 22, few

    def test_an_empty_register_leads_to_the_first_person(self, secretary):
        page = page_of(secretary, LIST)
        assert "名册还是空的" in page
        assert url("resident_new") in page

    def test_one_primary_button_and_one_question(self, city, secretary, person):
        for each in (
            LIST,
            url("resident", person),
            url("household", person.household),
            url("building", person.building),
            url("resident_new"),
            url("residents_export"),
            url("twins"),
            *[url("resident_step", person, name=name) for name in ("change", "move", "leave", "erase")],
        ):
            page = page_of(secretary, each)
            main = page[page.index('id="main"') :]
            assert len(re.findall(r"<h1", main)) == 1, each
            assert len(re.findall(r'class="[^"]*btn[^"]*primary', main)) <= 1, each


class TestEntering:
    def data(self, **changes: Any) -> dict[str, Any]:
        plain = {"name": "周小明", "document_kind": "id", "document_number": an_id(), "relation": "head"}
        return {**plain, "residence": "registered", "client_key": str(uuid.uuid4()), **changes}

    def test_into_a_household(self, city, secretary):
        home, group = a_household(city.home), SpecialGroup.objects.create(name="甲", purpose="一")
        asked = f"{url('resident_new')}?household={home.pk}"
        answer = secretary.post(asked, self.data(groups=[group.pk]))
        made = Resident.objects.get()
        assert answer["Location"] == url("resident", made)
        assert (made.household, list(made.groups.all()), made.sex) == (home, [group], "M")

    def test_into_a_place_by_building_staircase_and_door(self, city, secretary):
        dwelling = a_dwelling(city.home, "302", staircase="1", floor=3)
        place = {"building": city.home.building.pk, "staircase": "01单元", "door": "３０２"}
        assert secretary.post(url("resident_new"), self.data(**place)).status_code == 302
        assert Resident.objects.get().household.dwelling == dwelling
        second = self.data(**place, number="2", name="另一户")
        assert secretary.post(url("resident_new"), second).status_code == 302
        assert sorted(dwelling.households.values_list("number", flat=True)) == [1, 2]
        refused = secretary.post(url("resident_new"), self.data(**place)).content.decode()
        assert "请填户号" in refused

    def test_a_refusal_leaves_no_household_behind(self, city, secretary):
        a_dwelling(city.home, "302")
        place = {"building": city.home.building.pk, "door": "302"}
        answer = secretary.post(url("resident_new"), self.data(**place, document_number="440203198005170012"))
        page = answer.content.decode()
        assert "请对照证件" in page or "校验" in page
        assert not Household.objects.exists() and not Resident.objects.exists()
        nowhere = secretary.post(url("resident_new"), self.data(building=city.home.building.pk, door="999"))
        assert "没有登记这个房号" in nowhere.content.decode()

    def test_without_a_dwelling_for_the_community_only(self, city, secretary):
        worker = strong_client(a_grid_worker(city.home))
        assert "空挂户" not in page_of(worker, url("resident_new"))
        assert worker.post(url("resident_new"), self.data(without="1")).status_code == 200
        assert not Resident.objects.exists()
        assert secretary.post(url("resident_new"), self.data(without="1")).status_code == 302
        assert Resident.objects.get().household is None

    def test_a_second_tap_enters_nobody_twice(self, city, secretary):
        home = a_household(city.home)
        asked, data = f"{url('resident_new')}?household={home.pk}", self.data(document_kind="none")
        data["document_number"] = ""
        first, second = secretary.post(asked, data), secretary.post(asked, data)
        assert first["Location"] == second["Location"]
        assert Resident.objects.count() == 1
        wrong = self.data(name="户主")
        assert secretary.post(asked, wrong).status_code == 200
        assert secretary.post(asked, {**wrong, "name": "王好人", "relation": "child"}).status_code == 302

    def test_faults_stand_at_their_fields_in_chinese(self, city, secretary):
        home = a_household(city.home)
        asked = f"{url('resident_new')}?household={home.pk}"
        answer = secretary.post(asked, {"name": "", "document_kind": "id", "phone": "12", "relation": "x"})
        form = answer.context["form"]
        assert {"name", "relation", "residence"} <= set(form.errors)
        assert not re.search(r"[A-Za-z]{4,}", re.sub("<.*?>", "", str(form.errors["name"])))
        answer = secretary.post(asked, self.data(phone="12"))
        assert "phone" in answer.context["form"].errors

    def test_not_into_a_household_of_others(self, city, secretary):
        home = a_household(city.next_door)
        assert secretary.post(f"{url('resident_new')}?household={home.pk}", self.data()).status_code == 404
        place = {"building": home.dwelling.building.pk, "door": home.dwelling.door}
        assert secretary.post(url("resident_new"), self.data(**place)).status_code == 200
        assert not Resident.objects.exists()


class TestSteps:
    def change(self, person: Resident, **changes: Any) -> dict[str, Any]:
        kept = {"name": person.name, "document_kind": person.document_kind, "relation": person.relation}
        return {**kept, "residence": person.residence, "document_number": "", "phone": "", **changes}

    def test_changing_with_empty_numbers_keeps_them(self, city, secretary, person):
        number = person.document_number
        step = url("resident_step", person, name="change")
        assert "440203********" in page_of(secretary, step)
        assert secretary.post(step, self.change(person, name="欧阳河")).status_code == 302
        person.refresh_from_db()
        assert (person.name, person.document_number, person.phone) == ("欧阳河", number, "13800138000")
        assert "姓名" in page_of(secretary, url("resident", person))
        assert secretary.post(step, self.change(person, no_phone="on")).status_code == 302
        person.refresh_from_db()
        assert person.phone == ""

    def test_another_kind_of_document_wants_its_number(self, secretary, person):
        step = url("resident_step", person, name="change")
        answer = secretary.post(step, self.change(person, document_kind="passport"))
        assert "document_number" in answer.context["form"].errors
        none = self.change(person, document_kind="none", birth_date="1980-05-17")
        assert secretary.post(step, none).status_code == 302
        person.refresh_from_db()
        assert (person.document_number, person.document_index) == ("", "")

    def test_moving_leaving_coming_back(self, city, secretary, person):
        there = a_dwelling(city.home, "808", floor=8)
        place = {"building": city.home.building.pk, "door": "808", "relation": "other"}
        assert secretary.post(url("resident_step", person, name="move"), place).status_code == 302
        person.refresh_from_db()
        assert person.household.dwelling == there
        leaving = {"on": clock.today().isoformat(), "why": "搬走"}
        assert secretary.post(url("resident_step", person, name="leave"), leaving).status_code == 302
        page = page_of(secretary, url("resident", person))
        assert "搬走" in page and "恢复在册" in page
        assert secretary.post(url("resident_step", person, name="return"), place).status_code == 302
        person.refresh_from_db()
        assert person.standing == "present"
        wrong = secretary.post(url("resident_step", person, name="move"), {**place, "door": "909"})
        assert "door" in wrong.context["form"].errors

    def test_linking_and_unlinking(self, city, secretary, person):
        step = url("resident_step", person, name="link")
        assert "还没有注册" in secretary.post(step, follow=True).content.decode()
        account = a_user("欧阳海")
        Resident.objects.filter(pk=person.pk).update(phone_index=account.phone_index)
        secretary.post(step)
        person.refresh_from_db()
        assert person.user == account
        assert secretary.get(step).status_code == 302
        secretary.post(url("resident_step", person, name="unlink"))
        person.refresh_from_db()
        assert person.user is None

    def test_erasing_says_what_will_happen_and_finds_nobody_afterwards(self, city, secretary, person):
        step = url("resident_step", person, name="erase")
        assert "不能恢复" in page_of(secretary, step)
        assert "reason" in secretary.post(step, {"reason": "删"}).context["form"].errors
        assert secretary.post(step, {"reason": "本人书面申请"})["Location"] == LIST
        assert secretary.get(url("resident", person)).status_code == 404
        assert "欧阳海" not in page_of(secretary, LIST)
        for words in ("欧阳", "oyh", "13800138000"):
            sent = {"words": words, "with_left": "on"}
            assert "欧阳海</a>" not in page_of(
                secretary, secretary.post(url("residents_search"), sent)["Location"]
            )

    def test_a_grid_worker_erases_nobody_and_has_no_button(self, city, person):
        worker = strong_client(a_grid_worker(city.home))
        step = url("resident_step", person, name="erase")
        assert worker.get(step).status_code == worker.post(step, {"reason": "本人申请"}).status_code == 403
        assert step not in page_of(worker, url("resident", person))

    def test_no_such_step(self, secretary, person):
        assert secretary.get(url("resident_step", person, name="explode")).status_code == 404


class TestRevealing:
    def test_one_number_with_a_reason_in_the_log_and_never_kept(self, city, secretary, person):
        asked = url("resident_reveal", person)
        answer = secretary.post(
            asked, {"field": "phone", "reason": "约上门时间"}, headers={"HX-Request": "true"}
        )
        page = answer.content.decode()
        assert "13800138000" in page and "还可查看 29 次" in page and "<html" not in page
        assert "no-store" in answer["Cache-Control"]
        assert person.document_number not in page
        entry = AccessLogEntry.objects.get()
        assert (entry.subject, entry.field) == (f"grids.resident:{person.pk}", "phone")
        assert "13800138000" not in page_of(secretary, url("resident", person))

    def test_without_htmx_the_whole_page(self, secretary, person):
        asked = {"field": "document_number", "reason": "代办高龄津贴"}
        page = secretary.post(url("resident_reveal", person), asked).content.decode()
        assert person.document_number in page and "13800138000" not in page and "<html" in page

    def test_no_reason_no_number(self, secretary, person):
        for reason in ("", "看"):
            answer = secretary.post(url("resident_reveal", person), {"field": "phone", "reason": reason})
            assert "13800138000" not in answer.content.decode()
        assert not AccessLogEntry.objects.exists()
        assert secretary.post(url("resident_reveal", person), {"field": "name"}).status_code == 404


class TestHouseholds:
    def test_assessing_with_the_rhythm_of_the_district(self, city, secretary, person):
        step = url("household_step", person.household, name="assess")
        secretary.post(step, {"level": "yellow", "reason": "独居，上月摔伤"})
        home = Household.objects.get(pk=person.household_id)
        assert (home.care_level, home.care_days) == ("yellow", 30)
        page = page_of(secretary, url("household", home))
        assert "独居，上月摔伤" in page and "每 30 天走访" in page
        answer = secretary.post(step, {"level": "red", "reason": "病"})
        assert "reason" in answer.context["assess_form"].errors

    def test_the_contact_is_picked_from_those_near_or_found_by_name(self, city, secretary, person):
        near, far = a_member(city, name="近党员"), a_member(city, name="远党员")
        Home.objects.create(member=near, building=city.home.building)
        page = page_of(secretary, url("household", person.household))
        assert "近党员" in page and "远党员" not in page
        step = url("household_step", person.household, name="contact")
        for data, member in (
            ({"member": near.pk}, near),
            ({"member": "", "name": "远党员"}, far),
            ({"member": ""}, None),
        ):
            assert secretary.post(step, data).status_code == 302, data
            assert Household.objects.get(pk=person.household_id).contact_member == member

    def test_namesakes_become_the_list(self, city, secretary, person):
        first, second = a_member(city, name="王芳"), a_member(city, name="王芳")
        step = url("household_step", person.household, name="contact")
        page = secretary.post(step, {"member": "", "name": "王芳"}).content.decode()
        assert "同名" in page and str(first.unit) in page and str(second.unit) in page
        assert secretary.post(step, {"member": second.pk, "name": "王芳"}).status_code == 302
        assert Household.objects.get(pk=person.household_id).contact_member == second
        page = secretary.post(step, {"member": second.pk, "name": "王芳"})
        assert "member" in page.context["contact_form"].errors  # the one it has: nobody has chosen yet
        assert set(page.context["contact_form"].fields["member"].queryset) == {first, second}
        for name in ("查无此人", "王"):
            nobody = secretary.post(step, {"member": "", "name": name})
            assert "name" in nobody.context["contact_form"].errors

    def test_a_name_that_no_database_takes_is_refused(self, secretary, person):
        step = url("household_step", person.household, name="contact")
        for name in ("诸\0葛", "\0\0"):
            answer = secretary.post(step, {"name": name})
            assert "name" in answer.context["contact_form"].errors

    def test_the_use_of_the_dwelling(self, secretary, person):
        step = url("household_step", person.household, name="use")
        assert secretary.post(step, {"use": "let"}).status_code == 302
        assert Dwelling.objects.get(pk=person.household.dwelling_id).use == "let"
        answer = secretary.post(step, {"use": "empty"})
        assert "use" in answer.context["use_form"].errors

    def test_a_dwelling_without_a_household(self, city, secretary):
        dwelling = a_dwelling(city.home)
        assert "还没有登记住户" in page_of(secretary, url("dwelling", dwelling))
        assert secretary.post(url("dwelling_use", dwelling), {"use": "empty"}).status_code == 302
        assert Dwelling.objects.get(pk=dwelling.pk).use == "empty"
        home = a_household(city.home)
        assert secretary.get(url("dwelling", home.dwelling))["Location"] == url("household", home)


class TestBuildings:
    def test_a_row_per_floor_and_a_column_per_door(self, city, secretary):
        for floor in range(1, 34):
            for staircase in "123":
                for door in "1234":
                    a_dwelling(city.home, f"{floor}0{door}", staircase=staircase, floor=floor)
        home = households.open_household(Dwelling.objects.get(floor=33, staircase="3", door="3304"), by=None)
        a_resident(city.home, household=home)
        households.assess(home, by=city.home.secretary, level="red", reason="独居老人")
        answer = secretary.get(url("building", city.home.building))
        plan = answer.context["plan"]
        assert [stair.label for stair in plan.staircases] == ["1 单元", "2 单元", "3 单元"]
        assert {len(floor.slots) for floor in plan.floors} == {12}
        assert [floor.label for floor in plan.floors][:2] == ["33 层", "32 层"]
        assert all(len(slot) == 1 for floor in plan.floors for slot in floor.slots)
        page = answer.content.decode()
        assert "1 人住在 1 套房里" in page and "连心户" in page and url("household", home) in page

    def test_crooked_buildings_lose_no_door(self, city, secretary):
        for floor, door in (
            (1, "101"),
            (1, "1-01"),
            (2, "A"),
            (2, "201"),
            (-1, "B1"),
            (10, "1001"),
            (10, "01"),
        ):
            a_dwelling(city.home, door, floor=floor)
        plan = secretary.get(url("building", city.home.building)).context["plan"]
        doors = [cell.dwelling.door for floor in plan.floors for slot in floor.slots for cell in slot]
        assert sorted(doors) == sorted(["101", "1-01", "A", "201", "B1", "1001", "01"])
        assert plan.floors[-1].label == "地下 1 层"

    def test_adding_a_dwelling(self, city, secretary):
        step = url("dwelling_new", city.home.building)
        data = {"staircase": "1单元", "floor": "3", "door": "302", "use": "own"}
        assert secretary.post(step, data)["Location"] == url("building", city.home.building)
        made = Dwelling.objects.get()
        assert (made.staircase, made.code) == ("1", f"{city.home.building.code}-01-03-302")
        again = secretary.post(step, {**data, "again": "1"})
        assert "door" in again.context["form"].errors
        assert secretary.post(step, {**data, "floor": "0"}).context["form"].errors["floor"]


class TestTwinsPage:
    def test_side_by_side_and_merged(self, city, secretary):
        one = a_resident(city.home, "周小明", phone="13800138000")
        two = a_resident(city.home, "周小明", phone="13800138000", document_kind="none", document_number="")
        page = page_of(secretary, url("twins"))
        assert "姓名和手机号相同" in page and "合并，保留这一份" in page
        assert "可能登记了两次" in page_of(secretary, url("resident", one))
        secretary.post(url("twins_decide"), {"keep": one.pk, "drop": two.pk})
        assert secretary.get(url("resident", two))["Location"] == url("resident", one)

    def test_told_apart(self, city, secretary):
        one = a_resident(city.home, "周小明", phone="13800138000")
        two = a_resident(city.home, "周小明", phone="13800138000", document_kind="none", document_number="")
        secretary.post(url("twins_decide"), {"first": two.pk, "second": one.pk})
        assert "没有重复登记" in page_of(secretary, url("twins"))

    def test_not_with_people_of_others(self, city, secretary):
        number = an_id()
        here, there = (a_resident(place, document_number=number) for place in (city.home, city.next_door))
        assert "没有重复登记" in page_of(secretary, url("twins"))
        answer = secretary.post(url("twins_decide"), {"keep": here.pk, "drop": there.pk})
        assert answer.status_code == 404


def test_the_cache_knows_no_names(city, secretary, person):
    """Keys and values of the double-tap guard are numbers only."""
    home = a_household(city.home)
    key = str(uuid.uuid4())
    data = {"name": "周小明", "document_kind": "none", "relation": "head", "residence": "registered"}
    secretary.post(f"{url('resident_new')}?household={home.pk}", {**data, "client_key": key})
    assert cache.get(f"entered:{city.home.secretary.pk}:{key}") == Resident.objects.latest("pk").pk


def test_a_form_whose_first_tap_died_can_be_sent_again(city, secretary, monkeypatch):
    """A process that is killed while it enters somebody leaves the guard behind, and nobody in the registry."""
    home = a_household(city.home)
    step = f"{url('resident_new')}?household={home.pk}"
    data = {"name": "周小明", "document_kind": "none", "relation": "head", "residence": "registered"}
    data["client_key"] = str(uuid.uuid4())

    def killed(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr("grids.residents.enter", killed)
        secretary.post(step, data)
    assert "还在处理" in secretary.post(step, data, follow=True).content.decode()
    assert not Resident.objects.exists()
    with time_machine.travel(timedelta(seconds=people.ON_ITS_WAY + 1)):
        secretary.post(step, data)
    assert Resident.objects.get().household == home
