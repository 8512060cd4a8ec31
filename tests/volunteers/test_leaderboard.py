"""排行榜: the formula of RULES 7, checked against a slow computation by hand; refreshing; movement; sight."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from ground import clock
from requests import afterwards, workflow
from requests.models import Rating, ServiceRequest
from requests.states import Outcome
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_draft,
    a_plain_volunteer,
    a_volunteer,
    a_whistle,
    attended,
    credited,
)
from tests.workflow import accepted, filed
from volunteers import crediting, leaderboards, whistles
from volunteers.leaderboards import Tally
from volunteers.models import Board, BoardRow, Claim, LedgerEntry, Whistle
from volunteers.states import ClaimState, Period
from volunteers.tasks import refresh_boards, start_and_finish_due

LATER = EVENING + timedelta(hours=5)


def score_by_hand(minutes: int, times: int, stars: list[int]) -> Decimal:
    mean = Fraction(5 * 3 + sum(stars), 5 + len(stars))
    points = Fraction(minutes, 60) + Fraction(1, 2) * times + 2 * (mean - 3)
    exact = Decimal(points.numerator) / Decimal(points.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 100_000), st.integers(0, 500), st.lists(st.integers(1, 5), max_size=60))
def test_the_formula(minutes, times, stars):
    tally = Tally(1, minutes, times, sum(stars), len(stars), EVENING)
    assert tally.score == score_by_hand(minutes, times, stars)


def test_one_kind_word_does_not_lead():
    assert Tally(1, 60, 1, 5, 1, EVENING).score == Decimal("2.17")  # 1 + 0.5 + 2 × (20/6 − 3)
    assert Tally(1, 60, 1, 0, 0, EVENING).score == Decimal("1.50")


def test_ties_go_by_hours_then_by_who_was_first():
    more_hours = Tally(1, 90, 1, 0, 0, EVENING)  # 1.5 + 0.5
    more_times = Tally(2, 60, 2, 0, 0, EVENING)  # 1 + 1
    later = Tally(3, 60, 2, 0, 0, LATER)
    assert more_hours.score == more_times.score == later.score
    assert leaderboards.in_order([later, more_times, more_hours]) == [more_hours, more_times, later]


def an_entry(rng, city, volunteer, secretary, requests):
    """A credited service, written straight into the tables: only the sums matter here."""
    start = datetime(2026, 1, 1, tzinfo=EVENING.tzinfo) + timedelta(minutes=rng.randrange(365 * 24 * 60))
    whistle = Whistle(
        number=uuid.uuid4().hex[:20], title="服务", text="", place="此处", lng=113.58, lat=24.8, places_max=1,
        starts_at=start, ends_at=start + timedelta(hours=4), claim_by=start, created_by=secretary, key=uuid.uuid4(),
        service_request=rng.choice(requests),
    )  # fmt: skip
    whistle.place_under(city.home.organization)
    whistle.save()
    claim = Claim.objects.create(whistle=whistle, volunteer=volunteer, state=ClaimState.CREDITED)
    for minutes in [rng.randrange(30, 240)] + ([-rng.randrange(1, 30)] if rng.random() < 0.3 else []):
        entry = LedgerEntry(
            volunteer=volunteer, claim=claim, whistle=whistle, minutes=minutes, off_hours_minutes=0,
            duty_area="safety", attested="location", served_at=start, by=secretary, at=start,
        )  # fmt: skip
        entry.place_under(city.home.organization)
        entry.save()


def slowly(volunteers, start, end):
    """The board by hand: one volunteer after the other, one entry after the other."""
    found = []
    for volunteer in volunteers:
        entries = [entry for entry in volunteer.entries.all() if start <= entry.served_at < end]
        if not entries:
            continue
        done = {entry.claim_id: entry.whistle for entry in entries}
        stars = []
        for whistle in done.values():
            rating = Rating.objects.filter(service_request=whistle.service_request_id).first()
            stars += [rating.satisfied] if rating else []
        minutes = sum(entry.minutes for entry in entries)
        mean = (Decimal(sum(stars)) / len(stars)).quantize(Decimal("0.01"), ROUND_HALF_UP) if stars else None
        row = (volunteer.pk, score_by_hand(minutes, len(done), stars), minutes, len(done), mean)
        found.append((*row, max(entry.at for entry in entries)))
    return sorted(found, key=lambda row: (-row[1], -row[2], row[5], row[0]))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_the_board_agrees_with_the_sums_by_hand(seed):
    rng, city = random.Random(seed), a_city()
    volunteers = [a_volunteer(city) for _ in range(8)]
    plain, stranger_city = a_plain_volunteer(city), a_city("浈江")
    stranger = a_volunteer(stranger_city)
    requests: list[ServiceRequest | None] = [None]
    for number in range(6):
        service_request = filed(city)
        requests.append(service_request)
        if number < 4:
            Rating.objects.create(
                service_request=service_request, contacted=True, solved=True,
                satisfied=rng.randrange(1, 6), by=service_request.submitter,
            )  # fmt: skip
    for _ in range(60):
        an_entry(rng, city, rng.choice([*volunteers, plain]), city.home.secretary, requests)
    an_entry(rng, stranger_city, stranger, stranger_city.home.secretary, [None])
    with clock.at(datetime(2026, 5, 10, tzinfo=EVENING.tzinfo)):
        leaderboards.refresh_due()
        for period in Period:
            board = leaderboards.board_of(city.district, period)
            rows = [
                (row.volunteer_id, row.score, row.minutes, row.times, row.mean_rating)
                for row in leaderboards.rows_of(board)
            ]
            expected = slowly(volunteers, *leaderboards.bounds(period))
            assert rows == [row[:5] for row in expected], period
            assert [row.rank for row in leaderboards.rows_of(board)] == list(range(1, len(rows) + 1))


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
        assert leaderboards.refresh_due() == 3
        assert leaderboards.refresh_due() == 0
        before = list(BoardRow.objects.values_list("pk", flat=True))
    with clock.at(LATER + timedelta(hours=1)):
        leaderboards.refresh_due()
    assert list(BoardRow.objects.values_list("pk", flat=True)) == before
    assert Board.objects.first().refreshed_at == LATER + timedelta(hours=1)
    credited(city.home, second, minutes=120)
    with clock.at(LATER):
        assert leaderboards.refresh_due() == 3
        rows = {
            row.volunteer: row
            for row in leaderboards.rows_of(leaderboards.board_of(city.district, Period.MONTH))
        }
    assert (rows[first].rank, rows[first].closed_rank, leaderboards.movement(rows[first])) == (2, 1, -1)
    assert (rows[second].rank, leaderboards.movement(rows[second])) == (1, None)


@pytest.mark.django_db
def test_a_new_month_has_a_board_of_its_own():
    city = a_city()
    credited(city.home, a_volunteer(city))
    with clock.at(LATER):
        leaderboards.refresh_due()
    with clock.at(LATER + timedelta(days=20)):
        leaderboards.refresh_due()
        assert not leaderboards.board_of(city.district, Period.MONTH).rows.exists()
        assert leaderboards.board_of(city.district, Period.QUARTER).rows.count() == 1


@pytest.mark.django_db
def test_one_aggregate_query_however_many():
    city = a_city()
    for _ in range(5):
        credited(city.home, a_volunteer(city))
    with clock.at(LATER), CaptureQueriesContext(connection) as seen:
        leaderboards.refresh(city.district, Period.MONTH)
    sums = [query for query in seen.captured_queries if "SUM(" in query["sql"]]
    assert len(sums) == 1
    assert len(seen) <= 20


@pytest.mark.django_db
def test_uncredited_work_does_not_count():
    city = a_city()
    attended(a_whistle(city.home), a_volunteer(city))
    with clock.at(LATER):
        leaderboards.refresh_due()
    assert not BoardRow.objects.exists()
