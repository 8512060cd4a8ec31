"""The figures by which handling is judged (RULES 7), counted by the database in grouped queries.

Every figure is a condition on rows: the same condition counts it here and lists its rows on the desk, so a
number and the list behind it cannot disagree. A period means the requests submitted in it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from requests.models import ServiceRequest
from requests.states import OPEN, Outcome, State

#: A rating from here on counts as satisfied (RULES 7).
SATISFIED_FROM = 4

#: What the rates are about: what people asked for themselves, every matter once. What staff filed is counted
#: beside; parts are counted with their whole, those merged together each for itself (RULES 7).
OWN = Q(source=ServiceRequest.Source.RESIDENT, whole=None)
_IN_TIME = Q(contacted_at__isnull=False, contacted_at__lte=F("contact_due"))
_RATED = OWN & Q(rating__isnull=False)
_FINISHED = Q(state__in=[State.RESOLVED, State.CLOSED])
_TO_RESOLVE = OWN & Q(accepted_at__isnull=False) & ~Q(outcome=Outcome.EXPLAINED)
_DONE = _TO_RESOLVE & Q(resolved_at__isnull=False)
_DONE_IN_TIME = Q(resolved_at__lte=F("resolve_due"))


def conditions(at: datetime) -> dict[str, Q]:
    """Name of a figure → which requests it counts, as of the moment `at`.

    The response rate is about first contacts that are due by `at` or were made, the acceptance rate about first
    answers (accepted, merged, lawfully declined) that are due by `at` or were given; one that ended before its
    due asks for none. What was explained by law is counted apart: neither for nor against resolving.
    """
    contact_due = OWN & (Q(contacted_at__isnull=False) | _came_due("contact_due", at))
    answer_due = OWN & (Q(accepted_in_time__isnull=False) | _came_due("accept_due", at))
    return {
        "submitted": Q(whole=None),
        "own": OWN,
        "proactive": Q(source=ServiceRequest.Source.PROACTIVE, whole=None),
        "answer_due": answer_due,
        "answered_in_time": OWN & Q(accepted_in_time=True),
        "answered_late": answer_due & ~Q(accepted_in_time=True),
        "accepted": OWN & Q(accepted_at__isnull=False),
        "to_resolve": _TO_RESOLVE,
        "resolved": OWN & Q(resolved_at__isnull=False),
        "done": _DONE,
        "done_in_time": _DONE & _DONE_IN_TIME,
        "done_late": _DONE & ~_DONE_IN_TIME,
        "explained": OWN & Q(resolved_at__isnull=False, outcome=Outcome.EXPLAINED),
        "contact_due": contact_due,
        "contact_in_time": OWN & _IN_TIME,
        "contact_late": contact_due & ~_IN_TIME,
        "rated": _RATED,
        "unrated": OWN & _FINISHED & Q(rating=None),
        "solved": _RATED & Q(rating__solved=True),
        "unsolved": _RATED & Q(rating__solved=False),
        "satisfied": _RATED & Q(rating__satisfied__gte=SATISFIED_FROM),
        "dissatisfied": _RATED & Q(rating__satisfied__lt=SATISFIED_FROM),
        "open": Q(state__in=OPEN, whole=None),
        "overdue": Q(state__in=OPEN, whole=None, due__lt=at),
    }


def _came_due(column: str, at: datetime) -> Q:
    """The due has gone by, and the matter was still there."""
    return Q(**{f"{column}__lt": at}) & (Q(ended_at=None) | Q(ended_at__gt=F(column)))


#: What the conditions are called on screens.
NAMES = {
    "submitted": "拆分的分件不另计",
    "own": "居民本人提出",
    "proactive": "未诉先办",
    "answer_due": "到期应受理",
    "answered_in_time": "按时受理或答复",
    "answered_late": "没有按时受理",
    "accepted": "已受理",
    "to_resolve": "受理后应办结",
    "resolved": "已办结",
    "done": "已办结（不含解释办结）",
    "done_in_time": "按时办结",
    "done_late": "超期办结",
    "explained": "依法依规解释办结",
    "contact_due": "到期应联系",
    "contact_in_time": "按时联系",
    "contact_late": "没有按时联系",
    "rated": "已评价",
    "unrated": "办结未评价",
    "solved": "评价为已解决",
    "unsolved": "评价为未解决",
    "satisfied": "满意（4–5 星）",
    "dissatisfied": "不满意（1–3 星）",
    "open": "在办",
    "overdue": "已超时",
}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of requests submitted in a period; rates between 0 and 1, None where there is nothing to count."""

    submitted: int = 0
    own: int = 0
    accepted: int = 0
    resolved: int = 0
    contact_due: int = 0
    contact_in_time: int = 0
    rated: int = 0
    unrated: int = 0
    solved: int = 0
    satisfied: int = 0
    answer_due: int = 0
    answered_in_time: int = 0
    to_resolve: int = 0
    done: int = 0
    done_in_time: int = 0
    explained: int = 0
    proactive: int = 0

    @property
    def filed_by_staff(self) -> int:
        return self.submitted - self.own - self.proactive

    @property
    def response_rate(self) -> float | None:
        return _share(self.contact_in_time, self.contact_due)

    @property
    def resolution_rate(self) -> float | None:
        return _share(self.solved, self.rated)

    @property
    def satisfaction_rate(self) -> float | None:
        return _share(self.satisfied, self.rated)

    @property
    def acceptance_rate(self) -> float | None:
        return _share(self.answered_in_time, self.answer_due)

    @property
    def completion_rate(self) -> float | None:
        return _share(self.done, self.to_resolve)

    @property
    def punctual_rate(self) -> float | None:
        return _share(self.done_in_time, self.done)

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Workload:
    """What somebody still has to act on now, whenever it was submitted."""

    open: int = 0
    overdue: int = 0

    def __add__(self, other: Workload) -> Workload:
        return Workload(self.open + other.open, self.overdue + other.overdue)


def submitted_between(
    requests: QuerySet[ServiceRequest], start: datetime, end: datetime
) -> QuerySet[ServiceRequest]:
    return requests.filter(submitted_at__gte=start, submitted_at__lt=end)


def figures_by(requests: QuerySet[ServiceRequest], column: Any, at: datetime) -> dict[Hashable, Figures]:
    """One query: the figures of each value of `column` (a scope column, or an expression)."""
    return _grouped(requests, column, at, Figures)


def total(requests: QuerySet[ServiceRequest], at: datetime) -> Figures:
    """One query: the figures of all of them together."""
    return _read(Figures, requests.aggregate(**_counts(Figures, at)))


def _counts(shape: type[Any], at: datetime) -> dict[str, Count]:
    """Under names that no column has."""
    wanted = conditions(at)
    return {f"n_{each.name}": Count("pk", filter=wanted[each.name]) for each in fields(shape)}


def _read(shape: type[Any], row: dict[str, Any]) -> Any:
    return shape(**{each.name: row[f"n_{each.name}"] for each in fields(shape)})


def _grouped(
    requests: QuerySet[ServiceRequest], column: Any, at: datetime, shape: type[Any]
) -> dict[Hashable, Any]:
    group = column if hasattr(column, "resolve_expression") else F(column)
    rows: Any = requests.order_by().values(group=group).annotate(**_counts(shape, at))
    return {row["group"]: _read(shape, row) for row in rows}
