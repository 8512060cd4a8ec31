"""What the history of a request says about the whistles blown for it, and who came (see requests.timeline)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.urls import reverse

from requests import beside
from requests.invitations import Invitation
from requests.models import RequestEvent, ServiceRequest
from requests.timeline import Entry
from volunteers.accounting import thanking
from volunteers.models import ClaimEvent, Whistle

#: Steps of a claim that whoever asked wants to know of, in the words of the history.
_SAID = {
    "claim": "接单",
    "promote": "递补接单",
    "withdraw": "退单",
    "check_in": "到场",
    "check_in_late": "到场（没网，后来补传）",
    "check_out": "干完离场",
    "fulfil": "完成心愿",
}


def word_whistles(events: list[RequestEvent]) -> dict[int, str]:
    """Headlines by id of the event: 社区吹哨：楼道灯抢修，2 人. One query."""
    whistles = Whistle.objects.in_bulk([event.codes["whistle"] for event in events])
    found = {event.pk: whistles.get(event.codes["whistle"]) for event in events}
    return {pk: f"社区吹哨：{row.title}，{row.places_max} 人" for pk, row in found.items() if row}


def of_a_request() -> QuerySet[Whistle]:
    """The whistles for a request, for `requests.beside`."""
    return Whistle.objects.filter(service_request=OuterRef("pk"))


def tell_claims(service_request: ServiceRequest, viewer: Any) -> Iterable[Entry]:
    """Who took a place, came and went. One query, none where nobody whistled."""
    if not beside.has(service_request, "whistles"):
        return
    events = ClaimEvent.objects.filter(
        subject__whistle__service_request=service_request, step__in=_SAID
    ).select_related("subject__volunteer__member__unit", "subject__volunteer__user")
    for event in events:
        volunteer = event.subject.volunteer
        unit = volunteer.unit
        by = f"{volunteer.get_kind_display()}{f' · {unit.name}' if unit else ''}"
        yield Entry(event.step, f"{volunteer} {_SAID[event.step]}", event.at, by=by)


def invite_to_thank(service_request: ServiceRequest, viewer: Any) -> Iterable[Invitation]:
    """Whoever asked may thank those who came, once they have left. One query, for requests whistled for."""
    whistle = thanking.to_thank_for(service_request, viewer)
    if whistle is not None:
        yield Invitation(
            title="有志愿者来帮过忙",
            text="说声谢谢，他们会看到。",
            label="说声谢谢",
            url=reverse("volunteers:thank", args=[whistle.pk]),
        )
