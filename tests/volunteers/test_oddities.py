"""What looks odd is shown to the community; nothing is done about it by itself (S10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ground import clock
from ground.geo import Point
from tests.volunteers.scenes import EVENING, HERE, a_city, a_claim, a_volunteer, a_whistle, attended
from volunteers.presence import attendance, oddities
from volunteers.states import Audience, ClaimState

pytestmark = pytest.mark.django_db
#: About 22 km north of the place.
FAR = Point(HERE.lng, HERE.lat + 0.2)


@pytest.fixture
def city():
    return a_city()


def came(whistle, volunteer, *, at=EVENING, device="", **extra):
    claim = a_claim(whistle, volunteer)
    with clock.at(at):
        return attendance.check_in(claim, by=volunteer.user, point=whistle.point, device=device, **extra)


def test_nothing_odd(city):
    whistle = a_whistle(city.home)
    rows = [came(whistle, a_volunteer(city), device=str(number)) for number in range(2)]
    assert oddities.of(rows) == {}
    assert oddities.of([]) == {}


def test_one_phone_for_several_volunteers_of_one_whistle(city):
    whistle = a_whistle(city.home, places_max=5)
    people = [a_volunteer(city) for _ in range(4)]
    rows = [came(whistle, volunteer, device="same") for volunteer in people[:3]]
    alone = came(whistle, people[3], device="other")
    found = oddities.of([*rows, alone])
    assert set(found) == {row.pk for row in rows}
    assert found[rows[0].pk] == [f"这部手机还给{people[1]}、{people[2]}打了卡。"]
    assert all(row.state == ClaimState.CHECKED_IN for row in rows), "nothing happens to anybody"


def test_the_page_of_one_claim_knows_the_phones_of_the_others(city):
    whistle = a_whistle(city.home, places_max=5)
    first, second = (came(whistle, a_volunteer(city), device="same") for _ in range(2))
    assert oddities.of([second]) == {second.pk: [f"这部手机还给{first.volunteer}打了卡。"]}


def test_the_same_phone_at_another_whistle_is_nothing(city):
    volunteer = a_volunteer(city)
    later = EVENING + timedelta(hours=2)
    rows = [
        came(a_whistle(city.home), volunteer, device="same"),
        came(
            a_whistle(city.home, starts_at=later, ends_at=later + timedelta(hours=1)),
            volunteer,
            at=later,
            device="same",
        ),
    ]
    assert oddities.of(rows) == {}


def test_faster_than_any_car_between_two_whistles(city):
    volunteer = a_volunteer(city)
    here = attended(a_whistle(city.home, title="近的"), volunteer)
    begins = EVENING + timedelta(hours=1, minutes=5)
    far = a_whistle(
        city.home, title="远的", point=FAR, starts_at=begins, ends_at=begins + timedelta(hours=1),
        audience=Audience.DISTRICT,
    )  # fmt: skip
    there = came(far, volunteer, at=begins)
    found = oddities.of([here, there])
    assert found[there.pk] == ["和“近的”相距 22.2 公里，两次打卡只隔 5 分钟，一般赶不到。"]
    assert "“远的”" in found[here.pk][0]
    assert set(oddities.of([there])) == {there.pk}, "only of the page that was asked about"


def test_in_half_an_hour_it_can_be_done(city):
    volunteer = a_volunteer(city)
    here = attended(a_whistle(city.home), volunteer)
    begins = EVENING + timedelta(hours=1, minutes=30)
    far = a_whistle(city.home, point=FAR, starts_at=begins, ends_at=begins + timedelta(hours=1))
    assert oddities.of([here, came(far, volunteer, at=begins)]) == {}


def test_few_queries_however_many_claims(city, django_assert_max_num_queries):
    whistle = a_whistle(city.home, places_max=10)
    rows = [came(whistle, a_volunteer(city), device="same") for _ in range(8)]
    with django_assert_max_num_queries(2):
        assert len(oddities.of(rows)) == 8
