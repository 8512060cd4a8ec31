"""Eight weeks of requests and a year of whistles of 花城社区, put together into one script with the year of all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone

from desk.demo.asked import Asked, Staff, weighted_rating
from desk.demo.beyond import Beyond
from desk.demo.boards import Nights
from desk.demo.called import Called, Helper, Pool
from desk.demo.calls import CALLS, LIGHT_CALLS, Call
from desk.demo.history import Year
from desk.demo.judged import Judged
from desk.demo.kinds import Kinds
from desk.demo.names import Cast
from desk.demo.patterned import Patterned
from desk.demo.people import People
from desk.demo.places import Community, Land
from desk.demo.present import Present
from desk.demo.queued import Queued
from desk.demo.script import Script, at_time
from desk.demo.stories import COMPLAINTS, DECLINED, STORIES, Story
from ground import clock
from organizations.models import Member, Skill
from requests import catalogue
from requests.models import Category
from requests.states import DutyArea, Track
from volunteers.joining import registry
from volunteers.models import Volunteer
from volunteers.states import Audience, Task, VolunteerKind

#: How many requests of each ending lie in the past of 花城社区, and in that of the others.
GOOD, BAD, UNRATED, WHISTLED, LIGHT = 22, 4, 3, 8, 26
#: Members whose registration the community has not confirmed yet, and those who chose another community.
PENDING, ELSEWHERE = 6, 14
WEEKS, EARLIER_WEEKS = 8, 40
#: The member of the sign-in table comes to every ninth whistle: about fourteen hours a year.
KNOWN_MEMBER_EVERY = 9
#: Of the others' requests, by number: nobody has accepted these yet.
NEGLECTED = (1, 4)


@dataclass
class Stage:
    """Everything that the lines of the script refer to."""

    land: Land
    people: People
    script: Script
    staff: Staff
    pool: Pool
    skills: dict[str, Skill]


def live_through(land: Land, people: People, chance: random.Random, cast: Cast) -> int:
    """Write and play the whole script; gives the number of lines."""
    script = Script(clock.now(), chance)
    catalogue.begin()
    catalogue.begin_replies_everywhere()
    kinds = {category.code: category for category in Category.objects.all()}
    skills = {skill.name: skill for skill in Skill.objects.all()}
    register(land, people, script)
    pool = Pool(script, helpers_of(people, script))
    Year(land, people, cast, script).write()
    stage = Stage(land, people, script, Staff(people.staff, people.grid_workers), pool, skills)
    RequestsPast(stage, kinds).write()
    WhistlesPast(stage).write()
    Present(stage, kinds).write()
    Queued(stage).write()
    Beyond(stage, kinds).write()
    Kinds(stage).write()
    Judged(stage).write()
    Patterned(stage, kinds).write()
    Nights(stage).write()
    return script.play()


# Registrations


def register(land: Land, people: People, script: Script) -> None:
    """Ten months ago everybody registered; a few did so this week and wait (S2)."""
    chance, home = script.chance, land.huacheng
    count = len(people.members)
    with clock.at(script.ago(days=395)):  # the member of the sign-in table came from next door
        once = random.Random(1)  # noqa: S311 - invented data, the same every time
        _register(land, people, land.others()[1], people.members[0], confirm=True, chance=once)
    for number, member in enumerate(people.members):
        waits = number >= count - PENDING
        at = script.by_day(script.ago(days=chance.uniform(1, 4) if waits else chance.uniform(300, 330)))
        place = home
        if count - PENDING - ELSEWHERE <= number < count - PENDING:
            place = land.others()[number % 8]
        with clock.at(at):
            _register(land, people, place, member, confirm=not waits, chance=chance)


def _register(
    land: Land, people: People, place: Community, member: Member, *, confirm: bool, chance: random.Random
) -> None:
    assert member.user is not None  # noqa: S101 - every member of the demo has an account
    volunteer = registry.enrol(
        user=member.user, kind=VolunteerKind.EMPLOYED, district=land.district, member=member
    )
    chosen = registry.choose(volunteer, by=member.user, community=place.node)
    if confirm:
        by = people.neighbours.get(place.node.code, people.secretary)
        registry.confirm(chosen, by=by, grid=chance.choice(place.grids))


def helpers_of(people: People, script: Script) -> list[Helper]:
    """Volunteers of 花城社区 with the eagerness of real people: a few carry much, many carry some."""
    registered = people.members[: len(people.members) - PENDING - ELSEWHERE]
    volunteers = Volunteer.objects.in_bulk([m.user_id for m in registered], field_name="user_id")
    found = []
    for number, member in enumerate(registered):
        assert member.user is not None  # noqa: S101
        zeal = 0.0 if number == 0 else 0.35 + script.chance.random() ** 2
        skills = frozenset(skill.name for skill in member.skills.all())
        found.append(Helper(volunteers[member.user.pk], member.user, skills, zeal, is_known=number == 0))
    return found


# Requests


class RequestsPast:
    """What has been asked, done and judged."""

    def __init__(self, stage: Stage, kinds: dict[str, Category]) -> None:
        self.stage, self.kinds = stage, kinds
        self.script, self.chance = stage.script, stage.script.chance
        self.stories = self._endless()

    def write(self) -> None:
        for _ in range(GOOD):
            asked, story = self._settled()
            asked.resolve().rate(
                weighted_rating(self.chance), story.thanks if self.chance.random() < 0.7 else ""
            )
        for number in range(BAD):
            asked, _ = self._settled()
            words = COMPLAINTS[number % len(COMPLAINTS)]
            asked.resolve(late=2.2, partly=True).rate(1 + number % 2, words, solved=number % 2 == 1)
        for _ in range(UNRATED):
            self._settled()[0].resolve()
        for number in range(WHISTLED):
            self._by_whistle(number)
        self._declined_and_withdrawn()
        for number in range(LIGHT):
            self._elsewhere(number)

    def ask(self, story: Story, at: datetime) -> Asked:
        user, house = self.chance.choice(self.stage.people.residents[1:])
        return Asked(self.script, self.kinds, story, user, house, self.stage.staff).submit(at)

    def _endless(self) -> Iterator[Story]:
        while True:
            yield from self.chance.sample(STORIES, len(STORIES))

    def _moment(self, nearest: float = 9) -> datetime:
        return self.script.by_day(self.script.ago(days=self.chance.uniform(nearest, WEEKS * 7)))

    def _settled(self) -> tuple[Asked, Story]:
        """A request that was accepted, answered and taken in hand."""
        story = next(self.stories)
        return self.ask(
            story, self._moment(16 if story.track == Track.HARD else 9)
        ).accept().contact().handle(), story

    def _by_whistle(self, number: int) -> None:
        """Accepted, called out, done by volunteers the next evening, rated."""
        story = [each for each in STORIES if each.skill][number * 2 % 15]
        asked = self.ask(story, self._moment(10)).accept().contact()
        heard = asked.at + timedelta(minutes=20)
        start = at_time(timezone.localtime(heard).date() + timedelta(days=1), time(19, 0))
        area = DutyArea(self.kinds[story.category].duty_area)
        call = Call(story.title, story.text, 0, time(19), 90, 2, area, Task.SERVICE, story.skill)
        called = Called(
            self.script,
            call,
            start,
            by=asked.verifier,
            house=asked.house,
            skills=self.stage.skills,
            asked=asked,
        )
        drawn = self.stage.pool.draw(2, called.start, called.end, story.skill, asked.by)
        called.publish(heard).attended(drawn, heard)
        asked.resolve(after=called.end).rate(weighted_rating(self.chance), story.thanks)

    def _declined_and_withdrawn(self) -> None:
        for category, title, text, reason in DECLINED:
            story = Story(category, Track.IMPORTANT, title, text, "", "")
            self.ask(story, self._moment()).decline(reason)
        for words in (
            "自己修好了，谢谢。",
            "邻居已经来道歉了，不用麻烦社区了。",
            "重复提交了，请以前一件为准。",
        ):
            self.ask(next(self.stories), self._moment(6)).withdraw(words)

    def _elsewhere(self, number: int) -> None:
        """Requests of the other communities, handled by their secretaries; the last ones are still open."""
        places = self.stage.land.others()
        place = places[number * 5 % len(places)]
        secretary = self.stage.people.neighbours[place.node.code]
        user = self.chance.choice(self.stage.people.residents[1:])[0]
        story = next(self.stories)
        at = self.script.by_day(self.script.ago(days=1 + number * 1.7))
        asked = Asked(
            self.script, self.kinds, story, user, self.chance.choice(place.buildings), Staff([secretary])
        )
        asked.submit(at)
        if number not in NEGLECTED:
            asked.accept().contact().handle().resolve(late=1.5 if number % 5 == 2 else 1)
            if number % 6:
                asked.rate(weighted_rating(self.chance), story.thanks)


# Whistles


class WhistlesPast:
    """The community's own calls: five a week lately, one a fortnight before."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.script = stage, stage.script
        self.monday = timezone.localtime(self.script.now).date()
        self.monday -= timedelta(days=self.monday.weekday())
        self.held = 0

    def write(self) -> None:
        for week in range(WEEKS + 1):
            for call in self.script.chance.sample(CALLS, 5):
                self._held(call, week)
        for week in range(WEEKS + 2, WEEKS + EARLIER_WEEKS, 2):
            self._held(CALLS[3 + week // 2 % 3], week)
        for week in range(1, WEEKS, 2):
            self._elsewhere(LIGHT_CALLS[week % 3], week)

    def _held(self, call: Call, week: int) -> None:
        start = at_time(self.monday - timedelta(days=7 * week - call.weekday), call.at)
        if start + timedelta(minutes=call.minutes) >= self.script.now:
            return
        house = self.script.chance.choice(self.stage.land.huacheng.buildings)
        by = self.script.chance.choice(self.stage.people.staff[:3])
        self._attended(Called(self.script, call, start, by=by, house=house, skills=self.stage.skills), call)

    def _elsewhere(self, call: Call, week: int) -> None:
        place = self.stage.land.others()[week]
        start = at_time(self.monday - timedelta(days=7 * week - call.weekday), call.at)
        called = Called(
            self.script, call, start, by=self.stage.people.neighbours[place.node.code],
            house=place.buildings[0], skills=self.stage.skills, audience=Audience.DISTRICT,
        )  # fmt: skip
        self._attended(called, call)

    def _attended(self, called: Called, call: Call) -> None:
        heard = self.script.by_day(called.start - timedelta(hours=self.script.between(50, 90)))
        full = call.places - (self.script.chance.random() < 0.4)
        drawn = self.stage.pool.draw(full - 1, called.start, called.end, call.skill, None)
        self.held += 1
        known = self.stage.pool.helpers[0]
        if (
            self.held % KNOWN_MEMBER_EVERY == 0
            and known not in drawn
            and known.is_free(called.start, called.end)
        ):
            known.busy.append((called.start, called.end))
            drawn.append(known)
        called.publish(heard).attended(drawn, heard)
