"""When what is counted: rounds of beat, nights, outages, clocks that jump, a tree that changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dashboards import rolling
from ground import clock
from tests.desk.scenes import MORNING, accept, ask
from tests.factories import a_city

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> Any:
    return a_city()


def test_a_second_round_writes_nothing(city: Any) -> None:
    row = ask(city.home)
    accept(row, city.home, MORNING + timedelta(minutes=5))
    with clock.at(MORNING + timedelta(hours=1)):
        first = rolling.catch_up()
        again = rolling.catch_up()
    assert first is not None and first.is_full and first.rows
    assert again is not None and not again.is_full and again.rows == 0
