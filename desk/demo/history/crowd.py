"""Who lives the year: residents of every community, and the members of more units who register there one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any, Protocol

from django.contrib.auth.hashers import make_password

from accounts.models import User
from desk.demo.names import Cast
from desk.demo.people import People
from desk.demo.places import HUACHENG, Community, Land
from desk.demo.script import Script
from grids.models import Building, Grid, Home
from ground.fields import phone_index
from organizations.models import Appointment, Member, Organization, Unit, UnitBranch
from organizations.posts import Post, Tier
from volunteers.models import Registration, RegistrationEvent, Volunteer
from volunteers.states import RegistrationState, VolunteerKind
from volunteers.tables import REGISTRATIONS

K = Unit.Kind
#: Units of the district whose members registered with the other communities.
UNITS = (
    ("区财政局", K.AGENCY), ("区民政局", K.AGENCY), ("区农业农村局", K.AGENCY), ("区水务局", K.DEPARTMENT),
    ("区人力资源和社会保障局", K.AGENCY), ("市自来水公司武江营业所", K.ENTERPRISE),
    ("粤北人民医院西院", K.INSTITUTION),
    ("武江中学", K.INSTITUTION), ("韶关东站", K.ENTERPRISE), ("武江农村商业银行", K.ENTERPRISE),
    ("西联镇卫生院", K.INSTITUTION), ("龙归中心小学", K.INSTITUTION),
)  # fmt: skip
#: Residents with an account and members who register: of a street's community, of a town's.
RESIDENTS, MEMBERS = (10, 6), (9, 5)
#: Beside every five employed members one who is retired, or no member at all.
OTHERS = 5
JOINED = timedelta(days=430)
#: How many ask about the house that they live in.
AT_HOME = 0.25


class Ground(Protocol):
    """A community with its grids and houses."""

    @property
    def node(self) -> Organization: ...

    @property
    def grids(self) -> list[Grid]: ...

    @property
    def buildings(self) -> list[Building]: ...


@dataclass(slots=True)
class Neighbourhood:
    """One community as the year sees it: its houses, who asks, who acts, who helps since when."""

    place: Ground
    residents: list[tuple[User, Building]]
    staff: list[User]
    officer: User
    leader: User
    helpers: list[tuple[Volunteer, datetime]] = field(default_factory=list)
    _elsewhere: Iterator[Building] | None = None

    def somebody(self, chance: random.Random) -> tuple[User, Building]:
        """Who asks, and about which house: his own, or another one of the place, each in its turn."""
        user, home = chance.choice(self.residents)
        if self._elsewhere is None:
            self._elsewhere = cycle(chance.sample(self.place.buildings, len(self.place.buildings)))
        return user, home if chance.random() < AT_HOME else next(self._elsewhere)

    def handler_of(self, house: Building, by: User) -> User:
        """Who takes in hand what is asked at a house and was accepted `by`."""
        return by

    @property
    def node(self) -> Organization:
        return self.place.node

    @property
    def is_huacheng(self) -> bool:
        return self.node.code == HUACHENG

    @property
    def is_rural(self) -> bool:
        """Of a town, not of a street."""
        return self.node.code[6] == "1"


class Crowd:
    """Makes the accounts and registrations, in few statements."""

    def __init__(self, land: Land, people: People, cast: Cast, script: Script) -> None:
        self.land, self.people, self.cast, self.script = land, people, cast, script
        self.chance = script.chance
        self._no_password = make_password(None)

    def gather(self) -> list[Neighbourhood]:
        with self.cast.drawing(self.chance):
            found = self._neighbourhoods()
            self._members([each for each in found if not each.is_huacheng])
        return found

    def _neighbourhoods(self) -> list[Neighbourhood]:
        held = (
            Appointment.objects.filter(organization__tier=Tier.STREET).select_related("user").order_by("pk")
        )
        at_street = {(each.organization_id, each.post): each.user for each in held}
        found = []
        for place in self.land.communities.values():
            street = place.node.parent_id
            found.append(
                Neighbourhood(
                    place, [], self._staff(place),
                    at_street[street, Post.OFFICER], at_street[street, Post.LEADER_IN_CHARGE],
                )
            )  # fmt: skip
        self._residents(found)
        return found

    def _staff(self, place: Community) -> list[User]:
        if place.node.code == HUACHENG:
            return self.people.staff[:4]
        return [self.people.neighbours[place.node.code]]

    def _residents(self, found: list[Neighbourhood]) -> None:
        """Those of 花城社区 are there already; a resident of the sign-in table asks for himself only."""
        wanted = []
        for each in found:
            if each.is_huacheng:
                each.residents = self.people.residents[1:]
                continue
            for _ in range(RESIDENTS[each.is_rural]):
                wanted.append((each, self._user()))
        User.objects.bulk_create([user for _, user in wanted])
        for each, user in wanted:
            each.residents.append((user, self.chance.choice(each.place.buildings)))

    def _user(self) -> User:
        phone = self.cast.phone()
        return User(
            phone=phone, phone_index=phone_index(phone), name=self.cast.name(), password=self._no_password,
            joined_at=self.script.now - JOINED, proved_at=self.script.now,
        )  # fmt: skip

    # Members

    def _members(self, found: list[Neighbourhood]) -> None:
        units = self._units()
        joining: list[tuple[Neighbourhood, User, Unit | None, VolunteerKind]] = []
        for each in found:
            for number in range(MEMBERS[each.is_rural]):
                kind = VolunteerKind.EMPLOYED
                if number % OTHERS == OTHERS - 1:
                    kind = self.chance.choice((VolunteerKind.RESIDENT, VolunteerKind.VOLUNTEER))
                unit = self.chance.choice(units) if kind == VolunteerKind.EMPLOYED else None
                joining.append((each, self._user(), unit, kind))
        User.objects.bulk_create([user for _, user, _, _ in joining])
        members = self._registered_members(joining)
        volunteers = [
            Volunteer(user=user, kind=kind, member=members.get(user.pk), district=self.land.district)
            for _, user, _, kind in joining
        ]
        Volunteer.objects.bulk_create(volunteers)
        self._register([(each, volunteer) for (each, *_), volunteer in zip(joining, volunteers, strict=True)])

    def _units(self) -> list[Unit]:
        district = self.land.district
        units = [Unit(name=name, kind=kind, district=district) for name, kind in UNITS]
        Unit.objects.bulk_create(units)
        UnitBranch.objects.bulk_create(
            UnitBranch(unit=unit, name=f"{unit.name}党支部", superior=district) for unit in units[:-2]
        )
        return units

    def _registered_members(self, joining: list[Any]) -> dict[int, Member]:
        rows = [
            Member(
                user=user, name=user.name, phone=user.phone, phone_index=user.phone_index, unit=unit,
                district=self.land.district,
            )
            for _, user, unit, kind in joining
            if kind != VolunteerKind.VOLUNTEER
        ]  # fmt: skip
        Member.objects.bulk_create(rows)
        houses = {user.pk: self.chance.choice(each.place.buildings) for each, user, _, _ in joining}
        Home.objects.bulk_create(
            Home(member=row, building=houses[row.user_id], compound=houses[row.user_id].compound)
            for row in rows
        )
        return {row.user_id: row for row in rows if row.user_id is not None}

    # Registrations

    def _register(self, joining: list[tuple[Neighbourhood, Volunteer]]) -> None:
        """One by one over the year: many at first, some every month, the last a fortnight ago (S2)."""
        rows: list[Registration] = []
        steps: list[RegistrationEvent] = []
        for each, volunteer in joining:
            asked = self._moment()
            confirmed = self.script.later(asked, 4, 60)
            row = self._registration(each, volunteer, asked, confirmed)
            rows.append(row)
            steps += self._events(row, each.staff[0])
            each.helpers.append((volunteer, confirmed))
        Registration.objects.bulk_create(rows)
        for event in steps:
            event.subject = event.subject  # it has an id by now
        RegistrationEvent.objects.bulk_create(sorted(steps, key=lambda event: event.at))

    def _moment(self) -> datetime:
        days = self.chance.uniform(300, 400) if self.chance.random() < 0.55 else self.chance.uniform(14, 330)
        return self.script.by_day(self.script.ago(days=days))

    def _registration(
        self, each: Neighbourhood, volunteer: Volunteer, asked: datetime, confirmed: datetime
    ) -> Registration:
        node = each.node
        assert node.parent is not None  # noqa: S101 - a community of the demo has a street
        return Registration(
            volunteer=volunteer, district=self.land.district, street=node.parent, community=node,
            grid=self.chance.choice(each.place.grids), state=RegistrationState.CONFIRMED,
            requested_at=asked, confirmed_at=confirmed,
        )  # fmt: skip

    def _events(self, row: Registration, secretary: User) -> Iterator[RegistrationEvent]:
        choose, confirm = REGISTRATIONS.steps["choose"], REGISTRATIONS.steps["confirm"]
        assert choose.target in confirm.sources and confirm.target == row.state  # noqa: S101
        assert row.confirmed_at is not None and row.grid is not None  # noqa: S101
        yield RegistrationEvent(
            subject=row, step=choose.name, source="", target=choose.target, by=row.volunteer.user,
            at=row.requested_at, codes={"choice": 1},
        )  # fmt: skip
        yield RegistrationEvent(
            subject=row, step=confirm.name, source=choose.target, target=confirm.target, by=secretary,
            at=row.confirmed_at, codes={"grid": row.grid.pk},
        )  # fmt: skip
