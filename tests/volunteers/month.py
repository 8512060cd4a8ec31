"""A month of attendance as messages: what phones and the desk sent, in the order of time, to be sent again."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ground import clock
from ground.errors import RuleViolation
from tests.factories import City
from tests.volunteers.scenes import CHINA, a_draft, a_volunteer
from volunteers.accounting import crediting
from volunteers.claiming import claims
from volunteers.models import Claim, LedgerEntry, ServiceBalance, Volunteer, Whistle
from volunteers.presence import attendance
from volunteers.whistling import whistles

#: October 2026: a holiday of seven days, make-up workdays before and after it.
FIRST = datetime(2026, 10, 1, tzinfo=CHINA)
WHISTLES, PEOPLE = 16, 8


@dataclass
class Month:
    """The people, and the messages of the month; the same seed gives the same month."""

    city: City
    seed: int = 5
    people: list[Volunteer] = field(default_factory=list)
    messages: list[tuple[datetime, Callable[[], Any]]] = field(default_factory=list)

    def write(self) -> Month:
        self.chance = random.Random(self.seed)
        with clock.at(FIRST - timedelta(days=9)):
            self.people = [a_volunteer(self.city, name=f"党员{number:02}") for number in range(PEOPLE)]
        for number in range(WHISTLES):
            self._whistle(number)
        self.messages.sort(key=lambda message: message[0])
        return self

    def send(self) -> int:
        """Send every message at its time; gives how many were refused."""
        refused = 0
        for at, message in self.messages:
            with clock.at(at):
                try:
                    message()
                except RuleViolation:
                    refused += 1
        return refused

    def _whistle(self, number: int) -> None:
        start = FIRST + timedelta(days=number * 31 // WHISTLES, hours=self.chance.choice((8, 16, 17, 19, 23)))
        end = start + timedelta(minutes=self.chance.choice((60, 90, 120)))
        key, home, by = uuid.UUID(int=number + 1), self.city.home, self.city.home.secretary

        def row() -> Whistle:
            return Whistle.objects.get(key=key)

        def draft() -> None:
            a_draft(home, title=f"哨单{number:02}", starts_at=start, ends_at=end, places_max=4, key=key)

        self._at(start - timedelta(hours=40), draft)
        self._at(start - timedelta(hours=39), lambda: whistles.publish(row(), by=by))
        self._at(start, whistles.start_and_finish_due)
        self._at(end, whistles.start_and_finish_due)
        for volunteer in self.chance.sample(self.people, 4):
            self._presence(row, volunteer, start, end)

    def _presence(
        self, row: Callable[[], Whistle], volunteer: Volunteer, start: datetime, end: datetime
    ) -> None:
        chance, user, by = self.chance, volunteer.user, self.city.home.secretary
        luck, minutes = chance.random(), chance.randint(5, 50)
        tap = uuid.UUID(int=chance.getrandbits(128))

        def claim() -> Claim:
            return Claim.objects.get(whistle=row(), volunteer=volunteer)

        def judge(name: str, **given: Any) -> Callable[[], Any]:
            return lambda: getattr(crediting, name)(claim(), by=by, **given)

        late, early = chance.randint(-20, 25), chance.randint(-5, 20)
        self._at(start - timedelta(hours=30), lambda: claims.claim(row(), by=user, key=tap))
        if luck > 0.1:
            self._at(
                start + timedelta(minutes=late),
                lambda: attendance.check_in(claim(), by=user, point=row().point),
            )
        if luck > 0.25:
            self._at(
                end - timedelta(minutes=max(early, 1)),
                lambda: attendance.check_out(claim(), by=user, point=row().point),
            )
        morning = end + timedelta(hours=chance.randint(8, 60))
        reason = "领队证明在场" if luck <= 0.25 else ""
        if luck <= 0.1:
            self._at(morning, judge("absent"))
        elif luck <= 0.35:
            self._at(morning, judge("refuse", reason="没有干活"))
        else:
            self._at(morning, judge("credit", reason=reason))
        # Whoever corrects says how many entries he has seen: sent again, it finds one more.
        seen = int(luck > 0.35)
        if luck < 0.05 or 0.3 < luck < 0.5:
            again = judge("correct", minutes=minutes, reason="重新核对", seen=seen)
            self._at(morning + timedelta(days=1), again)
            seen += 1
        if 0.45 < luck < 0.55:
            self._at(morning + timedelta(days=2), judge("reverse", reason="核对后不实", seen=seen))

    def _at(self, at: datetime, message: Callable[[], Any]) -> None:
        self.messages.append((at, message))


def ledger_rows() -> list[tuple[Any, ...]]:
    """The ledger row for row, in its order, without numbers that a database gives out."""
    columns = (
        *("volunteer__member__name", "whistle__title", "kind", "minutes", "off_hours_minutes"),
        *("duty_area", "attested", "reason", "served_at", "by__name", "at"),
    )
    return list(LedgerEntry.objects.order_by("id").values_list(*columns))


def balance_rows() -> list[tuple[Any, ...]]:
    columns = ("quarter", "minutes", "off_hours_minutes", "times", "off_hours_times")
    rows = ServiceBalance.objects.order_by("volunteer__member__name", "quarter")
    return list(rows.values_list("volunteer__member__name", *columns))
