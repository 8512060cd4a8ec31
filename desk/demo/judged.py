"""Last evening's cleaning, to be judged in all its kinds; and what was judged before, looked at a second time."""

from __future__ import annotations

from datetime import time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from desk.demo.called import Called, Helper, Presence
from desk.demo.calls import Call
from desk.demo.people import LIAISON_UNIT
from desk.demo.script import at_time
from ground import clock
from organizations.models import Appointment
from organizations.posts import Post
from requests.states import DutyArea
from volunteers.accounting import crediting, ledger
from volunteers.models import Claim
from volunteers.states import ClaimState, Task

if TYPE_CHECKING:
    from desk.demo.past import Stage

CLEANING = Call(
    "河堤环境整治", "清理河堤两边的垃圾和杂草，工具、手套、饮水都备好了，穿运动鞋来。",
    0, time(18, 30), 90, 10, DutyArea.CLEANING, Task.GOVERNANCE,
)  # fmt: skip
#: How many of those who came have checked out; one more forgot to, one did not come.
WHO_LEFT = 6
#: What the community found when it looked again: minutes, why.
CORRECTED = (
    (45, "领队核对签到表，中途离开"),
    (60, "结束后又帮忙收拾工具"),
    (30, "家里有急事，提前走了"),
)
#: So many of the last credits are looked through for one that can be judged again.
AT_MOST = 40


class Judged:
    """After everybody else's whistles: the pool of helpers has been drawn from already."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.script = stage, stage.script
        self.secretary = stage.people.secretary

    def write(self) -> None:
        self._last_evening()
        self._absent_by_the_clock()
        today = timezone.localtime(self.script.now).date()
        for days in (3, 9, 16):
            self.script.at(at_time(today - timedelta(days=days), time(9, 40)), self._refuse_one)
        for days, change in zip((5, 12, 20), CORRECTED, strict=True):
            minutes, reason = change
            at = at_time(today - timedelta(days=days), time(16, 0))
            self.script.at(at, partial(self._correct_one, minutes, reason))
        self.script.at(at_time(today - timedelta(days=8), time(16, 30)), self._reverse_one)

    # Waiting

    def _last_evening(self) -> None:
        yesterday = timezone.localtime(self.script.now).date() - timedelta(days=1)
        start = at_time(yesterday, CLEANING.at)
        house = self.stage.land.huacheng.buildings[3]
        called = Called(
            self.script, CLEANING, start, by=self.secretary, house=house, skills=self.stage.skills
        )
        heard = self.script.by_day(start - timedelta(hours=50))
        called.publish(heard)
        drawn = self._free(called)[: WHO_LEFT + 2]
        for number, helper in enumerate(drawn):
            there = Presence(called, helper)
            self.script.at(heard + timedelta(minutes=20 + 30 * number), there.claim)
            if number <= WHO_LEFT:
                self.script.at(start + timedelta(minutes=number - 4), there.check_in)
            if number < WHO_LEFT:
                self.script.at(called.end - timedelta(minutes=1 + number), there.check_out)
        self.script.at(called.end + timedelta(hours=1), lambda: self._propose(called))

    def _free(self, called: Called) -> list[Helper]:
        """Those who are free, the unit of the liaison's sign-in last: one of them did not come."""
        free = [
            helper
            for helper in self.stage.pool.helpers
            if helper.is_free(called.start, called.end) and not helper.is_known
        ]
        own = [helper for helper in free if str(helper.volunteer.unit) == LIAISON_UNIT][:1]
        drawn = [helper for helper in free if helper not in own][: WHO_LEFT + 2 - len(own)] + own
        for helper in drawn:
            helper.busy.append((called.start, called.end))
        return drawn

    def _propose(self, called: Called) -> None:
        """The liaison knows that his colleague was there without a telephone."""
        liaison = Appointment.objects.filter(post=Post.UNIT_LIAISON).select_related("user").first()
        claim = Claim.objects.filter(whistle=called.row, state=ClaimState.CLAIMED).order_by("-pk").first()
        if liaison is None or claim is None or claim.volunteer.unit is None:
            return
        if claim.volunteer.unit.pk == liaison.unit_id:
            crediting.propose(
                claim, by=liaison.user, minutes=90, reason="手机没电，单位带队的同志证明全程在场"
            )

    def _absent_by_the_clock(self) -> None:
        """Every night what beat does every ten minutes."""
        midnight = at_time(timezone.localtime(self.script.now).date(), time(0, 20))
        for days in range(0, 360, 3):
            self.script.at(midnight - timedelta(days=days), crediting.call_absent_due)

    # Judged

    def _waiting(self) -> Claim | None:
        rows = Claim.objects.awaiting_credit_by(self.secretary).filter(
            state=ClaimState.CHECKED_OUT, volunteer__in=self._others(), whistle__service_request=None
        )
        return rows.select_related("whistle", "volunteer__user").order_by("-pk").first()

    def _credited(self, minutes: int) -> Claim | None:
        rows = Claim.objects.judged_by(self.secretary).filter(
            state=ClaimState.CREDITED, volunteer__in=self._others()
        )
        rows = rows.exclude(entries__minutes=minutes).exclude(entries__kind="correction")
        rows = rows.select_related("whistle", "volunteer__user").order_by("-whistle__starts_at", "-pk")
        # Which calls lie just before depends on the hour of loading; some are over sooner than they were called for.
        over = (claim for claim in rows[:AT_MOST] if claim.whistle.over_at <= clock.now())
        return next((claim for claim in over if ledger.most_minutes(claim) >= minutes), None)

    def _others(self) -> list[int]:
        """Not the member of the sign-in table: his figures are told in the manual."""
        return [helper.volunteer.pk for helper in self.stage.pool.helpers if not helper.is_known]

    def _refuse_one(self) -> None:
        if claim := self._waiting():
            crediting.refuse(claim, by=self.secretary, reason="签到后就离开了，没有参加服务")

    def _correct_one(self, minutes: int, reason: str) -> None:
        if claim := self._credited(minutes):
            crediting.correct(claim, by=self.secretary, minutes=minutes, reason=reason)

    def _reverse_one(self) -> None:
        if claim := self._credited(0):
            crediting.reverse(claim, by=self.secretary, reason="本人说明那天没有到场，是同事代为签到")
