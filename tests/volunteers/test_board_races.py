"""Boards under several workers, and with one killed in the middle: real processes on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from ground import clock
from notifications.models import Outgoing
from tests.volunteers.board_scenes import World, a_world, quickly, slowly
from tests.volunteers.racing import PATIENCE, at, at_once
from tests.volunteers.scenes import CHINA
from volunteers import leaderboards
from volunteers.leaderboards import closing, refreshing
from volunteers.leaderboards.naming import span
from volunteers.models import Board, BoardNews, BoardRow, BoardSnapshot, LedgerEntry, Star

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 11, 20, 12, tzinfo=CHINA)


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"


def a_world_with_news(seed: int) -> World:
    """Every entry wrote its news, as it does when it is credited."""
    world = a_world(random.Random(seed), services=30)
    for entry in LedgerEntry.objects.all():
        BoardNews.objects.create(
            district_id=entry.district_id,
            community_id=entry.community_id,
            served_on=entry.served_at.astimezone(CHINA).date(),
        )
    return world


def all_rows() -> dict[Any, Any]:
    return {
        (board.kind, board.organization_id, board.period, board.starts_on): quickly(board)
        for board in Board.objects.all()
    }


def agree() -> None:
    for board in Board.objects.select_related("organization"):
        assert quickly(board) == slowly(board, *span(board)), board


def test_two_refreshes_side_by_side_leave_what_one_does():
    a_world_with_news(1)
    outcomes = at_once([at(NOW, leaderboards.refresh_due)] * 4)
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    assert not BoardNews.objects.exists() and Board.objects.count() > 20
    with clock.at(NOW):
        agree()
        together = all_rows()
        BoardRow.objects.all().delete()
        leaderboards.refresh_named({refreshing._name(board) for board in Board.objects.all()})
        assert all_rows() == together


def _refresh_and_hang(nth: int, reached: Any) -> None:
    """The nth time that rows are taken over it hangs: written, not committed."""
    calls = iter(range(1000))

    def slow(write: Any) -> Any:
        def hang(sheet: Any) -> None:
            write(sheet)
            if next(calls) == nth:
                reached.set()
                time.sleep(PATIENCE)

        return hang

    refreshing._fill, refreshing._take_over = slow(refreshing._fill), slow(refreshing._take_over)
    with clock.at(NOW):
        leaderboards.refresh_due()


def _close_and_hang(nth: int, reached: Any) -> None:
    kept, calls = closing._kept, iter(range(100_000))

    def hang(*args: Any) -> Any:
        if next(calls) == nth:
            reached.set()
            time.sleep(PATIENCE)
        return kept(*args)

    closing._kept = hang
    with clock.at(NOW + timedelta(days=1)):
        leaderboards.close_due()


def killed(job: Any, nth: int) -> None:
    """Run the job in a process of its own and end it with SIGKILL at its nth step."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    reached = context.Event()
    worker = context.Process(target=job, args=(nth, reached), daemon=True)
    worker.start()
    assert reached.wait(PATIENCE)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(PATIENCE)
    assert worker.exitcode == -signal.SIGKILL


def test_killed_while_it_refreshes_nothing_is_lost_and_nothing_stands_double():
    a_world_with_news(2)
    news = BoardNews.objects.count()
    for nth in (0, 4, 9):
        killed(_refresh_and_hang, nth)
        assert BoardNews.objects.count() == news, "news is forgotten at the end only"
        for board in Board.objects.select_related("organization"):
            rows = quickly(board)
            with clock.at(NOW):
                assert rows in ([], slowly(board, *span(board))), "a whole board, or none"
    with clock.at(NOW):
        assert leaderboards.refresh_due() == Board.objects.count()
        assert not BoardNews.objects.exists()
        agree()


def test_killed_while_it_closes_every_day_is_closed_once():
    a_world_with_news(3)
    with clock.at(NOW):
        leaderboards.refresh_due()
    there = set(Board.objects.filter(starts_on__lte=NOW).values_list("pk", flat=True))
    killed(_close_and_hang, 12)
    night = at(NOW + timedelta(days=1), leaderboards.close_due)
    outcomes = at_once([night] * 3)
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    day = NOW.date()
    present = {board.pk for board in Board.objects.filter(pk__in=there, closed_on=day)}
    assert present == set(BoardSnapshot.objects.filter(day=day).values_list("board", flat=True))
    for snapshot in BoardSnapshot.objects.filter(day=day).select_related("board"):
        places = snapshot.board.rows.filter(rank__lte=50).order_by("rank")
        assert [row["rank"] for row in snapshot.rows] == list(places.values_list("closed_rank", flat=True))


def test_stars_proclaimed_by_three_at_once_are_proclaimed_once():
    a_world_with_news(4)
    with clock.at(NOW):
        leaderboards.refresh_due()
    outcomes = at_once([at(datetime(2026, 12, 5, 0, 5, tzinfo=CHINA), leaderboards.close_due)] * 3)
    assert not [said for kind, said in outcomes if kind != "done"], outcomes
    assert Star.objects.exists()
    assert Outgoing.objects.filter(key__startswith="star:").count() == Star.objects.count()
