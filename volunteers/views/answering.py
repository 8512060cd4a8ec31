"""What the pages of this app share: telling a refusal, pages of a list, who is asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest

from ground.errors import RuleViolation
from organizations import policies
from organizations.models.policies import Boards
from volunteers import leaderboards
from volunteers.models import Volunteer
from volunteers.states import Period

PER_PAGE = 20


def says_no(request: HttpRequest, verb: Callable[[], Any], thanks: str) -> bool:
    """Call the verb; tell its sentence if a rule stands in the way, else the thanks."""
    try:
        verb()
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
        return True
    messages.success(request, thanks)
    return False


def page_of(request: HttpRequest, rows: Any, per_page: int = PER_PAGE) -> Any:
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def volunteer_of(user: Any) -> Volunteer | None:
    return Volunteer.objects.filter(user=user).select_related("member__unit", "district").first()


def volunteer_or_404(user: Any) -> Volunteer:
    volunteer = volunteer_of(user)
    if volunteer is None:
        raise Http404
    return volunteer


def rank_of(user: Any, volunteer: Volunteer | None, period: str = Period.MONTH) -> dict[str, Any] | None:
    """One's row and place on the board of one's district; no place where the policy shows none, no row
    where it has no boards.
    """
    if volunteer is None:
        return None
    boards = policies.at_hand(user, volunteer.district_id).boards
    row = None
    if boards != Boards.OFF:
        row = leaderboards.row_of(volunteer.pk, volunteer.district_id, period)
    return {"row": row, "place": leaderboards.place_of(row, boards)} if row else None
