"""Addresses that break databases and pickers are bad requests, on pages, registry and API alike."""

from __future__ import annotations

import pytest
from django.test import Client

from requests import placing
from requests.models import ServiceRequest
from tests.factories import a_city, a_user
from tests.signing_in import strong_client
from tests.workflow import a_category

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url",
    [
        *("/desk/?q=%00", "/whistles/?q=a%00b", "/requests/new/?b=%00", "/b/%00/", "/registration/?q=%00"),
        *("/desk/registry/grids/building/?q=%00", "/api/v1/requests/places/?q=%00", "/sign-in/?next=%00"),
    ],
)
def test_a_nul_in_an_address(url: str) -> None:
    client = strong_client(a_city().home.secretary)
    for browser in (client, Client()):
        assert browser.get(url).status_code == 400


@pytest.mark.parametrize(
    "name", ["building/add/?grid", "compound/add/?grid", "grid/add/?parent", "gridduty/add/?grid"]
)
def test_what_an_address_fills_into_the_registry(name: str) -> None:
    city = a_city()
    client = strong_client(city.home.secretary)
    for value in ("abc", "²", "9" * 30, str(city.home.grid.pk)):
        assert client.get(f"/desk/registry/grids/{name}={value}").status_code == 200, value


def test_a_nul_in_a_form() -> None:
    client = strong_client(a_user())
    a_category()
    assert placing.search("\0") == []
    for fields in ({"b": "\0"}, {"place": "b:\0"}, {"q": "\0", "find": "1"}, {"text": "\0"}):
        data = {"category": "repair", "text": "灯", "client_key": "", **fields}
        assert client.post("/requests/new/", data).status_code in (200, 422), fields
    asked = {"category": "repair", "text": "灯", "building_token": "\0"}
    assert client.post("/api/v1/requests/", asked, content_type="application/json").status_code == 400
    assert not ServiceRequest.objects.exists()


def test_options_of_the_documentation() -> None:
    assert strong_client(a_user()).options("/api/docs/").status_code == 405
