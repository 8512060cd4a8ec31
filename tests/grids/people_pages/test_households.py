"""Households, buildings and pairs that may be one person."""

from __future__ import annotations

import pytest

from grids import households
from grids.models import Dwelling, Home, Household
from tests.factories import a_member
from tests.grids.homes import a_dwelling, a_household, a_resident, an_id
from tests.grids.people_pages.pages import page_of, url

pytestmark = pytest.mark.django_db


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
