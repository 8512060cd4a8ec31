"""The three clocks of a request (RULES 4): the spans of each track, and the due times that follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ground.worktime import Span, WorkCalendar, due_after
from requests.models import ServiceRequest
from requests.states import OPEN, State, Track

HOUR = 60  # minutes


@dataclass(frozen=True, slots=True)
class Promise:
    """How long accepting, the first contact and resolving may take."""

    accept: Span
    contact: Span
    resolve: Span

    def stored(self, *clocks: str) -> dict[str, Any]:
        """The named spans as they are kept on the request, so that later policies do not rewrite history."""
        spans = {name: getattr(self, name) for name in clocks}
        return {
            name: {"minutes": span.minutes, "working_days": span.working_days} for name, span in spans.items()
        }


#: RULES 4, the defaults of the policy.
PROMISES: dict[Track, Promise] = {
    Track.URGENT: Promise(Span(minutes=30), Span(minutes=2 * HOUR), Span(minutes=24 * HOUR)),
    Track.IMPORTANT: Promise(Span(working_days=1), Span(working_days=1), Span(working_days=5)),
    Track.HARD: Promise(Span(working_days=1), Span(working_days=2), Span(working_days=15)),
}


def start(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> None:
    """Submitted: the accept and contact clocks of the provisional track run from `at`."""
    promise = PROMISES[Track(service_request.track)]
    service_request.submitted_at = at
    service_request.accept_due = due_after(at, promise.accept, calendar)
    service_request.contact_due = due_after(at, promise.contact, calendar)
    service_request.promise = promise.stored("accept", "contact")
    set_due(service_request)


def start_resolving(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> None:
    """Accepted: the resolve clock of the confirmed track runs from `at`; what was promised before stays."""
    promise = PROMISES[Track(service_request.track)]
    service_request.accepted_at = at
    service_request.resolve_due = due_after(at, promise.resolve, calendar)
    service_request.promise = {**service_request.promise, **promise.stored("resolve")}
    set_due(service_request, State.ACCEPTED)


def set_due(service_request: ServiceRequest, state: str | None = None) -> None:
    """Keep `due`: the accept due while it waits, the resolve due afterwards, nothing once nobody has to act."""
    state = service_request.state if state is None else state
    if state not in OPEN:
        service_request.due = None
    elif state == State.SUBMITTED:
        service_request.due = service_request.accept_due
    else:
        service_request.due = service_request.resolve_due


def promised(service_request: ServiceRequest, clock: str) -> Span | None:
    """The span promised for "accept", "contact" or "resolve"; None if that clock has not been started."""
    kept = service_request.promise.get(clock)
    return Span(**kept) if kept else None
