"""When a look behind the mask is unusual: a table of rules, and the few counts they are asked about (RULES 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from ground import clock
from organizations.models import AccessLogEntry

Action, Why = AccessLogEntry.Action, AccessLogEntry.Why

#: How many numbers one person may look up in a day, and how many exports there are in one.
DAILY_LIMIT = 30
DAILY_EXPORTS = 3

WINDOW = timedelta(minutes=10)
MANY_IN_WINDOW = 10
MANY_OF_ONE = 3
LARGE_ROWS = 5_000
#: City time; what lies between belongs to the working day and its evening.
NIGHT_BEGINS, NIGHT_ENDS = 22, 6


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one entry, itself counted in every count."""

    action: str
    at: datetime
    rows: int
    in_window: int  # reveals of this person in the last 10 minutes
    today: int  # reveals of this person since midnight in the city
    of_subject: int  # reveals of this subject by this person since midnight
    exports_ever: int

    @property
    def local(self) -> datetime:
        return timezone.localtime(self.at)


@dataclass(frozen=True, slots=True)
class Rule:
    why: AccessLogEntry.Why
    action: AccessLogEntry.Action | None  # None: both
    holds: Callable[[Facts], bool]
    words: str  # for str.format: f is the facts, limit the daily one

    def meets(self, facts: Facts) -> bool:
        return self.action in (None, facts.action) and self.holds(facts)


def _is_night(moment: datetime) -> bool:
    return moment.hour >= NIGHT_BEGINS or moment.hour < NIGHT_ENDS


#: The first rule that holds names the reason.
RULES = (
    Rule(Why.BURST, Action.REVEAL, lambda f: f.in_window >= MANY_IN_WINDOW, "10 分钟内 {f.in_window} 次"),
    Rule(Why.LARGE_EXPORT, Action.EXPORT, lambda f: f.rows > LARGE_ROWS, "一次 {f.rows} 行"),
    Rule(Why.FIRST_EXPORT, Action.EXPORT, lambda f: f.exports_ever == 1, "首次导出，{f.rows} 行"),
    Rule(Why.SAME_SUBJECT, Action.REVEAL, lambda f: f.of_subject >= MANY_OF_ONE, "同一对象今天 {f.of_subject} 次"),
    Rule(Why.NEAR_LIMIT, Action.REVEAL, lambda f: f.today * 3 > DAILY_LIMIT * 2, "今天 {f.today} 次（上限 {limit}）"),
    Rule(Why.OUT_OF_HOURS, None, lambda f: _is_night(f.local), "夜间 {f.local:%H:%M}"),
)  # fmt: skip


def facts_of(entry: AccessLogEntry) -> Facts:
    """The counts around an entry that is about to be written. One query, two for an export."""
    midnight, window = clock.midnight(clock.today()), entry.at - WINDOW
    mine = AccessLogEntry.objects.filter(by=entry.by_id)
    today = Q(at__gte=midnight)
    counts = mine.filter(action=Action.REVEAL, at__gte=min(midnight, window)).aggregate(
        in_window=Count("pk", filter=Q(at__gt=window)),
        today=Count("pk", filter=today),
        of_subject=Count("pk", filter=today & Q(subject=entry.subject)),
    )
    is_export = entry.action == Action.EXPORT
    exports = mine.of_personal_data().filter(action=Action.EXPORT)[:1].count() if is_export else 0
    return Facts(
        action=entry.action,
        at=entry.at,
        rows=entry.rows or 0,
        exports_ever=exports + 1,
        **{name: count + 1 for name, count in counts.items()},
    )


def judge(entry: AccessLogEntry) -> str:
    """Mark an entry that is about to be written; gives what is unusual in words, or ""."""
    facts = facts_of(entry)
    rule = next((rule for rule in RULES if rule.meets(facts)), None)
    if rule is None:
        return ""
    entry.is_unusual, entry.why_unusual = True, rule.why
    return rule.words.format(f=facts, limit=DAILY_LIMIT)
