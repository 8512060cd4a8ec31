"""The present of the demo: what waits for each of its people at the moment of loading."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import User
from desk.demo.asked import Asked
from desk.demo.called import Called, Helper
from desk.demo.calls import CALLS, Call
from desk.demo.script import at_time
from desk.demo.stories import STORIES, Story
from grids.models import Building
from requests.models import Category
from requests.states import DutyArea

if TYPE_CHECKING:
    from desk.demo.past import Stage

LAMP = STORIES[0]


class Present:
    """New, due, overdue, in hand, waiting for a rating; tonight's whistle, the weekend's, a draft."""

    def __init__(self, stage: Stage, kinds: dict[str, Category]) -> None:
        self.stage, self.kinds, self.script = stage, kinds, stage.script
        self.residents = iter(stage.people.residents[1:])
        self.of = {story.title: story for story in STORIES}

    def write(self) -> None:
        self._new()
        self._in_hand()
        self._waiting_for_rating()
        self._mine()
        self._coming()

    def ask(self, title: str, at: datetime, who: tuple[User, Building] | None = None) -> Asked:
        story = self._story(title)
        user, house = who or next(self.residents)
        return Asked(self.script, self.kinds, story, user, house, self.stage.staff).submit(at)

    def _story(self, start: str) -> Story:
        return next(story for title, story in self.of.items() if title.startswith(start))

    def _new(self) -> None:
        """Waiting to be accepted: fresh, and overdue."""
        ago = self.script.ago
        self.ask("电动车拉线", ago(minutes=9))
        self.ask("消防通道", ago(minutes=52))  # urgent, half an hour is over
        self.ask("单元门关不上", ago(hours=2.2)).add(0.9)
        self.ask("想问问居家养老", ago(hours=4.5))
        self.ask("空调外机", ago(days=5.1))  # overdue for days

    def _in_hand(self) -> None:
        ago, urgent_end = self.script.ago, self._soon()
        # Urgent, accepted almost a day ago: due within hours.
        self.ask("外墙瓷砖", urgent_end - timedelta(hours=24, minutes=12)).accept(
            at=urgent_end - timedelta(hours=24)
        ).contact(0.1, 0.4).handle()
        self.ask("加装电梯", ago(days=6)).accept().contact()
        self.ask("健身器材", ago(days=1.6)).accept()
        self.ask("垃圾桶满了", ago(days=2.3)).accept().contact().handle()
        self.ask("楼上深夜", ago(days=3.2)).accept().contact().handle().add(20)
        self.ask("井盖松动", ago(days=12)).accept().contact().handle()  # overdue
        self.ask("流浪猫", ago(days=4)).accept()  # nobody has called yet

    def _soon(self) -> datetime:
        """A moment about two hours ahead, today if the day still has as much."""
        now = timezone.localtime(self.script.now)
        midnight = at_time(now.date() + timedelta(days=1), time(0))
        return self.script.now + min(timedelta(hours=2), (midnight - now) * 0.8)

    def _waiting_for_rating(self) -> None:
        for title, days in (("路灯被树枝", 6), ("灭火器过期", 4.5), ("电动车乱停", 5.5)):
            self.ask(
                title, self.script.by_day(self.script.ago(days=days))
            ).accept().contact().handle().resolve(late=0.5)

    def _mine(self) -> None:
        """What the resident of the sign-in table sees: one in hand, one to rate, one done."""
        me, ago = self.stage.people.residents[0], self.script.ago
        self._helped(self.ask("老人家里灯管", self.script.by_day(ago(days=13)), me).accept().contact())
        self.ask("一楼下水道", self.script.by_day(ago(days=3.5)), me).accept().contact().handle().resolve(
            late=0.4
        )
        lamp = self.ask("楼道灯不亮", ago(hours=5), me).accept(0.1, 0.2).contact(0.1, 0.2)
        self._lamp_whistle(lamp)

    def _helped(self, asked: Asked) -> None:
        """The member of the sign-in table came on his next free evening; who asked has rated and may say thanks."""
        call = Call(
            asked.story.title, asked.story.text, 0, time(19, 30), 60, 1, DutyArea.CONVENIENCE, skill="电工"
        )
        heard = asked.at + timedelta(minutes=20)
        start = at_time(timezone.localtime(heard).date() + timedelta(days=1), time(19, 30))
        while not self.stage.pool.helpers[0].is_free(start, start + timedelta(minutes=call.minutes)):
            start += timedelta(days=1)
        called = self._call(call, start, house=asked.house, asked=asked).publish(heard)
        called.attended([self._known_member(called)], heard)
        asked.resolve(after=called.end).rate(5, "来得很快，谢谢。")

    def _lamp_whistle(self, lamp: Asked) -> None:
        """Tonight, for an electrician; the member of the sign-in table has taken one of two places."""
        call = Call(
            "楼道灯抢修",
            "三到五楼声控灯不亮，怀疑线路老化，请带电笔和绝缘手套，社区备好灯具和人字梯。",
            0, time(19, 30), 60, 2, DutyArea.CONVENIENCE, skill="电工",
        )  # fmt: skip
        heard = lamp.at + timedelta(minutes=15)
        called = self._call(call, self._evening(), house=lamp.house, asked=lamp).publish(heard)
        called.attended([self._known_member(called)], heard)

    def _coming(self) -> None:
        """Whistles that recruit, one that is under way, a draft, and one that was called off."""
        by_title = {call.title: call for call in CALLS}
        for title, days, taken in (
            ("周末清洁日", 0, 5),
            ("社区义诊", 0, 3),
            ("真情五百入户走访", 0, 4),
            ("助老理发", 1, 1),
        ):
            call = next(call for name, call in by_title.items() if name.startswith(title))
            called = self._call(call, self._next(call, days))
            heard = self.script.ago(hours=self.script.between(3, 30))
            drawn = self.stage.pool.draw(taken, called.start, called.end, call.skill, None)
            called.publish(heard).attended([each for each in drawn if not each.is_known], heard)
        self._under_way(by_title["文明停车劝导"])
        self._yesterday(by_title["平安夜巡"])
        policy = by_title["反诈政策入户宣传"]
        self._call(policy, self._next(policy, 1)).draft(self.script.ago(hours=1))
        night = by_title["平安夜巡"]
        self._call(night, self._next(night, 1)).publish(self.script.ago(hours=28)).cancel(
            self.script.ago(hours=3), "台风预警，改期举行，时间另行通知。"
        )

    def _under_way(self, call: Call) -> None:
        """Something is going on right now, if it is not the middle of the night."""
        if not 8 <= timezone.localtime(self.script.now).hour < 22:
            return
        called = self._call(call, self.script.ago(minutes=25))
        heard = self.script.ago(hours=20)
        drawn = self.stage.pool.draw(4, called.start, called.end, "", None)
        called.publish(heard).attended([each for each in drawn if not each.is_known], heard)

    def _yesterday(self, call: Call) -> None:
        """Done and not credited yet; the member of the sign-in table was there."""
        yesterday = timezone.localtime(self.script.now).date() - timedelta(days=1)
        called = self._call(call, at_time(yesterday, call.at))
        heard = self.script.by_day(called.start - timedelta(hours=30))
        drawn = self.stage.pool.draw(5, called.start, called.end, call.skill, None)
        if self._known_member(called) not in drawn:
            drawn.append(self.stage.pool.helpers[0])
        called.publish(heard).attended(drawn, heard)

    def _call(
        self, call: Call, start: datetime, *, house: Building | None = None, asked: Asked | None = None
    ) -> Called:
        people = self.stage.people
        by = asked.verifier if asked else people.worker
        place = house or self.script.chance.choice(self.stage.land.huacheng.buildings)
        return Called(self.script, call, start, by=by, house=place, skills=self.stage.skills, asked=asked)

    def _known_member(self, called: Called) -> Helper:
        helper = self.stage.pool.helpers[0]
        helper.busy.append((called.start, called.end))
        return helper

    def _evening(self) -> datetime:
        """Tonight at half past seven, or tomorrow if tonight is nearly there."""
        now = timezone.localtime(self.script.now)
        return at_time(now.date() + timedelta(days=now.hour >= 18), time(19, 30))

    def _next(self, call: Call, weeks: int) -> datetime:
        """The next day of the week at which the call is usually held, at least twelve hours ahead."""
        now = timezone.localtime(self.script.now)
        day = now.date() + timedelta(days=(call.weekday - now.weekday()) % 7 + 7 * weeks)
        start = at_time(day, call.at)
        return start if start > now + timedelta(hours=12) else start + timedelta(days=7)
