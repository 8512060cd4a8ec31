"""The past of the requests: who asked, who accepted, how it went, how it was judged."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from accounts.models import User
from desk.demo.pictures import picture
from desk.demo.script import Action, Script
from desk.demo.stories import ADDITIONS, Story
from grids.models import Building
from requests import afterwards, powers, workflow
from requests.models import Category, ServiceRequest
from requests.states import ContactBy, Outcome, Track

#: Hours from accepting to resolving, as the handlers of the demo usually need.
HOURS_TO_RESOLVE = {Track.URGENT: (2, 16), Track.IMPORTANT: (20, 90), Track.HARD: (150, 290)}


@dataclass
class Staff:
    """Who handles requests of a community, and who does so in single grids (by grid)."""

    verifiers: list[User]
    grid_workers: dict[int, list[User]] = field(default_factory=dict)


class Asked:
    """One request from its submission on. Every method adds lines to the script; what lies ahead is left out."""

    def __init__(
        self,
        script: Script,
        kinds: dict[str, Category],
        story: Story,
        by: User,
        house: Building,
        staff: Staff,
    ) -> None:
        self.script, self.kinds, self.story = script, kinds, story
        self.by, self.house, self.staff = by, house, staff
        self.verifier = script.chance.choice(staff.verifiers)
        self.service_request: ServiceRequest | None = None
        self.at = script.now

    @property
    def row(self) -> ServiceRequest:
        assert self.service_request is not None  # noqa: S101 - lines are played in the order of time
        return self.service_request

    def submit(self, at: datetime) -> Self:
        shares = self.script.chance.random() < 0.7
        scenes = [self.story.scene] if self.story.scene and self.script.chance.random() < 0.85 else []
        self.at = at

        def file() -> None:
            self.service_request = workflow.submit(
                by=self.by,
                category=self.kinds[self.story.category],
                title=self.story.title,
                text=self.story.text,
                building=self.house,
                address=self.story.address,
                photos=[picture(scene) for scene in scenes],
                shares_phone=shares,
            )

        self.script.at(at, file)
        return self

    def add(self, hours: float = 1) -> Self:
        words = self.script.chance.choice(ADDITIONS)
        self._next(hours, hours, lambda: workflow.add(self.row, by=self.by, text=words))
        return self

    def accept(self, low: float = 0.1, high: float = 0.4, *, at: datetime | None = None) -> Self:
        """Accepted some hours after it came in; people sleep, urgent matters do not wait for the morning."""
        track = self.story.track
        if track != Track.URGENT and at is None:
            high = max(high, 5)
        self._next(low, high, lambda: workflow.accept(self.row, by=self.verifier, track=track), at=at)
        return self

    def contact(self, low: float = 0.2, high: float = 1.2) -> Self:
        how = self.script.chance.choice((ContactBy.PHONE, ContactBy.PHONE, ContactBy.VISIT))
        self._next(low, high, lambda: workflow.contact(self.row, by=self.verifier, how=how))
        return self

    def handle(self, low: float = 0.1, high: float = 0.6) -> Self:
        on_duty = self.staff.grid_workers.get(self.house.grid_id, [])
        person = self.script.chance.choice([*on_duty, self.verifier])

        def take_in_hand() -> None:
            # One duty of the demo ends while the requests go on: then the verifier does it himself.
            able = person if powers.can_handle(person, self.row) else self.verifier
            workflow.handle(self.row, by=self.verifier, responsible=able)

        self._next(low, high, take_in_hand)
        return self

    def resolve(self, *, late: float = 1, partly: bool = False, after: datetime | None = None) -> Self:
        """Resolved within the usual hours, times `late`; or a little after a moment."""
        low, high = HOURS_TO_RESOLVE[self.story.track]
        if after is not None:
            self.at, low, high = max(self.at, after), 1, 14
        scene = self.story.scene or (
            "stairs" if self.kinds[self.story.category].needs_photo_to_resolve else ""
        )

        def finish() -> None:
            workflow.resolve(
                self.row,
                by=self.verifier,
                outcome=Outcome.PARTLY if partly else Outcome.SOLVED,
                text=self.story.answer,
                photos=[picture(scene, mended=True)] if scene else [],
            )

        self._next(low * late, high * late, finish)
        return self

    def rate(self, satisfied: int, text: str = "", *, solved: bool = True) -> Self:
        def judge() -> None:
            afterwards.rate(
                self.row, by=self.by, contacted=True, solved=solved, satisfied=satisfied, text=text
            )

        self._next(2, 40, judge)
        return self

    def decline(self, reason: str) -> Self:
        self._next(0.5, 5, lambda: workflow.decline(self.row, by=self.verifier, reason=reason))
        return self

    def withdraw(self, reason: str) -> Self:
        self._next(1, 6, lambda: workflow.withdraw(self.row, by=self.by, reason=reason))
        return self

    def _next(self, low: float, high: float, action: Action, *, at: datetime | None = None) -> None:
        """Let something happen some hours after the last thing did."""
        if at is None:
            at = self.at + timedelta(hours=self.script.between(low, high))
            urgent = self.story.track == Track.URGENT
            at = at if urgent else self.script.by_day(at)
        self.at = at
        self.script.at(at, action)


def weighted_rating(chance: random.Random) -> int:
    """Mostly good, as where people do their work."""
    return chance.choices((5, 4, 3), weights=(62, 28, 10))[0]
