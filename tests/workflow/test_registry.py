"""The registry of requests and the catalogue in the web admin."""

import pytest

from organizations.posts import Post
from requests import dispatching, splitting
from requests.models import Category, ReplyTemplate
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import a_category, filed, in_progress, resolved

pytestmark = pytest.mark.django_db
REQUESTS, CATEGORIES = "/desk/registry/requests/servicerequest/", "/desk/registry/requests/category/"
DISPATCHES, REPLIES = "/desk/registry/requests/dispatch/", "/desk/registry/requests/replytemplate/"


def test_the_secretary_finds_a_request_by_number_and_cannot_change_it() -> None:
    city = a_city()
    service_request, other = filed(city), filed(city, building=city.next_door.building)
    client = strong_client(city.home.secretary)
    found = client.get(REQUESTS, {"q": service_request.number}).content.decode()
    assert service_request.number in found
    assert f"/desk/requests/{service_request.number}/" in found
    assert other.number not in client.get(REQUESTS).content.decode()
    page = client.get(f"{REQUESTS}{service_request.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert service_request.submitter.phone not in page.content.decode()
    assert client.post(f"{REQUESTS}{service_request.pk}/change/", {"state": "closed"}).status_code == 403
    assert client.get(f"{REQUESTS}{other.pk}/change/").status_code == 404
    assert client.get(f"{REQUESTS}{service_request.pk}/delete/").status_code == 404


def test_residents_find_no_registry() -> None:
    city = a_city()
    response = strong_client(filed(city).submitter).get(REQUESTS)
    assert response.status_code in (302, 404)


def test_the_catalogue_is_changed_by_the_district_and_the_administrator_only() -> None:
    city = a_city()
    category = a_category()
    officer, administrator = a_user("区干部"), a_user("管理员", is_administrator=True)
    appoint(officer, "officer", city.district)
    url = f"{CATEGORIES}{category.pk}/change/"
    fields = {
        "code": "repair",
        "name": "修理",
        "track": "urgent",
        "duty_area": "convenience",
        "icon": "wrench",
        "order": 1,
    }
    assert strong_client(city.home.secretary).post(url, fields).status_code == 403
    for person in (officer, administrator):
        Category.objects.filter(pk=category.pk).update(name="维修")
        assert strong_client(person).post(url, fields).status_code == 302
        assert Category.objects.get(pk=category.pk).name == "修理"


def test_requests_are_narrowed_to_parts_reopened_and_supervised() -> None:
    city = a_city()
    secretary = city.home.secretary
    whole, plain = in_progress(city), resolved(city)
    part = splitting.split(whole, by=secretary, parts=["分出来的"])[0]
    client = strong_client(secretary)

    def numbers(**query: str) -> set[str]:
        rows = client.get(REQUESTS, query).context["cl"].result_list
        return {row.number for row in rows}

    assert numbers(part="yes") == {part.number}
    assert numbers(part="no") == {whole.number, plain.number}
    assert numbers(reopened="yes") == numbers(supervised="yes") == set()
    type(plain).objects.filter(pk=plain.pk).update(reopened=1)
    assert numbers(reopened="yes") == {plain.number}


def test_dispatches_are_looked_up_by_number_and_never_changed() -> None:
    city = a_city()
    unit, officer = a_unit(city, "供电所"), a_user("承办人")
    appoint(officer, Post.CASE_OFFICER, unit)
    row = in_progress(city)
    dispatch = dispatching.dispatch(row, by=city.home.secretary, text="换变压器", unit=unit)
    for person in (city.home.secretary, officer):
        client = strong_client(person)
        assert "供电所" in client.get(DISPATCHES, {"q": row.number}).content.decode()
        page = client.get(f"{DISPATCHES}{dispatch.pk}/change/")
        assert page.status_code == 200 and 'name="_save"' not in page.content.decode()
        assert row.submitter.phone not in page.content.decode()
        assert client.post(f"{DISPATCHES}{dispatch.pk}/change/", {"state": "confirmed"}).status_code == 403
        assert client.get(f"{DISPATCHES}add/").status_code == 403
    outsider = strong_client(city.next_door.secretary)
    assert row.number not in outsider.get(DISPATCHES).content.decode()
    assert outsider.get(f"{DISPATCHES}{dispatch.pk}/change/").status_code == 404


class TestReplyTemplates:
    def fields(self, city: City, **extra: object) -> dict[str, object]:
        where = city.home.organization.pk
        return {"organization": where, "step": "accept", "title": "已受理", "text": "好的", **extra}

    def test_a_community_writes_its_own(self) -> None:
        city = a_city()
        client = strong_client(city.home.secretary)
        assert client.post(f"{REPLIES}add/", self.fields(city)).status_code == 302
        kept = ReplyTemplate.objects.get()
        assert kept.organization == city.home.organization
        url = f"{REPLIES}{kept.pk}/change/"
        assert client.post(url, self.fields(city, title="收到")).status_code == 302
        assert ReplyTemplate.objects.get().title == "收到"
        outsider = strong_client(city.next_door.secretary)
        assert "收到" not in outsider.get(REPLIES).content.decode()
        assert outsider.get(url).status_code == outsider.post(url, {}).status_code == 404

    def test_for_another_place_or_the_district_is_refused_at_the_field(self) -> None:
        city = a_city()
        client = strong_client(city.home.secretary)
        for place in (city.next_door.organization, city.district, city.street):
            page = client.post(f"{REPLIES}add/", self.fields(city, organization=place.pk))
            assert page.status_code == 200
            assert list(page.context["adminform"].form.errors) == ["organization"]
        assert not ReplyTemplate.objects.exists()

    def test_the_district_writes_for_all_and_communities_read_it_only(self) -> None:
        city = a_city()
        officer = a_user("区干部")
        appoint(officer, Post.OFFICER, city.district)
        fields = self.fields(city, organization=city.district.pk)
        assert strong_client(officer).post(f"{REPLIES}add/", fields).status_code == 302
        url = f"{REPLIES}{ReplyTemplate.objects.get().pk}/change/"
        secretary = strong_client(city.home.secretary)
        assert secretary.get(url).status_code == 200
        assert secretary.post(url, fields).status_code == 403

    def test_bad_input_is_said_in_chinese_at_its_field(self) -> None:
        city = a_city()
        client = strong_client(city.home.secretary)
        client.post(f"{REPLIES}add/", self.fields(city))
        again = client.post(f"{REPLIES}add/", self.fields(city))
        assert "这里已有同名的常用语。" in again.content.decode()
        wrong = client.post(f"{REPLIES}add/", self.fields(city, title="", step="explode", text="长" * 501))
        errors = wrong.context["adminform"].form.errors
        assert set(errors) == {"title", "step", "text"}
        assert all(ord(str(said[0])[0]) > 127 for said in errors.values())
        assert ReplyTemplate.objects.count() == 1

    def test_residents_and_grid_workers_find_none(self) -> None:
        city = a_city()
        for person in (filed(city).submitter, a_user()):
            assert strong_client(person).get(REPLIES).status_code in (302, 404)
