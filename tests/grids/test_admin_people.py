"""The registry's pages of people and of what stands around them: who opens them, what their buttons write."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from grids.audit import entries_of
from grids.models import (
    Absence,
    CareAssessment,
    Dwelling,
    Grid,
    GridDuty,
    Home,
    Household,
    ImportJob,
    Resident,
    SpecialGroup,
    TerritoryPolicy,
)
from ground import clock
from organizations.models import Unit
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_member, a_user, appoint
from tests.grids.people import a_document, a_dwelling, a_household, a_phone, a_resident
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db

REGISTRY = "/desk/registry/grids"
PEOPLE = {
    "dwelling": Dwelling,
    "household": Household,
    "resident": Resident,
    "careassessment": CareAssessment,
}
ALL = {**PEOPLE, "importjob": ImportJob, "absence": Absence, "territorypolicy": TerritoryPolicy}


@pytest.fixture
def city() -> City:
    city = a_city()
    group = SpecialGroup.objects.create(name="独居老人", purpose="探访")
    resident = a_resident(a_household(city.home.building), groups=[group])
    CareAssessment.objects.create(household=resident.household, level="yellow", reason="独居老人")
    post = a_grid_worker(city.home).appointments.get()
    Absence.objects.create(appointment=post, reason="年假")
    ImportJob.objects.create(community=city.home.organization, name="居民.xlsx", by=city.home.secretary)
    TerritoryPolicy.objects.create(district=city.district, signed_by=city.home.secretary)
    return city


@pytest.fixture
def secretary(city):
    return strong_client(city.home.secretary)


@pytest.fixture
def resident(city) -> Resident:
    return Resident.objects.get()


def url_of(row: Any, page: str = "change") -> str:
    return f"{REGISTRY}/{row._meta.model_name}/{row.pk}/{page}/"


def an_officer(place: Any) -> Client:
    user = a_user("干事")
    appoint(user, Post.OFFICER, place)
    return strong_client(user)


@pytest.mark.parametrize("name", ALL)
class TestSight:
    def test_the_community_opens_list_and_row(self, city, secretary, name):
        assert secretary.get(f"{REGISTRY}/{name}/").status_code == 200
        assert secretary.get(url_of(ALL[name].objects.get())).status_code == 200

    def test_the_next_community_finds_no_such_row(self, city, name):
        client, row = strong_client(city.next_door.secretary), ALL[name].objects.get()
        if name == "territorypolicy":  # the policy of the district is for everybody in it
            assert client.get(url_of(row)).status_code == 200
            return
        for page in ("change", "history", "delete", "verb/change", "verb/assess", "verb/back", "verb/use"):
            assert client.get(url_of(row, page)).status_code == 404, page
            assert client.post(url_of(row, page)).status_code == 404, page
        assert f"/{row.pk}/change/" not in client.get(f"{REGISTRY}/{name}/").content.decode()

    def test_residents_and_the_system_administrator_find_nothing(self, city, name):
        for user in (a_user(), a_user(is_administrator=True)):
            assert strong_client(user).get(f"{REGISTRY}/{name}/").status_code == 404
        assert Client().get(f"{REGISTRY}/{name}/").status_code == 302
        assert weak_client(city.home.secretary).get(f"{REGISTRY}/{name}/").status_code == 302

    def test_the_list_costs_the_same_however_long_it_is(self, city, name):
        def queries() -> int:
            client = strong_client(city.home.secretary)
            with CaptureQueriesContext(connection) as context:
                assert client.get(f"{REGISTRY}/{name}/").status_code == 200
            return len(context)

        few = queries()
        for _ in range(5):
            another(city)
        assert queries() == few
        assert few <= 14


def another(city: City) -> None:
    household = a_resident(a_household(city.home.building)).household
    CareAssessment.objects.create(household=household, level="yellow", reason="独居老人")
    ImportJob.objects.create(community=city.home.organization, name="又一份.xlsx", by=city.home.secretary)
    Absence.objects.create(appointment=appoint(a_user(), Post.GRID_WORKER, city.home.organization))
    TerritoryPolicy.objects.create(district=city.district, signed_by=city.home.secretary)


@pytest.mark.parametrize("name", [*PEOPLE, "importjob"])
def test_those_who_see_counts_only_find_no_such_pages(city, name):
    for client in (an_officer(city.street), an_officer(city.district)):
        assert client.get(f"{REGISTRY}/{name}/").status_code == 404
        assert client.get(url_of(ALL[name].objects.get())).status_code == 404


def test_the_raw_audit_has_no_page(city, secretary):
    with pytest.raises(NoReverseMatch):
        reverse("admin:auditlog_logentry_changelist")
    assert secretary.get("/desk/registry/auditlog/logentry/").status_code == 404


class TestResidents:
    def test_list_and_page_are_masked(self, secretary, resident):
        for page in (f"{REGISTRY}/resident/", url_of(resident)):
            shown = secretary.get(page).content.decode()
            assert "陈小明" in shown
            assert resident.masked_document in shown
            assert resident.document_number not in shown
            assert resident.phone not in shown

    def test_no_search_no_names_in_addresses(self, secretary, resident):
        for query in (
            *("name__startswith=陈", "name=陈小明", f"document_index={resident.document_index}"),
            *("household__residents__name=陈", "phone_index=x", "name_key__gt=a"),
        ):
            assert secretary.get(f"{REGISTRY}/resident/?{query}").status_code == 400, query
        assert "陈小明" in secretary.get(f"{REGISTRY}/resident/?q=无此人").content.decode()
        lookup = f"app_label=grids&model_name=resident&field_name=merged_into&term={resident.name}"
        assert secretary.get(f"/desk/registry/autocomplete/?{lookup}").status_code == 404

    def test_filters_offer_what_is_in_sight(self, city, secretary):
        page = secretary.get(f"{REGISTRY}/resident/").content.decode()
        assert f"grid__id__exact={city.home.grid.pk}" in page
        assert f"grid__id__exact={city.next_door.grid.pk}" not in page
        assert "陈小明" not in secretary.get(f"{REGISTRY}/resident/?standing__exact=left").content.decode()

    def test_entering(self, city, secretary, resident):
        number, group = a_document(), SpecialGroup.objects.get()
        data = self.data(household=resident.household_id, document_number=number, groups=[group.pk])
        answer = secretary.post(f"{REGISTRY}/resident/add/", data)
        assert answer.status_code == 302, answer.content.decode()
        entered = Resident.objects.get(name="林小红")
        assert (entered.document_number, entered.grid, list(entered.groups.all())) == (
            number,
            city.home.grid,
            [group],
        )
        assert {entry.actor for entry in entries_of(entered)} == {city.home.secretary}
        page = secretary.get(f"{REGISTRY}/resident/").content.decode()
        assert "林小红" in page
        assert number not in page

    def test_the_rules_sentence_stands_at_the_field(self, city, secretary, resident):
        data = self.data(household=resident.household_id, document_number="440203196005170011")
        page = secretary.post(f"{REGISTRY}/resident/add/", data).content.decode()
        assert "校验不对" in page
        assert Resident.objects.count() == 1
        assert "已登记在" in self.enter_again(secretary, resident)

    def enter_again(self, client: Client, resident: Resident) -> str:
        data = self.data(household=resident.household_id, document_number=resident.document_number)
        return client.post(f"{REGISTRY}/resident/add/", data).content.decode()

    def data(self, **given: Any) -> dict[str, Any]:
        known = {"name": "林小红", "document_kind": "id", "phone": a_phone(), "relation": "other"}
        return {**known, "residence": "registered", "community": "", "birth_date": "", "sex": "", **given}

    def test_not_into_a_household_out_of_sight(self, city, secretary):
        there = a_household(city.next_door.building)
        answer = secretary.post(f"{REGISTRY}/resident/add/", self.data(household=there.pk))
        assert answer.status_code == 200
        assert Resident.objects.count() == 1

    def test_without_a_dwelling_for_the_community_not_for_grid_workers(self, city, secretary):
        data = self.data(household="", community=city.home.organization.pk, document_number=a_document())
        worker = strong_client(a_grid_worker(city.home, "B"))
        assert worker.post(f"{REGISTRY}/resident/add/", data).status_code == 200
        assert secretary.post(f"{REGISTRY}/resident/add/", data).status_code == 302
        assert Resident.objects.get(household=None).community == city.home.organization

    def test_the_form_does_not_show_the_rest_of_a_masked_number(self, secretary, resident):
        assert resident.document_number and resident.birth_date
        page = secretary.get(url_of(resident, "verb/change")).content.decode()
        assert resident.birth_date.isoformat() not in page

    def test_correcting_keeps_what_is_left_empty(self, secretary, resident):
        number, page = resident.document_number, url_of(resident, "verb/change")
        form = secretary.get(page).content.decode()
        assert number not in form
        assert resident.phone not in form
        data = self.data(name="陈晓明", document_number="", phone="", groups=[])
        assert secretary.post(page, data).status_code == 302
        resident.refresh_from_db()
        assert (resident.name, resident.document_number, resident.groups.count()) == ("陈晓明", number, 0)
        assert resident.phone
        assert secretary.post(page, data | {"drops_phone": "on"}).status_code == 302
        resident.refresh_from_db()
        assert resident.phone == ""

    def test_moving_leaving_coming_back(self, city, secretary, resident):
        there = a_household(city.home.building)
        moved = secretary.post(url_of(resident, "verb/move"), {"to": there.pk, "relation": "head"})
        assert moved.status_code == 302
        assert secretary.get(url_of(resident, "verb/back")).status_code == 404
        left = secretary.post(
            url_of(resident, "verb/leave"), {"on": clock.today().isoformat(), "why": "搬家"}
        )
        assert left.status_code == 302
        back = secretary.post(url_of(resident, "verb/back"), {"to": there.pk, "relation": "head"})
        assert back.status_code == 302
        resident.refresh_from_db()
        assert (resident.household, resident.standing, resident.relation) == (there, "present", "head")
        strange = secretary.post(url_of(resident, "verb/move"), {"to": "abc", "relation": "head"})
        assert strange.status_code == 200

    def test_linking_and_unlinking(self, city, secretary, resident):
        page = secretary.post(url_of(resident, "verb/link"))
        assert "还没有注册账号" in page.content.decode()
        account = a_user("陈小明")
        Resident.objects.filter(pk=resident.pk).update(phone_index=account.phone_index)
        assert secretary.post(url_of(resident, "verb/link")).status_code == 302
        assert secretary.post(url_of(resident, "verb/unlink")).status_code == 302
        resident.refresh_from_db()
        assert resident.user is None

    def test_erasing_is_for_the_community(self, city, secretary, resident):
        page = url_of(resident, "verb/erase")
        assert strong_client(a_grid_worker(city.home, "B")).get(page).status_code == 404
        assert secretary.post(page, {"reason": "本人书面申请"}).status_code == 302
        shown = secretary.get(f"{REGISTRY}/resident/").content.decode()
        assert "陈小明" not in shown
        resident.refresh_from_db()
        assert resident.standing == "erased"

    def test_its_page_leads_to_the_desk(self, secretary, resident):
        assert f"/desk/residents/{resident.pk}/" in secretary.get(url_of(resident)).content.decode()


class TestHouseholds:
    def test_assessing_and_contact(self, city, secretary, resident):
        household, neighbour = resident.household, a_member(city)
        Home.objects.create(member=neighbour, building=city.home.building)
        given = {"level": "red", "reason": "独居，上月摔伤", "days": "", "review_on": ""}
        assert secretary.post(url_of(household, "verb/assess"), given).status_code == 302
        assert secretary.post(url_of(household, "verb/contact"), {"member": neighbour.pk}).status_code == 302
        household.refresh_from_db()
        assert (household.care_level, household.care_days, household.contact_member) == ("red", 7, neighbour)
        far = a_member(city, name="远党员")
        assert secretary.post(url_of(household, "verb/contact"), {"member": far.pk}).status_code == 200
        assert secretary.post(url_of(household, "verb/contact"), {"name": "远党"}).status_code == 302
        household.refresh_from_db()
        assert household.contact_member == far

    def test_dwellings_and_households(self, city, secretary):
        data = {
            "building": city.home.building.pk,
            "staircase": "2",
            "floor": "-1",
            "door": "B01",
            "use": "own",
        }
        answer = secretary.post(f"{REGISTRY}/dwelling/add/", data)
        assert answer.status_code == 302, answer.content.decode()
        dwelling = Dwelling.objects.get(door="B01")
        assert dwelling.code == f"{city.home.building.code}-02-B1-B01"
        assert secretary.post(f"{REGISTRY}/household/add/", {"dwelling": dwelling.pk}).status_code == 302
        assert secretary.post(url_of(dwelling, "verb/household")).status_code == 302
        assert [each.number for each in dwelling.households.order_by("number")] == [1, 2]
        assert secretary.post(url_of(dwelling, "verb/use"), {"use": "empty"}).status_code == 302
        assert secretary.post(f"{REGISTRY}/dwelling/add/", data).status_code == 200
        there = a_dwelling(city.next_door.building)
        assert secretary.post(f"{REGISTRY}/household/add/", {"dwelling": there.pk}).status_code == 200
        assert not there.households.exists()

    def test_a_grid_worker_writes_in_the_own_grid(self, city, resident):
        worker = strong_client(a_grid_worker(city.home, "B"))
        given = {"level": "yellow", "reason": "独居老人", "days": "30", "review_on": ""}
        assert worker.post(url_of(resident.household, "verb/assess"), given).status_code == 302
        other = Grid(tier=2, code="G-2", name="第二网格", parent=city.home.first_grid)
        other.place_under(city.home.organization)
        other.save()
        stranger = strong_client(a_grid_worker(city.home, grid=other))
        assert stranger.post(url_of(resident.household, "verb/assess"), given).status_code == 404


class TestTheRest:
    def test_who_changes_the_list_of_groups(self, city, secretary):
        data = {"name": "退役军人", "purpose": "优抚", "order": "20", "is_open": "on"}
        assert secretary.get(f"{REGISTRY}/specialgroup/").status_code == 200
        assert secretary.post(f"{REGISTRY}/specialgroup/add/", data).status_code == 403
        assert an_officer(city.district).post(f"{REGISTRY}/specialgroup/add/", data).status_code == 302
        administrator = strong_client(a_user(is_administrator=True))
        again = administrator.post(f"{REGISTRY}/specialgroup/add/", data | {"name": "残疾人"})
        assert again.status_code == 302

    def test_compounds_choose_from_the_district_and_say_what_they_lack(self, city, secretary):
        company = Unit.objects.create(name="好物业", kind="property", district=city.district)
        agency = Unit.objects.create(name="某局", kind="agency", district=city.district)
        compound = city.home.compound
        data = {"name": "花城小区", "kind": "old", "grid": city.home.grid.pk, "owners_committee": ""}
        data |= {"branch": city.home.grid.branch_id}
        wrong = secretary.post(url_of(compound), data | {"property_company": agency.pk})
        assert wrong.status_code == 200
        right = secretary.post(url_of(compound), data | {"property_company": company.pk})
        assert right.status_code == 302, right.content.decode()
        assert "缺业主委员会" in secretary.get(f"{REGISTRY}/compound/").content.decode()
        assert "花城小区" in secretary.get(f"{REGISTRY}/compound/?lacks=owners_committee").content.decode()
        assert "缺业主委员会" not in secretary.get(f"{REGISTRY}/compound/?lacks=all").content.decode()
        assert [entry.actor for entry in entries_of(compound)][:1] == [city.home.secretary]

    def test_a_grid_worker_changes_a_compound_that_has_a_branch(self, city):
        """He sees the community's own node only; the branch that is there must stay choosable."""
        compound = city.home.compound
        compound.branch = city.home.grid.branch
        compound.save()
        worker = strong_client(a_grid_worker(city.home, "B"))
        data = {"name": "花城新小区", "kind": "old", "grid": city.home.grid.pk, "branch": compound.branch_id}
        answer = worker.post(url_of(compound), data | {"owners_committee": "", "property_company": ""})
        assert answer.status_code == 302, answer.content.decode()

    def test_absence_is_noted_and_ended(self, city, secretary):
        Absence.objects.all().delete()
        held = GridDuty.objects.get().appointment
        data = {
            "appointment": held.pk,
            "begins_on": clock.today().isoformat(),
            "ends_on": "",
            "reason": "培训",
        }
        there = a_grid_worker(city.next_door).appointments.get()
        elsewhere = secretary.post(f"{REGISTRY}/absence/add/", data | {"appointment": there.pk})
        assert elsewhere.status_code == 200
        assert secretary.post(f"{REGISTRY}/absence/add/", data).status_code == 302
        absence = Absence.objects.get()
        assert (absence.appointment, absence.noted_by) == (held, city.home.secretary)
        back = secretary.post(url_of(absence, "verb/back"), {"on": clock.today().isoformat()})
        assert back.status_code == 302
        assert not Absence.objects.exists()  # back on the day it began: never away

    def test_a_grid_worker_notes_the_own_absence_only(self, city):
        Absence.objects.all().delete()
        colleague = a_grid_worker(city.home, "B")
        client = strong_client(colleague)
        data = {"begins_on": clock.today().isoformat(), "ends_on": "", "reason": "年假"}
        other = GridDuty.objects.get(part="A").appointment
        own = colleague.appointments.get()
        assert client.post(f"{REGISTRY}/absence/add/", data | {"appointment": other.pk}).status_code == 200
        assert client.post(f"{REGISTRY}/absence/add/", data | {"appointment": own.pk}).status_code == 302

    def test_policies_and_imports_are_read_only(self, city, secretary):
        for model in (TerritoryPolicy, ImportJob, CareAssessment):
            row = model.objects.get()
            assert secretary.get(f"{REGISTRY}/{row._meta.model_name}/add/").status_code == 403
            assert secretary.post(url_of(row), {"name": "x", "document": "x"}).status_code == 403
        page = secretary.get(url_of(ImportJob.objects.get())).content.decode()
        assert "sealed" not in page
