"""What staff hear of a request: the handler of every word from outside, deciders of what they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from accounts.models import User
from ground.steps import Move
from notifications.outbox import audiences, say, say_to_many
from requests import powers
from requests.afterwards import WATCHED_REOPENING
from requests.models import Consent, RequestEvent, ServiceRequest
from requests.news import people
from requests.news.people import People
from requests.news.phrases import about, line_of, title_of
from requests.news.submitter import WORDS
from requests.states import BAD_RATING, Track

Codes = dict[str, Any]

#: Urgent matters are heard at once and at night, where somebody has to act on what happened.
_PRESSING = frozenset(
    {
        "submit",
        "answer",
        "urge",
        "escalate",
        "hand_down",
        "consent_hand_down",
        "reopen",
        "object",
        "supervise",
    }
)
_ANSWERS = frozenset({"consent_extension", "consent_hand_down", "consent_explained", "deny"})


def tell(move: Move) -> None:
    """One fan-out per event; its audience is asked of the event when it is expanded."""
    if move.step.name in _ANSWERS:
        _to_whoever_asked(move)
    words = _TITLES.get(move.step.name)
    title = words(move.thing, move.codes) if words else ""
    if not title or (move.step.name == "unmerge" and move.by is not None):
        return
    say_to_many(
        audience="request_news",
        audience_id=move.event.pk,
        key=f"request:{move.event.pk}:staff",
        title=title,
        text=line_of(move.thing),
        url=reverse("desk:request", args=[move.thing.number]),
        is_urgent=move.step.name in _PRESSING and move.thing.track == Track.URGENT,
        about=about(move.thing),
    )


# Whom


def concerned(event_id: int) -> People:
    """The audience "request_news": who has to know of an event, without whoever did it."""
    event = (
        RequestEvent.objects.select_related("subject__handler", "subject__whole__handler")
        .filter(pk=event_id)
        .first()
    )
    if event is None or event.step not in _PEOPLE:
        return people.nobody()
    found = _PEOPLE[event.step](event).exclude(pk=event.by_id or 0)
    thing = event.subject
    if not thing.is_proactive and (not thing.has_no_phone or event.step in WORDS):
        found = found.exclude(pk=thing.submitter_id)  # his own, or told already
    if event.step == "consent_hand_down" and (consent := _answered(event.subject)):
        found = found.exclude(pk=consent.asked_by_id)
    return found


audiences.register("request_news", concerned)


def _of_handler(event: RequestEvent) -> People:
    return people.at_handler(event.subject)


def _of_owner(event: RequestEvent) -> People:
    return people.owners(event.subject)


def _of_new(event: RequestEvent) -> People:
    return people.any_of(people.at_handler(event.subject), people.in_charge_of_grid(event.subject))


def _of_whole(event: RequestEvent) -> People:
    return people.owners(event.subject.whole) if event.subject.whole else people.nobody()


def _of_reopened(event: RequestEvent) -> People:
    """The second time the tier above watches it from now on."""
    thing = event.subject
    if event.codes.get("count") != WATCHED_REOPENING or thing.supervised_by is None:
        return people.at_handler(thing)
    return people.any_of(people.at_handler(thing), powers.verifiers(thing.supervised_by))


def _deciders(event: RequestEvent) -> People:
    thing = event.subject
    if thing.consent_at is None:
        return people.nobody()
    return powers.deciders(thing.consent_at, is_above=thing.consent_at_id != thing.handler_id)


_PEOPLE: dict[str, Callable[[RequestEvent], People]] = {
    "submit": _of_new,
    "add": _of_owner,
    "answer": _of_owner,
    "timeout": _of_owner,
    "complete": _of_whole,
    "reopen": _of_reopened,
    **dict.fromkeys(("extend", "explain", "propose_hand_down"), _deciders),
    **dict.fromkeys(
        (
            *("urge", "withdraw", "rate", "call_back", "object", "supervise"),
            *("escalate", "hand_down", "consent_hand_down", "unmerge"),
        ),
        _of_handler,
    ),
}


# What


def _rated(service_request: ServiceRequest, codes: Codes) -> str:
    if codes["satisfied"] > BAD_RATING and codes["solved"]:
        return ""
    return f"不满意：{title_of(service_request)}（{codes['satisfied']} 星）"


def _reopened(service_request: ServiceRequest, codes: Codes) -> str:
    return f"第 {codes['count']} 次要求重办：{title_of(service_request)}"


def _begins(words: str) -> Callable[[ServiceRequest, Codes], str]:
    return lambda service_request, codes: f"{words}：{title_of(service_request)}"


_TITLES: dict[str, Callable[[ServiceRequest, Codes], str]] = {
    "submit": lambda service_request, codes: (
        f"{'社区立项' if service_request.is_proactive else '新点单'}：{title_of(service_request)}"
    ),
    "add": _begins("有补充"),
    "answer": _begins("有回答"),
    "timeout": _begins("没有等到回答，请继续办"),
    "urge": _begins("催办"),
    "withdraw": _begins("已撤回"),
    "rate": _rated,
    "call_back": _rated,
    "reopen": _reopened,
    "object": _begins("申诉，请重新答复"),
    "supervise": _begins("督办"),
    "escalate": _begins("上报来的，请接手"),
    "hand_down": _begins("交办，请接手"),
    "consent_hand_down": _begins("交办，请接手"),
    "unmerge": _begins("并案的点单了结了，这件要单独办"),
    "complete": _begins("分件办完"),
    "extend": _begins("请答复：申请延期"),
    "explain": _begins("请答复：报请解释办结"),
    "propose_hand_down": _begins("请答复：报请再次交办"),
}


def _to_whoever_asked(move: Move) -> None:
    consent: Consent = move.beside
    asker: User = consent.asked_by
    is_given = consent.state == Consent.State.GIVEN
    say(
        to=asker,
        key=f"request:{move.event.pk}:consent",
        title=f"{'已同意' if is_given else '没有同意'}{consent.get_kind_display()}：{title_of(move.thing)}",
        text=line_of(move.thing),
        url=reverse("desk:request", args=[move.thing.number]),
        about=about(move.thing),
    )


def _answered(service_request: ServiceRequest) -> Consent | None:
    """What was asked for and has just been answered."""
    rows = service_request.consents.filter(decided_at__isnull=False).select_related("asked_by")
    return rows.order_by("decided_at", "pk").last()
