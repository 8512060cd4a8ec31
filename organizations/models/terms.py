"""From when to when something holds: the last day named is the first day without it."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from ground import clock


def in_term(on: date | None = None, prefix: str = "") -> Q:
    """Rows with `begins_on` and `ends_on` that hold on that day (default today); `prefix` leads to them."""
    day = on or clock.today()
    begun = Q(**{f"{prefix}begins_on__lte": day})
    return begun & (Q(**{f"{prefix}ends_on": None}) | Q(**{f"{prefix}ends_on__gt": day}))
