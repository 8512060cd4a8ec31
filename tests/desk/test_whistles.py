"""哨单 on the desk: writing one, publishing, cancelling, and who is on it."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from ground import clock
from requests.models import ServiceRequest
from requests.states import State
from tests.desk.scenes import accept, ask, open_page, queries_of, secretary_of
from tests.factories import City, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes
from volunteers.claiming import claims
from volunteers.models import Whistle
from volunteers.states import WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
NEW = "/desk/whistles/new/"


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def an_order(city: City, **extra: object) -> dict[str, object]:
    start = timezone.localtime(clock.now()) + timedelta(days=1)
    fields = {
        "title": "楼道灯抢修", "text": "带梯子", "starts_at": f"{start:%Y-%m-%dT19:00}",
        "ends_at": f"{start:%Y-%m-%dT20:30}", "building": city.home.building.pk, "places_max": 2, "places_min": 1,
        "radius_m": 300, "kind": "service", "duty_area": "convenience", "task": "service",
        "audience": "registered", "key": str(uuid.uuid4()),
    }  # fmt: skip
    return fields | extra


def an_accepted_request(city: City) -> ServiceRequest:
    service_request = ask(city.home, clock.now())
    accept(service_request, city.home, clock.now())
    return service_request


def test_a_whistle_for_a_request_is_filled_in_and_moves_it_on(city: City) -> None:
    service_request, client = an_accepted_request(city), secretary_of(city)
    url = f"{NEW}?request={service_request.number}"
    page = open_page(client, url)
    assert service_request.title in page and "T19:00" in page and "T20:30" in page
    response = client.post(url, an_order(city, publish="1"))
    whistle = Whistle.objects.get()
    assert response["Location"] == reverse("desk:whistle", args=[whistle.pk])
    service_request.refresh_from_db()
    assert (whistle.state, whistle.service_request) == (WhistleState.OPEN, service_request)
    assert (whistle.grid, service_request.state) == (city.home.grid, State.IN_PROGRESS)


def test_a_draft_is_published_later_and_a_double_tap_makes_one(city: City) -> None:
    client, order = secretary_of(city), an_order(city, draft="1")
    client.post(NEW, order)
    client.post(NEW, order)
    whistle = Whistle.objects.get()
    assert whistle.state == WhistleState.DRAFT
    client.post(reverse("desk:whistle_step", args=[whistle.pk, "publish"]))
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.OPEN


def test_what_cannot_be_is_said_at_its_field(city: City) -> None:
    wrong = secretary_of(city).post(NEW, an_order(city, publish="1", ends_at="2020-01-01T10:00"))
    assert "结束时间要晚于开始时间" in wrong.content.decode()
    assert not Whistle.objects.filter(state=WhistleState.OPEN).exists()


def test_cancelling_asks_for_a_reason_and_says_whom_it_meets(city: City) -> None:
    start = clock.now() + timedelta(days=1)
    draft = scenes.a_draft(city.home, starts_at=start, ends_at=start + timedelta(hours=1))
    whistle = whistles.publish(draft, by=city.home.secretary)
    claims.claim(whistle, by=scenes.a_volunteer(city, name="王电工").user)
    client, url = secretary_of(city), reverse("desk:whistle_step", args=[whistle.pk, "cancel"])
    assert "1 位接单的同志会收到通知" in open_page(client, url)
    assert client.post(url, {"reason": ""}).status_code == 200
    client.post(url, {"reason": "下大雨"})
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.CANCELLED
    assert "下大雨" in open_page(client, reverse("desk:whistle", args=[whistle.pk]))


def test_the_page_says_who_claimed_and_who_is_there(city: City) -> None:
    whistle = scenes.a_whistle(city.home)
    scenes.attended(whistle, scenes.a_volunteer(city, name="王电工"), late=5, early=5)
    scenes.a_claim(whistle, scenes.a_volunteer(city, name="李老师"))
    page = open_page(secretary_of(city), reverse("desk:whistle", args=[whistle.pk]))
    assert "2 / 2 人接单" in page and "1 人到场" in page and "50 分钟" in page
    assert "王电工" in page and "李老师" in page


def test_the_list_says_what_is_recruiting_and_finds_it(city: City) -> None:
    whistle = scenes.a_whistle(city.home, title="周末清洁日")
    client = secretary_of(city)
    page = open_page(client, "/desk/whistles/")
    assert "1 张在招募" in page and whistle.title in page
    assert whistle.title not in open_page(client, "/desk/whistles/?tab=open&q=义诊")


def test_next_door_grid_workers_and_weak_sessions(city: City) -> None:
    whistle = scenes.a_whistle(city.home)
    page, step = (
        reverse("desk:whistle", args=[whistle.pk]),
        reverse("desk:whistle_step", args=[whistle.pk, "cancel"]),
    )
    neighbour = strong_client(city.next_door.secretary)
    assert neighbour.get(page).status_code == neighbour.post(step, {"reason": "x"}).status_code == 404
    assert strong_client(a_grid_worker(city.home)).get(NEW).status_code == 404
    assert weak_client(city.home.secretary).get(page).status_code == 302
    officer = a_user("街道")
    appoint(officer, "officer", city.street)
    assert strong_client(officer).get(NEW).status_code == 404  # only for requests that reached the street


def test_a_whistle_for_the_request_of_another_handler_is_refused(city: City) -> None:
    service_request = an_accepted_request(city)
    neighbour = strong_client(city.next_door.secretary)
    assert neighbour.get(f"{NEW}?request={service_request.number}").status_code == 404


def test_list_and_page_cost_the_same_however_many(city: City) -> None:
    client = secretary_of(city)
    whistle = scenes.a_whistle(city.home, places_max=30)
    scenes.a_claim(whistle, scenes.a_volunteer(city))
    page = reverse("desk:whistle", args=[whistle.pk])
    few = [queries_of(client, url) for url in ("/desk/whistles/", page)]
    for number in range(12):
        scenes.a_whistle(city.home, title=f"第 {number} 张")
        scenes.a_claim(whistle, scenes.a_volunteer(city))
    assert [queries_of(client, url) for url in ("/desk/whistles/", page)] == few
    assert max(few) <= 13
