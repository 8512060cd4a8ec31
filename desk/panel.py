"""Everything that a request page of the desk shows: what can be done, what is asked, who is on it, what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from desk import around
from desk.access import SIGHT
from desk.offers import choices_for
from desk.rows import due_word_of, marks_of
from grids.scope import covers
from ground.fields import surname_only
from organizations.posts import Power
from organizations.scope import scope_of
from requests import beside, powers, receipts
from requests.models import Consent, Dispatch, Hold, Photo, ServiceRequest
from requests.presenting import chip_of, promise_of, step_bar
from requests.readers import INTERNAL, Reader, reader_of
from requests.states import ConsentKind, DispatchState, State
from requests.timeline import entries_of
from volunteers.models import Whistle

_SHOWN = (
    *(
        "category",
        "grid",
        "building",
        "handler",
        "community",
        "district",
        "submitter",
        "responsible",
        "rating",
    ),
    *("consent_at", "supervised_by", "whole", "merged_into", "cause"),
)
_SEALED = ("grid__boundary", "responsible__phone")
_CHIPS = {
    DispatchState.SENT: "wait",
    DispatchState.ACCEPTED: "hand",
    DispatchState.ANSWERED: "soon",
    DispatchState.CONFIRMED: "done",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever asked, as far as the viewer may see."""

    name: str
    masked_phone: str
    can_reveal: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """What the handler asked the tier above for."""

    kind: str
    where: str
    text: str
    by: str
    at: datetime
    new_due: datetime | None
    child: str


def request_in_sight(user: Any, number: str) -> ServiceRequest:
    """The request of that number in the sight of the user's posts, with what holds it and what it asks for.

    One query: a row for each of its holds. Http404.
    """
    rows = (
        beside.with_what_hangs(ServiceRequest.objects.in_sight_of_staff(user))
        .select_related(*_SHOWN)
        .defer(*_SEALED)
        .annotate(
            asked=FilteredRelation("consents", condition=Q(consents__state=Consent.State.PENDING)),
            hold_id=F("holds__pk"),
            hold_key=F("holds__key"),
            hold_label=F("holds__label"),
            asked_text=F("asked__text"),
            asked_name=F("asked__asked_by__name"),
            asked_on=F("asked__asked_at"),
            asked_due=F("asked__new_due"),
            asked_child=F("asked__child__short_name"),
            has_family=Exists(_related_to(OuterRef("pk"))),
        )
    )
    found = list(rows.filter(number=number).order_by("hold_id"))
    if not found:
        raise Http404
    holds = [
        Hold(pk=row.hold_id, service_request_id=row.pk, key=row.hold_key, label=row.hold_label)
        for row in found
        if row.hold_id is not None
    ]
    beside.remember(found[0], "holds", holds)
    return found[0]


def _related_to(pk: Any) -> QuerySet[ServiceRequest]:
    return ServiceRequest.objects.filter(Q(whole=pk) | Q(merged_into=pk) | Q(cause=pk)).order_by()


def context_of(
    user: Any, service_request: ServiceRequest, *, with_history: bool = True, **more: Any
) -> dict[str, Any]:
    """The context of `desk/_panel.html`; `more` adds the form of a step under way.

    Without the history, the side panel fetches it by a request of its own (`desk:history`).
    """
    parts, merged, symptoms = around.family_of(service_request, user)
    dispatches = dispatches_of(service_request)
    beside.remember(service_request, "parts", parts)
    beside.remember(service_request, "dispatches", dispatches)
    pending = pending_of(service_request)
    return {
        "service_request": service_request,
        "person": person_of(user, service_request),
        "chip": chip_of(service_request),
        "marks": marks_of(service_request),
        "due_word": due_word_of(service_request),
        "promise": promise_of(service_request),
        "steps": choices_for(user, service_request, pending),
        "pending": pending if reader_of(service_request, user) is Reader.STAFF else None,
        "holds": [hold.label for hold in service_request.holds.all()],
        "is_rated_here": service_request.state in (State.RESOLVED, State.CLOSED),
        "rating": getattr(service_request, "rating", None),
        "dispatches": [(row, _CHIPS.get(DispatchState(row.state), "wait")) for row in dispatches],
        "whistles": list(whistles_of(service_request)),
        "parts": parts,
        "merged": merged,
        "symptoms": symptoms,
        "cause": _reachable(user, service_request.cause),
        "into": _reachable(user, service_request.merged_into),
        "whole": _reachable(user, service_request.whole),
        "earlier": list(around.earlier_at(service_request, user)),
        "similar": list(around.similar_to(service_request, user)) if service_request.is_open else [],
        "can_merge": powers.can_merge(user, service_request),
        "can_print": receipts.may_print(user, service_request),
        "can_ask_for_help": sees_helpers(user, service_request),
        "panel_url": reverse("desk:request", args=[service_request.number]),
        **(history_of(user, service_request) if with_history else {"photos": photos_of(service_request)}),
        **more,
    }


def history_of(user: Any, service_request: ServiceRequest) -> dict[str, Any]:
    """The step bar and what happened; the photos that came with the request stand beside its words."""
    entries = entries_of(service_request, user)
    photos: list[dict[str, str]] = []
    for entry in entries:
        if entry.step == "submit":
            photos, entry.photos = entry.photos, []
    return {
        "bar": step_bar(service_request),
        "entries": entries,
        "internal_steps": INTERNAL,
        "photos": photos,
        "has_history": True,
    }


def photos_of(service_request: ServiceRequest) -> list[dict[str, str]]:
    """Those that came with the request. One query, none where there are no photos."""
    if not beside.has(service_request, "photos"):
        return []
    rows = Photo.objects.filter(service_request=service_request, event__step="submit").order_by("id")
    urls = [
        reverse("requests:photo", args=[service_request.number, pk])
        for pk in rows.values_list("pk", flat=True)
    ]
    return [{"url": url, "thumb": f"{url}?size=small", "alt": "照片"} for url in urls]


def pending_of(service_request: ServiceRequest) -> Pending | None:
    """What is asked of the tier above, from what `request_in_sight` read."""
    where = service_request.consent_at
    if not service_request.consent_kind or where is None:
        return None
    row: Any = service_request
    kind = ConsentKind(service_request.consent_kind).label
    return Pending(
        kind,
        where.short_name,
        row.asked_text,
        row.asked_name,
        row.asked_on,
        row.asked_due,
        row.asked_child or "",
    )


def person_of(user: Any, service_request: ServiceRequest) -> Person:
    """The submitter; for one without a phone his name, and whoever filed it is found in the history."""
    if service_request.is_proactive:
        return Person("社区立项", "未诉先办，没有提出人，不用评价", can_reveal=False)
    submitter = service_request.submitter
    named = powers.sees_name(user, service_request)
    if service_request.has_no_phone:
        name = service_request.asker_name or "居民"
        return Person(name if named else surname_only(name), "没有手机，由经办人联系", can_reveal=False)
    return Person(
        name=str(submitter.name or "居民") if named else surname_only(submitter.name),
        masked_phone=submitter.masked_phone if named else "",
        can_reveal=powers.can_reveal_phone(user, service_request),
    )


def dispatches_of(service_request: ServiceRequest) -> list[Dispatch]:
    """Every one that was ever sent, the live ones first."""
    if not beside.has(service_request, "dispatches"):
        return []
    rows = service_request.dispatches.select_related("unit", "organization").order_by("-sent_at", "-id")
    return sorted(rows, key=lambda row: not row.is_live)


def whistles_of(service_request: ServiceRequest) -> QuerySet[Whistle]:
    if not beside.has(service_request, "whistles"):
        return Whistle.objects.none()
    return service_request.whistles.with_places_taken().order_by("-starts_at")


def sees_helpers(user: Any, service_request: ServiceRequest) -> bool:
    """Names of volunteers are read where their registrations are confirmed: at the community, by its staff."""
    return service_request.is_open and scope_of(user).holds_at(
        Power.CONFIRM_REGISTRATION, service_request.community_id
    )


def _reachable(user: Any, other: ServiceRequest | None) -> dict[str, str] | None:
    """The number of what it belongs to; title and link where it is in sight of the user's posts. No query."""
    if other is None:
        return None
    is_here = any(covers(user, power, other) for power in SIGHT)
    url = reverse("desk:request", args=[other.number]) if is_here else ""
    return {"number": other.number, "title": other.title if is_here else "", "url": url}
