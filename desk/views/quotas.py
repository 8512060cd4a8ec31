"""服务指标: who is behind with the hours of the quarter and the year (S6), and the same as a table to download."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from dashboards.areas import nodes_in_sight
from desk import quota_lists as lists
from desk.quota_lists import CHOICES, GROUPS, Asked
from ground.errors import RuleViolation
from organizations import access
from organizations.guards import staff_page
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from volunteers.accounting import quotas

PAGE = 30
#: Rows of totals on the page; the table to download has all of them.
MOST = 300
MOST_PLACES = 200
POWERS = (Power.CONFIRM_REGISTRATION, Power.SUPERVISE)


@require_GET
@staff_page(*POWERS)
def index(request: HttpRequest) -> HttpResponse:
    """By name for a community, in totals above it."""
    if lists.shows_names(request.user):
        return _names(request)
    return _totals(request)


# By name


def _names(request: HttpRequest, reason: Any = None) -> HttpResponse:
    district_id = _district_of_seat(request.user)
    policy, asked = lists.policy_of(request.user, district_id), Asked.of(request.GET)
    rows = lists.narrowed(lists.of_communities(request.user), policy, asked)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": [lists.line_of(each, policy) for each in page.object_list],
        "export_url": reverse("desk:quota_names"),
        "can_export": bool(scope_of(request.user).seats(Power.EXPORT_PERSONAL)),
        **list_context(request, policy, asked),
    }
    return render(request, "desk/quota_names.html", context)


def list_context(request: HttpRequest, policy: Any, asked: Asked) -> dict[str, Any]:
    """What the lists of names have in common."""
    choices = [choice for choice in CHOICES if choice[0] != "any"]
    return {
        "policy": policy,
        "sets_none": quotas.sets_none(policy),
        "q": asked.words,
        "which": asked.which,
        "which_label": dict(CHOICES)[asked.which],
        "segments": [
            {"label": label, "url": _query(which=key, q=asked.words), "on": key == asked.which}
            for key, label in CHOICES
        ],
        "filters": [{"name": "which", "label": "指标", "value": asked.which, "choices": choices}],
        "keep": {"which": asked.which},
        "is_filtered": bool(asked.words),
        "query": request.GET.urlencode(),
    }


def _query(**values: str) -> str:
    return f"?{urlencode({name: value for name, value in values.items() if value})}"


def _district_of_seat(user: Any) -> int:
    """The district of the community where registrations are confirmed; its policy says what is owed."""
    grants = scope_of(user).with_power(Power.CONFIRM_REGISTRATION)
    return min(grant.interval[0] for grant in grants)


@never_cache
@require_POST
@staff_page(Power.EXPORT_PERSONAL)
def names(request: HttpRequest) -> HttpResponse:
    """The list of names as a table: with a reason, and a line in the access log."""
    user = request.user
    seat = min(scope_of(user).seats(Power.EXPORT_PERSONAL))
    community = Organization.objects.get(pk=seat)
    policy = lists.policy_of(user, community.tree_id)
    rows = lists.narrowed(lists.of_communities(user), policy, Asked.of(request.GET))
    return export_names(
        request, rows, policy, community, f"{community.short_name}服务指标名单", "desk:quotas"
    )


def export_names(
    request: HttpRequest, rows: Any, policy: Any, place: Organization, what: str, back: str, **may: Any
) -> HttpResponse:
    """Log the export, then write it. Without a reason one is sent back to the list and told."""
    reason = request.POST.get("reason", "").replace("\0", "").strip()[:100]
    try:
        access.record_export(
            by=request.user, organization=place, what=what, rows=rows.count(), reason=reason, **may
        )
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
        return redirect(f"{reverse(back)}?{request.GET.urlencode()}")
    return answer("names", lists.csv_of_names(rows.iterator(500), policy))


def answer(what: str, lines: Iterable[list[Any]]) -> HttpResponse:
    """CSV with the mark by which spreadsheets know UTF-8."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{lists.file_name(what)}"'
    csv.writer(response).writerows(lines)
    return response


# In totals


def _place(request: HttpRequest) -> Organization:
    node = lists.node_of(request) if lists.shows_totals(request.user) else None
    if node is None:
        raise Http404
    return node


def _found(request: HttpRequest, node: Organization) -> tuple[Any, Asked, list[quotas.Total]]:
    policy, asked = lists.policy_of(request.user, node.tree_id), Asked.of(request.GET)
    found = quotas.totals(lists.rows_below(node), policy, asked.by)
    if asked.words:
        found = [total for total in found if asked.words in total.name]
    return policy, asked, found


def _totals(request: HttpRequest) -> HttpResponse:
    node = _place(request)
    policy, asked, found = _found(request, node)
    here = {"node": node.pk, "by": asked.by}
    context = {
        "node": node,
        "totals": found[:MOST],
        "left_out": max(len(found) - MOST, 0),
        "people": sum(total.people for total in found),
        "met": sum(total.met for total in found),
        "behind": sum(total.behind for total in found),
        "minutes": sum(total.minutes for total in found),
        "behind_quarter": sum(total.behind_quarter for total in found),
        "behind_year": sum(total.behind_year for total in found),
        "policy": policy,
        "sets_none": quotas.sets_none(policy),
        "by": asked.by,
        "head": "社区" if asked.by == "community" else "单位",
        "groups": [
            {"label": label, "url": f"?{urlencode({**here, 'by': key})}", "on": key == asked.by}
            for key, label in GROUPS.items()
        ],
        "filters": _places(request.user, node),
        "keep": {"by": asked.by},
        "q": asked.words,
        "is_filtered": bool(asked.words),
        "csv_url": f"{reverse('desk:quota_totals')}?{urlencode({**here, 'q': asked.words})}",
    }
    return render(request, "desk/quota_totals.html", context)


@require_GET
@staff_page(Power.SUPERVISE)
def totals(request: HttpRequest) -> HttpResponse:
    """The totals as a table. No personal data is in it."""
    _, asked, found = _found(request, _place(request))
    return answer(asked.by, lists.csv_of_totals(found, asked.by))


def _places(user: Any, node: Organization) -> list[dict[str, Any]]:
    """Districts and streets in sight, to look closer at one of them."""
    below = nodes_in_sight(user).filter(tier__lte=Tier.STREET).order_by("tree_id", "lft")[:MOST_PLACES]
    choices = [(each.pk, each.short_name or each.name) for each in below]
    if len(choices) < 2:
        return []
    return [{"name": "node", "label": "范围", "value": node.pk, "choices": choices}]
