"""存为常用: keep a list under a name, and let it go again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from desk import saving
from desk.access import SIGHT, WORK
from ground.errors import RuleViolation
from organizations.guards import staff_page
from requests.models import SavedFilter


@require_POST
@staff_page(*WORK, *SIGHT)
def save(request: HttpRequest) -> HttpResponse:
    """Back to the list that was kept; what stands in the way is said there."""
    form = saving.SaveForm(request.POST)
    page, query = request.POST.get("page", ""), request.POST.get("query", "")
    if page not in saving.PAGES:
        raise Http404
    if not form.is_valid():
        said = [str(error) for errors in form.errors.values() for error in errors]
        messages.error(request, said[0])
        return redirect(saving.address_of(page, query))
    try:
        kept = saving.save(by=request.user, **form.cleaned_data)
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
    else:
        messages.success(request, f"已存为常用：{kept.name}")
    return redirect(saving.address_of(page, query))


@require_POST
@staff_page(*WORK, *SIGHT)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own only; somebody else's is not there."""
    row = get_object_or_404(SavedFilter, pk=pk, user=request.user.pk)
    page, name = row.page, row.name
    row.delete()
    messages.success(request, f"已删除常用筛选：{name}")
    return redirect(saving.address_of(page, request.POST.get("query", "")))
