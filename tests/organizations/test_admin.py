"""The registry's pages: who opens them, what they show, what their buttons do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ground import clock
from organizations.models import (
    AccessLogEntry,
    Appointment,
    Member,
    Organization,
    Unit,
    UnitBranch,
    WorkdayOverride,
)
from organizations.posts import Post, Tier
from tests.factories import City, a_city, a_member, a_phone, a_unit, a_user, appoint
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db

REGISTRY = "/desk/registry/organizations"
LISTS = ["organization", "unit", "unitbranch", "member", "appointment", "accesslogentry"]


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city):
    user = a_user("组织部干事")
    appoint(user, Post.OFFICER, city.district)
    return user


def a_row_of(name: str, city: City) -> object:
    """One row in the home community."""
    if name == "organization":
        return city.home.organization
    if name == "appointment":
        return city.home.secretary.appointments.get()
    if name == "accesslogentry":
        return AccessLogEntry.objects.create(
            by=city.home.secretary,
            action="reveal",
            subject="x:1",
            reason="回访",
            organization=city.home.organization,
        )
    city.home.organization.refresh_from_db()
    unit = Unit(name="花城物业", kind=Unit.Kind.PROPERTY)
    unit.place_under(city.home.organization)
    unit.save()
    if name == "unit":
        return unit
    return (
        UnitBranch.objects.create(unit=unit, name="党支部")
        if name == "unitbranch"
        else a_member(city, unit=unit)
    )


@pytest.mark.parametrize("name", LISTS)
class TestSight:
    def test_the_district_opens_list_and_row(self, city, officer, name):
        row, client = a_row_of(name, city), strong_client(officer)
        assert client.get(f"{REGISTRY}/{name}/").status_code == 200
        assert client.get(f"{REGISTRY}/{name}/{row.pk}/change/").status_code == 200

    def test_the_next_community_finds_no_such_row(self, city, name):
        row, client = a_row_of(name, city), strong_client(city.next_door.secretary)
        for page in ("change", "history", "delete", "verb/end", "verb/rename", "verb/close", "verb/phone"):
            assert client.get(f"{REGISTRY}/{name}/{row.pk}/{page}/").status_code == 404, page
            assert client.post(f"{REGISTRY}/{name}/{row.pk}/{page}/").status_code == 404, page

    def test_a_resident_finds_nothing_and_nobody_is_asked_to_sign_in(self, client, city, name):
        row = a_row_of(name, city)
        for url in (f"{REGISTRY}/{name}/", f"{REGISTRY}/{name}/{row.pk}/change/", f"{REGISTRY}/{name}/add/"):
            assert strong_client(a_user()).get(url).status_code == 404
            assert weak_client(a_user()).get(url).status_code == 404
            answer = client.get(url)
            assert answer.status_code == 302
            assert "login" in answer.url

    def test_a_weak_session_is_asked_for_the_second_factor(self, city, officer, name):
        answer = weak_client(officer).get(f"{REGISTRY}/{name}/")
        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in/")

    def test_the_system_administrator_sees_no_registry(self, city, name):
        row, client = a_row_of(name, city), strong_client(a_user(is_administrator=True))
        assert client.get(f"{REGISTRY}/{name}/{row.pk}/change/").status_code == 404

    def test_nothing_is_deleted_even_by_the_district(self, city, officer, name):
        row = a_row_of(name, city)
        assert (
            strong_client(officer).post(f"{REGISTRY}/{name}/{row.pk}/delete/", {"post": "yes"}).status_code
            == 404
        )
        assert type(row).objects.filter(pk=row.pk).exists()

    def test_the_list_costs_the_same_however_long_it_is(self, city, officer, name):
        def queries() -> int:
            client = strong_client(officer)
            with CaptureQueriesContext(
                connection,
            ) as context:
                assert client.get(f"{REGISTRY}/{name}/").status_code == 200
            return len(context)

        a_row_of(name, city)
        few = queries()
        for number in range(5):
            _another(name, city, number)
        assert queries() == few
        assert few <= 14  # one of them: whether the holidays of the coming months are known


def _another(name: str, city: City, number: int) -> None:
    if name == "unit":
        a_unit(city)
    elif name == "member":
        a_member(city)
    elif name == "unitbranch":
        UnitBranch.objects.create(unit=a_unit(city), name=f"支部{number}")
    elif name == "appointment":
        appoint(a_user(), Post.COMMUNITY_WORKER, city.home.organization)
    elif name == "accesslogentry":
        a_row_of(name, city)
    else:
        from organizations import tree

        tree.plant(parent=city.home.organization, tier=Tier.GRID_BRANCH, name=f"支部{number}", by=None)


class TestTree:
    def test_planting_below(self, city):
        node, client = city.home.organization, strong_client(city.home.secretary)
        url = f"{REGISTRY}/organization/{node.pk}/verb/plant/"
        assert "网格（小区）党支部" in client.get(url).content.decode()
        client.post(
            url, {"tier": Tier.GRID_BRANCH, "name": "花城第二网格党支部", "short_name": "", "code": ""}
        )
        assert Organization.objects.get(name="花城第二网格党支部").parent == node

    def test_a_rule_that_stands_in_the_way_is_told_in_the_form(self, city):
        node, client = city.home.organization, strong_client(city.home.secretary)
        answer = client.post(
            f"{REGISTRY}/organization/{node.pk}/verb/plant/",
            {"tier": Tier.GRID_BRANCH, "name": city.home.grid.branch.name, "short_name": "", "code": ""},
        )
        assert answer.status_code == 200
        assert "已经有" in answer.content.decode()

    def test_one_does_not_rename_or_close_the_own_node(self, city):
        node, client = city.home.organization, strong_client(city.home.secretary)
        assert "verb/rename" not in client.get(f"{REGISTRY}/organization/{node.pk}/change/").content.decode()
        for verb in ("rename", "close", "move"):
            assert client.post(f"{REGISTRY}/organization/{node.pk}/verb/{verb}/").status_code == 404

    def test_renaming_moving_and_closing_from_above(self, city, officer):
        client = strong_client(officer)
        street = client.post(
            f"{REGISTRY}/organization/{city.district.pk}/verb/plant/",
            {"tier": Tier.STREET, "name": "惠民街道党工委", "short_name": "惠民街道", "code": ""},
        )
        assert street.status_code == 302
        street = Organization.objects.get(name="惠民街道党工委")
        page = f"{REGISTRY}/organization/{city.next_door.organization.pk}/verb"
        client.post(f"{page}/rename/", {"name": "邻里社区党委", "short_name": "邻里社区"})
        client.post(f"{page}/move/", {"to": street.pk})
        node = Organization.objects.get(pk=city.next_door.organization.pk)
        assert (node.name, node.short_name, node.parent) == ("邻里社区党委", "邻里社区", street)
        answer = client.post(f"{page}/close/")
        assert "还有 1 个党组织" in answer.content.decode()

    def test_fields_are_not_written_directly(self, city, officer):
        page = f"{REGISTRY}/organization/{city.street.pk}/change/"
        assert strong_client(officer).post(page, {"name": "改了"}).status_code == 403
        assert not Organization.objects.filter(name="改了").exists()

    def test_only_the_city_plants_a_district(self, city, officer):
        mayor = a_user("市级")
        appoint(mayor, Post.OFFICER)
        data = {"name": "浈江区委", "short_name": "浈江区", "code": "440204"}
        assert strong_client(officer).post(f"{REGISTRY}/organization/add/", data).status_code == 403
        assert strong_client(mayor).post(f"{REGISTRY}/organization/add/", data).status_code == 302
        assert Organization.objects.get(code="440204").tier == Tier.DISTRICT


class TestMembers:
    def test_entering_a_member_with_a_phone_that_is_masked_afterwards(self, city, officer):
        client, phone = strong_client(officer), a_phone()
        data = {
            "name": "周武",
            "phone": phone,
            "district": city.district.pk,
            "unit": a_unit(city).pk,
            "skills": [],
        }
        assert client.post(f"{REGISTRY}/member/add/", data).status_code == 302
        member = Member.objects.get(name="周武")
        assert member.phone == phone
        for url in (f"{REGISTRY}/member/", f"{REGISTRY}/member/{member.pk}/change/"):
            page = client.get(url).content.decode()
            assert phone not in page
            assert member.masked_phone in page

    def test_a_number_that_is_taken_is_told_in_the_form(self, city, officer):
        phone = a_member(city).phone
        data = {"name": "周武", "phone": phone, "district": city.district.pk, "unit": "", "skills": []}
        answer = strong_client(officer).post(f"{REGISTRY}/member/add/", data)
        assert answer.status_code == 200
        assert "已有党员登记了这个手机号" in answer.content.decode()

    def test_changing_a_member_leaves_the_phone_alone(self, city, officer):
        member = a_member(city)
        page = f"{REGISTRY}/member/{member.pk}/change/"
        data = {"name": "新名", "unit": member.unit_id, "skills": [], "phone": a_phone()}
        assert strong_client(officer).post(page, data).status_code == 302
        fresh = Member.objects.get(pk=member.pk)
        assert (fresh.name, fresh.phone) == ("新名", member.phone)

    def test_a_new_number_and_a_linked_account(self, city, officer):
        member, user = a_member(city), a_user()
        Member.objects.filter(pk=member.pk).update(user=None)
        client = strong_client(officer)
        assert (
            client.post(f"{REGISTRY}/member/{member.pk}/verb/phone/", {"phone": user.phone}).status_code
            == 302
        )
        assert client.post(f"{REGISTRY}/member/{member.pk}/verb/link/").status_code == 302
        assert Member.objects.get(pk=member.pk).user == user

    def test_a_liaison_reads_the_own_unit_and_changes_nothing(self, city):
        member, liaison = a_member(city), a_user()
        appoint(liaison, Post.UNIT_LIAISON, member.unit)
        client = strong_client(liaison)
        page = f"{REGISTRY}/member/{member.pk}/change/"
        assert member.phone not in client.get(page).content.decode()
        assert client.post(page, {"name": "改了"}).status_code == 403
        assert client.get(f"{REGISTRY}/member/{a_member(city).pk}/change/").status_code == 404


class TestAppointments:
    def test_a_new_person_is_appointed_by_phone(self, city):
        phone = a_phone()
        data = {"phone": phone, "person": "新网格员", "post": Post.GRID_WORKER, "work_phone": "0751-1"}
        data |= {
            "organization": city.home.organization.pk,
            "unit": "",
            "begins_on": clock.today().isoformat(),
        }
        answer = strong_client(city.home.secretary).post(f"{REGISTRY}/appointment/add/", data)
        assert answer.status_code == 302, answer.content.decode()
        held = Appointment.objects.get(post=Post.GRID_WORKER)
        assert (held.user.name, held.user.phone, held.appointed_by) == (
            "新网格员",
            phone,
            city.home.secretary,
        )

    def test_no_power_there_is_a_403_and_out_of_sight_no_choice(self, city):
        client = strong_client(city.home.secretary)
        data = {"phone": a_phone(), "person": "某", "unit": "", "begins_on": clock.today().isoformat()}
        own = data | {"post": Post.SECRETARY, "organization": city.home.organization.pk}
        assert client.post(f"{REGISTRY}/appointment/add/", own).status_code == 403
        theirs = data | {"post": Post.GRID_WORKER, "organization": city.next_door.organization.pk}
        assert client.post(f"{REGISTRY}/appointment/add/", theirs).status_code == 200
        assert not Appointment.objects.exclude(post=Post.SECRETARY).exists()

    def test_ending(self, city, officer):
        held = city.home.secretary.appointments.get()
        page = f"{REGISTRY}/appointment/{held.pk}/verb/end/"
        assert strong_client(officer).post(page, {"on": clock.today().isoformat()}).status_code == 302
        held.refresh_from_db()
        assert held.ends_on == clock.today()

    def test_the_administrator_gives_city_posts_only(self, city):
        client = strong_client(a_user(is_administrator=True))
        page = client.get(f"{REGISTRY}/appointment/add/").content.decode()
        assert "市级" in page
        assert 'name="organization"' not in page
        data = {"phone": a_phone(), "person": "市级干部", "post": Post.OFFICER, "at_city": "on"}
        data |= {"begins_on": clock.today().isoformat(), "work_phone": ""}
        assert client.post(f"{REGISTRY}/appointment/add/", data).status_code == 302
        assert Appointment.objects.get(at_city=True).user.name == "市级干部"


class TestUnits:
    def test_a_unit_is_placed_where_one_has_the_power(self, city):
        client = strong_client(city.home.secretary)
        data = {"name": "花城物业", "kind": Unit.Kind.PROPERTY, "code": ""}
        theirs = client.post(f"{REGISTRY}/unit/add/", data | {"place": city.next_door.organization.pk})
        assert theirs.status_code == 200
        client.post(f"{REGISTRY}/unit/add/", data | {"place": city.home.organization.pk})
        assert Unit.objects.get().community == city.home.organization
        again = client.post(f"{REGISTRY}/unit/add/", data | {"place": city.home.organization.pk})
        assert "已有同名单位" in again.content.decode()


class TestSettings:
    def test_workdays_belong_to_the_administrator(self, officer):
        client = strong_client(a_user(is_administrator=True))
        data = {"day": "2026-12-31", "is_workday": "", "reason": "台风"}
        assert client.post(f"{REGISTRY}/workdayoverride/add/", data).status_code == 302
        assert WorkdayOverride.objects.get().is_workday is False
        assert client.get(f"{REGISTRY}/workdayoverride/").status_code == 200
        assert strong_client(officer).get(f"{REGISTRY}/workdayoverride/").status_code == 404

    def test_choices_in_autocompletes_are_in_sight_too(self, city):
        client = strong_client(city.home.secretary)
        query = {"app_label": "organizations", "model_name": "appointment", "field_name": "organization"}
        found = client.get("/desk/registry/autocomplete/", query).json()["results"]
        assert {row["id"] for row in found} == {
            str(city.home.organization.pk),
            str(city.home.grid.branch_id),
        }


@pytest.mark.parametrize(
    "query", ["?at__year=99999999999&at__month=1", "?at__year=0", "?at__month=13", "?at__year=x"]
)
def test_a_day_that_no_calendar_has(officer, query):
    answer = strong_client(officer).get(f"{REGISTRY}/accesslogentry/{query}", follow=True)
    assert answer.status_code == 200
