"""What the tests of messages start from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from ground import clock
from notifications.models import Message, Outgoing, Preference
from notifications.outbox import say, sweep
from tests import factories

#: Nobody has quiet hours then, unless he said so.
NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
MATTER = "request:42"


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def somebody_awake() -> User:
    """Somebody without quiet hours, for tests that play at whatever time it is."""
    user = factories.a_user()
    Preference.objects.create(user=user, is_quiet_at_night=False)
    return user


def step(to: User, title: str, minutes: float, **more: Any) -> Outgoing:
    """A step of the matter that happens so many minutes after noon, and is swept up in that minute."""
    with clock.at(after(minutes)):
        row = say(to=to, key=f"step:{title}", title=title, **({"about": MATTER} | more))
        sweep()
    row.refresh_from_db()
    return row


def sweep_at(minutes: float) -> int:
    with clock.at(after(minutes)):
        return sweep()


def titles(to: User) -> list[str]:
    return list(Message.objects.filter(to=to).values_list("title", flat=True))
