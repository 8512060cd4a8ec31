"""我的点单: the list, what waits for me first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.sessions import SignedInRequest
from requests import presenting
from requests.models import ServiceRequest
from requests.states import OPEN, State

PER_PAGE = 20
#: Somebody still works on it: what was merged is done with another one.
_IN_HAND = tuple(state for state in (*OPEN, State.MERGED) if state != State.ASKED)
#: The filters of one's own list: name in the URL, label, states. Those that wait for me come first.
GROUPS: dict[str, tuple[str, tuple[State, ...]]] = {
    "asked": ("待你补充", (State.ASKED,)),
    "rate": ("待评价", (State.RESOLVED,)),
    "open": ("在办", _IN_HAND),
    "ended": ("已结束", (State.CLOSED, State.DECLINED, State.WITHDRAWN)),
}
#: Nothing waits among those that ended, so they are not counted.
_COUNTED = ("asked", "rate", "open")


@login_required
@require_GET
def mine(request: SignedInRequest) -> HttpResponse:
    """My requests, those that wait for me first, then those that others have in hand."""
    rows = ServiceRequest.objects.whole().own(request.user)
    group = request.GET.get("state", "")
    shown = rows.filter(state__in=GROUPS[group][1]) if group in GROUPS else rows
    page = Paginator(_waiting_first(shown), PER_PAGE).get_page(request.GET.get("page"))
    counts = _counts(request.user)
    context = {
        "tab": "requests",
        "cards": [presenting.card_of(each) for each in page],
        "page": page,
        "filters": _tabs(group, counts),
        "heading": _heading(counts),
        "group": group,
    }
    return render(request, "requests/mine.html", context)


def _tabs(group: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    """全部, and the groups; 待你补充 only while something waits there."""
    address = reverse("requests:mine")
    tabs: list[dict[str, Any]] = [{"label": "全部", "url": address, "on": group not in GROUPS}]
    for name, (label, _) in GROUPS.items():
        if name == "asked" and not counts["asked"] and group != "asked":
            continue
        on = name == group
        tabs.append(
            {"label": label, "url": f"{address}?state={name}", "on": on, "count": counts.get(name) or None}
        )
    return tabs


def _heading(counts: dict[str, int]) -> str:
    if counts["asked"]:
        return f"{counts['asked']} 件等你补充"
    if counts["rate"]:
        return f"{counts['rate']} 件等你评价"
    return f"{counts['open']} 件正在办" if counts["open"] else "我的点单"


def _waiting_first(rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    rank = Case(
        When(state=State.ASKED, then=Value(0)),
        When(state=State.RESOLVED, then=Value(1)),
        When(state__in=_IN_HAND, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return rows.order_by(rank, "-submitted_at", "-id")


def _counts(user: User) -> dict[str, int]:
    """How many of mine wait in each group; one query."""
    waiting = [state for name in _COUNTED for state in GROUPS[name][1]]
    rows = ServiceRequest.objects.own(user).filter(state__in=waiting).order_by()
    found = Counter(rows.values_list("state", flat=True))
    return {name: sum(found[state] for state in GROUPS[name][1]) for name in _COUNTED}
