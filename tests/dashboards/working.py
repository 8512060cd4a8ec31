"""A community at work for a month and a half: requests in every state, of which each rate has something to count."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.desk.scenes import CHINA, accept, ask, contact, finish
from tests.factories import Community


def at_work(community: Community) -> None:
    """Three requests in the first days of October, nine in November 2026: a quarter of them nobody looks at."""
    for day in range(1, 13):
        start = datetime(2026, 11 if day > 3 else 10, day, 9, 0, tzinfo=CHINA)
        each = ask(community, start, text=f"第 {day} 件")
        if day % 4 == 0:
            continue
        accept(each, community, start + timedelta(minutes=20 * day))
        if day % 3:
            contact(each, community, start + timedelta(hours=day))
        if day % 5:
            finish(each, community, start + timedelta(hours=day + 1), stars=day % 6, solved=day % 6 > 2)
