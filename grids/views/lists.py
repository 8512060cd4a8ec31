"""台账总览 and the lists behind it: where the registry is, what it lacks, and the Excel of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from grids.absences import notable_by
from grids.lists import BY_SLUG, summing
from grids.lists.area import Area, area_of, filters_of
from grids.lists.listing import (
    Listing,
    View,
    all_rows,
    cells_of,
    dressed,
    link,
    sheet_columns,
    sheet_rows,
)
from grids.lists.overview import overview_of
from ground import clock
from ground.errors import RuleViolation
from ground.sheets import BookWriter, xlsx_answer
from organizations import access
from organizations.guards import staff_page
from organizations.posts import Power
from organizations.scope import scope_of

PAGE = 50


class ExportForm(forms.Form):
    """Why somebody takes a list of people away; goes into the access log."""

    reason = forms.CharField(
        label="导出做什么用",
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "例如：本周入户复核", "autocomplete": "off"}),
        error_messages={"required": "请写明用途，会记入查看记录。"},
    )


@require_GET
@staff_page(Power.TREE_SEE)
def overview(request: HttpRequest) -> HttpResponse:
    """台账总览: the figures of the area, its lines, and what asks for somebody to act."""
    area = area_of(request.user, request.GET)
    context = overview_of(area)
    return render(request, "grids/overview.html", {"area": area, "filters": filters_of(area), **context})


@never_cache
@require_GET
@staff_page(Power.TREE_SEE)
def show(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, _listing(slug))


@never_cache
@require_http_methods(["GET", "POST"])
@staff_page(Power.TREE_SEE)
def sheet(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The rows of one view as Excel. Where they name people: by POST, with a reason, in the access log."""
    listing = _listing(slug)
    area = area_of(request.user, request.GET)
    views = views_of(listing, area)
    view = _named(views, request.GET.get("view", "")) or views[0]
    place = place_of(view, area)
    if not view.is_personal:
        return _workbook(listing, view, place)
    if not may_export(place) or request.method != "POST":
        raise Http404
    form = ExportForm(request.POST, label_suffix="")
    if form.is_valid():
        try:
            _note_export(request, listing, view, place, form.cleaned_data["reason"])
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            return _workbook(listing, view, place)
    return _page(request, listing, form)


def _listing(slug: str) -> Listing:
    if slug not in BY_SLUG:
        raise Http404
    return BY_SLUG[slug]


def views_of(listing: Listing, area: Area) -> list[View]:
    """The views that are open: those of the registry to registry sight, and the counts a line to everybody."""
    sees = scope_of(area.user).has(Power.REGISTRY_SEE)
    found = [view for view in listing.views if sees or not view.of_registry]
    return [*found, summing.view_of(listing)] if listing.of_registry else found


def _named(views: list[View], key: str) -> View | None:
    return next((view for view in views if view.key == key), None)


def place_of(view: View, area: Area) -> Area:
    """Rows about people and homes go no further than registry sight."""
    return area.looking(Power.REGISTRY_SEE) if view.of_registry else area


def may_export(area: Area) -> bool:
    community = area.community
    return community is not None and scope_of(area.user).holds_at(Power.EXPORT_PERSONAL, community.pk)


def _note_export(request: HttpRequest, listing: Listing, view: View, area: Area, reason: str) -> None:
    assert area.community is not None  # noqa: S101 - may_export
    access.record_export(
        by=request.user,
        organization=area.community,
        what=f"{area.name}{listing.title}：{view.label}",
        rows=Paginator(view.rows(area), PAGE).count,
        reason=reason,
    )


def _workbook(listing: Listing, view: View, area: Area) -> HttpResponseBase:
    with BookWriter() as book:
        rows = sheet_rows(view.columns, all_rows(view, area))
        book.table(view.label, sheet_columns(view.columns), rows)
    name = f"{area.name}-{listing.title}-{view.label}-{clock.today():%Y%m%d}.xlsx".replace("/", "")
    return xlsx_answer(name, book.content())


def _page(request: HttpRequest, listing: Listing, form: ExportForm | None = None) -> HttpResponse:
    area = area_of(request.user, request.GET)
    views = views_of(listing, area)
    counts = {view.key: _count(view, area) for view in views}
    shown = _named(views, request.GET.get("view", "")) or _first(views, counts)
    place = place_of(shown, area)
    page = _cut(shown, place, request.GET.get("page"), counts[shown.key])
    rows = [cells_of(shown.columns, row) for row in dressed(shown, list(page.object_list), place)]
    is_exporter = shown.is_personal and may_export(place)
    context = {
        "listing": listing,
        "view": shown,
        "headline": listing.headline(area),
        "tabs": [_tab(view, shown, counts, area, listing) for view in views],
        "page": page,
        "rows": rows,
        "filters": filters_of(area),
        "overview_url": link(reverse("grids:overview"), area),
        "keep": {"view": shown.key},
        "is_filtered": any(request.GET.get(name) for name in ("district", "street", "community", "grid")),
        "clear_url": f"?view={shown.key}",
        "xlsx_url": _sheet_url(listing, shown, area),
        "export_form": (form or ExportForm(label_suffix="")) if is_exporter else None,
        "exports_left": access.exports_left_today(request.user) if is_exporter else 0,
        "can_note": listing.slug == "posts" and notable_by(request.user).exists(),
    }
    return render(request, "grids/list.html", context)


def _first(views: list[View], counts: dict[str, int | None]) -> View:
    """Without a word in the URL: the first heap that is not empty."""
    return next((view for view in views if counts[view.key] != 0), views[0])


def _count(view: View, area: Area) -> int | None:
    return None if view.totals else Paginator(view.rows(place_of(view, area)), PAGE).count


def _cut(view: View, area: Area, number: str | None, known: int | None) -> Page:
    """The tab has counted already: no second count."""

    class Counted(Paginator):
        @cached_property
        def count(self) -> int:
            return len(self.object_list) if known is None else known

    return Counted(view.rows(area), PAGE).get_page(number)


def _sheet_url(listing: Listing, view: View, area: Area) -> str:
    """The same rows as on the page: what narrows them goes along."""
    more = {name: area.query[name] for name in ("member",) if area.query.get(name)}
    return link(reverse("grids:sheet", args=[listing.slug]), area, view=view.key, **more)


def _tab(
    view: View, shown: View, counts: dict[str, int | None], area: Area, listing: Listing
) -> dict[str, Any]:
    return {
        "label": view.label,
        "url": link(listing.url, area, view=view.key),
        "count": f"{counts[view.key]:,}" if counts[view.key] else counts[view.key],
        "on": view.key == shown.key,
        "state": view.state,
    }
