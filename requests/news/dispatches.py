"""What people hear of a dispatch: the recipient of what is sent and sent back, the handler of its answers."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from ground.steps import Move
from notifications.outbox import audiences, say_to_many
from requests import powers
from requests.dispatching import TOLD_REJECTION
from requests.models import Dispatch, DispatchEvent
from requests.news import people
from requests.news.people import People
from requests.news.phrases import about, line_of, moment, title_of
from requests.states import Grade, Track

#: What the recipient hears, and what the handler hears. Signing, contact and arrival are seen in the list.
_TO_OFFICERS = {
    "send": "派单，请签收",
    "reject": "退回重办",
    "recall": "派单已收回",
    "end_with": "点单已了结，派单收回",
}
_TO_SENDERS = {"give_back": "退回了派单，请另行安排", "answer": "有回复，请核销"}


class Said(NamedTuple):
    audience: str
    title: str
    more: str = ""


def tell(move: Move) -> None:
    """One message per event and person: leaders are told beside the officers, never twice."""
    for said in _said(move):
        _say(move, said)


def _said(move: Move) -> list[Said]:
    dispatch, name = move.thing, move.step.name
    title = title_of(dispatch.service_request)
    if name in _TO_SENDERS:
        return [Said("dispatch_news_senders", f"{dispatch.recipient}{_TO_SENDERS[name]}：{title}")]
    if name not in _TO_OFFICERS:
        return []
    found = [Said("dispatch_news_officers", f"{_TO_OFFICERS[name]}：{title}", _due(dispatch))]
    if name == "reject" and move.codes["count"] == TOLD_REJECTION:
        often = f"{dispatch.recipient}第 {TOLD_REJECTION} 次被退回重办"
        found.append(Said("dispatch_news_leaders", f"{often}：{title}"))
    return found


def _due(dispatch: Dispatch) -> str:
    return f"{moment(dispatch.due)} 前{doing(dispatch)}" if dispatch.due else ""


def doing(dispatch: Dispatch) -> str:
    """What has to be done by the present due of a dispatch."""
    if dispatch.signed_at is None:
        return "签收"
    if dispatch.due == dispatch.contact_due and dispatch.contacted_at is None:
        return "联系提出人"
    return "到场" if dispatch.due == dispatch.arrive_due and dispatch.arrived_at is None else "回复"


def is_pressing(dispatch: Dispatch) -> bool:
    """Urgent matters, and those who have an hour to sign."""
    is_to_sign = dispatch.grade == Grade.HARD and dispatch.signed_at is None
    return dispatch.service_request.track == Track.URGENT or is_to_sign


def _say(move: Move, said: Said) -> None:
    dispatch = move.thing
    is_leader = said.audience == "dispatch_news_leaders"
    say_to_many(
        audience=said.audience,
        audience_id=move.event.pk,
        key=f"dispatch:{move.event.pk}:{said.audience.rpartition('_')[2]}",
        title=said.title,
        text="。".join(filter(None, (line_of(dispatch.service_request), said.more))),
        url=page_of(dispatch, for_recipient=said.audience == "dispatch_news_officers"),
        is_urgent=dispatch.is_live and not is_leader and is_pressing(dispatch),
        about=about(dispatch.service_request),
    )


def page_of(dispatch: Dispatch, *, for_recipient: bool) -> str:
    """Recipients open the dispatch, the handler and the tiers above the request."""
    if for_recipient:
        return reverse("desk:dispatch", args=[dispatch.pk])
    return reverse("desk:request", args=[dispatch.service_request.number])


# Whom


def _dispatch_of(event_id: int) -> tuple[Dispatch | None, int]:
    rows = DispatchEvent.objects.select_related("subject__service_request__handler", "subject__organization")
    event = rows.filter(pk=event_id).first()
    return (event.subject, event.by_id or 0) if event else (None, 0)


def _others(found: People, dispatch: Dispatch, by: int) -> People:
    """Without whoever did it, and without whoever asked: it is his own."""
    thing = dispatch.service_request
    return found.exclude(pk__in=[by] if thing.asker_id is None else [by, thing.asker_id])


def officers(event_id: int) -> People:
    dispatch, by = _dispatch_of(event_id)
    return _others(powers.officers_of(dispatch), dispatch, by) if dispatch else people.nobody()


def senders(event_id: int) -> People:
    dispatch, by = _dispatch_of(event_id)
    return _others(people.senders(dispatch), dispatch, by) if dispatch else people.nobody()


def leaders(event_id: int) -> People:
    dispatch, by = _dispatch_of(event_id)
    if dispatch is None:
        return people.nobody()
    told = powers.officers_of(dispatch).order_by().values("pk")
    return _others(people.leaders(dispatch.service_request), dispatch, by).exclude(pk__in=told)


audiences.register("dispatch_news_officers", officers)
audiences.register("dispatch_news_senders", senders)
audiences.register("dispatch_news_leaders", leaders)
