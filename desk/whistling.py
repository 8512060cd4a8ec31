"""What the desk shows of whistles: how many of each, who is on one, what can be done with it, what happened to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.urls import reverse

from ground.steps import Offer
from organizations import policies
from organizations.posts import Power
from organizations.scope import scope_of
from volunteers.models import Claim, Whistle, WhistleSeries
from volunteers.models.whistles import WhistleQuerySet
from volunteers.powers import can_whistle
from volunteers.presenting import CHIPS, thanks_for
from volunteers.presenting.evidence import evidence_of_all
from volunteers.states import STANDING, Audience, ClaimState, WhistleKind, WhistleState
from volunteers.tables import WHISTLES

PAGE = 30
#: Steps that a person takes on the page of one whistle, in the order of the buttons.
STEPS = ("publish", "edit", "abort", "cancel", "lead", "repeat")
#: How the buttons word them, where the table's word would be too short.
LABELS = {"publish": "吹哨", "edit": "修改草稿", "cancel": "取消哨单", "lead": "现场负责人"}
#: Neighbours of a series that its page names.
NEAR_IN_SERIES = 4


# The list


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


def filters_of(asked: Any) -> list[dict[str, Any]]:
    """The filters of the list as `parts/_filter.html` takes them; what is not known is no filter."""
    known = (
        ("kind", "种类", list(WhistleKind.choices)),
        ("audience", "对象", list(Audience.choices)),
        ("series", "系列", [("yes", "定期重复的"), ("no", "单次的")]),
    )
    return [
        {"name": name, "label": label, "choices": choices, "value": _one_of(asked.get(name, ""), choices)}
        for name, label, choices in known
    ]


def _one_of(value: str, choices: Iterable[tuple[str, str]]) -> str:
    return value if value in dict(choices) else ""


def narrowed(rows: WhistleQuerySet, filters: Iterable[dict[str, Any]], words: str) -> WhistleQuerySet:
    """Those that the filters and the words leave."""
    for each in filters:
        if each["value"] and each["name"] == "series":
            rows = rows.filter(series__isnull=each["value"] == "no")
        elif each["value"]:
            rows = rows.filter(**{each["name"]: each["value"]})
    if words:
        rows = rows.filter(Q(title__icontains=words) | Q(place__icontains=words) | Q(number__icontains=words))
    return rows


def page_of(rows: WhistleQuerySet, key: str, number: str | None) -> Page:
    order = ("-starts_at", "-id") if key == "ended" else ("starts_at", "id")
    beside = ("community", "service_request", "series", "team")
    queued = Claim.objects.waiting().filter(whistle=OuterRef("pk")).order_by().values("whistle")
    waiting = Subquery(queued.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    rows = rows.with_places_taken().annotate(waiting=waiting).select_related(*beside).order_by(*order)
    return Paginator(rows, PAGE).get_page(number)


# One


def context_of(user: Any, whistle: Whistle) -> dict[str, Any]:
    """The context of `desk/whistle.html`: buttons from the table, the people on it with their evidence."""
    offers = WHISTLES.offers(user, whistle, STEPS)
    standing = _standing(whistle)
    people = evidence_of_all(each for each in standing if each.state != ClaimState.WAITING)
    return {
        "whistle": whistle,
        "chip": {"state": CHIPS.get(whistle.state, "wait"), "label": whistle.get_state_display()},
        "buttons": _buttons(whistle, offers),
        "more": _more(user, whistle, offers),
        "not_yet": _not_yet(offers),
        "people": people,
        "queue": [each for each in standing if each.state == ClaimState.WAITING],
        "present": sum(1 for each in people if each.claim.checked_in_at),
        "entries": _entries(whistle),
        "thanks": thanks_for(whistle, likes_shown=policies.at_hand(user, whistle.district_id).likes_shown),
        "series": series_of(user, whistle),
        "units": list(whistle.units.all()) if whistle.audience == Audience.UNITS else [],
        "skills": list(whistle.skills.all()),
    }


def _buttons(whistle: Whistle, offers: Iterable[Offer]) -> list[dict[str, Any]]:
    """What can be done now; what ends the whistle stands last."""
    found = [_button(offer, whistle) for offer in offers if not offer.why_not and offer.step.name != "repeat"]
    return sorted(found, key=lambda each: bool(each["danger"]))


def _button(offer: Offer, whistle: Whistle) -> dict[str, Any]:
    step = offer.step
    confirm = ""
    if step.name == "publish":
        how = "，不分昼夜马上发出" if whistle.kind == WhistleKind.EMERGENCY else ""
        confirm = f"会通知{whistle.get_audience_display()}同志{how}，{whistle.places_max} 人接满为止。"
    return {
        "label": LABELS.get(step.name, step.label),
        "url": reverse("desk:whistle_step", args=[whistle.pk, step.name]),
        "primary": step.tone == "primary",
        "danger": step.tone == "danger",
        "needs_form": step.needs_input,
        "confirm": confirm,
        "key": step.hot_key,
    }


#: That some kinds are never repeated, and wishes have no site, is no news.
NO_NEWS = ("repeat", "lead")


def _not_yet(offers: Iterable[Offer]) -> list[tuple[str, str]]:
    """What stands in the way of a step."""
    return [
        (offer.step.label, offer.why_not)
        for offer in offers
        if offer.why_not and offer.step.name not in NO_NEWS
    ]


def _more(user: Any, whistle: Whistle, offers: Iterable[Offer]) -> list[dict[str, Any]]:
    """What is done with a whistle besides its own course: again next week, again and again, as a template."""
    if not can_whistle(user, whistle):
        return []
    more = [_button(offer, whistle) for offer in offers if offer.step.name == "repeat" and not offer.why_not]
    copy = {
        "label": "复制一张",
        "url": reverse("desk:whistle_step", args=[whistle.pk, "copy"]),
        "key": uuid.uuid4(),
    }
    keep = {
        "label": "存为常用",
        "url": reverse("desk:whistle_step", args=[whistle.pk, "keep"]),
        "needs_form": True,
    }
    is_ours = scope_of(user).holds_at(Power.WHISTLE, whistle.community_id)  # templates are the community's
    return [copy, *more, *([keep] if is_ours else [])]


def series_of(user: Any, whistle: Whistle) -> dict[str, Any] | None:
    """The series a whistle belongs to, its neighbours in it, and whether the user may stop it. Three queries."""
    if whistle.series_id is None:
        return None
    series = WhistleSeries.objects.select_related("first__service_request").get(pk=whistle.series_id)
    rows = series.whistles.exclude(pk=whistle.pk)
    before = rows.filter(starts_at__lt=whistle.starts_at).order_by("-starts_at")[: NEAR_IN_SERIES // 2]
    after = rows.filter(starts_at__gt=whistle.starts_at).order_by("starts_at")[: NEAR_IN_SERIES // 2]
    return {
        "row": series,
        "often": "每周" if series.every_weeks == 1 else f"每 {series.every_weeks} 周",
        "near": [*reversed(before), *after],
        "can_stop": series.next_on is not None and can_whistle(user, series.first),
    }


def _standing(whistle: Whistle) -> list[Claim]:
    """Those with a place, and those who wait for one, in the order in which they came. One query."""
    claims = (
        Claim.objects.filter(whistle=whistle, state__in=STANDING)
        .select_related("volunteer__member__unit", "volunteer__user")
        .defer("volunteer__member__phone", "volunteer__user__phone")
        .order_by("claimed_at", "id")
    )
    found = list(claims)
    for claim in found:
        claim.whistle = whistle
    return found


def _entries(whistle: Whistle) -> list[dict[str, Any]]:
    """The history of the whistle, newest first."""
    events = whistle.events.select_related("by").order_by("-at", "-id")
    return [
        {
            "title": WHISTLES.steps[event.step].done,
            "at": event.at,
            "by": str(event.by) if event.by else "系统",
            "text": _said(whistle, event),
        }
        for event in events
    ]


def _said(whistle: Whistle, event: Any) -> str:
    if event.step == "edit":
        return "改了" + "、".join(_label_of(name) for name in event.codes["fields"])
    if event.step == "stop":
        return event.codes.get("because", "")
    return {"cancel": whistle.cancelled_because, "abort": whistle.aborted_because}.get(event.step, "")


def _label_of(name: str) -> str:
    return str(Whistle._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
