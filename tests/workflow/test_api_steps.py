"""Every step of RULES 1 over the API: the same verbs, the same refusals, and what one request says of itself."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ground import clock
from organizations.posts import Post
from requests import dispatching, merging, splitting, tiers, workflow
from requests.forms import FORMS
from requests.models import ServiceRequest
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.workflow import a_category, accepted, filed, in_progress, resolved
from tests.workflow.test_api import URL, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    """With somebody at the street who verifies and handles, and a leader in charge at the district."""
    city = a_city()
    appoint(a_user("街道干部"), Post.OFFICER, city.street)
    appoint(a_user("分管"), Post.LEADER_IN_CHARGE, city.district)
    return city


def street_officer(city: City) -> Any:
    return city.street.appointments.get(post=Post.OFFICER).user


def an_officer(city: City, name: str = "供电所") -> tuple[Any, Any]:
    """A unit, and the case officer who answers for it."""
    unit, officer = a_unit(city, name), a_user("承办人")
    appoint(officer, Post.CASE_OFFICER, unit)
    return unit, officer


def take(person: Any, row: ServiceRequest, step: str, **data: Any) -> Any:
    return signed_in(person).post(f"{URL}{row.number}/steps/{step}/", data)


def shown(person: Any, row: ServiceRequest) -> Any:
    response = signed_in(person).get(f"{URL}{row.number}/")
    assert response.status_code == 200
    return response.json()


class TestTaking:
    def test_asking_back_pauses_and_the_answer_goes_on(self, city: City) -> None:
        row = in_progress(city)
        asked = take(city.home.secretary, row, "ask", text="几楼？").json()
        assert (asked["state"], asked["is_paused"], asked["due"]) == ("asked", True, None)
        assert asked["asked_until"]
        answered = take(row.submitter, row, "answer", text="三楼").json()
        assert (answered["state"], answered["is_paused"]) == ("in_progress", False)

    def test_a_request_is_merged_by_its_number_and_taken_out_again(self, city: City) -> None:
        main, row = accepted(city), filed(city)
        assert take(city.home.secretary, row, "merge", target=" ").status_code == 400
        merged = take(city.home.secretary, row, "merge", target=main.number.lower())
        assert (merged.json()["state"], merged.json()["merged_into"]) == ("merged", main.number)
        assert [each["number"] for each in shown(city.home.secretary, main)["merged"]] == [row.number]
        assert take(city.home.secretary, row, "unmerge").json()["state"] == "accepted"

    def test_what_it_was_merged_into_is_told_to_those_who_may_see_it(self, city: City) -> None:
        main, row = accepted(city), accepted(city)
        merging.merge(row, by=city.home.secretary, target=main)
        assert shown(row.submitter, row)["merged_into"] == ""
        assert main.number not in str(shown(row.submitter, row))
        assert shown(main.submitter, main)["merged"] == []

    def test_another_community_s_number_is_no_target(self, city: City) -> None:
        beyond, row = filed(city, building=city.next_door.building), filed(city)
        response = take(city.home.secretary, row, "merge", target=beyond.number)
        assert response.status_code == 400
        assert response.json() == {"target": ["没有找到这个编号，请核对。"]}

    @pytest.mark.parametrize("parts", [["甲处\n的灯", "乙处的灯"], "甲处 的灯\n乙处的灯\n\n"])
    def test_parts_come_as_a_list_or_as_lines(self, city: City, parts: Any) -> None:
        row = in_progress(city)
        whole = take(city.home.secretary, row, "split", parts=parts).json()
        assert [each["title"] for each in whole["parts"]] == ["甲处 的灯", "乙处的灯"]
        assert len(whole["holds"]) == 2
        part = ServiceRequest.objects.get(number=whole["parts"][0]["number"])
        assert shown(city.home.secretary, part)["whole"] == row.number
        take(city.home.secretary, part, "handle", responsible=city.home.secretary.pk)
        done = take(city.home.secretary, part, "complete", outcome="solved", text="好了")
        assert done.json()["state"] == "closed"
        refused = take(city.home.secretary, row, "resolve", outcome="solved", text="好了")
        assert refused.status_code == 409 and "还没办完" in refused.json()["detail"]

    def test_a_dispatch_names_a_unit_and_a_day(self, city: City) -> None:
        row, (unit, _) = in_progress(city), an_officer(city)
        day = clock.today() + timedelta(days=9)
        sent = take(
            city.home.secretary, row, "dispatch", unit=unit.pk, text="换变压器", answer_by=day.isoformat()
        )
        assert sent.status_code == 200, sent.json()
        one = sent.json()["dispatches"][0]
        assert (one["recipient"], one["state"], one["is_lead"]) == ("供电所", "sent", True)
        assert one["answer_due"].startswith(day.isoformat())
        assert take(city.home.secretary, row, "dispatch", text="再派").status_code == 400
        again = take(city.home.secretary, row, "dispatch", unit=unit.pk, text="再派")
        assert again.status_code == 409 and "还没有办完" in again.json()["detail"]

    def test_a_community_cannot_send_the_hard_grade(self, city: City) -> None:
        row, (unit, _) = in_progress(city), an_officer(city)
        response = take(city.home.secretary, row, "dispatch", unit=unit.pk, text="快", grade="hard")
        assert response.status_code == 409
        assert response.json()["detail"].startswith("攻坚哨由街道")

    def test_up_taken_over_and_down_again(self, city: City) -> None:
        row, officer = in_progress(city), street_officer(city)
        up = take(city.home.secretary, row, "escalate", reason="社区办不了").json()
        assert (up["handler"], up["state"]) == ("新华街道", "accepted")
        assert up["takeover_due"] and up["resolve_due"]
        assert take(officer, row, "take_over").json()["responsible"] == "街道干部"
        home = city.home.organization
        assert take(officer, row, "hand_down", child=city.district.pk, text="x").status_code == 400
        down = take(officer, row, "hand_down", child=home.pk, text="先修楼道灯").json()
        assert (down["handler"], down["handed_down"]) == ("花城社区", 1)

    def test_an_extension_waits_for_consent(self, city: City) -> None:
        row, officer = in_progress(city), street_officer(city)
        day = clock.today() + timedelta(days=60)
        asked = take(city.home.secretary, row, "extend", new_due=day.isoformat(), reason="等配件").json()
        assert (asked["consent_kind"], asked["consent_at"]) == ("extend", "新华街道")
        again = take(city.home.secretary, row, "extend", new_due=day.isoformat(), reason="等配件")
        assert again.status_code == 409 and "正在等新华街道答复" in again.json()["detail"]
        assert take(city.home.secretary, row, "consent_extension").status_code == 403
        given = take(officer, row, "consent_extension").json()
        assert given["is_extended"] and given["resolve_due"].startswith(day.isoformat())
        assert take(officer, row, "deny", reason="不行").status_code == 403

    def test_explaining_needs_consent_and_is_said_apart(self, city: City) -> None:
        row = in_progress(city)
        assert take(city.home.secretary, row, "explain", text="依规不能装").status_code == 200
        done = take(street_officer(city), row, "consent_explained").json()
        assert (done["state"], done["outcome"]) == ("resolved", "explained")
        refused = take(row.submitter, row, "reopen", reason="不服")
        assert refused.status_code == 409 and "依法依规解释" in refused.json()["detail"]

    def test_urging_once_a_day_reopening_and_objecting(self, city: City) -> None:
        row = resolved(city)
        opened = take(row.submitter, row, "reopen", reason="又不亮了").json()
        assert (opened["state"], opened["reopened"], opened["outcome"]) == ("accepted", 1, "")
        assert take(row.submitter, row, "urge").json()["urges"] == 1
        assert take(row.submitter, row, "urge").status_code == 409
        assert [each["name"] for each in shown(row.submitter, row)["not_yet"]] == ["urge"]
        other = filed(city)
        take(city.home.secretary, other, "decline", reason="不归社区管")
        objected = take(other.submitter, other, "object", reason="就在社区里").json()
        assert (objected["state"], objected["handler"]) == ("submitted", "新华街道")

    def test_supervision_and_notes_are_for_staff(self, city: City) -> None:
        row = in_progress(city)
        assert take(city.home.secretary, row, "supervise", text="快办").status_code == 403
        watched = take(street_officer(city), row, "supervise", text="三天内办好").json()
        assert (watched["supervised_by"], bool(watched["supervised_at"])) == ("新华街道", True)
        assert take(row.submitter, row, "note", text="看看").status_code == 403
        noted = take(city.home.secretary, row, "note", text="房东不配合").json()
        assert noted["timeline"][0]["is_internal"] and noted["timeline"][0]["text"] == "房东不配合"
        assert "房东不配合" not in str(shown(row.submitter, row))

    def test_every_step_with_a_form_can_be_asked_for_and_others_are_404(self, city: City) -> None:
        row = in_progress(city)
        answers = {step: take(city.home.secretary, row, step).status_code for step in FORMS}
        assert set(answers.values()) <= {200, 400, 403, 409}, answers
        for step in ("lapse", "timeout", "end_part", "begin_part", "resolve_with", "whistle", "submit"):
            assert take(city.home.secretary, row, step).status_code == 404


class TestWhatAStepNeeds:
    def form(self, person: Any, row: ServiceRequest, step: str, **query: Any) -> Any:
        return signed_in(person).get(f"{URL}{row.number}/steps/{step}/", query)

    def test_people_places_and_units_are_looked_up(self, city: City) -> None:
        row, (unit, _) = in_progress(city), an_officer(city)
        secretary = city.home.secretary
        field = self.form(secretary, row, "handle").json()["fields"][0]
        assert (field["is_looked_up"], field["choices"]) == (True, [[str(secretary.pk), "花城书记"]])
        found = self.form(secretary, row, "dispatch", q="供电").json()["fields"][0]
        assert found["choices"] == [[f"u:{unit.pk}", "供电所"]]

    def test_without_power_403_out_of_sight_404(self, city: City) -> None:
        row = in_progress(city)
        assert self.form(row.submitter, row, "handle").status_code == 403
        assert self.form(city.next_door.secretary, row, "handle").status_code == 404
        assert self.form(city.home.secretary, row, "whistle").status_code == 404


class TestForAnother:
    def ask(self, city: City, person: Any, **extra: Any) -> Any:
        a_category()
        fields = {"category": "repair", "text": "灯不亮", "place": f"b:{city.home.building.pk}", **extra}
        return signed_in(person).post(URL, fields)

    def test_one_without_a_phone_is_named_to_those_who_see_names(self, city: City) -> None:
        filed_for = self.ask(city, city.home.secretary, without_phone="郑阿婆").json()
        assert (filed_for["asker"], filed_for["asker_name"]) == ("居民 郑**", "郑阿婆")
        assert len(filed_for["query_code"]) == 6
        row = ServiceRequest.objects.get(number=filed_for["number"])
        assert row.has_no_phone and row.query_code == filed_for["query_code"]
        again = shown(city.home.secretary, row)
        assert "query_code" not in again and again["asker_name"] == "郑阿婆"
        masked = shown(street_officer(city), row)
        assert masked["asker_name"] == "" and "郑阿婆" not in str(masked)

    def test_residents_file_for_themselves_only(self, city: City) -> None:
        response = self.ask(city, a_user(), without_phone="郑阿婆")
        assert response.status_code == 400 and "without_phone" in response.json()
        mine = self.ask(city, a_user()).json()
        assert mine["query_code"] == ""
        both = self.ask(city, city.home.secretary, without_phone="郑阿婆", other_phone="13800000001")
        assert both.status_code == 409 and both.json()["field"] == "without_phone"


class TestDetail:
    def test_it_costs_the_same_whatever_hangs_on_it(self, city: City) -> None:
        row, secretary = in_progress(city), city.home.secretary
        bare = self.queries(secretary, row)
        for name in ("供电所", "水务"):
            dispatching.dispatch(row, by=secretary, text="去修", unit=an_officer(city, name)[0])
        splitting.split(row, by=secretary, parts=["甲", "乙", "丙"])
        for _ in range(3):
            merging.merge(accepted(city), by=secretary, target=row)
        full = self.queries(secretary, row)
        assert bare <= full <= 14
        assert self.queries(row.submitter, row) <= 14
        tiers.escalate(row, by=secretary, reason="办不了")
        assert self.queries(street_officer(city), row) <= 16

    def queries(self, person: Any, row: ServiceRequest) -> int:
        client = signed_in(person)
        client.get(f"{URL}{row.number}/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{URL}{row.number}/").status_code == 200
        return len(captured)

    def test_a_step_costs_at_most_fifteen_besides_showing_it(self, city: City) -> None:
        row = in_progress(city)
        client = signed_in(city.home.secretary)
        seen = self.queries(city.home.secretary, row)
        for step, data in (("note", {"text": "记一笔"}), ("contact", {"how": "phone"})):
            with CaptureQueriesContext(connection) as captured:
                assert client.post(f"{URL}{row.number}/steps/{step}/", data).status_code == 200
            asked = [each for each in captured if "SAVEPOINT" not in each["sql"]]
            assert len(asked) <= 15 + seen - 3, step  # session, user and scope are read once

    def test_promise_dues_and_holds_in_words(self, city: City) -> None:
        row = in_progress(city)
        dispatching.dispatch(row, by=city.home.secretary, text="去修", unit=an_officer(city)[0])
        staff, own = shown(city.home.secretary, row), shown(row.submitter, row)
        assert staff["promise"] == {
            "accept": "1 个工作日",
            "contact": "1 个工作日",
            "resolve": "5 个工作日",
        }
        assert len(staff["holds"]) == 1 and "供电所" in staff["holds"][0]
        assert (own["holds"], own["dispatches"]) == ([], [])
        refused = {each["name"]: each["why_not"] for each in staff["not_yet"]}
        assert set(refused) == {"merge", "explain", "resolve"} and "供电所" in refused["resolve"]


def test_the_list_is_narrowed(city: City) -> None:
    secretary = city.home.secretary
    asked, again, whole, plain = in_progress(city), resolved(city), in_progress(city), filed(city)
    workflow.take_step("ask", asked, by=secretary, cleaned_data={"text": "几楼"})
    workflow.take_step("reopen", again, by=again.submitter, cleaned_data={"reason": "又坏了"})
    part = splitting.split(whole, by=secretary, parts=["甲"])[0]
    workflow.take_step("extend", again, by=secretary, cleaned_data=_later())
    tiers.supervise(plain, by=street_officer(city), text="快办")

    def numbers(person: Any, **query: Any) -> set[str]:
        response = signed_in(person).get(URL, query)
        assert response.status_code == 200, response.json()
        return {each["number"] for each in response.json()["results"]}

    assert numbers(secretary, is_waiting="true") == {asked.number, again.number, whole.number}
    assert numbers(secretary, is_waiting="false") == {plain.number, part.number}
    assert numbers(secretary, reopened="true") == {again.number}
    assert numbers(secretary, supervised="true") == {plain.number}
    assert numbers(secretary, whole=whole.number) == numbers(secretary, is_part="true") == {part.number}
    assert numbers(street_officer(city), consent="true") == {again.number}
    assert numbers(secretary, consent="true") == set()
    assert numbers(secretary, handler=city.street.pk) == set()
    assert len(numbers(secretary, handler=city.home.organization.pk)) == 5
    assert numbers(whole.submitter, own="true") == {whole.number}
    assert numbers(whole.submitter) == {whole.number}  # parts are found in the whole
    assert signed_in(secretary).get(URL, {"handler": "9" * 30}).status_code == 400


def _later() -> dict[str, Any]:
    day: date = clock.today() + timedelta(days=60)
    return {"new_due": day, "reason": "等配件"}
