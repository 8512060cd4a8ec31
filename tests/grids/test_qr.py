"""The code on a building: it leads to the request form, can be replaced, and gives nothing away."""

import pytest
from django.test import Client

from grids import buildings
from grids.views.qr import SCANS_PER_MINUTE
from ground.errors import NoPower
from organizations.models import Organization
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def test_it_leads_to_the_form_with_the_place(client: Client, city):
    token = city.home.building.qr_token
    answer = client.get(f"/b/{token}/")
    assert (answer.status_code, answer.url) == (302, f"/requests/new/?b={token}")
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_unknown_code_is_nowhere(client: Client, city):
    assert client.get("/b/unknown/").status_code == 404
    assert client.post(f"/b/{city.home.building.qr_token}/").status_code == 405


def test_the_code_of_a_closed_community_is_nowhere(client: Client, city):
    Organization.objects.filter(pk=city.home.organization.pk).update(closed_at="2026-01-01T00:00Z")
    assert client.get(f"/b/{city.home.building.qr_token}/").status_code == 404


def test_guessing_is_slowed_down(client: Client, city, monkeypatch):
    for _ in range(SCANS_PER_MINUTE):
        assert client.get("/b/unknown/").status_code == 404
    assert client.get(f"/b/{city.home.building.qr_token}/").status_code == 429
    other = Client(REMOTE_ADDR="10.0.0.9")
    assert other.get(f"/b/{city.home.building.qr_token}/").status_code == 302


def test_a_new_code_ends_the_old_one(client: Client, city):
    old = city.home.building.qr_token
    buildings.renew_token(city.home.building, by=a_grid_worker(city.home))
    assert client.get(f"/b/{old}/").status_code == 404
    assert client.get(f"/b/{city.home.building.qr_token}/").status_code == 302


def test_an_outsider_renews_nothing(city):
    old = city.home.building.qr_token
    for outsider in (city.next_door.secretary, a_grid_worker(city.next_door), a_user()):
        with pytest.raises(NoPower):
            buildings.renew_token(city.home.building, by=outsider)
    city.home.building.refresh_from_db()
    assert city.home.building.qr_token == old


def test_the_sheet_shows_every_building_of_the_grid(city):
    url = f"/desk/registry/grids/grid/{city.home.grid.pk}/poster/"
    page = strong_client(city.home.secretary).get(url).content.decode()
    assert city.home.building.name in page
    assert page.count("<svg") == 1
    assert strong_client(city.next_door.secretary).get(url).status_code == 404
    assert Client().get(url).status_code == 302
