"""Patterns in the registry: to look up within sight; the two decisions call the verbs."""

from __future__ import annotations

import pytest

from dashboards.models import Pattern
from requests.models import ServiceRequest
from tests.dashboards.patterns.scenes import proposed
from tests.desk.scenes import open_page, secretary_of
from tests.factories import City, a_city
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
LIST = "/desk/registry/dashboards/pattern/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def pattern(city: City) -> Pattern:
    return proposed(city)


def test_looked_up_read_only(city, pattern):
    client = secretary_of(city)
    assert "花城小区 1 栋" in open_page(client, LIST)
    page = open_page(client, f"{LIST}{pattern.pk}/change/")
    assert "立项" in page and 'name="count"' not in page
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{pattern.pk}/change/", {"count": 9}).status_code == 403


def test_the_buttons_call_the_verbs(city, pattern):
    client = secretary_of(city)
    page = open_page(client, f"{LIST}{pattern.pk}/verb/file/")
    assert "建议整栋检查一次" in page
    client.post(f"{LIST}{pattern.pk}/verb/file/", {"title": "整栋换灯", "text": "整栋换声控灯"})
    assert ServiceRequest.objects.get(source="proactive").title == "整栋换灯"
    assert client.get(f"{LIST}{pattern.pk}/verb/dismiss/").status_code == 404


def test_dismissed_with_a_reason(city, pattern):
    secretary_of(city).post(f"{LIST}{pattern.pk}/verb/dismiss/", {"reason": "已经排进改造计划"})
    pattern.refresh_from_db()
    assert (pattern.state, pattern.reason) == ("dismissed", "已经排进改造计划")


def test_next_door_finds_nothing(city, pattern):
    client = strong_client(city.next_door.secretary)
    assert "花城小区 1 栋" not in open_page(client, LIST)
    for path in ("change/", "verb/file/"):
        assert client.get(f"{LIST}{pattern.pk}/{path}").status_code == 404
