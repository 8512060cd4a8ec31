"""未诉先办 over the API: list, one, file, dismiss; the same sight and sentences as the pages."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from dashboards.models import Pattern
from requests.models import ServiceRequest
from tests.dashboards.patterns.scenes import proposed
from tests.factories import City, a_city, a_grid_worker, a_user, appoint

pytestmark = pytest.mark.django_db
LIST = "/api/v1/patterns/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def pattern(city: City) -> Pattern:
    return proposed(city)


def api(user: Any) -> APIClient:
    client = APIClient()
    user.session_is_strong = True
    client.force_authenticate(user)
    return client


def test_the_list_and_its_filters(city, pattern):
    client = api(city.home.secretary)
    [row] = client.get(LIST).json()["results"]
    assert (row["place"], row["kind"], row["category"], row["count"]) == (
        "花城小区 1 栋",
        "building",
        "repair",
        4,
    )
    assert (row["state"], row["number"], row["community"]) == ("proposed", "", "花城社区")
    assert client.get(f"{LIST}?state=filed").json()["count"] == 0
    assert client.get(f"{LIST}?category=repair").json()["count"] == 1
    assert client.get(f"{LIST}?state=nonsense").status_code == 400


def test_one_shows_the_numbers_in_sight_and_the_proposed_words(city, pattern):
    one = api(city.home.secretary).get(f"{LIST}{pattern.pk}/").json()
    assert len(one["requests"]) == 4 and one["may_decide"] and "整栋检查一次" in one["proposed_text"]
    seen = api(a_grid_worker(city.home)).get(f"{LIST}{pattern.pk}/").json()
    assert not seen["may_decide"] and seen["proposed_text"] == "" and len(seen["requests"]) == 4


def test_filing_takes_the_proposed_words_where_none_are_sent(city, pattern):
    sent = api(city.home.secretary).post(f"{LIST}{pattern.pk}/file/", {"title": "整栋换灯"})
    assert sent.status_code == 200, sent.content
    filed = ServiceRequest.objects.get(source="proactive")
    assert sent.json()["number"] == filed.number and sent.json()["state"] == "filed"
    assert filed.title == "整栋换灯" and "4 件“维修”" in filed.text
    again = api(city.home.secretary).post(f"{LIST}{pattern.pk}/file/", {})
    assert again.status_code == 200 and ServiceRequest.objects.filter(source="proactive").count() == 1
    colleague = a_user("社工")
    appoint(colleague, "community_worker", city.home.organization)
    late = api(colleague).post(f"{LIST}{pattern.pk}/file/", {})
    assert late.status_code == 409 and filed.number in late.json()["detail"]


def test_dismissing_needs_a_reason(city, pattern):
    client = api(city.home.secretary)
    assert client.post(f"{LIST}{pattern.pk}/dismiss/", {}).status_code == 400
    done = client.post(f"{LIST}{pattern.pk}/dismiss/", {"reason": "已经排进改造计划"})
    assert (done.json()["state"], done.json()["reason"]) == ("dismissed", "已经排进改造计划")


def test_outsiders_find_nothing_and_others_may_not(city, pattern):
    for somebody in (city.next_door.secretary, a_user()):
        client = api(somebody)
        assert client.get(LIST).json()["count"] == 0
        for path in ("", "file/", "dismiss/"):
            call = client.get if not path else client.post
            assert call(f"{LIST}{pattern.pk}/{path}").status_code == 404
    worker = api(a_grid_worker(city.home))
    assert worker.post(f"{LIST}{pattern.pk}/file/", {}).status_code == 403
    assert worker.post(f"{LIST}{pattern.pk}/dismiss/", {"reason": "不需要"}).status_code == 403
    assert APIClient().get(LIST).status_code == 401
    assert worker.get(f"{LIST}99999999999999999999/").status_code == 404
