"""What people hear of a request: the submitter of every answer, the handler of every word from outside."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from ground.steps import Move
from notifications.outbox import audiences, say, say_to_many
from requests import powers
from requests.models import ServiceRequest
from requests.states import BAD_RATING, Outcome, Track


def people_at_handler(request_id: int) -> QuerySet[User]:
    """The audience "request_handlers": who verifies at the handler of that request."""
    service_request = ServiceRequest.objects.select_related("handler").filter(pk=request_id).first()
    return powers.verifiers(service_request.handler) if service_request else User.objects.none()


audiences.register("request_handlers", people_at_handler)


def tell(move: Move) -> None:
    """Say what a step means to the people concerned, inside its transaction."""
    if words := _TO_SUBMITTER.get(move.step.name):
        _to_submitter(move, words(move.thing, move.codes))
    if (words := _TO_HANDLER.get(move.step.name)) and (title := words(move.thing, move.codes)):
        _to_handler(move, title)


def _accepted(service_request: ServiceRequest, codes: dict[str, Any]) -> str:
    return f"{service_request.handler.short_name}受理了你的点单，按{Track(codes['track']).label}事办理"


def _handled(service_request: ServiceRequest, codes: dict[str, Any]) -> str:
    return f"{service_request.responsible} 负责办你的点单"


def _resolved(service_request: ServiceRequest, codes: dict[str, Any]) -> str:
    return f"你的点单{Outcome(codes['outcome']).label}，请评价"


def _filed_for(service_request: ServiceRequest, codes: dict[str, Any]) -> str:
    return "社区替你点了一单" if "on_behalf_of" in codes else ""


def _rated(service_request: ServiceRequest, codes: dict[str, Any]) -> str:
    if codes["satisfied"] > BAD_RATING and codes["solved"]:
        return ""
    return f"不满意：{service_request.title}（{codes['satisfied']} 星）"


_TO_SUBMITTER = {
    "submit": _filed_for,
    "accept": _accepted,
    "decline": lambda service_request, codes: "你的点单没有受理，请看理由",
    "handle": _handled,
    "whistle": lambda service_request, codes: "社区已为你的点单吹哨，正在召集党员",
    "resolve": _resolved,
}
_TO_HANDLER = {
    "submit": lambda service_request, codes: f"新点单：{service_request.title}",
    "add": lambda service_request, codes: f"有补充：{service_request.title}",
    "withdraw": lambda service_request, codes: f"已撤回：{service_request.title}",
    "rate": _rated,
}


def _to_submitter(move: Move, title: str) -> None:
    if not title:
        return
    service_request = move.thing
    say(
        to=service_request.submitter,
        key=f"request:{move.event.pk}",
        title=title,
        text=f"{service_request.number} {service_request.title}",
        url=reverse("requests:detail", args=[service_request.number]),
    )


def _to_handler(move: Move, title: str) -> None:
    service_request = move.thing
    say_to_many(
        audience="request_handlers",
        audience_id=service_request.pk,
        key=f"request:{move.event.pk}:handler",
        title=title,
        text=f"{service_request.number} · {service_request.place}",
        url=reverse("desk:request", args=[service_request.number]),
        is_urgent=move.step.name == "submit" and service_request.track == Track.URGENT,
    )
