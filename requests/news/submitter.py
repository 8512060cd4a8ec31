"""What whoever asked hears: every answer, in words that say what comes next. Never an internal reason.

For somebody without a phone the one who filed it hears, and passes it on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.urls import reverse

from ground.steps import Move
from notifications.outbox import say
from requests import guards
from requests.models import Dispatch, ServiceRequest
from requests.news.phrases import about, moment, title_of
from requests.states import Outcome, Track

Codes = dict[str, Any]


class Words(NamedTuple):
    title: str
    more: str = ""
    is_urgent: bool = False


def tell(move: Move) -> None:
    """Nobody hears of his own step; parts, and what the community filed itself, have nobody who asked for them."""
    service_request, words = move.thing, WORDS.get(move.step.name)
    if words is None or service_request.is_part or service_request.is_proactive:
        return
    if _is_own(move):
        return
    said = words(service_request, move.codes)
    if said is None:
        return
    is_passed_on = service_request.has_no_phone
    say(
        to=service_request.submitter,
        key=f"request:{move.event.pk}",
        title=f"请转告：{said.title}" if is_passed_on else said.title,
        text="。".join(filter(None, (f"{service_request.number} {title_of(service_request)}", said.more))),
        url=_page(service_request),
        is_urgent=said.is_urgent,
        about=about(service_request),
    )


def _is_own(move: Move) -> bool:
    return move.by is not None and move.by.pk == move.thing.submitter_id


def _page(service_request: ServiceRequest) -> str:
    name = "desk:request" if service_request.has_no_phone else "requests:detail"
    return reverse(name, args=[service_request.number])


def _promise(service_request: ServiceRequest) -> str:
    due = service_request.resolve_due
    return f"原来的承诺不变：{moment(due)} 前办结" if due else "原来的承诺不变"


def _filed(service_request: ServiceRequest, codes: Codes) -> Words | None:
    if "on_behalf_of" not in codes:
        return None
    return Words("社区替你点了一单", f"{moment(service_request.accept_due)} 前答复是否受理")


def _accepted(service_request: ServiceRequest, codes: Codes) -> Words:
    track = Track(codes["track"]).label
    return Words(
        f"{service_request.handler.short_name}受理了你的点单，按{track}事办理",
        f"承诺 {moment(service_request.resolve_due)} 前办结",
    )


def _declined(service_request: ServiceRequest, codes: Codes) -> Words:
    why_not = guards.cannot_object(service_request)
    return Words(
        "你的点单没有受理，请看理由",
        why_not.rstrip("。")
        or f"不同意的，{moment(service_request.object_until)} 前可以申诉，由上一级重新答复",
    )


def _asked(service_request: ServiceRequest, codes: Codes) -> Words:
    until = moment(service_request.asked_until)
    return Words(
        "有一个问题等你回答",
        f"请在 {until} 前回答，到时没有回答就按已有的情况继续办",
        is_urgent=service_request.track == Track.URGENT,
    )


def _timed_out(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words("没有等到你的回答，你的点单继续办理", f"承诺 {moment(service_request.resolve_due)} 前办结")


def _taken_over(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words(f"{service_request.handler.short_name}接手了你的点单", _promise(service_request))


def _escalated(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words(f"你的点单已上报到{service_request.handler.short_name}", _promise(service_request))


def _handed_down(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words(f"你的点单已交给{service_request.handler.short_name}办理", _promise(service_request))


def _handled(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words(f"{service_request.responsible} 负责办你的点单")


def _dispatched(service_request: ServiceRequest, codes: Codes) -> Words | None:
    rows = Dispatch.objects.select_related("unit", "organization")
    dispatch = rows.filter(pk=codes["dispatch"]).first()
    if dispatch is None:
        return None
    if dispatch.is_lead:
        return Words(f"你的点单已派给{dispatch.recipient}办理", _promise(service_request))
    return Words(f"请了{dispatch.recipient}一起办你的点单", _promise(service_request))


def _whistled(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words("社区已为你的点单吹哨，正在召集党员")


def _resolved(service_request: ServiceRequest, codes: Codes) -> Words:
    label, until = Outcome(codes["outcome"]).label, moment(service_request.lapse_due)
    again = "重办后" if service_request.reopened else ""
    if service_request.has_no_phone:
        return Words(f"你的点单{again}{label}", f"{until} 前由没有经手的人回访评价")
    return Words(f"你的点单{again}{label}，请评价", f"请在 {until} 前评价，没有办好可以要求重办")


def _explained(service_request: ServiceRequest, codes: Codes) -> Words:
    until = moment(service_request.lapse_due)
    if service_request.has_no_phone:
        return Words("你的点单已依法依规解释", f"{until} 前由没有经手的人回访评价")
    return Words("你的点单已依法依规解释，请看说明并评价", f"请在 {until} 前评价")


def _resolved_with(service_request: ServiceRequest, codes: Codes) -> Words:
    is_explained = service_request.outcome == Outcome.EXPLAINED
    return (_explained if is_explained else _resolved)(service_request, codes)


def _merged(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words("你的点单和同一件事的点单一起办", "办好后同样告诉你，由你评价")


def _unmerged(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words("你的点单改为单独办理", f"由{service_request.handler.short_name}继续办")


def _extended(service_request: ServiceRequest, codes: Codes) -> Words:
    due = moment(service_request.resolve_due)
    return Words(f"你的点单延期到 {due}", "上一级已经同意，只延这一次")


def _lapsed(service_request: ServiceRequest, codes: Codes) -> Words:
    until = moment(service_request.reopen_until)
    why_not = guards.cannot_be_reopened(service_request)
    return Words("你的点单过了评价的日子，已办结", "" if why_not else f"还没办好的，{until} 前可以要求重办")


def _reopened(service_request: ServiceRequest, codes: Codes) -> Words:
    return Words(f"你的点单由{service_request.handler.short_name}重办")


WORDS: dict[str, Callable[[ServiceRequest, Codes], Words | None]] = {
    "submit": _filed,
    "accept": _accepted,
    "decline": _declined,
    "ask": _asked,
    "timeout": _timed_out,
    "take_over": _taken_over,
    "escalate": _escalated,
    "hand_down": _handed_down,
    "consent_hand_down": _handed_down,
    "handle": _handled,
    "dispatch": _dispatched,
    "whistle": _whistled,
    "resolve": _resolved,
    "consent_explained": _explained,
    "resolve_with": _resolved_with,
    "merge": _merged,
    "unmerge": _unmerged,
    "consent_extension": _extended,
    "lapse": _lapsed,
    "reopen": _reopened,
}
