"""Looking behind the mask: with a power, a reason and a daily limit, and never without a trace (RULES 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.models import AccessLogEntry, Organization
from organizations.posts import Power
from organizations.scope import scope_of

#: How many numbers one person may look up in a day, and how short a reason is none.
DAILY_LIMIT = 30
SHORTEST_REASON = 4

REVEAL = "reveal"


def reveal(
    *,
    by: Any,
    subject: models.Model,
    field: str,
    value_of: Callable[[], str],
    reason: str,
    organization: Organization,
    may: Callable[[Any, Any], bool] | None = None,
) -> str:
    """Write the access log and return the plain value, which `value_of` reads only then.

    `may(by, subject)` says whether the power REVEAL covers the thing (apps with grids pass their own);
    without it the power must be held at `organization`. Raises NoPower; RuleViolation for a missing reason
    or past the daily limit. The day is the city's.
    """
    covered = may(by, subject) if may is not None else scope_of(by).holds_at(Power.REVEAL, organization.pk)
    if not covered:
        raise NoPower()
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise RuleViolation(f"请写明查看理由，至少 {SHORTEST_REASON} 个字。", field="reason")
    with transaction.atomic():
        # One at a time per person, so that the limit cannot be passed by asking twice at once.
        get_user_model().objects.select_for_update().get(pk=by.pk)
        if revealed_today(by) >= DAILY_LIMIT:
            raise RuleViolation(f"今天已查看 {DAILY_LIMIT} 次，达到每日上限，请明天再查或联系书记。")
        AccessLogEntry.objects.create(
            by=by,
            action=REVEAL,
            subject=f"{subject._meta.label_lower}:{subject.pk}",
            field=field,
            reason=reason[:100],
            organization=organization,
        )
        return value_of()


def revealed_today(user: Any) -> int:
    """How many values this person has looked at since midnight in the city."""
    since = clock.midnight(clock.today())
    return AccessLogEntry.objects.filter(by=user, action=REVEAL, at__gte=since).count()
