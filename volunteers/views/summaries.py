"""活动汇总 on the desk (S10): ask for a workbook, watch it grow, fetch it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from ground.errors import RuleViolation
from organizations.access import exports_left_today
from organizations.guards import post_required, staff_page
from organizations.posts import Power
from volunteers import presenting
from volunteers.forms.summaries import NAMES, OWN_DAYS, SummaryForm
from volunteers.models import SummaryJob
from volunteers.summaries import asking, fetching

PAGE = 30  # jobs


@never_cache
@require_http_methods(["GET", "POST"])
@staff_page(Power.CREDIT, Power.UNIT_SEE, Power.TREE_SEE)
def summaries(request: HttpRequest) -> HttpResponse:
    """One's own summaries, the newest first, and the form for one more."""
    if not asking.may_ask_anywhere(request.user):
        raise Http404
    form = SummaryForm(
        request.POST if request.method == "POST" else None, user=request.user, initial=_again(request)
    )
    if request.method == "POST" and form.is_valid():
        try:
            job = asking.ask(by=request.user, **form.question())
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            return redirect("volunteers:summary", pk=job.pk)
    return _list(request, form)


def _list(request: HttpRequest, form: SummaryForm) -> HttpResponse:
    rows = _own(request)
    before = request.GET.get("before", "")
    is_first = not (before.isdecimal() and len(before) < 16)
    found = list((rows if is_first else rows.filter(pk__lt=int(before))).order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    context = {
        "headline": presenting.summaries_headline(shown),
        "form": form,
        "left": exports_left_today(request.user) if form.named else None,
        "rows": [presenting.summary_row(job) for job in shown],
        "next_key": shown[-1].pk if len(found) > PAGE else "",
        "is_first": is_first,
    }
    return render(request, "volunteers/summaries.html", context)


def _again(request: HttpRequest) -> dict[str, Any]:
    """重新申请: the question of a job of one's own."""
    pk = request.GET.get("again", "")
    job = _own(request).filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 16 else None
    if job is None:
        return {}
    return {
        "place": f"u{job.unit_id}" if job.unit_id else f"o{job.organization_id}",
        "period": OWN_DAYS,
        "first_day": job.first_day,
        "last_day": job.last_day,
        "names": NAMES if job.with_names else "counts",
    }


@never_cache
@require_GET
@post_required
def summary(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One summary. While it is written htmx asks for the bar alone; when that has ended, for the whole page."""
    job = get_object_or_404(_own(request), pk=pk)
    is_running = job.state in presenting.RUNNING
    if request.htmx and not is_running:  # type: ignore[attr-defined]
        return HttpResponseClientRefresh()
    context = {
        "job": job,
        "row": presenting.summary_row(job),
        "headline": presenting.summary_headline(job),
        "is_running": is_running,
        "progress": presenting.summary_progress(job),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "volunteers/_summary_progress.html", context)
    may_still = asking.may_still(request.user, job)
    context |= {
        "kept_until": presenting.kept_until(job),
        "may_ask": asking.may_ask_anywhere(request.user),
        "no_longer": "" if may_still else asking.NO_LONGER,
    }
    return render(request, "volunteers/summary.html", context)


@never_cache
@require_GET
@post_required
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, to whoever asked for it. Without the post of that time: 403 with the sentence."""
    job = get_object_or_404(_own(request), pk=pk)
    try:
        return fetching.answer(job, by=request.user)
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
        return redirect("volunteers:summary", pk=job.pk)


def _own(request: HttpRequest) -> Any:
    return SummaryJob.objects.visible_to(request.user).select_related("organization", "unit")
