"""The people of the demo: who holds which post, who works where, and who lives in which house."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle

from django.contrib.auth.hashers import make_password

from accounts.models import User
from desk.demo import roster
from desk.demo.names import Cast
from desk.demo.places import Community, Land
from desk.demo.roster import Person
from grids.models import Building, GridDuty, Home
from ground import clock
from ground.fields import phone_index
from organizations.models import Appointment, Member, Organization, Skill, Unit, UnitBranch
from organizations.posts import Post

K = Unit.Kind
UNITS = (
    ("区教育局", K.AGENCY),
    ("区卫生健康局", K.AGENCY),
    ("区司法局", K.AGENCY),
    ("区市场监督管理局", K.AGENCY),
    ("区城市管理局", K.DEPARTMENT),
    ("区住房和城乡建设局", K.DEPARTMENT),
    ("区税务局", K.AGENCY),
    ("新华派出所", K.DEPARTMENT),
    ("武江供电所", K.ENTERPRISE),
    ("新华供水服务站", K.ENTERPRISE),
    ("区人民医院", K.INSTITUTION),
    ("新华小学", K.INSTITUTION),
    ("花城中学", K.INSTITUTION),
    ("武江邮政支局", K.ENTERPRISE),
    ("和顺物业服务有限公司", K.PROPERTY),
    ("彩虹社会工作服务中心", K.SOCIAL),
)
#: What the people of a unit are good at (S8); the rest have the skills that anybody may have.
SKILLS_OF_UNIT = {
    "区教育局": ("教师", "书法"),
    "区卫生健康局": ("医生", "护士"),
    "区司法局": ("律师", "调解"),
    "新华派出所": ("安全巡查", "调解"),
    "武江供电所": ("电工",),
    "新华供水服务站": ("水暖工",),
    "区人民医院": ("医生", "护士", "心理咨询"),
    "新华小学": ("教师", "文艺"),
    "花城中学": ("教师", "心理咨询"),
    "和顺物业服务有限公司": ("水暖工", "电工"),
    "彩虹社会工作服务中心": ("心理咨询", "助老"),
}
COMMON_SKILLS = ("摄影", "助老", "文艺", "书法", "计算机", "驾驶", "安全巡查", "粤语普通话", "理发")
LIAISON_UNIT = "武江供电所"
#: The department of the sign-in table's case officer; every unit has one.
DEPARTMENT = "区城市管理局"
MEMBERS_PER_UNIT = 8
RESIDENTS, BUILDING_HEADS = 40, 152


@dataclass
class People:
    """Everybody whom the replay lets act."""

    secretary: User
    worker: User
    staff: list[User]
    grid_workers: dict[int, list[User]] = field(default_factory=dict)  # by grid
    neighbours: dict[str, User] = field(default_factory=dict)  # secretaries by community code
    residents: list[tuple[User, Building]] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)
    case_officers: dict[str, User] = field(default_factory=dict)  # by name of the unit
    street: User | None = None
    leader: User | None = None
    district: User | None = None
    district_leader: User | None = None


class Gathering:
    """Makes accounts and appointments. One password is hashed once for everybody who has it."""

    def __init__(self, land: Land, chance: random.Random) -> None:
        self.land, self.chance, self.cast = land, chance, Cast(chance)
        for person in roster.ROSTER:
            self.cast.names.add(person.name)
        self.password = make_password(roster.PASSWORD)
        self.since: date = clock.today() - timedelta(days=400)

    def user(self, person: Person | None = None, **extra: object) -> User:
        phone = person.phone if person else self.cast.phone()
        name = person.name if person else self.cast.name()
        password = self.password if person and person.has_password else make_password(None)
        # The past is replayed: their accounts are older than anything they did.
        joined = clock.now() - timedelta(days=400)
        return User(
            phone=phone,
            phone_index=phone_index(phone),
            name=name,
            password=password,
            joined_at=joined,
            proved_at=clock.now(),
            **extra,
        )

    def users(self, count: int) -> list[User]:
        return User.objects.bulk_create([self.user() for _ in range(count)])

    def appoint(
        self, user: User, post: Post, seat: Organization | Unit | None, work_phone: str = ""
    ) -> Appointment:
        appointment = Appointment(user=user, post=post, begins_on=self.since, work_phone=work_phone)
        if isinstance(seat, Organization):
            appointment.organization = seat
        elif isinstance(seat, Unit):
            appointment.unit = seat
        return appointment

    def seated(
        self, person: Person | None, post: Post, seat: Organization | Unit, work_phone: str = ""
    ) -> User:
        """A new account with a post."""
        user = self.user(person)
        user.save()
        self.appoint(user, post, seat, work_phone).save()
        return user


def gather(land: Land, chance: random.Random) -> tuple[People, Cast]:
    """Everybody of the demo with an account, and who gives out names and numbers for the others."""
    making = Gathering(land, chance)
    people = _staff(making)
    _grid_workers(making, people)
    _branches_and_heads(making)
    _officers(making, people)
    people.residents = _residents(making)
    people.units = _units(making)
    people.members = _members(making, people.units)
    _case_officers(making, people)
    return people, making.cast


# Those with a post


def _staff(making: Gathering) -> People:
    node = making.land.huacheng.node
    secretary = making.seated(roster.SECRETARY, Post.SECRETARY, node, "0751-0000701")
    first = making.seated(None, Post.FIRST_SECRETARY, node)
    worker = making.seated(roster.WORKER, Post.COMMUNITY_WORKER, node, "0751-0000702")
    others = [making.seated(None, Post.COMMUNITY_WORKER, node) for _ in range(2)]
    return People(secretary, worker, [secretary, worker, *others, first])


def _grid_workers(making: Gathering, people: People) -> None:
    """An A and a B post for each grid, with a work telephone that its residents see."""
    place = making.land.huacheng
    for number, grid in enumerate(place.grids):
        for part in GridDuty.Part:
            known = roster.GRID_WORKER if number == 0 and part == GridDuty.Part.A else None
            user = making.user(known)
            user.save()
            desk_phone = f"0751-0000{number + 1}0{1 if part == GridDuty.Part.A else 2}"
            post = making.appoint(user, Post.GRID_WORKER, place.node, desk_phone)
            post.save()
            GridDuty.objects.create(appointment=post, grid=grid, part=part, begins_on=making.since)
            people.grid_workers.setdefault(grid.pk, []).append(user)


def _branches_and_heads(making: Gathering) -> None:
    """A secretary for every grid branch, and 152 building heads over the 85 groups (H1)."""
    branches = [branch for place in making.land.communities.values() for branch in place.branches()]
    posts = [
        making.appoint(user, Post.SECRETARY, branch)
        for user, branch in zip(making.users(len(branches)), branches, strict=True)
    ]
    turn = cycle(making.land.groups)
    posts += [making.appoint(user, Post.BUILDING_HEAD, next(turn)) for user in making.users(BUILDING_HEADS)]
    Appointment.objects.bulk_create(posts)


def _officers(making: Gathering, people: People) -> None:
    """The street, the district, the system administrator, and the secretaries of the other communities."""
    land = making.land
    people.district = making.seated(roster.DISTRICT, Post.OFFICER, land.district)
    people.district_leader = making.seated(None, Post.LEADER_IN_CHARGE, land.district)
    for street in land.streets:
        is_known = street == land.huacheng.node.parent
        officer = making.seated(roster.STREET if is_known else None, Post.OFFICER, street)
        leader = making.seated(roster.LEADER if is_known else None, Post.LEADER_IN_CHARGE, street)
        if is_known:
            people.street, people.leader = officer, leader
    making.user(roster.ADMINISTRATOR, is_administrator=True).save()
    for place in land.others():
        known = roster.NEIGHBOUR if place.node.short_name == "芙蓉东社区" else None
        people.neighbours[place.node.code] = making.seated(known, Post.SECRETARY, place.node)


# Those who live here


def _residents(making: Gathering) -> list[tuple[User, Building]]:
    """The resident of the sign-in page lives in the first house; the others anywhere in 花城社区."""
    known = making.user(roster.RESIDENT)
    known.save()
    houses = making.land.huacheng.buildings
    others = making.users(RESIDENTS - 1)
    return [(known, houses[0]), *((user, making.chance.choice(houses)) for user in others)]


def _units(making: Gathering) -> dict[str, Unit]:
    """The units of the district with their Party branches, by name."""
    district, street = making.land.district, making.land.huacheng.node.parent
    units = [Unit(name=name, kind=kind, district=district, street=street) for name, kind in UNITS]
    Unit.objects.bulk_create(units)
    UnitBranch.objects.bulk_create(
        UnitBranch(unit=unit, name=f"{unit.name}党支部", superior=street) for unit in units[:-1]
    )
    return {unit.name: unit for unit in units}


def _case_officers(making: Gathering, people: People) -> None:
    """Somebody at every unit answers what is dispatched to it (RULES 3)."""
    for name, unit in people.units.items():
        known = roster.CASE_OFFICER if name == DEPARTMENT else None
        people.case_officers[name] = making.seated(known, Post.CASE_OFFICER, unit)


def _members(making: Gathering, by_name: dict[str, Unit]) -> list[Member]:
    """About 120 employed members over the units; the one of the sign-in page is an electrician."""
    district = making.land.district
    making.seated(roster.LIAISON, Post.UNIT_LIAISON, by_name[LIAISON_UNIT])
    known = making.user(roster.MEMBER)
    known.save()
    places = [by_name[LIAISON_UNIT], *(unit for unit in by_name.values() for _ in range(MEMBERS_PER_UNIT))]
    users = [known, *making.users(len(places) - 1)]
    members = [
        Member(
            user=user, name=user.name, phone=user.phone, phone_index=user.phone_index,
            unit=unit, district=district,
        )
        for user, unit in zip(users, places, strict=True)
    ]  # fmt: skip
    Member.objects.bulk_create(members)
    _homes(making, members)
    _skills(making, members)
    return members


def _homes(making: Gathering, members: list[Member]) -> None:
    """They live here, whatever unit they work in: dual identity (四清楚, D2)."""
    houses = making.land.huacheng.buildings
    chosen = [houses[1], *(making.chance.choice(houses) for _ in members[1:])]
    Home.objects.bulk_create(
        Home(member=member, building=house, compound=house.compound)
        for member, house in zip(members, chosen, strict=True)
    )


def _skills(making: Gathering, members: list[Member]) -> None:
    names = {name for known in SKILLS_OF_UNIT.values() for name in known} | set(COMMON_SKILLS)
    skills = {name: Skill.objects.get_or_create(name=name)[0] for name in sorted(names)}
    links = []
    for member in members:
        assert member.unit is not None  # noqa: S101 - made above
        own = SKILLS_OF_UNIT.get(member.unit.name, ())
        chosen = {*own[:1], making.chance.choice(COMMON_SKILLS)}
        if len(own) > 1 and making.chance.random() < 0.5:
            chosen.add(own[1])
        links += [
            Member.skills.through(member_id=member.pk, skill_id=skills[name].pk) for name in sorted(chosen)
        ]
    Member.skills.through.objects.bulk_create(links)


def home_of(place: Community, chance: random.Random) -> Building:
    """Any house of a community."""
    return chance.choice(place.buildings)
