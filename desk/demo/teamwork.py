"""Teams of 花城社区 and of the district, and those whom nobody has taken in yet: waiting, declined, placed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import islice

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from desk.demo.names import Cast
from desk.demo.people import People
from desk.demo.places import Community, Land
from desk.demo.script import at_time
from grids.models import Home
from ground import clock
from ground.fields import phone_index
from ground.geo import Point
from organizations.models import Appointment, Member, Unit
from organizations.posts import Post
from requests.states import DutyArea
from volunteers.joining import placing, registry, teams
from volunteers.models import Registration, Team, Volunteer
from volunteers.states import Audience, Task, TeamKind, TeamRole, TeamTheme, VolunteerKind
from volunteers.whistling import whistles

SEED = 3
#: How long ago the teams were founded, and people joined them, in days.
FOUNDED, JOINED = 290, (40, 280)


@dataclass(frozen=True, slots=True)
class Calling:
    """A service team with its branded project (D11), and the skill of those who join it."""

    name: str
    theme: TeamTheme
    project: str
    text: str
    skill: str


CALLINGS = (
    Calling(
        "小修小补队",
        TeamTheme.OTHER,
        "周六小修摊",
        "每周六上午在党群服务中心门口，换灯泡、修水龙头、磨剪刀，材料费自付，手工不收钱。",
        "电工",
    ),
    Calling(
        "银龄健康队",
        TeamTheme.MEDICINE,
        "周三量血压",
        "每周三傍晚量血压、看用药，走不动的老人由楼长登记，上门去量。",
        "医生",
    ),
    Calling(
        "和事佬调解队",
        TeamTheme.MEDIATION,
        "老街坊调解室",
        "楼上楼下的噪声、漏水、占道，先请老街坊来说一说，说不拢再请律师。",
        "调解",
    ),
    Calling(
        "四点半课堂队",
        TeamTheme.MINORS,
        "四点半课堂",
        "放学到下班之间，有人看着写作业、教书法、讲故事。",
        "教师",
    ),
)
DISTRICT_TEAM = Calling(
    "武江区普法讲师团", TeamTheme.LAW, "法律早市", "每月第一个周六轮流到各社区，讲案例、答问题。", "律师"
)
#: People who joined the Party register lately: nobody chose, waited long, declined, placed in 花城社区.
NEVER, LONG, DECLINED, PLACED = 5, 3, 2, 2


def team_up(land: Land, people: People, cast: Cast) -> None:
    """Pioneers of every branch, the service teams with a whistle ahead, and those who are left over."""
    chance, before = random.Random(SEED), clock.now()  # noqa: S311 - invented data, the same every time
    with clock.at(before - timedelta(days=FOUNDED)):
        _pioneers(land.huacheng, people)
        founded = [(_found(each, land.huacheng, people), each) for each in CALLINGS]
        district = teams.found(
            by=people.district, organization=land.district, kind=TeamKind.SERVICE, name=DISTRICT_TEAM.name,
            theme=DISTRICT_TEAM.theme, project=DISTRICT_TEAM.project, project_text=DISTRICT_TEAM.text,
        )  # fmt: skip
    for team, calling in founded:
        _fill(team, calling, land.huacheng, people.secretary, chance)
    _fill(district, DISTRICT_TEAM, None, people.district, chance)
    _called(founded[0][0], land.huacheng, people)
    _moved(land, people)
    _left_over(land, people, cast, chance)


# Teams


def _pioneers(place: Community, people: People) -> None:
    """Captains are the secretaries of the branches; two have a first secretary from a unit (S3, D6)."""
    for number, branch in enumerate(place.branches()):
        teams.found(
            by=people.secretary, organization=branch, kind=TeamKind.PIONEER,
            name=branch.short_name.replace("党支部", "先锋队"), project="敲门问需" if number % 2 else "红袖巡楼",
        )  # fmt: skip
        held = Appointment.objects.filter(organization=branch, post=Post.SECRETARY)
        held.update(work_phone=f"0751-00008{number + 1:02d}")
    first = [member.user for member in people.members[3:5] if member.user is not None]
    for branch, user in zip(place.branches()[:2], first, strict=True):
        Appointment.objects.create(
            user=user, post=Post.FIRST_SECRETARY, organization=branch,
            begins_on=clock.today(), appointed_by=people.secretary,
        )  # fmt: skip


def _found(calling: Calling, place: Community, people: People) -> Team:
    return teams.found(
        by=people.secretary, organization=place.node, kind=TeamKind.SERVICE, name=calling.name,
        theme=calling.theme, project=calling.project, project_text=calling.text,
    )  # fmt: skip


def _fill(
    team: Team, calling: Calling, place: Community | None, keeper: User | None, chance: random.Random
) -> None:
    """Those with the skill join over the year, the first two are named; the electrician of the sign-in table too."""
    rows = Registration.objects.confirmed().filter(volunteer__member__skills__name=calling.skill)
    if place is not None:
        rows = rows.filter(community=place.node)
    crew = [row.volunteer for row in rows.select_related("volunteer__user").order_by("volunteer_id")[:14]]
    for volunteer in crew:
        with clock.at(clock.now() - timedelta(days=chance.uniform(*JOINED))):
            teams.join(team, by=volunteer.user)
    with clock.at(clock.now() - timedelta(days=30)):
        for volunteer, role in zip(crew[1:3], (TeamRole.CAPTAIN, TeamRole.VICE), strict=False):
            teams.name(team, volunteer, role, by=keeper)
    if len(crew) > 8:  # somebody has left
        with clock.at(clock.now() - timedelta(days=12)):
            teams.leave(team, by=crew[-1].user)


def _called(team: Team, place: Community, people: People) -> None:
    """The team's own whistle for the coming Saturday."""
    today = timezone.localdate()
    saturday = today + timedelta(days=(5 - today.weekday()) % 7 or 7)
    house = place.buildings[0]
    point = Point(house.lng or 113.58, house.lat or 24.80)
    starts = at_time(saturday, time(9))
    with clock.at(clock.now() - timedelta(hours=20)):
        draft = whistles.draft(
            by=people.secretary, community=place.node, title="周六小修摊", place="党群服务中心门口", point=point,
            text="带上自己的工具箱，灯泡和水龙头芯由社区备好。雨天改在一楼大厅。",
            starts_at=starts, ends_at=starts + timedelta(hours=2), places_max=5,
            audience=Audience.TEAM, team=team, duty_area=DutyArea.CONVENIENCE, task=Task.SERVICE,
        )  # fmt: skip
        whistles.publish(draft, by=people.secretary)


# Registrations


def _moved(land: Land, people: People) -> None:
    """One of those next door moves in this spring, one asks for it now."""
    next_door = Registration.objects.confirmed().exclude(community=land.huacheng.node)
    movers = [
        row.volunteer
        for row in next_door.select_related("volunteer__user", "volunteer__member").order_by("id")
    ]
    for volunteer, days in zip(movers[:3], (150, 80, 1), strict=False):
        with clock.at(clock.now() - timedelta(days=days, hours=3)):
            row = registry.choose(volunteer, by=volunteer.user, community=land.huacheng.node)
        if days > 1:
            with clock.at(clock.now() - timedelta(days=days - 2)):
                registry.confirm(row, by=people.secretary, grid=land.huacheng.grids[days % 6])


def _left_over(land: Land, people: People, cast: Cast, chance: random.Random) -> None:
    """New in the register: some never chose, some wait for weeks, some were declined, two were placed here."""
    members = iter(_members(land, people, cast, NEVER + LONG + DECLINED + PLACED, chance))
    list(islice(members, NEVER))
    quiet = land.others()[4]
    for member in islice(members, LONG):
        with clock.at(clock.now() - timedelta(days=chance.uniform(17, 30))):
            registry.choose(_volunteer(member), by=member.user, community=quiet.node)
    for member in islice(members, DECLINED):
        with clock.at(clock.now() - timedelta(days=9)):
            row = registry.choose(_volunteer(member), by=member.user, community=land.huacheng.node)
        with clock.at(clock.now() - timedelta(days=7)):
            registry.decline(row, by=people.secretary, reason="住在和顺苑，请就近报到，方便参加晚上的活动。")
    for member in members:
        with clock.at(clock.now() - timedelta(days=2)):
            placing.place(member, by=people.district, community=land.huacheng.node)


def _volunteer(member: Member) -> Volunteer:
    return registry.enrol(
        user=member.user, kind=VolunteerKind.EMPLOYED, district=member.district, member=member
    )


def _members(land: Land, people: People, cast: Cast, count: int, chance: random.Random) -> list[Member]:
    units: list[Unit] = list(people.units.values())
    found = []
    for number in range(count):
        phone = cast.phone()
        user = User(
            phone=phone, phone_index=phone_index(phone), name=cast.name(), password=make_password(None),
            joined_at=clock.now() - timedelta(days=60), proved_at=clock.now(),
        )  # fmt: skip
        user.save()
        member = Member.objects.create(
            user=user, name=user.name, phone=user.phone, phone_index=user.phone_index,
            unit=units[number % len(units)], district=land.district,
        )  # fmt: skip
        place = land.huacheng if number % 2 else land.others()[number % 8]
        house = chance.choice(place.buildings)
        Home.objects.create(member=member, building=house, compound=house.compound)
        found.append(member)
    return found
