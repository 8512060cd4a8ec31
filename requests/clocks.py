"""The clocks of requests and dispatches (RULES 3 and 4): which spans were promised, and the moments that follow.

Every moment is a column: `due` is the one that counts now, `next_at` the next one at which the platform itself
has to act (`requests.ticking`). What was promised is kept on the row, so that later policies do not rewrite it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ground.errors import RuleViolation
from ground.worktime import (
    Span,
    WorkCalendar,
    due_after,
    end_of_work,
    ends_with_work,
    next_morning,
    share_of,
    working_days_between,
)
from organizations.models import Policy
from requests.models import Dispatch, ServiceRequest
from requests.states import OPEN, DispatchState, Grade, State

#: 提醒: at half of the time, at four fifths, when it is over; then those above are told.
HALF, FOUR_FIFTHS, DUE, OVERDUE = 1, 2, 3, 4
_SHARES = {HALF: 0.5, FOUR_FIFTHS: 0.8, DUE: 1.0}
#: What runs day and night is told upwards when a tenth of its time more has gone by.
GRACE = 0.1
#: Nobody is given, or promised, a day that is farther away.
MOST_AHEAD = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class Promise:
    """How long accepting, the first contact and resolving may take."""

    accept: Span
    contact: Span
    resolve: Span

    def stored(self, *clocks: str) -> dict[str, Any]:
        """The named spans as they are kept on the request."""
        spans = {name: getattr(self, name) for name in clocks}
        return {
            name: {"minutes": span.minutes, "working_days": span.working_days} for name, span in spans.items()
        }


def promise_of(policy: Policy, track: str) -> Promise:
    """What the district promises for a track under a policy. Raises KeyError for a policy without its clocks."""
    spans = {name: policy.span(str(track), name) for name in ("accept", "contact", "resolve")}
    if missing := [name for name, span in spans.items() if span is None]:
        raise KeyError(missing[0])
    return Promise(**spans)  # type: ignore[arg-type]


def promised(service_request: ServiceRequest, clock: str) -> Span | None:
    """The span promised for "accept", "contact" or "resolve"; None if that clock has not been started."""
    kept = service_request.promise.get(clock)
    return Span(**kept) if kept else None


def end_of(day: date, at: datetime, field: str) -> datetime:
    """18:00 of a day that somebody chose at the moment `at`. Raises RuleViolation at the field: too far away."""
    due = end_of_work(day)
    if due > at + MOST_AHEAD:
        raise RuleViolation("这一天太远了，最多两年以内。", field=field)
    return due


# Starting and moving the clocks of a request


def start(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> None:
    """Submitted: the accept and contact clocks of the provisional track run from `at`; where nobody asked
    (未诉先办) nobody is contacted."""
    promise = promise_of(Policy.of(service_request.district_id), service_request.track)
    service_request.submitted_at = at
    service_request.accept_due = due_after(at, promise.accept, calendar)
    service_request.promise = promise.stored("accept")
    if not service_request.is_proactive:
        service_request.contact_due = due_after(at, promise.contact, calendar)
        service_request.promise |= promise.stored("contact")
    set_due(service_request, at, calendar)


def start_resolving(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> None:
    """Accepted: the resolve clock of the confirmed track runs from `at`; what was promised before stays."""
    promise = promise_of(Policy.of(service_request.district_id), service_request.track)
    service_request.accepted_at = at
    service_request.resolve_due = due_after(at, promise.resolve, calendar)
    service_request.promise = {**service_request.promise, **promise.stored("resolve")}


def start_again(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> None:
    """Reopened: as long as was promised the first time, from now."""
    span = promised(service_request, "resolve")
    if span is not None:
        service_request.resolve_due = due_after(at, span, calendar)


def start_verifying_again(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> None:
    """Objected: the tier above verifies within the span that was promised for accepting."""
    span = promised(service_request, "accept")
    if span is not None:
        service_request.accept_due = due_after(at, span, calendar)


def start_taking_over(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> None:
    """Another tier has it now: an accept clock of its own; the promise to the resident stays (RULES 1)."""
    span = promised(service_request, "accept")
    if span is not None:
        service_request.takeover_due = due_after(at, span, calendar)


def resume(service_request: ServiceRequest, until: datetime, calendar: WorkCalendar) -> None:
    """The question was answered, or its time is over: the resolve clock goes on with what was left of it.

    What was over before the question stays over.
    """
    since, due = service_request.asked_at, service_request.resolve_due
    span = promised(service_request, "resolve")
    if since is None or due is None or span is None or due <= since:
        return
    if not span.working_days:
        service_request.resolve_due = due + (until - since)
    elif days := working_days_between(since, until, calendar):
        service_request.resolve_due = due_after(due, Span(working_days=days), calendar)


def set_due(
    service_request: ServiceRequest, at: datetime, calendar: WorkCalendar, state: str | None = None
) -> None:
    """Keep `due` and `next_at` for the state that the request has, or is about to have."""
    state = service_request.state if state is None else state
    due = _current(service_request, state)
    if due != service_request.due:
        service_request.due, service_request.reminded = due, 0
        service_request.due_from = at if due is not None else None
    if state == State.ASKED:
        service_request.next_at = service_request.asked_until
    elif state == State.RESOLVED:
        service_request.next_at = service_request.lapse_due
    else:
        plan_reminder(service_request, calendar, in_working_time=_by_working_days(service_request, state))
    plan_contact(service_request, calendar, state)


def plan_contact(service_request: ServiceRequest, calendar: WorkCalendar, state: str) -> None:
    """The clock of the first contact runs beside the others and has reminders of its own.

    While nobody has accepted it, the accept clock speaks for both; once somebody was in contact, it is over.
    """
    row = service_request
    is_running = state in OPEN and state != State.SUBMITTED and row.contacted_at is None
    if not is_running or row.contact_due is None or row.contact_reminded >= OVERDUE:
        row.contact_next_at = None
        return
    row.contact_next_at = contact_reminder_at(row, row.contact_reminded + 1, calendar)


def contact_reminder_at(service_request: ServiceRequest, level: int, calendar: WorkCalendar) -> datetime:
    """When a reminder of the first contact is due. Raises ValueError where that clock was never started."""
    if service_request.contact_due is None:
        raise ValueError("no clock runs")
    span = promised(service_request, "contact")
    return _level_at(
        service_request.submitted_at,
        service_request.contact_due,
        level,
        calendar,
        in_working_time=span is None or bool(span.working_days),
    )


def contact_level_at(service_request: ServiceRequest, at: datetime, calendar: WorkCalendar) -> int:
    """The highest reminder of the first contact whose moment has come by `at`."""
    for level in range(OVERDUE, service_request.contact_reminded, -1):
        if contact_reminder_at(service_request, level, calendar) <= at:
            return level
    return service_request.contact_reminded


def _current(service_request: ServiceRequest, state: str) -> datetime | None:
    """The accept due while it waits, afterwards the earlier of taking over and resolving; none while the
    submitter is asked, and none once nobody has to act any more."""
    if state not in OPEN or state == State.ASKED:
        return None
    if state == State.SUBMITTED:
        return service_request.accept_due
    dues = [due for due in (service_request.takeover_due, service_request.resolve_due) if due is not None]
    return min(dues, default=None)


def _by_working_days(service_request: ServiceRequest, state: str) -> bool:
    """Of the clock that `due` is: a track may promise to take over in working days what is due day and night."""
    is_accepting = state == State.SUBMITTED or (
        service_request.takeover_due is not None and service_request.due == service_request.takeover_due
    )
    span = promised(service_request, "accept" if is_accepting else "resolve")
    return span is None or bool(span.working_days)


# Dispatches


def start_dispatch(dispatch: Dispatch, at: datetime, policy: Policy, calendar: WorkCalendar) -> None:
    """Sent: sign, first contact and arrival run from `at`; by when to answer was written by the sender."""
    dispatch.sent_at = at
    dues = {}
    for name in ("sign", "give_back", "contact", "arrive"):
        span = policy.span(Grade(dispatch.grade).spans, name)
        dues[name] = due_after(at, span, calendar) if span is not None else None
    # Who wants an answer sooner than signing may take wants it signed by then as well.
    dispatch.sign_due = min(dues["sign"] or dispatch.answer_due, dispatch.answer_due)
    dispatch.give_back_until = dues["give_back"] or dispatch.sign_due
    dispatch.contact_due, dispatch.arrive_due = dues["contact"], dues["arrive"]
    set_dispatch_due(dispatch, at, calendar)


def set_dispatch_due(
    dispatch: Dispatch, at: datetime, calendar: WorkCalendar, state: str | None = None
) -> None:
    """Keep `due` and `next_at` of a dispatch for the state that it has, or is about to have."""
    due = _current_of_dispatch(dispatch, dispatch.state if state is None else state)
    if due != dispatch.due:
        dispatch.due, dispatch.reminded = due, 0
        dispatch.due_from = at if due is not None else None
    plan_reminder(dispatch, calendar, in_working_time=is_by_working_days(dispatch))


def _current_of_dispatch(dispatch: Dispatch, state: str) -> datetime | None:
    if state == DispatchState.SENT:
        return dispatch.sign_due
    if state != DispatchState.ACCEPTED:
        return None
    if dispatch.rejections:  # sent back: the answer is what is asked for again
        return dispatch.answer_due
    dues = [dispatch.answer_due]
    if dispatch.contacted_at is None and dispatch.contact_due is not None:
        dues.append(dispatch.contact_due)
    if dispatch.arrived_at is None and dispatch.arrive_due is not None:
        dues.append(dispatch.arrive_due)
    return min(dues)


# Reminders


def plan_reminder(
    row: ServiceRequest | Dispatch, calendar: WorkCalendar, *, in_working_time: bool | None = None
) -> None:
    """Set `next_at` to the moment of the next reminder, even where it has passed: a step that somebody takes
    while the platform is behind must not swallow what those above have to hear."""
    if row.due is None or row.due_from is None or row.reminded >= OVERDUE:
        row.next_at = None
        return
    if in_working_time is None:
        in_working_time = is_by_working_days(row)
    row.next_at = reminder_at(row, row.reminded + 1, calendar, in_working_time=in_working_time)


def level_at(row: ServiceRequest | Dispatch, at: datetime, calendar: WorkCalendar) -> int:
    """The highest reminder whose moment has come by `at`; `row.reminded` where there is none that is new."""
    in_working_time = is_by_working_days(row)
    for level in range(OVERDUE, row.reminded, -1):
        if row.due is not None and reminder_at(row, level, calendar, in_working_time=in_working_time) <= at:
            return level
    return row.reminded


def reminder_at(
    row: ServiceRequest | Dispatch, level: int, calendar: WorkCalendar, *, in_working_time: bool
) -> datetime:
    """When a reminder of that level is due; those above hear of it the next working morning, or after GRACE."""
    if row.due is None or row.due_from is None:
        raise ValueError("no clock runs")
    return _level_at(row.due_from, row.due, level, calendar, in_working_time=in_working_time)


def _level_at(
    since: datetime, due: datetime, level: int, calendar: WorkCalendar, *, in_working_time: bool
) -> datetime:
    if level < OVERDUE:
        return share_of(since, due, _SHARES[level], calendar, in_working_time=in_working_time)
    if in_working_time:
        return next_morning(due, calendar)
    return due + max(due - since, timedelta()) * GRACE


def is_by_working_days(row: ServiceRequest | Dispatch) -> bool:
    """Whether the clock that runs now counts working hours only.

    What a dispatch has in working days ends with the working day; hours given for it run day and night.
    """
    if isinstance(row, ServiceRequest):
        return _by_working_days(row, row.state)
    if row.due is None or row.due_from is None:
        return True
    return ends_with_work(row.due) and row.due - row.due_from > timedelta(hours=1)
