"""How whistles, claims and scores look on a page: everything a template would otherwise have to reckon."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from ground import clock
from ground.geo import Point, distance_m
from organizations.models import Member, Skill
from volunteers.claims import Standing
from volunteers.models import Claim, Volunteer, Whistle


@dataclass(frozen=True, slots=True)
class Person:
    """A volunteer as the list of whistles needs him: what he can, and where he lives (WGS-84)."""

    skills: tuple[Skill, ...] = ()
    home: Point | None = None


def person_of(volunteer: Volunteer | None) -> Person:
    """Skills and home of a member; nothing for anybody else. Two queries."""
    if volunteer is None or volunteer.member_id is None:
        return Person()
    member = Member.objects.select_related("home__building").get(pk=volunteer.member_id)
    home = getattr(member, "home", None)
    return Person(tuple(member.skills.all()), home.point if home else None)


@dataclass(frozen=True, slots=True)
class Card:
    """One whistle as a volunteer sees it. `why_not` says what stands in the way of claiming; "" is a button."""

    whistle: Whistle
    taken: int
    claim: Claim | None
    why_not: str
    metres: float | None
    matched: tuple[str, ...]
    wanted: tuple[str, ...]

    @property
    def left(self) -> int:
        return max(self.whistle.places_max - self.taken, 0)

    @property
    def track(self) -> str:
        return self.whistle.service_request.track if self.whistle.service_request else ""

    @property
    def is_today(self) -> bool:
        return timezone.localdate(self.whistle.starts_at) == clock.today()


def card_of(whistle: Whistle, taken: int, standing: Standing, person: Person) -> Card:
    """No query when the whistle's request and skills are at hand."""
    skills, own = list(whistle.skills.all()), {skill.pk for skill in person.skills}
    return Card(
        whistle=whistle,
        taken=taken,
        claim=standing.claimed.get(whistle.pk),
        why_not=standing.why_not(whistle, taken),
        metres=distance_m(person.home, whistle.point) if person.home else None,
        matched=tuple(skill.name for skill in skills if skill.pk in own),
        wanted=tuple(skill.name for skill in skills if skill.pk not in own),
    )
