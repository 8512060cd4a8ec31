"""点单: what filing a request does, and when it is refused."""

import uuid

import pytest

from accounts.models import User
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.geo import Point
from notifications.models import FanOut, Outgoing
from requests import workflow
from requests.models import ServiceRequest
from requests.news.staff import concerned
from requests.states import State, Track
from tests.factories import a_city, a_grid_worker, a_user, appoint
from tests.workflow import FRIDAY, a_category, filed, steps_of

pytestmark = pytest.mark.django_db


def test_a_request_is_filed_at_the_community_of_its_building() -> None:
    city, resident = a_city(), a_user("周小兰")
    service_request = filed(city, by=resident, address="1 单元 3 楼")
    service_request.refresh_from_db()
    assert service_request.state == State.SUBMITTED
    assert service_request.submitter == resident
    assert service_request.handler == city.home.organization
    assert service_request.grid == city.home.grid
    assert service_request.building == city.home.building
    assert (service_request.district, service_request.street) == (city.district, city.street)
    assert service_request.community == city.home.organization
    assert service_request.lng == city.home.building.lng
    assert service_request.source == ServiceRequest.Source.RESIDENT


def test_the_event_holds_codes_and_no_words() -> None:
    service_request = filed(a_city(), text="我家住三楼，电话没人接")
    event = service_request.events.get()
    assert (event.step, event.source, event.target) == ("submit", "", State.SUBMITTED)
    assert event.by == service_request.submitter
    assert event.codes == {"category": "repair"}


def test_the_category_sets_the_provisional_track_and_its_promise() -> None:
    city = a_city()
    service_request = filed(city, category=a_category("lamp", track=Track.URGENT))
    assert service_request.track == Track.URGENT
    assert service_request.promise == {
        "accept": {"minutes": 30, "working_days": 0},
        "contact": {"minutes": 120, "working_days": 0},
    }
    assert (service_request.accept_due - service_request.submitted_at).total_seconds() == 30 * 60
    assert service_request.due == service_request.accept_due


def test_numbers_count_per_district_and_day() -> None:
    city, other = a_city(), a_city("荔湾")
    type(city.district).objects.filter(pk=city.district.pk).update(letters="WJ")
    type(city.district).objects.filter(pk=other.district.pk).update(letters="LW")
    with clock.at(FRIDAY):
        assert [filed(city).number, filed(city).number] == ["WJ20261120-0001", "WJ20261120-0002"]
        assert filed(other).number == "LW20261120-0001"
    with clock.at(FRIDAY.replace(day=21)):
        assert filed(city).number == "WJ20261121-0001"


def test_the_day_of_a_number_is_the_city_s() -> None:
    city = a_city()
    with clock.at(FRIDAY.replace(hour=0, minute=5)):
        assert "20261120" in filed(city).number


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("", "楼道灯不亮\n老人摸黑上楼", "楼道灯不亮"),
        ("", "楼" * 30, "楼" * 20),
        ("修灯", "楼道灯不亮", "修灯"),
        ("题" * 50, "楼道灯不亮", "题" * 40),
    ],
)
def test_a_title_is_made_from_the_text(title: str, text: str, expected: str) -> None:
    assert filed(a_city(), title=title, text=text).title == expected


def test_a_point_finds_the_nearest_building_and_its_grid() -> None:
    city = a_city()
    service_request = filed(city, point=Point(113.5801, 24.8001))
    assert service_request.community == city.home.organization
    assert service_request.grid == city.home.grid
    assert (service_request.lng, service_request.lat) == (113.5801, 24.8001)


def test_a_chosen_community_is_enough() -> None:
    city = a_city()
    service_request = filed(city, community=city.next_door.organization)
    assert service_request.handler == city.next_door.organization
    assert service_request.building is None


def test_without_a_place_it_is_refused() -> None:
    a_city()
    with pytest.raises(RuleViolation):
        workflow.submit(by=a_user(), category=a_category(), text="楼道灯不亮")
    assert not ServiceRequest.objects.exists()


def test_a_point_far_away_belongs_to_no_community() -> None:
    city = a_city()
    with pytest.raises(RuleViolation):
        filed(city, point=Point(87.6, 43.8))


def test_a_closed_category_is_refused() -> None:
    with pytest.raises(RuleViolation, match="已停用"):
        filed(a_city(), category=a_category("old", is_open=False))


@pytest.mark.parametrize("text", ["", "   \n ", "字" * 1001])
def test_a_text_must_say_something_and_stay_short(text: str) -> None:
    with pytest.raises(RuleViolation) as refusal:
        filed(a_city(), text=text)
    assert refusal.value.field == "text"


def test_the_same_key_gives_the_first_request_back() -> None:
    city, resident, key = a_city(), a_user(), uuid.uuid4()
    first = filed(city, by=resident, key=key)
    again = filed(city, by=resident, key=key, text="第二次点击")
    assert again == first
    assert steps_of(first) == ["submit"]


def test_a_key_belongs_to_one_submitter() -> None:
    city, key = a_city(), uuid.uuid4()
    assert filed(city, key=key) != filed(city, key=key)


def test_ten_in_an_hour_and_no_more() -> None:
    city, resident = a_city(), a_user()
    with clock.at(FRIDAY):
        for _ in range(10):
            filed(city, by=resident)
        with pytest.raises(RuleViolation, match="一小时内最多点 10 单"):
            filed(city, by=resident)
        filed(city)
    with clock.at(FRIDAY.replace(hour=11)):
        filed(city, by=resident)


def test_staff_file_for_somebody_who_then_owns_it() -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    service_request = filed(city, by=worker, on_behalf_of=("13900000001", "周阿婆"))
    person = User.objects.with_phone("13900000001")
    assert person is not None and person.name == "周阿婆"
    assert service_request.submitter == person
    assert service_request.source == ServiceRequest.Source.STAFF
    event = service_request.events.get()
    assert event.by == worker
    assert event.codes["on_behalf_of"] == person.pk
    assert Outgoing.objects.filter(to=person, title="社区替你点了一单").count() == 1


def test_an_account_that_stands_is_used() -> None:
    city, person = a_city(), a_user("周阿婆")
    service_request = filed(city, by=city.home.secretary, on_behalf_of=(person.phone, "别的名字"))
    assert service_request.submitter == person
    person.refresh_from_db()
    assert person.name == "周阿婆"


@pytest.mark.parametrize("who", ["resident", "next door"])
def test_others_cannot_file_for_somebody_and_create_no_account(who: str) -> None:
    city = a_city()
    by = a_user() if who == "resident" else city.next_door.secretary
    with pytest.raises(NoPower):
        filed(city, by=by, on_behalf_of=("13900000002", "周阿婆"))
    assert User.objects.with_phone("13900000002") is None
    assert not ServiceRequest.objects.exists()


def test_the_people_who_verify_are_told() -> None:
    city = a_city()
    street_officer = a_user("街道干部")
    appoint(street_officer, "officer", city.street)
    worker = a_grid_worker(city.home)
    service_request = filed(city, category=a_category("fire", track=Track.URGENT))
    news = FanOut.objects.get(audience="request_news", audience_id=service_request.events.get().pk)
    assert news.title == "新点单：楼道灯不亮"
    assert news.is_urgent
    assert set(concerned(news.audience_id)) == {city.home.secretary, worker}
