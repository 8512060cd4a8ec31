"""Many ticked rows at once: what will happen is shown first, and what became of each one afterwards."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.sessions import SignedInRequest
from desk import bulk
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from requests.forms import FORMS
from requests.models import ServiceRequest
from requests.states import Track
from requests.tables import REQUESTS

#: A result can be looked at again for so long; a lock of a killed process is gone after a minute.
KEPT, ON_ITS_WAY = 3600, 60  # seconds


class AcceptAllForm(forms.Form):
    """Each by the track of its category, or all by one."""

    track = forms.ChoiceField(
        label="按哪一级办",
        required=False,
        choices=[("", "按各自的级别"), *((track.value, track.motto) for track in Track)],
        widget=forms.RadioSelect,
    )


@require_POST
@staff_page(Power.VERIFY, Power.DISPATCH)
def act(request: SignedInRequest, name: str) -> HttpResponse:
    """The first post shows what is picked and asks for the rest, the second one (`sure`) does it."""
    if name not in bulk.STEPS:
        raise Http404
    try:
        numbers = bulk.numbers_of(request.POST.getlist("number"))
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
        return redirect("desk:work")
    rows = bulk.picked(request.user, numbers)
    is_sure = "sure" in request.POST
    form = _form(request, name, rows, is_sure)
    if is_sure and (form is None or form.is_valid()):
        return _once(request, name, numbers, form.cleaned_data if form else {})
    return render(
        request,
        "desk/bulk.html",
        {
            "step": REQUESTS.steps[name],
            "form": form,
            "rows": [rows[number] for number in numbers if number in rows],
            "numbers": numbers,
            "missing": [number for number in numbers if number not in rows],
            "client_key": _key(request) or uuid.uuid4(),
        },
    )


def _form(request: SignedInRequest, name: str, rows: dict[str, ServiceRequest], is_sure: bool) -> Any:
    data = request.POST if is_sure else None
    if name == "accept":
        return AcceptAllForm(data, label_suffix="", initial={"track": ""})
    first = next(iter(rows.values()), None)
    if first is None:
        return None
    return FORMS[name](data, service_request=first, viewer=request.user)


def _once(request: SignedInRequest, name: str, numbers: list[str], given: dict[str, Any]) -> HttpResponse:
    """The second tap on the same form leads to what the first one did."""
    key = _key(request) or uuid.uuid4()
    if cache.add(_lock(request, key), 1, ON_ITS_WAY) and cache.get(_place(request, key)) is None:
        lines = bulk.take_all(name, numbers, by=request.user, data_of=lambda row: _data_of(name, row, given))
        cache.set(_place(request, key), {"name": name, "lines": [tuple(line) for line in lines]}, KEPT)
    return redirect("desk:bulk_result", key=key)


def _data_of(name: str, row: ServiceRequest, given: dict[str, Any]) -> dict[str, Any]:
    return {"track": given["track"] or row.track} if name == "accept" else dict(given)


@require_GET
@staff_page(Power.VERIFY, Power.DISPATCH)
def result(request: SignedInRequest, key: uuid.UUID) -> HttpResponse:
    """One line a request: done, or the sentence of the rule."""
    kept = cache.get(_place(request, key))
    if kept is None and cache.get(_lock(request, key)) is None:
        raise Http404
    lines = [bulk.Line(*line) for line in kept["lines"]] if kept else []
    done = sum(line.is_done for line in lines)
    return render(
        request,
        "desk/bulk_result.html",
        {
            "step": REQUESTS.steps[kept["name"]] if kept else None,
            "lines": sorted(lines, key=lambda line: line.is_done),
            "done": done,
            "refused": len(lines) - done,
        },
    )


def _key(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.POST.get("client_key", ""))
    except ValueError:
        return None


def _place(request: SignedInRequest, key: uuid.UUID) -> str:
    return f"bulk:{request.user.pk}:{key}"


def _lock(request: SignedInRequest, key: uuid.UUID) -> str:
    return f"bulk-lock:{request.user.pk}:{key}"
