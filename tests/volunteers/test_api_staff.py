"""Whistles of the staff over the API: the same sight, verbs and sentences as the desk."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ground import clock
from tests.factories import a_unit, a_user, appoint
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_draft, a_volunteer, a_whistle
from tests.workflow import accepted
from volunteers.models import Whistle
from volunteers.whistling import usual, whistles

pytestmark = pytest.mark.django_db

BASE = "/api/v1/staff-whistles/"


def api(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def an_order(city, **extra):
    fields = {
        "community": city.home.organization.pk, "title": "楼道灯抢修", "text": "带梯子", "place": "1 栋",
        "lng": 113.58, "lat": 24.80, "places_max": 2, "starts_at": EVENING.isoformat(),
        "ends_at": (EVENING + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    return fields | extra


def test_visitors_are_refused():
    for url in (BASE, "/api/v1/whistle-templates/"):
        assert APIClient().get(url).status_code == 401


def test_from_draft_to_done():
    city = a_city()
    client, key = api(city.home.secretary), str(uuid.uuid4())
    with clock.at(FRIDAY_NOON):
        made = client.post(BASE, an_order(city, key=key), format="json")
        again = client.post(BASE, an_order(city, key=key), format="json")
        assert made.status_code == again.status_code == 201, made.json()
        assert made.json()["id"] == again.json()["id"]
        url = f"{BASE}{made.json()['id']}/"
        assert [step["name"] for step in made.json()["steps"]] == ["edit", "publish", "cancel", "repeat"]
        changed = client.patch(url, {"title": "换灯泡"}, format="json")
        assert (changed.status_code, changed.json()["title"]) == (200, "换灯泡")
        heard = client.post(f"{url}publish/")
        assert (heard.json()["state"], heard.json()["state_label"]) == ("open", "招募中")
        twice = client.post(f"{url}publish/")
        assert (twice.status_code, "现在是“招募中”" in twice.json()["detail"]) == (409, True)
        led = client.post(f"{url}lead/", {"leader": city.home.secretary.pk})
        assert led.json()["leader"] == city.home.secretary.pk
        assert client.post(f"{url}lead/", {"leader": a_user().pk}).status_code == 404
        begun = client.post(f"{url}repeat/", {"every_weeks": 1, "until": "2026-12-18"})
        assert begun.json()["repeats"]["next_on"] == "2026-11-27"
        assert [step["name"] for step in begun.json()["steps"] if not step["why_not"]][-1] == "stop"
        assert client.post(f"{url}stop/").json()["repeats"]["next_on"] is None
        copied = client.post(f"{url}copy/", {"key": str(uuid.uuid4())})
        assert (copied.status_code, copied.json()["state"]) == (201, "draft")
        assert client.post(f"{url}keep/", {"name": "换灯泡"}).status_code == 201
    with clock.at(EVENING):
        whistles.start_and_finish_due()
        assert client.post(f"{url}cancel/", {"reason": "下雨"}).status_code == 409
        assert client.post(f"{url}abort/", {"reason": ""}).status_code == 400
        assert client.post(f"{url}abort/", {"reason": "下雨"}).json()["aborted_because"] == "下雨"


def test_a_rule_says_its_field():
    city = a_city()
    answer = api(city.home.secretary).post(BASE, an_order(city, kind="wish"), format="json")
    assert (answer.status_code, answer.json()["field"]) == (409, "places_max")
    units = api(city.home.secretary).post(
        BASE, an_order(city, audience="units", units=[a_unit(a_city("曲江")).pk]), format="json"
    )
    assert (units.status_code, units.json()["field"]) == (409, "units")
    half = api(city.home.secretary).patch(f"{BASE}{a_draft(city.home).pk}/", {"lng": 113.5}, format="json")
    assert half.status_code == 400


def test_for_a_request():
    city = a_city()
    with clock.at(FRIDAY_NOON):
        service_request = accepted(city)
        client = api(city.home.secretary)
        made = client.post(BASE, an_order(city, request=service_request.number), format="json")
        assert made.json()["request"] == service_request.number
        theirs = api(city.next_door.secretary).post(
            BASE, an_order(city, request=service_request.number), format="json"
        )
        assert theirs.status_code == 404


def test_outsiders_find_nothing():
    city = a_city()
    whistle = a_whistle(city.home)
    for outsider in (city.next_door.secretary, a_user(), a_volunteer(city).user):
        client = api(outsider)
        assert client.get(BASE).json()["results"] == []
        assert client.get(f"{BASE}{whistle.pk}/").status_code == 404
        for step in ("publish", "cancel", "abort", "copy", "lead", "repeat", "stop", "keep"):
            assert client.post(f"{BASE}{whistle.pk}/{step}/", {"reason": "x"}).status_code == 404, step
        assert client.patch(f"{BASE}{whistle.pk}/", {"title": "我的"}, format="json").status_code == 404
        assert client.post(BASE, an_order(city), format="json").status_code == 404
    assert Whistle.objects.count() == 1


def test_in_sight_without_the_power_is_403():
    city = a_city()
    whistle = a_whistle(city.home)
    officer = a_user("街道")
    appoint(officer, "officer", city.street)
    client = api(officer)
    assert client.get(f"{BASE}{whistle.pk}/").json()["steps"] == []
    assert client.post(f"{BASE}{whistle.pk}/cancel/", {"reason": "不行"}).status_code == 403


def test_templates():
    city = a_city()
    usual.begin()
    own = usual.save(a_whistle(city.home), by=city.home.secretary, name="修灯")
    client = api(city.home.secretary)
    listed = client.get("/api/v1/whistle-templates/?page_size=50").json()["results"]
    assert {row["name"] for row in listed} >= {"修灯", "平安夜巡"}
    common = next(row["id"] for row in listed if row["organization"] is None)
    assert client.post(f"/api/v1/whistle-templates/{common}/retire/").status_code == 403
    assert client.post(f"/api/v1/whistle-templates/{own.pk}/retire/").status_code == 204
    assert client.post(f"/api/v1/whistle-templates/{own.pk}/retire/").status_code == 404
    for outsider in (a_user(), a_volunteer(city).user):
        assert api(outsider).get("/api/v1/whistle-templates/").json()["results"] == []
    assert api(city.next_door.secretary).get(f"/api/v1/whistle-templates/{own.pk}/").status_code == 404


def test_the_list_is_filtered_and_costs_the_same_however_many():
    city = a_city()
    client = api(city.home.secretary)
    a_whistle(city.home)

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(BASE).status_code == 200
        return len(seen)

    few = cost()
    for number in range(6):
        a_whistle(city.home, title=f"第 {number} 张", kind="activity")
    assert cost() == few <= 6
    assert client.get(f"{BASE}?kind=activity").json()["count"] == 6
    assert [row["title"] for row in client.get(f"{BASE}?q=第 3").json()["results"]] == ["第 3 张"]


@pytest.mark.parametrize(
    "year", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_times_at_the_ends_of_the_calendar_are_400(year):
    city = a_city()
    client = api(city.home.secretary)
    wrong = client.post(BASE, an_order(city, starts_at=year, ends_at=year), format="json")
    assert set(wrong.json()) >= {"starts_at", "ends_at"} and wrong.status_code == 400
    url = f"{BASE}{a_whistle(city.home).pk}/copy/"
    assert client.post(url, {"starts_at": year}, format="json").status_code == 400


def test_nobody_whistles_for_a_year_that_he_mistyped():
    city, far = a_city(), EVENING.replace(year=2062)
    times = {"starts_at": far.isoformat(), "ends_at": (far + timedelta(hours=1)).isoformat()}
    with clock.at(FRIDAY_NOON):
        answer = api(city.home.secretary).post(BASE, an_order(city, **times), format="json")
    assert (answer.status_code, answer.json()["field"]) == (409, "starts_at")
