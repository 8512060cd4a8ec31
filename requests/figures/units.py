"""How units answer (RULES 3 and 7): their dispatches, the marks they got, and how the requests they led ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet

from requests.figures.rates import Figures, conditions
from requests.models import Dispatch, ServiceRequest
from requests.states import SEEING, DispatchState

_WAITS = Q(state__in=[DispatchState.SENT, DispatchState.ACCEPTED])
MARKS = ("timely", "effective", "attitude")


def dispatch_conditions(at: datetime) -> dict[str, Q]:
    """Name of a figure → which dispatches it counts, as of `at`.

    What was given back or taken back before it was due asks for no signature; an answer is asked of those only
    that still stand. After a rejection it is the last answer that counts, by its own due.
    """
    sign_late = Q(sign_due__lt=at) & (Q(ended_at=None) | Q(ended_at__gt=F("sign_due")))
    return {
        "sent": Q(),
        "sign_due": Q(signed_at__isnull=False) | sign_late,
        "signed_in_time": Q(signed_at__lte=F("sign_due")),
        "answer_due": Q(answered_at__isnull=False) | (_WAITS & Q(answer_due__lt=at)),
        "answered_in_time": Q(answered_at__lte=F("answer_due")),
        "returned": Q(state=DispatchState.RETURNED),
        "rejected": Q(rejections__gt=0),
        "marked": Q(timely__isnull=False),
    }


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """Counts of dispatches sent in a period; mean marks of 1 to 5, None without any."""

    sent: int = 0
    sign_due: int = 0
    signed_in_time: int = 0
    answer_due: int = 0
    answered_in_time: int = 0
    returned: int = 0
    rejected: int = 0
    marked: int = 0
    timely: float | None = None
    effective: float | None = None
    attitude: float | None = None
    #: The requests of which the unit was the lead.
    led: Figures = field(default_factory=Figures)


def units_of(
    requests: QuerySet[ServiceRequest], start: datetime, end: datetime, at: datetime
) -> dict[int, UnitFigures]:
    """Unit → its figures, of what was sent between two moments for these requests. Two queries."""
    sent = Dispatch.objects.filter(unit__isnull=False, sent_at__gte=start, sent_at__lt=end)
    wanted = dispatch_conditions(at)
    counts: dict[str, Any] = {f"n_{name}": Count("pk", filter=which) for name, which in wanted.items()}
    counts |= {f"mean_{name}": Avg(name) for name in MARKS}
    mine = sent.filter(service_request__in=requests.order_by().values("pk")).order_by()
    rows: Any = mine.values("unit").annotate(**counts)
    led = _led(requests, start, end, at)
    return {
        row["unit"]: UnitFigures(
            **{name: row[f"n_{name}"] for name in wanted},
            **{name: row[f"mean_{name}"] for name in MARKS},
            led=led.get(row["unit"], Figures()),
        )
        for row in rows
    }


def _led(
    requests: QuerySet[ServiceRequest], start: datetime, end: datetime, at: datetime
) -> dict[int, Figures]:
    """A request that a unit led twice counts once: it may have been sent there again."""
    wanted = conditions(at)
    names = [name for name in Figures.__dataclass_fields__ if name in wanted]
    counts = {f"n_{name}": Count("pk", filter=wanted[name], distinct=True) for name in names}
    rows: Any = requests.filter(
        dispatches__is_lead=True,
        dispatches__unit__isnull=False,
        dispatches__state__in=SEEING,
        dispatches__sent_at__gte=start,
        dispatches__sent_at__lt=end,
    )
    found = rows.order_by().values(_unit=F("dispatches__unit")).annotate(**counts)
    return {row["_unit"]: Figures(**{name: row[f"n_{name}"] for name in names}) for row in found}
