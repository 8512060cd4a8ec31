"""Whistles beyond the ordinary evening: an emergency, wishes, a series, for the people of two units, templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from desk.demo.called import Called, Helper, Presence
from desk.demo.calls import Call
from desk.demo.pictures import picture
from desk.demo.script import at_time
from organizations.models import Unit
from requests.states import DutyArea
from volunteers.accounting import crediting
from volunteers.claiming import claims, wishes
from volunteers.models import Claim, Whistle, WhistleSeries, WhistleTemplate
from volunteers.states import Audience, Task, WhistleKind
from volunteers.whistling import reminders, series, usual, whistles

if TYPE_CHECKING:
    from desk.demo.past import Stage

D, T, K = DutyArea, Task, WhistleKind
#: How long the series has been running, in weeks.
SERIES_WEEKS = 5
NIGHT = Call(
    "周二护学岗", "放学时段在校门口两侧引导家长、看好过街，穿红马甲，提前十分钟到。",
    1, time(16, 40), 50, 6, D.SAFETY, T.GOVERNANCE,
)  # fmt: skip
STORM = Call(
    "台风前转移低洼户", "挨户通知电厂宿舍一楼住户，帮老人搬到社区活动室，关窗断电，清点人数。",
    0, time(6, 30), 180, 10, D.SAFETY, T.GOVERNANCE, "", K.EMERGENCY,
)  # fmt: skip
LAWYERS = Call(
    "法律咨询夜", "在社区活动室接待居民，答房屋、赡养、劳动方面的问题，记下需要跟进的。",
    3, time(19, 0), 120, 4, D.POLICY, T.SERVICE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hope:
    """One wish: how many days ago it was heard, and within how many it may be fulfilled."""

    title: str
    text: str
    heard: int
    within: int


OPEN = Hope(
    "想要一副老花镜", "三百度左右，约五十元，送到社区由网格员转交。独居老人，看不清药瓶上的字。", 2, 28
)
TAKEN = Hope("想学会和孙子视频", "老人有手机，不会用。上门教两三次，每次半小时。", 6, 21)
FULFILLED = Hope("想要一个小书桌", "二年级孩子在饭桌上写作业，旧的也行，长一米左右。", 24, 30)


class Kinds:
    """Plays them into the script."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.script = stage, stage.script
        self.by = stage.people.worker
        self.houses = stage.land.huacheng.buildings
        self.community = stage.land.huacheng.node

    def write(self) -> None:
        usual.begin()
        self._emergency()
        self._wishes()
        self._series()
        self._for_units()
        self._templates()
        self._remind()

    def _emergency(self) -> None:
        """Three weeks ago at dawn, called the evening before, attended by many."""
        day = timezone.localtime(self.script.ago(days=22)).date()
        heard = at_time(day - timedelta(days=1), time(20, 40))
        called = self._call(STORM, at_time(day, STORM.at), self.houses[0])
        drawn = self.stage.pool.draw(8, called.start, called.end, "", None)
        called.publish(heard).attended([each for each in drawn if not each.is_known], heard)

    # Wishes

    def _wishes(self) -> None:
        helpers = [each for each in self.stage.pool.helpers[1:] if each.zeal > 0.5]
        self._wish(OPEN, 1)
        self._wish(TAKEN, 2, helpers[3], days=4)
        self._wish(FULFILLED, 3, helpers[7], days=22, done=18)

    def _wish(
        self, hope: Hope, house: int, helper: Helper | None = None, *, days: float = 0, done: float = 0
    ) -> None:
        at = self.script.by_day(self.script.ago(days=hope.heard))
        made = Made(self, lambda: self._draft_wish(hope, at, house))
        self.script.at(at, made.publish)
        if helper is None:
            return
        self.script.at(self.script.by_day(self.script.ago(days=days)), lambda: made.claimed_by(helper))
        if done:
            moment = self.script.by_day(self.script.ago(days=done))
            self.script.at(moment, made.fulfil)
            self.script.at(self.script.by_day(moment + timedelta(days=1)), made.credit_by_photo)

    def _draft_wish(self, hope: Hope, at: datetime, house: int) -> Whistle:
        return self._draft(
            title=hope.title, text=hope.text, kind=K.WISH, duty_area=D.RELIEF, starts_at=at,
            ends_at=at + timedelta(days=hope.within), house=house,
        )  # fmt: skip

    # A series

    def _series(self) -> None:
        """Every Tuesday since five weeks; the platform made each of them a week ahead."""
        today = timezone.localtime(self.script.now).date()
        tuesday = today - timedelta(days=(today.weekday() - NIGHT.weekday) % 7)
        first = at_time(tuesday - timedelta(weeks=SERIES_WEEKS), NIGHT.at)
        heard = self.script.by_day(first - timedelta(days=4))
        made = Made(self, lambda: self._draft_night(first))
        until = tuesday + timedelta(weeks=20)
        self.script.at(heard, made.publish)
        self.script.at(heard + timedelta(minutes=6), lambda: made.repeat(until))
        self._let_beat_make_them(heard)
        for week in range(SERIES_WEEKS + 2):
            self._came(made, first + timedelta(weeks=week))

    def _draft_night(self, first: datetime) -> Whistle:
        return self._draft(
            title=NIGHT.title, text=NIGHT.text, duty_area=NIGHT.area, task=NIGHT.task, places_max=NIGHT.places,
            places_min=2, starts_at=first, ends_at=first + timedelta(minutes=NIGHT.minutes), house=4,
        )  # fmt: skip

    def _let_beat_make_them(self, since: datetime) -> None:
        moment = since + timedelta(hours=1)
        while moment < self.script.now:
            self.script.at(moment, series.make_due)
            moment += timedelta(hours=12)
        self.script.at(self.script.ago(minutes=2), series.make_due)

    def _came(self, made: Made, start: datetime) -> None:
        end = start + timedelta(minutes=NIGHT.minutes)
        for helper in self.stage.pool.draw(4, start, end, "", None):
            if helper.is_known:
                continue
            at = start - timedelta(hours=self.script.between(20, 90))
            came = made.presence(helper, start)
            if not self.script.at(at, came.claim) or end > self.script.now:
                continue
            self.script.at(start - timedelta(minutes=8), came.check_in)
            self.script.at(end - timedelta(minutes=2), came.check_out)
            self.script.at(at_time(timezone.localtime(end).date() + timedelta(days=2), time(10)), came.credit)
        for moment in (start, end):
            self.script.at(moment, whistles.start_and_finish_due)

    # For some only

    def _for_units(self) -> None:
        """For the people of two units, two weeks ahead of a Thursday."""
        held = [each.unit_id for each in self.stage.people.members if each.unit_id]
        wanted = sorted(set(held), key=lambda pk: (-held.count(pk), pk))[:2]
        start = self._next(LAWYERS)

        def write() -> Whistle:
            units = list(Unit.objects.filter(pk__in=wanted))
            return self._draft_call(LAWYERS, start, audience=Audience.UNITS, units=units)

        self.script.at(self.script.ago(hours=26), Made(self, write).publish)

    def _templates(self) -> None:
        """The community has kept one of its own."""

        def keep() -> None:
            row = Whistle.objects.filter(community=self.community, title=NIGHT.title).order_by("pk").first()
            if row is not None and not WhistleTemplate.objects.filter(organization=self.community).exists():
                usual.save(row, by=self.by, name="护学岗")

        self.script.at(self.script.ago(days=9), keep)

    def _remind(self) -> None:
        for hours in (30, 6, 1):
            self.script.at(self.script.ago(hours=hours), reminders.remind_due)

    # Writing one

    def _call(self, call: Call, start: datetime, house: Any) -> Called:
        return Called(self.script, call, start, by=self.by, house=house, skills=self.stage.skills)

    def _draft_call(self, call: Call, start: datetime, **beside: Any) -> Whistle:
        return self._draft(
            title=call.title, text=call.text, kind=call.kind, duty_area=call.area, task=call.task,
            places_max=call.places, starts_at=start, ends_at=start + timedelta(minutes=call.minutes),
            house=5, **beside,
        )  # fmt: skip

    def _draft(self, *, house: int, **words: Any) -> Whistle:
        place = self.houses[house % len(self.houses)]
        assert place.point is not None  # noqa: S101
        return whistles.draft(
            by=self.by,
            community=self.community,
            place=place.name,
            point=place.point,
            grid=place.grid,
            **words,
        )

    def _next(self, call: Call) -> datetime:
        """The next such weekday that is at least three days ahead."""
        day = timezone.localtime(self.script.now).date() + timedelta(days=3)
        return at_time(day + timedelta(days=(call.weekday - day.weekday()) % 7), call.at)


@dataclass
class Made:
    """A whistle from its draft on, and who is on it."""

    kinds: Kinds
    write: Callable[[], Whistle]
    whistle: Whistle | None = None
    begun: WhistleSeries | None = None
    claim: Claim | None = None

    @property
    def row(self) -> Whistle:
        assert self.whistle is not None  # noqa: S101 - lines are played in the order of time
        return self.whistle

    @property
    def held(self) -> Claim:
        assert self.claim is not None  # noqa: S101
        return self.claim

    def publish(self) -> None:
        self.whistle = whistles.publish(self.write(), by=self.kinds.by)

    def repeat(self, until: Any) -> None:
        self.begun = series.begin(self.row, by=self.kinds.by, every_weeks=1, until=until)

    def claimed_by(self, helper: Helper) -> None:
        self.claim = claims.claim(self.row, by=helper.user)

    def fulfil(self) -> None:
        claim = Claim.objects.select_related("whistle", "volunteer__user").get(pk=self.held.pk)
        wishes.fulfil(claim, by=claim.volunteer.user, photos=[picture("study", mended=True)])

    def credit_by_photo(self) -> None:
        claim = Claim.objects.select_related("whistle", "volunteer__user").get(pk=self.held.pk)
        crediting.credit(
            claim, by=self.kinds.by, minutes=90, reason="照片清楚，网格员当场看到，送货加安装一个半小时"
        )

    def presence(self, helper: Helper, start: datetime) -> Presence:
        """The presence of one helper at the occurrence of the series that begins then."""
        return Presence(Occurrence(self, start), helper)  # type: ignore[arg-type]


@dataclass
class Occurrence:
    """One whistle of a series, as `Presence` wants it: found when it is asked for, for beat makes it."""

    made: Made
    start: datetime

    @property
    def script(self) -> Any:
        return self.made.kinds.script

    @property
    def by(self) -> Any:
        return self.made.kinds.by

    @property
    def row(self) -> Whistle:
        return Whistle.objects.get(series=self.made.begun, starts_at=self.start)
