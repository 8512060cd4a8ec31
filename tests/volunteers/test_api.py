"""The line of work over the API: the same sight, verbs and sentences as the pages."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from ground import clock
from tests.factories import a_member, a_user
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_claim, a_volunteer, a_whistle, credited
from volunteers import leaderboards
from volunteers.claiming import claims
from volunteers.models import Claim

pytestmark = pytest.mark.django_db


def api(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_visitors_are_refused():
    for name in ("whistles", "claims", "registrations", "service", "ledger", "leaderboards/1"):
        assert APIClient().get(f"/api/v1/{name}/").status_code == 401, name


def test_from_registration_to_whistles():
    city = a_city()
    member = a_member(city)
    client = api(member.user)
    assert client.get("/api/v1/whistles/").json()["results"] == []
    found = client.get("/api/v1/registrations/communities/?q=花城").json()
    assert [row["name"] for row in found] == ["花城社区"]
    made = client.post("/api/v1/registrations/", {"community": found[0]["id"]})
    assert (made.status_code, made.json()["state"]) == (201, "requested")
    assert client.post("/api/v1/registrations/", {"community": city.street.pk}).status_code == 404
    assert client.get("/api/v1/registrations/").json()[0]["community_name"] == "花城社区"


def test_claim_check_in_check_out():
    city = a_city()
    volunteer, whistle = a_volunteer(city), a_whistle(city.home)
    client, key = api(volunteer.user), str(uuid.uuid4())
    with clock.at(FRIDAY_NOON):
        listed = client.get("/api/v1/whistles/").json()["results"]
        assert [(row["id"], row["left"], row["why_not"], row["claim"]) for row in listed] == [
            (whistle.pk, 2, "", None)
        ]
        made = client.post(f"/api/v1/whistles/{whistle.pk}/claim/", {"key": key})
        again = client.post(f"/api/v1/whistles/{whistle.pk}/claim/", {"key": key})
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["id"] == again.json()["id"]
    assert [step["name"] for step in made.json()["steps"]] == ["check-in", "withdraw"]
    url, here = f"/api/v1/claims/{made.json()['id']}/", {"lng": 113.58, "lat": 24.80, "accuracy_m": 15}
    with clock.at(EVENING):
        far = client.post(url + "check-in/", here | {"lat": 24.90})
        assert far.status_code == 409
        assert "11.1 公里" in far.json()["detail"]
        nowhere = client.post(url + "check-in/", {})
        assert nowhere.status_code == 409
        assert client.post(url + "check-in/", here | {"datum": "bd09"}).status_code == 400
        assert client.post(url + "check-in/", here).json()["state"] == "checked_in"
        assert client.post(url + "withdraw/").status_code == 409
    with clock.at(EVENING + timedelta(minutes=40)):
        answer = client.post(url + "check-out/", here).json()
    assert answer["state"] == "checked_out"
    assert [entry["title"] for entry in answer["timeline"]] == ["签退", "到场签到", "接单"]


def test_a_refusal_is_409_with_the_sentence():
    city = a_city()
    whistle = a_whistle(city.home, places_max=1)
    a_claim(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        answer = api(a_volunteer(city).user).post(f"/api/v1/whistles/{whistle.pk}/claim/")
    assert answer.status_code == 409
    assert answer.json() == {"detail": "该哨单已满员，可以候补，有人退单就按顺序递补给你。", "field": None}


def test_withdraw():
    city = a_city()
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        answer = api(claim.volunteer.user).post(f"/api/v1/claims/{claim.pk}/withdraw/")
    assert answer.json()["state"] == "withdrawn"


def test_out_of_sight_is_404():
    city = a_city()
    whistle = a_whistle(city.home)
    claim = a_claim(whistle, a_volunteer(city))
    outsider = api(a_volunteer(city, city.next_door).user)
    for url in (f"/api/v1/whistles/{whistle.pk}/", f"/api/v1/claims/{claim.pk}/"):
        assert outsider.get(url).status_code == 404
    for url in (f"/api/v1/whistles/{whistle.pk}/claim/", f"/api/v1/claims/{claim.pk}/check-in/"):
        assert outsider.post(url).status_code == 404
    assert outsider.get("/api/v1/claims/").json()["results"] == []
    resident = api(a_user())
    assert resident.get("/api/v1/service/").status_code == 404
    assert resident.get(f"/api/v1/leaderboards/{city.district.pk}/").status_code == 404
    assert Claim.objects.count() == 1


def test_service_ledger_and_board():
    city = a_city()
    volunteer = a_volunteer(city)
    claim = credited(city.home, volunteer)
    client = api(volunteer.user)
    with clock.at(EVENING + timedelta(hours=3)):
        leaderboards.refresh_due()
        service = client.get("/api/v1/service/").json()
        board = client.get(f"/api/v1/leaderboards/{city.district.pk}/?period=year").json()["results"]
    assert service["year"] == {"minutes": 60, "off_hours_minutes": 60, "times": 1, "off_hours_times": 1}
    assert service["quota"]["minutes_wanted"] == 1200
    entry = client.get("/api/v1/ledger/").json()["results"][0]
    assert (entry["claim"], entry["minutes"]) == (claim.pk, 60)
    assert [(row["rank"], row["score"], row["move"]) for row in board] == [(1, "1.50", None)]
    assert client.get(f"/api/v1/claims/{claim.pk}/").json()["minutes"] == 60


def test_a_claim_that_another_holds_is_nobody_elses_business():
    city = a_city()
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    assert api(city.home.secretary).get(f"/api/v1/claims/{claim.pk}/").status_code == 404
    with clock.at(FRIDAY_NOON):
        claims.withdraw(claim, by=claim.volunteer.user)
