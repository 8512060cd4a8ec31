"""What speaks for a claim when its hours are credited: window, presence, how it was shown, what is odd (RULES 2).

For the pages of the desk and for the API: one word for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ground import clock
from ground.templatetags.wenshao import distance
from volunteers.accounting import ledger
from volunteers.accounting.crediting import proposed_minutes
from volunteers.models import CheckMark, Claim
from volunteers.presence import oddities
from volunteers.presence.attendance import presence
from volunteers.presenting.claims import CHIPS, label_of
from volunteers.states import CheckBy, CheckWay, ClaimState

#: Whoever checks out so long after the end may have left long before it.
LEFT_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sign:
    """One end of a presence: when, how it was shown, and whether it was kept on the phone."""

    at: datetime
    said: str
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim as the community judges it. `doubt` asks for a reason; `hints` only for a second look."""

    claim: Claim
    name: str
    unit: str
    chip: dict[str, str]
    presence: tuple[datetime, datetime] | None
    minutes: int
    most: int
    doubt: str
    came: Sign | None = None
    left: Sign | None = None
    hints: Sequence[str] = field(default=())

    @property
    def is_clear(self) -> bool:
        """Checked in and out within the window, and nothing to look at twice: one tap for all of them."""
        return not self.doubt and not self.hints

    @property
    def may_be_judged(self) -> bool:
        """While somebody is still on the spot there is nothing to credit."""
        return self.claim.state == ClaimState.CHECKED_OUT or self.claim.whistle.over_at <= clock.now()


def evidence_of(claim: Claim, marks: Iterable[CheckMark] = (), odd: Sequence[str] = ()) -> Evidence:
    """Needs whistle, volunteer, member and unit read with the claim: no query."""
    state = ClaimState(claim.state)
    volunteer, by_way = claim.volunteer, {mark.way: mark for mark in marks}
    return Evidence(
        claim=claim,
        name=str(volunteer),
        unit=str(volunteer.unit or volunteer.get_kind_display()),
        chip={"state": CHIPS.get(state, "wait"), "label": label_of(claim, state)},
        presence=presence(claim),
        minutes=proposed_minutes(claim),
        most=ledger.most_minutes(claim),
        doubt=_doubt(claim),
        came=_sign(claim.checked_in_at, claim.check_in_distance_m, by_way.get(CheckWay.IN)),
        left=_sign(claim.checked_out_at, claim.check_out_distance_m, by_way.get(CheckWay.OUT)),
        hints=(*_hints(claim, by_way.values()), *odd),
    )


def evidence_of_all(claims: Iterable[Claim]) -> list[Evidence]:
    """The evidence of a page of claims, with their marks and what is odd: three queries, however many."""
    page = list(claims)
    marks: dict[int, list[CheckMark]] = {}
    for mark in CheckMark.objects.filter(claim__in=[claim.pk for claim in page]).order_by("at", "id"):
        marks.setdefault(mark.claim_id, []).append(mark)
    odd = oddities.of(page)
    return [evidence_of(claim, marks.get(claim.pk, ()), odd.get(claim.pk, ())) for claim in page]


def _sign(at: datetime | None, metres: int | None, mark: CheckMark | None) -> Sign | None:
    if at is None:
        return None
    if mark is not None and mark.by in (CheckBy.CODE, CheckBy.STAFF):
        return Sign(at, CheckBy(mark.by).label, mark.is_late)
    said = "没有报位置" if metres is None else f"离地点 {distance(metres)}"
    return Sign(at, said, mark is not None and mark.is_late)


def _doubt(claim: Claim) -> str:
    """Why a reason has to be given, or "" where nothing is in doubt."""
    if claim.whistle.is_wish and claim.state == ClaimState.CHECKED_OUT:
        return "微心愿，看照片认定分钟数，写明依据。"
    if claim.whistle.is_wish:
        return "到期没有上传照片。完成了写明凭什么认定；没有完成记缺席。"
    if claim.state == ClaimState.CLAIMED:
        return "没有签到。到场了写明凭什么认定；没来记缺席。"
    if claim.state == ClaimState.CHECKED_IN:
        if claim.whistle.over_at > clock.now():
            return "还在现场，等签退或结束。"
        return "忘记签退，认定要写理由。"
    if not proposed_minutes(claim):
        return "在场时间和服务时间没有重叠。"
    return ""


def _hints(claim: Claim, marks: Iterable[CheckMark]) -> Iterable[str]:
    marks = list(marks)
    if any(mark.is_late for mark in marks):
        yield "当时没有网络，事后补传，时间是手机记的。"
    if claim.whistle.leader_id == claim.volunteer.user_id and any(mark.by == CheckBy.CODE for mark in marks):
        yield "现场码是他自己出示的，扫自己的码不能说明人在现场。"
    over_at = claim.whistle.over_at
    if claim.checked_out_at and not claim.whistle.is_wish and claim.checked_out_at > over_at + LEFT_LATE:
        yield "结束一小时以后才签退，什么时候离开的不清楚。"
    if claim.proposed_minutes is not None:
        yield f"单位建议 {claim.proposed_minutes} 分钟：{claim.proposed_because}"
