"""The script of a replay: what is to happen when. Played in the order of time, under the clock of each moment."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from ground import clock

Action = Callable[[], object]
#: When people ask, answer and rate.
DAY_BEGINS, DAY_ENDS = 8, 21  # o'clock


@dataclass
class Script:
    """Lines of (moment, action). Those that lie in the future are left out: they have not happened yet."""

    now: datetime
    chance: random.Random
    lines: list[tuple[datetime, int, Action]] = field(default_factory=list)

    def at(self, moment: datetime, action: Action) -> bool:
        """Add a line; False if its moment has not come."""
        if moment >= self.now:
            return False
        self.lines.append((moment, len(self.lines), action))
        return True

    def play(self) -> int:
        """Let everything happen; gives how many lines were played."""
        for moment, _, action in sorted(self.lines, key=lambda line: line[:2]):
            with clock.at(moment):
                action()
        return len(self.lines)

    def ago(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        return self.now - timedelta(days=days, hours=hours, minutes=minutes)

    def between(self, low: float, high: float) -> float:
        return self.chance.uniform(low, high)

    def by_day(self, moment: datetime) -> datetime:
        """The moment itself, or the next morning if people sleep then."""
        local = timezone.localtime(moment, timezone.get_default_timezone())
        if DAY_BEGINS <= local.hour < DAY_ENDS:
            return moment
        day = local.date() + timedelta(days=local.hour >= DAY_ENDS)
        return at_time(day, time(DAY_BEGINS, self.chance.randrange(5, 55)))

    def later(self, moment: datetime, low: float, high: float) -> datetime:
        """Some hours after a moment, while people are awake."""
        return self.by_day(moment + timedelta(hours=self.between(low, high)))


def at_time(day: date, moment: time) -> datetime:
    """A time of day where the city is."""
    return datetime.combine(day, moment, tzinfo=timezone.get_default_timezone())
