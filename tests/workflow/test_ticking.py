"""The platform's clock: what is due is done in order and once, and what fails keeps nobody else back."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from ground import clock
from notifications.models import FanOut, Outgoing
from organizations.workdays import calendar
from requests import afterwards, asking_back, clocks, dispatching, reminders, tasks, ticking, workflow
from requests.models import Dispatch, ServiceRequest
from requests.states import State
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.workflow import CHINA, accepted, everybody_was_rung, filed, in_progress, resolved, steps_of

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 10, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


def tick(moment: datetime) -> int:
    everybody_was_rung()
    with clock.at(moment):
        return tasks.tick()


def reminded(row: Any) -> list[str]:
    """What was said about the dues of a row, in order."""
    kind = "dispatch" if isinstance(row, Dispatch) else "request"
    rows = FanOut.objects.filter(audience__in=(f"{kind}_owner", f"{kind}_overdue"), audience_id=row.pk)
    return list(rows.order_by("pk").values_list("title", flat=True))


@pytest.fixture
def row() -> ServiceRequest:
    with clock.at(at(20)):
        return filed(a_city())


def test_each_level_is_said_once_at_its_minute(row: ServiceRequest) -> None:
    steps = [(at(23, 9, 30), 1), (at(23, 14, 36), 2), (at(23, 18), 3), (at(24, 9), 4)]
    for moment, level in steps:
        assert tick(moment - timedelta(seconds=1)) == 0
        assert (tick(moment), tick(moment)) == (1, 0)
        row.refresh_from_db()
        assert row.reminded == level
    number = row.number
    assert reminded(row) == [
        f"还剩 8 小时受理：{number}",
        f"还剩 3 小时受理：{number}",
        f"受理到期：{number}",
        f"超时 15 小时未受理：{number}",
    ]
    assert row.next_at is None
    assert steps_of(row) == ["submit"], "reminding is no step"


def test_levels_overtaken_by_an_outage_are_not_made_up_for(row: ServiceRequest) -> None:
    assert (tick(at(23, 15)), tick(at(23, 15))) == (1, 0)
    assert reminded(row) == [f"还剩 3 小时受理：{row.number}"]
    assert (tick(at(25, 9)), tick(at(25, 9))) == (1, 0)
    assert reminded(row)[1:] == [f"超时 39 小时未受理：{row.number}"]


def test_a_step_taken_while_the_platform_is_behind_swallows_no_reminder(row: ServiceRequest) -> None:
    with clock.at(at(24, 11)):
        workflow.add(row, by=row.submitter, text="二楼也不亮")
    assert row.next_at == at(23, 9, 30)
    assert tick(at(24, 11, 1)) == 1
    assert reminded(row) == [f"超时 17 小时未受理：{row.number}"]


def test_a_due_that_comes_back_is_not_said_again(row: ServiceRequest) -> None:
    """Asked and answered on one day, the due is what it was: what was said of it is not said again."""
    secretary = row.handler.appointments.get(post="secretary").user
    with clock.at(at(20, 11)):
        workflow.accept(row, by=secretary, track="important")
    tick(at(27, 17, 59))
    with clock.at(at(27, 18, 1)):
        asking_back.ask(row, by=secretary, text="哪一层？")
    assert tick(at(27, 18, 2)) == 0
    with clock.at(at(27, 18, 3)):
        asking_back.answer(row, by=row.submitter, text="三楼")
    tick(at(27, 18, 4))
    tick(at(30, 9))
    titles = reminded(row)
    assert titles == [
        f"还剩 1 分钟办结：{row.number}",
        f"办结到期：{row.number}",
        f"超时 2 天未办结：{row.number}",
    ]


def test_questions_time_out_and_ratings_lapse() -> None:
    city = a_city()
    with clock.at(at(20)):
        done, asked = resolved(city), accepted(city)
        asking_back.ask(asked, by=city.home.secretary, text="哪一层？")
    assert tick(at(25, 9, 59)) == 0
    assert tick(at(25, 10)) == 1
    assert tick(at(27, 10)) == 1  # half of what is left of the asked one comes later
    done.refresh_from_db()
    asked.refresh_from_db()
    assert (steps_of(done)[-1], done.state) == ("lapse", State.CLOSED)
    assert (steps_of(asked)[-1], asked.state) == ("timeout", State.ACCEPTED)
    assert done.next_at is None and done.events.last().by is None


def test_a_dispatch_reminds_its_officers_and_then_the_handler() -> None:
    city = a_city()
    unit = a_unit(city)
    appoint(a_user("承办人"), "case_officer", unit)
    with clock.at(at(20)):
        request = in_progress(city)
        row = dispatching.dispatch(request, by=city.home.secretary, unit=unit, text="修灯")
    tick(at(23, 9, 30))
    tick(at(24, 9))
    number = request.number
    assert reminded(row) == [f"还剩 8 小时签收：{number}", f"超时 15 小时未签收：{number}"]
    row.refresh_from_db()
    assert row.reminded == clocks.OVERDUE


def due_rows(city: City, count: int) -> list[ServiceRequest]:
    """Many requests that fell due one after the other while nothing ran."""
    with clock.at(at(20)):
        first, days, rows = filed(city), calendar(), []
        for number in range(count):
            since = at(20) + timedelta(seconds=number)
            copy = ServiceRequest.objects.get(pk=first.pk)
            copy.pk, copy.number, copy.key = None, f"D{number:05d}", uuid.UUID(int=number + 1)
            copy.due_from, copy.due = since, since + timedelta(days=1)
            clocks.plan_reminder(copy, days)
            rows.append(copy)
    ServiceRequest.objects.filter(pk=first.pk).update(next_at=None)
    return ServiceRequest.objects.bulk_create(rows)


def test_two_days_of_outage_are_caught_up_in_order_each_once() -> None:
    rows = due_rows(a_city(), 2000)
    done = []
    while count := tick(at(23, 10)):
        done.append(count)
    assert sum(done) == 2000
    said = FanOut.objects.filter(audience__startswith="request_o").order_by("pk")
    assert list(said.values_list("audience_id", flat=True)) == [row.pk for row in rows]
    assert tick(at(23, 10)) == 0


def test_both_kinds_are_taken_in_the_order_of_time() -> None:
    city = a_city()
    unit = a_unit(city)
    appoint(a_user("承办人"), "case_officer", unit)
    with clock.at(at(20, 9)):
        late = filed(city)
    with clock.at(at(20, 10)):
        request = in_progress(city)
        sent = dispatching.dispatch(request, by=city.home.secretary, unit=unit, text="修灯")
    with clock.at(at(20, 11)):
        later = filed(city)
    tick(at(24, 9))
    said = FanOut.objects.filter(audience__endswith="_overdue").order_by("pk")
    assert list(said.values_list("audience_id", "audience")) == [
        (late.pk, "request_overdue"),
        (sent.pk, "dispatch_overdue"),
        (later.pk, "request_overdue"),
    ]


def test_a_limit_ends_a_run_and_the_next_one_goes_on() -> None:
    rows = due_rows(a_city(), 5)
    with clock.at(at(22)):
        assert ticking.catch_up(limit=3) == 3
        assert ticking.catch_up(seconds=-1) == 0
        assert ticking.catch_up() == 2
    assert FanOut.objects.filter(audience_id__in=[row.pk for row in rows]).count() == 5


# What fails


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[int]]:
    """Ids of requests whose reminder breaks down after it was written, as when a worker is killed there."""
    broken: set[int] = set()
    say = reminders.say_level

    def say_and_die(row: Any, level: int) -> None:
        say(row, level)
        if row.pk in broken:
            raise ConnectionError("13900000000")

    monkeypatch.setattr(reminders, "say_level", say_and_die)
    yield broken


def test_what_dies_half_way_leaves_nothing_half_done(failing: set[int], row: ServiceRequest) -> None:
    failing.add(row.pk)
    assert tick(at(23, 9, 30)) == 0
    row.refresh_from_db()
    assert (row.reminded, reminded(row), Outgoing.objects.count()) == (0, [], 0)
    failing.clear()
    assert tick(at(23, 9, 31)) == 1
    assert reminded(row) == [f"还剩 8 小时受理：{row.number}"]


def test_one_that_fails_keeps_nobody_back_and_is_tried_less_and_less_often(failing: set[int]) -> None:
    rows = due_rows(a_city(), 3)
    failing.add(rows[0].pk)
    start = rows[0].next_at
    assert start is not None
    with capture_logs() as logs:
        assert tick(start + timedelta(seconds=10)) == 2
    pauses, now = [], start + timedelta(seconds=10)
    for _ in range(8):
        rows[0].refresh_from_db()
        assert rows[0].next_at is not None
        pauses.append(int((rows[0].next_at - now).total_seconds()))
        now = rows[0].next_at
        assert tick(now) == 0
    assert pauses[:4] == [60, 70, 140, 280] and pauses[-1] == 3600 and pauses == sorted(pauses)
    errors = [each for each in logs if each["log_level"] == "error"]
    assert errors == [
        {
            "event": "step of the clock failed", "log_level": "error", "what": "ServiceRequest",
            "id": rows[0].pk, "error": "ConnectionError",
        }
    ]  # fmt: skip
    assert "139" not in repr(errors)


def test_a_question_that_cannot_be_timed_out_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    city = a_city()
    with clock.at(at(20)):
        asked = accepted(city)
        asking_back.ask(asked, by=city.home.secretary, text="哪一层？")

    def broken(*args: Any) -> None:
        raise ValueError("no calendar")

    with monkeypatch.context() as patch:
        patch.setattr(clocks, "resume", broken)
        assert tick(at(25, 10)) == 0
    asked.refresh_from_db()
    assert (asked.state, asked.next_at) == (State.ASKED, at(25, 10, 1))
    assert tick(at(25, 10, 1)) == 1


def test_whoever_was_first_leaves_nothing_to_do(row: ServiceRequest) -> None:
    """The list was read before: the row is read again under its lock."""
    with clock.at(at(23, 9, 30)):
        stale = list(ticking._due(0, clock.now()))
        assert ticking.catch_up() == 1
        moment, place, pk = stale[0]
        assert not ticking._see_to(*ticking.SOURCES[place], pk, moment, calendar())
    assert len(reminded(row)) == 1


# What it costs


@pytest.mark.parametrize(("kind", "most"), [("remind", 9), ("lapse", 16), ("dispatch", 11)])
def test_queries_of_a_row(kind: str, most: int) -> None:
    city = a_city()
    unit = a_unit(city)
    appoint(a_user("承办人"), "case_officer", unit)
    with clock.at(at(20)):
        if kind == "remind":
            filed(city)
        elif kind == "lapse":
            resolved(city)
        else:
            row = in_progress(city)
            dispatching.dispatch(row, by=city.home.secretary, unit=unit, text="修灯")
            ServiceRequest.objects.update(next_at=None)
    moment = at(30, 12)
    with clock.at(moment):
        rows = [each for place in range(2) for each in ticking._due(place, moment)]
        assert len(rows) == 1
        when, place, pk = rows[0]
        days = calendar()
        days.is_workday(moment.date())  # once for all rows of a run
        with CaptureQueriesContext(connection) as queries:
            assert ticking._see_to(*ticking.SOURCES[place], pk, when, days)
    assert len(queries) <= most, "\n".join(each["sql"][:120] for each in queries)


def test_rating_in_time_leaves_nothing_to_lapse() -> None:
    with clock.at(at(20)):
        done = resolved(a_city())
        afterwards.rate(done, by=done.submitter, contacted=True, solved=True, satisfied=5)
    assert tick(at(30)) == 0
    assert steps_of(done)[-1] == "rate"
