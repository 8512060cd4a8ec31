"""How a request looks on any page: its chip, its card, its step bar, its buttons. Data for `templates/parts/`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from ground import clock
from ground.fields import surname_only
from ground.steps import Step
from ground.templatetags.wenshao import when
from requests import clocks, powers
from requests.models import ServiceRequest
from requests.states import State

#: The road of a request, in words; where a state stands on it. A part is not rated, nor is 未诉先办.
ROAD = ["已提交", "已受理", "办理中", "待评价", "已办结"]
PROACTIVE_ROAD = ["已立项", "已受理", "办理中", "已办结"]
PART_ROAD = ["已拆出", "已受理", "办理中", "已办结"]
_REACHED = {
    State.SUBMITTED: 0,
    State.ACCEPTED: 1,
    State.IN_PROGRESS: 2,
    State.RESOLVED: 3,
    State.CLOSED: 4,
}
_CHIPS = {
    State.SUBMITTED: "wait",
    State.ACCEPTED: "hand",
    State.IN_PROGRESS: "hand",
    State.ASKED: "soon",
    State.RESOLVED: "soon",
    State.CLOSED: "done",
    State.DECLINED: "wait",
    State.WITHDRAWN: "wait",
    State.MERGED: "hand",
}
#: What waits for whoever asked: the words of the chip and of the link on his card.
_WAITS_FOR_ASKER = {State.ASKED: ("待你补充", "去补充"), State.RESOLVED: ("待你评价", "去评价")}


def chip_of(service_request: ServiceRequest) -> dict[str, str]:
    """State and label of the chip; late when the promise has run out."""
    if service_request.is_overdue:
        label = f"{service_request.get_state_display()}，已超时"
        return {"state": "late", "label": label, "icon_name": ""}
    state = State(service_request.state)
    icon = "stop" if state in (State.DECLINED, State.WITHDRAWN) else ""
    return {"state": _CHIPS[state], "label": state.label, "icon_name": icon}


def card_of(service_request: ServiceRequest) -> dict[str, Any]:
    """The context of `parts/_request.html` for whoever asked."""
    chip = chip_of(service_request)
    label, action = _WAITS_FOR_ASKER.get(State(service_request.state), (chip["label"], ""))
    return {
        "url": reverse("requests:detail", args=[service_request.number]),
        "title": service_request.title,
        "track": service_request.track,
        "state": chip["state"],
        "label": label,
        "icon_name": chip["icon_name"],
        "at": service_request.submitted_at,
        "due": service_request.due,
        "text": _card_text(service_request),
        "action": action,
    }


def _card_text(service_request: ServiceRequest) -> str:
    if service_request.state == State.RESOLVED:
        return f"{service_request.get_outcome_display()}，请评价"
    if service_request.state == State.ASKED:
        return f"{when(service_request.asked_until, 'time')} 前补充"
    if service_request.state == State.MERGED:
        return "和同一件事一起办"
    if service_request.responsible_id and service_request.is_open:
        return f"{service_request.responsible} 负责"
    return service_request.category.name


def step_bar(service_request: ServiceRequest) -> list[dict[str, str]]:
    """The road with the present place on it; what ended on the way stops where it was."""
    state = State(service_request.state)
    road = _road_of(service_request)
    if state in (State.DECLINED, State.WITHDRAWN):
        reached = 1 if service_request.accepted_at is None else 2
        return [*_drawn(road[:reached], reached), {"label": state.label, "state": "stopped"}]
    if state == State.MERGED:
        here = 1 if service_request.accepted_at is None else 2
        return _drawn([*road[:here], state.label, *road[3:]], here)
    if state == State.ASKED:
        here = _REACHED[State(service_request.asked_from)]
        return _drawn([*road[:here], state.label, *road[here + 1 :]], here)
    here = _REACHED[state]
    return _drawn(road, min(here, len(road) - 1))


def _road_of(service_request: ServiceRequest) -> list[str]:
    """The first words say when it began anew: by an objection, by being reopened."""
    if service_request.is_part:
        return PART_ROAD
    if service_request.is_proactive:
        return PROACTIVE_ROAD
    first = "已申诉" if service_request.objected_at else ROAD[0]
    second = f"重办 {service_request.reopened}" if service_request.reopened else ROAD[1]
    return [first, second, *ROAD[2:]]


def _drawn(road: list[str], here: int) -> list[dict[str, str]]:
    last = len(road) - 1
    marks = [
        "done" if at < here or at == here == last else "now" if at == here else "todo"
        for at in range(len(road))
    ]
    return [{"label": label, "state": mark} for label, mark in zip(road, marks, strict=True)]


def buttons(steps: list[Step], service_request: ServiceRequest, url_name: str) -> list[dict[str, Any]]:
    """The context of `parts/_step_buttons.html`: each step leads to its form, or is taken at once."""
    first = next((step.name for step in steps if step.tone == "primary"), "")
    return [
        {
            "name": step.name,
            "label": step.label,
            "url": reverse(url_name, args=[service_request.number, step.name]),
            "primary": step.name == first,
            "danger": step.tone == "danger",
            "needs_form": step.needs_input,
            "key": step.hot_key,
        }
        for step in steps
    ]


def asker_of(service_request: ServiceRequest, viewer: Any) -> str:
    """Whoever asked, in words fit for the viewer: 你, or 居民 周**."""
    if viewer is not None and powers.is_submitter(viewer, service_request):
        return "你"
    if service_request.is_proactive:
        return "社区"
    name = service_request.asker_name if service_request.has_no_phone else service_request.submitter.name
    return f"居民 {surname_only(name)}".replace("居民 居民", "居民")


def promise_of(service_request: ServiceRequest) -> dict[str, Any] | None:
    """What was promised next, by when, and how long that is from now. None while nobody has to act."""
    due = service_request.due
    if due is None:
        return None
    running, what = _running(service_request)
    span = clocks.promised(service_request, running)
    state, left = _left(due - clock.now())
    return {"what": what, "span": str(span) if span else "", "at": due, "left": left, "state": state}


def _running(service_request: ServiceRequest) -> tuple[str, str]:
    """Which of the promised spans runs now, and what has to be done by its end."""
    if service_request.state == State.SUBMITTED:
        return "accept", "受理"
    if service_request.due == service_request.takeover_due:
        return "accept", "接手"
    return "resolve", "办结"


def pause_of(service_request: ServiceRequest) -> datetime | None:
    """Until when whoever asked may answer; his clock stands still so long. None unless he was asked."""
    return service_request.asked_until if service_request.state == State.ASKED else None


def until_of(service_request: ServiceRequest) -> dict[str, Any] | None:
    """Until when whoever asked may still do something about what has come to an end, and what happens then."""
    row = service_request
    at, what = {
        State.RESOLVED: (row.lapse_due, "前没有评价，会自动办结，不算满意也不算不满意。"),
        State.CLOSED: (row.reopen_until, "前可以要求重办。"),
        State.DECLINED: (None if row.objected_at else row.object_until, "前可以申诉一次。"),
    }.get(State(row.state), (None, ""))
    return {"at": at, "what": what} if at is not None and at > clock.now() else None


def final_promise(service_request: ServiceRequest) -> datetime | None:
    """By when it shall be resolved, where something else is due before: the promise stays (RULES 1)."""
    due = service_request.resolve_due
    return due if service_request.due is not None and due != service_request.due else None


def marks_of(service_request: ServiceRequest) -> list[dict[str, str]]:
    """What is to be seen at a glance: who watches over it, how often it was urged, which time it is done."""
    marks = []
    if service_request.supervised_at and service_request.is_open:
        watcher = service_request.supervised_by
        marks.append({"label": f"{watcher.short_name if watcher else '市里'}督办", "state": "hand"})
    if service_request.reopened and service_request.is_open:
        marks.append({"label": f"第 {service_request.reopened} 次重办", "state": "soon"})
    if service_request.urges and service_request.is_open:
        marks.append({"label": f"催过 {service_request.urges} 次", "state": "wait"})
    return marks


def main_matter(service_request: ServiceRequest) -> dict[str, str] | None:
    """How the matter stands into which it was merged: state and handler, never whose it is or what it says."""
    main = service_request.merged_into
    if service_request.state != State.MERGED or main is None:
        return None
    return {**chip_of(main), "handler": main.handler.short_name}


def _left(span: timedelta) -> tuple[str, str]:
    """State and words of a chip: 还剩 14 小时, 已超时 2 天. The last four hours are "soon"."""
    is_late = span < timedelta()
    minutes = int(abs(span).total_seconds() // 60)
    words = f"{minutes} 分钟"
    if minutes >= 48 * 60:
        words = f"{minutes // (24 * 60)} 天"
    elif minutes >= 60:
        words = f"{minutes // 60} 小时"
    if is_late:
        return "late", f"已超时 {words}"
    return "soon" if span <= timedelta(hours=4) else "wait", f"还剩 {words}"
