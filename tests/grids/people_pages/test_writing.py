"""Entering somebody, the steps of a person, looking behind the mask."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import pytest

from grids.models import Household, Resident, SpecialGroup
from grids.views import people
from ground import clock
from organizations.models import AccessLogEntry
from tests.factories import a_grid_worker, a_user
from tests.grids.homes import a_dwelling, a_household, an_id
from tests.grids.people_pages.pages import LIST, page_of, url
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db


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


def test_a_form_whose_first_tap_died_can_be_sent_again(city, secretary, monkeypatch):
    """A process that is killed while it enters somebody leaves the guard behind, and nobody in the registry."""
    home = a_household(city.home)
    step = f"{url('resident_new')}?household={home.pk}"
    data = {"name": "周小明", "document_kind": "none", "relation": "head", "residence": "registered"}
    data["client_key"] = str(uuid.uuid4())

    def killed(*args, **kwargs):
        raise SystemExit

    monkeypatch.setattr(people, "ON_ITS_WAY", 1)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr("grids.residents.enter", killed)
        secretary.post(step, data)
    assert "还在处理" in secretary.post(step, data, follow=True).content.decode()
    assert not Resident.objects.exists()
    time.sleep(1.1)  # the cache has a clock of its own
    secretary.post(step, data)
    assert Resident.objects.get().household == home
