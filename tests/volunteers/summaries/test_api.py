"""The same over the API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.signing_in import strong_client
from tests.volunteers.summaries.cast import API, WHY, an_officer, end_posts
from volunteers.models import SummaryJob
from volunteers.summaries import asking, running

pytestmark = pytest.mark.django_db


Call = Callable[..., Any]


@pytest.fixture
def call() -> Call:
    def asked_for(user: Any, method: str, path: str = "", data: Any = None) -> Any:
        client = strong_client(user)
        more = {"data": data, "content_type": "application/json"} if method == "post" else {}
        return getattr(client, method)(f"{API}{path}", **more)

    return asked_for


def test_the_api_asks_tells_and_gives(city, call):
    secretary = city.home.secretary
    days = {"first_day": "2026-11-20", "last_day": "2026-11-20"}
    sent = {"organization": city.home.organization.pk, **days, "key": str(uuid.uuid4())}
    answer = call(secretary, "post", "", sent)
    assert answer.status_code == 201, answer.content.decode()
    job = answer.json()
    assert (job["state"], job["with_names"], job["title"]) == ("waiting", False, "花城社区 2026年11月20日")
    assert call(secretary, "post", "", sent).json()["id"] == job["id"]
    waits = call(secretary, "get", f"{job['id']}/file/")
    assert waits.status_code == 409 and "还在排队" in waits.json()["detail"]
    running.write(job["id"])
    told = call(secretary, "get", f"{job['id']}/").json()
    assert (told["state"], told["rows"], told["total"]) == ("done", 2, 2)
    assert call(secretary, "get").json()["results"][0]["id"] == job["id"]
    assert call(secretary, "get", f"{job['id']}/file/").getvalue().startswith(b"PK")


def test_the_api_refuses_as_the_pages_do(city, call, liaison):
    days = {"first_day": "2026-11-20", "last_day": "2026-11-20"}
    home, unit = city.home.organization.pk, city.home.extra["unit"].pk
    for user, sent, code in (
        (liaison, {"organization": home, **days}, 400),
        (city.home.secretary, {"unit": unit, **days}, 400),
        (city.home.secretary, {"unit": unit, "organization": home, **days}, 400),
        (city.home.secretary, days, 400),
        (city.home.secretary, {"organization": home, **days, "with_names": True}, 409),
        (city.home.secretary, {"organization": home, **days, "last_day": "2026-12-30"}, 409),
        (an_officer(city.street), {"organization": home, **days, "with_names": True}, 403),
        (liaison, {"unit": unit, **days, "with_names": True, "reason": WHY}, 201),
    ):
        answer = call(user, "post", "", sent)
        assert answer.status_code == code, answer.content.decode()
    job = SummaryJob.objects.get()
    assert call(city.home.secretary, "get", f"{job.pk}/").status_code == 404
    assert call(city.home.secretary, "get", f"{job.pk}/file/").status_code == 404
    running.write(job.pk)
    end_posts(liaison)
    ended = call(liaison, "get", f"{job.pk}/file/")
    assert ended.status_code == 403 and ended.json()["detail"] == asking.NO_LONGER
