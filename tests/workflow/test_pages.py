"""The pages on the phone, through the browser's eyes: GET, POST, redirect, message."""

import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from requests import workflow
from requests.models import ServiceRequest
from requests.states import State, Track
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.signing_in import strong_client
from tests.workflow import a_category, a_photo, accepted, filed, in_progress, resolved

pytestmark = pytest.mark.django_db


def filled(city: City, **extra: Any) -> dict[str, Any]:
    a_category()
    fields = {"category": "repair", "text": "楼道灯不亮", "place": f"b:{city.home.building.pk}"}
    return {**fields, "address": "1 单元 3 楼", "client_key": str(uuid.uuid4()), **extra}


def body(response: Any) -> str:
    return response.content.decode()


class TestAsking:
    def test_the_form_is_filed_and_the_number_shown(self) -> None:
        city, resident = a_city(), a_user()
        client = strong_client(resident)
        assert client.get("/requests/new/").status_code == 200
        response = client.post(
            "/requests/new/", filled(city, photos=[a_photo(), a_photo()], shares_phone="on")
        )
        service_request = ServiceRequest.objects.get()
        assert response["Location"] == f"/requests/{service_request.number}/?filed=1"
        assert service_request.photos.count() == 2
        assert service_request.shares_phone
        assert service_request.address == "1 单元 3 楼"
        shown = body(client.get(response["Location"]))
        assert service_request.number in shown
        assert "点单已送到花城社区" in shown
        assert 'data-drop-draft="ask"' in shown

    def test_sending_it_twice_files_it_once(self) -> None:
        city, client = a_city(), strong_client(a_user())
        fields = filled(city)
        locations = {client.post("/requests/new/", fields)["Location"] for _ in range(2)}
        assert len(locations) == 1
        assert ServiceRequest.objects.count() == 1

    def test_a_used_form_with_other_words_says_so(self) -> None:
        city, client = a_city(), strong_client(a_user())
        fields = filled(city)
        client.post("/requests/new/", fields)
        response = client.post("/requests/new/", fields | {"text": "另一件事"}, follow=True)
        assert "这张表已经提交过" in body(response)

    def test_a_bad_photo_does_not_lose_the_form(self) -> None:
        city, client = a_city(), strong_client(a_user())
        uploads = [a_photo(), SimpleUploadedFile("坏.jpg", b"text")]
        response = client.post("/requests/new/", filled(city, photos=uploads), follow=True)
        assert "第 2 张照片（坏.jpg）没有收下" in body(response)
        assert ServiceRequest.objects.get().photos.count() == 1

    def test_the_qr_code_fills_in_the_place(self) -> None:
        city, client = a_city(), strong_client(a_user())
        token = city.home.building.qr_token
        shown = body(client.get("/requests/new/", {"b": token}))
        assert city.home.building.name in shown
        client.post("/requests/new/", filled(city, place="", b=token))
        assert ServiceRequest.objects.get().building == city.home.building

    def test_scanning_before_sign_in_comes_back_to_the_place(self) -> None:
        response = Client().get("/requests/new/", {"b": "token"})
        assert response.status_code == 302
        assert "b%3Dtoken" in response["Location"]

    def test_a_replaced_qr_code_asks_for_a_place(self) -> None:
        city, client = a_city(), strong_client(a_user())
        response = client.post("/requests/new/", filled(city, place="", b="old-token"))
        assert response.status_code == 422
        assert "二维码已经换新" in body(response)

    def test_the_position_of_the_phone_is_enough(self) -> None:
        city, client = a_city(), strong_client(a_user())
        where = {"lng": "113.5801", "lat": "24.8001", "accuracy": "20", "datum": "WGS84"}
        client.post("/requests/new/", filled(city, place="", **where))
        service_request = ServiceRequest.objects.get()
        assert service_request.community == city.home.organization
        assert service_request.lng == 113.5801

    def test_the_position_of_wechat_is_converted(self) -> None:
        city, client = a_city(), strong_client(a_user())
        where = {"lng": "113.5801", "lat": "24.8001", "datum": "gcj02"}
        client.post("/requests/new/", filled(city, **where))
        assert ServiceRequest.objects.get().lng == pytest.approx(113.575, abs=0.002)

    def test_searching_keeps_what_was_written(self) -> None:
        city, client = a_city(), strong_client(a_user())
        response = client.post("/requests/new/", filled(city, place="", q="花城 1 栋", find="1"))
        shown = body(response)
        assert response.status_code == 200
        assert f'value="b:{city.home.building.pk}"' in shown
        assert city.next_door.building.name not in shown
        assert "楼道灯不亮" in shown
        assert not ServiceRequest.objects.exists()

    def test_a_community_can_be_chosen(self) -> None:
        city, client = a_city(), strong_client(a_user())
        piece = body(client.get("/requests/places/", {"q": "隔壁"}))
        assert f'value="c:{city.next_door.organization.pk}"' in piece
        client.post("/requests/new/", filled(city, place=f"c:{city.next_door.organization.pk}"))
        assert ServiceRequest.objects.get().handler == city.next_door.organization

    def test_a_place_that_was_picked_stays_on_the_list_while_typing_goes_on(self) -> None:
        city, client = a_city(), strong_client(a_user())
        picked = f"b:{city.home.building.pk}"
        piece = body(client.get("/requests/places/", {"q": "隔壁", "place": picked}))
        assert f'value="{picked}" checked' in piece
        assert city.next_door.building.name in piece
        assert "checked" not in body(client.get("/requests/places/", {"q": "隔壁", "place": "b:abc"}))

    def test_places_of_last_time_are_on_offer(self) -> None:
        city, resident = a_city(), a_user()
        filed(city, by=resident)
        assert f"b:{city.home.building.pk}" in body(strong_client(resident).get("/requests/new/"))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"category": ""}, "请选一类"),
            ({"text": ""}, "请写一句要办的事"),
            ({"text": "字" * 1001}, "最多 1000 字"),
            ({"place": ""}, "请选一个地方"),
            ({"place": "b:999999"}, "请选一个地方"),
            ({"place": "x:1"}, "请选一个地方"),
        ],
    )
    def test_what_is_missing_is_said_next_to_it(self, change: dict[str, str], words: str) -> None:
        city = a_city()
        response = strong_client(a_user()).post("/requests/new/", filled(city) | change)
        assert response.status_code == 422
        assert words in body(response)
        assert not ServiceRequest.objects.exists()

    def test_staff_file_for_somebody(self) -> None:
        city = a_city()
        client = strong_client(a_grid_worker(city.home))
        assert "替别人点" in body(client.get("/requests/new/"))
        client.post("/requests/new/", filled(city, other_phone="13900000003", other_name="周阿婆"))
        assert ServiceRequest.objects.get().submitter.name == "周阿婆"

    def test_residents_file_for_themselves(self) -> None:
        city, resident = a_city(), a_user()
        client = strong_client(resident)
        assert "替别人点" not in body(client.get("/requests/new/"))
        response = client.post("/requests/new/", filled(city, other_phone="13900000004"))
        assert response.status_code == 422
        assert "替别人点单要有岗位" in body(response)
        assert not ServiceRequest.objects.exists()
        client.post("/requests/new/", filled(city, other_phone=""))
        assert ServiceRequest.objects.get().submitter == resident


class TestMine:
    def test_an_empty_list_says_what_to_do(self) -> None:
        shown = body(strong_client(a_user()).get("/requests/"))
        assert "还没有点过单" in shown
        assert 'href="/requests/new/"' in shown

    def test_only_mine_and_those_that_wait_first(self) -> None:
        city, resident = a_city(), a_user()
        done = resolved(city, by=resident, text="等评价的")
        open_one = filed(city, by=resident, text="在办的")
        gone = filed(city, by=resident, text="撤回的")
        workflow.withdraw(gone, by=resident)
        filed(city, text="别人的")
        shown = body(strong_client(resident).get("/requests/"))
        order = [shown.index(each.title) for each in (done, open_one, gone)]
        assert order == sorted(order)
        assert "别人的" not in shown
        assert "1 件等你评价" in shown

    def test_the_filter_stays_in_the_address(self) -> None:
        city, resident = a_city(), a_user()
        filed(city, by=resident, text="在办的")
        resolved(city, by=resident, text="等评价的")
        shown = body(strong_client(resident).get("/requests/", {"state": "rate"}))
        assert "等评价的" in shown
        assert "在办的</span>" not in shown

    def test_twenty_on_a_page(self) -> None:
        city, resident = a_city(), a_user()
        template = filed(city, by=resident)
        _copies(template, 24)
        shown = body(strong_client(resident).get("/requests/"))
        assert shown.count('class="request card"') == 20
        assert "page=2" in shown


class TestOne:
    def test_it_shows_the_road_the_promise_and_who_has_it(self) -> None:
        city = a_city()
        service_request = accepted(city, track=Track.URGENT)
        shown = body(strong_client(service_request.submitter).get(f"/requests/{service_request.number}/"))
        for words in ("已受理", "承诺", "花城书记", "花城社区受理，按急事立刻办", "补充", "撤回"):
            assert words in shown
        assert "评价这" not in shown

    def test_others_find_nothing(self) -> None:
        city = a_city()
        service_request = filed(city)
        for person in (a_user(), city.next_door.secretary):
            for path in ("", "add/", "withdraw/"):
                url = f"/requests/{service_request.number}/{path}"
                assert strong_client(person).get(url).status_code == 404
                assert strong_client(person).post(url, {"text": "x"}).status_code in (404, 405)
        assert Client().get(f"/requests/{service_request.number}/").status_code == 302

    def test_staff_are_led_to_the_desk(self) -> None:
        city = a_city()
        service_request = filed(city)
        response = strong_client(city.home.secretary).get(f"/requests/{service_request.number}/")
        assert response["Location"] == f"/desk/requests/{service_request.number}/"

    def test_hostile_words_stay_words(self) -> None:
        service_request = filed(a_city(), text="<script>alert(1)</script>")
        shown = body(strong_client(service_request.submitter).get(f"/requests/{service_request.number}/"))
        assert "<script>alert" not in shown


class TestSteps:
    def url(self, service_request: ServiceRequest, step: str) -> str:
        return f"/requests/{service_request.number}/{step}/"

    def test_adding(self) -> None:
        service_request = filed(a_city())
        client = strong_client(service_request.submitter)
        assert client.get(self.url(service_request, "add")).status_code == 200
        response = client.post(
            self.url(service_request, "add"), {"text": "四楼也不亮", "photos": [a_photo()]}, follow=True
        )
        assert "补充已送到承办人" in body(response)
        assert "四楼也不亮" in body(response)
        assert service_request.photos.count() == 1

    def test_rating_with_stars(self) -> None:
        service_request = resolved(a_city())
        client = strong_client(service_request.submitter)
        assert (
            len(
                re.findall(
                    r'type="radio" name="satisfied"', body(client.get(self.url(service_request, "rate")))
                )
            )
            == 5
        )
        fields = {"satisfied": "5", "contacted": "True", "solved": "False", "text": "还差一点"}
        client.post(self.url(service_request, "rate"), fields)
        service_request.refresh_from_db()
        assert service_request.state == State.CLOSED
        assert (service_request.rating.contacted, service_request.rating.solved) == (True, False)

    def test_rating_asks_for_everything(self) -> None:
        service_request = resolved(a_city())
        response = strong_client(service_request.submitter).post(
            self.url(service_request, "rate"), {"satisfied": "9"}
        )
        assert response.status_code == 422
        assert set(response.context["form"].errors) == {"satisfied", "contacted", "solved"}

    def test_withdrawing_says_what_will_happen(self) -> None:
        service_request = in_progress(a_city())
        client = strong_client(service_request.submitter)
        assert "不能恢复" in body(client.get(self.url(service_request, "withdraw")))
        client.post(self.url(service_request, "withdraw"), {})
        service_request.refresh_from_db()
        assert service_request.state == State.WITHDRAWN

    def test_what_is_not_open_is_refused_with_a_sentence(self) -> None:
        service_request = filed(a_city())
        client = strong_client(service_request.submitter)
        assert "现在是“待受理”，不能评价" in body(client.get(self.url(service_request, "rate"), follow=True))
        fields = {"satisfied": "5", "contacted": "True", "solved": "True"}
        response = client.post(self.url(service_request, "rate"), fields)
        assert response.status_code == 422
        assert "现在是“待受理”，不能评价" in body(response)

    def test_the_submitter_has_no_power_over_the_steps_of_staff(self) -> None:
        service_request = filed(a_city())
        client = strong_client(service_request.submitter)
        response = client.post(self.url(service_request, "accept"), {"track": "hard"})
        assert response.status_code == 403

    def test_an_unknown_step_is_not_found(self) -> None:
        service_request = filed(a_city())
        client = strong_client(service_request.submitter)
        assert client.get(self.url(service_request, "whistle")).status_code == 404
        assert client.get(self.url(service_request, "explode")).status_code == 404


def _copies(template: ServiceRequest, count: int) -> None:
    rows = []
    for place in range(count):
        row = ServiceRequest.objects.get(pk=template.pk)
        row.pk, row.key, row.number = None, uuid.uuid4(), f"{template.number}-{place}"
        rows.append(row)
    ServiceRequest.objects.bulk_create(rows)


class TestQueries:
    def queries(self, url: str, person: User) -> int:
        client = strong_client(person)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    def test_five_rows_cost_as_much_as_fifty(self) -> None:
        city, resident = a_city(), a_user()
        template = filed(city, by=resident)
        _copies(template, 4)
        few = self.queries("/requests/", resident)
        _copies(template_with_other_number(template), 45)
        assert self.queries("/requests/", resident) == few
        assert few <= 8

    def test_one_request_costs_the_same_however_long_its_history(self) -> None:
        city = a_city()
        service_request = in_progress(city, photos=[a_photo()])
        url = f"/requests/{service_request.number}/"
        short = self.queries(url, service_request.submitter)
        for _ in range(5):
            workflow.add(service_request, by=service_request.submitter, text="再说一句", photos=[a_photo()])
        assert self.queries(url, service_request.submitter) == short
        assert short <= 12


def template_with_other_number(template: ServiceRequest) -> ServiceRequest:
    row = ServiceRequest.objects.get(pk=template.pk)
    row.pk, row.key, row.number = None, uuid.uuid4(), f"{template.number}b"
    row.save()
    return row
