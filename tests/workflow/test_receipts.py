"""代点 for one without a phone: the receipt, and looking it up by number and code without an account."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from ground import clock
from requests import receipts, workflow
from requests.models import ServiceRequest
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.signing_in import strong_client, weak_client
from tests.workflow import a_category, a_photo, filed

pytestmark = pytest.mark.django_db
NAME = "周阿婆"


def body(response: Any) -> str:
    return response.content.decode()


def helped(city: City, **extra: Any) -> ServiceRequest:
    fields = {"by": city.home.secretary, "without_phone": NAME, "text": "雨棚松了", "address": "302"}
    return filed(city, **(fields | extra))


def asked(number: str, code: str, client: Client | None = None) -> Any:
    return (client or Client()).post("/query/", {"number": number, "code": code})


class TestFiling:
    def fields(self, city: City, **extra: Any) -> dict[str, Any]:
        a_category()
        place = {"place": f"b:{city.home.building.pk}"}
        return {"category": "repair", "text": "雨棚松了", **place, **extra}

    def test_on_the_phone_a_name_is_enough_and_the_receipt_follows(self) -> None:
        city = a_city()
        worker = a_grid_worker(city.home)
        client = strong_client(worker)
        given = self.fields(city, other_name=NAME, other_no_phone="on")
        response = client.post("/requests/new/", given)
        row = ServiceRequest.objects.get()
        assert (row.has_no_phone, row.asker_name, row.submitter) == (True, NAME, worker)
        assert response["Location"] == f"/requests/{row.number}/receipt/?filed=1"
        shown = body(client.get(response["Location"]))
        assert 'data-drop-draft="ask"' in shown
        assert row.query_code in shown

    def test_it_is_not_the_filers_own(self) -> None:
        city = a_city()
        row = helped(city)
        client = strong_client(city.home.secretary)
        assert row.title not in body(client.get("/requests/"))
        assert client.get(f"/requests/{row.number}/")["Location"] == f"/desk/requests/{row.number}/"
        withdrawing = client.get(f"/requests/{row.number}/withdraw/")
        assert withdrawing["Location"] == f"/desk/requests/{row.number}/withdraw/"

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"other_no_phone": "on"}, "请写下他的姓名"),
            ({"other_no_phone": "on", "other_name": NAME, "other_phone": "13900000003"}, "就不要再勾"),
        ],
    )
    def test_what_contradicts_is_said(self, given: dict[str, str], sentence: str) -> None:
        city = a_city()
        client = strong_client(a_grid_worker(city.home))
        response = client.post("/requests/new/", self.fields(city, **given))
        assert response.status_code == 422
        assert sentence in body(response)
        assert not ServiceRequest.objects.exists()

    def test_residents_cannot(self) -> None:
        city = a_city()
        response = strong_client(a_user()).post(
            "/requests/new/", self.fields(city, other_name=NAME, other_no_phone="on")
        )
        assert response.status_code == 422
        assert "替别人点单要有岗位" in body(response)

    def test_at_the_desk(self) -> None:
        city = a_city()
        a_category()
        client = strong_client(city.home.secretary)
        given = {"category": a_category().pk, "text": "雨棚松了", "building": city.home.building.pk}
        refused = body(client.post("/desk/requests/new/", given))
        assert "没有手机的，请勾选" in refused
        assert "就不要再勾" in body(
            client.post(
                "/desk/requests/new/", given | {"name": NAME, "no_phone": "on", "phone": "13900000003"}
            )
        )
        response = client.post("/desk/requests/new/", given | {"name": NAME, "no_phone": "on"})
        row = ServiceRequest.objects.get()
        assert row.has_no_phone
        assert response["Location"] == f"/requests/{row.number}/receipt/?filed=1"


class TestReceipt:
    def test_it_carries_what_is_needed_and_nothing_personal(self) -> None:
        city = a_city()
        row = helped(city)
        city.home.secretary.appointments.update(work_phone="0751-8612345")
        shown = body(strong_client(city.home.secretary).get(f"/requests/{row.number}/receipt/"))
        for words in (row.number, row.query_code, "花城社区", "0751-8612345", "前受理", 'class="qr"'):
            assert words in shown
        for secret in (NAME, "雨棚松了", "302", city.home.building.name):
            assert secret not in shown

    def test_for_those_who_handle_requests_there(self) -> None:
        city = a_city()
        row = helped(city, without_phone="", on_behalf_of=a_user("周大爷"))
        url = f"/requests/{row.number}/receipt/"
        assert strong_client(a_grid_worker(city.home)).get(url).status_code == 200
        assert strong_client(row.submitter).get(url).status_code == 403
        for person in (a_user(), city.next_door.secretary, a_grid_worker(city.next_door)):
            assert strong_client(person).get(url).status_code == 404
        assert weak_client(city.home.secretary).get(url).status_code == 404
        assert Client().get(url).status_code == 302

    def test_what_residents_file_themselves_has_none(self) -> None:
        city = a_city()
        row = filed(city)
        url = f"/requests/{row.number}/receipt/"
        assert strong_client(city.home.secretary).get(url).status_code == 404


class TestQuery:
    def test_number_and_code_show_how_far_it_is(self) -> None:
        city = a_city()
        row = helped(city, photos=[a_photo()])
        workflow.contact(row, by=city.home.secretary, how="visit", text="约了下午")
        colleague = a_grid_worker(city.home)
        workflow.accept(row, by=city.home.secretary, track="important", text="下午就来")
        workflow.handle(row, by=city.home.secretary, responsible=colleague)
        response = asked(row.number, row.query_code)
        shown = body(response)
        assert response.status_code == 200
        for words in ("办理中", "花城社区", "前办结", "花城社区受理，按要事商议办", "上门联系了提出人"):
            assert words in shown
        secrets = (NAME, "雨棚松了", "302", city.home.building.name, "花城书记", "下午", "/photos/", "网格员")
        for secret in secrets:
            assert secret not in shown
        assert "no-store" in response["Cache-Control"]

    def test_paper_is_typed_in_many_ways(self) -> None:
        row = helped(a_city())
        wide = row.query_code.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
        assert asked(f" {row.number.lower()} ", f"{wide[:3]} {wide[3:]}").status_code == 200

    def test_all_wrong_pairs_get_one_sentence(self) -> None:
        city = a_city()
        row, own = helped(city), filed(city)
        wrong = f"{(int(row.query_code) + 1) % 10**6:06d}"
        pairs = [(row.number, wrong), ("WJ20200101-0001", wrong), (own.number, wrong), (own.number, "-" * 6)]
        answers = [asked(*pair) for pair in [*pairs, ("'; --", "码")]]
        assert {answer.status_code for answer in answers} == {422}
        errors = {str(answer.context["form"].errors["code"]) for answer in answers}
        assert len(errors) == 1
        assert receipts.WRONG in errors.pop()

    def test_an_empty_code_opens_nothing(self) -> None:
        own = filed(a_city())
        assert asked(own.number, "").status_code == 422
        assert own.query_code == ""

    def test_the_address_only_fills_in_the_number(self) -> None:
        row = helped(a_city())
        shown = body(Client().get("/query/", {"number": row.number, "code": row.query_code}))
        assert row.number in shown
        assert row.query_code not in shown
        assert "待受理" not in shown

    def test_guessing_one_number_ends_and_begins_anew(self) -> None:
        row = helped(a_city())
        at_most = receipts.PER_NUMBER[0].at_most
        with time_machine.travel(clock.now(), tick=False) as frozen:
            for turn in range(at_most):
                assert asked(row.number, "000000x", Client(REMOTE_ADDR=f"10.0.0.{turn}")).status_code == 422
            refused = asked(row.number, row.query_code)
            assert receipts.OFTEN in body(refused)
            frozen.shift(timedelta(hours=1, seconds=1))
            assert asked(row.number, row.query_code).status_code == 200

    def test_guessing_from_one_address_ends(self) -> None:
        row = helped(a_city())
        with time_machine.travel(clock.now(), tick=False):
            for turn in range(receipts.PER_ADDRESS[0].at_most):
                asked(f"WJ20260101-{turn:04d}", "123456")
            assert receipts.OFTEN in body(asked(row.number, row.query_code))
            other = Client(REMOTE_ADDR="10.1.2.3")
            assert asked(row.number, row.query_code, other).status_code == 200

    def test_a_form_of_another_site_is_refused(self) -> None:
        row = helped(a_city())
        strict = Client(enforce_csrf_checks=True)
        given = {"number": row.number, "code": row.query_code}
        assert strict.post("/query/", given).status_code == 403


def test_the_codes_differ() -> None:
    city = a_city()
    codes = {helped(city).query_code for _ in range(5)}
    assert len(codes) > 1
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
