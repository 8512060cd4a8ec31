"""What the calls of an app cost in queries: BEGIN, COMMIT and savepoints are not counted, the token is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.factories import City, a_city, a_user
from tests.workflow import a_category, a_photo, filed

pytestmark = pytest.mark.django_db
URL = "/api/v1/requests/"


@pytest.fixture
def city() -> City:
    return a_city()


def app_of(person: User) -> APIClient:
    _, token = ApiToken.objects.create(person, is_strong=True)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def cost(call: Any, status: int = 200) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert call().status_code == status
    begins = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(not each["sql"].startswith(begins) for each in captured)


def test_filing(city: City) -> None:
    a_category()
    app, given = (
        app_of(a_user()),
        {"category": "repair", "text": "灯不亮", "place": f"b:{city.home.building.pk}"},
    )
    app.post(URL, given)
    assert cost(lambda: app.post(URL, given), 201) <= 14


def test_filing_with_a_photo_shows_it(city: City) -> None:
    a_category()
    app, given = (
        app_of(a_user()),
        {"category": "repair", "text": "灯不亮", "place": f"b:{city.home.building.pk}"},
    )
    shown = app.post(URL, {**given, "photos": [a_photo()]}, format="multipart").json()
    assert len(shown["timeline"][0]["photos"]) == 1


def test_accepting_and_showing_it(city: City) -> None:
    app, rows = app_of(city.home.secretary), [filed(city) for _ in range(2)]
    calls = [
        lambda row=row: app.post(f"{URL}{row.number}/steps/accept/", {"track": "hard", "text": "好"})
        for row in rows
    ]
    calls[0]()
    assert cost(calls[1]) <= 14


def test_one_request_and_a_list_of_fifty(city: City) -> None:
    rows, app = [filed(city) for _ in range(50)], app_of(city.home.secretary)
    assert cost(lambda: app.get(f"{URL}{rows[0].number}/")) <= 6
    assert cost(lambda: app.get(URL, {"limit": 50})) <= 7
    shown = app.get(URL, {"limit": 50, "offset": 10}).json()
    assert shown["count"] == 50
    assert [each["number"] for each in shown["results"]] == [row.number for row in rows[::-1][10:]]
