"""What holds of every request, dispatch and hold at every moment, whatever was done before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ground.steps import Machine, clock_only
from requests import proving
from requests.models import Consent, Dispatch, DispatchEvent, Hold, Rating, RequestEvent, ServiceRequest
from requests.states import OPEN, DispatchState, State
from requests.tables import DISPATCHES, REQUESTS

_UNDER_WAY = (State.ACCEPTED, State.IN_PROGRESS)


@dataclass
class Snapshot:
    """Everything that a step may leave behind, read in seven queries: a refused one leaves it as it was."""

    rows: dict[int, ServiceRequest] = field(default_factory=dict)
    events: dict[int, list[RequestEvent]] = field(default_factory=dict)
    dispatches: list[Dispatch] = field(default_factory=list)
    dispatch_events: dict[int, list[DispatchEvent]] = field(default_factory=dict)
    holds: set[tuple[int, str]] = field(default_factory=set)
    consents: list[Any] = field(default_factory=list)
    ratings: list[Any] = field(default_factory=list)

    @classmethod
    def taken(cls) -> Snapshot:
        return cls(
            rows={row.pk: row for row in ServiceRequest.objects.order_by("pk")},
            events=_by_subject(RequestEvent),
            dispatches=list(Dispatch.objects.order_by("pk")),
            dispatch_events=_by_subject(DispatchEvent),
            holds=set(Hold.objects.values_list("service_request", "key")),
            consents=list(Consent.objects.order_by("pk").values()),
            ratings=list(Rating.objects.order_by("pk").values()),
        )

    def is_as(self, other: Snapshot) -> bool:
        """Whether every column of every row is the same, and no event was added."""
        return self._all() == other._all()

    def has_changed(self, pk: int, since: Snapshot) -> bool:
        before = since.rows.get(pk)
        return before is None or _columns(before) != _columns(self.rows[pk])

    def _all(self) -> list[Any]:
        rows = [_columns(row) for row in (*self.rows.values(), *self.dispatches)]
        counts = [(pk, len(each)) for pk, each in [*self.events.items(), *self.dispatch_events.items()]]
        return [rows, counts, self.holds, self.consents, self.ratings]


def _by_subject(model: Any) -> dict[int, list[Any]]:
    events: dict[int, list[Any]] = {}
    for event in model.objects.order_by("id"):
        events.setdefault(event.subject_id, []).append(event)
    return events


def _columns(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def faults(now: Snapshot, before: Snapshot) -> list[str]:
    """What does not hold, in words that name the row. The events of what did not change are not played again."""
    found: list[str] = []
    for pk, row in now.rows.items():
        said = _of_request(row, now.rows)
        if now.has_changed(pk, before):
            said += [*_of_table(REQUESTS, now.events[pk]), *proving.faults(row, now.events[pk])]
        found += [f"{row.number}: {each}" for each in said]
    return [*found, *_of_dispatches(now), *_of_holds(now), *_of_consents(now)]


def _of_table(machine: Machine, events: list[Any]) -> list[str]:
    """Every step is one of the table, from a source to a target of the table."""
    found = []
    for event in events:
        step = machine.steps[event.step]
        targets = {str(step.target)} if step.target is not None else {*step.returns} or {event.source}
        if event.source not in step.sources or event.target not in targets:
            found.append(f"{event.step} may not lead from {event.source} to {event.target}")
        is_of_clock = step.power is clock_only
        if step.name != "unmerge" and (event.by_id is None) != is_of_clock:
            found.append(f"{event.step} was taken by {event.by_id}")
    return found


def _of_request(row: ServiceRequest, by_pk: dict[int, ServiceRequest]) -> list[str]:
    into = by_pk.get(row.merged_into_id) if row.merged_into_id else None
    whole = by_pk.get(row.whole_id) if row.whole_id else None
    is_first_answered = row.state != State.SUBMITTED and whole is None
    checks = {
        "is merged into nothing": (row.state == State.MERGED) == (into is not None),
        "is merged into what is not open": into is None or into.state in OPEN,
        "is merged into a part": into is None or into.whole_id is None,
        "is an open part of what has ended": whole is None or row.state not in OPEN or whole.state in OPEN,
        "is a part of a part": whole is None or whole.whole_id is None,
        "is a part that is asked, merged or rated": whole is None
        or row.state in (*_UNDER_WAY, State.CLOSED, State.WITHDRAWN),
        "has no end": (row.state in OPEN or row.state in (State.MERGED, State.RESOLVED))
        == (row.ended_at is None),
        "is with somebody out of its line": row.handler_id
        in (row.community_id, row.street_id, row.district_id),
        "was never first answered": not is_first_answered
        or row.accepted_in_time is not None
        or row.state == State.WITHDRAWN,
        "has no outcome": (row.state in (State.RESOLVED, State.CLOSED)) <= bool(row.outcome),
        "is looked at at another moment": row.next_at == _looked_at(row),
        "is to be rung by nobody or too late": (row.contact_next_at is None)
        or (row.contacted_at is None and row.state in OPEN and row.state != State.SUBMITTED),
        "has nobody to act": row.state not in OPEN or row.state == State.ASKED or row.due is not None,
        "waits for the word of nobody": not row.is_proactive
        or (row.state not in (State.ASKED, State.RESOLVED) and row.contacted_at is None),
        "is in progress by nobody": row.state != State.IN_PROGRESS or row.takeover_due is None,
    }
    return [said for said, holds in checks.items() if not holds]


def _looked_at(row: ServiceRequest) -> Any:
    """When the clock has to look at it again; reminders are proved by the tests of the clock."""
    if row.state == State.ASKED:
        return row.asked_until
    if row.state == State.RESOLVED:
        return row.lapse_due
    return row.next_at if row.due is not None else None


def _of_dispatches(now: Snapshot) -> list[str]:
    found, leads = [], set()
    for row in now.dispatches:
        events = now.dispatch_events[row.pk]
        said = [*_of_table(DISPATCHES, events), *proving.chain_faults(events, row.state)]
        found += [f"dispatch {row.pk}: {each}" for each in said]
        if not row.is_live:
            continue
        if now.rows[row.service_request_id].state not in (*_UNDER_WAY, State.ASKED):
            found.append(f"dispatch {row.pk} lives on while its request does not")
        if row.is_lead and row.service_request_id in leads:
            found.append(f"dispatch {row.pk} is a second lead")
        if (row.state == DispatchState.ANSWERED) != (row.due is None):
            found.append(f"dispatch {row.pk} has nobody to act")
        leads |= {row.service_request_id} if row.is_lead else set()
    return found


def _of_holds(now: Snapshot) -> list[str]:
    """Live dispatches and open parts hold their request, and nothing else does so in their name."""
    there = {hold for hold in now.holds if hold[1].startswith(("dispatch:", "part:"))}
    wanted = {(row.service_request_id, f"dispatch:{row.pk}") for row in now.dispatches if row.is_live}
    wanted |= {(row.whole_id, f"part:{row.pk}") for row in now.rows.values() if row.whole_id and row.is_open}
    return [f"hold of {pk}: {key}" for pk, key in sorted(there ^ wanted)]


def _of_consents(now: Snapshot) -> list[str]:
    pending = {
        row["service_request_id"]: (row["kind"], row["organization_id"])
        for row in now.consents
        if row["state"] == Consent.State.PENDING
    }
    said = {pk: (row.consent_kind, row.consent_at_id) for pk, row in now.rows.items() if row.consent_kind}
    found = [f"consent of {pk}" for pk, _ in said.items() ^ pending.items()]
    return [
        *found,
        *(f"consent of {pk} waits in vain" for pk in said if now.rows[pk].state not in _UNDER_WAY),
    ]
