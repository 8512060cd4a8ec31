"""Rounds under several workers, killed in the middle, and beside transactions that commit late: real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from dashboards import reading, rolling
from dashboards.models import Rollup, RollupState, Standing
from dashboards.rolling import holding, proving, rounds
from ground import clock
from requests import workflow
from requests.models import ServiceRequest
from tests.desk.scenes import MORNING, accept, ask, finish
from tests.factories import City
from tests.volunteers.racing import PATIENCE, at, at_once
from tests.volunteers.scenes import a_city, a_volunteer, credited

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
#: A killed round's lease runs out.
LATER = MORNING + holding.LEASE + timedelta(minutes=1)


@pytest.fixture
def city() -> City:
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"
    city = a_city()
    with clock.at(MORNING - timedelta(days=100)):
        volunteer = a_volunteer(city)
    for months_ago in range(3):
        day = MORNING - timedelta(days=30 * months_ago + 1)
        accept(ask(city.home, day), city.home, day + timedelta(hours=1))
        credited(city.home, volunteer, starts_at=day + timedelta(hours=2))
    return city


def rows() -> list[Any]:
    """Everything that is stored, without its numbers."""
    happened = Rollup.objects.order_by("place", "span", "starts_on").values_list(
        "place", "span", "starts_on", "figures"
    )
    stood = Standing.objects.order_by("place", "kind", "day").values_list("place", "kind", "day", "figures")
    return [*happened, *stood]


def agree(moment: Any) -> None:
    with clock.at(moment):
        assert proving.differences(at_once=12) == []


def test_two_beats_at_once_leave_what_one_does(city: City) -> None:
    outcomes = at_once([at(MORNING, rolling.catch_up)] * 4)
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    done = [said for _, said in outcomes if said is not None]
    assert sum(each.rows for each in done if each.rows) == len(rows()), "every row was written once"
    assert RollupState.objects.get().holder == ""
    agree(MORNING)


def test_a_rebuild_waits_for_the_round_under_way(city: City) -> None:
    outcomes = at_once(
        [at(MORNING, rolling.catch_up), at(MORNING, rolling.rebuild), at(MORNING, rolling.rebuild)]
    )
    assert all(kind == "done" for kind, _ in outcomes), outcomes
    assert sum(said is not None for _, said in outcomes) >= 2, "both rebuilds came to an end"
    agree(MORNING)


# Killed


def hang_in(name: str, nth: int) -> Callable[[Any], None]:
    """A round that hangs when it has written for the nth time: written, not committed."""

    def job(reached: Any) -> None:
        real, calls = getattr(rounds, name), iter(range(1, 1000))

        def slow(*args: Any) -> Any:
            done = real(*args)
            if next(calls) == nth:
                reached.set()
                time.sleep(PATIENCE)
            return done

        setattr(rounds, name, slow)
        with clock.at(MORNING):
            rolling.catch_up()

    return job


def kill(job: Callable[[Any], None]) -> None:
    connections.close_all()
    context = multiprocessing.get_context("fork")
    reached = context.Event()
    worker = context.Process(target=job, args=(reached,), daemon=True)
    worker.start()
    assert reached.wait(PATIENCE)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(PATIENCE)
    assert worker.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("name", "nth"), [("write_month", 1), ("write_month", 3), ("write_year", 1), ("write_standing", 2)]
)
def test_killed_in_the_middle_of_everything(city: City, name: str, nth: int) -> None:
    kill(hang_in(name, nth))
    assert reading.as_of() is None, "nobody is told that it is all there"
    months = set(Rollup.objects.filter(span="month").values_list("starts_on", flat=True))
    assert len(months) == (nth - 1 if name == "write_month" else 3), "what was being written is not there"
    for month in months:
        with clock.at(MORNING):
            assert list(proving.of_month(month, MORNING, proving.Around())) == [], "what is there is whole"
    with clock.at(MORNING + timedelta(minutes=1)):
        assert rolling.catch_up() is None, "his lease still runs"
    with clock.at(LATER):
        done = rolling.catch_up()
    assert done is not None and done.is_full and reading.as_of() == LATER
    agree(LATER)


def test_killed_in_the_middle_of_a_round(city: City) -> None:
    with clock.at(MORNING - timedelta(hours=1)):
        rolling.catch_up()
    before = rows()
    for row in ServiceRequest.objects.order_by("pk"):
        finish(row, city.home, MORNING - timedelta(hours=4), stars=5)
    ServiceRequest.objects.update(reopened=1)
    with clock.at(MORNING - timedelta(minutes=30)):
        for row in ServiceRequest.objects.order_by("pk"):
            row.events.create(step="note", source=row.state, target=row.state)
    kill(hang_in("write_days", 1))
    assert rows() == before and reading.as_of() == MORNING - timedelta(hours=1)
    kill_later = hang_in("write_days", 3)
    RollupState.objects.update(held_until=MORNING - timedelta(minutes=1))
    kill(kill_later)
    assert rows() != before and reading.as_of() == MORNING - timedelta(hours=1)
    with clock.at(LATER):
        done = rolling.catch_up()
    assert done is not None and not done.is_full
    agree(LATER)


# Late


def test_a_transaction_that_commits_after_the_round(city: City) -> None:
    """It began before the round and is seen by none of it: the next one hears of it."""
    with clock.at(MORNING):
        rolling.catch_up()
    row = ask(city.home, MORNING + timedelta(minutes=1))
    connections.close_all()
    context = multiprocessing.get_context("fork")
    wrote, may_commit = context.Event(), context.Event()

    def slow_step() -> None:
        with clock.at(MORNING + timedelta(minutes=2)), transaction.atomic():
            workflow.accept(row, by=city.home.secretary, track="important")
            wrote.set()
            assert may_commit.wait(PATIENCE)

    worker = context.Process(target=slow_step, daemon=True)
    worker.start()
    assert wrote.wait(PATIENCE)
    with clock.at(MORNING + timedelta(minutes=3)):
        done = rolling.catch_up()
        assert done is not None, "nobody waits for him"
    assert reading.as_of() == MORNING + timedelta(minutes=3)
    may_commit.set()
    worker.join(PATIENCE)
    assert worker.exitcode == 0
    with clock.at(MORNING + timedelta(minutes=13)):
        assert proving.differences(at_once=12), "the step is not counted yet"
        rolling.catch_up()
    agree(MORNING + timedelta(minutes=13))


def test_work_goes_on_while_everything_is_counted(city: City) -> None:
    """No lock of a round stands in the way of a step: whoever accepts a request waits for nothing."""
    row = ask(city.home, MORNING - timedelta(hours=1))
    connections.close_all()
    context = multiprocessing.get_context("fork")
    reached = context.Event()
    worker = context.Process(target=hang_in("write_month", 2), args=(reached,), daemon=True)
    worker.start()
    try:
        assert reached.wait(PATIENCE)
        began = time.monotonic()
        accept(row, city.home, MORNING)
        assert time.monotonic() - began < 5
    finally:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join(PATIENCE)
