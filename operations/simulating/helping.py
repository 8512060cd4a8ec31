"""The rows of claims: steps by the table, minutes and hours off work by the functions that the verbs use.

Six hundred thousand participations are five million rows; here one costs some microseconds, where the verbs and
`desk.demo.history.serving` keep whole objects for every step. `volunteers.accounting.ledger_proof` proves the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from desk.demo.called import FORGOT
from ground.steps import NEW
from ground.worktime import WorkCalendar
from operations.simulating.accounts import Keys, maker
from operations.simulating.copying import Writer
from operations.simulating.members import Helper
from volunteers.accounting import crediting, ledger
from volunteers.models import CheckMark, Claim, ClaimEvent, LedgerEntry, ServiceBalance, Whistle
from volunteers.states import Attested, CheckBy, CheckWay
from volunteers.tables import CLAIMS

REFUSED: Final = "现场没有参加服务"
#: The error of a telephone's fix, in metres.
ACCURACY_M: Final = 15
_WHISTLE: Final[Any] = Claim._meta.get_field("whistle")


_LOCATION: Final = CheckBy.LOCATION.value
_LOCATED, _FORGOTTEN = Attested.LOCATION.value, Attested.FORGOTTEN.value
_quarter_of: Final = lru_cache(maxsize=4096)(ledger.quarter_of)
_claim: Final = maker(Claim, "id", "whistle_id", "volunteer_id", "state", "claimed_at")
_event: Final = maker(ClaimEvent, "subject_id", "by_id", "step", "source", "target", "at", "codes")
_mark: Final = maker(CheckMark, "claim_id", "way", "by", "at", "received_at", "distance_m", "accuracy_m")
_entry: Final = maker(
    LedgerEntry, "volunteer_id", "claim_id", "whistle_id", "unit_id", "minutes", "off_hours_minutes", "duty_area",
    "attested", "reason", "served_at", "by_id", "at", "district_id", "street_id", "community_id",
)  # fmt: skip


class Way(Enum):
    """How a claim goes: the steps that are taken, by their names in the table."""

    SERVED = ("claim", "check_in", "check_out", "credit")
    FORGOT = ("claim", "check_in", "credit")
    WAITS = ("claim", "check_in", "check_out")
    REFUSED = ("claim", "check_in", "check_out", "refuse")
    ABSENT = ("claim", "absent")
    WITHDRAWN = ("claim", "withdraw")
    RELEASED = ("claim", "release")
    GOING = ("claim",)


def path_of(way: Way) -> list[tuple[str, str, str]]:
    """(step, source, target) of each step. Raises RuntimeError where the table does not allow the way."""
    found, state = [], NEW
    for name in way.value:
        step = CLAIMS.steps[name]
        if state not in step.sources or step.target is None:
            raise RuntimeError(f"{name} is not open to {state!r}")
        found.append((name, state, str(step.target)))
        state = str(step.target)
    return found


PATHS: Final = {way: path_of(way) for way in Way}


@dataclass(slots=True)
class Moments:
    """When what happened to a claim; what its way does not know stays out."""

    claimed: datetime
    came: datetime
    left: datetime
    judged: datetime

    def of(self, step: str) -> datetime:
        if step == "claim":
            return self.claimed
        if step == "check_in":
            return self.came
        if step == "check_out":
            return self.left
        return self.judged


@dataclass(eq=False)
class Helping:
    """Collects the rows of many claims and writes them. `minutes` is what was credited since the beginning."""

    keys: Keys
    writer: Writer
    calendar: WorkCalendar
    minutes: int = 0
    credited: int = 0
    claims: list[Claim] = field(default_factory=list)
    _marks: list[CheckMark] = field(default_factory=list)
    _entries: list[LedgerEntry] = field(default_factory=list)
    _events: list[ClaimEvent] = field(default_factory=list)
    _sums: dict[tuple[int, date], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0])
    )

    def help(
        self, whistle: Whistle, helper: Helper, way: Way, at: Moments, metres: tuple[int, int], staff: int
    ) -> Claim:
        """One claim with all that belongs to it. staff: the account that judges. metres: how far away he checked in
        and out."""
        path = PATHS[way]
        claim = _claim(self.keys.next(Claim), whistle.pk, helper.volunteer_id, path[-1][2], at.claimed)
        _WHISTLE.set_cached_value(claim, whistle)
        self.claims.append(claim)
        for step, source, target in path:
            moment, by, codes = at.of(step), helper.user_id, {}
            if step == "check_in":
                claim.checked_in_at, claim.check_in_distance_m = moment, metres[0]
                codes = self._mark(claim, CheckWay.IN, moment, metres[0])
            elif step == "check_out":
                claim.checked_out_at, claim.check_out_distance_m = moment, metres[1]
                codes = self._mark(claim, CheckWay.OUT, moment, metres[1])
            elif step in _OF_STAFF:
                by = staff
                if step == "credit":
                    codes = {"minutes": self._credit(claim, helper, source, moment, staff)}
                elif step == "refuse":
                    claim.judged_because = REFUSED
            self._events.append(_event(claim.pk, by, step, source, target, moment, codes))
        return claim

    def _mark(self, claim: Claim, way: CheckWay, at: datetime, metres: int) -> dict[str, Any]:
        self._marks.append(_mark(claim.pk, way.value, _LOCATION, at, at, metres, ACCURACY_M))
        return {"metres": metres, "by": _LOCATION}

    def _credit(self, claim: Claim, helper: Helper, source: str, at: datetime, staff: int) -> int:
        """The ledger's entry, and its sums by quarter. Gives the minutes."""
        whistle, minutes = claim.whistle, crediting.proposed_minutes(claim)
        off_hours = ledger.off_hours_of(claim, minutes, self.calendar)
        has_forgotten = claim.checked_out_at is None
        if has_forgotten:
            claim.judged_because = FORGOT
        served_at = ledger.served_at(claim)
        self._entries.append(
            _entry(
                helper.volunteer_id, claim.pk, whistle.pk, helper.unit_id, minutes, off_hours, whistle.duty_area,
                _FORGOTTEN if has_forgotten else _LOCATED, claim.judged_because, served_at, staff, at,
                whistle.district_id, whistle.street_id, whistle.community_id,
            )
        )  # fmt: skip
        sums = self._sums[helper.volunteer_id, _quarter_of(served_at)]
        for place, more in enumerate((minutes, off_hours, minutes > 0, off_hours > 0)):
            sums[place] += more
        self.minutes, self.credited = self.minutes + minutes, self.credited + 1
        return minutes

    # Writing

    def write(self) -> None:
        """What has come together since the last time. Their whistles are written before."""
        self.writer.write(Claim, self.claims)
        self.writer.write(CheckMark, self._marks)
        self.writer.write(LedgerEntry, self._entries)
        self.writer.write(ClaimEvent, self._events)
        for rows in (self.claims, self._marks, self._entries, self._events):
            rows.clear()

    def write_sums(self) -> None:
        """The balances of all whom the last claims concern; nobody among them serves again."""
        self.writer.write(ServiceBalance, self._balances())
        self._sums.clear()

    def _balances(self) -> Iterator[ServiceBalance]:
        for (volunteer, quarter), (minutes, off_hours, times, off_hours_times) in sorted(self._sums.items()):
            yield ServiceBalance(
                volunteer_id=volunteer, quarter=quarter, minutes=minutes, off_hours_minutes=off_hours, times=times,
                off_hours_times=off_hours_times,
            )  # fmt: skip


_OF_STAFF: Final = frozenset({"credit", "refuse", "absent", "release"})
