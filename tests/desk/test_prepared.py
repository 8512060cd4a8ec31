"""The statement that counts for the menu is kept, and says the same as one that is put together anew."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk import nav, prepared, worklist
from ground import clock
from requests.models import ServiceRequest
from tests.desk.scenes import MORNING, accept, ask
from tests.factories import City, a_city, a_grid_worker, appoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    prepared._kept.clear()
    with clock.at(MORNING - timedelta(days=30)):
        return a_city()


def counted(user: Any, *, kept: bool) -> tuple[dict[str, int], dict[str, int]]:
    """The tabs and the menu as a fresh HTTP request sees them."""
    if not kept:
        prepared._kept.clear()
    user.scope_cache = {}
    return worklist.counts(user), nav.waiting_counts(user)


def test_kept_statements_count_what_new_ones_count_whatever_the_hour(city: City) -> None:
    home = city.home
    ask(home, MORNING)
    late = ask(home, MORNING - timedelta(days=3), text="下水道堵了")
    accept(late, home, MORNING - timedelta(days=3))
    with clock.at(MORNING):
        counted(home.secretary, kept=False)
    assert len(prepared._kept) == 2
    numbers = set()
    for days in (-2, 0, 1, 5, 30):
        with clock.at(MORNING + timedelta(days=days)):
            found = counted(home.secretary, kept=True)
            assert found == counted(home.secretary, kept=False)
            numbers.add((found[0]["today"], found[0]["overdue"]))
    assert len(numbers) > 1, "the moments of the scene make no difference"


def test_another_post_is_another_statement(city: City) -> None:
    home, there = city.home, city.next_door
    ask(there, MORNING)
    with clock.at(MORNING):
        assert counted(home.secretary, kept=True)[0]["new"] == 0
        appoint(home.secretary, "secretary", there.organization)
        assert counted(home.secretary, kept=True)[0]["new"] == 1


def test_whoever_is_bound_to_grids_keeps_none(city: City) -> None:
    worker = a_grid_worker(city.home)
    asked = ask(city.home, MORNING)
    ServiceRequest.objects.filter(pk=asked.pk).update(grid=city.home.grid)
    with clock.at(MORNING):
        counted(worker, kept=True)
    assert not prepared._kept


def test_no_more_are_kept_than_fit(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST", 3)
    for secretary in (city.home.secretary, city.next_door.secretary, city.home.secretary):
        counted(secretary, kept=True)
        assert len(prepared._kept) <= 3


def planned_here() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements WHERE name LIKE 'counted_%'")
        return dict(cursor.fetchall())


@pytest.mark.services
def test_people_with_like_posts_share_what_postgresql_planned(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "_names", {})
    ask(city.next_door, MORNING)
    people = (city.home.secretary, city.next_door.secretary)
    with clock.at(MORNING):
        with CaptureQueriesContext(connection):  # read along, so that every statement is said in full
            told = [counted(user, kept=False) for user in people]
        before = planned_here()
        assert [counted(user, kept=True) for user in people] == told
        assert told[0] != told[1]
        there = {name: said for name, said in planned_here().items() if name not in before}
        assert len(there) == 2
        assert all(re.search(r'"accounts_user"."id" = \$\d+$', said) for said in there.values())
        assert [counted(user, kept=True) for user in people] == told, "planned, and asked again"
        assert len(planned_here()) == len(before) + 2


@pytest.mark.services
def test_of_more_shapes_than_fit_none_is_left_planned(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST_SHAPES", 0)
    monkeypatch.setattr(prepared, "_names", {})
    before = planned_here()
    with clock.at(MORNING):
        assert counted(city.home.secretary, kept=False) == counted(city.home.secretary, kept=True)
    assert planned_here() == before


class Emptied(dict[Any, Any]):
    """What another thread empties between the question and the answer."""

    def __contains__(self, key: object) -> bool:
        return True


def test_another_thread_may_empty_them_at_any_moment(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "_kept", Emptied())
    with clock.at(MORNING):
        assert counted(city.home.secretary, kept=True)[0]["new"] == 0
