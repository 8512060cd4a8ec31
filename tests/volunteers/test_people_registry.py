"""Registrations and teams in the registry: looked up, and changed through the verbs as buttons only."""

from __future__ import annotations

import pytest

from tests.factories import a_grid_worker, a_user
from tests.signing_in import strong_client
from tests.volunteers.scenes import a_city, a_volunteer
from volunteers.joining import registry, teams
from volunteers.states import RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db
REGISTRATIONS, TEAMS = "/desk/registry/volunteers/registration", "/desk/registry/volunteers/team"


def test_registrations_are_changed_by_their_verbs():
    city = a_city()
    row = a_volunteer(city).registrations.get()
    client = strong_client(city.home.secretary)
    page = client.get(f"{REGISTRATIONS}/{row.pk}/change/").content.decode()
    assert "调整网格" in page and "结束报到" in page and "不接收" not in page
    client.post(f"{REGISTRATIONS}/{row.pk}/verb/regrid/", {"grid": city.home.first_grid.pk})
    row.refresh_from_db()
    assert row.grid == city.home.first_grid
    foreign = client.post(f"{REGISTRATIONS}/{row.pk}/verb/regrid/", {"grid": city.next_door.grid.pk})
    assert foreign.status_code == 200
    client.post(f"{REGISTRATIONS}/{row.pk}/verb/end/", {"reason": "搬走了"})
    row.refresh_from_db()
    assert (row.state, row.ended_because) == (RegistrationState.ENDED, "搬走了")
    assert client.post(f"{REGISTRATIONS}/{row.pk}/verb/end/", {"reason": "x"}).status_code == 404


def test_who_waits_is_declined_with_a_reason():
    city = a_city()
    volunteer = registry.enrol(user=a_user(), kind=VolunteerKind.VOLUNTEER, district=city.district)
    row = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    url = f"{REGISTRATIONS}/{row.pk}/verb/decline/"
    for outsider in (city.next_door.secretary, a_grid_worker(city.home), volunteer.user):
        assert strong_client(outsider).post(url, {"reason": "x"}).status_code in (302, 403, 404)
    strong_client(city.home.secretary).post(url, {"reason": "满了"})
    row.refresh_from_db()
    assert row.ended_because == "满了"


def test_teams_are_listed_and_closed():
    city = a_city()
    for place in (city.home, city.next_door):
        name = f"{place.organization.short_name}普法队"
        teams.found(by=None, organization=place.organization, kind="service", name=name, theme="law")
    team = teams.open_for(a_volunteer(city)).get()
    client = strong_client(city.home.secretary)
    page = client.get(f"{TEAMS}/").content.decode()
    assert "花城社区普法队" in page and "隔壁社区普法队" not in page
    assert client.get(f"{TEAMS}/add/").status_code in (403, 404)
    assert strong_client(city.next_door.secretary).get(f"{TEAMS}/{team.pk}/change/").status_code == 404
    assert "撤销" in client.get(f"{TEAMS}/{team.pk}/change/").content.decode()
    client.post(f"{TEAMS}/{team.pk}/verb/close/")
    team.refresh_from_db()
    assert team.closed_at is not None
