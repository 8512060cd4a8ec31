"""Registrations, placing and teams over the API: the same sight, verbs and sentences as the pages."""

from __future__ import annotations

import pytest
from django.test import Client

from organizations.posts import Post
from tests.factories import a_member, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers.scenes import a_city, a_volunteer
from volunteers.joining import registry, teams
from volunteers.models import Registration, Team
from volunteers.states import RegistrationState, TeamRole, VolunteerKind

pytestmark = pytest.mark.django_db
API = "/api/v1"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, path: str, data=None):
    return client.post(f"{API}/{path}", data or {}, content_type="application/json")


def ask(city, place, name="小林") -> Registration:
    volunteer = registry.enrol(user=a_user(name), kind=VolunteerKind.VOLUNTEER, district=city.district)
    return registry.choose(volunteer, by=volunteer.user, community=place.organization)


def test_a_choice_is_dropped_and_a_registration_ended_by_oneself():
    city = a_city()
    row = ask(city, city.home)
    mine, other = signed_in(row.volunteer.user), signed_in(a_user())
    assert post(other, f"registrations/{row.pk}/drop/").status_code == 404
    assert post(mine, f"registrations/{row.pk}/drop/").json()["state"] == "ended"
    late = post(mine, f"registrations/{row.pk}/drop/")
    assert late.status_code == 409 and "自己撤回" in late.json()["detail"]
    volunteer = a_volunteer(city)
    confirmed = volunteer.registrations.get()
    ended = post(signed_in(volunteer.user), f"registrations/{confirmed.pk}/end/", {"reason": "搬家"})
    assert ended.json()["ended_because"] == "搬家"
    history = signed_in(volunteer.user).get(f"{API}/registrations/").json()
    assert [each["state"] for each in history] == ["ended"]


def test_the_community_confirms_declines_regrids_and_ends():
    city = a_city()
    rows = [ask(city, city.home, name) for name in ("甲", "乙")]
    staff, outsider = strong_client(city.home.secretary), strong_client(city.next_door.secretary)
    path = f"community-registrations/{rows[0].pk}"
    for step in ("confirm", "decline", "regrid", "end"):
        assert post(outsider, f"{path}/{step}/", {"grid": city.home.grid.pk}).status_code == 404
    assert outsider.get(f"{API}/community-registrations/").json()["results"] == []
    confirmed = post(staff, f"{path}/confirm/", {"grid": city.home.grid.pk}).json()
    assert (confirmed["state"], confirmed["grid"]) == ("confirmed", city.home.grid.pk)
    foreign = post(staff, f"{path}/regrid/", {"grid": city.next_door.grid.pk})
    assert (foreign.status_code, foreign.json()["field"]) == (409, "grid")
    assert post(staff, f"{path}/regrid/", {"grid": city.home.first_grid.pk}).json()["grid_name"]
    assert post(staff, f"{path}/end/", {}).status_code == 400
    assert post(staff, f"{path}/end/", {"reason": "搬走"}).json()["state"] == "ended"
    declined = post(staff, f"community-registrations/{rows[1].pk}/decline/", {"reason": "满了"})
    assert declined.json()["ended_because"] == "满了"
    listed = staff.get(f"{API}/community-registrations/?state=ended&q=甲").json()["results"]
    assert [each["name"] for each in listed] == ["甲"]


def test_the_district_places_those_who_are_left():
    city = a_city()
    officer, member = a_user("组织部"), a_member(city, name="没选的")
    appoint(officer, Post.OFFICER, city.district)
    client, outsider = strong_client(officer), strong_client(city.home.secretary)
    assert outsider.get(f"{API}/placing/").json()["results"] == []
    assert post(outsider, f"placing/{member.pk}/place/", {"community": 1}).status_code == 404
    assert [each["name"] for each in client.get(f"{API}/placing/").json()["results"]] == ["没选的"]
    proposed = client.get(f"{API}/placing/{member.pk}/proposals/").json()
    assert {each["name"] for each in proposed} == {"花城社区", "隔壁社区"}
    made = post(client, f"placing/{member.pk}/place/", {"community": city.home.organization.pk})
    assert (made.status_code, made.json()["state"]) == (201, RegistrationState.PLACED)
    assert client.get(f"{API}/placing/").json()["results"] == []


def test_a_team_from_founding_to_closing():
    city = a_city()
    staff, volunteer = strong_client(city.home.secretary), a_volunteer(city, name="王建国")
    fields = {"organization": city.home.organization.pk, "kind": "service", "name": "律师队", "theme": "law"}
    made = post(staff, "teams/", fields)
    assert made.status_code == 201
    path = f"teams/{made.json()['id']}"
    assert post(staff, "teams/", fields).status_code == 409
    mine = signed_in(volunteer.user)
    assert post(mine, "teams/", fields | {"name": "别的"}).status_code == 403
    joined = post(mine, f"{path}/join/").json()
    assert (joined["is_mine"], joined["people"]) == (True, 1)
    assert mine.get(f"{API}/{path}/people/").status_code == 403
    assert post(mine, f"{path}/name/", {"volunteer": volunteer.pk, "role": "captain"}).status_code == 403
    named = post(staff, f"{path}/name/", {"volunteer": volunteer.pk, "role": "captain"}).json()
    assert named["captains"][0]["name"] == "王建国"
    assert staff.get(f"{API}/{path}/people/").json()["results"][0]["role"] == TeamRole.CAPTAIN
    renamed = staff.patch(f"{API}/{path}/", {"project": "法律早市"}, content_type="application/json")
    assert renamed.json()["project"] == "法律早市"
    assert post(mine, f"{path}/leave/").json()["is_mine"] is False
    added = post(staff, f"{path}/add/", {"volunteer": volunteer.pk})
    assert added.json()["people"] == 1
    stranger = a_volunteer(city, city.next_door)
    assert post(staff, f"{path}/add/", {"volunteer": stranger.pk}).status_code == 404
    assert post(staff, f"{path}/remove/", {"volunteer": volunteer.pk}).json()["people"] == 0
    assert post(staff, f"{path}/close/").json()["closed_at"]
    assert staff.get(f"{API}/teams/").json()["results"] == []


def test_teams_of_the_next_community_are_out_of_sight():
    city = a_city()
    team = teams.found(
        by=None, organization=city.home.organization, kind="service", name="律师队", theme="law"
    )
    for user in (city.next_door.secretary, a_volunteer(city, city.next_door).user, a_user()):
        client = strong_client(user)
        assert client.get(f"{API}/teams/{team.pk}/").status_code == 404
        for step in ("join", "leave", "close", "add", "remove", "name"):
            assert post(client, f"teams/{team.pk}/{step}/").status_code == 404
        assert client.get(f"{API}/teams/").json()["results"] == []
    assert Team.objects.get().closed_at is None
