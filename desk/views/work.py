"""工作台: what waits for me, in tabs; and the list of everything in sight."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from desk import saving, searching, worklist
from desk.access import SIGHT, WORK, whistles_for_a_community
from desk.nav import first_page, highest
from desk.rows import rows_of
from desk.searching import FILTERS
from desk.tiles import week_tiles
from ground import clock
from organizations.guards import post_required, staff_page
from organizations.posts import Power
from organizations.scope import scope_of
from requests.figures import NAMES
from requests.models import ServiceRequest
from requests.states import OPEN, State, Track
from requests.tables import REQUESTS

#: Where the work list opens: the first of these heaps that is not empty.
_FIRST = ("new", "takeover", "overdue", "today", "mine", "consent", "waiting", "supervised", "callback")
#: Tabs whose rows are all in one state: nothing to choose.
_ONE_STATE = ("new", "unsatisfied", "callback")
#: What the rows of a tab can all be in for.
_TOGETHER = {
    "new": ("accept",),
    "takeover": ("dispatch",),
    "mine": ("dispatch",),
    "today": ("accept", "dispatch"),
    "overdue": ("accept", "dispatch"),
}
_OPEN_STATES = [(state.value, state.label) for state in OPEN]


class CountedPaginator(Paginator):
    """Knows how many there are, where the tabs have counted already."""

    def __init__(self, rows: Any, *, known: int | None) -> None:
        super().__init__(rows, searching.PAGE)
        if known is not None:
            self.__dict__["count"] = known  # stands in for the cached property: no second count


@require_GET
@post_required
def work(request: HttpRequest) -> HttpResponse:
    """The work list; posts without one are shown to where their work begins. Nobody's: 404."""
    if scope_of(request.user).has(*WORK):
        return _work_list(request)
    door = first_page(request.user)
    if door == reverse("desk:home"):
        raise Http404
    return redirect(door)


def _work_list(request: HttpRequest) -> HttpResponse:
    """Filters and tab live in the URL; without JavaScript every row opens its own page."""
    user, query = request.user, request.GET
    found = worklist.counts(user)
    shown = worklist.tabs_for(user, found)
    tab = _tab(request, found, shown)
    rows = searching.found_by(worklist.in_tab(tab.key, user, clock.now()), query)
    is_filtered = any(query.get(name) for name in FILTERS)
    page = CountedPaginator(searching.for_rows(rows), known=None if is_filtered else found[tab.key]).get_page(
        query.get("page")
    )
    grant = highest(scope_of(user), *WORK)
    return render(
        request,
        "desk/work.html",
        {
            "headline": worklist.headline(found),
            "post": grant.post.label if grant else "",
            "place": grant.place if grant else "",
            "now": clock.now(),
            "tab": tab,
            "tabs": _tabs(request, found, tab, shown),
            "page": page,
            "rows": rows_of(page.object_list, with_similar=tab.key == "new"),
            "filters": _filters(request, [] if tab.key in _ONE_STATE else _OPEN_STATES),
            "is_filtered": is_filtered,
            "keep": {"tab": tab.key},
            "clear_url": f"?tab={tab.key}",
            "everywhere": f"{reverse('desk:requests')}?{_kept(request)}",
            "saved": saving.shown(request, "work", tab=tab.key),
            "can_bulk": _together(user, tab.key),
            "tiles": week_tiles(user),
            "can_file": scope_of(user).has(Power.HANDLE),
            "can_whistle": whistles_for_a_community(user),
            "is_idle": not any(found.values()),
            "proposals": worklist.proposals(user),
        },
    )


def _tab(request: HttpRequest, found: dict[str, int], shown: list[worklist.Tab]) -> worklist.Tab:
    """The tab of the URL; without one the first heap that is not empty, what waits for me before all."""
    if (wanted := worklist.BY_KEY.get(request.GET.get("tab", ""))) is not None:
        return wanted
    keys = [tab.key for tab in shown]
    return worklist.BY_KEY[next((key for key in _FIRST if found[key] and key in keys), keys[0])]


def _together(user: Any, tab: str) -> list[tuple[str, str]]:
    """What can be done with many rows of the tab at once: (step, label)."""
    if not scope_of(user).has(Power.VERIFY, Power.DISPATCH):
        return []
    return [(name, f"一起{REQUESTS.steps[name].label}") for name in _TOGETHER.get(tab, ())]


def _tabs(
    request: HttpRequest, found: dict[str, int], tab: worklist.Tab, shown: list[worklist.Tab]
) -> list[dict[str, Any]]:
    kept = _kept(request)
    return [
        {
            "label": each.label,
            "url": f"?tab={each.key}{'&' if kept else ''}{kept}",
            "count": found[each.key],
            "on": each == tab,
            "state": each.state,
        }
        for each in worklist.TABS
        if each in shown or each == tab
    ]


def _kept(request: HttpRequest) -> str:
    """The filters of the URL, for a link that keeps them."""
    return urlencode({name: value for name in FILTERS if (value := request.GET.get(name, ""))})


def _filters(
    request: HttpRequest, states: list[tuple[str, str]], *, marks: bool = False
) -> list[dict[str, Any]]:
    choices = [
        ("grid", "网格", searching.grids_to_choose(request.user)),
        ("category", "类别", searching.categories_to_choose()),
        ("source", "来源", ServiceRequest.Source.choices),
        ("track", "分级", Track.choices),
        ("state", "状态", states),
    ]
    if marks:
        choices.append(("mark", "办理", [(key, label) for key, (label, _) in searching.MARKS.items()]))
    return [
        {"name": name, "label": label, "value": request.GET.get(name, ""), "choices": values}
        for name, label, values in choices
        if values
    ]


@require_GET
@staff_page(*SIGHT)
def requests(request: HttpRequest) -> HttpResponse:
    """点单: every request in sight, ended ones too; also what a figure of a dashboard counts."""
    user, query = request.user, request.GET
    rows = searching.found_by(ServiceRequest.objects.in_sight_of_staff(user), query)
    page = searching.page_after(searching.for_rows(rows), query.get("after", ""))
    kept = {name: query[name] for name in ("which", "within", "handler", "from", "to") if query.get(name)}
    return render(
        request,
        "desk/requests.html",
        {
            "headline": _headline(query, page),
            "page": page,
            "rows": rows_of(page.rows),
            "filters": _filters(request, list(State.choices), marks=True),
            "keep": kept,
            "counted_as": counted_as(query),
            "is_filtered": bool(kept) or any(query.get(name) for name in FILTERS),
            "saved": saving.shown(request, "requests"),
            "can_file": scope_of(user).has(Power.HANDLE),
        },
    )


def _headline(query: Any, page: searching.KeysetPage) -> str:
    """What the page holds, in one line; how many only where all of them are on it."""
    mark = searching.MARKS.get(query.get("mark", ""))
    what = f"{mark[0]}的点单" if mark else "点单"
    if page.is_first and not page.next_key:
        return f"{len(page.rows)} 件{what}" if page.rows else f"没有{what}"
    return what if mark else "看得到的全部点单"


def counted_as(query: Any) -> str:
    """In words: which rows of which period a figure has led to."""
    said = NAMES.get(query.get("which", ""), "")
    first, last = searching.day_of(query.get("from")), searching.day_of(query.get("to"))
    if first and last:
        said = f"{first.month}月{first.day}日至{last.month}月{last.day}日提交" + (f"，{said}" if said else "")
    return said
