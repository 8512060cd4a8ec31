"""A request that goes beyond the community: to units, up and down the tiers, back to whoever asked, and on again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from desk.demo.asked import Asked
from desk.demo.people import People
from desk.demo.pictures import picture
from desk.demo.script import Action
from ground import clock
from ground.worktime import Span, due_after
from organizations.workdays import calendar
from requests import afterwards, asking_back, consents, dispatching, merging, splitting, tiers, workflow
from requests.models import Dispatch
from requests.states import ContactBy, Grade, Outcome


class Sent(Asked):
    """Adds to `Asked` what others do. `people` are the cast; the last dispatch to a unit is found by its name."""

    people: People

    def among(self, people: People) -> Sent:
        self.people = people
        return self

    def then(self, low: float, high: float, action: Action) -> Sent:
        self._next(low, high, action)
        return self

    # Units

    def dispatch(
        self,
        unit: str,
        text: str,
        *,
        grade: str = Grade.WORK,
        low: float = 0.2,
        high: float = 1,
        days: int = 5,
    ) -> Sent:
        def send() -> None:
            dispatching.dispatch(
                self.row, by=self.handler, unit=self.people.units[unit], text=text, grade=grade,
                answer_by=timezone.localdate(due_after(clock.now(), Span(working_days=days), calendar())),
            )  # fmt: skip

        return self.then(low, high, send)

    def sent_to(self, unit: str) -> Dispatch:
        found = self.row.dispatches.filter(unit=self.people.units[unit]).order_by("-sent_at", "-id").first()
        assert found is not None  # noqa: S101 - lines are played in the order of time
        return found

    def sign(self, unit: str, low: float = 0.3, high: float = 0.9) -> Sent:
        return self.then(low, high, lambda: dispatching.sign(self.sent_to(unit), by=self._officer(unit)))

    def on_site(self, unit: str) -> Sent:
        """They ring whoever asked, and come."""

        def ring() -> None:
            dispatching.contact(self.sent_to(unit), by=self._officer(unit), how=ContactBy.PHONE)

        self.then(0.5, 3, ring)
        return self.then(3, 20, lambda: dispatching.arrive(self.sent_to(unit), by=self._officer(unit)))

    def answer_by(self, unit: str, text: str, *, scene: str = "", low: float = 4, high: float = 20) -> Sent:
        def answer() -> None:
            photos = [picture(scene, mended=True)] if scene else []
            dispatching.answer(self.sent_to(unit), by=self._officer(unit), text=text, photos=photos)

        return self.then(low, high, answer)

    def give_back(self, unit: str, reason: str) -> Sent:
        return self.then(
            0.5, 2, lambda: dispatching.give_back(self.sent_to(unit), by=self._officer(unit), reason=reason)
        )

    def confirm(self, unit: str, timely: int, effective: int, attitude: int, text: str = "") -> Sent:
        def confirm() -> None:
            dispatching.confirm(
                self.sent_to(unit),
                by=self.handler,
                timely=timely,
                effective=effective,
                attitude=attitude,
                text=text,
            )

        return self.then(1, 5, confirm)

    def reject(self, unit: str, reason: str) -> Sent:
        return self.then(1, 4, lambda: dispatching.reject(self.sent_to(unit), by=self.handler, reason=reason))

    def _officer(self, unit: str) -> User:
        return self.people.case_officers[unit]

    @property
    def handler(self) -> Any:
        """Who acts for the tier that has it now."""
        if self.row.handler_id == self.row.community_id:
            return self.verifier
        return self.people.street if self.row.handler_id == self.row.street_id else self.people.district

    # Tiers

    def escalate(self, reason: str) -> Sent:
        return self.then(1, 6, lambda: tiers.escalate(self.row, by=self.verifier, reason=reason))

    def take_over(self) -> Sent:
        return self.then(0.5, 4, lambda: tiers.take_over(self.row, by=self.handler))

    def supervise(self, text: str) -> Sent:
        return self.then(2, 8, lambda: tiers.supervise(self.row, by=self.people.street, text=text))

    def extend(self, days: int, reason: str, *, consent: bool) -> Sent:
        def ask() -> None:
            due = self.row.resolve_due or clock.now()
            consents.extend(
                self.row, by=self.verifier, new_due=(due + timedelta(days=days)).date(), reason=reason
            )

        self.then(2, 6, ask)
        if consent:
            self.then(2, 6, lambda: consents.consent_extension(self.row, by=self.people.street))
        return self

    def explain(self, text: str, *, consent: bool) -> Sent:
        self.then(10, 30, lambda: consents.explain(self.row, by=self.verifier, text=text))
        if consent:
            self.then(3, 10, lambda: consents.consent_explained(self.row, by=self.people.leader))
        return self

    # Whoever asked

    def ask_back(self, question: str) -> Sent:
        return self.then(0.3, 2, lambda: asking_back.ask(self.row, by=self.verifier, text=question))

    def answer(self, text: str) -> Sent:
        return self.then(3, 30, lambda: asking_back.answer(self.row, by=self.by, text=text))

    def urge(self) -> Sent:
        return self.then(26, 30, lambda: workflow.urge(self.row, by=self.by))

    def reopen(self, reason: str) -> Sent:
        return self.then(5, 40, lambda: afterwards.reopen(self.row, by=self.by, reason=reason))

    def object(self, reason: str) -> Sent:
        return self.then(5, 30, lambda: afterwards.object_to(self.row, by=self.by, reason=reason))

    def accept_above(self) -> Sent:
        def accept() -> None:
            workflow.accept(self.row, by=self.handler, track=self.story.track)

        return self.then(2, 6, accept)

    def note(self, text: str) -> Sent:
        return self.then(0.2, 1, lambda: workflow.note(self.row, by=self.handler, text=text))

    def done(self, text: str, *, low: float = 2, high: float = 20, partly: bool = False) -> Sent:
        """Resolved by whoever has it, with a photo where the category asks for one."""

        def resolve() -> None:
            workflow.resolve(
                self.row, by=self.handler, outcome=Outcome.PARTLY if partly else Outcome.SOLVED, text=text,
                photos=[picture(self.story.scene or "stairs", mended=True)],
            )  # fmt: skip

        return self.then(low, high, resolve)

    def handle_above(self) -> Sent:
        def handle() -> None:
            workflow.handle(self.row, by=self.handler, responsible=self.handler)

        return self.then(0.3, 2, handle)

    # Other requests

    def merge_into(self, target: Asked, low: float = 0.5, high: float = 3) -> Sent:
        return self.then(low, high, lambda: merging.merge(self.row, by=self.verifier, target=target.row))

    def split(self, *parts: str) -> Sent:
        return self.then(0.5, 3, lambda: splitting.split(self.row, by=self.verifier, parts=parts))

    def complete(self, number: int, text: str) -> Sent:
        def complete() -> None:
            part = self.row.parts.get(number=f"{self.row.number}-{number}")
            workflow.handle(part, by=self.verifier, responsible=self.verifier)
            splitting.complete(
                part,
                by=self.verifier,
                outcome=Outcome.SOLVED,
                text=text,
                photos=[picture("stairs", mended=True)],
            )

        return self.then(5, 20, complete)
