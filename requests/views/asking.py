"""我要点单: the form, and the places it offers."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.sessions import SignedInRequest
from ground.errors import RuleViolation
from requests import photos, placing, receipts, workflow
from requests.asking import AskForm
from requests.models import Category, ServiceRequest
from requests.views.pictures import lost_with, say_troubles


@login_required
@require_http_methods(["GET", "POST"])
def ask(request: SignedInRequest) -> HttpResponse:
    """我要点单: category, words, place, photos, all on one page; `find` searches for a place and files nothing."""
    if request.method == "GET":
        wanted = {name: request.GET[name] for name in ("b", "category", "place") if request.GET.get(name)}
        return _ask_page(request, AskForm(initial=wanted, viewer=request.user))
    form = AskForm(request.POST, viewer=request.user)
    if "find" in request.POST:
        return _ask_page(request, form, is_searching=True)
    if not form.is_valid():
        return _ask_page(request, form)
    prepared = photos.prepare(request.FILES.getlist("photos"))
    try:
        filed = workflow.submit(by=request.user, photos=prepared.pictures, **form.submission())
    except RuleViolation as refusal:
        refusal.add_to(form)
        return _ask_page(request, form)
    say_troubles(request, prepared.troubles)
    if filed.text != form.cleaned_data["text"].strip():
        messages.warning(request, f"这张表已经提交过（{filed.number}）。要点新的一单，请从“我要点单”进入。")
    return redirect(_page_after(request, filed))


def _page_after(request: SignedInRequest, filed: ServiceRequest) -> str:
    """One's own request, or the receipt for whom it was filed."""
    page = "requests:receipt" if receipts.may_print(request.user, filed) else "requests:detail"
    return f"{reverse(page, args=[filed.number])}?filed=1"


def _ask_page(request: SignedInRequest, form: AskForm, *, is_searching: bool = False) -> HttpResponse:
    place = form["place"].value() or ""
    building = form.building()
    context = {
        "tab": "requests",
        "form": form,
        "categories": Category.objects.filter(is_open=True),
        "category": form["category"].value(),
        "scanned": building,
        "choices": form.choices(),
        "place": place or (f"b:{building.pk}" if building else ""),
        "is_searching": is_searching,
        "errors": {} if is_searching else form.errors,
        "photo_errors": lost_with(request),
    }
    status = 200 if is_searching or not form.errors else 422
    return render(request, "requests/ask.html", context, status=status)


@login_required
@require_GET
def places(request: SignedInRequest) -> HttpResponse:
    """The places that match what was typed: a piece of the form, fetched while typing.

    A place that was picked already stays on the list, whatever is typed afterwards.
    """
    sought, picked = request.GET.get("q", ""), request.GET.get("place", "")
    choices = placing.search(sought) if sought.strip() else placing.recent(request.user)
    if picked not in {choice.value for choice in choices} and (place := placing.chosen(picked)):
        choices = [placing.choice_of(place), *choices]
    return render(request, "requests/_places.html", {"choices": choices, "q": sought, "place": picked})
