"""The registry over the API: the same sight, verbs and sentences as the desk, masked, at a fixed cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from grids.models import (
    Building,
    CareAssessment,
    Compound,
    Grid,
    Home,
    Household,
    ImportJob,
    Resident,
    SpecialGroup,
)
from ground import clock
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_member, a_user, appoint
from tests.grids.api.calling import V1, api
from tests.grids.people import a_document, a_household, a_phone, a_resident

pytestmark = pytest.mark.django_db

LISTS = ("grids", "compounds", "buildings", "dwellings", "households", "residents", "care", "imports")
PEOPLE = ("dwellings", "households", "residents", "care", "imports")


class TestSight:
    def test_visitors_are_refused(self):
        for name in (*LISTS, "special-groups"):
            assert APIClient().get(f"{V1}/{name}/").status_code == 401, name

    def test_the_community_sees_all_of_it_masked(self, secretary, resident, city):
        CareAssessment.objects.create(household=resident.household, level="yellow", reason="独居老人")
        ImportJob.objects.create(community=city.home.organization, name="居民.xlsx")
        for name in LISTS:
            assert secretary.get(f"{V1}/{name}/").json()["results"], name
        row = secretary.get(f"{V1}/residents/{resident.pk}/").json()
        assert row["name"] == "陈小明"
        assert row["document"] == f"{resident.document_number[:6]}********{resident.document_number[-4:]}"
        assert row["phone"] == f"{resident.phone[:3]}****{resident.phone[-4:]}"
        assert resident.document_number not in str(row)
        assert "1960" not in str(row)

    def test_the_street_sees_grids_and_nobody_in_them(self, officer, resident, city):
        for name in ("grids", "compounds", "buildings"):
            assert officer.get(f"{V1}/{name}/").json()["results"], name
        for name in PEOPLE:
            assert officer.get(f"{V1}/{name}/").json()["results"] == [], name
        assert officer.get(f"{V1}/residents/{resident.pk}/").status_code == 404

    def test_a_weak_session_has_no_powers(self, city, resident):
        weak = a_user("弱会话")
        appoint(weak, Post.SECRETARY, city.home.organization)
        weak.session_is_strong = False
        for name in LISTS:
            assert api(weak).get(f"{V1}/{name}/").json()["results"] == [], name
        assert api(weak).get(f"{V1}/residents/{resident.pk}/").status_code == 404

    def test_a_grid_worker_sees_the_own_grid(self, city, resident):
        other = Grid(tier=2, code="G-2", name="第二网格", parent=city.home.first_grid)
        other.place_under(city.home.organization)
        other.save()
        for grid, seen in ((city.home.grid, 1), (other, 0)):
            worker = api(a_grid_worker(city.home, grid=grid, part="B"))
            assert len(worker.get(f"{V1}/residents/").json()["results"]) == seen


class TestLists:
    @pytest.mark.parametrize("name", LISTS)
    def test_a_list_costs_the_same_however_long_it_is(self, city, name):
        def queries() -> int:
            user = a_user()
            appoint(user, Post.SECRETARY, city.home.organization)
            with CaptureQueriesContext(connection) as context:
                answer = api(user).get(f"{V1}/{name}/")
            assert answer.status_code == 200
            return len(context)

        _fill(city, 1)
        few = queries()
        _fill(city, 6)
        assert queries() == few
        assert few <= 4

    def test_pages_are_capped_and_follow_each_other(self, city, secretary):
        household = a_household(city.home.building)
        made = [a_resident(household, f"人{sign}").pk for sign in "甲乙丙丁戊"]
        first = secretary.get(f"{V1}/residents/?limit=2").json()
        assert [row["id"] for row in first["results"]] == made[:2]
        second = secretary.get(first["next"]).json()
        assert [row["id"] for row in second["results"]] == made[2:4]
        assert len(secretary.get(f"{V1}/residents/?limit=100000").json()["results"]) == 5

    @pytest.mark.parametrize(
        "query", ["cursor=abc", "cursor=cD1hYmM=", "cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk="]
    )
    def test_a_strange_cursor(self, secretary, resident, query):
        assert secretary.get(f"{V1}/residents/?{query}").status_code in (200, 404)

    @pytest.mark.parametrize("value", ["abc", "-1", "9" * 30, "1.5", "²"])
    def test_strange_filters(self, secretary, resident, value):
        for name, key in (("residents", "grid"), ("residents", "group"), ("households", "building")):
            assert secretary.get(f"{V1}/{name}/?{key}={value}").status_code == 400, key
        assert secretary.get(f"{V1}/residents/?changed_after={value}").status_code == 400
        assert secretary.get(f"{V1}/residents/?changed_after=0001-01-01T00:00:00").status_code == 400
        assert secretary.get(f"{V1}/residents/{'9' * 30}/").status_code == 404

    def test_filters(self, city, secretary):
        group = SpecialGroup.objects.create(name="独居老人", purpose="探访")
        one = a_resident(a_household(city.home.building), "有人", groups=[group])
        two = a_resident(a_household(city.home.building), "别人")
        Household.objects.filter(pk=two.household_id).update(
            care_level="red", care_days=7, care_review_on=clock.today()
        )
        yesterday = (clock.now() - timedelta(days=1)).isoformat()
        for query, found in {
            f"group={group.pk}": [one.pk],
            "level=red": [two.pk],
            f"household={one.household_id}": [one.pk],
            f"building={city.home.building.pk}": [one.pk, two.pk],
            f"grid={city.next_door.grid.pk}": [],
            "standing=left": [],
            f"changed_after={yesterday.replace('+', '%2B')}": [one.pk, two.pk],
        }.items():
            rows = secretary.get(f"{V1}/residents/?{query}").json()["results"]
            assert [row["id"] for row in rows] == found, query

    def test_no_personal_value_is_a_filter(self, secretary, resident):
        """A name in an address would be ignored: the list stays as it was."""
        everybody = secretary.get(f"{V1}/residents/").json()
        for query in ("name=无此人", f"phone={resident.phone}", "search=无此人", "q=无此人", "name_key=x"):
            assert secretary.get(f"{V1}/residents/?{query}").json()["results"] == everybody["results"]


class TestWriting:
    def test_from_a_building_to_a_person(self, city, secretary):
        building = city.home.building.pk
        made = secretary.post(f"{V1}/dwellings/", {"building": building, "floor": 3, "door": "302"})
        assert made.status_code == 201, made.json()
        assert made.json()["code"].endswith("-00-03-302")
        opened = secretary.post(f"{V1}/households/", {"dwelling": made.json()["id"]})
        assert (opened.status_code, opened.json()["number"]) == (201, 1)
        entered = secretary.post(
            f"{V1}/residents/",
            {"household": opened.json()["id"], "name": "林小红", "document_kind": "id", "relation": "head"}
            | {"document_number": a_document(), "phone": a_phone()},
        )
        assert entered.status_code == 201, entered.json()
        assert (entered.json()["grid"], entered.json()["age"] > 60) == (city.home.grid.pk, True)
        detail = secretary.get(f"{V1}/households/{opened.json()['id']}/").json()
        assert [row["name"] for row in detail["residents"]] == ["林小红"]

    def test_without_a_dwelling_in_the_own_community_only(self, city, secretary):
        data = {"name": "林小红", "document_kind": "none", "document_number": ""}
        home, other = city.home.organization.pk, city.next_door.organization.pk
        assert secretary.post(f"{V1}/residents/", {**data, "community": home}).status_code == 201
        elsewhere = secretary.post(f"{V1}/residents/", {**data, "community": other})
        nowhere = secretary.post(f"{V1}/residents/", {**data, "community": 10**9})
        assert elsewhere.status_code == nowhere.status_code == 400
        assert elsewhere.json()["community"][0].replace(str(other), "") == nowhere.json()["community"][
            0
        ].replace(str(10**9), "")

    def test_a_refusal_is_409_with_the_sentence_and_without_the_value(self, secretary, resident):
        data = {"household": resident.household_id, "name": "林小红", "document_kind": "id"}
        twice = secretary.post(f"{V1}/residents/", {**data, "document_number": resident.document_number})
        assert (twice.status_code, twice.json()["field"]) == (409, "document_number")
        assert "已登记在" in twice.json()["detail"]
        wrong = secretary.post(f"{V1}/residents/", {**data, "document_number": "440203196005170019"})
        assert wrong.status_code == 409
        assert "440203" not in str(wrong.json())

    def test_what_is_not_sent_stays(self, secretary, resident):
        url = f"{V1}/residents/{resident.pk}/"
        number = resident.document_number
        answer = secretary.patch(url, {"name": "陈晓明", "residence": "floating"})
        assert (answer.status_code, answer.json()["name"]) == (200, "陈晓明")
        resident.refresh_from_db()
        assert (resident.document_number, bool(resident.phone)) == (number, True)
        assert secretary.patch(url, {"phone": ""}).json()["phone"] == ""
        other = a_document()
        assert secretary.patch(url, {"document_number": other}).status_code == 200
        resident.refresh_from_db()
        assert resident.document_number == other

    def test_moving_leaving_coming_back(self, city, secretary, resident):
        url, there = f"{V1}/residents/{resident.pk}", a_household(city.home.building)
        assert secretary.post(f"{url}/move/", {"household": there.pk}).json()["household"] == there.pk
        assert secretary.post(f"{url}/move/", {"household": there.pk}).status_code == 409
        left = secretary.post(f"{url}/leave/", {"why": "搬家"}).json()
        assert (left["standing"], left["left_on"]) == ("left", clock.today().isoformat())
        assert secretary.get(f"{V1}/residents/").json()["results"] == []
        back = secretary.post(f"{url}/come-back/", {"household": there.pk, "relation": "head"}).json()
        assert (back["standing"], back["relation"]) == ("present", "head")

    def test_into_a_household_out_of_sight(self, city, secretary, resident):
        there = a_household(city.next_door.building)
        elsewhere = secretary.post(f"{V1}/residents/{resident.pk}/move/", {"household": there.pk})
        nowhere = secretary.post(f"{V1}/residents/{resident.pk}/move/", {"household": 10**9})
        assert elsewhere.status_code == nowhere.status_code == 400

    def test_linking_and_unlinking(self, secretary, resident):
        url = f"{V1}/residents/{resident.pk}"
        assert secretary.post(f"{url}/link/").status_code == 409
        account = a_user("陈小明")
        Resident.objects.filter(pk=resident.pk).update(phone_index=account.phone_index)
        assert secretary.post(f"{url}/link/").json()["is_linked"] is True
        assert secretary.post(f"{url}/unlink/").json()["is_linked"] is False

    def test_revealing_asks_a_reason_and_is_logged(self, city, secretary, resident):
        url = f"{V1}/residents/{resident.pk}/reveal/"
        short = secretary.post(url, {"field": "phone", "reason": "看"})
        assert (short.status_code, short.json()["field"]) == (409, "reason")
        shown = secretary.post(url, {"field": "document_number", "reason": "代办高龄津贴"})
        assert shown.json() == {"value": resident.document_number}
        assert shown["Cache-Control"] == "no-store"
        entry = AccessLogEntry.objects.get()
        assert (entry.by, entry.subject) == (city.home.secretary, f"grids.resident:{resident.pk}")
        assert secretary.post(url, {"field": "name", "reason": "代办高龄津贴"}).status_code == 400

    def test_erasing(self, secretary, resident, city):
        url = f"{V1}/residents/{resident.pk}/erase/"
        worker = api(a_grid_worker(city.home))
        assert worker.post(url, {"reason": "本人书面申请"}).status_code == 403
        gone = secretary.post(url, {"reason": "本人书面申请"}).json()
        assert (gone["standing"], gone["name"], gone["document"]) == ("erased", "", "")

    def test_twins_are_offered_merged_or_told_apart(self, city, secretary, resident):
        again = Resident.objects.get(pk=a_resident(a_household(city.home.building), "陈小明").pk)
        Resident.objects.filter(pk=again.pk).update(
            document_kind="none", document_number="", document_index=""
        )
        url = f"{V1}/residents/{resident.pk}"
        offered = secretary.get(f"{url}/twins/").json()
        assert [(row["resident"]["id"], row["why"]) for row in offered] == [(again.pk, "姓名和出生日期相同")]
        assert secretary.post(f"{url}/merge/", {"other": again.pk}).status_code == 200
        assert secretary.post(f"{url}/not-the-same/", {"other": again.pk}).status_code == 409
        again.refresh_from_db()
        assert (again.standing, again.merged_into_id) == ("merged", resident.pk)

    def test_searching_by_post(self, city, secretary, resident):
        for words in ("陈小", "cxm", resident.document_number, resident.phone):
            found = secretary.post(f"{V1}/residents/search/", {"words": words}).json()
            assert [row["id"] for row in found["results"]] == [resident.pk], words
        nobody = secretary.post(f"{V1}/residents/search/", {"words": a_document()}).json()
        assert nobody == {"results": [], "more": False}
        assert secretary.post(f"{V1}/residents/search/", {"words": "12"}).status_code == 409
        assert secretary.get(f"{V1}/residents/search/?words=陈").status_code in (404, 405)

    def test_care_and_contact(self, city, secretary, resident):
        url = f"{V1}/households/{resident.household_id}"
        assessed = secretary.post(f"{url}/assess/", {"level": "red", "reason": "独居，上月摔伤"})
        assert (assessed.status_code, assessed.json()["days"]) == (201, 7)
        assert secretary.get(f"{V1}/care/?level=red").json()["results"][0]["reason"] == "独居，上月摔伤"
        neighbour, stranger = a_member(city), a_member(city)
        Home.objects.create(member=neighbour, building=city.home.building)
        assert secretary.post(f"{url}/contact/", {"member": neighbour.pk}).json()["contact_name"]
        assert secretary.post(f"{url}/contact/", {"member": stranger.pk}).status_code == 400
        assert secretary.post(f"{url}/contact/", {"member": None}).json()["contact_member"] is None

    def test_a_contact_is_found_by_name_across_the_district(self, city, secretary, resident):
        url = f"{V1}/households/{resident.household_id}"
        one, two = a_member(city, name="王芳"), a_member(city, name="王芳")
        far = a_member(a_city("浈江"), name="王芳")
        a_member(city, name="王芳华")
        shown = secretary.post(f"{url}/contact-choices/", {"name": "王 芳"})
        assert shown.json() == [
            {"id": each.pk, "name": "王芳", "unit": each.unit.name} for each in (one, two)
        ]
        assert one.phone not in shown.content.decode() and shown["Cache-Control"] == "no-store"
        several = secretary.post(f"{url}/contact/", {"name": "王芳"})
        assert (several.status_code, several.json()["field"]) == (409, "member")
        assert secretary.post(f"{url}/contact/", {"name": "王芳", "member": far.pk}).status_code == 400
        chosen = secretary.post(f"{url}/contact/", {"name": "王芳", "member": two.pk})
        assert chosen.json()["contact_member"] == two.pk
        assert secretary.post(f"{url}/contact/", {"name": "芳华"}).json()["contact_name"] == "王芳华"

    def test_who_lives_in_the_next_grid_is_not_told_to_a_grid_worker(self, city, secretary, resident):
        near, other = a_member(city, name="近党员"), a_member(city, name="旁党员")
        _fill(city, 1)
        next_grid = Grid.objects.get(code__startswith="more")
        building = Building.objects.get(code__startswith="more")
        Building.objects.filter(pk=building.pk).update(grid=next_grid)
        Home.objects.create(member=near, building=city.home.building)
        Home.objects.create(member=other, building=building)
        url = f"{V1}/households/{resident.household_id}"
        for client, names in (
            (api(a_grid_worker(city.home)), {"近党员"}),
            (secretary, {"近党员", "旁党员"}),
        ):
            assert {row["name"] for row in client.post(f"{url}/contact-choices/").json()} == names
        assert (
            api(a_grid_worker(city.home, "B")).post(f"{url}/contact/", {"member": other.pk}).status_code
            == 400
        )

    def test_a_contact_is_not_found_by_less(self, city, secretary, resident):
        url = f"{V1}/households/{resident.household_id}"
        for _ in range(21):
            a_member(city, name="欧阳小明")
        for name in ("王", "查无此人", "小明"):
            for call in ("contact", "contact-choices"):
                refused = secretary.post(f"{url}/{call}/", {"name": name})
                assert (refused.status_code, refused.json()["field"]) == (409, "name"), (call, name)
                assert name not in refused.json()["detail"]
        assert len(secretary.post(f"{url}/contact-choices/", {"name": "欧阳小明"}).json()) == 21
        assert secretary.post(f"{url}/contact-choices/").json() == []
        assert secretary.post(f"{url}/contact/", {}).status_code == 400
        assert secretary.post(f"{url}/contact/", {"name": ["王芳"]}).status_code == 400
        assert api(city.next_door.secretary).post(f"{url}/contact-choices/").status_code == 404

    def test_use_of_a_dwelling(self, secretary, resident):
        url = f"{V1}/dwellings/{resident.household.dwelling_id}/use/"
        assert secretary.post(url, {"use": "let"}).json()["use"] == "let"
        assert secretary.post(url, {"use": "empty"}).status_code == 409


def _fill(city: City, times: int) -> None:
    group, _ = SpecialGroup.objects.get_or_create(name="独居老人", defaults={"purpose": "探访"})
    for _ in range(times):
        number = Building.objects.count()
        grid = Grid(tier=2, code=f"more{number}", name="网格", parent=city.home.first_grid)
        compound = Compound(name=f"小区{number}", grid=city.home.grid)
        building = Building(code=f"more{number}", name="楼", grid=city.home.grid, compound=city.home.compound)
        for row in (grid, compound, building):
            row.place_under(city.home.organization)
            row.save()
        household = a_household(building)
        a_resident(household, groups=[group])
        ImportJob.objects.create(community=city.home.organization, name="x.xlsx", by=city.home.secretary)
        CareAssessment.objects.create(household=household, level="yellow", reason="独居老人")
