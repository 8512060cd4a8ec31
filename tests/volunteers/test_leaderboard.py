"""排行榜: the formula of RULES 7, checked against a slow computation by hand; refreshing; movement; sight."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground import clock
from requests import afterwards, workflow
from requests.states import Outcome
from tests.volunteers.board_scenes import score_by_hand
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_draft,
    a_volunteer,
    a_whistle,
    attended,
    credited,
)
from tests.workflow import accepted
from volunteers import leaderboards
from volunteers.accounting import crediting
from volunteers.leaderboards import scoring
from volunteers.models import BoardRow
from volunteers.states import Period
from volunteers.tasks import refresh_boards, start_and_finish_due
from volunteers.whistling import whistles

LATER = EVENING + timedelta(hours=5)
NEXT_DAY = EVENING + timedelta(hours=12)


def score_of(
    minutes: int, times: int, stars: int, ratings: int, weighted: int = 0, members: int = 1
) -> Decimal:
    """The score as the database reckons it; `weighted` in hundredths."""
    figures = {
        "minutes": minutes, "times": times, "stars": stars, "ratings": ratings, "weighted": weighted,
        "members": members,
    }  # fmt: skip
    columns = ", ".join(f"CAST(%s AS BIGINT) AS {name}" for name in figures)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {scoring.CENTS} FROM (SELECT {columns}) figures", list(figures.values()))
        return Decimal(cursor.fetchone()[0]) / 100


@pytest.mark.django_db
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 100_000), st.integers(0, 500), st.lists(st.integers(1, 5), max_size=60),
    st.integers(0, 100_000), st.integers(1, 300),
)  # fmt: skip
def test_the_formula(minutes, times, stars, weighted, members):
    by_hand = score_by_hand(minutes, times, stars, Decimal(weighted) / 100, members)
    assert score_of(minutes, times, sum(stars), len(stars), weighted, members) == by_hand


@pytest.mark.django_db
def test_one_kind_word_does_not_lead():
    assert score_of(60, 1, 5, 1) == Decimal("2.17")  # 1 + 0.5 + 2 × (20/6 − 3)
    assert score_of(60, 1, 0, 0) == Decimal("1.50")


@pytest.mark.django_db
def test_the_whole_line_ends_on_the_board():
    city = a_city()
    volunteer = a_volunteer(city)
    with clock.at(FRIDAY_NOON):
        service_request = accepted(city)
        whistle = whistles.publish(
            a_draft(city.home, service_request=service_request), by=city.home.secretary
        )
    claim = attended(whistle, volunteer)
    with clock.at(EVENING + timedelta(hours=1)):
        start_and_finish_due()
        crediting.credit(claim, by=city.home.secretary)
        refresh_boards()
    with clock.at(EVENING + timedelta(hours=2)):
        row = leaderboards.row_of(volunteer.pk, city.district.pk, Period.MONTH)
        assert row is not None and row.score == Decimal("1.50")
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
        afterwards.rate(
            service_request, by=service_request.submitter, contacted=True, solved=True, satisfied=5
        )
        refresh_boards()
        row = leaderboards.row_of(volunteer.pk, city.district.pk, Period.MONTH)
    assert row is not None
    assert (row.score, row.mean_rating, row.times) == (Decimal("2.17"), Decimal("5.00"), 1)


@pytest.mark.django_db
def test_refreshing_does_nothing_where_nothing_changed_and_shows_movement():
    city = a_city()
    first, second = a_volunteer(city), a_volunteer(city)
    credited(city.home, first)
    with clock.at(LATER):
        # Three periods of the city's three, the district's, the community's.
        assert leaderboards.refresh_due() == 3 * 5
        assert leaderboards.refresh_due() == 0
        before = list(BoardRow.objects.values_list("pk", flat=True))
    with clock.at(LATER + timedelta(minutes=10)):
        leaderboards.refresh(leaderboards.board_of(city.district, Period.MONTH))
        assert leaderboards.close_due() == 0, "the day is not over"
    with clock.at(NEXT_DAY):
        assert leaderboards.close_due() == 3 * 5
    assert list(BoardRow.objects.values_list("pk", flat=True)) == before, (
        "what has not changed is not written"
    )
    credited(city.home, second, minutes=120)
    with clock.at(NEXT_DAY):
        assert leaderboards.refresh_due() == 3 * 5
        rows = {
            row.volunteer: row
            for row in leaderboards.rows_of(leaderboards.board_of(city.district, Period.MONTH))
        }
    assert (rows[first].rank, rows[first].closed_rank, leaderboards.movement(rows[first])) == (2, 1, -1)
    assert (rows[second].rank, leaderboards.movement(rows[second])) == (1, None)


@pytest.mark.django_db
def test_a_new_month_has_a_board_of_its_own_and_late_credits_reach_the_old_one():
    city = a_city()
    volunteer = a_volunteer(city)
    credited(city.home, volunteer)
    next_month = LATER + timedelta(days=20)
    with clock.at(LATER):
        leaderboards.refresh_due()
    with clock.at(next_month):
        leaderboards.close_due()
        assert not leaderboards.board_of(city.district, Period.MONTH).rows.exists()
        assert leaderboards.board_of(city.district, Period.QUARTER).rows.count() == 1
    late = attended(a_whistle(city.home), a_volunteer(city))
    with clock.at(next_month):
        crediting.credit(late, by=city.home.secretary)
        leaderboards.refresh_due()
        assert leaderboards.board_of(city.district, Period.MONTH, EVENING.date()).rows.count() == 2
        assert not leaderboards.board_of(city.district, Period.MONTH).rows.exists()


@pytest.mark.django_db
def test_one_aggregate_query_however_many():
    city = a_city()
    for _ in range(5):
        credited(city.home, a_volunteer(city))
    with clock.at(LATER), CaptureQueriesContext(connection) as seen:
        leaderboards.refresh_due()
    sums = [query for query in seen.captured_queries if "SUM(" in query["sql"]]
    assert len(sums) == 3 * 5
    assert len(seen) <= 3 * 5 * 20


@pytest.mark.django_db
def test_uncredited_work_does_not_count():
    city = a_city()
    attended(a_whistle(city.home), a_volunteer(city))
    with clock.at(LATER):
        leaderboards.refresh_due()
    assert not BoardRow.objects.exists()
