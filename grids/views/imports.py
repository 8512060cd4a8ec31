"""导入 on the desk (N4): upload a sheet, see what it would change, agree or not."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from grids.importing import jobs
from grids.importing.template import template as template_of
from grids.models import ImportJob
from grids.views import import_showing as showing
from grids.views.import_forms import ColumnsForm, ConfirmForm, SheetUploadHandler, UploadForm
from ground.errors import RuleViolation
from ground.sheets import xlsx_answer
from organizations.guards import staff_page
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of

View = Callable[..., HttpResponseBase]
PAGE = 30  # jobs


def communities_of(user: Any) -> list[Organization]:
    """Where the user changes the whole registry: not grids, not branches. One query."""
    seats = scope_of(user).seats(Power.REGISTRY_CHANGE)
    return list(Organization.objects.open().filter(pk__in=seats, tier=Tier.COMMUNITY).order_by("pk"))


def importing_page(view: View) -> View:
    """Who has no community to import into finds nothing (404); pages that tell of people stay in no cache."""

    @wraps(view)
    @never_cache
    @staff_page(Power.REGISTRY_CHANGE)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        communities = communities_of(request.user)
        if not communities:
            raise Http404
        return view(request, communities, *args, **kwargs)

    return guarded


def _job(request: HttpRequest, pk: int) -> ImportJob:
    rows = ImportJob.objects.visible_to(request.user).select_related("community", "by").defer("by__phone")
    return get_object_or_404(rows, pk=pk)


@csrf_exempt  # asked by csrf_protect below, once the handler of the upload is in place
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponseBase:
    """The imports of the community, the newest first, and the form for one more."""
    handler = SheetUploadHandler(request)
    request.upload_handlers = [handler]
    return _index(request, handler)


@csrf_protect
@importing_page
def _index(
    request: HttpRequest, communities: list[Organization], handler: SheetUploadHandler
) -> HttpResponseBase:
    if request.method == "GET":
        replaced = _to_replace(request)
        initial = {"again": replaced.pk, "community": replaced.community_id} if replaced else {}
        form = UploadForm(communities=communities, initial=initial)
        return _list(request, communities, form, replaced)
    form = UploadForm(request.POST, request.FILES, communities=communities, is_too_large=handler.is_too_large)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job = jobs.begin(
                by=request.user, community=form.community_chosen(), content=file.read(), name=file.name
            )
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            _set_aside(request, form.cleaned_data["again"], job)
            return redirect("grids:import", pk=job.pk)
    return _list(request, communities, form)


def _set_aside(request: HttpRequest, pk: int | None, newer: ImportJob) -> None:
    """改好了，再传一次: the result that the mended sheet replaces waits for nobody any more."""
    older = ImportJob.objects.visible_to(request.user).filter(pk=pk or 0, community=newer.community_id)
    for job in older.exclude(pk=newer.pk).select_related("community"):
        with suppress(RuleViolation):  # somebody has confirmed it meanwhile
            jobs.cancel(job, by=request.user)


def _to_replace(request: HttpRequest) -> ImportJob | None:
    """The checked import whose sheet is going to be uploaded again."""
    pk = request.GET.get("again", "")
    checked = ImportJob.objects.visible_to(request.user).filter(state=ImportJob.State.CHECKED)
    return checked.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 16 else None


def _list(
    request: HttpRequest,
    communities: list[Organization],
    form: UploadForm,
    replaced: ImportJob | None = None,
) -> HttpResponse:
    rows = ImportJob.objects.visible_to(request.user).select_related("community", "by").defer("by__phone")
    before = request.GET.get("before", "")
    is_first = not (before.isdecimal() and len(before) < 16)
    found = list((rows if is_first else rows.filter(pk__lt=int(before))).order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    return render(
        request,
        "grids/imports.html",
        {
            "headline": showing.headline_of_list(shown),
            "form": form,
            "communities": communities,
            "max_bytes": jobs.MAX_BYTES,
            "replaced": replaced,
            "jobs": [
                {
                    "job": job,
                    "said": showing.summary(job),
                    "rows": showing.said(showing.count(job, "rows")),
                    "chip": showing.chip(job),
                }
                for job in shown
            ],
            "next_key": shown[-1].pk if len(found) > PAGE else "",
            "is_first": is_first,
        },
    )


@require_GET
@importing_page
def show(request: HttpRequest, communities: list[Organization], pk: int) -> HttpResponseBase:
    """One import. While it runs htmx asks again for the progress alone; when it stands still, for the whole page."""
    job = _job(request, pk)
    progress = jobs.progress(job)
    is_running = job.state in showing.RUNNING
    if request.htmx and not is_running:  # type: ignore[attr-defined]
        return HttpResponseClientRefresh()
    context = {
        "job": job,
        "headline": showing.headline(job, progress),
        "is_running": is_running,
        "progress": showing.progress_words(job, progress),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "grids/_import_progress.html", context)
    return render(request, "grids/import.html", context | _findings(request, job) | _what_next(job))


def _what_next(job: ImportJob) -> dict[str, Any]:
    is_checked = job.state == ImportJob.State.CHECKED
    return {
        "tiles": showing.tiles(job),
        "decision": showing.decision(job) if is_checked else None,
        "can_map": is_checked,
        "is_ended": job.state in showing.ENDED,
    }


def _findings(request: HttpRequest, job: ImportJob) -> dict[str, Any]:
    found = {} if job.state in showing.RUNNING else showing.found_by_kind(job)
    if not found:
        return {}
    wanted = request.GET.get("kind", "")
    kind = wanted if wanted in found else next(iter(found))
    page = showing.findings_page(job, kind, request.GET.get("after", ""))
    explained, sentence_heading = showing.EXPLAINED[showing.Kind(kind)]
    return {
        "has_report": True,
        "kind": kind,
        "tabs": showing.tabs(found, kind),
        "findings": page.rows,
        "next_key": page.next_key,
        "is_first": page.is_first,
        "explained": explained,
        "sentence_heading": sentence_heading,
        "has_people": kind in showing.OF_PEOPLE,
        "has_rows": kind != showing.Kind.VANISHED,
        "has_cells": kind == showing.Kind.BAD,
    }


@require_POST
@importing_page
def confirm(request: HttpRequest, communities: list[Organization], pk: int) -> HttpResponseBase:
    job, form = _job(request, pk), ConfirmForm(request.POST)
    form.is_valid()  # ticks are there or not
    return _said(request, job, lambda: jobs.confirm(job, by=request.user, **form.cleaned_data))


@require_POST
@importing_page
def cancel(request: HttpRequest, communities: list[Organization], pk: int) -> HttpResponseBase:
    job = _job(request, pk)
    return _said(request, job, lambda: jobs.cancel(job, by=request.user))


def _said(request: HttpRequest, job: ImportJob, verb: Callable[[], object]) -> HttpResponse:
    """What a rule refuses, also because somebody else was quicker, is said above the page as it stands now."""
    try:
        verb()
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
    return redirect("grids:import", pk=job.pk)


@require_http_methods(["GET", "POST"])
@importing_page
def columns(request: HttpRequest, communities: list[Organization], pk: int) -> HttpResponseBase:
    """列对应: how the headings of every sheet were understood; saving has the file checked again."""
    job = _job(request, pk)
    if request.method == "GET" and job.state != ImportJob.State.CHECKED:
        return redirect("grids:import", pk=job.pk)
    try:
        form = ColumnsForm(request.POST if request.method == "POST" else None, headings=jobs.headings(job))
        if request.method == "POST" and form.is_valid():
            jobs.remap(job, by=request.user, mapping=form.mapping())
            return redirect("grids:import", pk=job.pk)
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
        return redirect("grids:import", pk=job.pk)
    return render(request, "grids/import_columns.html", {"job": job, "form": form})


@require_GET
@importing_page
def report(request: HttpRequest, communities: list[Organization], pk: int) -> HttpResponseBase:
    """Every finding as CSV, with the mark by which spreadsheets know UTF-8; values are masked."""
    job = _job(request, pk)
    answer = StreamingHttpResponse(_csv(jobs.report(job)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, f"导入结果-{job.pk}.csv") or "attachment"
    return answer


class _Line:
    """A file of one line: what a csv writer writes comes back."""

    def write(self, text: str) -> str:
        return text


def _csv(rows: Iterator[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff"
    yield from (writer.writerow(row) for row in rows)


@require_GET
@importing_page
def template(request: HttpRequest, communities: list[Organization]) -> HttpResponseBase:
    """A sheet to fill in, with the buildings and grids of the community to choose from."""
    wanted = request.GET.get("community", "")
    community = next((each for each in communities if str(each.pk) == wanted), None)
    if wanted and community is None:
        raise Http404
    community = community or communities[0]
    return xlsx_answer(f"居民表模板-{community.short_name}.xlsx", template_of(community))
