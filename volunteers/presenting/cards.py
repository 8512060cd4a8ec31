"""How whistles, claims and scores look on a page: everything a template would otherwise have to reckon."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from ground import clock
from ground.geo import distance_m
from volunteers.claiming.fitting import WALKABLE_M, Fit, Person, fit_of
from volunteers.claiming.standing import Standing
from volunteers.models import Claim, Whistle
from volunteers.states import WhistleKind


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
    fit: Fit = Fit()
    waits: Claim | None = None

    @property
    def left(self) -> int:
        return max(self.whistle.places_max - self.taken, 0)

    @property
    def track(self) -> str:
        return self.whistle.service_request.track if self.whistle.service_request else ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it fits, in words; nothing where one goes already, or waits."""
        return () if self.claim or self.waits else self.fit.reasons

    @property
    def is_emergency(self) -> bool:
        return self.whistle.kind == WhistleKind.EMERGENCY

    @property
    def is_far(self) -> bool:
        """Too far for the way to be a reason: the card says how far."""
        return self.metres is not None and self.metres > WALKABLE_M

    @property
    def is_today(self) -> bool:
        return timezone.localdate(self.whistle.starts_at) == clock.today()


def card_of(whistle: Whistle, taken: int, standing: Standing, person: Person, waiting: int = 0) -> Card:
    """`waiting`: how many wait for a place, where that was counted. No query when the whistle's request and
    skills are at hand, but for the calendar's one."""
    skills, own = list(whistle.skills.all()), {skill.pk for skill in person.skills}
    return Card(
        whistle=whistle,
        taken=taken,
        claim=standing.claimed.get(whistle.pk),
        why_not=standing.why_not(whistle, taken, waiting),
        metres=distance_m(person.home, whistle.point) if person.home else None,
        matched=tuple(skill.name for skill in skills if skill.pk in own),
        wanted=tuple(skill.name for skill in skills if skill.pk not in own),
        fit=fit_of(whistle, person),
        waits=standing.waits.get(whistle.pk),
    )
