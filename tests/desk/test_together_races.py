"""The same form sent twice in the same second, and two windows that keep the eleventh list."""

from uuid import uuid4

import pytest

from accounts.models import User
from desk import saving
from ground import clock
from ground.errors import RuleViolation
from requests.models import Dispatch, SavedFilter, ServiceRequest
from tests.desk.scenes import ask
from tests.factories import City, a_city
from tests.signing_in import strong_client
from tests.workflow import together
from tests.workflow.dispatched import a_department

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def city() -> City:
    return a_city()


def test_many_at_once_sent_twice_in_one_second_happens_once(city: City) -> None:
    unit, _ = a_department(city)
    rows = [ask(city.home, clock.now(), text=f"第{number}件") for number in range(3)]
    numbers = [row.number for row in rows]
    client = strong_client(city.home.secretary)
    sure = {"number": numbers, "sure": "1"}
    client.post("/desk/together/accept/", sure | {"client_key": str(uuid4()), "track": ""})
    data = sure | {"client_key": str(uuid4()), "to": f"u:{unit.pk}", "text": "请看"}
    other = strong_client(city.home.secretary)
    answers = together(
        lambda: client.post("/desk/together/dispatch/", data),
        lambda: other.post("/desk/together/dispatch/", data),
    )
    assert {answer["Location"] for answer in answers} == {answers[0]["Location"]}
    assert Dispatch.objects.count() == 3
    for row in ServiceRequest.objects.all():
        assert row.events.filter(step="dispatch").count() == 1


def test_two_windows_keep_no_eleventh_list(city: City) -> None:
    for number in range(saving.MOST - 1):
        saving.save(by=city.home.secretary, page="work", query=f"tab=new&q={number}", name=f"第{number}个")

    def keep(name: str) -> None:
        me = User.objects.get(pk=city.home.secretary.pk)
        saving.save(by=me, page="work", query=f"tab=mine&q={name}", name=name)

    results = together(lambda: keep("甲"), lambda: keep("乙"))
    assert sorted(isinstance(each, RuleViolation) for each in results) == [False, True]
    assert SavedFilter.objects.count() == saving.MOST
