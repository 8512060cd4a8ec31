"""Looking behind the mask: with a power, a reason and a daily limit, and never without a trace (RULES 5).

Whatever is unusual about it (`organizations.unusual`) is marked in the log when it is written, and told to
those who watch: `access_noted` goes out inside the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Q, QuerySet

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.fields import Unreadable
from ground.personal import without_numbers
from organizations import unusual
from organizations.models import AccessLogEntry, Appointment, Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from organizations.signals import access_noted
from organizations.unusual import DAILY_EXPORTS, DAILY_LIMIT

#: A reason shorter than this is none.
SHORTEST_REASON = 4

REVEAL = AccessLogEntry.Action.REVEAL
EXPORT = AccessLogEntry.Action.EXPORT
ERASE = AccessLogEntry.Action.ERASE

Value = TypeVar("Value")
#: may(by, thing): whether the power covers it. Apps with grids pass their own.
May = Callable[[Any, Any], bool]


def reveal(
    *,
    by: Any,
    subject: models.Model,
    field: str | tuple[str, ...],
    value_of: Callable[[], Value],
    reason: str,
    organization: Organization,
    may: May | None = None,
) -> Value:
    """Write the access log and return the plain value, which `value_of` reads only then.

    `field` names one field, or several that are shown together; that counts once. `may(by, subject)` says
    whether the power REVEAL covers the thing; without it the power must be held at `organization`. Raises
    NoPower; RuleViolation for a missing reason, past the daily limit, or for a value that no key opens (nothing is
    logged, for nothing was seen). The day is the city's.
    """
    covered = may(by, subject) if may is not None else scope_of(by).holds_at(Power.REVEAL, organization.pk)
    if not covered:
        raise NoPower()
    entry = AccessLogEntry(
        by=by,
        action=REVEAL,
        subject=f"{subject._meta.label_lower}:{subject.pk}",
        field=field if isinstance(field, str) else ",".join(field),
        reason=_reason(reason, "查看"),
        organization=organization,
    )
    with transaction.atomic():
        _one_at_a_time(by)
        if revealed_today(by) >= DAILY_LIMIT:
            raise RuleViolation(f"今天已查看 {DAILY_LIMIT} 次，达到每日上限，请明天再查或联系书记。")
        _note(entry)
        value = value_of()
        if isinstance(value, Unreadable):
            raise RuleViolation("这个号码现在打不开，没有计入今天的次数；请把这份登记告诉系统管理员。")
        return value


def record_export(
    *,
    by: Any,
    organization: Organization,
    what: str,
    rows: int,
    reason: str,
    may: May | None = None,
    then: Callable[[], object] | None = None,
) -> AccessLogEntry:
    """Write the access log before personal data is exported; the rows are read only after it returned.

    `what` names the content in words (“花城社区居民台账”, at most 60 characters), `rows` counts what will be
    read. `may(by, organization)` says whether the power EXPORT_PERSONAL covers it; without it the power must
    be held at `organization`. `then` is called beside the entry, with the person's row locked: what a worker
    writes later is asked for together with its trace; if it raises, there is neither.
    Raises NoPower; RuleViolation for a missing reason or the fourth export of a day. Its transaction is its
    own, so that the trace stays whatever becomes of the file: RuntimeError inside another one.
    """
    held = scope_of(by).holds_at(Power.EXPORT_PERSONAL, organization.pk)
    if not (may(by, organization) if may is not None else held):
        raise NoPower()
    entry = AccessLogEntry(
        by=by,
        action=EXPORT,
        subject=what[:60],
        rows=rows,
        reason=_reason(reason, "导出"),
        organization=organization,
    )
    with transaction.atomic(durable=True):
        _one_at_a_time(by)
        if exported_today(by) >= DAILY_EXPORTS:
            raise RuleViolation(f"今天已导出 {DAILY_EXPORTS} 次，达到每日上限，请明天再导出。")
        _note(entry)
        if then is not None:
            then()
    return entry


def record_table(*, by: Any, what: str, rows: Mapping[int, int]) -> None:
    """Write the access log before a long table without personal data leaves: a line a node. Never unusual, no limit.

    `what` names the content in words (at most 60 characters); `rows`: node id → how many lines will be read of it.
    """
    for organization, count in rows.items():
        AccessLogEntry.objects.create(
            by=by,
            action=EXPORT,
            subject=what[:60],
            field=AccessLogEntry.NOTHING_PERSONAL,
            rows=count,
            organization_id=organization,
        )


def record_erasure(
    *, by: Any, subject: models.Model, reason: str, organization: Organization
) -> AccessLogEntry:
    """Write the access log when personal data is erased; the caller has asked for the power and is in a
    transaction, so that both happen or neither. Raises RuleViolation for a missing reason."""
    entry = AccessLogEntry(
        by=by,
        action=ERASE,
        subject=f"{subject._meta.label_lower}:{subject.pk}",
        reason=_reason(reason, "删除"),
        organization=organization,
    )
    _note(entry)
    return entry


def revealed_today(user: Any) -> int:
    """How many values this person has looked at since midnight in the city."""
    return _today(user, REVEAL)


def exported_today(user: Any) -> int:
    """How many times this person has exported personal data since midnight in the city."""
    return _today(user, EXPORT)


def left_today(user: Any) -> int:
    """“今天还可查看 n 次”: how many looks remain."""
    return max(0, DAILY_LIMIT - revealed_today(user))


def exports_left_today(user: Any) -> int:
    """“今天还可导出 n 次”."""
    return max(0, DAILY_EXPORTS - exported_today(user))


def watchers(entry: AccessLogEntry) -> QuerySet[Any]:
    """Who hears of an unusual entry: holders of ACCESS_LOG where it happened and one step above, not oneself.

    Above means the street; where there is none, or nobody is seated there, the next tier up that has somebody,
    at last the city. Three queries.
    """
    node = Organization.objects.get(pk=entry.organization_id)  # the caller's intervals may be out of date
    line = node.get_ancestors(include_self=True, ascending=True).values_list("pk", "tier")
    here = [pk for pk, tier in line if tier >= min(node.tier, Tier.COMMUNITY)]
    above = [pk for pk, tier in line if pk not in here]
    seated = _log_readers([*here, *above], but=entry.by_id)
    heard = {user for place in here for user in seated.get(place, ())}
    heard |= next((seated[place] for place in (*above, None) if place in seated), set())
    return get_user_model().objects.filter(pk__in=heard)


def _log_readers(places: list[int], *, but: int) -> dict[int | None, set[int]]:
    """Node id (None: the city) → ids of the people who may read its access log by a post held right there."""
    found: dict[int | None, set[int]] = {}
    held = Appointment.objects.in_force().filter(Q(organization__in=places) | Q(at_city=True))
    held = held.filter(user__is_active=True, organization__closed_at=None).exclude(user=but)
    for appointment in held.select_related("organization"):
        if Power.ACCESS_LOG in appointment.powers:
            found.setdefault(appointment.organization_id, set()).add(appointment.user_id)
    return found


def _reason(reason: str, verb: str) -> str:
    """The reason as it is kept: long enough, and without the very numbers it is about."""
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise RuleViolation(f"请写明{verb}理由，至少 {SHORTEST_REASON} 个字。", field="reason")
    return without_numbers(reason, "（号码）")[:100]


def _one_at_a_time(by: Any) -> None:
    """Hold the person's row, so that a limit cannot be passed by asking twice at once.

    Not its key: colleagues who look at the same moment write alerts to each other, and would wait in a circle.
    """
    get_user_model().objects.select_for_update(no_key=True).get(pk=by.pk)


def _note(entry: AccessLogEntry) -> None:
    """Judge, write, announce."""
    words = unusual.judge(entry)
    entry.save()
    access_noted.send(AccessLogEntry, entry=entry, words=words)


def _today(user: Any, action: AccessLogEntry.Action) -> int:
    since = clock.midnight(clock.today())
    return AccessLogEntry.objects.of_personal_data().filter(by=user, action=action, at__gte=since).count()
