"""What speaks for a claim when its hours are credited: window, presence, distance, proposed minutes (RULES 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ground import clock
from volunteers.attendance import presence
from volunteers.crediting import proposed_minutes
from volunteers.models import Claim
from volunteers.presenting import CHIPS
from volunteers.states import ClaimState


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim as the community judges it."""

    claim: Claim
    name: str
    unit: str
    chip: dict[str, str]
    presence: tuple[datetime, datetime] | None
    minutes: int
    doubt: str

    @property
    def is_clear(self) -> bool:
        """Checked in and out within the window: one tap is enough."""
        return not self.doubt


def evidence_of(claim: Claim) -> Evidence:
    """Needs whistle, volunteer, member and unit read with the claim: no query."""
    state = ClaimState(claim.state)
    volunteer = claim.volunteer
    return Evidence(
        claim=claim,
        name=str(volunteer),
        unit=str(volunteer.unit or volunteer.get_kind_display()),
        chip={"state": CHIPS.get(state, "wait"), "label": state.label},
        presence=presence(claim),
        minutes=proposed_minutes(claim),
        doubt=_doubt(claim),
    )


def _doubt(claim: Claim) -> str:
    """Why a reason has to be given, or "" where nothing is in doubt."""
    if claim.state == ClaimState.CHECKED_IN:
        if claim.whistle.ends_at > clock.now():
            return "还在现场，等签退或结束。"
        return "忘记签退，认定要写理由。"
    if not proposed_minutes(claim):
        return "在场时间和服务时间没有重叠。"
    return ""
