"""Whistles side by side: ending early, series and reminders, with real processes on PostgreSQL."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from ground import clock
from notifications.models import FanOut
from requests import workflow
from requests.states import Outcome
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_claim, a_draft, a_volunteer, a_whistle
from tests.volunteers.test_races import at, at_once
from tests.workflow import accepted
from volunteers.accounting import crediting
from volunteers.claiming import claims, wishes
from volunteers.models import Claim, Whistle, WhistleEvent, WhistleSeries
from volunteers.presence import attendance
from volunteers.states import ClaimState, WhistleKind, WhistleState
from volunteers.whistling import reminders, series, whistles

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"


def there(whistle: Whistle, volunteer: Any) -> Claim:
    claim = a_claim(whistle, volunteer)
    with clock.at(EVENING):
        return attendance.check_in(claim, by=volunteer.user, point=whistle.point)


def test_check_out_and_abort_in_the_same_second():
    """Nothing is lost: everybody who was there keeps his presence, cut where it ended, and can be credited."""
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city)
    whistle = a_whistle(city.home, service_request=service_request, places_max=20)
    held = [there(whistle, a_volunteer(city)) for _ in range(12)]
    with clock.at(EVENING):
        whistles.start_and_finish_due()
    moment = EVENING + timedelta(minutes=25)

    def leave(pk: int) -> Any:
        def job() -> int:
            claim = Claim.objects.select_related("whistle", "volunteer__user").get(pk=pk)
            return attendance.check_out(claim, by=claim.volunteer.user, point=claim.whistle.point).pk

        return at(moment, job)

    def end() -> int:
        row = Whistle.objects.select_related("service_request__handler").get(pk=whistle.pk)
        return whistles.abort(row, by=city.home.secretary, reason="下大雨").pk

    leaving = [leave(claim.pk) for claim in held[:10]]
    outcomes = at_once([*leaving[:5], at(moment, end), *leaving[5:], at(moment, end)])
    kinds = Counter(kind for kind, _ in outcomes)
    assert kinds == {"done": 11, "refused": 1}, outcomes  # one of the two who end it is the second
    whistle.refresh_from_db()
    assert (whistle.state, whistle.aborted_at) == (WhistleState.DONE, moment)
    assert WhistleEvent.objects.filter(subject=whistle, step="abort").count() == 1
    assert not service_request.holds.exists()
    with clock.at(EVENING + timedelta(hours=1)):
        whistles.start_and_finish_due()
        for claim in Claim.objects.filter(whistle=whistle).select_related("whistle", "volunteer__user"):
            assert attendance.presence(claim) == (EVENING, moment)
            left = claim.state == ClaimState.CHECKED_OUT
            crediting.credit(claim, by=city.home.secretary, reason="" if left else "提前结束，全程在场")
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    assert [claim.entries.get().minutes for claim in held] == [25] * 12


def test_cancel_and_start_at_the_same_moment_one_wins():
    city = a_city()
    for number in range(4):
        whistle = a_whistle(city.home, title=f"{number}")
        claim = a_claim(whistle, a_volunteer(city))

        def off(pk: int = whistle.pk) -> int:
            return whistles.cancel(Whistle.objects.get(pk=pk), by=city.home.secretary, reason="下雨").pk

        def beat() -> int:
            return whistles.start_and_finish_due()

        just_before = EVENING - timedelta(milliseconds=1)
        outcomes = at_once([at(just_before, off), at(EVENING, beat), at(EVENING, beat)])
        assert "broken" not in {kind for kind, _ in outcomes}, outcomes
        whistle.refresh_from_db()
        claim.refresh_from_db()
        state = (whistle.state, claim.state)
        assert state in (
            (WhistleState.CANCELLED, ClaimState.RELEASED),
            (WhistleState.RUNNING, ClaimState.CLAIMED),
        )


def test_a_wish_is_fulfilled_or_expires_never_both():
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city)
    end = EVENING + timedelta(days=3)
    whistle = a_whistle(
        city.home, kind=WhistleKind.WISH, places_max=1, ends_at=end, service_request=service_request
    )
    claim = a_claim(whistle, a_volunteer(city))
    from tests.workflow import a_photo

    def fulfil() -> int:
        row = Claim.objects.select_related("whistle__service_request", "volunteer__user").get(pk=claim.pk)
        return wishes.fulfil(row, by=row.volunteer.user, photos=[a_photo()]).pk

    outcomes = at_once([at(end, fulfil), at(end, whistles.start_and_finish_due), at(end, fulfil)])
    assert "broken" not in {kind for kind, _ in outcomes}, outcomes
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.DONE
    ends = WhistleEvent.objects.filter(subject=whistle, step__in=("fulfil", "expire"))
    assert ends.count() == 1
    assert not service_request.holds.exists()


def test_six_beats_make_each_of_a_series_once():
    city = a_city()
    begun = []
    for number in range(3):
        first = a_whistle(city.home, title=f"{number}")
        with clock.at(FRIDAY_NOON):
            begun.append(series.begin(first, by=city.home.secretary, every_weeks=1, until=date(2027, 1, 29)))
    for week in range(3):
        moment = FRIDAY_NOON + week * WEEK
        outcomes = at_once([at(moment, series.make_due)] * 6)
        assert sum(made for _, made in outcomes) == 3, outcomes
    for each in begun:
        starts = list(Whistle.objects.filter(series=each).values_list("starts_at", flat=True))
        assert sorted(starts) == [EVENING + n * WEEK for n in range(4)]
    assert FanOut.objects.filter(audience="whistle").count() == 12


def test_stopping_while_beat_makes_the_next_one():
    city = a_city()
    first = a_whistle(city.home)
    with clock.at(FRIDAY_NOON):
        begun = series.begin(first, by=city.home.secretary, every_weeks=1, until=date(2027, 1, 29))

    def stop() -> int:
        row = WhistleSeries.objects.select_related("first").get(pk=begun.pk)
        return series.stop(row, by=city.home.secretary).pk

    outcomes = at_once([at(FRIDAY_NOON, series.make_due), at(FRIDAY_NOON, stop), at(FRIDAY_NOON, stop)])
    assert Counter(kind for kind, _ in outcomes) == {"done": 2, "refused": 1}, outcomes
    begun.refresh_from_db()
    assert begun.next_on is None
    assert Whistle.objects.filter(series=begun).count() <= 2
    with clock.at(FRIDAY_NOON + WEEK):
        assert series.make_due() == 0


def test_six_beats_remind_once():
    city = a_city()
    for number in range(4):
        a_claim(a_whistle(city.home, title=f"{number}", places_max=1), a_volunteer(city))
    moment = EVENING - timedelta(hours=1)
    outcomes = at_once([at(moment, reminders.remind_due)] * 6)
    assert sum(written for _, written in outcomes) == 4, outcomes
    assert FanOut.objects.filter(audience="claimants").count() == 4


def test_a_double_tap_on_copying_and_on_begin():
    import uuid

    city = a_city()
    whistle, key = a_whistle(city.home), uuid.uuid4()

    def copy() -> int:
        return whistles.copy(Whistle.objects.get(pk=whistle.pk), by=city.home.secretary, key=key).pk

    def begin() -> int:
        row = Whistle.objects.get(pk=whistle.pk)
        return series.begin(row, by=city.home.secretary, every_weeks=1, until=date(2027, 1, 29)).pk

    outcomes = at_once([at(FRIDAY_NOON, copy)] * 4)
    assert len({pk for _, pk in outcomes}) == 1 and outcomes[0][0] == "done", outcomes
    outcomes = at_once([at(FRIDAY_NOON, begin)] * 4)
    assert {kind for kind, _ in outcomes} <= {"done", "refused"}, outcomes
    assert WhistleSeries.objects.count() == 1


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_a_worker_killed_at_any_moment_neither_loses_nor_doubles(after):
    """The beat that comes next finds exactly what the dead one left undone."""
    city = a_city()
    for number in range(8):
        start = EVENING + timedelta(minutes=number)
        first = a_whistle(city.home, title=f"{number}", starts_at=start, ends_at=start + timedelta(hours=1))
        with clock.at(FRIDAY_NOON):
            series.begin(first, by=city.home.secretary, every_weeks=1, until=date(2027, 1, 29))

    def everything() -> None:
        series.make_due()
        reminders.remind_due()
        whistles.start_and_finish_due()

    _killed(lambda: at(EVENING + timedelta(hours=2), everything)(), after)
    with clock.at(EVENING + timedelta(hours=2)):
        everything()
    assert Whistle.objects.count() == 16
    assert Counter(Whistle.objects.values_list("state", flat=True)) == {"done": 8, "open": 8}
    for step, often in (("draft", 16), ("publish", 16), ("start", 8), ("finish", 8)):
        assert WhistleEvent.objects.filter(step=step).count() == often, step
    assert FanOut.objects.filter(audience="whistle").count() == 16


def _killed(job: Any, after: float) -> None:
    """Run the job in a process that is killed (-9) that many seconds after it began."""
    from django.db import connections

    connections.close_all()
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            connection.ensure_connection()
            os.write(tell, b"x")
            job()
        finally:
            os._exit(0)
    os.read(ready, 1)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(ready)
    os.close(tell)


def test_editing_and_publishing_at_once_never_publishes_half():
    city = a_city()
    draft = a_draft(city.home)

    def edit() -> int:
        row = Whistle.objects.get(pk=draft.pk)
        return whistles.edit(row, by=city.home.secretary, title="换灯泡", text="新的说明").pk

    def publish() -> int:
        return whistles.publish(Whistle.objects.get(pk=draft.pk), by=city.home.secretary).pk

    outcomes = at_once([at(FRIDAY_NOON, edit), at(FRIDAY_NOON, publish)])
    assert "broken" not in {kind for kind, _ in outcomes}, outcomes
    draft.refresh_from_db()
    said = FanOut.objects.get(audience="whistle").title
    assert (draft.title in said) and (draft.title, draft.text) in (
        ("换灯泡", "新的说明"),
        ("楼道灯抢修", "三楼楼道灯不亮，带梯子和灯泡。"),
    )
    with clock.at(FRIDAY_NOON):
        assert claims.claim(draft, by=a_volunteer(city).user).state == ClaimState.CLAIMED
