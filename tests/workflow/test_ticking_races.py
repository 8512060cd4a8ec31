"""Two workers at the clock at once, on PostgreSQL: everything once, and nobody waits for what another one holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from ground import clock
from notifications.models import FanOut
from requests import asking_back, dispatching, ticking, workflow
from requests.models import RequestEvent, ServiceRequest
from requests.states import State
from tests.factories import a_city, a_unit, a_user, appoint
from tests.workflow import CHINA, accepted, filed, in_progress, together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=CHINA)
LATER = datetime(2026, 11, 26, 12, 0, tzinfo=CHINA)


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


def catch_up() -> int:
    with clock.at(LATER):
        return ticking.catch_up()


def test_workers_side_by_side_do_everything_once() -> None:
    city = a_city()
    unit = a_unit(city)
    appoint(a_user("承办人"), "case_officer", unit)
    with clock.at(FRIDAY):
        people = [a_user() for _ in range(60)]
        for person in people[:20]:
            filed(city, by=person)
        for person in people[20:40]:
            asking_back.ask(accepted(city, by=person), by=city.home.secretary, text="哪一层？")
        for person in people[40:]:
            row = in_progress(city, by=person)
            dispatching.dispatch(row, by=city.home.secretary, unit=unit, text="修灯")
    results = together(*[catch_up] * 4)
    assert not [each for each in results if isinstance(each, Exception)], results
    while catch_up():
        pass
    said = FanOut.objects.filter(audience__in=("request_overdue", "dispatch_overdue"))
    assert said.filter(audience="request_overdue", key__contains=":due:").count() == 20
    assert said.filter(audience="request_overdue", key__contains=":contact:").count() == 40
    assert said.filter(audience="dispatch_overdue").count() == 20
    assert RequestEvent.objects.filter(step="timeout").count() == 20
    assert not ServiceRequest.objects.filter(state=State.ASKED).exists()


def test_what_somebody_holds_is_passed_over_and_done_later() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        held, free = filed(city), filed(city)

    with transaction.atomic():
        ServiceRequest.objects.select_for_update().get(pk=held.pk)
        assert together(catch_up) == [1]
    said = FanOut.objects.filter(audience="request_overdue")
    assert list(said.values_list("audience_id", flat=True)) == [free.pk]
    assert catch_up() == 1


def test_answered_in_the_second_in_which_it_times_out() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        rows = [accepted(city, by=a_user()) for _ in range(10)]
        for row in rows:
            asking_back.ask(row, by=city.home.secretary, text="哪一层？")

    def answer_all() -> list[Any]:
        with clock.at(FRIDAY + timedelta(days=5)):
            return [_answered(row) for row in rows]

    def time_out() -> int:
        with clock.at(FRIDAY + timedelta(days=5)):
            return ticking.catch_up()

    together(answer_all, time_out)
    for row in rows:
        row.refresh_from_db()
        ends = row.events.filter(step__in=("answer", "timeout")).count()
        assert (row.state, ends) == (State.ACCEPTED, 1)


def _answered(row: ServiceRequest) -> str:
    try:
        asking_back.answer(row, by=row.submitter, text="三楼")
    except Exception as error:
        return str(error)
    return ""


def test_withdrawn_while_the_clock_reminds() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        rows = [filed(city, by=a_user()) for _ in range(10)]

    def withdraw_all() -> None:
        with clock.at(LATER):
            for row in rows:
                workflow.withdraw(row, by=row.submitter)

    results = together(withdraw_all, catch_up)
    assert not [each for each in results if isinstance(each, Exception)], results
    for row in rows:
        row.refresh_from_db()
        assert (row.state, row.next_at) == (State.WITHDRAWN, None)
    assert catch_up() == 0
