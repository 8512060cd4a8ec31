"""排行榜: boards that may be opened, and what a score is made of."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from organizations.models.policies import Boards
from volunteers import leaderboards, presenting
from volunteers.states import Period
from volunteers.views.answering import page_of, volunteer_of

RANKS_PER_PAGE = 50


def _district(user: Any, pk: int) -> Any:
    """A district whose boards the user may open, with what they show in `boards_shown`."""
    return get_object_or_404(leaderboards.visible_to(user), pk=pk)


def period_of(given: str) -> Period:
    """The period named, or the month."""
    return Period(given) if given in Period.values else Period.MONTH


def _periods(period: Period) -> list[dict[str, Any]]:
    return [{"label": each.label, "url": f"?period={each.value}", "on": each == period} for each in Period]


@login_required
@require_GET
def own_leaderboard(request: HttpRequest) -> HttpResponse:
    """The board of one's own district."""
    volunteer = volunteer_of(request.user)
    seen = leaderboards.visible_to(request.user)
    district = (seen.filter(pk=volunteer.district_id).first() if volunteer else None) or seen.first()
    if district is None:
        raise Http404
    return redirect("volunteers:leaderboard", district.pk)


@login_required
@require_GET
def leaderboard(request: HttpRequest, pk: int) -> HttpResponse:
    """排行榜: members of a district; every score opens to its entries."""
    district, period = _district(request.user, pk), period_of(request.GET.get("period", ""))
    board = leaderboards.board_of(district, period)
    rows: QuerySet[Any] | list[Any] = leaderboards.rows_of(board, district.boards_shown) if board else []
    page = page_of(request, rows, RANKS_PER_PAGE)
    volunteer = volunteer_of(request.user)
    me, query = volunteer.pk if volunteer else None, f"period={period.value}"
    lines = presenting.rank_rows(page, me, query, district.boards_shown)
    own = (
        leaderboards.row_of(me, district.pk, period)
        if me and not any(line["is_me"] for line in lines)
        else None
    )
    context = {
        "tab": "",
        "back": "/service/" if volunteer else "/",
        "district": district,
        "board": board,
        "period": period,
        "items": _periods(period),
        "page": page,
        "lines": lines,
        "own": own,
        "own_place": leaderboards.place_of(own, district.boards_shown) if own else None,
        "is_positive": district.boards_shown == Boards.POSITIVE,
    }
    return render(request, "volunteers/leaderboard.html", context)


@login_required
@require_GET
def score(request: HttpRequest, pk: int, volunteer: int) -> HttpResponse:
    """What a score is made of: the ledger entries that the board counts."""
    district, period = _district(request.user, pk), period_of(request.GET.get("period", ""))
    row = leaderboards.row_of(volunteer, district.pk, period)
    place = leaderboards.place_of(row, district.boards_shown) if row else None
    if row is None or (place is None and row.volunteer.user_id != request.user.pk):
        raise Http404
    entries = leaderboards.entries_of(district, period).filter(volunteer=volunteer)
    context = {
        "tab": "",
        "back": f"/leaderboards/{pk}/?period={period.value}",
        "district": district,
        "period": period,
        "row": row,
        "place": place,
        "page": page_of(request, entries.select_related("whistle__service_request__rating", "community")),
    }
    return render(request, "volunteers/score.html", context)
