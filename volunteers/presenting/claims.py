"""How a claim looks on a page: chip, step bar, history, whom one helps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ground.fields import surname_only
from volunteers.models import Claim, Whistle
from volunteers.powers import AT_WORK, sees_requester
from volunteers.states import ClaimState, WhistleState
from volunteers.tables import CLAIMS, WHISTLES

#: The state of a chip per state of a claim, a whistle or a registration.
CHIPS = {
    ClaimState.CLAIMED: "hand",
    ClaimState.CHECKED_IN: "hand",
    ClaimState.CHECKED_OUT: "wait",
    ClaimState.CREDITED: "done",
    WhistleState.OPEN: "hand",
    WhistleState.RUNNING: "hand",
    WhistleState.DONE: "done",
    "confirmed": "done",
}


@dataclass(frozen=True, slots=True)
class Requester:
    """Whom a claimant helps: surname, place, and the number if the requester agreed (RULES 5)."""

    name: str
    place: str
    phone: str


def requester_of(user: Any, whistle: Whistle) -> Requester | None:
    """From claim to finish only; None otherwise."""
    service_request = whistle.service_request
    if service_request is None or not sees_requester(user, whistle):
        return None
    submitter = service_request.submitter
    return Requester(
        name=surname_only(submitter.name),
        place=service_request.place,
        phone=submitter.phone if service_request.shares_phone else "",
    )


_LINE = (ClaimState.CLAIMED, ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT, ClaimState.CREDITED)


def steps_of(claim: Claim) -> list[dict[str, str]]:
    """The step bar of a claim; one that ended early stops where it was."""
    if claim.state not in _LINE:
        return [
            {"label": ClaimState.CLAIMED.label, "state": "done"},
            {"label": claim.get_state_display(), "state": "stopped"},
        ]
    at = _LINE.index(ClaimState(claim.state))
    past = {ClaimState.CHECKED_IN: claim.checked_in_at, ClaimState.CHECKED_OUT: claim.checked_out_at}
    return [
        {"label": state.label, "state": _step_state(index, at, bool(past.get(state, True)))}
        for index, state in enumerate(_LINE)
    ]


def _step_state(index: int, at: int, happened: bool) -> str:
    if index == at:
        return "done" if at == len(_LINE) - 1 else "now"
    return "done" if index < at and happened else "todo"


def timeline_of(thing: Whistle | Claim, *, leave_out: Iterable[str] = ()) -> list[dict[str, Any]]:
    """What happened to a whistle or a claim, newest first. One query. Volunteers see no names of staff."""
    machine = CLAIMS if isinstance(thing, Claim) else WHISTLES
    return [
        {"title": machine.steps[event.step].done, "at": event.at, "note": _note(event.codes)}
        for event in reversed(list(thing.events.all()))
        if event.step not in leave_out
    ]


def _note(codes: dict[str, Any]) -> str:
    if "metres" in codes:
        return f"离地点 {codes['metres']} 米"
    return f"{codes['minutes']} 分钟" if "minutes" in codes else ""


def is_at_work(claim: Claim) -> bool:
    return claim.state in AT_WORK and claim.whistle.state in (WhistleState.OPEN, WhistleState.RUNNING)
