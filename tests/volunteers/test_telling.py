"""What whoever asked reads about the whistle for his request, and about who came."""

import pytest

from ground import clock
from requests import timeline
from tests.factories import a_user
from tests.volunteers.scenes import FRIDAY_NOON, a_city, a_volunteer, a_whistle
from tests.workflow import accepted
from volunteers.claiming import claims

pytestmark = pytest.mark.django_db


def test_the_history_of_the_request_names_the_whistle_and_who_came() -> None:
    city = a_city()
    with clock.at(FRIDAY_NOON):
        service_request = accepted(city, by=a_user("周小兰"))
        whistle = a_whistle(city.home, service_request=service_request, title="楼道灯抢修")
        volunteer = a_volunteer(city, name="王建国")
        claims.claim(whistle, by=volunteer.user)
    told = timeline.entries_of(service_request, service_request.submitter)
    assert [entry.title for entry in told][:2] == ["王建国 接单", "社区吹哨：楼道灯抢修，2 人"]
    assert told[0].by.startswith("在职党员 · 单位")
