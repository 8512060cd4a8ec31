"""一起受理、一起派单: a result per row; nothing is done twice, nothing is betrayed."""

from uuid import uuid4

import pytest
from django.test import Client

from ground import clock
from requests.models import Dispatch, ServiceRequest
from requests.states import State, Track
from tests.desk.scenes import ask, secretary_of
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.signing_in import strong_client
from tests.workflow import a_category
from tests.workflow.dispatched import a_department

pytestmark = pytest.mark.django_db
ACCEPT, DISPATCH = "/desk/together/accept/", "/desk/together/dispatch/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def rows(city: City) -> list[ServiceRequest]:
    urgent = a_category("safety", name="安全", track=Track.URGENT)
    return [
        ask(city.home, clock.now(), text="灯不亮"),
        ask(city.home, clock.now(), text="通道堵了", category=urgent),
        ask(city.home, clock.now(), text="漏水"),
    ]


def numbers(rows: list[ServiceRequest]) -> list[str]:
    return [row.number for row in rows]


def send(client: Client, url: str, given: list[str], **more: object) -> str:
    """Both taps of the form in one: the page of the result."""
    data = {"number": given, "sure": "1", "client_key": str(uuid4()), **more}
    return client.post(url, data, follow=True).content.decode()


def test_what_will_happen_is_shown_before_anything_does(city: City, rows: list[ServiceRequest]) -> None:
    page = secretary_of(city).post(ACCEPT, {"number": numbers(rows)}).content.decode()
    assert "一起受理 3 件" in page and "按各自的级别" in page and "灯不亮" in page
    assert set(ServiceRequest.objects.values_list("state", flat=True)) == {State.SUBMITTED}


def test_each_is_accepted_by_its_own_track_or_all_by_one(city: City, rows: list[ServiceRequest]) -> None:
    client = secretary_of(city)
    assert "2 件都受理了" in send(client, ACCEPT, numbers(rows[:2]), track="")
    send(client, ACCEPT, numbers(rows[2:]), track="hard")
    for row in rows:
        row.refresh_from_db()
    assert [row.track for row in rows] == [Track.IMPORTANT, Track.URGENT, Track.HARD]
    assert all(row.responsible == city.home.secretary for row in rows)


def test_one_refusal_holds_nothing_else_up(city: City, rows: list[ServiceRequest]) -> None:
    client = secretary_of(city)
    send(client, ACCEPT, numbers(rows[:1]), track="")
    page = send(client, ACCEPT, numbers(rows), track="")
    assert "受理了 2 件，1 件没有办成" in page and "现在是“已受理”，不能受理" in page
    assert not ServiceRequest.objects.filter(state=State.SUBMITTED).exists()


def test_ones_own_request_is_left_to_others(city: City, rows: list[ServiceRequest]) -> None:
    own = ask(city.home, clock.now(), by=city.home.secretary, text="我家漏水")
    page = send(secretary_of(city), ACCEPT, numbers([*rows, own]), track="")
    assert "受理了 3 件，1 件没有办成" in page and "这是你自己的事项" in page


def test_a_unit_gets_all_of_them_with_one_text(city: City, rows: list[ServiceRequest]) -> None:
    client, (unit, _) = secretary_of(city), a_department(city)
    send(client, ACCEPT, numbers(rows[:2]), track="")
    page = client.post(DISPATCH, {"number": numbers(rows)}).content.decode()
    assert "一起派单 3 件" in page and 'name="to_q"' in page
    looked = {"number": numbers(rows), "sure": "1", "look": "1", "to_q": unit.name}
    assert f'value="u:{unit.pk}"' in client.post(DISPATCH, looked).content.decode()  # without JavaScript
    page = send(client, DISPATCH, numbers(rows), to=f"u:{unit.pk}", text="请到现场看")
    assert "派单了 2 件，1 件没有办成" in page and "现在是“待受理”，不能派单" in page
    assert set(Dispatch.objects.values_list("unit", "text")) == {(unit.pk, "请到现场看")}


def test_a_form_that_is_not_filled_in_does_nothing(city: City, rows: list[ServiceRequest]) -> None:
    client = secretary_of(city)
    send(client, ACCEPT, numbers(rows), track="")
    page = send(client, DISPATCH, numbers(rows), to="", text="")
    assert "处要改" in page and not Dispatch.objects.exists()


def test_the_second_tap_shows_what_the_first_one_did(city: City, rows: list[ServiceRequest]) -> None:
    client, (unit, _) = secretary_of(city), a_department(city)
    send(client, ACCEPT, numbers(rows), track="")
    data = {
        "number": numbers(rows),
        "sure": "1",
        "client_key": str(uuid4()),
        "to": f"u:{unit.pk}",
        "text": "请看",
    }
    first, second = client.post(DISPATCH, data), client.post(DISPATCH, data)
    assert first["Location"] == second["Location"]
    assert "3 件都派单了" in client.get(first["Location"]).content.decode()
    assert Dispatch.objects.count() == 3


def test_what_is_out_of_sight_is_as_if_it_were_not_there(city: City, rows: list[ServiceRequest]) -> None:
    far = ask(city.next_door, clock.now(), text="隔壁的秘密")
    page = send(secretary_of(city), ACCEPT, [rows[0].number, far.number, "WJ-NEVER"], track="")
    assert "受理了 1 件，2 件没有办成" in page and page.count("没有找到这个编号") == 2
    assert "隔壁的秘密" not in page
    far.refresh_from_db()
    assert far.state == State.SUBMITTED


def test_nobody_reads_the_result_of_another(city: City, rows: list[ServiceRequest]) -> None:
    data = {"number": numbers(rows), "sure": "1", "client_key": str(uuid4()), "track": ""}
    place = secretary_of(city).post(ACCEPT, data)["Location"]
    assert strong_client(city.next_door.secretary).get(place).status_code == 404


def test_too_many_and_none_are_refused_in_words(city: City) -> None:
    client = secretary_of(city)
    assert "请先勾选" in client.post(ACCEPT, follow=True).content.decode()
    crowd = [f"WJ-{place}" for place in range(51)]
    assert "一次最多 50 件" in client.post(ACCEPT, {"number": crowd}, follow=True).content.decode()
    assert "请先勾选" in client.post(ACCEPT, {"number": ["\0", " "]}, follow=True).content.decode()
    assert client.post(ACCEPT, {"number": ["WJ-\0", "²" * 400]}).status_code == 200
    assert client.post("/desk/together/withdraw/", {"number": crowd[:1]}).status_code == 404
    assert client.get(ACCEPT).status_code == 405


def test_it_is_for_those_who_verify_or_dispatch(city: City, rows: list[ServiceRequest]) -> None:
    worker = a_grid_worker(city.home)
    for user in (a_user("居民"), worker):
        assert strong_client(user).post(ACCEPT, {"number": numbers(rows)}).status_code == 404
    assert "data-pick-all" not in strong_client(worker).get("/desk/").content.decode()
