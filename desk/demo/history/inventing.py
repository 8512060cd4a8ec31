"""Invents the life of one request: how it is taken, by whom, how long it takes, what is said of it in the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from accounts.models import User
from desk.demo.asked import HOURS_TO_RESOLVE, weighted_rating
from desk.demo.history import words
from desk.demo.history.crowd import Neighbourhood
from desk.demo.history.lives import Deed, Life, Sending
from desk.demo.history.playing import Rules
from desk.demo.history.seasons import Temper
from desk.demo.people import DEPARTMENT
from desk.demo.script import Script
from desk.demo.stories import COMPLAINTS, DECLINED, Story
from ground.worktime import Span, due_after
from organizations.models import Unit
from requests.models import Category, ServiceRequest
from requests.states import ContactBy, Grade, Outcome, Track

#: Whom a request of a category goes to that the community cannot do itself.
UNITS_OF_KIND = {
    "repair": ("武江供电所", "新华供水服务站", "和顺物业服务有限公司"),
    "clean": (DEPARTMENT, "和顺物业服务有限公司"),
    "safety": ("新华派出所", "区住房和城乡建设局", "武江供电所"),
    "dispute": ("区司法局", "新华派出所"),
    "parking": (DEPARTMENT, "新华派出所"),
}
#: How many of a hundred go which way; what is left is done by the community itself.
WAYS = {
    "sent": 15, "escalated": 4, "declined": 4, "withdrawn": 3, "asked": 5, "extended": 3, "explained": 2,
    "reopened": 3, "objected": 1,
}  # fmt: skip
UNRATED, FILED_BY_STAFF, LATE_TO_RESOLVE = 0.3, 0.08, 0.07
#: Hours in which an urgent request is accepted, in time and late; the same of the others.
AT_ONCE, LONG_AFTER, SOON, AFTER_THE_DUE = (0.07, 0.43), (0.6, 5.0), (0.3, 6.0), (40.0, 80.0)


class Answering(Protocol):
    """The units of a district, by the names used here, and who answers for each, by the name it really has."""

    @property
    def units(self) -> dict[str, Unit]: ...

    @property
    def case_officers(self) -> dict[str, User]: ...


class World:
    """What every life needs to know: the clock and its chance, the catalogue, the units, the rules of each day."""

    def __init__(self, script: Script, people: Answering, kinds: dict[str, Category], rules: Rules) -> None:
        self.script, self.people, self.kinds, self.rules = script, people, kinds, rules

    @property
    def chance(self) -> random.Random:
        return self.script.chance


class Tale:
    """One life in the making. Every method adds a deed some hours after the last one."""

    def __init__(
        self, world: World, place: Neighbourhood, story: Story, temper: Temper, at: datetime
    ) -> None:
        self.world, self.place, self.story, self.temper = world, place, story, temper
        self.script, self.chance = world.script, world.chance
        self.by = self.chance.choice(place.staff)
        self.asker, house = place.somebody(self.chance)
        self.handler = self.by
        self.at = at
        is_filed = self.chance.random() < FILED_BY_STAFF
        source = ServiceRequest.Source.STAFF if is_filed else ServiceRequest.Source.RESIDENT
        self.life = Life(
            self.asker, house, world.kinds[story.category], story.title, story.text, story.address, source,
            shares_phone=self.chance.random() < 0.6,
        )  # fmt: skip
        self._add("submit", self.by if is_filed else self.asker)

    @property
    def is_urgent(self) -> bool:
        return self.story.track == Track.URGENT

    def _add(self, step: str, by: User | None, said: str = "", **more: Any) -> None:
        given = {name: more.pop(name) for name in ("scene", "is_internal") if name in more}
        self.life.deeds.append(Deed(step, self.at, by, said, more, **given))

    def then(self, step: str, low: float, high: float, by: User | None, said: str = "", **more: Any) -> Self:
        """A deed that many hours later; people sleep, but for urgent matters."""
        at = self.at + timedelta(hours=self.script.between(low, high))
        self.at = at if self.is_urgent else self.script.by_day(at)
        self._add(step, by, said, **more)
        return self

    # The straight road

    def accept(self) -> Self:
        is_late = self.chance.random() < self.temper.late
        if self.is_urgent:
            low, high = LONG_AFTER if is_late else AT_ONCE
        else:
            low, high = AFTER_THE_DUE if is_late and self.chance.random() < 0.5 else SOON
        return self.then("accept", low, high, self.by, track=self.story.track)

    def contact(self) -> Self:
        """Late where the place is late: days instead of an hour."""
        is_late = self.chance.random() < self.temper.late
        low, high = (2.2, 12.0) if self.is_urgent else (50.0, 100.0)
        low, high = (low, high) if is_late else (0.1, 1.2)
        how = self.chance.choice((ContactBy.PHONE, ContactBy.PHONE, ContactBy.VISIT))
        return self.then("contact", low, high, self.by, how=how)

    def handle(self) -> Self:
        return self.then("handle", 0.1, 1.5, self.handler, responsible=self.handler.pk)

    def resolve(self, *, low: float | None = None, high: float = 0) -> Self:
        usual_low, usual_high = HOURS_TO_RESOLVE[self.story.track]
        late = 2.3 if self.chance.random() < LATE_TO_RESOLVE * self.temper.pace else 1.0
        if low is None:
            low, high = usual_low * self.temper.pace * late, usual_high * self.temper.pace * late
        is_partly = self.is_unhappy and self.chance.random() < 0.6
        outcome = Outcome.PARTLY if is_partly else Outcome.SOLVED
        scene = self.story.scene or "stairs" if self.life.category.needs_photo_to_resolve else ""
        said = words.PARTLY if is_partly else self.story.answer
        return self.then("resolve", low, high, self.handler, said, outcome=outcome, scene=scene)

    @property
    def is_unhappy(self) -> bool:
        return self.story.category in self.temper.unhappy

    def judge(self) -> Self:
        """Rated, or not within the days of the policy."""
        if self.chance.random() < UNRATED:
            return self._lapse()
        satisfied, said = self._judgement()
        solved = satisfied > 3 or (satisfied == 3 and not self.is_unhappy) or self.chance.random() < 0.25
        return self.then(
            "rate", 2, 60, self.asker, said, contacted=satisfied > 1, solved=solved, satisfied=satisfied
        )

    def _lapse(self) -> Self:
        days = self.world.rules.policy(self.at).lapse_days
        self.at += timedelta(days=days, minutes=self.script.between(1, 9))
        self._add("lapse", None)
        return self

    def _judgement(self) -> tuple[int, str]:
        if self.is_unhappy and self.chance.random() < 0.85:
            return self.chance.choices((1, 2, 3), (3, 5, 3))[0], self.chance.choice(
                words.UNHAPPY[self.story.category]
            )
        if self.chance.random() < 0.05 * self.temper.pace:
            return self.chance.choices((1, 2, 3), (1, 3, 4))[0], self.chance.choice(COMPLAINTS)
        return weighted_rating(self.chance), self.story.thanks if self.chance.random() < 0.6 else ""

    # Units

    def send(self, unit: Unit, text: str, *, grade: Grade = Grade.WORK, days: int = 5) -> Sending:
        is_lead = not any(self._lives(each) for each in self.life.sendings)
        sending = Sending(unit, text, grade, is_lead, self.at)
        self.then("dispatch", 0.2, 2, self.handler, dispatch=sending)
        sending.answer_due = due_after(self.at, Span(working_days=days), self.world.rules.calendar)
        sending.deeds.append(Deed("send", self.at, self.handler))
        self.life.sendings.append(sending)
        return sending

    @staticmethod
    def _lives(sending: Sending) -> bool:
        return sending.deeds[-1].step not in ("confirm", "give_back")

    def of(self, sending: Sending, step: str, low: float, high: float, said: str = "", **codes: Any) -> None:
        """A step of a dispatch: by the unit's officer, or by the handler who judges the answer."""
        by = self.handler if step in ("confirm", "reject") else self._officer(sending)
        self.at = self.script.later(self.at, low, high)
        if step == "contact":
            codes["how"] = ContactBy.PHONE
            self._add("contact", by, how=ContactBy.PHONE, dispatch=sending)
        sending.deeds.append(Deed(step, self.at, by, said, codes))

    def _officer(self, sending: Sending) -> User:
        return self.world.people.case_officers[sending.unit.name]

    def answered(self, sending: Sending) -> Self:
        """Signed, looked at, answered, sometimes sent back once, confirmed with marks (反向评价)."""
        pace = self.temper.pace
        self.of(sending, "sign", 0.3, 7)
        self.of(sending, "contact", 0.5, 5)
        self.of(sending, "arrive", 2, 26 * pace)
        self.of(sending, "answer", 3, 40 * pace, self.chance.choice(words.ANSWERED))
        if self.chance.random() < 0.1:
            again = due_after(self.at, Span(working_days=4), self.world.rules.calendar)
            self.of(sending, "reject", 1, 5, words.REJECTED, again=again.isoformat())
            self.of(sending, "answer", 5, 40, self.chance.choice(words.ANSWERED))
        marks = self.chance.choice(((5, 5, 5), (4, 5, 5), (5, 4, 4), (3, 4, 4), (2, 3, 4)))
        timely, effective, attitude = marks
        self.of(sending, "confirm", 1, 7, timely=timely, effective=effective, attitude=attitude)
        return self


# The ways


def invent(
    world: World, place: Neighbourhood, kind: str, temper: Temper, at: datetime, way: str = ""
) -> Life:
    """One life from beginning to end; what lies ahead of now is for the caller to leave out.

    way: one of WAYS or "straight"; chance decides where none is said.
    """
    chance = world.chance
    way = way or draw_way(chance)
    story, reason = chance.choice(words.BY_KIND[kind]), words.NOT_OURS
    if way == "declined":
        category, title, text, reason = chance.choice(DECLINED)
        story = Story(category, Track.IMPORTANT, title, text, "", "")
    tale = Tale(world, place, story, temper, at)
    if way in ("declined", "objected"):
        tale.then("decline", 0.5, 7, tale.by, reason)
    _WAYS.get(way, _straight)(tale)
    return tale.life


def draw_way(chance: random.Random) -> str:
    return chance.choices([*WAYS, "straight"], [*WAYS.values(), 100 - sum(WAYS.values())])[0]


def _straight(tale: Tale) -> None:
    tale.handler = tale.place.handler_of(tale.life.house, tale.by)
    tale.accept().contact().handle().resolve().judge()


def _sent(tale: Tale) -> None:
    names = UNITS_OF_KIND.get(tale.story.category)
    if names is None:
        return _straight(tale)
    units = [tale.world.people.units[name] for name in names]
    tale.accept().contact()
    text = words.SENT[tale.story.category]
    if len(units) > 1 and tale.chance.random() < 0.14:
        returned = tale.send(units[-1], text)
        tale.of(returned, "give_back", 0.5, 2, words.RETURNED)
        units = units[:-1]
    tale.answered(tale.send(tale.chance.choice(units), text)).resolve(low=1, high=8).judge()
    return None


def _escalated(tale: Tale) -> None:
    """What the community cannot solve goes to the street, which brings in departments (S9)."""
    tale.accept().contact().handle()
    tale.then("escalate", 4, 40, tale.by, tale.chance.choice(words.ESCALATED), is_internal=True)
    tale.handler = tale.place.officer
    tale.then("take_over", 1, 8 * tale.temper.pace, tale.handler)
    names = UNITS_OF_KIND.get(tale.story.category, ("区司法局",))
    unit = tale.world.people.units[tale.chance.choice(names)]
    text = words.SENT.get(tale.story.category, words.SENT["dispute"])
    tale.answered(tale.send(unit, text, grade=Grade.HARD, days=12)).resolve(low=2, high=20).judge()


def _declined(tale: Tale) -> None:
    """That was all."""


def _objected(tale: Tale) -> None:
    """The street takes what the community had declined."""
    tale.then("object", 5, 60, tale.asker, words.OBJECTED)
    tale.handler = tale.place.officer
    tale.then("accept", 1, 8, tale.handler, track=tale.story.track)
    tale.then("contact", 0.2, 2, tale.handler, how=ContactBy.PHONE)
    tale.handle().resolve().judge()


def _withdrawn(tale: Tale) -> None:
    if tale.chance.random() < 0.5:
        tale.accept()
    tale.then("withdraw", 1, 10, tale.asker, tale.chance.choice(words.WITHDRAWN))


def _asked(tale: Tale) -> None:
    number = tale.chance.randrange(len(words.QUESTIONS))
    tale.accept().then("ask", 0.3, 3, tale.by, words.QUESTIONS[number])
    tale.then("answer", 2, 40, tale.asker, words.REPLIES[number])
    tale.contact().handle().resolve().judge()


def _extended(tale: Tale) -> None:
    """More time, with the consent of the tier above."""
    tale.accept().contact().handle()
    until = due_after(tale.at, Span(working_days=30), tale.world.rules.calendar)
    tale.then("extend", 3, 20, tale.by, words.EXTENDED, new_due=until.isoformat(), is_internal=True)
    tale.then("consent_extension", 2, 9, tale.place.officer)
    tale.resolve(low=60, high=260).judge()


def _explained(tale: Tale) -> None:
    tale.accept().contact().handle()
    tale.then("explain", 10, 40, tale.by, words.EXPLAINED, is_internal=True)
    tale.then("consent_explained", 3, 12, tale.place.leader)
    tale.judge()


def _reopened(tale: Tale) -> None:
    """Badly rated, asked for again, done better."""
    tale.accept().contact().handle().resolve()
    said = tale.chance.choice(COMPLAINTS)
    tale.then(
        "rate", 2, 30, tale.asker, said, contacted=True, solved=False, satisfied=tale.chance.choice((1, 2))
    )
    tale.then("reopen", 1, 60, tale.asker, tale.chance.choice(words.REOPENED))
    tale.handle().resolve()
    tale.then(
        "rate", 2, 40, tale.asker, "", contacted=True, solved=True, satisfied=tale.chance.choice((3, 4, 5))
    )


_WAYS: dict[str, Callable[[Tale], None]] = {
    "sent": _sent,
    "escalated": _escalated,
    "declined": _declined,
    "objected": _objected,
    "withdrawn": _withdrawn,
    "asked": _asked,
    "extended": _extended,
    "explained": _explained,
    "reopened": _reopened,
}
