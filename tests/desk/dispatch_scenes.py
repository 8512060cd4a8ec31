"""A community and a department with dispatches between them in every state."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.test import Client

from accounts.models import User
from ground import clock
from organizations.models import Unit
from requests import dispatching
from requests.models import Dispatch
from tests.factories import City, a_city
from tests.signing_in import strong_client
from tests.workflow import FRIDAY, accepted
from tests.workflow.dispatched import GOOD, a_department, sent

#: The Friday noon at which the lists are looked at.
NOON = FRIDAY.replace(hour=12, minute=0)
BEFORE = FRIDAY - timedelta(days=30)


def a_town() -> tuple[City, Unit, User]:
    """A city, a department with its case officer."""
    with clock.at(BEFORE):
        city = a_city()
    unit, officer = a_department(city, "住建局")
    return city, unit, officer


def one_of_each(city: City, unit: Unit, officer: User) -> dict[str, Dispatch]:
    """Sent, in hand, due today, overdue, answered, returned, recalled, confirmed; as they are on Friday noon."""
    made: dict[str, Dispatch] = {}

    def make(key: str, *verbs: str, days_ago: int = 0, **extra: Any) -> None:
        with clock.at(FRIDAY - timedelta(days=days_ago)):
            made[key] = sent(city, unit, accepted(city, text=f"单子{key}"), text=f"请办{key}", **extra)
            for verb in verbs:
                play(made[key], verb, city, officer)

    make("sent")
    make("hand", "sign")
    make("today", "sign", answer_by=date(2026, 11, 20))
    make("late", days_ago=4)
    make("answered", "sign", "answer")
    make("returned", "give_back")
    make("recalled", "recall")
    make("confirmed", "sign", "answer", "confirm")
    return made


def play(dispatch: Dispatch, verb: str, city: City, officer: User) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "give_back": {"reason": "该找水务局"},
        "contact": {"how": "phone"},
        "answer": {"text": "换了新线"},
        "recall": {"reason": "派重了"},
        "confirm": GOOD,
        "reject": {"reason": "还是不亮"},
    }
    by = city.home.secretary if verb in ("recall", "confirm", "reject") else officer
    dispatching.VERBS[verb](dispatch, by=by, **arguments.get(verb, {}))


def officers_desk(officer: User) -> Client:
    return strong_client(officer)
