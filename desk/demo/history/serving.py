"""Plays whistles and claims on unsaved rows, by the tables of RULES 2; minutes are credited as the ledger asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from desk.demo.history.lives import Calling, Deed, Helping
from desk.demo.history.playing import Impossible, Rules, event_of, step
from ground.steps import Move
from volunteers.accounting import crediting, ledger
from volunteers.models import CheckMark, Claim, ClaimEvent, LedgerEntry, Whistle, WhistleEvent
from volunteers.states import Attested, CheckBy, CheckWay, ClaimState
from volunteers.tables import CHECK_IN_OPENS, CLAIMS, WHISTLES
from volunteers.whistling import limits, reminders

#: The error of a telephone's fix, in metres.
ACCURACY_M = 15


@dataclass(slots=True)
class Held:
    """A whistle with its claims as rows that are not saved yet; every event has its deed beside it."""

    row: Whistle
    events: list[tuple[WhistleEvent, Deed]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    claimed: list[tuple[ClaimEvent, Deed]] = field(default_factory=list)
    marks: list[CheckMark] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)


def hold(calling: Calling, rules: Rules) -> Held:
    """The rows of one whistle. Raises Impossible where a table, or the number of places, forbids it."""
    calling.row = row = _unborn(calling)
    held = Held(row)
    for deed in calling.deeds:
        move = step(WHISTLES, row, deed)
        if deed.step == "draft":
            row.created_at = deed.at
        elif deed.step == "publish":
            row.remind_at = reminders.next_after(row, deed.at)
        elif deed.step == "start":
            row.remind_at = None
        elif deed.step == "cancel":
            row.cancelled_because, row.remind_at = deed.words, None
        held.events.append((event_of(WHISTLES, move), deed))
    for helping in calling.helpers:
        _claim(helping, held, rules)
    if sum(claim.state in _TAKES_A_PLACE for claim in held.claims) > row.places_max:
        raise Impossible("more claims than places")
    return held


_TAKES_A_PLACE = (ClaimState.CLAIMED, ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT, ClaimState.CREDITED)


def _unborn(calling: Calling) -> Whistle:
    house = calling.house
    assert house.lng is not None and house.lat is not None  # noqa: S101 - houses of the demo stand somewhere
    row = Whistle(
        title=calling.title, text=calling.text, kind=calling.kind, duty_area=calling.area, task=calling.task,
        starts_at=calling.starts_at, ends_at=calling.ends_at, place=house.name, lng=house.lng, lat=house.lat,
        places_max=calling.places, places_min=max(1, calling.places // 3), created_by=calling.by,
        district_id=house.district_id, street_id=house.street_id, community_id=house.community_id,
        grid_id=house.grid_id, service_request=calling.life.row if calling.life else None,
        key=uuid.uuid5(uuid.NAMESPACE_OID, f"{house.code} {calling.starts_at.isoformat()} {calling.title}"),
    )  # fmt: skip
    row.claim_by = limits.usual_claim_by(row)
    return row


def _claim(helping: Helping, held: Held, rules: Rules) -> None:
    helping.row = row = Claim(whistle=held.row, volunteer=helping.volunteer, claimed_at=helping.deeds[0].at)
    held.claims.append(row)
    for deed in helping.deeds:
        move = step(CLAIMS, row, deed)
        if does := _EFFECTS.get(deed.step):
            does(helping, held, move, rules)
        held.claimed.append((event_of(CLAIMS, move), deed))


def _check_in(helping: Helping, held: Held, move: Move, rules: Rules) -> None:
    if not held.row.starts_at - CHECK_IN_OPENS <= move.at <= held.row.ends_at:
        raise Impossible("not the time to check in")
    row, metres = move.thing, helping.metres[0]
    row.checked_in_at, row.check_in_distance_m = move.at, metres
    _mark(held, move, CheckWay.IN, metres)


def _check_out(helping: Helping, held: Held, move: Move, rules: Rules) -> None:
    row, metres = move.thing, helping.metres[1]
    row.checked_out_at, row.check_out_distance_m = move.at, metres
    _mark(held, move, CheckWay.OUT, metres)


def _mark(held: Held, move: Move, way: CheckWay, metres: int) -> None:
    if metres > held.row.radius_m:
        raise Impossible("too far away")
    held.marks.append(
        CheckMark(
            claim=move.thing, way=way, by=CheckBy.LOCATION, at=move.at, received_at=move.at,
            distance_m=metres, accuracy_m=ACCURACY_M,
        )
    )  # fmt: skip
    move.codes |= {"metres": metres, "by": str(CheckBy.LOCATION)}


def _credit(helping: Helping, held: Held, move: Move, rules: Rules) -> None:
    """The minutes that presence and window have in common; a forgotten check-out wants a reason."""
    claim, reason = move.thing, move.codes.pop("reason", "")
    minutes = crediting.proposed_minutes(claim)
    if minutes < 1 or bool(reason) != bool(crediting.wants_reason(claim, minutes)):
        raise Impossible(f"{minutes} minutes with the reason {reason!r}")
    attested = Attested.FORGOTTEN if claim.state == ClaimState.CHECKED_IN else Attested.LOCATION
    claim.judged_because, move.codes["minutes"] = reason, minutes
    whistle, unit = held.row, helping.volunteer.unit
    held.entries.append(
        LedgerEntry(
            volunteer=helping.volunteer, claim=claim, whistle=whistle, unit=unit, minutes=minutes,
            off_hours_minutes=ledger.off_hours_of(claim, minutes, rules.calendar), attested=attested,
            duty_area=whistle.duty_area, reason=reason, served_at=ledger.served_at(claim), by=move.by, at=move.at,
            district_id=whistle.district_id, street_id=whistle.street_id, community_id=whistle.community_id,
        )
    )  # fmt: skip


def _absent(helping: Helping, held: Held, move: Move, rules: Rules) -> None:
    if held.row.ends_at > move.at:
        raise Impossible("it is not over")


Effect = Callable[[Helping, Held, Move, Rules], None]
_EFFECTS: dict[str, Effect] = {
    "check_in": _check_in,
    "check_out": _check_out,
    "credit": _credit,
    "absent": _absent,
}
