"""Everything that a request page of the desk shows: what can be done, what is asked, who is on it, what was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse

from ground.fields import surname_only
from requests import powers
from requests.models import ServiceRequest
from requests.presenting import buttons, chip_of, step_bar
from requests.tables import REQUESTS
from requests.timeline import Entry, entries_of
from volunteers.models import Whistle

#: The steps that staff take here; what a submitter does with his own request he does on the phone pages.
STEPS = ("accept", "handle", "resolve", "whistle", "contact", "decline")
#: How many earlier requests of the same building are shown.
EARLIER = 3


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever asked, as far as the viewer may see."""

    name: str
    masked_phone: str
    can_reveal: bool


def request_in_sight(user: Any, number: str) -> ServiceRequest:
    """The request of that number in the sight of the user's posts; Http404."""
    rows = ServiceRequest.objects.in_sight_of_staff(user).select_related(
        "category", "grid", "building", "handler", "community", "submitter", "responsible", "rating"
    )
    return get_object_or_404(rows.defer("grid__boundary", "responsible__phone"), number=number)


def context_of(user: Any, service_request: ServiceRequest, **more: Any) -> dict[str, Any]:
    """The context of `desk/_panel.html`; `more` adds the form of a step under way."""
    offers = [offer for offer in REQUESTS.offers(user, service_request) if offer.step.name in STEPS]
    offers.sort(key=lambda offer: STEPS.index(offer.step.name))
    open_steps = [offer.step for offer in offers if not offer.why_not]
    entries = entries_of(service_request, user)
    return {
        "service_request": service_request,
        "person": person_of(user, service_request),
        "chip": chip_of(service_request),
        "due_word": "受理" if service_request.accepted_at is None else "办结",
        "bar": step_bar(service_request),
        "buttons": buttons(open_steps, service_request, "desk:step"),
        "not_yet": [(offer.step.label, offer.why_not) for offer in offers if offer.why_not],
        "photos": _asked_with(entries),
        "entries": entries,
        "whistles": list(whistles_of(service_request)),
        "earlier": list(earlier_at(service_request, user)),
        "rating": getattr(service_request, "rating", None),
        "panel_url": reverse("desk:request", args=[service_request.number]),
        **more,
    }


def _asked_with(entries: list[Entry]) -> list[dict[str, str]]:
    """The photos that came with the request: shown beside its words, not again in the history."""
    for entry in entries:
        if entry.step == "submit":
            photos, entry.photos = entry.photos, []
            return photos
    return []


def person_of(user: Any, service_request: ServiceRequest) -> Person:
    submitter = service_request.submitter
    named = powers.sees_name(user, service_request)
    return Person(
        name=str(submitter.name or "居民") if named else surname_only(submitter.name),
        masked_phone=submitter.masked_phone if named else "",
        can_reveal=powers.can_reveal_phone(user, service_request),
    )


def whistles_of(service_request: ServiceRequest) -> QuerySet[Whistle]:
    return service_request.whistles.with_places_taken().order_by("-starts_at")


def earlier_at(service_request: ServiceRequest, user: Any) -> QuerySet[ServiceRequest]:
    """这里以前: the latest earlier requests of the same building."""
    if service_request.building_id is None:
        return ServiceRequest.objects.none()
    return (
        ServiceRequest.objects.in_sight_of_staff(user)
        .filter(building=service_request.building_id, submitted_at__lt=service_request.submitted_at)
        .select_related("category", "rating")
        .order_by("-submitted_at", "-id")[:EARLIER]
    )
