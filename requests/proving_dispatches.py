"""What the events of a dispatch say about its moments, beside `proving` for requests: a replay of its own.

By when to answer was written by a person and stands on the row only; everything else follows from it, from the
policy of the day on which it was sent, and from the events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from ground.worktime import WorkCalendar, due_after
from organizations.models import Policy
from requests.models import Dispatch
from requests.proving import chain_faults
from requests.states import DispatchState, Grade

_ENDS = frozenset({"give_back", "confirm", "recall", "end_with"})


@dataclass(slots=True)
class Moments:
    """The moments of a dispatch as its events leave them; the names are those of the columns."""

    sent_at: datetime | None = None
    signed_at: datetime | None = None
    contacted_at: datetime | None = None
    arrived_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    rejections: int = 0

    def play(self, event: Any) -> None:
        if event.step == "contact":
            self.contacted_at = self.contacted_at or event.at
        elif event.step == "reject":
            self.answered_at, self.rejections = None, self.rejections + 1
        elif event.step in _ENDS:
            self.ended_at = event.at
        elif name := _NOTED.get(event.step):
            setattr(self, name, event.at)


_NOTED = {"send": "sent_at", "sign": "signed_at", "arrive": "arrived_at", "answer": "answered_at"}


def faults(dispatch: Dispatch, events: Iterable[Any], policy: Policy, calendar: WorkCalendar) -> list[str]:
    """What in the row is not as its events (in their order) say; `policy` held on the day on which it was sent."""
    played, moments = list(events), Moments()
    for event in played:
        moments.play(event)
    wanted: dict[str, Any] = {each.name: getattr(moments, each.name) for each in fields(Moments)}
    if moments.sent_at is not None:
        wanted |= _promised(dispatch, moments, policy, calendar)
    wanted["due"] = _due(dispatch, moments)
    found = [
        f"{name} is {getattr(dispatch, name)}, the events say {value}"
        for name, value in wanted.items()
        if getattr(dispatch, name) != value
    ]
    if (dispatch.due is None) != (dispatch.due_from is None):
        found.append(f"due_from is {dispatch.due_from}, due is {dispatch.due}")
    elif dispatch.due_from is not None and dispatch.due_from not in {event.at for event in played}:
        found.append(f"due_from is {dispatch.due_from}, when nothing happened")
    return [*chain_faults(played, dispatch.state), *found]


def _promised(
    dispatch: Dispatch, moments: Moments, policy: Policy, calendar: WorkCalendar
) -> dict[str, datetime | None]:
    """Sign, contact and arrive run from the sending; whoever wants an answer sooner wants it signed by then."""
    spans = {name: policy.span(Grade(dispatch.grade).spans, name) for name in ("contact", "arrive")}
    if (
        not moments.rejections
    ):  # sent back, the day by which to answer is another one than it was at the sending
        spans |= {name: policy.span(Grade(dispatch.grade).spans, name) for name in ("sign", "give_back")}
    sent = moments.sent_at
    dues = {name: due_after(sent, span, calendar) if span and sent else None for name, span in spans.items()}
    found = {"contact_due": dues["contact"], "arrive_due": dues["arrive"]}
    if "sign" in dues:
        found["sign_due"] = min(dues["sign"] or dispatch.answer_due, dispatch.answer_due)
        found["give_back_until"] = dues["give_back"] or found["sign_due"]
    return found


def _due(dispatch: Dispatch, moments: Moments) -> datetime | None:
    """Which of the four moments counts in its state."""
    if dispatch.state == DispatchState.SENT:
        return dispatch.sign_due
    if dispatch.state != DispatchState.ACCEPTED:
        return None
    if moments.rejections:
        return dispatch.answer_due
    open_ones = [dispatch.answer_due]
    open_ones += [dispatch.contact_due] if moments.contacted_at is None and dispatch.contact_due else []
    open_ones += [dispatch.arrive_due] if moments.arrived_at is None and dispatch.arrive_due else []
    return min(open_ones)
