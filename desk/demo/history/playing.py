"""Plays the life of a request on an unsaved row, by the tables of RULES 1 and 3.

Every deed must be open to the state that the row is in, or `Impossible` is raised: what is written here could
have been written by the verbs. Dues come from `requests.clocks`; `requests.proving` shows afterwards that they
are what the events say.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from desk.demo.history.lives import Deed, Life, Sending
from ground.clock import day_of
from ground.errors import RuleViolation
from ground.steps import NEW, Machine, Move
from ground.worktime import WorkCalendar
from organizations.models import Organization, Policy
from requests import clocks, merging
from requests.models import Consent, Dispatch, DispatchEvent, Rating, RequestEvent, ServiceRequest
from requests.states import OPEN, ConsentKind, DispatchState, Outcome, State, Track
from requests.tables import DISPATCHES, REQUESTS

#: Steps by which a tier to which a request came shows that it has taken it over (`requests.taking`).
_TAKES_OVER = frozenset(
    {"take_over", "handle", "dispatch", "whistle", "ask", "split", "merge", "resolve", "complete", "explain"}
)


class Impossible(RuleViolation):
    """A life has a deed that the table does not allow where it stands."""


@dataclass(slots=True)
class Rules:
    """What holds where the lives are lived: the calendar, and the policy of each day (one query a day)."""

    district: Organization
    calendar: WorkCalendar
    _policies: dict[date, Policy] = field(default_factory=dict)

    def policy(self, at: datetime) -> Policy:
        day = day_of(at)
        if day not in self._policies:
            self._policies[day] = Policy.of(self.district.pk, day)
        return self._policies[day]


@dataclass(slots=True)
class Played:
    """A life as rows that are not saved yet; every event has its deed beside it."""

    row: ServiceRequest
    events: list[tuple[RequestEvent, Deed]] = field(default_factory=list)
    sent: list[tuple[DispatchEvent, Deed]] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    rating: Rating | None = None


def step(machine: Machine, row: Any, deed: Deed) -> Move:
    """The move of a deed, once the table allows it. Raises Impossible."""
    found = machine.steps.get(deed.step)
    state = row.state if row.pk or getattr(row, "_begun", False) else NEW
    if found is None or state not in found.sources:
        raise Impossible(f"{deed.step} is not open to {state!r}")
    return Move(machine, found, deed.by, deed.at, state, row, dict(deed.codes))


def event_of(machine: Machine, move: Move) -> Any:
    """The event of a move whose changes stand on the row; moves the row on. Raises Impossible."""
    row, found = move.thing, move.step
    if found.target is not None:
        row.state = found.target
    elif row.state not in (found.returns or {move.source}):
        raise Impossible(f"{found.name} may not lead from {move.source} to {row.state}")
    row._begun = True
    return machine.event(
        step=found.name, source=move.source, target=row.state, codes=move.codes,
        subject=row, by=move.by, at=move.at,
    )  # type: ignore[misc] # fmt: skip


# Requests


def play(life: Life, rules: Rules) -> Played:
    """The rows of one life. Numbers and ids come with writing."""
    life.row = row = _unborn(life)
    played = Played(row)
    for deed in life.deeds:
        move = step(REQUESTS, row, deed)
        if deed.step in _TAKES_OVER:
            row.takeover_due = None
        if does := _EFFECTS.get(deed.step):
            does(played, move, deed, rules)
        target = row.state if move.step.target is None else str(move.step.target)
        if row.consent_kind and target not in OPEN:
            raise Impossible(f"{deed.step} while consent is asked for")
        clocks.set_due(row, deed.at, rules.calendar, target)
        played.events.append((event_of(REQUESTS, move), deed))
    for sending in life.sendings:
        _play_sending(sending, row, played, rules)
    return played


def _unborn(life: Life) -> ServiceRequest:
    house = life.house
    assert house.community_id is not None  # noqa: S101 - every house of the demo has a community
    return ServiceRequest(
        key=uuid.uuid5(uuid.NAMESPACE_OID, f"{life.submitter.pk} {life.begins.isoformat()} {life.title}"),
        submitter=life.submitter, source=life.source, category=life.category, track=life.category.track,
        title=life.title, text=life.text, address=life.address, shares_phone=life.shares_phone,
        district_id=house.district_id, street_id=house.street_id, community_id=house.community_id,
        grid_id=house.grid_id, building=house, lng=house.lng, lat=house.lat, handler_id=house.community_id,
    )  # fmt: skip


Effect = Callable[[Played, Move, Deed, Rules], None]


def _submit(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row = move.thing
    move.codes["category"] = row.category.code
    if row.is_proactive:
        move.codes["proactive"] = True
    elif row.source == ServiceRequest.Source.STAFF:
        move.codes["on_behalf_of"] = row.submitter_id
        row.query_code = f"{int(row.key) % 10**6:06d}"
    promise = clocks.promise_of(rules.policy(move.at), row.track)
    row.submitted_at = move.at
    row.accept_due = clocks.due_after(move.at, promise.accept, rules.calendar)
    row.promise = promise.stored(*(("accept",) if row.is_proactive else ("accept", "contact")))
    if not row.is_proactive:
        row.contact_due = clocks.due_after(move.at, promise.contact, rules.calendar)


def _start_resolving(move: Move, rules: Rules) -> None:
    row = move.thing
    promise = clocks.promise_of(rules.policy(move.at), row.track)
    row.accepted_at = move.at
    row.resolve_due = clocks.due_after(move.at, promise.resolve, rules.calendar)
    row.promise = {**row.promise, **promise.stored("resolve")}


def _accept(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row = move.thing
    row.track, row.responsible = Track(deed.codes["track"]), move.by
    merging.first_answer(move)
    _start_resolving(move, rules)


def _contact(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    move.codes["is_first"] = move.thing.contacted_at is None
    move.thing.contacted_at = move.thing.contacted_at or move.at


def _decline(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    days = rules.policy(move.at).object_days
    move.thing.ended_at, move.thing.object_until = move.at, move.at + timedelta(days=days)
    merging.first_answer(move)


def _handle(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    move.thing.responsible_id = deed.codes["responsible"]


def _ask(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row, days = move.thing, rules.policy(move.at).ask_days
    row.asked_from, row.has_asked = move.source, True
    row.asked_at, row.asked_until = move.at, move.at + timedelta(days=days)


def _go_on(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row = move.thing
    clocks.resume(row, min(move.at, row.asked_until), rules.calendar)
    row.state = row.asked_from
    row.asked_from, row.asked_at, row.asked_until = "", None, None


def _merge(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    move.thing.merged_into = deed.codes["into"].row
    if move.source == State.SUBMITTED:
        merging.first_answer(move)
        _start_resolving(move, rules)


def _resolve_with(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    target = deed.codes["with"].row
    move.thing.merged_into, move.thing.responsible_id = None, target.responsible_id
    _resolved(move, target.outcome, rules)


def _go_up(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row, above = move.thing, move.thing.tier_above_id
    if above is None:
        raise Impossible("there is no tier above the district")
    move.codes |= {"from": row.handler_id, "to": above}
    row.handler_id, row.responsible, row.has_asked = above, None, False
    clocks.start_taking_over(row, move.at, rules.calendar)


def _take_over(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    if move.thing.takeover_due is None and move.thing.handler_id == move.thing.community_id:
        raise Impossible("nothing to take over")
    move.thing.responsible = move.by


def _ask_above(kind: ConsentKind) -> Effect:
    def ask(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
        row = move.thing
        row.consent_kind, row.consent_at_id = kind, row.tier_above_id
        move.codes |= {"kind": kind, "at": row.tier_above_id}
        until = deed.codes.get("new_due")
        played.consents.append(
            Consent(
                service_request=row, kind=kind, organization_id=row.tier_above_id, asked_by=move.by,
                asked_at=move.at, text=deed.words, new_due=datetime.fromisoformat(until) if until else None,
            )
        )  # fmt: skip

    return ask


def _decide(played: Played, move: Move) -> Consent:
    consent = played.consents[-1]
    consent.state, consent.decided_by, consent.decided_at = Consent.State.GIVEN, move.by, move.at
    move.codes["kind"] = consent.kind
    move.thing.consent_kind, move.thing.consent_at_id = "", None
    return consent


def _consent_extension(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    consent = _decide(played, move)
    assert consent.new_due is not None  # noqa: S101 - it was asked for with a day
    move.thing.resolve_due, move.thing.is_extended = consent.new_due, True
    move.codes["new_due"] = consent.new_due.astimezone(UTC).isoformat()  # as the row gives it back


def _consent_explained(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    deed.words = _decide(played, move).text
    _resolved(move, Outcome.EXPLAINED, rules)


def _resolve(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    _resolved(move, deed.codes["outcome"], rules)


def _resolved(move: Move, outcome: str, rules: Rules) -> None:
    row, days = move.thing, rules.policy(move.at).lapse_days
    row.outcome, move.codes["outcome"] = outcome, outcome
    row.resolved_at, row.lapse_due = move.at, move.at + timedelta(days=days)


def _rate(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    judged = {name: deed.codes[name] for name in ("contacted", "solved", "satisfied")}
    played.rating = Rating(service_request=move.thing, **judged, text=deed.words, by=move.by, at=move.at)
    deed.words = ""  # what is said of it stands with the stars
    _close(played, move, deed, rules)


def _close(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row, days = move.thing, rules.policy(move.at).reopen_days
    row.ended_at, row.lapse_due, row.reopen_until = move.at, None, move.at + timedelta(days=days)


def _conclude(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    move.thing.ended_at, move.thing.lapse_due = move.at, None


def _reopen(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row = move.thing
    row.reopened += 1
    if row.reopened > 1:
        raise Impossible("a second time is for the verbs: the tier above watches it")
    move.codes["count"] = row.reopened
    row.outcome, row.has_asked = "", False
    row.resolved_at = row.ended_at = row.lapse_due = row.reopen_until = None
    clocks.start_again(row, move.at, rules.calendar)


def _object(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    row = move.thing
    row.objected_at, row.ended_at, row.object_until = move.at, None, None
    _go_up(played, move, deed, rules)
    row.takeover_due = None
    clocks.start_verifying_again(row, move.at, rules.calendar)


def _withdraw(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    move.thing.ended_at, move.thing.merged_into = move.at, None


def _urge(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    move.thing.urged_at = move.at
    move.thing.urges += 1


def _supervise(played: Played, move: Move, deed: Deed, rules: Rules) -> None:
    move.thing.supervised_by_id, move.thing.supervised_at = deed.codes["supervised_by"], move.at


_EFFECTS: dict[str, Effect] = {
    "submit": _submit,
    "accept": _accept,
    "contact": _contact,
    "decline": _decline,
    "handle": _handle,
    "ask": _ask,
    "answer": _go_on,
    "timeout": _go_on,
    "merge": _merge,
    "resolve_with": _resolve_with,
    "escalate": _go_up,
    "take_over": _take_over,
    "extend": _ask_above(ConsentKind.EXTEND),
    "explain": _ask_above(ConsentKind.EXPLAINED),
    "consent_extension": _consent_extension,
    "consent_explained": _consent_explained,
    "resolve": _resolve,
    "rate": _rate,
    "lapse": _close,
    "conclude": _conclude,
    "reopen": _reopen,
    "object": _object,
    "withdraw": _withdraw,
    "urge": _urge,
    "supervise": _supervise,
}


# Dispatches


def _play_sending(sending: Sending, row: ServiceRequest, played: Played, rules: Rules) -> None:
    first = sending.deeds[0]
    sending.row = sent = Dispatch(
        service_request=row, unit=sending.unit, grade=sending.grade, text=sending.text,
        is_lead=sending.is_lead, sent_by=first.by, answer_due=sending.answer_due,
    )  # fmt: skip
    played.dispatches.append(sent)
    for deed in sending.deeds:
        move = step(DISPATCHES, sent, deed)
        if deed.step == "send":
            move.codes["grade"] = sending.grade
            clocks.start_dispatch(sent, deed.at, rules.policy(deed.at), rules.calendar)
        elif does := _OF_DISPATCHES.get(deed.step):
            does(sent, move)
        target = sent.state if move.step.target is None else str(move.step.target)
        clocks.set_dispatch_due(sent, deed.at, rules.calendar, target)
        played.sent.append((event_of(DISPATCHES, move), deed))
    if sent.state in (DispatchState.CONFIRMED, DispatchState.RETURNED):
        sent.ended_at = sending.deeds[-1].at


def _sign(sent: Dispatch, move: Move) -> None:
    sent.signed_at = move.at


def _give_back(sent: Dispatch, move: Move) -> None:
    if move.at > sent.give_back_until:
        raise Impossible("too late to give it back")


def _contacted(sent: Dispatch, move: Move) -> None:
    sent.contacted_at = sent.contacted_at or move.at


def _arrive(sent: Dispatch, move: Move) -> None:
    sent.arrived_at = move.at


def _answer(sent: Dispatch, move: Move) -> None:
    sent.answered_at = move.at


def _confirm(sent: Dispatch, move: Move) -> None:
    for name in ("timely", "effective", "attitude"):
        setattr(sent, name, move.codes[name])


def _reject(sent: Dispatch, move: Move) -> None:
    sent.rejections += 1
    sent.answered_at, move.codes["count"] = None, sent.rejections
    sent.answer_due = datetime.fromisoformat(move.codes.pop("again"))


_OF_DISPATCHES: dict[str, Callable[[Dispatch, Move], None]] = {
    "sign": _sign,
    "give_back": _give_back,
    "contact": _contacted,
    "arrive": _arrive,
    "answer": _answer,
    "confirm": _confirm,
    "reject": _reject,
}
