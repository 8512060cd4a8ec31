"""The API of requests: the contract with apps and mini programs."""

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from requests.models import ServiceRequest
from requests.states import State
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.signing_in import strong_client
from tests.workflow import a_category, a_photo, accepted, filed, in_progress, resolved

pytestmark = pytest.mark.django_db
URL = "/api/v1/requests/"


def signed_in(person: User) -> APIClient:
    """A session of the browser, strong, without the CSRF token that a browser would send."""
    client = APIClient()
    client.cookies = strong_client(person).cookies
    return client


def filled(city: City, **extra: Any) -> dict[str, Any]:
    a_category()
    return {"category": "repair", "text": "楼道灯不亮", "place": f"b:{city.home.building.pk}", **extra}


class TestFiling:
    def test_a_request_is_filed_and_shown(self) -> None:
        city, resident = a_city(), a_user("周小兰")
        response = signed_in(resident).post(URL, filled(city, shares_phone=True, key=str(uuid.uuid4())))
        assert response.status_code == 201
        service_request = ServiceRequest.objects.get()
        shown = response.json()
        assert shown["number"] == service_request.number
        assert (shown["state"], shown["state_label"], shown["asker"]) == ("submitted", "待受理", "你")
        assert shown["handler"] == "花城社区"
        assert shown["timeline"][0]["title"] == "你提交了点单"
        assert [step["name"] for step in shown["steps"]] == ["add", "urge", "withdraw"]
        assert shown["troubles"] == []
        assert service_request.shares_phone

    def test_the_same_key_gives_the_first_one(self) -> None:
        city, client = a_city(), signed_in(a_user())
        fields = filled(city, key=str(uuid.uuid4()))
        first, again = client.post(URL, fields), client.post(URL, fields)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["number"] == again.json()["number"]

    def test_photos_travel_as_multipart(self) -> None:
        city, resident = a_city(), a_user()
        client = signed_in(resident)
        uploads = [a_photo(), SimpleUploadedFile("坏.jpg", b"text")]
        response = client.post(URL, filled(city, photos=uploads), format="multipart")
        assert response.status_code == 201
        shown = response.json()
        assert "第 2 张照片" in shown["troubles"][0]
        link = shown["timeline"][0]["photos"][0]
        picture = client.get(link["thumb"])
        assert picture["Content-Type"] == "image/jpeg"
        assert signed_in(a_user()).get(link["url"]).status_code == 404

    def test_what_is_wrong_is_said_per_field_in_chinese(self) -> None:
        city = a_city()
        response = signed_in(a_user()).post(URL, filled(city, category="nothing", text="", place=""))
        assert response.status_code == 400
        assert response.json() == {
            "category": ["这一类已停用，请另选。"],
            "text": ["请写一句要办的事。"],
            "place": ["请选一个地方：查找小区或楼栋，或用现在的位置。"],
        }

    @pytest.mark.parametrize("data", [[], "words", [1, 2], None])
    def test_anything_but_an_object_is_400(self, data: Any) -> None:
        assert signed_in(a_user()).post(URL, data, format="json").status_code == 400

    @pytest.mark.parametrize(
        "broken",
        [
            {"lng": "x", "lat": 1},
            {"key": "no-uuid"},
            {"text": {"a": 1}, "place": 5},
            {"place": ["b:1"]},
            {"lng": "1e400", "lat": "nan", "place": ""},
            {"datum": "bd09"},
            {"text": "a\u0000b"},
            {"place": "b:99999999999999999999999"},
        ],
    )
    def test_nonsense_is_400_and_never_500(self, broken: dict[str, Any]) -> None:
        city = a_city()
        fields = filled(city) | broken
        assert signed_in(a_user()).post(URL, fields, format="json").status_code in (400, 201)

    def test_a_broken_rule_is_409_with_its_sentence(self) -> None:
        city = a_city()
        far = {"lng": 87.6, "lat": 43.8, "place": ""}
        response = signed_in(a_user()).post(URL, filled(city) | far)
        assert response.status_code == 409
        assert "没能认出这个地方" in response.json()["detail"]

    def test_visitors_are_refused(self) -> None:
        assert APIClient().get(URL).status_code == 401
        assert APIClient().post(URL, {}).status_code == 401


class TestReading:
    def numbers(self, person: User, **query: Any) -> set[str]:
        response = signed_in(person).get(URL, query)
        assert response.status_code == 200
        return {row["number"] for row in response.json()["results"]}

    def test_one_s_own_and_what_is_in_sight(self) -> None:
        city = a_city()
        mine, other = filed(city), filed(city, building=city.next_door.building)
        assert self.numbers(mine.submitter) == {mine.number}
        assert self.numbers(city.home.secretary) == {mine.number}
        assert self.numbers(city.next_door.secretary) == {other.number}
        assert self.numbers(a_grid_worker(city.home)) == {mine.number}
        assert self.numbers(a_user()) == set()

    def test_filters(self) -> None:
        city = a_city()
        secretary = city.home.secretary
        fresh, working, done = filed(city), in_progress(city), resolved(city)
        assert self.numbers(secretary, state="submitted") == {fresh.number}
        assert self.numbers(secretary, state=["submitted", "resolved"]) == {fresh.number, done.number}
        assert self.numbers(secretary, is_open="true") == {fresh.number, working.number}
        assert self.numbers(secretary, is_overdue="true") == set()
        assert self.numbers(secretary, is_overdue="false") == {fresh.number, working.number, done.number}
        assert self.numbers(secretary, own="true") == set()
        assert self.numbers(secretary, category="nothing") == set()
        assert signed_in(secretary).get(URL, {"state": "nonsense"}).status_code == 400

    def test_staff_read_a_surname_and_what_they_may_do(self) -> None:
        city = a_city()
        service_request = filed(city, by=a_user("周小兰"))
        response = signed_in(city.home.secretary).get(f"{URL}{service_request.number}/")
        assert response.json()["asker"] == "居民 周**"
        assert "周小兰" not in response.content.decode()
        assert service_request.submitter.phone not in response.content.decode()
        steps = {step["name"]: step for step in response.json()["steps"]}
        assert set(steps) == {"accept", "decline", "contact", "merge", "note"}
        field = steps["accept"]["fields"][0]
        assert (field["name"], field["required"]) == ("track", True)
        assert [choice[0] for choice in field["choices"]] == ["urgent", "important", "hard"]

    def test_out_of_sight_is_404(self) -> None:
        city = a_city()
        service_request = filed(city)
        client = signed_in(city.next_door.secretary)
        assert client.get(f"{URL}{service_request.number}/").status_code == 404
        assert (
            client.post(f"{URL}{service_request.number}/steps/accept/", {"track": "hard"}).status_code == 404
        )

    def test_categories_and_places(self) -> None:
        city, client = a_city(), signed_in(a_user())
        a_category()
        a_category("old", is_open=False)
        assert [row["code"] for row in client.get("/api/v1/categories/").json()] == ["repair"]
        found = client.get(f"{URL}places/", {"q": "花城小区"}).json()
        assert found[0]["value"] == f"b:{city.home.building.pk}"

    def test_five_rows_cost_as_much_as_fifty(self) -> None:
        city = a_city()
        counts = []
        for more in (5, 45):
            for _ in range(more):
                filed(city)
            client = signed_in(city.home.secretary)
            with CaptureQueriesContext(connection) as captured:
                client.get(URL, {"limit": 50})
            counts.append(len(captured))
        assert counts[0] == counts[1] <= 9


class TestSteps:
    def take(self, person: User, service_request: ServiceRequest, step: str, **data: Any) -> Any:
        return signed_in(person).post(f"{URL}{service_request.number}/steps/{step}/", data)

    def test_the_whole_line(self) -> None:
        city = a_city()
        secretary, service_request = city.home.secretary, filed(city)
        asker = service_request.submitter
        assert self.take(secretary, service_request, "accept", track="urgent").json()["state"] == "accepted"
        assert self.take(secretary, service_request, "contact", how="phone").status_code == 200
        handled = self.take(secretary, service_request, "handle", responsible=secretary.pk)
        assert handled.json()["responsible"] == "花城书记"
        assert self.take(asker, service_request, "add", text="四楼也不亮").status_code == 200
        done = self.take(secretary, service_request, "resolve", outcome="solved", text="换了新灯")
        assert done.json()["state"] == "resolved"
        rated = self.take(asker, service_request, "rate", satisfied=5, contacted=True, solved=False)
        assert rated.json()["state"] == "closed"
        service_request.refresh_from_db()
        assert (service_request.rating.contacted, service_request.rating.solved) == (True, False)

    def test_a_broken_rule_is_409(self) -> None:
        city = a_city()
        response = self.take(city.home.secretary, accepted(city), "accept", track="hard")
        assert response.status_code == 409
        assert response.json()["detail"].startswith("现在是“已受理”，不能受理")

    def test_no_power_is_403(self) -> None:
        city = a_city()
        assert self.take(a_grid_worker(city.home), filed(city), "accept", track="hard").status_code == 403
        service_request = filed(city)
        assert (
            self.take(service_request.submitter, service_request, "accept", track="hard").status_code == 403
        )

    def test_wrong_input_is_400(self) -> None:
        city = a_city()
        service_request = filed(city)
        response = self.take(city.home.secretary, service_request, "accept", track="whenever")
        assert response.status_code == 400
        assert "track" in response.json()
        assert service_request.events.count() == 1

    def test_an_unknown_step_is_404(self) -> None:
        city = a_city()
        for step in ("explode", "whistle", "submit"):
            assert self.take(city.home.secretary, filed(city), step).status_code == 404

    def test_photos_come_with_a_step(self) -> None:
        city = a_city()
        service_request = in_progress(city)
        client = signed_in(city.home.secretary)
        response = client.post(
            f"{URL}{service_request.number}/steps/resolve/",
            {"outcome": "solved", "text": "换了新灯", "photos": [a_photo()]},
            format="multipart",
        )
        assert response.json()["state"] == State.RESOLVED
        assert len(response.json()["timeline"][0]["photos"]) == 1


def test_the_schema_is_drawn_without_a_warning(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    call_command("spectacular", file=str(tmp_path / "schema.yaml"), validate=True)
    complaints = [line for line in capsys.readouterr().err.splitlines() if "requests/api/" in line]
    assert complaints == []
