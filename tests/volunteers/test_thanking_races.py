"""However many phones tap at once: one thanks of each person, and everybody who came is told once (PostgreSQL)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ground import clock
from notifications.models import Outgoing
from tests.factories import a_user
from tests.volunteers.scenes import EVENING, a_city, a_volunteer, a_whistle, attended
from tests.volunteers.test_races import at_once
from volunteers.accounting import thanking
from volunteers.models import Thanks, Whistle

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"


def tap(whistle: Whistle, user: Any, words: str) -> Callable[[], Any]:
    def job() -> int:
        with clock.at(EVENING + timedelta(hours=2)):
            row = Whistle.objects.get(pk=whistle.pk)
            return thanking.thank(row, by=user, words=words, scanned=[whistle.pk]).pk

    return job


def test_ten_taps_of_one_and_taps_of_ten():
    city = a_city()
    whistle, volunteer = a_whistle(city.home), a_volunteer(city)
    attended(whistle, volunteer)
    one, others = a_user("周小兰"), [a_user() for _ in range(10)]
    jobs = [tap(whistle, one, f"谢谢 {number}") for number in range(10)]
    outcomes = at_once(jobs + [tap(whistle, other, "谢谢") for other in others])
    assert Counter(how for how, _ in outcomes) == {"done": 20}, outcomes
    assert len({said for _, said in outcomes}) == Thanks.objects.count() == 11
    assert Thanks.objects.filter(by=one).count() == 1
    assert Outgoing.objects.filter(key__contains=":thanks", to=volunteer.user).count() == 1
