"""The registry of requests and the catalogue in the web admin."""

import pytest

from requests.models import Category
from tests.factories import a_city, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import a_category, filed

pytestmark = pytest.mark.django_db
REQUESTS, CATEGORIES = "/desk/registry/requests/servicerequest/", "/desk/registry/requests/category/"


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
