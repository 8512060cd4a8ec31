"""The registries of the desk: read only, scoped, no rows of the neighbours."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import a_user
from tests.signing_in import strong_client
from tests.volunteers.scenes import a_city, a_volunteer, credited
from volunteers.models import LedgerEntry

pytestmark = pytest.mark.django_db
NAMES = ("volunteer", "registration", "whistle", "claim", "ledgerentry")


def test_lists_show_ones_own_community_only():
    city = a_city()
    volunteer = a_volunteer(city, name="王建国")
    credited(city.home, volunteer)
    credited(city.next_door, a_volunteer(city, city.next_door, name="隔壁的"))
    client = strong_client(city.home.secretary)
    for name in NAMES:
        page = client.get(f"/desk/registry/volunteers/{name}/")
        assert page.status_code == 200, name
        assert "隔壁的" not in page.content.decode(), name
    assert "王建国" in client.get("/desk/registry/volunteers/ledgerentry/").content.decode()


def test_rows_open_and_nothing_can_be_written():
    city = a_city()
    claim = credited(city.home, a_volunteer(city))
    rows = {
        "volunteer": claim.volunteer_id,
        "registration": claim.volunteer.registrations.get().pk,
        "whistle": claim.whistle_id,
        "claim": claim.pk,
        "ledgerentry": LedgerEntry.objects.get().pk,
    }
    client, outsider = strong_client(city.home.secretary), strong_client(city.next_door.secretary)
    for name, pk in rows.items():
        url = f"/desk/registry/volunteers/{name}/{pk}/change/"
        assert client.get(url).status_code == 200, name
        assert outsider.get(url).status_code == 404, name
        assert client.post(url, {}).status_code in (403, 404), name
        assert client.get(f"/desk/registry/volunteers/{name}/add/").status_code in (403, 404), name
        assert client.post(f"/desk/registry/volunteers/{name}/{pk}/delete/").status_code in (403, 404), name


def test_members_and_residents_see_no_registry():
    city = a_city()
    for user in (a_volunteer(city).user, a_user()):
        client = Client()
        client.force_login(user)
        for name in NAMES:
            assert client.get(f"/desk/registry/volunteers/{name}/").status_code in (302, 403, 404)


def test_a_claim_shows_its_marks():
    city = a_city()
    claim = credited(city.home, a_volunteer(city))
    page = strong_client(city.home.secretary).get(f"/desk/registry/volunteers/claim/{claim.pk}/change/")
    assert "签到 手机定位 2026年" in page.content.decode()
