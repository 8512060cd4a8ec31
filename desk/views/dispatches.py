"""派给我们的 and 派单: the lists of what was sent to us and of what we sent, and one dispatch with its steps."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import trigger_client_event

from accounts.sessions import SignedInRequest
from desk import dispatch_panel, dispatches, panel
from desk.access import SIGHT
from desk.views.work import CountedPaginator
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from requests import dispatching, powers
from requests.forms import DISPATCH_FORMS, DispatchStepForm
from requests.forms.recipients import offers
from requests.models import Dispatch
from requests.states import Grade
from requests.tables import DISPATCHES

#: Whose posts may have a dispatch in sight: recipients, handlers, and the tiers that watch.
SEES = (Power.ANSWER_DISPATCH, Power.HANDLE, Power.DISPATCH, *SIGHT)


@require_GET
@staff_page(Power.ANSWER_DISPATCH, Power.HANDLE)
def received(request: HttpRequest) -> HttpResponse:
    """派给我们的: what was sent to the units and organizations for which the user answers."""
    if not dispatches.answers_anywhere(request.user):
        raise Http404
    rows = dispatches.received(request.user)
    found = dispatches.counts(rows, dispatches.RECEIVED)
    order = ("late", "today", "sign", "hand", "answered", "ended")
    filters = [*_filters(request), _filter(request, "place", "派单方", dispatches.senders(request.user))]
    context = _list(request, rows, dispatches.RECEIVED, found, order, is_own=True)
    context |= {"headline": dispatches.headline(found), "filters": filters}
    return render(request, "desk/dispatches_received.html", context)


@require_GET
@staff_page(Power.DISPATCH)
def sent(request: HttpRequest) -> HttpResponse:
    """派单: what was sent for the requests that are handled here."""
    rows = dispatches.sent(request.user)
    found = dispatches.counts(rows, dispatches.SENT)
    order = ("answered", "returned", "late", "sign", "hand", "all")
    context = _list(request, rows, dispatches.SENT, found, order)
    context |= {"headline": dispatches.sent_headline(found), "filters": _filters(request)}
    return render(request, "desk/dispatches_sent.html", context)


def _list(
    request: HttpRequest,
    rows: QuerySet[Dispatch],
    tabs: tuple[dispatches.Tab, ...],
    found: dict[str, int],
    order: tuple[str, ...],
    *,
    is_own: bool = False,
) -> dict[str, Any]:
    """Tab and filters live in the URL; without a tab there, the first heap that is not empty."""
    query, by_key = request.GET, {tab.key: tab for tab in tabs}
    key = query.get("tab") or next((each for each in order if found.get(each)), order[-1])
    tab = by_key.get(key) or by_key[order[-1]]
    kept = {name: query[name] for name in dispatches.FILTERS if query.get(name)}
    shown = dispatches.found_by(dispatches.in_tab(rows, tab.key), query, is_own=is_own)
    known = found[tab.key] if tab.counted and not kept else None
    page = CountedPaginator(shown.whole(), known=known).get_page(query.get("page"))  # type: ignore[attr-defined]
    return {
        "tab": tab,
        "tabs": [
            {
                "label": each.label,
                "url": "?" + urlencode({"tab": each.key, **kept}),
                "count": found[each.key] if each.counted else None,
                "on": each == tab,
                "state": each.state,
            }
            for each in tabs
        ],
        "page": page,
        "rows": dispatches.rows_of(page.object_list, is_own=is_own),
        "is_filtered": bool(kept),
        "keep": {"tab": tab.key},
        "clear_url": f"?tab={tab.key}",
    }


def _filters(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        _filter(request, "grade", "级别", Grade.choices),
        _filter(request, "role", "主办协办", dispatches.ROLES),
    ]


def _filter(request: HttpRequest, name: str, label: str, choices: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "value": request.GET.get(name, ""), "choices": choices}


# One dispatch


@require_GET
@staff_page(*SEES)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of its own, or the inside of the side panel for htmx."""
    return _answer(request, dispatch_panel.dispatch_in_sight(request.user, pk))


@require_http_methods(["GET", "POST"])
@staff_page(*SEES)
def step(request: SignedInRequest, pk: int, name: str) -> HttpResponse:
    """GET shows the step's form, POST takes it: with one tap where nothing has to be filled in."""
    dispatch = dispatch_panel.dispatch_in_sight(request.user, pk)
    if name not in dispatch_panel.STEPS:
        raise Http404
    if not DISPATCHES.steps[name].power(request.user, dispatch):
        raise NoPower()
    if request.method == "GET":
        form = DISPATCH_FORMS[name](dispatch=dispatch, viewer=request.user)
        return _answer(request, dispatch, **_form(form, name))
    form = DISPATCH_FORMS[name](request.POST, dispatch=dispatch, viewer=request.user)
    if form.is_valid():
        try:
            taken = dispatching.take_step(
                name,
                dispatch,
                by=request.user,
                cleaned_data=form.cleaned_data,
                files=request.FILES.getlist("photos"),
            )
        except RuleViolation as violation:
            return _refused(request, pk, form, name, violation)
        return _done(request, pk, f"已{DISPATCHES.steps[name].label}", taken.troubles)
    return _answer(request, dispatch, **_form(form, name))


def _form(form: DispatchStepForm, name: str) -> dict[str, Any]:
    return {"form": form, "step": DISPATCHES.steps[name]}


def _refused(
    request: SignedInRequest, pk: int, form: DispatchStepForm, name: str, violation: RuleViolation
) -> HttpResponse:
    """The dispatch as it is now, with the sentence; the form again while the step is still open."""
    dispatch = dispatch_panel.dispatch_in_sight(request.user, pk)
    if not DISPATCHES.is_open(name, request.user, dispatch) or not form.fields:
        return _answer(request, dispatch, refused=violation.sentence)
    violation.add_to(form)
    return _answer(request, dispatch, **_form(form, name))


def _answer(request: HttpRequest, dispatch: Dispatch, **more: Any) -> HttpResponse:
    context = dispatch_panel.context_of(request.user, dispatch, **more)
    response = render(request, "desk/_dispatch.html" if request.htmx else "desk/dispatch.html", context)  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"  # it may show a number
    return response


def _done(request: HttpRequest, pk: int, said: str, troubles: list[str]) -> HttpResponse:
    """htmx gets the panel anew, a toast, and word that the list has changed; others are sent to the page."""
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, said)
        for trouble in troubles:
            messages.warning(request, trouble)
        return redirect("desk:dispatch", pk=pk)
    response = _answer(request, dispatch_panel.dispatch_in_sight(request.user, pk))
    text, level = ("；".join([said, *troubles]), "warning" if troubles else "success")
    trigger_client_event(response, "toast", {"text": text, "level": level})
    return trigger_client_event(response, "worklist", {})


# Whom to send to


@require_GET
@staff_page(Power.DISPATCH)
def recipients(request: HttpRequest, number: str) -> HttpResponse:
    """The radio buttons for what is being typed (htmx); the form itself does it without JavaScript."""
    service_request = panel.request_in_sight(request.user, number)
    if not powers.can_dispatch(request.user, service_request):
        raise Http404
    words, value = request.GET.get("to_q", "")[:60], request.GET.get("to", "")
    context = {"choices": offers(service_request, words, value), "words": words, "value": value}
    return render(request, "desk/_recipient_choices.html", context)
