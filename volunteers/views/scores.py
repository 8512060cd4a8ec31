"""What a score is made of: ledger entries of a member, counts of a unit or a community (RULES 7)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from requests.states import DutyArea
from volunteers import leaderboards
from volunteers.leaderboards import naming, sight
from volunteers.models import Board, BoardRow, LedgerEntry
from volunteers.states import ClaimState
from volunteers.views.answering import page_of
from volunteers.views.boards import Asked


@login_required
@require_GET
def score(request: HttpRequest, pk: int, volunteer: int) -> HttpResponse:
    """A member of a district or community: the ledger entries that the board counts."""
    return _score(request, Asked.of_place(request, pk), volunteer)


@login_required
@require_GET
def city_score(request: HttpRequest, slug: str, subject: int) -> HttpResponse:
    """A member, a unit or a community on a board of the city."""
    return _score(request, Asked.of_city(request, slug), subject)


def _score(request: HttpRequest, asked: Asked, subject: int) -> HttpResponse:
    board = asked.board()
    if board is None:
        raise Http404
    row = _row(request.user, asked, board, subject)
    column = naming.subject_of(board)
    entries = leaderboards.entries_of(board).filter(**{column: subject})
    if asked.place is None:  # what was served where there are no boards is on none of the city's
        entries = entries.filter(district__in=[each.pk for each in sight.districts()])
    context = {
        "tab": "",
        "back": f"{asked.url}?{asked.query}",
        "row": row,
        "name": getattr(row, column),
        "place": leaderboards.place_of(row, asked.shown()),
        **asked.context(),
    }
    if column == "volunteer":
        shown = entries.order_by("-served_at", "-id")
        context["page"] = page_of(
            request, shown.select_related("whistle__service_request__rating", "community")
        )
        return render(request, "volunteers/score.html", context)
    context |= {
        "areas": _areas(entries),
        "page": page_of(
            request, _people(LedgerEntry.objects.visible_to(request.user).filter(pk__in=entries.values("pk")))
        ),
    }
    return render(request, "volunteers/score_of_many.html", context)


def _row(user: Any, asked: Asked, board: Board, subject: int) -> BoardRow:
    """The row with the size of its board; 404 where the policy does not show it, unless it is one's own."""
    column = naming.subject_of(board)
    row = sight.row_in(Q(board=board, **{column: subject}))
    if row is None:
        raise Http404
    is_own = row.volunteer is not None and row.volunteer.user_id == user.pk
    if not is_own and not leaderboards.rows_of(board, asked.boards, size=row.size).filter(pk=row.pk).exists():  # type: ignore[attr-defined]
        raise Http404
    return row


def _areas(entries: QuerySet[LedgerEntry]) -> list[dict[str, Any]]:
    """Services and minutes by duty area, most first. One query."""
    rows: Any = entries.order_by().values("duty_area").annotate(total=Sum("minutes"), times=_services())
    labels = dict(DutyArea.choices)
    found = [
        {"name": labels.get(row["duty_area"], ""), "minutes": row["total"], "times": row["times"]}
        for row in rows
    ]
    return sorted((each for each in found if each["times"]), key=lambda each: -each["minutes"])


def _people(entries: Any) -> QuerySet[Any, dict[str, Any]]:
    """The same by person, of the entries that the powers of whoever looks allow."""
    names = {"name": F("volunteer__member__name")}
    rows = entries.order_by().values("volunteer", **names).annotate(total=Sum("minutes"), times=_services())
    return rows.filter(times__gt=0).order_by("-total", "volunteer")


def _services() -> Count:
    return Count("claim", distinct=True, filter=Q(claim__state=ClaimState.CREDITED))
