"""Employed members who register with a community: chosen by themselves, or placed by the district (S1, S2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from accounts.models import User
from grids.models import Home
from operations.simulating import signins
from operations.simulating.accounts import Accounts
from operations.simulating.land import shared
from operations.simulating.rhythm import Rhythm, at_time
from operations.simulating.units import SKILLS, DistrictUnits
from organizations.models import Member, Skill, Unit
from volunteers.models import Registration, RegistrationEvent, Volunteer
from volunteers.states import RegistrationState, VolunteerKind
from volunteers.tables import REGISTRATIONS

if TYPE_CHECKING:
    from operations.simulating.crowd import Neighbours

#: So many of a hundred are placed by the district; the others choose.
PLACED: Final = 0.18
#: So many register before the year begins (days before it); the others come over the year, the last a week ago.
EARLY, BEFORE, LATEST = 0.7, (1, 60), 7
_TEN: Final = time(10, 0)
COMMON_SKILLS: Final = ("摄影", "助老", "文艺", "书法", "计算机", "驾驶", "安全巡查", "粤语普通话", "理发")


@dataclass(slots=True, eq=False)
class Helper:
    """A registered member, as the year of whistles sees him. zeal: 0 to 1; he is free from `free_at` on."""

    volunteer_id: int
    user_id: int
    unit_id: int
    since: datetime
    zeal: float
    free_at: datetime


@dataclass(slots=True)
class _Joining:
    user: User
    unit: Unit
    member: Member
    volunteer: Volunteer
    registration: Registration
    is_placed: bool


class Enrolling:
    """Writes members community by community, each in exactly one grid of the second tier."""

    def __init__(self, accounts: Accounts, rhythm: Rhythm) -> None:
        self.accounts, self.rhythm = accounts, rhythm
        self.chance, self.keys, self.writer = accounts.chance, accounts.keys, accounts.writer
        names = sorted({*COMMON_SKILLS, *(name for some in SKILLS.values() for name in some)})
        self.skills = {name: Skill.objects.get_or_create(name=name)[0].pk for name in names}

    def enrol(self, place: Neighbours, units: DistrictUnits, placer: User, count: int) -> list[Helper]:
        """count members register; gives them with the most eager first."""
        chosen = self.chance.choices(units.all, units.weights, k=count)
        grids = [
            grid.pk
            for grid, many in zip(place.land.grids, shared(count, [1.0] * len(place.land.grids)), strict=True)
            for _ in range(many)
        ]
        self.chance.shuffle(grids)
        joining = [self._join(place, unit, grid) for unit, grid in zip(chosen, grids, strict=True)]
        self._write(joining, place, placer)
        found = [self._helper(each) for each in joining]
        return sorted(found, key=lambda helper: (-helper.zeal, helper.volunteer_id))

    def _join(self, place: Neighbours, unit: Unit, grid: int) -> _Joining:
        asked = self._moment()
        confirmed = self._next_morning(asked)
        user = self.accounts.user(asked - timedelta(hours=1), signins.MEMBER)
        member = Member(
            id=self.keys.next(Member), user_id=user.pk, name=user.name, phone=user.phone,
            phone_index=user.phone_index, unit_id=unit.pk, district_id=place.land.district_id,
        )  # fmt: skip
        volunteer = Volunteer(
            id=self.keys.next(Volunteer), user_id=user.pk, kind=VolunteerKind.EMPLOYED, member_id=member.pk,
            district_id=place.land.district_id,
        )  # fmt: skip
        is_placed = self.chance.random() < PLACED
        registration = Registration(
            id=self.keys.next(Registration), volunteer_id=volunteer.pk, state=RegistrationState.CONFIRMED,
            grid_id=grid, choice=0 if is_placed else 1, requested_at=asked, confirmed_at=confirmed,
            district_id=place.land.district_id, street_id=place.land.street_id, community_id=place.node.pk,
        )  # fmt: skip
        return _Joining(user, unit, member, volunteer, registration, is_placed)

    def _moment(self) -> datetime:
        begins, now = self.rhythm.begins, self.rhythm.now
        if self.chance.random() < EARLY:
            day = begins - timedelta(days=self.chance.randint(*BEFORE))
        else:
            day = begins + (now - timedelta(days=LATEST) - begins) * self.chance.random()
        return day.replace(hour=0) + timedelta(hours=self.chance.uniform(8, 21))

    def _next_morning(self, asked: datetime) -> datetime:
        """The community confirms within a few working days."""
        day = (asked + timedelta(days=self.chance.randint(1, 3))).date()
        while not self.rhythm.calendar.is_workday(day):
            day += timedelta(days=1)
        at = at_time(day, _TEN) + timedelta(minutes=self.chance.randrange(360))
        return min(at, self.rhythm.now - timedelta(hours=1))

    def _helper(self, each: _Joining) -> Helper:
        since = each.registration.confirmed_at or each.registration.requested_at
        return Helper(each.volunteer.pk, each.user.pk, each.unit.pk, since, self.chance.random(), since)

    # Writing

    def _write(self, joining: list[_Joining], place: Neighbours, placer: User) -> None:
        self.accounts.write()
        self.writer.write(Member, [each.member for each in joining])
        self.writer.write(Home, [self._home(each, place) for each in joining])
        self.writer.write(Member.skills.through, [row for each in joining for row in self._skills(each)])
        self.writer.write(Volunteer, [each.volunteer for each in joining])
        self.writer.write(Registration, [each.registration for each in joining])
        events = [row for each in joining for row in self._events(each, place.staff[0], placer)]
        self.writer.write(RegistrationEvent, sorted(events, key=lambda event: event.at))

    def _home(self, each: _Joining, place: Neighbours) -> Home:
        house = self.chance.choice(place.land.buildings)
        return Home(member_id=each.member.pk, building_id=house.pk, compound_id=house.compound_id)

    def _skills(self, each: _Joining) -> Iterator[Any]:
        names = {self.chance.choice(COMMON_SKILLS)}
        if own := SKILLS.get(Unit.Kind(each.unit.kind)):
            names.add(self.chance.choice(own))
        for name in sorted(names):
            yield Member.skills.through(member_id=each.member.pk, skill_id=self.skills[name])

    def _events(self, each: _Joining, secretary: User, placer: User) -> Iterator[RegistrationEvent]:
        """As `joining.registry` and `joining.placing` append them."""
        row, confirm = each.registration, REGISTRATIONS.steps["confirm"]
        first = REGISTRATIONS.steps["place" if each.is_placed else "choose"]
        if first.target not in confirm.sources or confirm.target != row.state:
            raise RuntimeError("the table of registrations has changed")
        if row.confirmed_at is None:
            raise RuntimeError("everybody here is confirmed")
        by = placer.pk if each.is_placed else each.user.pk
        codes = {} if each.is_placed else {"choice": 1}
        yield RegistrationEvent(
            subject_id=row.pk, step=first.name, source="", target=first.target, by_id=by, at=row.requested_at,
            codes=codes,
        )  # fmt: skip
        yield RegistrationEvent(
            subject_id=row.pk, step=confirm.name, source=first.target, target=confirm.target, by_id=secretary.pk,
            at=row.confirmed_at, codes={"grid": row.grid_id},
        )  # fmt: skip
