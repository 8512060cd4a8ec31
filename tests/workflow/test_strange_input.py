"""What nobody types on purpose: it is refused or read carefully, and never breaks or guesses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from accounts.models import User
from requests import placing, workflow
from requests.models import Photo, RequestEvent, ServiceRequest
from tests.factories import City, a_city, a_user
from tests.signing_in import weak_client
from tests.workflow import a_category, a_photo, filed, in_progress, seated
from tests.workflow.dispatched import a_department
from tests.workflow.test_api import signed_in as strong

pytestmark = pytest.mark.django_db
URL = "/api/v1/requests/"


def filled(city: City, **extra: Any) -> dict[str, Any]:
    a_category()
    return {"category": "repair", "text": "楼道灯不亮", "place": f"b:{city.home.building.pk}", **extra}


def signed_in(person: User) -> APIClient:
    client = APIClient()
    client.cookies = weak_client(person).cookies
    return client


@pytest.mark.parametrize("value", ["b:²", "c:٣", f"b:{'9' * 30}", "b:-1", "b:", "²", "b:1\0"])
def test_a_place_that_is_none(value: str) -> None:
    assert placing.chosen(value) is None


@pytest.mark.parametrize(
    ("sent", "agreed"),
    [("0", False), ("no", False), ("off", False), ("false", False), ("", False), ("true", True), ("1", True)],
)
def test_consent_to_show_the_number_is_said_not_guessed(sent: str, agreed: bool) -> None:
    city = a_city()
    answer = signed_in(a_user()).post(URL, filled(city, shares_phone=sent), format="multipart")
    assert answer.status_code == 201
    assert ServiceRequest.objects.get().shares_phone is agreed


def test_whoever_has_lost_the_strong_session_does_not_file_anothers_request_as_his_own() -> None:
    city = a_city()
    asked = filled(city, other_phone="13900000003", other_name="周阿婆", text="阿婆家漏水")
    assert signed_in(city.home.secretary).post(URL, asked).status_code == 400
    page = weak_client(city.home.secretary).post("/requests/new/", asked)
    assert page.status_code == 422
    assert not ServiceRequest.objects.exists()
    assert not User.objects.with_phone("13900000003")


@pytest.mark.parametrize("limit", ["9" * 30, "100000", "abc", "-1", "0"])
def test_a_page_of_the_api_is_never_longer_than_a_hundred(limit: str) -> None:
    city, resident = a_city(), a_user()
    filed(city, by=resident)
    answer = signed_in(resident).get(URL, {"limit": limit, "offset": "0"})
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 1
    assert f"limit={limit}" not in (answer.json()["next"] or "")


def files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_photos_of_a_step_that_failed_do_not_stay_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    city, kept = a_city(), []

    def full_disk(photo: Photo, **options: Any) -> None:
        kept.append(photo)
        if len(kept) == 2:
            raise OSError("no space left on device")

    monkeypatch.setattr(Photo, "save", full_disk)
    with pytest.raises(OSError, match="no space"):
        filed(city, photos=[a_photo(), a_photo()])
    assert not files()
    assert not ServiceRequest.objects.exists()
    assert not RequestEvent.objects.exists()


def test_words_are_shown_as_words() -> None:
    city, resident = a_city(), a_user("<b>周</b>")
    nasty = "<script>alert(1)</script>\u202e😀" + "长" * 900
    service_request = filed(
        city, by=resident, text=nasty, title="<img src=x onerror=alert(1)>", address="<i>"
    )
    workflow.add(service_request, by=resident, text="</textarea><script>alert(2)</script>")
    page = weak_client(resident).get(f"/requests/{service_request.number}/").content.decode()
    for raw in ("<script>alert", "<img src=x", "<i>", "<b>周"):
        assert raw not in page
    assert "&lt;script&gt;alert(2)" in page


@pytest.mark.parametrize(
    "body",
    [rb'{"text":"\ud800"}', rb'{"category":"\udfff"}', rb'{"\ud83d":1}', b"[]", b"null", b"5", b"{", b"\xff"],
)
def test_json_that_says_nothing_is_refused(body: bytes) -> None:
    client = signed_in(a_user())
    assert client.post(URL, body, content_type="application/json").status_code == 400
    city = a_city()
    own = filed(city, by=city.home.secretary)
    answer = signed_in(city.home.secretary).post(
        f"{URL}{own.number}/steps/add/", body, content_type="application/json"
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "day", [20261231, True, {"a": 1}, ["2026-12-31"], "0001-01-01", "9999-12-31", "明天"]
)
def test_a_day_that_is_none_or_too_far_away(day: Any) -> None:
    """What is due in the year 9999 would be counted day by day at every step."""
    city = a_city()
    seated(city.street)
    row, (unit, _) = in_progress(city), a_department(city)
    extend = {"new_due": day, "reason": "等配件"}
    dispatch = {"unit": unit.pk, "text": "修灯", "answer_by": day}
    for name, sent in (("extend", extend), ("dispatch", dispatch)):
        answer = strong(city.home.secretary).post(f"{URL}{row.number}/steps/{name}/", sent, format="json")
        assert answer.status_code in (400, 409), (name, answer.content)
