"""What fits whom (S8): skills, way, free time, load. One score for every list, and its reasons in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from ground import clock, periods
from ground.geo import Point, distance_m
from ground.templatetags.wenshao import WEEKDAYS, distance
from ground.worktime import WORKDAY_END, WorkCalendar
from organizations.models import Member, Skill
from organizations.workdays import calendar
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.states import FreeTime, WhistleKind

#: What a list weighs: that many whistles, the next ones; later ones follow by time.
MOST = 300
#: Points. An emergency comes before everything else; asking for skills that one has not weighs against.
EMERGENCY, SKILL, FURTHER_SKILL, LACKING, FREE = 1000, 30, 5, -30, 15
#: Next door gives 20 points, every 150 metres take one; beyond three kilometres nearness is no reason.
NEXT_DOOR, METRES_A_POINT, WALKABLE_M, DOORSTEP_M = 20, 150, 3000, 50
#: A week without claims gives 8 points, every claim in it takes 4.
IDLE_WEEK, CLAIM_TAKES = 8, 4

#: How the names of professions end: 医生, 律师, 护士, 消防员.
PROFESSIONS = ("师", "生", "士", "员")

#: Points, and the reason in words ("" if it is none to tell).
Weight = tuple[int, str]
NOTHING: Weight = (0, "")


@dataclass(frozen=True, slots=True)
class Person:
    """A volunteer as lists weigh him: what he can, where he lives (WGS-84), when he is free, and the days of his
    live claims from this Monday on."""

    skills: tuple[Skill, ...] = ()
    home: Point | None = None
    free_times: frozenset[str] = frozenset()
    days: tuple[date, ...] = ()
    calendar: WorkCalendar = field(default_factory=calendar, compare=False)

    def claims_in_week_of(self, day: date) -> int:
        monday = periods.first_day("week", day)
        return sum(periods.first_day("week", each) == monday for each in self.days)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a whistle fits: the more points the better, and why, in words."""

    score: int = 0
    reasons: tuple[str, ...] = ()


def person_of(volunteer: Volunteer | None) -> Person:
    """Registered and self-declared skills, home, free times, days taken. Four queries at most."""
    if volunteer is None:
        return Person()
    member = None
    if volunteer.member_id is not None:
        member = Member.objects.select_related("home__building").get(pk=volunteer.member_id)
    home = getattr(member, "home", None)
    return Person(
        skills=skills_of(volunteer, member),
        home=home.point if home else None,
        free_times=frozenset(volunteer.free_times),
        days=_days_taken(volunteer),
    )


def skills_of(volunteer: Volunteer, member: Member | None) -> tuple[Skill, ...]:
    """What the Party register says, and what he says himself, each once. Two queries at most."""
    registered = list(member.skills.all()) if member else []
    return tuple({skill.pk: skill for skill in [*registered, *volunteer.skills.all()]}.values())


def _days_taken(volunteer: Volunteer) -> tuple[date, ...]:
    """Wishes take no day: they may be fulfilled at any time."""
    monday = clock.midnight(periods.first_day("week", clock.today()))
    live = Claim.objects.live().filter(volunteer=volunteer, whistle__starts_at__gte=monday)
    starts = (
        live.exclude(whistle__kind=WhistleKind.WISH).order_by().values_list("whistle__starts_at", flat=True)
    )
    return tuple(timezone.localdate(at) for at in starts)


def fit_of(whistle: Whistle, person: Person) -> Fit:
    """The same whistle, person and day give the same points. No query when the whistle's skills are at hand (the
    calendar reads its days once)."""
    weights = list(_weights(whistle, person))
    return Fit(sum(points for points, _ in weights), tuple(reason for _, reason in weights if reason))


def _weights(whistle: Whistle, person: Person) -> Iterator[Weight]:
    if whistle.kind == WhistleKind.EMERGENCY:
        yield EMERGENCY, "应急，先看这里"
    yield _by_skill(whistle, person)
    yield _by_way(whistle, person)
    if not whistle.is_wish:
        yield _by_time(whistle.starts_at, person)
        yield _by_load(whistle.starts_at, person)


def _by_skill(whistle: Whistle, person: Person) -> Weight:
    wanted = {skill.pk for skill in whistle.skills.all()}
    known = [skill.name for skill in person.skills if skill.pk in wanted]
    if not known:
        return (LACKING, "") if wanted else NOTHING
    return SKILL + FURTHER_SKILL * (len(known) - 1), _can(known)


def _can(known: list[str]) -> str:
    """会电工、理发; a profession is something that one is: 是医生."""
    trades = [name for name in known if not name.endswith(PROFESSIONS)]
    beings = [name for name in known if name.endswith(PROFESSIONS)]
    said = [f"会{'、'.join(trades)}" if trades else "", f"是{'、'.join(beings)}" if beings else ""]
    return "，".join(filter(None, said))


def _by_way(whistle: Whistle, person: Person) -> Weight:
    metres = distance_m(person.home, whistle.point) if person.home else None
    if metres is None or metres > WALKABLE_M:
        return NOTHING
    said = "就在家门口" if metres < DOORSTEP_M else f"离家 {distance(metres)}"
    return NEXT_DOOR - int(metres // METRES_A_POINT), said


def _by_time(at: datetime, person: Person) -> Weight:
    if not person.free_times & free_times_of(at, person.calendar):
        return NOTHING
    return FREE, f"{_said(at, person.calendar)}有空"


def free_times_of(at: datetime, days: WorkCalendar) -> frozenset[str]:
    """The free times that a moment lies in: make-up workdays are workdays, a statutory holiday is like a weekend."""
    local = timezone.localtime(at)
    if days.is_workday(local.date()):
        return frozenset({FreeTime.EVENING if local.time() >= WORKDAY_END else FreeTime.DAYTIME})
    weekend = {5: FreeTime.SATURDAY, 6: FreeTime.SUNDAY}.get(local.weekday())
    return frozenset({weekend} if weekend else {FreeTime.SATURDAY, FreeTime.SUNDAY})


def _said(at: datetime, days: WorkCalendar) -> str:
    """周二晚上, 周六, 节假日."""
    local = timezone.localtime(at)
    if days.is_workday(local.date()):
        return f"周{WEEKDAYS[local.weekday()]}{'晚上' if local.time() >= WORKDAY_END else '白天'}"
    return f"周{WEEKDAYS[local.weekday()]}" if local.weekday() >= 5 else "节假日"


def _by_load(at: datetime, person: Person) -> Weight:
    day = timezone.localdate(at)
    claims = person.claims_in_week_of(day)
    if claims:
        return max(IDLE_WEEK - CLAIM_TAKES * claims, 0), ""
    weeks = (periods.first_day("week", day) - periods.first_day("week", clock.today())).days // 7
    return IDLE_WEEK, f"{ {0: '这周', 1: '下周'}.get(weeks, '那周') }还没接单"
