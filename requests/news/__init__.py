"""What people hear of a request and of its dispatches: one message per event and person (RULES 1 and 3).

Whoever asked hears every answer (`words`), staff hear what they have to act on (`staff`, `dispatches`). Whom a
fan-out means is asked when it is expanded (`people`): of the event, so that nobody hears of his own step.
"""

from __future__ import annotations

from ground.steps import Move
from requests.news import dispatches, staff, submitter

__all__ = ["tell", "tell_of_dispatch"]


def tell(move: Move) -> None:
    """Say what a step of a request means to the people concerned, inside its transaction."""
    submitter.tell(move)
    staff.tell(move)


def tell_of_dispatch(move: Move) -> None:
    """The same for a step of a dispatch."""
    dispatches.tell(move)
