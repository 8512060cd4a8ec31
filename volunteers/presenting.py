"""How whistles, claims and scores look on a page: everything a template would otherwise have to reckon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from ground import clock
from ground.fields import surname_only
from ground.geo import Point, distance_m
from organizations.models import Member, Skill
from organizations.models.policies import Boards
from volunteers import leaderboards
from volunteers.claims import Standing
from volunteers.models import BoardRow, Claim, Volunteer, Whistle
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
class Person:
    """A volunteer as the list of whistles needs him: what he can, and where he lives (WGS-84)."""

    skills: tuple[Skill, ...] = ()
    home: Point | None = None


def person_of(volunteer: Volunteer | None) -> Person:
    """Skills and home of a member; nothing for anybody else. Two queries."""
    if volunteer is None or volunteer.member_id is None:
        return Person()
    member = Member.objects.select_related("home__building").get(pk=volunteer.member_id)
    home = getattr(member, "home", None)
    return Person(tuple(member.skills.all()), home.point if home else None)


@dataclass(frozen=True, slots=True)
class Card:
    """One whistle as a volunteer sees it. `why_not` says what stands in the way of claiming; "" is a button."""

    whistle: Whistle
    taken: int
    claim: Claim | None
    why_not: str
    metres: float | None
    matched: tuple[str, ...]
    wanted: tuple[str, ...]

    @property
    def left(self) -> int:
        return max(self.whistle.places_max - self.taken, 0)

    @property
    def track(self) -> str:
        return self.whistle.service_request.track if self.whistle.service_request else ""

    @property
    def is_today(self) -> bool:
        return timezone.localdate(self.whistle.starts_at) == clock.today()


def card_of(whistle: Whistle, taken: int, standing: Standing, person: Person) -> Card:
    """No query when the whistle's request and skills are at hand."""
    skills, own = list(whistle.skills.all()), {skill.pk for skill in person.skills}
    return Card(
        whistle=whistle,
        taken=taken,
        claim=standing.claimed.get(whistle.pk),
        why_not=standing.why_not(whistle, taken),
        metres=distance_m(person.home, whistle.point) if person.home else None,
        matched=tuple(skill.name for skill in skills if skill.pk in own),
        wanted=tuple(skill.name for skill in skills if skill.pk not in own),
    )


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


def rank_rows(
    rows: Iterable[BoardRow], me: int | None, query: str, boards: str = Boards.ON
) -> Sequence[dict[str, Any]]:
    """The lines of a board as `parts/_rank.html` takes them; each opens to its ledger entries.

    A board that is positive only says who went up, and of nobody that he went down.
    """
    return [_rank_row(row, me, query, boards) for row in rows]


def _rank_row(row: BoardRow, me: int | None, query: str, boards: str) -> dict[str, Any]:
    move = leaderboards.movement(row)
    if boards == Boards.POSITIVE and move is not None and move < 0:
        move = None
    unit = row.volunteer.unit
    url = reverse("volunteers:score", args=[row.board.organization_id, row.volunteer_id])
    return {
        "place": row.rank,
        "name": str(row.volunteer),
        "text": " · ".join(filter(None, [unit.name if unit else "", f"{row.times} 次"])),
        "score": row.score,
        "unit": "分",
        "move": move,
        "moved_down": -move if move is not None and move < 0 else 0,
        "is_me": row.volunteer_id == me,
        "url": f"{url}?{query}",
    }
