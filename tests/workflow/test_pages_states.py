"""One request on the phone in every state: bar, promise, what waits, ways back; and the steps of whoever asked."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from ground import clock
from organizations.models import Policy
from organizations.posts import Post
from requests import (
    afterwards,
    asking_back,
    consents,
    dispatching,
    merging,
    presenting,
    splitting,
    tiers,
    workflow,
)
from requests.models import ServiceRequest
from requests.states import Outcome, State
from tests.factories import City, a_city, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import a_photo, accepted, filed, in_progress, resolved
from tests.workflow.dispatched import a_department, sent

pytestmark = pytest.mark.django_db


def fresh(service_request: ServiceRequest) -> ServiceRequest:
    return ServiceRequest.objects.get(pk=service_request.pk)


def shown(service_request: ServiceRequest, person: User | None = None) -> str:
    client = strong_client(person or service_request.submitter)
    return client.get(f"/requests/{service_request.number}/").content.decode()


def posted(service_request: ServiceRequest, step: str, **given: Any) -> Any:
    client = strong_client(service_request.submitter)
    return client.post(f"/requests/{service_request.number}/{step}/", given, follow=True)


def bar(service_request: ServiceRequest) -> list[tuple[str, str]]:
    return [(each["label"], each["state"]) for each in presenting.step_bar(fresh(service_request))]


def an_officer(city: City) -> User:
    officer = a_user("林街道")
    appoint(officer, Post.OFFICER, city.street, work_phone="0751-8600001")
    return officer


class TestAsked:
    def test_the_question_stands_on_top_and_the_clock_is_said_to_stand_still(self) -> None:
        city = a_city()
        service_request = accepted(city)
        asking_back.ask(service_request, by=city.home.secretary, text="堵在哪里？")
        page = shown(service_request)
        for words in ("请你补充", "堵在哪里？", "暂停中，等你补充", "最晚", 'btn primary" href='):
            assert words in page
        assert "前办结" not in page
        assert bar(service_request)[1:3] == [("待补充", "now"), ("办理中", "todo")]
        form = strong_client(service_request.submitter).get(f"/requests/{service_request.number}/answer/")
        assert "堵在哪里？" in form.content.decode()

    def test_the_answer_goes_on(self) -> None:
        city = a_city()
        service_request = in_progress(city)
        asking_back.ask(service_request, by=city.home.secretary, text="堵在哪里？")
        assert bar(service_request)[2] == ("待补充", "now")
        response = posted(service_request, "answer", text="在门口", photos=[a_photo()])
        assert "回答已送到" in response.content.decode()
        assert fresh(service_request).state == State.IN_PROGRESS

    def test_it_comes_first_in_the_list(self) -> None:
        city, me = a_city(), a_user()
        service_request = accepted(city, by=me, text="要补充的")
        asking_back.ask(service_request, by=city.home.secretary, text="堵在哪里？")
        resolved(city, by=me, text="要评价的")
        client = strong_client(me)
        page = client.get("/requests/").content.decode()
        assert page.index("要补充的") < page.index("要评价的")
        for words in ("1 件等你补充", "待你补充 1", "去补充", "去评价"):
            assert words in page
        assert "要评价的" not in client.get("/requests/", {"state": "asked"}).content.decode()
        home = client.get("/").content.decode()
        assert "1 件等你补充" in home
        assert home.index("要补充的") < home.index("要评价的")


class TestMerged:
    def test_it_says_how_the_main_one_stands_and_nothing_of_whose_it_is(self) -> None:
        city = a_city()
        other = a_user("吴密语")
        target = in_progress(city, by=other, text="密语说的话")
        service_request = accepted(city)
        merging.merge(service_request, by=city.home.secretary, target=target)
        page = shown(service_request)
        for words in ("已并案", "主件由花城社区承办", "办理中"):
            assert words in page
        assert "密语" not in page
        assert target.number not in page
        assert bar(service_request)[2] == ("已并案", "now")
        listed = strong_client(service_request.submitter).get("/requests/", {"state": "open"})
        assert service_request.number in listed.content.decode()


class TestParts:
    def test_the_whole_lists_them_and_a_part_leads_to_it(self) -> None:
        city = a_city()
        service_request = accepted(city)
        first, _ = splitting.split(service_request, by=city.home.secretary, parts=["拆飞线", "装充电桩"])
        workflow.handle(first, by=city.home.secretary, responsible=city.home.secretary)
        splitting.complete(fresh(first), by=city.home.secretary, outcome=Outcome.SOLVED, text="拆了")
        page = shown(service_request)
        for words in ("分成 2 件办", "拆飞线", "装充电桩", "已办结"):
            assert words in page
        client = strong_client(service_request.submitter)
        for path in ("", "add/"):
            response = client.get(f"/requests/{first.number}/{path}")
            assert response["Location"] == f"/requests/{service_request.number}/"
        assert strong_client(a_user()).get(f"/requests/{first.number}/").status_code == 404
        assert first.number not in client.get("/requests/").content.decode()
        assert [label for label, _ in bar(first)] == ["已拆出", "已受理", "办理中", "已办结"]


class TestPromise:
    def test_after_escalation_both_promises_stand(self) -> None:
        city = a_city()
        an_officer(city)
        service_request = accepted(city)
        tiers.escalate(service_request, by=city.home.secretary, reason="要整套更换")
        page = shown(service_request)
        for words in ("前接手", "办结的承诺不变", "新华街道", "tel:0751-8600001"):
            assert words in page

    def test_who_watches_and_how_often_it_was_urged(self) -> None:
        city = a_city()
        officer = an_officer(city)
        service_request = in_progress(city)
        tiers.supervise(service_request, by=officer, text="本周办完")
        workflow.urge(fresh(service_request), by=service_request.submitter)
        page = shown(service_request)
        for words in ("新华街道督办", "催过 1 次", "今天已经催过一次"):
            assert words in page


class TestUrging:
    def test_one_tap_without_a_form_page(self) -> None:
        service_request = filed(a_city())
        action = f'action="/requests/{service_request.number}/urge/"'
        assert action in shown(service_request)
        page = posted(service_request, "urge").content.decode()
        assert "已催办" in page
        assert action not in page
        assert fresh(service_request).urges == 1

    def test_twice_a_day_is_refused_in_words(self) -> None:
        service_request = filed(a_city())
        posted(service_request, "urge")
        again = posted(service_request, "urge")
        assert again.status_code == 422
        assert "今天已经催过一次" in again.content.decode()
        assert fresh(service_request).urges == 1


class TestWayBack:
    def test_the_form_says_which_time_it_is_and_what_will_happen(self) -> None:
        city = a_city()
        service_request = resolved(city)
        client = strong_client(service_request.submitter)
        url = f"/requests/{service_request.number}/reopen/"
        said = (
            "这是第 1 次要求重办：花城社区重新办",
            "第 2 次要求重办：花城社区重新办，由新华街道督办",
            "由新华街道接手",
        )
        for time, words in enumerate(said, start=1):
            assert words in client.get(url).content.decode()
            page = posted(service_request, "reopen", reason="还是不亮").content.decode()
            assert f"第 {time} 次重办" in page
            assert bar(service_request)[1] == (f"重办 {time}", "now")
            if time < len(said):
                again = fresh(service_request)
                workflow.handle(again, by=city.home.secretary, responsible=city.home.secretary)
                workflow.resolve(again, by=city.home.secretary, outcome=Outcome.SOLVED, text="又换了")

    def test_an_explained_one_shows_the_legal_route_and_no_dead_button(self) -> None:
        city = a_city()
        service_request = in_progress(city)
        officer = an_officer(city)
        consents.explain(service_request, by=city.home.secretary, text="依据条例")
        consents.consent_explained(fresh(service_request), by=officer)
        page = shown(service_request)
        assert Policy.of(city.district.pk).legal_route in page
        assert "不能再要求重办了" in page
        assert f"/requests/{service_request.number}/reopen/" not in page
        assert f"/requests/{service_request.number}/rate/" in page

    def test_objecting_names_the_tier_above_and_only_once(self) -> None:
        city = a_city()
        officer = an_officer(city)
        service_request = filed(city)
        workflow.decline(service_request, by=city.home.secretary, reason="不归社区管")
        assert "前可以申诉一次" in shown(service_request)
        client = strong_client(service_request.submitter)
        form = client.get(f"/requests/{service_request.number}/object/").content.decode()
        assert "由新华街道重新核实" in form
        page = posted(service_request, "object", reason="归社区管").content.decode()
        assert "申诉已送到上一级" in page
        assert bar(service_request)[0] == ("已申诉", "now")
        workflow.decline(fresh(service_request), by=officer, reason="依法许可")
        final = shown(service_request)
        assert "一件点单只能申诉一次" in final
        assert Policy.of(city.district.pk).legal_route in final
        assert f"/requests/{service_request.number}/object/" not in final

    def test_after_the_days_a_new_request_is_offered(self) -> None:
        service_request = resolved(a_city())
        mine = service_request.submitter
        afterwards.rate(service_request, by=mine, contacted=True, solved=True, satisfied=5)
        assert "前可以要求重办" in shown(service_request)
        with time_machine.travel(clock.now() + timedelta(days=16)):
            page = shown(service_request)
            refused = posted(service_request, "reopen", reason="又坏了")
        assert "再点一单" in page
        assert 'href="/requests/new/"' in page
        assert refused.status_code == 422
        assert fresh(service_request).state == State.CLOSED


class TestQueries:
    def test_a_page_with_everything_on_it(self) -> None:
        city = a_city()
        officer = an_officer(city)
        service_request = in_progress(city, photos=[a_photo()])
        busy(city, service_request)
        tiers.supervise(fresh(service_request), by=officer, text="本周办完")
        splitting.split(fresh(service_request), by=city.home.secretary, parts=["一", "二"])
        few = self.cost(service_request)
        for _ in range(4):
            busy(city, service_request)
        splitting.split(fresh(service_request), by=city.home.secretary, parts=["三", "四", "五"])
        assert self.cost(service_request) == few <= 12

    def cost(self, service_request: ServiceRequest) -> int:
        client = strong_client(service_request.submitter)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/requests/{service_request.number}/").status_code == 200
        return len(captured)

    @pytest.mark.parametrize(
        ("step", "given"),
        [
            ("add", {"text": "四楼也不亮"}),
            ("urge", {}),
            ("rate", {"satisfied": "5", "contacted": "True", "solved": "True"}),
        ],
    )
    def test_a_step(self, step: str, given: dict[str, str]) -> None:
        city = a_city()
        service_request = resolved(city) if step == "rate" else in_progress(city)
        client = strong_client(service_request.submitter)
        with CaptureQueriesContext(connection) as captured:
            response = client.post(f"/requests/{service_request.number}/{step}/", given)
        assert response.status_code == 302
        asked = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
        assert len(asked) <= 15, "\n".join(asked)


def busy(city: City, service_request: ServiceRequest) -> None:
    unit, officer = a_department(city)
    dispatch = sent(city, unit, fresh(service_request))
    dispatching.sign(dispatch, by=officer)
    dispatching.answer(dispatch, by=officer, text="办了", photos=[a_photo()])
    workflow.add(fresh(service_request), by=service_request.submitter, text="再说", photos=[a_photo()])
