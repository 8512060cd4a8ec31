"""All five boards against the sums by hand, over random services (RULES 7)."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ground import clock
from tests.organizations.policy_scenes import an_officer, sign
from tests.volunteers.board_scenes import a_service, a_world, fill, quickly, slowly
from tests.volunteers.scenes import CHINA
from volunteers import leaderboards
from volunteers.leaderboards.naming import Name, span
from volunteers.models import Board, BoardRow
from volunteers.states import BoardKind

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=CHINA)


def agree() -> set[str]:
    """Every board that there is agrees with the sums by hand; gives the kinds that had rows."""
    kinds = set()
    for board in Board.objects.select_related("organization"):
        assert quickly(board) == slowly(board, *span(board)), board
        assert list(board.rows.order_by("rank").values_list("rank", flat=True)) == list(
            range(1, board.rows.count() + 1)
        )
        kinds |= {board.kind} if board.rows.exists() else set()
    return kinds


def test_all_five_agree_with_the_sums_by_hand():
    rng = random.Random(0)
    world = a_world(rng)
    with clock.at(NOW):
        officer = an_officer(world.cities[0].district)
        sign(officer, world.cities[0].district, like_weight=Decimal("0.25"))
        sign(an_officer(world.cities[1].district), world.cities[1].district, like_weight=Decimal("1.05"))
        leaderboards.refresh_all()
        assert agree() == set(BoardKind)
        fill(world, rng, 16)
        BoardRow.objects.filter(rank=1).delete()  # whatever stood there before
        for board in Board.objects.all():
            leaderboards.refresh(board)
        assert agree() == set(BoardKind)


def test_a_district_that_has_no_boards_is_left_out_of_the_citys():
    rng = random.Random(5)
    world = a_world(rng)
    with clock.at(NOW):
        off = world.cities[1].district
        sign(an_officer(off), off, boards="off")
        leaderboards.refresh_all()
        agree()
    assert not Board.objects.filter(organization__tree_id=off.tree_id).exists()
    communities = BoardRow.objects.filter(board__kind=BoardKind.CITY_COMMUNITIES)
    assert communities.exists() and not communities.filter(community__tree_id=off.tree_id).exists()


def test_where_likes_are_not_shown_they_neither_count_nor_stand_there():
    world = a_world(random.Random(6))
    with clock.at(NOW):
        for city in world.cities:
            sign(an_officer(city.district), city.district, likes_shown=False, like_weight=Decimal(0))
        leaderboards.refresh_all()
        agree()
    assert not BoardRow.objects.exclude(likes=0).exists()


def test_ties_go_by_hours_then_fewer_refusals_then_who_was_first():
    world = a_world(random.Random(1), services=0)
    home, (one, two, three, four, *_) = world.cities[0].home, world.people
    for person, hour in ((one, 9), (two, 8), (three, 7)):
        a_service(home, person, NOW.replace(hour=hour), [60])
        a_service(home, person, NOW.replace(hour=hour - 6), [60])
    a_service(home, two, NOW.replace(hour=6), [], state="refused")
    a_service(home, four, NOW.replace(hour=1), [150])  # 2.5 + 0.5 = 2 + 1
    with clock.at(NOW):
        name = Name(
            BoardKind.DISTRICT_MEMBERS, world.cities[0].district.pk, "month", leaderboards.first_day("month")
        )
        leaderboards.refresh_named([name])
    rows = Board.objects.get(**name.columns).rows.order_by("rank")
    assert {row.score for row in rows} == {Decimal("3.00")}
    assert [row.volunteer for row in rows] == [four, three, one, two]


def test_a_year_ends_where_the_city_is():
    world = a_world(random.Random(2), services=0)
    home, person = world.cities[0].home, world.people[0]
    a_service(home, person, datetime(2026, 12, 31, 23, 59, tzinfo=CHINA), [60])
    a_service(home, person, datetime(2027, 1, 1, 0, 0, tzinfo=CHINA), [90])
    for year, minutes in ((2026, 60), (2027, 90)):
        day = datetime(year, 12, 31, 23, 59, 30, tzinfo=CHINA)
        with clock.at(day):
            for name in ("month", "quarter", "year") if year == 2026 else ("year",):
                board = Name(BoardKind.CITY_MEMBERS, None, name, leaderboards.first_day(name))
                leaderboards.refresh_named([board])
                assert Board.objects.get(**board.columns).rows.get().minutes == minutes


def test_the_citys_boards_take_one_aggregate_query_each():
    a_world(random.Random(3), services=30)
    with clock.at(NOW), CaptureQueriesContext(connection) as seen:
        leaderboards.refresh_named([Name(BoardKind.CITY_UNITS, None, "year", leaderboards.first_day("year"))])
    assert len([query for query in seen.captured_queries if "SUM(" in query["sql"]]) == 1
    assert len(seen) <= 20
