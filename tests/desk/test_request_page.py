"""One request on the desk: panel, steps, refusals, the number behind a reason, and 代点."""

import json
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ground import clock
from organizations.models import AccessLogEntry
from requests.models import ServiceRequest
from requests.states import State, Track
from tests.desk.scenes import MORNING, accept, ask, contact, finish, open_page, queries_of, secretary_of
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.workflow import a_category, a_photo

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def city() -> City:
    with clock.at(MORNING.replace(month=10)):
        return a_city()


@pytest.fixture
def service_request(city: City) -> ServiceRequest:
    return ask(city.home, clock.now(), by=a_user("周小明"), text="三楼楼道灯不亮", photos=[a_photo()])


def page_of(service_request: ServiceRequest) -> str:
    return reverse("desk:request", args=[service_request.number])


def step_of(service_request: ServiceRequest, name: str) -> str:
    return reverse("desk:step", args=[service_request.number, name])


def test_the_page_says_what_it_is_and_what_can_be_done(city: City, service_request: ServiceRequest) -> None:
    page = open_page(secretary_of(city), page_of(service_request))
    assert "三楼楼道灯不亮" in page and "周小明" in page
    assert service_request.submitter.phone not in page and service_request.submitter.masked_phone in page
    for name in ("accept", "decline", "contact"):
        assert step_of(service_request, name) in page
    assert step_of(service_request, "resolve") not in page
    assert page.count("<img") == 1  # the photo beside the words, not again in the history


def test_htmx_gets_the_inside_of_the_panel(city: City, service_request: ServiceRequest) -> None:
    page = open_page(secretary_of(city), page_of(service_request), **HTMX)
    assert page.lstrip().startswith('<div class="panel-head">') and "<html" not in page


def test_a_step_is_taken_from_its_form(city: City, service_request: ServiceRequest) -> None:
    client = secretary_of(city)
    assert 'name="track"' in open_page(client, step_of(service_request, "accept"))
    response = client.post(step_of(service_request, "accept"), {"track": Track.URGENT}, follow=True)
    assert "受理：" in response.content.decode()
    service_request.refresh_from_db()
    assert (service_request.state, service_request.track) == (State.ACCEPTED, Track.URGENT)


def test_htmx_gets_a_toast_and_news_for_the_list_and_the_panel(
    city: City, service_request: ServiceRequest
) -> None:
    response = secretary_of(city).post(
        step_of(service_request, "accept"), {"track": Track.HARD}, headers=HTMX
    )
    assert response.status_code == 200
    assert {"toast", "worklist", "panel"} <= json.loads(response["HX-Trigger"]).keys()
    assert response["HX-Reswap"] == "none"  # the panel fetches itself anew
    page = open_page(secretary_of(city), page_of(service_request), **HTMX)
    assert step_of(service_request, "handle") in page and 'hx-trigger="panel from:body"' in page


def test_resolving_keeps_words_and_photos(city: City, service_request: ServiceRequest) -> None:
    accept(service_request, city.home, clock.now())
    client, home = secretary_of(city), city.home
    client.post(step_of(service_request, "handle"), {"responsible": home.secretary.pk})
    client.post(
        step_of(service_request, "resolve"), {"outcome": "solved", "text": "换了灯泡", "photos": [a_photo()]}
    )
    service_request.refresh_from_db()
    assert service_request.state == State.RESOLVED
    assert "换了灯泡" in open_page(client, page_of(service_request))
    assert service_request.photos.count() == 2


def test_a_hold_is_said_instead_of_a_dead_button(city: City, service_request: ServiceRequest) -> None:
    accept(service_request, city.home, clock.now())
    client = secretary_of(city)
    client.post(step_of(service_request, "handle"), {"responsible": city.home.secretary.pk})
    service_request.holds.create(key="whistle:1", label="哨单“抢修”正在进行")
    page = open_page(client, page_of(service_request))
    assert "还不能办结" in page and "哨单“抢修”正在进行" in page
    assert step_of(service_request, "resolve") not in page
    refused = client.post(step_of(service_request, "resolve"), {"outcome": "solved", "text": "好了"})
    assert "请先了结，再办结" in refused.content.decode()


def test_a_missing_field_is_said_at_its_place(city: City, service_request: ServiceRequest) -> None:
    response = secretary_of(city).post(step_of(service_request, "decline"), {"reason": ""})
    assert response.status_code == 200 and "还有 1 处要改" in response.content.decode()
    service_request.refresh_from_db()
    assert service_request.state == State.SUBMITTED


def test_a_step_that_somebody_else_took_first_is_explained(
    city: City, service_request: ServiceRequest
) -> None:
    client = secretary_of(city)
    client.post(step_of(service_request, "accept"), {"track": Track.URGENT})
    again = client.post(step_of(service_request, "accept"), {"track": Track.URGENT})
    assert "现在是“已受理”，不能受理" in again.content.decode()


def test_the_whistle_is_written_on_its_own_page(city: City, service_request: ServiceRequest) -> None:
    accept(service_request, city.home, clock.now())
    client = secretary_of(city)
    url = f"/desk/whistles/new/?request={service_request.number}"
    assert client.get(step_of(service_request, "whistle"))["Location"] == url
    assert client.get(step_of(service_request, "whistle"), headers=HTMX)["HX-Redirect"] == url


def test_steps_of_the_submitter_are_not_taken_here(city: City, service_request: ServiceRequest) -> None:
    for name in ("rate", "withdraw", "add", "submit", "nonsense"):
        assert secretary_of(city).get(step_of(service_request, name)).status_code == 404


def test_a_grid_worker_sees_it_but_does_not_verify(city: City, service_request: ServiceRequest) -> None:
    client = strong_client(a_grid_worker(city.home))
    page = open_page(client, page_of(service_request))
    assert step_of(service_request, "contact") in page and step_of(service_request, "accept") not in page
    assert client.post(step_of(service_request, "accept"), {"track": Track.URGENT}).status_code == 403


def test_a_district_officer_sees_it_masked(city: City, service_request: ServiceRequest) -> None:
    officer = a_user("谢科长")
    appoint(officer, "officer", city.district)
    page = open_page(strong_client(officer), page_of(service_request))
    assert "周**" in page and "周小明" not in page
    assert service_request.submitter.masked_phone not in page and "看完整号码" not in page


def test_next_door_and_nobody_do_not_find_it(city: City, service_request: ServiceRequest) -> None:
    neighbour = strong_client(city.next_door.secretary)
    for url in (page_of(service_request), step_of(service_request, "accept")):
        assert neighbour.get(url).status_code == 404
        assert Client().get(url).status_code == 302
        assert weak_client(city.home.secretary).get(url).status_code == 302
    assert neighbour.post(reverse("desk:reveal", args=[service_request.number])).status_code == 404


def test_a_number_is_shown_for_a_reason_and_logged(city: City, service_request: ServiceRequest) -> None:
    client, url = secretary_of(city), reverse("desk:reveal", args=[service_request.number])
    refused = client.post(url, {"reason": ""})
    assert service_request.submitter.phone not in refused.content.decode()
    assert not AccessLogEntry.objects.exists()
    shown = client.post(url, {"reason": "约上门时间"})
    assert service_request.submitter.phone in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    entry = AccessLogEntry.objects.get()
    assert (entry.by, entry.reason) == (city.home.secretary, "约上门时间")
    assert service_request.submitter.phone not in open_page(client, page_of(service_request))


def test_earlier_requests_of_the_building_are_told(city: City, service_request: ServiceRequest) -> None:
    earlier = clock.now() - timedelta(days=40)
    before = ask(city.home, earlier, text="去年也坏过")
    accept(before, city.home, earlier)
    finish(before, city.home, earlier, stars=5)
    page = open_page(secretary_of(city), page_of(service_request))
    assert "这里以前" in page and before.title in page and "评价 5 星" in page


def test_staff_file_for_a_resident_by_the_phone_number(city: City) -> None:
    client, key = secretary_of(city), str(uuid.uuid4())
    data = {
        "phone": "13900001234", "name": "吴大爷", "category": a_category().pk, "text": "要人帮忙买药",
        "building": city.home.building.pk, "address": "301", "client_key": key,
    }  # fmt: skip
    assert "替居民点一单" in open_page(client, "/desk/requests/new/")
    filed = client.post("/desk/requests/new/", data)
    client.post("/desk/requests/new/", data)  # a double tap
    service_request = ServiceRequest.objects.get()
    assert filed["Location"].startswith(reverse("requests:receipt", args=[service_request.number]))
    assert service_request.source == ServiceRequest.Source.STAFF
    assert service_request.submitter == User.objects.with_phone("13900001234")
    assert service_request.events.get().by == city.home.secretary


@pytest.mark.parametrize("typed", ["139 0000 1234", "+8613900001234", "１３９００００１２３４"])
def test_filing_finds_the_number_however_it_is_typed(city: City, typed: str) -> None:
    owner = User.objects.create_user("13900001234", "老周")
    data = {"phone": typed, "category": a_category().pk, "text": "x", "building": city.home.building.pk}
    secretary_of(city).post("/desk/requests/new/", data)
    assert ServiceRequest.objects.get().submitter == owner


def test_filing_refuses_what_is_no_number_and_other_places(city: City) -> None:
    client = secretary_of(city)
    wrong = client.post("/desk/requests/new/", {"phone": "12345", "text": "x", "building": ""})
    assert "请填写 11 位手机号" in wrong.content.decode()
    data = {"phone": "13900001234", "category": a_category().pk, "text": "x"}
    client.post("/desk/requests/new/", data | {"building": city.next_door.building.pk})
    assert not ServiceRequest.objects.exists()


def test_a_page_with_much_history_costs_what_is_allowed(city: City, service_request: ServiceRequest) -> None:
    client, home = secretary_of(city), city.home
    accept(service_request, home, clock.now())
    client.post(step_of(service_request, "handle"), {"responsible": home.secretary.pk})
    few = queries_of(client, page_of(service_request), **HTMX)
    for _ in range(5):
        contact(service_request, home, clock.now())
        ask(home, MORNING.replace(month=10))
    assert queries_of(client, page_of(service_request), **HTMX) == few <= 12
    assert queries_of(client, page_of(service_request)) <= 14  # with the menu
