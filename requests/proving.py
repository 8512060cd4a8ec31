"""What the events of a request say about its moments: the columns are proved by them, not believed (RULES 0).

A replay of its own: it shares the working calendar with `clocks`, and none of its code. What was promised is
read from the row, days of policies as they held on the day of the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from ground.worktime import Span, WorkCalendar, due_after, working_days_between
from organizations.models import Policy
from organizations.workdays import calendar as the_calendar
from requests.models import ServiceRequest
from requests.states import OPEN, State

#: (name of a column of Policy, moment) → how many days held then.
Days = Callable[[str, datetime], int]

_GOES_ELSEWHERE = frozenset({"escalate", "hand_down", "consent_hand_down"})
_TAKES_IT_OVER = frozenset(
    {"take_over", "handle", "dispatch", "whistle", "ask", "split", "merge", "resolve", "complete", "explain"}
)


@dataclass(slots=True)
class Dues:
    """The moments of a request as its events leave them; the names are those of the columns."""

    accept_due: datetime | None = None
    contact_due: datetime | None = None
    resolve_due: datetime | None = None
    takeover_due: datetime | None = None
    asked_at: datetime | None = None
    asked_until: datetime | None = None
    lapse_due: datetime | None = None
    object_until: datetime | None = None
    reopen_until: datetime | None = None
    due: datetime | None = None
    due_from: datetime | None = None


@dataclass(slots=True)
class Replay:
    """Plays events in their order; `dues` is what they have come to."""

    promise: dict[str, Any]
    days: Days
    calendar: WorkCalendar
    dues: Dues = field(default_factory=Dues)
    has_asker: bool = True

    def play(self, event: Any) -> None:
        if event.step in _TAKES_IT_OVER:
            self.dues.takeover_due = None
        if event.step in _GOES_ELSEWHERE:
            self.dues.takeover_due = self._after(event.at, "accept")
        if does := _PLAYS.get(event.step):
            does(self, event)
        self._set_due(event)

    def _submit(self, event: Any) -> None:
        self.has_asker = "proactive" not in event.codes
        self.dues.accept_due = self._after(event.at, "accept")
        if self.has_asker:
            self.dues.contact_due = self._after(event.at, "contact")

    def _begin_part(self, event: Any) -> None:
        self.dues.resolve_due = _moment(event.codes["due"])

    def _accept(self, event: Any) -> None:
        self.dues.resolve_due = self._after(event.at, "resolve")

    def _merge(self, event: Any) -> None:
        if event.source == State.SUBMITTED:
            self._accept(event)

    def _decline(self, event: Any) -> None:
        if self.has_asker:
            self.dues.object_until = self._in_days(event.at, "object_days")

    def _object(self, event: Any) -> None:
        self.dues.object_until = None
        self.dues.accept_due = self._after(event.at, "accept")

    def _ask(self, event: Any) -> None:
        self.dues.asked_at, self.dues.asked_until = event.at, self._in_days(event.at, "ask_days")

    def _go_on(self, event: Any) -> None:
        """The resolve clock stood still while the question was open, but what was over stays over."""
        dues = self.dues
        since, due = dues.asked_at, dues.resolve_due
        until = min(event.at, dues.asked_until) if dues.asked_until else event.at
        dues.asked_at = dues.asked_until = None
        if since is None or due is None or due <= since:
            return
        if not self._span("resolve").working_days:
            dues.resolve_due = due + (until - since)
        elif stood := working_days_between(since, until, self.calendar):
            dues.resolve_due = due_after(due, Span(working_days=stood), self.calendar)

    def _extend(self, event: Any) -> None:
        self.dues.resolve_due = _moment(event.codes["new_due"])

    def _resolve(self, event: Any) -> None:
        self.dues.lapse_due = self._in_days(event.at, "lapse_days")

    def _close(self, event: Any) -> None:
        self.dues.lapse_due = None
        self.dues.reopen_until = self._in_days(event.at, "reopen_days")

    def _conclude(self, event: Any) -> None:
        self.dues.lapse_due = None

    def _reopen(self, event: Any) -> None:
        self.dues.lapse_due = self.dues.reopen_until = None
        self.dues.resolve_due = self._after(event.at, "resolve")
        if "to" in event.codes:
            self.dues.takeover_due = self._after(event.at, "accept")

    def _set_due(self, event: Any) -> None:
        due = self._current(event.target)
        if due != self.dues.due:
            self.dues.due, self.dues.due_from = due, event.at if due is not None else None

    def _current(self, state: str) -> datetime | None:
        if state not in OPEN or state == State.ASKED:
            return None
        if state == State.SUBMITTED:
            return self.dues.accept_due
        running = [due for due in (self.dues.takeover_due, self.dues.resolve_due) if due is not None]
        return min(running, default=None)

    def _span(self, clock: str) -> Span:
        return Span(**self.promise[clock])

    def _after(self, at: datetime, clock: str) -> datetime:
        return due_after(at, self._span(clock), self.calendar)

    def _in_days(self, at: datetime, name: str) -> datetime:
        return at + timedelta(days=self.days(name, at))


_PLAYS: dict[str, Callable[[Replay, Any], None]] = {
    "submit": Replay._submit,
    "begin_part": Replay._begin_part,
    "accept": Replay._accept,
    "merge": Replay._merge,
    "decline": Replay._decline,
    "object": Replay._object,
    "ask": Replay._ask,
    "answer": Replay._go_on,
    "timeout": Replay._go_on,
    "consent_extension": Replay._extend,
    "resolve": Replay._resolve,
    "consent_explained": Replay._resolve,
    "resolve_with": Replay._resolve,
    "rate": Replay._close,
    "call_back": Replay._close,
    "lapse": Replay._close,
    "conclude": Replay._conclude,
    "reopen": Replay._reopen,
}


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def dues_of(events: Iterable[Any], promise: dict[str, Any], days: Days, calendar: WorkCalendar) -> Dues:
    """What the events (in their order) say; `promise` as it is kept on the row."""
    replay = Replay(promise, days, calendar)
    for event in events:
        replay.play(event)
    return replay.dues


def chain_faults(events: Iterable[Any], state: str) -> list[str]:
    """Where an event does not begin where the one before it ended, or the row stands elsewhere than the last."""
    faults, before = [], ""
    for event in events:
        if event.source != before:
            faults.append(f"{event.step} begins at {event.source!r}, the one before it ended at {before!r}")
        before = event.target
    return (
        faults if before == state else [*faults, f"the row is {state!r}, its last event ended at {before!r}"]
    )


def faults(
    service_request: ServiceRequest,
    events: Iterable[Any] | None = None,
    *,
    held: Callable[[int, date], Policy] | None = None,
    calendar: WorkCalendar | None = None,
) -> list[str]:
    """What in the row is not as its events say. Events, policies (district and day → what `held` then) and calendar
    are asked from the database where they are not at hand."""
    played = list(service_request.events.order_by("id") if events is None else events)
    policy_of = held or Policy.of

    def days(name: str, at: datetime) -> int:
        return getattr(policy_of(service_request.district_id, timezone.localdate(at)), name)

    dues = dues_of(played, service_request.promise, days, calendar or the_calendar())
    found = [
        f"{each.name} is {getattr(service_request, each.name)}, the events say {getattr(dues, each.name)}"
        for each in fields(Dues)
        if getattr(service_request, each.name) != getattr(dues, each.name)
    ]
    return [*chain_faults(played, service_request.state), *found]
