"""办理统计: rates, counts and times of a node in a period, by organization, category, month or unit (RULES 7)."""

from __future__ import annotations

import csv
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboards.areas import Area, area_of, nodes_in_sight, top_of
from dashboards.periods import LABELS, Window, window
from desk import figure_tables
from desk.access import SIGHT
from desk.figure_tables import GROUPS, MOST, Table
from ground import clock
from organizations.guards import staff_page
from organizations.posts import Power, Tier
from organizations.scope import scope_of

#: So many places to choose from: those right below the one that is shown, and the way back up.
MOST_PLACES = 200


class Asked(NamedTuple):
    """What the address asks for."""

    area: Area
    period: Window
    group: str

    def url(self, route: str = "desk:figures", **other: Any) -> str:
        query = {"by": self.group, "period": self.period.key, "node": self.area.node and self.area.node.pk}
        kept = {name: value for name, value in {**query, **other}.items() if value}
        return f"{reverse(route)}?{'&'.join(f'{name}={value}' for name, value in kept.items())}"

    @property
    def requests_url(self) -> str:
        """The requests that the table counts, those of units aside: one a line, parts marked."""
        query = {"from": self.period.first, "to": self.period.last}
        within = {"within": self.area.node.pk} if self.area.node else {}
        return f"{reverse('desk:requests_csv')}?{urlencode({**within, **query})}"


@require_GET
@staff_page(*SIGHT)
def show(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    table = _table(request, asked)
    context = {
        "asked": asked,
        "table": table,
        "headings": figure_tables.headings_of(table),
        "first_heading": GROUPS[asked.group][0],
        "rows": [(line.name, figure_tables.cells_of(line)) for line in table.lines[:MOST]],
        "total": figure_tables.cells_of(table.total) if table.total else None,
        "left_out": max(0, len(table.lines) - MOST),
        "groups": [
            {"label": label, "url": asked.url(by=key), "on": key == asked.group}
            for key, (_, label) in GROUPS.items()
        ],
        "periods": [
            {"label": label, "url": asked.url(period=key), "on": key == asked.period.key}
            for key, (label, _) in LABELS.items()
        ],
        "filters": _places(request.user, asked),
        "keep": {"by": asked.group, "period": asked.period.key},
        "csv_url": asked.url("desk:figures_table"),
        "requests_url": asked.requests_url,
        "is_of_units": asked.group == "unit",
    }
    return render(request, "desk/figures.html", context)


@require_GET
@staff_page(*SIGHT)
def table(request: HttpRequest) -> HttpResponse:
    """The whole table as CSV, with the mark by which spreadsheets know UTF-8. No personal data is in it."""
    asked = _asked(request)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"wenshao-{asked.group}-{asked.period.first}-{asked.period.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows(figure_tables.csv_rows(_table(request, asked)))
    return response


def _table(request: HttpRequest, asked: Asked) -> Table:
    rows = figure_tables.in_sight(request.user)
    return figure_tables.table_of(rows, asked.area, asked.period, asked.group, clock.now())


def _asked(request: HttpRequest) -> Asked:
    """An unknown group or period is the usual one; a node out of sight is 404."""
    group = request.GET.get("by", "")
    group = group if group in GROUPS else _usual(request.user)
    return Asked(_area(request), window(request.GET.get("period", "")), group)


def _usual(user: Any) -> str:
    """By community where one sees several, else by category."""
    seats = {grant.seat for grant in scope_of(user).with_power(Power.TREE_SEE)}
    is_above = any(not isinstance(seat, Tier) or seat < Tier.COMMUNITY for seat in seats)
    return "community" if is_above else "category"


def _area(request: HttpRequest) -> Area:
    wanted = request.GET.get("node", "")
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 16):
        return area_of(top_of(request.user))
    return area_of(get_object_or_404(nodes_in_sight(request.user), pk=int(wanted)))


def _places(user: Any, asked: Asked) -> list[dict[str, Any]]:
    """Where else to look: the line above as far as it is in sight, and what lies right below."""
    node = asked.area.node
    below = nodes_in_sight(user).filter(tier__lte=Tier.COMMUNITY)
    if node is None:
        places = list(below.filter(tier=Tier.DISTRICT).order_by("code")[:MOST_PLACES])
    else:
        line = [each.pk for each in node.get_ancestors(include_self=True)]
        found = below.filter(pk__in=line) | below.filter(parent=node)
        places = list(found.order_by("tier", "lft")[:MOST_PLACES])
    if len(places) < 2:
        return []
    choices = [(each.pk, each.short_name or each.name) for each in places]
    return [{"name": "node", "label": "范围", "value": node.pk if node else "", "choices": choices}]
