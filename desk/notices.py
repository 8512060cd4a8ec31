"""What stands above every page of the desk and the registry, for those who can do something about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.powers import administers
from ground import clock
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.workdays import unknown_years


@dataclass(frozen=True, slots=True)
class CalendarNotice:
    """The State Council has announced holidays that nobody has entered yet (RULES 4)."""

    years: str
    url: str  # where they are entered; "" for those who have to ask the administrator


def calendar_notice(user: Any) -> CalendarNotice | None:
    """For the system administrator and those who change policies; no query for anybody else."""
    is_administrator = administers(user)
    if not is_administrator and not scope_of(user).has(Power.POLICY_CHANGE):
        return None
    years = unknown_years(clock.today())
    if not years:
        return None
    url = reverse("admin:organizations_workdayoverride_changelist") if is_administrator else ""
    return CalendarNotice("、".join(str(year) for year in years), url)
