"""Waiting, leaving, checking in by code and afterwards over the API: the same sight and verbs as the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from ground import clock
from organizations.models.policies import Attendance
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, HERE, a_city, a_claim, a_volunteer, a_whistle
from tests.volunteers.test_policies import policy
from volunteers.claiming import claims
from volunteers.models import Claim
from volunteers.presence import onsite
from volunteers.tasks import fill_places

pytestmark = pytest.mark.django_db
LATER = EVENING + timedelta(hours=3)


def api(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def city():
    return a_city()


def test_waiting_and_leaving(city):
    whistle, me = a_whistle(city.home, places_max=1), a_volunteer(city)
    there, client = a_claim(whistle, a_volunteer(city)), api(me.user)
    with clock.at(FRIDAY_NOON):
        refused = client.post(f"/api/v1/whistles/{whistle.pk}/claim/")
        assert (refused.status_code, "可以候补" in refused.json()["detail"]) == (409, True)
        made = client.post(f"/api/v1/whistles/{whistle.pk}/wait/")
        again = client.post(f"/api/v1/whistles/{whistle.pk}/wait/")
        assert (made.status_code, again.status_code) == (201, 200)
        row = made.json()
        assert (row["state"], row["queue_place"], row["id"]) == ("waiting", 1, again.json()["id"])
        assert [step["name"] for step in row["steps"]] == ["leave"]
        shown = client.get(f"/api/v1/whistles/{whistle.pk}/").json()
        assert (shown["waits"], shown["claim"]) == (row["id"], None)
        left = client.post(f"/api/v1/claims/{row['id']}/leave/").json()
        assert (left["state"], left["queue_place"], left["steps"]) == ("withdrawn", 0, [])
        client.post(f"/api/v1/whistles/{whistle.pk}/wait/")
        claims.withdraw(there, by=there.volunteer.user)
        fill_places(whistle.pk)
        states = [each["state"] for each in client.get("/api/v1/claims/").json()["results"]]
    assert states == ["claimed", "withdrawn"]


def test_outsiders_find_nothing(city):
    whistle = a_whistle(city.home, places_max=1)
    claim = a_claim(whistle, a_volunteer(city))
    outsider = api(a_volunteer(city, city.next_door).user)
    assert outsider.post(f"/api/v1/whistles/{whistle.pk}/wait/").status_code == 404
    for name in ("leave", "fulfil", "check-in", "check-out"):
        assert outsider.post(f"/api/v1/claims/{claim.pk}/{name}/").status_code == 404, name


def test_a_mark_sent_afterwards_twice(city):
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    client, url = api(claim.volunteer.user), f"/api/v1/claims/{claim.pk}/"
    kept = {"lng": HERE.lng, "lat": HERE.lat, "accuracy_m": 20, "happened_at": EVENING.isoformat()}
    with clock.at(LATER):
        for _ in range(2):
            answer = client.post(url + "check-in/", kept, format="json")
            assert (answer.status_code, answer.json()["state"]) == (200, "checked_in")
        title = answer.json()["timeline"][0]
        late = client.post(
            url + "check-out/", kept | {"happened_at": (EVENING - timedelta(days=3)).isoformat()}
        )
        assert late.status_code == 409 and "48 小时以前" in late.json()["detail"]
    assert title["title"] == "没网时签到，后来补传" and "18:30在手机上记下" in title["note"]
    assert claim.marks.count() == 1


def test_the_code_is_typed(city):
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    client, url = api(claim.volunteer.user), f"/api/v1/claims/{claim.pk}/check-in/"
    with clock.at(EVENING):
        assert client.post(url, {"code": "AAAA2222"}).status_code == 409
        code = onsite.code_of(claim.whistle_id, EVENING)
        answer = client.post(url, {"code": f"{code[:4]} {code[4:]}"})
    assert answer.json()["state"] == "checked_in"


def test_where_the_community_attests_no_check_in_is_offered(city):
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    policy(city, attendance=Attendance.ATTESTED)
    client = api(claim.volunteer.user)
    with clock.at(EVENING):
        steps = client.get(f"/api/v1/claims/{claim.pk}/").json()["steps"]
        assert [step["name"] for step in steps] == ["withdraw"]
        answer = client.post(f"/api/v1/claims/{claim.pk}/check-in/", {"lng": HERE.lng, "lat": HERE.lat})
    assert answer.status_code == 409 and "社区工作人员在现场确认" in answer.json()["detail"]


def test_the_list_costs_the_same_for_few_and_many(city, django_assert_max_num_queries):
    me = a_volunteer(city)
    for day in range(5):
        begins = EVENING + timedelta(days=day)
        a_claim(a_whistle(city.home, starts_at=begins, ends_at=begins + timedelta(hours=1)), me)
    assert Claim.objects.own(me.user).count() == 5
    with clock.at(FRIDAY_NOON), django_assert_max_num_queries(2):
        assert len(api(me.user).get("/api/v1/claims/").json()["results"]) == 5
