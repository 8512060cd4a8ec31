"""What the desk shows of whistles: how many of each, who is on one, what happened to it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.urls import reverse

from desk.crediting import Evidence, evidence_of
from ground.steps import Offer
from volunteers.models import Claim, Whistle
from volunteers.models.whistles import WhistleQuerySet
from volunteers.presenting import CHIPS
from volunteers.states import LIVE, WhistleState
from volunteers.tables import WHISTLES

PAGE = 30


def counts(rows: WhistleQuerySet, heaps: dict[str, Any]) -> dict[str, int]:
    """Heap → how many, in one query; ended ones are not counted."""
    wanted = {key: Count("pk", filter=Q(state__in=states)) for key, states in heaps.items() if key != "ended"}
    alive = rows.filter(state__in=(WhistleState.DRAFT, WhistleState.OPEN, WhistleState.RUNNING))
    return {"ended": 0} | alive.aggregate(**wanted)


def headline(found: dict[str, int]) -> str:
    parts = []
    if found["running"]:
        parts.append(f"{found['running']} 张正在进行")
    if found["open"]:
        parts.append(f"{found['open']} 张在招募")
    if found["draft"]:
        parts.append(f"{found['draft']} 张草稿没有发布")
    return "，".join(parts) or "现在没有哨单"


def page_of(rows: WhistleQuerySet, words: str, key: str, number: str | None) -> Page:
    if words:
        rows = rows.filter(Q(title__icontains=words) | Q(place__icontains=words) | Q(number__icontains=words))
    order = ("-starts_at", "-id") if key == "ended" else ("starts_at", "id")
    rows = rows.with_places_taken().select_related("community", "service_request").order_by(*order)
    return Paginator(rows, PAGE).get_page(number)


def context_of(user: Any, whistle: Whistle) -> dict[str, Any]:
    """The context of `desk/whistle.html`: buttons from the table, the people on it with their evidence."""
    offers = [offer for offer in WHISTLES.offers(user, whistle) if offer.step.name in ("publish", "cancel")]
    people = _people(whistle)
    return {
        "whistle": whistle,
        "chip": {"state": CHIPS.get(whistle.state, "wait"), "label": whistle.get_state_display()},
        "buttons": [_button(offer, whistle) for offer in offers if not offer.why_not],
        "not_yet": [(offer.step.label, offer.why_not) for offer in offers if offer.why_not],
        "people": people,
        "present": sum(1 for each in people if each.claim.checked_in_at),
        "entries": _entries(whistle),
    }


def _button(offer: Offer, whistle: Whistle) -> dict[str, Any]:
    step = offer.step
    confirm = ""
    if step.name == "publish":
        confirm = f"会通知{whistle.get_audience_display()}同志，{whistle.places_max} 人接满为止。"
    return {
        "label": {"publish": "吹哨", "cancel": "取消哨单"}[step.name],
        "url": reverse("desk:whistle_step", args=[whistle.pk, step.name]),
        "primary": step.tone == "primary",
        "danger": step.tone == "danger",
        "needs_form": step.needs_input,
        "confirm": confirm,
        "key": step.hot_key,
    }


def _people(whistle: Whistle) -> list[Evidence]:
    claims = (
        Claim.objects.filter(whistle=whistle, state__in=LIVE)
        .select_related("volunteer__member__unit", "volunteer__user")
        .defer("volunteer__member__phone", "volunteer__user__phone")
        .order_by("claimed_at", "id")
    )
    found = []
    for claim in claims:
        claim.whistle = whistle
        found.append(evidence_of(claim))
    return found


def _entries(whistle: Whistle) -> list[dict[str, Any]]:
    """The history of the whistle, newest first."""
    events = whistle.events.select_related("by").order_by("-at", "-id")
    return [
        {
            "title": WHISTLES.steps[event.step].done,
            "at": event.at,
            "by": str(event.by) if event.by else "系统",
            "text": whistle.cancelled_because if event.step == "cancel" else "",
        }
        for event in events
    ]
