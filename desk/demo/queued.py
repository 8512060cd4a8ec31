"""A full whistle with a queue, and an evening whose marks the community looks at twice."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from desk.demo.called import Called, Helper, Presence
from desk.demo.calls import Call
from desk.demo.script import at_time
from requests.states import DutyArea
from volunteers.claiming import waiting
from volunteers.presence import attendance
from volunteers.states import Task

if TYPE_CHECKING:
    from desk.demo.past import Stage

ROUND = Call(
    "独居老人包饺子", "和院里的老人一起包饺子、拉家常，社区备好面和馅，会包会聊都欢迎。",
    5, time(10, 0), 120, 3, DutyArea.RELIEF, Task.SERVICE,
)  # fmt: skip
CELLAR = Call(
    "地下车库清理", "车库里没有信号，签到签退记在手机上，出来以后自动补传。清理堆物，登记无主自行车。",
    0, time(19, 0), 90, 5, DutyArea.CLEANING, Task.GOVERNANCE,
)  # fmt: skip


class Queued:
    """Three places, four who wait, the member of the sign-in table second among them; one withdrew already."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.script = stage, stage.script
        self.houses = stage.land.huacheng.buildings

    def write(self) -> None:
        self._full()
        self._cellar()

    def _call(self, call: Call, days: int, house: int) -> Called:
        today = timezone.localtime(self.script.now).date()
        start = at_time(today + timedelta(days=days), call.at)
        by = self.stage.people.worker
        return Called(
            self.script,
            call,
            start,
            by=by,
            house=self.houses[house % len(self.houses)],
            skills=self.stage.skills,
        )

    def _full(self) -> None:
        called = self._call(ROUND, 4, 6)
        drawn = self.stage.pool.draw(6, called.start, called.end, "", None)
        drawn = [each for each in drawn if not each.is_known]
        heard = self.script.by_day(self.script.ago(hours=40))
        called.publish(heard)
        there = [Presence(called, helper) for helper in drawn[:3]]
        for minutes, presence in enumerate(there, start=10):
            self.script.at(heard + timedelta(minutes=minutes), presence.claim)
        queue = [drawn[3], drawn[4], self.stage.pool.helpers[0], *drawn[5:]]
        for minutes, helper in enumerate(queue, start=30):
            self._queue(called, helper, heard + timedelta(minutes=minutes))
        leaves = heard + timedelta(hours=2)
        self.script.at(leaves, there[0].withdraw)
        self.script.at(leaves + timedelta(seconds=2), waiting.settle_due)

    def _queue(self, called: Called, helper: Helper, at: datetime) -> None:
        self.script.at(at, lambda: waiting.wait(called.row, by=helper.user))

    def _cellar(self) -> None:
        """Yesterday evening: one mark came late, two volunteers used one phone. Nobody has credited it yet."""
        called = self._call(CELLAR, -1, 9)
        heard = self.script.by_day(called.start - timedelta(hours=26))
        drawn = self.stage.pool.draw(5, called.start, called.end, "", None)
        late, *others = [_Marked(called, helper) for helper in drawn if not helper.is_known][:4]
        called.publish(heard).attended([], heard)
        for minutes, came in enumerate((late, *others), start=20):
            self.script.at(heard + timedelta(minutes=minutes), came.claim)
        for came in others:
            came.device = "5" * 64 if came in others[:2] else ""
            self.script.at(called.start - timedelta(minutes=6), came.check_in)
            self.script.at(called.end - timedelta(minutes=2), came.check_out)
        self.script.at(called.end + timedelta(minutes=25), late.send_later)


class _Marked(Presence):
    """A volunteer whose phone is known, or was without network."""

    device = ""

    def check_in(self) -> None:
        attendance.check_in(
            self.claimed, by=self.helper.user, point=self._spot(), accuracy_m=18, device=self.device
        )

    def check_out(self) -> None:
        attendance.check_out(
            self.claimed, by=self.helper.user, point=self._spot(), accuracy_m=21, device=self.device
        )

    def send_later(self) -> None:
        start, end = self.called.start + timedelta(minutes=2), self.called.end - timedelta(minutes=4)
        kept: dict[str, Any] = {"by": self.helper.user, "point": self._spot(), "accuracy_m": 35}
        attendance.check_in(self.claimed, happened_at=start, **kept)
        attendance.check_out(self.claimed, happened_at=end, **kept)
