"""Dispatches, reply templates and saved filters over the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ground import clock
from organizations.posts import Post
from requests import dispatching
from requests.models import Dispatch, ReplyTemplate, SavedFilter, ServiceRequest
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.workflow import a_category, a_photo, in_progress
from tests.workflow.test_api import signed_in

pytestmark = pytest.mark.django_db
URL, TEMPLATES, SAVED = "/api/v1/dispatches/", "/api/v1/reply-templates/", "/api/v1/saved-filters/"


@pytest.fixture
def city() -> City:
    return a_city()


def sent(city: City, name: str = "供电所") -> tuple[Dispatch, Any]:
    """A dispatch of a request under way, and the case officer of the unit that it went to."""
    unit, officer = a_unit(city, name), a_user("承办人")
    appoint(officer, Post.CASE_OFFICER, unit)
    row = in_progress(city, text="密语：三楼灯不亮")
    return dispatching.dispatch(row, by=city.home.secretary, text="换变压器", unit=unit), officer


def take(person: Any, dispatch: Dispatch, step: str, **data: Any) -> Any:
    return signed_in(person).post(f"{URL}{dispatch.pk}/steps/{step}/", data)


class TestSteps:
    def test_the_whole_line(self, city: City) -> None:
        dispatch, officer = sent(city)
        signed = take(officer, dispatch, "sign").json()
        assert (signed["state"], signed["state_label"]) == ("accepted", "办理中")
        assert take(officer, dispatch, "contact", how="visit", text="约了下午").status_code == 200
        assert take(officer, dispatch, "arrive").json()["arrived_at"]
        assert take(officer, dispatch, "answer", text="").status_code == 400
        assert take(officer, dispatch, "answer", text="修好了").json()["state"] == "answered"
        again = take(
            city.home.secretary,
            dispatch,
            "reject",
            reason="没亮",
            answer_by=str(clock.today() + timedelta(days=30)),
        )
        assert (again.json()["state"], again.json()["rejections"]) == ("accepted", 1)
        take(officer, dispatch, "answer", text="又修了")
        done = take(city.home.secretary, dispatch, "confirm", timely=5, effective=4, attitude=5).json()
        assert (done["state"], done["effective"], done["due"]) == ("confirmed", 4, None)
        assert [line["step"] for line in done["timeline"]][:2] == ["confirm", "answer"]

    def test_the_refusals_of_the_pages(self, city: City) -> None:
        dispatch, officer = sent(city)
        assert take(city.home.secretary, dispatch, "sign").status_code == 403
        assert take(officer, dispatch, "recall", reason="x").status_code == 403
        early = take(officer, dispatch, "answer", text="好了")
        assert early.status_code == 409 and early.json()["detail"].startswith("现在是“待签收”")
        assert take(city.next_door.secretary, dispatch, "recall", reason="x").status_code == 404
        assert take(dispatch.service_request.submitter, dispatch, "sign").status_code == 404
        for step in ("send", "end_with", "explode"):
            assert take(officer, dispatch, step).status_code == 404
        wrong = take(city.home.secretary, dispatch, "confirm", timely=9)
        assert wrong.status_code == 400 and set(wrong.json()) == {"timely", "effective", "attitude"}

    def test_photos_come_with_the_answer_and_are_served(self, city: City) -> None:
        dispatch, officer = sent(city)
        take(officer, dispatch, "sign")
        response = signed_in(officer).post(
            f"{URL}{dispatch.pk}/steps/answer/", {"text": "好了", "photos": [a_photo()]}, format="multipart"
        )
        link = response.json()["timeline"][0]["photos"][0]
        assert signed_in(officer).get(link["thumb"])["Content-Type"] == "image/jpeg"
        assert signed_in(city.home.secretary).get(link["url"]).status_code == 200
        assert signed_in(city.next_door.secretary).get(link["url"]).status_code == 404

    def test_what_a_step_needs(self, city: City) -> None:
        dispatch, officer = sent(city)
        form = signed_in(officer).get(f"{URL}{dispatch.pk}/steps/give_back/")
        assert [each["name"] for each in form.json()["fields"]] == ["reason"]
        assert signed_in(officer).get(f"{URL}{dispatch.pk}/steps/sign/").json()["is_one_tap"]
        assert signed_in(officer).get(f"{URL}{dispatch.pk}/steps/confirm/").status_code == 403


class TestSight:
    def test_sight_of_the_request_ends_with_giving_it_back(self, city: City) -> None:
        dispatch, officer = sent(city)
        assert signed_in(officer).get(f"{URL}{dispatch.pk}/").json()["matter"] == "密语：三楼灯不亮"
        given = take(officer, dispatch, "give_back", reason="不归我们管")
        assert given.status_code == 200 and "密语" not in given.content.decode()
        after = signed_in(officer).get(f"{URL}{dispatch.pk}/")
        assert (after.json()["state"], after.json()["title"], after.json()["matter"]) == ("returned", "", "")
        assert (
            signed_in(officer).get(f"/api/v1/requests/{dispatch.service_request.number}/").status_code == 404
        )
        assert "密语" in signed_in(city.home.secretary).get(f"{URL}{dispatch.pk}/").content.decode()

    def test_nor_are_the_words_of_the_handler_read_afterwards(self, city: City) -> None:
        dispatch, officer = sent(city)
        take(officer, dispatch, "sign")
        take(officer, dispatch, "answer", text="换好了")
        take(city.home.secretary, dispatch, "reject", reason="三楼还是不亮")
        take(city.home.secretary, dispatch, "recall", reason="另找人办")
        shown, listed = signed_in(officer).get(f"{URL}{dispatch.pk}/"), signed_in(officer).get(URL)
        said = shown.content.decode() + listed.content.decode()
        assert "换变压器" not in said and "三楼还是不亮" not in said
        assert "换好了" in said and "另找人办" in said
        assert "换变压器" in signed_in(city.home.secretary).get(f"{URL}{dispatch.pk}/").content.decode()

    def test_each_side_finds_its_own(self, city: City) -> None:
        (ours, officer), (other, _) = sent(city), sent(city, "水务")
        secretary = city.home.secretary

        def ids(person: Any, **query: Any) -> set[int]:
            response = signed_in(person).get(URL, query)
            assert response.status_code == 200
            return {row["id"] for row in response.json()["results"]}

        assert ids(officer) == ids(officer, sent_to_me="true") == {ours.pk}
        assert ids(secretary) == ids(secretary, sent_by_us="true") == {ours.pk, other.pk}
        assert ids(secretary, sent_to_me="true") == ids(officer, sent_by_us="true") == set()
        assert ids(secretary, number=other.service_request.number) == {other.pk}
        assert ids(city.next_door.secretary) == ids(ours.service_request.submitter) == set()
        take(officer, ours, "sign")
        assert ids(secretary, state="sent") == {other.pk}
        assert ids(secretary, is_overdue="true") == set()
        assert ids(secretary, is_open="true", is_overdue="false") == {ours.pk, other.pk}
        dispatching.recall(other, by=secretary, reason="不用了")
        assert ids(secretary, is_open="false") == {other.pk}

    def test_no_names_and_numbers_of_whoever_asked(self, city: City) -> None:
        dispatch, officer = sent(city)
        submitter = dispatch.service_request.submitter
        said = signed_in(officer).get(f"{URL}{dispatch.pk}/").content.decode()
        assert submitter.phone not in said and submitter.name not in said

    def test_five_rows_cost_as_much_as_twenty(self, city: City) -> None:
        secretary, counts = city.home.secretary, []
        for more in (5, 15):
            for number in range(more):
                sent(city, f"单位{more}-{number}")
            client = signed_in(secretary)
            with CaptureQueriesContext(connection) as captured:
                client.get(URL, {"limit": 50})
            counts.append(len(captured))
        assert counts[0] == counts[1] <= 9


class TestReplyTemplates:
    def test_staff_read_those_of_their_district_and_community(self, city: City) -> None:
        repair, clean = a_category("repair"), a_category("clean", name="卫生")
        made = [
            (city.district, "accept", None, "区里的"),
            (city.home.organization, "resolve", repair, "修好了"),
            (city.home.organization, "resolve", clean, "扫干净了"),
            (city.next_door.organization, "resolve", None, "隔壁的"),
        ]
        for node, step, category, title in made:
            ReplyTemplate.objects.create(
                organization=node, step=step, category=category, title=title, text="x"
            )
        elsewhere = a_city("浈江")
        ReplyTemplate.objects.create(organization=elsewhere.district, step="accept", title="外区的", text="x")

        def titles(person: Any, **query: Any) -> set[str]:
            return {each["title"] for each in signed_in(person).get(TEMPLATES, query).json()["results"]}

        assert titles(city.home.secretary) == {"区里的", "修好了", "扫干净了"}
        assert titles(city.home.secretary, step="resolve", category="repair") == {"修好了"}
        assert titles(city.home.secretary, category="repair") == {"区里的", "修好了"}
        assert titles(a_user()) == set()
        theirs = ReplyTemplate.objects.get(title="隔壁的")
        assert signed_in(city.home.secretary).get(f"{TEMPLATES}{theirs.pk}/").status_code == 404
        assert signed_in(city.home.secretary).post(TEMPLATES, {"title": "x"}).status_code == 405


class TestSavedFilters:
    def test_one_s_own_are_kept_listed_and_deleted(self, city: City) -> None:
        client = signed_in(city.home.secretary)
        fields = {"page": "work", "name": "急的", "query": "track=urgent"}
        made = client.post(SAVED, fields)
        assert made.status_code == 201
        again = client.post(SAVED, fields)
        assert again.status_code == 409 and again.json()["detail"].startswith("已有叫“急的”")
        assert client.post(SAVED, {**fields, "page": "requests"}).status_code == 201
        assert [each["name"] for each in client.get(SAVED, {"page": "work"}).json()["results"]] == ["急的"]
        other: APIClient = signed_in(city.next_door.secretary)
        assert other.get(SAVED).json()["results"] == []
        assert other.delete(f"{SAVED}{made.json()['id']}/").status_code == 404
        assert client.delete(f"{SAVED}{made.json()['id']}/").status_code == 204
        assert SavedFilter.objects.count() == 1

    def test_what_is_missing_or_too_long_is_400(self, city: City) -> None:
        client = signed_in(city.home.secretary)
        assert set(client.post(SAVED, {}).json()) == {"page", "name", "query"}
        long = client.post(SAVED, {"page": "work", "name": "长" * 21, "query": "x" * 301})
        assert set(long.json()) == {"name", "query"}


def test_two_lists_of_one_request_agree(city: City) -> None:
    dispatch, officer = sent(city)
    row: ServiceRequest = dispatch.service_request
    shown = signed_in(officer).get(f"/api/v1/requests/{row.number}/").json()
    assert [each["id"] for each in shown["dispatches"]] == [dispatch.pk]
    assert shown["holds"] == []
