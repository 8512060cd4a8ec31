"""首页: visitors, residents, volunteers, staff; and large type."""

from datetime import timedelta

import pytest
from django.test import Client

from ground import clock
from organizations import appointments
from tests.desk.scenes import accept, ask, finish, open_page, queries_of
from tests.factories import City, a_grid_worker, a_unit, a_user, appoint
from tests.signing_in import weak_client
from tests.volunteers import scenes
from volunteers.claiming import claims
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def test_visitors_read_what_it_is_and_how_to_begin(client: Client) -> None:
    page = open_page(client, "/")
    assert "用手机号登录" in page and "/sign-in/" in page


def test_a_resident_sees_what_waits_and_who_to_call(city: City) -> None:
    worker, resident = a_grid_worker(city.home), a_user("周小明")
    service_request = ask(city.home, clock.now() - timedelta(hours=6), by=resident)
    accept(service_request, city.home, clock.now() - timedelta(hours=5))
    page = open_page(weak_client(resident), "/")
    assert service_request.title in page and "花城社区" in page and "第一网格" in page
    assert "tel:0751-0000001" in page and worker.name in page
    finish(service_request, city.home, clock.now() - timedelta(hours=4))
    assert "1 件办好了，等你评价" in open_page(weak_client(resident), "/")


def test_the_number_of_a_dismissed_grid_worker_is_shown_to_nobody(city: City) -> None:
    worker, resident = a_grid_worker(city.home), a_user("周小明")
    ask(city.home, clock.now() - timedelta(hours=6), by=resident)
    assert "tel:0751-0000001" in open_page(weak_client(resident), "/")
    appointments.end(worker.appointments.get(), by=city.home.secretary)
    page = open_page(weak_client(resident), "/")
    assert "tel:" not in page and worker.name not in page


def test_a_newcomer_is_not_shown_anybodys_number(city: City) -> None:
    a_grid_worker(city.home)
    assert "tel:" not in open_page(weak_client(a_user("新来的")), "/")


def test_a_volunteer_sees_the_next_whistle_and_then_the_own_claim(city: City) -> None:
    volunteer, start = scenes.a_volunteer(city), clock.now() + timedelta(hours=5)
    whistle = scenes.a_draft(
        city.home, starts_at=start, ends_at=start + timedelta(hours=1), title="陪老人散步"
    )
    whistles.publish(whistle, by=city.home.secretary)
    assert "社区在吹哨" in open_page(weak_client(volunteer.user), "/")
    claims.claim(whistle, by=volunteer.user)
    page = open_page(weak_client(volunteer.user), "/")
    assert "我要去的哨单" in page and "陪老人散步" in page and "/claims/" in page


def test_staff_are_led_to_where_their_work_begins(city: City) -> None:
    assert 'href="/desk/"' in open_page(weak_client(city.home.secretary), "/")
    liaison = a_user("联络员")
    appoint(liaison, "unit_liaison", a_unit(city))
    assert "/desk/our-people/" in open_page(weak_client(liaison), "/")
    assert "工作台" not in open_page(weak_client(a_user("居民")), "/")


def test_large_type_has_its_big_buttons(city: City) -> None:
    a_grid_worker(city.home)
    resident = a_user("李奶奶")
    ask(city.home, clock.now(), by=resident)
    client = weak_client(resident)
    client.cookies["ws_size"] = "large"
    page = open_page(client, "/")
    for words in ("我要帮忙", "打给网格员", "我的事办到哪了", "1 件正在办", "我的消息"):
        assert words in page


def test_it_costs_the_same_however_much_waits(city: City) -> None:
    resident = a_user("周小明")
    client = weak_client(resident)
    ask(city.home, clock.now() - timedelta(days=1), by=resident)
    few = queries_of(client, "/")
    for number in range(9):
        ask(city.home, clock.now() - timedelta(hours=2 * number), by=resident, text=f"第 {number} 件")
    assert queries_of(client, "/") == few <= 12
