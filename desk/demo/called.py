"""The past of the whistles: published, claimed, attended, credited."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from desk.demo.asked import Asked
from desk.demo.calls import Call
from desk.demo.script import Script, at_time
from grids.models import Building
from ground.geo import Point
from organizations.models import Organization, Skill
from volunteers.accounting import crediting
from volunteers.claiming import claims
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.presence import attendance
from volunteers.states import PRESENT, Audience, ClaimState
from volunteers.whistling import whistles

FORGOT = "忘记签退，领队和现场照片证明全程在场"


@dataclass
class Helper:
    """A volunteer, how eager he is, and when he is busy already."""

    volunteer: Volunteer
    user: User
    skills: frozenset[str]
    zeal: float
    is_known: bool = False  # the member of the sign-in table always comes and never forgets
    busy: list[tuple[datetime, datetime]] = field(default_factory=list)

    def is_free(self, start: datetime, end: datetime) -> bool:
        """With half an hour in between, which check-in before the start needs."""
        gap = timedelta(minutes=30)
        return all(end + gap <= begun or start >= ended + gap for begun, ended in self.busy)


class Pool:
    """Those who may claim, drawn by zeal, those with the wanted skill first."""

    def __init__(self, script: Script, helpers: list[Helper]) -> None:
        self.script, self.helpers = script, helpers

    def draw(
        self, count: int, start: datetime, end: datetime, skill: str, never: User | None
    ) -> list[Helper]:
        free = [helper for helper in self.helpers if helper.is_free(start, end) and helper.user != never]

        def rank(helper: Helper) -> float:
            wanted = 2.0 if skill and skill in helper.skills else 0.0
            return self.script.chance.random() * helper.zeal + wanted

        drawn = sorted(free, key=rank, reverse=True)[:count]
        for helper in drawn:
            helper.busy.append((start, end))
        return drawn


class Called:
    """One whistle from its draft on."""

    def __init__(
        self,
        script: Script,
        call: Call,
        start: datetime,
        *,
        by: User,
        house: Building,
        skills: dict[str, Skill],
        asked: Asked | None = None,
        audience: str = Audience.REGISTERED,
    ) -> None:
        self.script, self.call, self.by, self.house = script, call, by, house
        self.start, self.end = start, start + timedelta(minutes=call.minutes)
        self.skills, self.asked, self.audience = skills, asked, audience
        self.whistle: Whistle | None = None

    @property
    def row(self) -> Whistle:
        assert self.whistle is not None  # noqa: S101 - lines are played in the order of time
        return self.whistle

    def draft(self, at: datetime) -> Called:
        wanted = [self.skills[self.call.skill]] if self.call.skill else []
        community, at_house = self.house.community, self.house.point
        assert isinstance(community, Organization) and at_house is not None  # noqa: S101

        def write() -> None:
            self.whistle = whistles.draft(
                by=self.by, community=community, title=self.call.title, text=self.call.text,
                starts_at=self.start, ends_at=self.end, place=self.house.name, point=at_house,
                grid=self.house.grid, places_max=self.call.places, places_min=max(1, self.call.places // 3),
                kind=self.call.kind, duty_area=self.call.area, task=self.call.task, skills=wanted,
                audience=self.audience, service_request=self.asked.row if self.asked else None,
            )  # fmt: skip

        self.script.at(at, write)
        return self

    def publish(self, at: datetime) -> Called:
        self.draft(at)
        self.script.at(at + timedelta(minutes=4), lambda: whistles.publish(self.row, by=self.by))
        return self

    def cancel(self, at: datetime, reason: str) -> Called:
        self.script.at(at, lambda: whistles.cancel(self.row, by=self.by, reason=reason))
        return self

    def attended(self, helpers: list[Helper], published: datetime) -> Called:
        """Claims in the hours after it was published, presence, and the next morning's crediting."""
        self.script.at(self.start, whistles.start_and_finish_due)
        self.script.at(self.end, whistles.start_and_finish_due)
        room = (min(self.start, self.script.now) - published).total_seconds() / 3600 * 0.8
        for helper in helpers:
            self._one(helper, published + timedelta(hours=self.script.between(0.1, max(room, 0.2))))
        return self

    def _one(self, helper: Helper, at: datetime) -> None:
        came = Presence(self, helper)
        luck = 1.0 if helper.is_known else self.script.chance.random()
        self.script.at(at, came.claim)
        if luck < 0.05:
            self.script.at(at + (self.start - at) / 2, came.withdraw)
            return
        if luck < 0.08:
            return  # did not come
        self.script.at(self._near(self.start, -18, 9), came.check_in)
        if luck > 0.12:
            self.script.at(self._near(self.end, -6, -1), came.check_out)
        self.script.at(self._next_morning(), came.credit)

    def _near(self, moment: datetime, low: float, high: float) -> datetime:
        return moment + timedelta(minutes=self.script.between(low, high))

    def _next_morning(self) -> datetime:
        """When the community credits: at ten, two days later, so that yesterday's still wait."""
        return at_time(timezone.localtime(self.end).date() + timedelta(days=2), time(10, 0))


@dataclass
class Presence:
    """One volunteer at one whistle."""

    called: Called
    helper: Helper
    row: Claim | None = None

    @property
    def claimed(self) -> Claim:
        assert self.row is not None  # noqa: S101
        return self.row

    def claim(self) -> None:
        self.row = claims.claim(self.called.row, by=self.helper.user)

    def withdraw(self) -> None:
        claims.withdraw(self.claimed, by=self.helper.user)

    def check_in(self) -> None:
        attendance.check_in(self.claimed, by=self.helper.user, point=self._spot(), accuracy_m=12)

    def check_out(self) -> None:
        attendance.check_out(self.claimed, by=self.helper.user, point=self._spot(), accuracy_m=15)

    def credit(self) -> None:
        """Unless it was judged otherwise before."""
        self.claimed.refresh_from_db()
        if self.claimed.state not in PRESENT:
            return
        reason = "" if self.claimed.state == ClaimState.CHECKED_OUT else FORGOT
        crediting.credit(self.claimed, by=self.called.by, reason=reason)

    def _spot(self) -> Point:
        """Somewhere within some eighty metres of the place."""
        chance, at = self.called.script.chance, self.called.row.point
        return Point(at.lng + chance.uniform(-0.0005, 0.0005), at.lat + chance.uniform(-0.0005, 0.0005))
