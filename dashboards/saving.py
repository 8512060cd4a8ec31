"""常看: dashboards that somebody comes back to, each under a name of his own, and what comes to him every week.

A view is a place and a query, never a figure: what it shows is asked for anew, with the powers of that moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from dashboards.areas import Area, nodes_in_sight, sees_city
from dashboards.models import SavedView
from dashboards.page.known import BY_KEY
from dashboards.page.surroundings import sees_node
from dashboards.periods import Window, query_of, window_of
from dashboards.weekly import monday_of_round, next_monday
from ground.errors import RuleViolation
from ground.kept import A_KEY, Kept
from ground.steps import lock_row
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of

#: More than these are not found again.
MOST = 20
LONGEST_NAME = 20
#: The figure that the map and the bars show; its name, whatever page knows it.
_FIGURE = re.compile(r"[a-z0-9_.]{1,40}")


def cleaned(query: str) -> str:
    """What of an address is kept: the period that it shows, and the figure. Equal pages read the same."""
    given = QueryDict(query.lstrip("?")[:1000])
    figure = given.get("figure", "")
    kept = query_of(window_of(given))
    return f"{kept}&{urlencode({'figure': figure})}" if _FIGURE.fullmatch(figure) else kept


# Verbs


def save(*, by: Any, node: Organization | None, query: str, name: str) -> SavedView:
    """Keep a dashboard (None: the city) under a name. The same once more, by a double tap, is the first one.

    Raises RuleViolation: the name is taken, too long or empty, or there are twenty already.
    """
    called, kept = _name(name), cleaned(query)
    with transaction.atomic():
        lock_row(by)  # two windows at once: one after the other
        there = list(SavedView.objects.filter(user=by))
        if taken := _called(there, called):
            if (taken.organization_id, taken.query) == (node.pk if node else None, kept):
                return taken
            raise _taken(called)
        if len(there) >= MOST:
            raise RuleViolation(f"最多存 {MOST} 个常看，请先移除不用的。", field="name")
        return SavedView.objects.create(user=by, organization=node, query=kept, name=called)


def rename(view: SavedView, *, by: Any, name: str) -> SavedView:
    """Raises RuleViolation: the name is another view's, too long or empty; the view was removed meanwhile."""
    called = _name(name)
    with transaction.atomic():
        lock_row(by)
        if _called(list(SavedView.objects.filter(user=by).exclude(pk=view.pk)), called):
            raise _taken(called)
        if not SavedView.objects.filter(pk=view.pk).update(name=called):
            raise RuleViolation("这个常看已经移除了，不用改名。", field="name")
    view.name = called
    return view


def send_weekly(view: SavedView, *, wanted: bool) -> SavedView:
    """每周一发到消息, on or off. What is switched on in the course of a week comes first on the next Monday.

    One that was removed in another window in the same moment sends nothing, and stays removed.
    """
    changed: dict[str, Any] = {"has_digest": wanted}
    if wanted and (due := monday_of_round()):
        changed["sent_on"] = due
    SavedView.objects.filter(pk=view.pk).update(**changed)
    for name, value in changed.items():
        setattr(view, name, value)
    return view


def _name(name: str) -> str:
    called = " ".join(name.split())
    if not called:
        raise RuleViolation("请起个名字，例如：本月全区。", field="name")
    if len(called) > LONGEST_NAME:
        raise RuleViolation(f"名字最多 {LONGEST_NAME} 个字，请改短一些。", field="name")
    return called


def _called(views: list[SavedView], name: str) -> SavedView | None:
    return next((each for each in views if each.name == name), None)


def _taken(name: str) -> RuleViolation:
    return RuleViolation(f"已有叫“{name}”的常看，请换个名字。", field="name")


# Sight


def _with_sight(user: Any, views: QuerySet[SavedView]) -> QuerySet[Any]:
    """Each with its node, and whether the totals of the node may be seen now. One query."""
    there = nodes_in_sight(user).filter(pk=OuterRef("organization"))
    return views.select_related("organization").annotate(is_node_in_sight=Exists(there))


def in_sight(user: Any) -> QuerySet[Any]:
    """One's own views that can be opened now: the post there is in force, the node is not closed."""
    reach = Q(is_node_in_sight=True)
    if sees_city(user):
        reach |= Q(organization=None)
    return _with_sight(user, SavedView.objects.filter(user=user)).filter(reach)


# Shown


@dataclass(frozen=True, slots=True)
class Line:
    """One view as menus and lists show it; `gone` says why it cannot be opened, "" where it can."""

    view: SavedView
    place: str
    period: str
    url: str
    gone: str
    is_here: bool

    @property
    def next_on(self) -> date | None:
        """The Monday of the next letter; a letter that is due comes with the next round."""
        if not self.view.has_digest or self.gone:
            return None
        due, sent = monday_of_round(), self.view.sent_on
        return due if due and (sent is None or sent < due) else next_monday()


def lines_of(user: Any, here: tuple[int | None, str] | None = None) -> list[Line]:
    """One's own views, in the order of saving. One query. `here`: the page one is on, node and query."""
    city = sees_city(user)
    return [_line(row, _gone(row, city), here) for row in _own(user)]


def _own(user: Any) -> list[Any]:
    """One's own, each with whether the totals of its node may be seen now."""
    scope = scope_of(user)
    if any(grant.is_narrowed_to_grids for grant in scope.with_power(Power.TREE_SEE)):
        return list(_with_sight(user, SavedView.objects.filter(user=user)))
    rows: list[Any] = _OWN(user=user.pk)
    for row in rows:
        node = row.organization
        row.is_node_in_sight = bool(node and not node.closed_at and sees_node(scope, node, Power.TREE_SEE))
    return rows


_OWN = Kept(lambda user: SavedView.objects.filter(user=user).select_related("organization"), user=A_KEY)


def _line(row: Any, gone: str, here: tuple[int | None, str] | None) -> Line:
    asked = QueryDict(row.query)
    period, figure = window_of(asked).label, BY_KEY.get(asked.get("figure", ""))
    period = f"{period} · {figure.label}" if figure else period
    is_here = here == (row.organization_id, row.query)
    return Line(row, place_of(row), period, address_of(row), gone, is_here)


def _gone(row: Any, city: bool) -> str:
    if row.is_node_in_sight or (row.organization is None and city):
        return ""
    if row.organization is not None and row.organization.closed_at is not None:
        return "这个组织已经撤销"
    return "你在这里的任职已经结束"


def place_of(view: SavedView) -> str:
    node = view.organization
    return "全市" if node is None else node.short_name or node.name


def address_of(view: SavedView) -> str:
    """The page that the view shows."""
    node = view.organization_id
    page = reverse("dashboards:node", args=[node]) if node else reverse("dashboards:city")
    return f"{page}?{view.query}" if view.query else page


def context(request: HttpRequest, area: Area, window: Window) -> dict[str, Any]:
    """The context of `dashboards/_views.html`: one's own views, and what would be kept now. One query."""
    query = cleaned(f"{query_of(window)}&{urlencode({'figure': request.GET.get('figure', '')})}")
    node = area.node.pk if area.node else None
    lines = lines_of(request.user, (node, query))
    return {
        "lines": lines,
        "node": node or "",
        "query": query,
        "suggestion": f"{area.name}{window.label}"[:LONGEST_NAME],
        "is_kept": any(line.is_here for line in lines),
        "is_full": len(lines) >= MOST,
        "most": MOST,
    }
