"""认定: the community writes minutes into the ledger; nobody credits himself (RULES 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from ground.errors import RuleViolation
from ground.steps import Move
from notifications.outbox import say
from volunteers import ledger
from volunteers.attendance import presence
from volunteers.models import Claim
from volunteers.states import Attested, ClaimState
from volunteers.tables import CLAIMS


def proposed_minutes(claim: Claim) -> int:
    """Whole minutes that presence and window have in common (RULES 2)."""
    overlap = presence(claim)
    return int((overlap[1] - overlap[0]).total_seconds() // 60) if overlap else 0


def credit(claim: Claim, *, by: Any, minutes: int | None = None, reason: str = "") -> Claim:
    """认定时长: write the minutes into the ledger. Nobody credits himself.

    `minutes` may correct the proposed ones within the window, with a reason; so must a forgotten check-out
    be given one. Raises RuleViolation with the field, NoPower.
    """
    reason = reason.strip()
    with CLAIMS.take("credit", claim, by=by) as move:
        proposed = proposed_minutes(move.thing)
        granted = proposed if minutes is None else minutes
        _refuse_minutes(move, granted, proposed, reason)
        ledger.enter(
            move.thing,
            by=by,
            minutes=granted,
            attested=_attested(move.thing, move.source),
            reason=reason,
        )
        move.codes["minutes"] = granted
        say(
            to=move.thing.volunteer.user,
            key=f"claim:{claim.pk}:credit",
            title=f"服务时长已认定：{move.thing.whistle.title}",
            text=f"认定 {granted} 分钟，谢谢你的付出。",
            url=reverse("volunteers:claim", args=[claim.pk]),
        )
    return claim


def _attested(claim: Claim, state: str) -> Attested:
    """What the minutes rest on: places given at both ends, or the word of the community."""
    if state != ClaimState.CHECKED_OUT:
        return Attested.FORGOTTEN
    is_located = None not in (claim.check_in_distance_m, claim.check_out_distance_m)
    return Attested.LOCATION if is_located else Attested.COMMUNITY


def _refuse_minutes(move: Move, granted: int, proposed: int, reason: str) -> None:
    window = move.thing.whistle.minutes
    if granted < 1:
        raise RuleViolation("在场时间和服务时间没有重叠，请按实际情况填写认定分钟数和理由。", field="minutes")
    if granted > window:
        raise RuleViolation(f"认定时长不能超过服务时间 {window} 分钟。", field="minutes")
    if move.source == ClaimState.CHECKED_IN and not reason:
        raise RuleViolation("忘记签退的，认定时请写明理由。", field="reason")
    if granted != proposed and not reason:
        raise RuleViolation(f"和在场时间 {proposed} 分钟不一致，请写明理由。", field="reason")


def credit_many(claims: Iterable[Claim], *, by: Any) -> tuple[list[Claim], list[tuple[Claim, str]]]:
    """Credit each with its proposed minutes; what is refused comes back with its sentence."""
    done, refused = [], []
    for each in claims:
        try:
            done.append(credit(each, by=by))
        except RuleViolation as violation:
            refused.append((each, violation.sentence))
    return done, refused
