"""每日结榜: where everybody stood at the end of a day, and the stars of a month that is over (S11).

Run by beat after midnight and many times after that: what is done is not done again, what an outage left behind
is caught up. Every board is closed in a transaction of its own, under its lock.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse

from ground import clock, periods
from notifications.outbox import say
from organizations.models import Organization
from organizations.models.policies import Boards
from volunteers.leaderboards import naming, sight
from volunteers.leaderboards.refreshing import refresh, refresh_all, refresh_due
from volunteers.models import Board, BoardRow, BoardSnapshot, Star
from volunteers.states import BoardKind, Period

#: So many places are kept of every day.
KEPT = 50
#: The stars of a month are proclaimed on this day of the next, when late credits have come in.
PROCLAIMED_ON = 5
#: How many months back stars are caught up after an outage.
CAUGHT_UP = 2
#: How many stars a place has.
STARS = {BoardKind.DISTRICT_MEMBERS: 10, BoardKind.COMMUNITY_MEMBERS: 3}


def close_due() -> int:
    """The night's work: news, closing, all boards anew under today's policies, stars. Returns boards closed."""
    refresh_due()
    yesterday = clock.today() - timedelta(days=1)
    closed = sum(close(board, yesterday) for board in _to_close(yesterday))
    refresh_all()
    proclaim_due()
    return closed


def _to_close(day: date) -> list[Board]:
    """Boards that were not closed for this day, or for the last one of a period that is over."""
    open_ones = Board.objects.filter(starts_on__lte=day).filter(Q(closed_on=None) | Q(closed_on__lt=day))
    rows = open_ones.select_related("organization").order_by("pk")
    return [board for board in rows.filter(_not_over_when_closed()) if _day_of(board, day) != board.closed_on]


def _not_over_when_closed() -> Q:
    """Leaves out, in the database, boards of the past that were closed after their last day."""
    found = Q(closed_on=None)
    for period in Period:
        found |= Q(period=period, starts_on__gte=_before(period))
    return found


def _before(period: str) -> date:
    """The first day of the period before the present one."""
    return periods.first_day(period, naming.first_day(period) - timedelta(days=1))


def _day_of(board: Board, day: date) -> date:
    return min(day, naming.last_day(board))


def close(board: Board, day: date) -> bool:
    """Close one board for a day, or for its last one: keep the upper places; movement is told from here on."""
    with transaction.atomic():
        board = Board.objects.select_for_update(of=("self",)).select_related("organization").get(pk=board.pk)
        day = _day_of(board, day)
        if board.closed_on is not None and board.closed_on >= day:
            return False
        board.rows.exclude(closed_rank=F("rank"), closed_rank__isnull=False).update(closed_rank=F("rank"))
        size = sight.size_of(board)
        rows = sight.rows_of(board, Boards.ON)[:KEPT]
        kept = {"rows": [_kept(board, row) for row in rows], "size": size}
        BoardSnapshot.objects.update_or_create(board=board, day=day, defaults=kept)
        board.closed_on = day
        board.save(update_fields=["closed_on"])
    return True


def _kept(board: Board, row: BoardRow) -> dict[str, Any]:
    subject = getattr(row, naming.subject_of(board))
    return {
        "rank": row.rank,
        "name": str(subject),
        "id": subject.pk,
        "score": str(row.score),
        "minutes": row.minutes,
        "times": row.times,
    }


# Stars


def proclaim_due() -> int:
    """报到之星: proclaim those of the last month once its day has come; returns how many there are anew."""
    today = clock.today()
    month = naming.first_day(Period.MONTH)
    if today.day < PROCLAIMED_ON:
        month = _a_month_before(month)
    oldest = month
    for _ in range(CAUGHT_UP):
        oldest = _a_month_before(oldest)
    boards = _without_stars().filter(starts_on__lt=month, starts_on__gte=oldest)
    return sum(proclaim(board) for board in boards.order_by("starts_on", "pk"))


def _a_month_before(month: date) -> date:
    return periods.first_day("month", month - timedelta(days=1))


def _without_stars() -> QuerySet[Board]:
    stars = Star.objects.filter(organization=OuterRef("organization"), month=OuterRef("starts_on"))
    rows = BoardRow.objects.filter(board=OuterRef("pk"))
    boards = Board.objects.filter(kind__in=STARS, period=Period.MONTH)
    return boards.filter(Exists(rows), ~Exists(stars))


def proclaim(board: Board) -> int:
    """Name the stars of one month and place, and congratulate them. Once; returns how many.

    The board is computed once more before. Nobody is named whom the district's policy does not show.
    """
    with transaction.atomic():
        place: Any = sight.with_boards(Organization.objects.filter(pk=board.organization_id)).first()
        if place is None:
            return 0
        refresh(board)
        Board.objects.select_for_update().get(pk=board.pk)
        if Star.objects.filter(organization=place, month=board.starts_on).exists():
            return 0
        shown = place.boards_shown
        stars = [
            _star(place.pk, board, row) for row in sight.rows_of(board, shown)[: STARS[BoardKind(board.kind)]]
        ]
        Star.objects.bulk_create(stars)
        for star in stars:
            _congratulate(place, star)
    return len(stars)


def _star(place_id: int, board: Board, row: BoardRow) -> Star:
    return Star(
        organization_id=place_id,
        month=board.starts_on,
        volunteer=row.volunteer,
        rank=row.rank,
        score=row.score,
        minutes=row.minutes,
        times=row.times,
    )


def _congratulate(place: Any, star: Star) -> None:
    say(
        to=star.volunteer.user,
        key=f"star:{place.pk}:{star.month:%Y-%m}",
        title=f"祝贺你成为{place.short_name} {star.month.month} 月报到之星",
        text=f"{star.month.month} 月你服务了 {star.times} 次，排在第 {star.rank} 名。感谢你的付出。",
        url=reverse("volunteers:service"),
        about=f"star:{star.month:%Y-%m}",
    )
