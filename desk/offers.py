"""Which steps of a request the desk offers: a few in front, the others under 更多, the dangerous ones last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from ground.steps import Offer, Step
from ground.templatetags.wenshao import when
from requests.forms import FORMS
from requests.models import ServiceRequest
from requests.states import State
from requests.tables import REQUESTS

#: How many buttons stand in front.
FRONT = 4
#: Every step that staff take here, in the order of the buttons; dangerous ones follow at the end.
ORDER = (
    *(
        "consent_extension",
        "consent_hand_down",
        "consent_explained",
        "accept",
        "take_over",
        "resolve",
        "complete",
    ),
    *(
        "call_back",
        "handle",
        "dispatch",
        "whistle",
        "contact",
        "ask",
        "merge",
        "split",
        "escalate",
        "hand_down",
    ),
    *(
        "propose_hand_down",
        "extend",
        "explain",
        "supervise",
        "unmerge",
        "answer",
        "add",
        "urge",
        "reopen",
        "object",
    ),
    *("note", "deny", "decline", "withdraw"),
)
#: What whoever asked does himself; staff only where they speak for one without a phone.
OF_SUBMITTER = frozenset({"add", "answer", "urge", "withdraw", "reopen", "object"})
#: What belongs in front although it is dangerous, by state; elsewhere danger waits under 更多.
_IN_FRONT = {State.SUBMITTED: {"decline"}, State.ACCEPTED: {"deny"}, State.IN_PROGRESS: {"deny"}}
#: The steps of which it is said at once why they cannot be taken yet.
_SAID_AT_ONCE = frozenset({"resolve", "complete", "consent_explained", "consent_hand_down", "take_over"})


@dataclass(frozen=True, slots=True)
class Choices:
    """The buttons in front and the others, and what cannot be done yet: (label, why)."""

    front: list[dict[str, Any]]
    more: list[dict[str, Any]]
    not_yet: list[tuple[str, str]]
    not_yet_more: list[tuple[str, str]]


def is_taken_here(name: str, service_request: ServiceRequest) -> bool:
    """Whether the desk has this step at all; what only the submitter may do is done on the phone pages."""
    if name not in ORDER or (name not in FORMS and name != "whistle"):
        return False
    return name not in OF_SUBMITTER or service_request.asker_id is None


def choices_for(user: Any, service_request: ServiceRequest, pending: Any) -> Choices:
    """What the user may do now, from the table of RULES 1."""
    offers = [
        each
        for each in REQUESTS.offers(user, service_request)
        if is_taken_here(each.step.name, service_request)
    ]
    offers.sort(key=lambda each: _place(each.step.name, service_request))
    steps = [each.step for each in offers if not each.why_not]
    front, more = _divided(steps, service_request)
    primary = (
        step.name for step in front if step.tone == "primary" and not _is_again(step.name, service_request)
    )
    first = next(primary, "")
    draw = [[_button(step, service_request, first, pending) for step in heap] for heap in (front, more)]
    return Choices(draw[0], draw[1], _why(offers, at_once=True), _why(offers, at_once=False))


def _is_again(name: str, service_request: ServiceRequest) -> bool:
    """自办 while it is in progress only names somebody else."""
    return name == "handle" and service_request.state == State.IN_PROGRESS


def _place(name: str, service_request: ServiceRequest) -> int:
    return ORDER.index("supervise") if _is_again(name, service_request) else ORDER.index(name)


def _divided(steps: list[Step], service_request: ServiceRequest) -> tuple[list[Step], list[Step]]:
    """Four in front; a fifth one alone is not worth a click. Danger last in either heap."""
    wanted = _IN_FRONT.get(State(service_request.state), set())
    danger = [step for step in steps if step.tone == "danger"]
    urgent = [step for step in danger if step.name in wanted]
    plain = [step for step in steps if step.tone != "danger"]
    room = FRONT - len(urgent)
    if len(steps) <= FRONT + 1 and len(urgent) == len(danger):
        room = len(plain)
    return plain[:room] + urgent, plain[room:] + [step for step in danger if step not in urgent]


def _why(offers: list[Offer], *, at_once: bool) -> list[tuple[str, str]]:
    return [
        (each.step.label, each.why_not)
        for each in offers
        if each.why_not and (each.step.name in _SAID_AT_ONCE) is at_once
    ]


def _button(step: Step, service_request: ServiceRequest, first: str, pending: Any) -> dict[str, Any]:
    return {
        "name": step.name,
        "label": step.label,
        "url": reverse("desk:step", args=[service_request.number, step.name]),
        "primary": step.name == first,
        "danger": step.tone == "danger",
        "needs_form": step.needs_input,
        "confirm": "" if step.needs_input else consequence_of(step.name, service_request, pending),
        "key": step.hot_key,
    }


def consequence_of(name: str, service_request: ServiceRequest, pending: Any) -> str:
    """What a step of one tap will do, in words: said before it is taken."""
    if name == "take_over":
        return f"由你接手，{service_request.handler.short_name}负责办理；对提出人承诺的期限不变。"
    if name == "urge":
        return "替提出人催一次，承办人会收到消息。一天只能催一次。"
    if name == "unmerge":
        into = service_request.merged_into
        return f"从 {into.number if into else '主件'} 里拿出来，回到“已受理”单独办理。"
    if name == "consent_explained":
        return "以报请的解释办结。提出人会看到全文，可以评价，但不能再要求重办。"
    if name == "consent_extension" and pending:
        return f"办结期限延到 {when(pending.new_due, 'full')}，只能延这一次。"
    if name == "consent_hand_down" and pending:
        return f"马上交给{pending.child}办理，由他们接手。"
    return ""
