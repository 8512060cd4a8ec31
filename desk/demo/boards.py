"""The nights of the boards: closed days of last week, the stars of the last months, and what moved this morning."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from desk.demo.script import at_time
from ground import clock
from ground.errors import RuleViolation
from volunteers import leaderboards
from volunteers.accounting import crediting
from volunteers.leaderboards.closing import PROCLAIMED_ON
from volunteers.models import Claim
from volunteers.states import ClaimState

if TYPE_CHECKING:
    from desk.demo.past import Stage

#: So many nights before today are closed, and the stars of so many months proclaimed.
NIGHTS, MONTHS = 4, 3
MIDNIGHT = time(0, 5)


class Nights:
    """Written last: what happened at the same minute happened before."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.script = stage, stage.script
        self.today = timezone.localtime(self.script.now).date()

    def write(self) -> None:
        nights = {self.today - timedelta(days=days) for days in range(NIGHTS)}
        for day in sorted(nights | {day for month in self._months() for day in (month, _fifth(month))}):
            self.script.at(at_time(day, MIDNIGHT), leaderboards.close_due)
        self.script.at(self._this_morning(), self._credit)

    def _months(self) -> list[date]:
        found = [self.today.replace(day=1)]
        for _ in range(MONTHS - 1):
            found.append((found[-1] - timedelta(days=1)).replace(day=1))
        return found

    def _this_morning(self) -> datetime:
        """A little ago, but today: places move from last night's closing on."""
        return max(self.script.ago(minutes=25), at_time(self.today, time(0, 10)))

    def _credit(self) -> None:
        """The community credits those of the day before yesterday; yesterday's still wait."""
        before = clock.midnight(self.today - timedelta(days=1))
        waiting = Claim.objects.filter(state=ClaimState.CHECKED_OUT, whistle__ends_at__lt=before)
        here = waiting.filter(whistle__community=self.stage.land.huacheng.node)
        for claim in here.select_related("whistle", "volunteer__user").order_by("pk"):
            try:
                crediting.credit(claim, by=self.stage.people.secretary)
            except RuleViolation:  # it wants a reason, or is the secretary's own
                continue


def _fifth(month: date) -> date:
    return month.replace(day=PROCLAIMED_ON)
