"""How a request looks on any page: its chip, its card, its step bar, its buttons. Data for `templates/parts/`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse

from ground import clock
from ground.fields import surname_only
from ground.steps import Step
from requests import clocks
from requests.models import ServiceRequest
from requests.states import State

#: The road of a request, in words; where a state stands on it.
ROAD = ["已提交", "已受理", "办理中", "待评价", "已办结"]
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
    State.RESOLVED: "soon",
    State.CLOSED: "done",
    State.DECLINED: "wait",
    State.WITHDRAWN: "wait",
}


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
    is_waiting = service_request.state == State.RESOLVED
    return {
        "url": reverse("requests:detail", args=[service_request.number]),
        "title": service_request.title,
        "track": service_request.track,
        "state": chip["state"],
        "label": "待你评价" if is_waiting else chip["label"],
        "icon_name": chip["icon_name"],
        "at": service_request.submitted_at,
        "due": service_request.due,
        "text": _card_text(service_request),
        "action": "去评价" if is_waiting else "",
    }


def _card_text(service_request: ServiceRequest) -> str:
    if service_request.state == State.RESOLVED:
        return f"{service_request.get_outcome_display()}，请评价"
    if service_request.responsible_id and service_request.is_open:
        return f"{service_request.responsible} 负责"
    return service_request.category.name


def step_bar(service_request: ServiceRequest) -> list[dict[str, str]]:
    """The road with the present place on it; a declined or withdrawn request stops where it was."""
    state = State(service_request.state)
    if state in _REACHED:
        here = _REACHED[state]
        return [{"label": label, "state": _mark(at, here)} for at, label in enumerate(ROAD)]
    reached = 1 if service_request.accepted_at is None else 2
    road = [{"label": label, "state": "done"} for label in ROAD[:reached]]
    return [*road, {"label": state.label, "state": "stopped"}]


def _mark(at: int, here: int) -> str:
    if at == here and here < len(ROAD) - 1:
        return "now"
    return "done" if at <= here else "todo"


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
    if viewer is not None and service_request.submitter_id == viewer.pk:
        return "你"
    return f"居民 {surname_only(service_request.submitter.name)}".replace("居民 居民", "居民")


def promise_of(service_request: ServiceRequest) -> dict[str, Any] | None:
    """What was promised, by when, and how long that is from now. None once nobody has to act any more."""
    if service_request.due is None:
        return None
    running, what = ("accept", "受理") if service_request.state == State.SUBMITTED else ("resolve", "办结")
    span = clocks.promised(service_request, running)
    state, left = _left(service_request.due - clock.now())
    return {
        "what": what,
        "span": str(span) if span else "",
        "at": service_request.due,
        "left": left,
        "state": state,
    }


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
