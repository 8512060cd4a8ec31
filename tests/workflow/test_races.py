"""Many at once, on PostgreSQL: one number each, one request per key, one acceptance."""

import uuid

import pytest
from django.db import connection

from ground.errors import RuleViolation
from requests import workflow
from requests.models import NumberSeries, ServiceRequest
from requests.states import Track
from tests.factories import a_city, a_user, appoint
from tests.workflow import a_category, filed, steps_of, together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


def test_every_request_of_a_rush_gets_its_own_number() -> None:
    city, category = a_city(), a_category()
    people = [a_user() for _ in range(20)]
    results = together(
        *(lambda person=person: filed(city, by=person, category=category) for person in people)
    )
    numbers = sorted(result.number for result in results)
    assert len(set(numbers)) == 20
    assert NumberSeries.objects.get().last == 20
    assert [int(number[-4:]) for number in numbers] == list(range(1, 21))


def test_a_double_tap_files_once() -> None:
    city, person, key, category = a_city(), a_user(), uuid.uuid4(), a_category()
    results = together(*[lambda: filed(city, by=person, key=key, category=category)] * 8)
    assert {result.pk for result in results} == {ServiceRequest.objects.get().pk}
    assert NumberSeries.objects.get().last == 1
    assert steps_of(results[0]) == ["submit"]


def test_a_phone_gets_one_account_when_two_file_for_it() -> None:
    city, category = a_city(), a_category()
    results = together(
        *[
            lambda: filed(
                city, by=city.home.secretary, category=category, on_behalf_of=("13900000009", "周阿婆")
            )
        ]
        * 4
    )
    assert len({result.submitter_id for result in results}) == 1


def test_two_secretaries_accept_in_the_same_second() -> None:
    city = a_city()
    colleague = a_user("副书记")
    appoint(colleague, "first_secretary", city.home.organization)
    service_request = filed(city)

    def accept(person: object) -> str:
        mine = ServiceRequest.objects.get(pk=service_request.pk)
        workflow.accept(mine, by=person, track=Track.HARD)
        return "accepted"

    results = together(lambda: accept(city.home.secretary), lambda: accept(colleague))
    refusals = [result for result in results if isinstance(result, RuleViolation)]
    assert results.count("accepted") == 1
    assert len(refusals) == 1 and "现在是“已受理”" in refusals[0].sentence
    assert steps_of(service_request) == ["submit", "accept"]


def test_ten_an_hour_holds_for_many_phones_of_one_person() -> None:
    city, person, category = a_city(), a_user(), a_category()
    results = together(*[lambda: filed(city, by=person, category=category)] * 14)
    assert sum(isinstance(result, ServiceRequest) for result in results) == 10
    assert sum(isinstance(result, RuleViolation) for result in results) == 4
