"""政策 over the API: the sight, verb and sentences of the page."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from ground import clock
from organizations import tree
from organizations.models import Policy
from organizations.models.policies import default_spans
from organizations.posts import Tier
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.organizations.policy_scenes import an_officer, sign

pytestmark = pytest.mark.django_db
POLICIES = "/api/v1/policies/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city: City) -> Any:
    return an_officer(city.district)


def api(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def given(city: City, **changes: Any) -> dict[str, Any]:
    today = clock.today().isoformat()
    return {
        "district": city.district.pk,
        "begins_on": today,
        "document": "纪要",
        "preset": "relief",
    } | changes


def ids(user: Any) -> list[int]:
    return [row["id"] for row in api(user).get(POLICIES).json()["results"]]


def test_what_holds_and_what_was_signed(city, officer):
    [now] = api(officer).get(f"{POLICIES}in-force/").json()
    assert (now["id"], now["preset"], now["signed_by"], now["begins_on"]) == (None, "shaoguan", "", None)
    assert now["spans"] == default_spans() and now["like_weight"] == "0.00"
    first, coming = sign(officer, city.district, ask_days=3), sign(officer, city.district, days=9, ask_days=4)
    [now] = api(a_grid_worker(city.home)).get(f"{POLICIES}in-force/").json()
    assert (now["id"], now["ask_days"], now["signed_by"]) == (first.pk, 3, "组织科长")
    assert ids(city.home.secretary) == [coming.pk, first.pk]
    assert api(city.home.secretary).get(f"{POLICIES}{first.pk}/").json()["ask_days"] == 3


def test_the_district_signs_and_a_second_call_is_refused(city, officer):
    made = api(officer).post(POLICIES, given(city, quota_hours=5))
    assert made.status_code == 201 and made.json()["preset"] == "own"
    policy = Policy.objects.get()
    assert (policy.boards, policy.quota_hours, policy.signed_by) == ("positive", 5, officer)
    again = api(officer).post(POLICIES, given(city, quota_hours=5))
    assert again.status_code == 409 and "完全一样" in again.json()["detail"]
    for method in ("put", "patch", "delete"):
        assert getattr(api(officer), method)(f"{POLICIES}{policy.pk}/", given(city)).status_code == 405


def test_what_is_wrong_is_said_at_its_field(city, officer):
    spans = default_spans()
    spans["urgent"]["accept"] = {"minutes": 0}
    answer = api(officer).post(POLICIES, given(city, spans=spans))
    assert (answer.status_code, answer.json()["field"]) == (409, "urgent_accept")
    for wrong in (
        {"ask_days": 0},
        {"boards": "gold"},
        {"preset": "gold"},
        {"begins_on": ""},
        {"document": ""},
    ):
        answer = api(officer).post(POLICIES, given(city, **wrong))
        assert answer.status_code == 400 and list(answer.json()) == list(wrong)
    for spans_sent in ("text", [], {"urgent": 5}, {"urgent": {"accept": [1]}}, None):
        assert api(officer).post(POLICIES, given(city, spans=spans_sent)).status_code in (400, 409)
    assert not Policy.objects.exists()


def test_others_are_refused_and_outsiders_find_nothing(city, officer):
    policy = sign(officer, city.district)
    assert api(city.home.secretary).post(POLICIES, given(city)).status_code == 403
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990001", by=None)
    for stranger in (an_officer(other, "外区"), a_user("居民"), a_user("管理员", is_administrator=True)):
        assert ids(stranger) == []
        assert api(stranger).get(f"{POLICIES}{policy.pk}/").status_code == 404
        assert api(stranger).post(POLICIES, given(city)).status_code == 400
    assert APIClient().get(POLICIES).status_code == 401
    assert Policy.objects.count() == 1
