"""说声谢谢: the page of those who were served."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ground.errors import RuleViolation
from requests.powers import is_submitter
from volunteers.accounting import thanking
from volunteers.forms.thanking import ThanksForm
from volunteers.models import Claim, Whistle
from volunteers.powers import can_thank
from volunteers.states import SERVED


@login_required
@require_http_methods(["GET", "POST"])
def thank(request: HttpRequest, pk: int) -> HttpResponse:
    """For whoever asked, and for whoever scanned the code on the spot; others find nothing (404)."""
    scanned = thanking.scanned_of(request.session)
    rows = thanking.served(request.user, scanned).select_related("service_request", "community")
    whistle = get_object_or_404(rows, pk=pk)
    said = thanking.said_by(request.user, whistle)
    given = request.POST if request.method == "POST" else None
    has_like = thanking.likes_are_shown(request.user, whistle)
    form = ThanksForm(given, has_like=has_like, has_stars=thanking.takes_stars(whistle))
    if given is not None and form.is_valid() and _says(request, whistle, form, scanned):
        return redirect("volunteers:thank", pk)
    context = {
        "tab": "requests",
        "back": _back(request, whistle),
        "whistle": whistle,
        "form": form,
        "said": said,
        "has_like": has_like,
        "came": Claim.objects.filter(whistle=whistle, state__in=SERVED).count(),
        "is_staff_of_it": said is None and not can_thank(request.user, whistle),
    }
    return render(request, "volunteers/thank.html", context, status=422 if form.errors else 200)


def _says(request: HttpRequest, whistle: Whistle, form: ThanksForm, scanned: set[int]) -> bool:
    try:
        thanking.thank(whistle, by=request.user, scanned=scanned, **form.cleaned_data)
    except RuleViolation as refusal:
        refusal.add_to(form)
        return False
    messages.success(request, "谢意已送到，来服务的同志会看到。")
    return True


def _back(request: HttpRequest, whistle: Whistle) -> str:
    asked = whistle.service_request
    if asked is not None and is_submitter(request.user, asked):
        return reverse("requests:detail", args=[asked.number])
    return reverse("desk:home")
