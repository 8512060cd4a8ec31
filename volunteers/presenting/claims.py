"""How a claim looks on a page: chip, step bar, history, whom one helps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from ground.fields import surname_only
from ground.steps import Offer
from ground.templatetags.wenshao import when
from organizations.models.policies import Attendance
from volunteers.models import Claim, Whistle
from volunteers.powers import AT_WORK, sees_requester
from volunteers.states import CheckBy, ClaimState, WhistleState
from volunteers.tables import CLAIMS, WHISTLES

#: The state of a chip per state of a claim, a whistle or a registration.
CHIPS = {
    ClaimState.WAITING: "wait",
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
        name="社区" if service_request.is_proactive else surname_only(submitter.name),
        place=service_request.place,
        phone=submitter.phone if service_request.shares_phone else "",
    )


#: What a volunteer does with his own claim, in the order of the page.
_OWN_STEPS = ("leave", "check_in", "check_out", "fulfil", "withdraw")


def offers_of(user: Any, claim: Claim, attendance: str) -> list[Offer]:
    """The steps that this kind of whistle and the district's policy (`attendance`) have for one's own claim."""
    steps = list(_OWN_STEPS)
    if claim.whistle.is_wish or attendance == Attendance.ATTESTED:
        steps = [name for name in steps if name not in ("check_in", "check_out")]
    if not claim.whistle.is_wish:
        steps.remove("fulfil")
    return CLAIMS.offers(user, claim, steps)


#: Steps that end a place in the queue without a place on the whistle.
_OUT_OF_THE_QUEUE = ("leave", "pass_over")
_LINE = (ClaimState.CLAIMED, ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT, ClaimState.CREDITED)


def photos_of(claim: Claim) -> list[dict[str, str]]:
    """The pictures of a fulfilled wish as `parts/_photos.html` takes them; no query for any other claim."""
    if not claim.whistle.is_wish:
        return []
    urls = [reverse("volunteers:claim_photo", args=[claim.pk, photo.pk]) for photo in claim.photos.all()]
    return [{"url": url, "thumb": f"{url}?size=small", "alt": "心愿完成照片"} for url in urls]


def steps_of(claim: Claim) -> list[dict[str, str]]:
    """The step bar of a claim; one that ended early stops where it was."""
    if claim.state == ClaimState.WAITING:
        first = {"label": ClaimState.WAITING.label, "state": "now"}
        return [first, *({"label": label_of(claim, state), "state": "todo"} for state in _line_of(claim))]
    if claim.state not in _LINE and claim.events.filter(step__in=_OUT_OF_THE_QUEUE).exists():
        end = "已退出" if claim.state == ClaimState.WITHDRAWN else "没有轮到"
        return [{"label": ClaimState.WAITING.label, "state": "done"}, {"label": end, "state": "stopped"}]
    if claim.state not in _LINE:
        return [
            {"label": ClaimState.CLAIMED.label, "state": "done"},
            {"label": claim.get_state_display(), "state": "stopped"},
        ]
    line = _line_of(claim)
    at = line.index(ClaimState(claim.state))
    past = {ClaimState.CHECKED_IN: claim.checked_in_at, ClaimState.CHECKED_OUT: claim.checked_out_at}
    return [
        {
            "label": label_of(claim, state),
            "state": _step_state(index, at, bool(past.get(state, True)), len(line)),
        }
        for index, state in enumerate(line)
    ]


def _line_of(claim: Claim) -> tuple[ClaimState, ...]:
    """A wish is not checked in to."""
    return tuple(state for state in _LINE if not (claim.whistle.is_wish and state == ClaimState.CHECKED_IN))


def label_of(claim: Claim, state: ClaimState) -> str:
    """What a state of a claim is called: nobody checks out of a wish."""
    is_done = claim.whistle.is_wish and state == ClaimState.CHECKED_OUT
    return "已完成" if is_done else state.label


def _step_state(index: int, at: int, happened: bool, length: int) -> str:
    if index == at:
        return "done" if at == length - 1 else "now"
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
    if "minutes" in codes:
        return f"{codes['minutes']} 分钟"
    words = []
    if "happened_at" in codes:
        words.append(f"{when(datetime.fromisoformat(codes['happened_at']), 'time')}在手机上记下")
    if "metres" in codes:
        words.append(f"离地点 {codes['metres']} 米")
    elif codes.get("by") == CheckBy.CODE:
        words.append("扫了现场码")
    return "，".join(words)


def is_at_work(claim: Claim) -> bool:
    return claim.state in AT_WORK and claim.whistle.state in (WhistleState.OPEN, WhistleState.RUNNING)
