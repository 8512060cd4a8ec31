from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from ground import clock
from operations.doctor import examining
from tests.desk.full import everything
from tests.factories import City
from tests.operations.doctoring import a_round
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_volunteer, credited

NOW = EVENING + timedelta(hours=2)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody works beside these tests: what is found need not settle."""
    monkeypatch.setattr(examining, "PAUSE_SECONDS", 0)


@pytest.fixture(scope="module")
def world(django_db_setup: Any, django_db_blocker: Any) -> Iterator[City]:
    """The evening after everything happened to a request and somebody served twice; beat has done its round. Made
    once a file."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _lived_in()
        transaction.set_rollback(True)


@pytest.fixture
def city(world: City) -> Iterator[City]:
    """The world for one test, which may break it: everything is taken back."""
    with transaction.atomic(), clock.at(NOW):
        yield world
        transaction.set_rollback(True)


def _lived_in() -> City:
    with clock.at(FRIDAY_NOON):
        made = a_city()
        everything(made)
    volunteer = a_volunteer(made)
    for days in (0, 1):
        credited(made.home, volunteer, starts_at=EVENING - timedelta(days=days))
    with clock.at(NOW):
        a_round()
    return made
