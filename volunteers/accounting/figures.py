"""Service hours and person-times (RULES 7), summed by the database from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from volunteers.models import LedgerEntry
from volunteers.states import ClaimState


@dataclass(frozen=True, slots=True)
class Service:
    """Credited minutes, those of them outside working hours, and how many claims they come from."""

    minutes: int = 0
    off_hours_minutes: int = 0
    times: int = 0

    def __add__(self, other: Service) -> Service:
        return Service(
            self.minutes + other.minutes,
            self.off_hours_minutes + other.off_hours_minutes,
            self.times + other.times,
        )


def served_between(start: datetime, end: datetime) -> QuerySet[LedgerEntry]:
    """The entries of whistles that began in the span."""
    return LedgerEntry.objects.filter(served_at__gte=start, served_at__lt=end)


def total(entries: QuerySet[LedgerEntry]) -> Service:
    """One query: the service of all of them together."""
    row = entries.aggregate(**_sums())
    return Service(row["n_minutes"], row["n_off_hours"], row["n_times"])


def _sums() -> dict[str, Any]:
    return {
        "n_minutes": Coalesce(Sum("minutes"), 0),
        "n_off_hours": Coalesce(Sum("off_hours_minutes"), 0),
        # What was reversed has come to nothing: it is no service.
        "n_times": Count("claim", distinct=True, filter=Q(claim__state=ClaimState.CREDITED)),
    }
