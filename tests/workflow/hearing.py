"""What people have been told: fan-outs are expanded first, as the worker does after the commit."""

from __future__ import annotations

from typing import Any

from notifications.models import FanOut, Outgoing
from notifications.outbox import expand


def told(user: Any) -> list[Outgoing]:
    """Every message to that person so far, the oldest first."""
    for pk in FanOut.objects.filter(done_at=None).order_by("pk").values_list("pk", flat=True):
        expand(pk)
    return list(Outgoing.objects.filter(to=user).order_by("pk"))


def heard(user: Any) -> list[str]:
    """The titles of them."""
    return [row.title for row in told(user)]


def last_heard(user: Any) -> str:
    """The newest title; "" where there is none."""
    return next(iter(reversed(heard(user))), "")


def hears(user: Any, before: int) -> list[str]:
    """What came after the first `before` messages."""
    return heard(user)[before:]
