"""Adding up: every total is a sum over the very rows that the workbook shows, made while they pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from volunteers.states import EntryKind, WhistleKind, WhistleState
from volunteers.summaries.reading import HELD, Entry, Line

#: What the overview is broken down by; "" is everything together.
ALL, KIND, DUTY_AREA, TASK, MONTH = "", "kind", "duty_area", "task", "month"
Group = tuple[str, str]
Groups = tuple[Group, ...]
WHOLE: Group = (ALL, "")


@dataclass(slots=True)
class Tally:
    """Sums of one group. A service (`times`) is a claim whose entries come to something; minutes of entries."""

    minutes: int = 0
    off_hours: int = 0
    times: int = 0
    off_times: int = 0
    people: int = 0
    published: int = 0
    held: int = 0
    wishes: int = 0
    claimed: int = 0
    came: int = 0
    absent: int = 0
    refused: int = 0
    stars: int = 0
    rated: int = 0
    likes: int = 0

    @property
    def rating(self) -> float | None:
        return self.stars / self.rated if self.rated else None


@dataclass(slots=True)
class Served:
    """What one volunteer did, and (as bits) in which groups he has been counted."""

    minutes: int = 0
    off_hours: int = 0
    times: int = 0
    off_times: int = 0
    groups: int = 0


@dataclass(slots=True)
class Net:
    """What the entries of a corrected claim come to so far, and where it counts."""

    first: Entry
    groups: Groups
    minutes: int = 0
    off_hours: int = 0


def _each(kind: Any) -> Callable[[], Any]:
    return lambda: defaultdict(kind)


@dataclass
class Tallies:
    """All sums of one summary. It grows with people and whistles, not with entries."""

    corrected: set[int]
    #: Days before which nothing lies: a wish of last month that was fulfilled now counts in the first one.
    first_day: date
    groups: defaultdict[Group, Tally] = field(default_factory=_each(Tally))
    people: defaultdict[int, Served] = field(default_factory=_each(Served))
    units: defaultdict[int | None, Tally] = field(default_factory=_each(Tally))
    communities: defaultdict[int | None, Tally] = field(default_factory=_each(Tally))
    #: Whistle → minutes, off-hours minutes.
    whistles: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bits: dict[Group, int] = {}
        self._nets: dict[int, Net] = {}
        self._seen: set[tuple[str, int | None, int]] = set()

    # Entries

    def enter(self, entry: Entry) -> None:
        groups = self._grouped(entry.whistle_kind, entry.duty_area, entry.task, entry.served_at)
        for each in self._all(entry, groups):
            each.minutes += entry.minutes
            each.off_hours += entry.off_hours
        before = self.whistles.get(entry.whistle, (0, 0))
        self.whistles[entry.whistle] = (before[0] + entry.minutes, before[1] + entry.off_hours)
        if entry.claim in self.corrected:
            net = self._nets.setdefault(entry.claim, Net(entry, groups))
            net.minutes += entry.minutes
            net.off_hours += entry.off_hours
        elif entry.kind == EntryKind.CREDIT:
            self._serve(entry, groups, is_off=entry.off_hours > 0)

    def settle(self) -> None:
        """After the last entry: corrected claims count where something is left of them."""
        for net in self._nets.values():
            if net.minutes > 0:
                self._serve(net.first, net.groups, is_off=net.off_hours > 0)
        self._nets.clear()

    def _serve(self, entry: Entry, groups: Groups, *, is_off: bool) -> None:
        person = self.people[entry.volunteer]
        for each in self._all(entry, groups):
            each.times += 1
            each.off_times += is_off
        for group in groups:
            bit = self._bits.setdefault(group, 1 << len(self._bits))
            if not person.groups & bit:
                person.groups |= bit
                self.groups[group].people += 1
        self._once(("unit", entry.unit, entry.volunteer), self.units[entry.unit])
        self._once(("community", entry.community, entry.volunteer), self.communities[entry.community])

    def _once(self, seen: tuple[str, int | None, int], tally: Tally) -> None:
        if seen not in self._seen:
            self._seen.add(seen)
            tally.people += 1

    def _all(self, entry: Entry, groups: Groups) -> tuple[Tally | Served, ...]:
        """Everything that an entry adds to."""
        own = (self.people[entry.volunteer], self.units[entry.unit], self.communities[entry.community])
        return *own, *(self.groups[group] for group in groups)

    def _grouped(self, kind: str, area: str, task: str, at: datetime) -> Groups:
        day = max(timezone.localtime(at).date(), self.first_day)
        return WHOLE, (KIND, kind), (DUTY_AREA, area), (TASK, task), (MONTH, f"{day:%Y-%m}")

    # Whistles

    def whistle(self, line: Line) -> None:
        groups = self._grouped(line.kind, line.duty_area, line.task, line.starts_at)
        is_held = line.state in HELD
        is_wish = line.kind == WhistleKind.WISH and line.state == WhistleState.DONE and line.came > 0
        for tally in (*(self.groups[group] for group in groups), self.communities[line.community]):
            tally.published += 1
            tally.held += is_held
            tally.wishes += is_wish
            for name in ("claimed", "came", "absent", "refused", "stars", "rated", "likes"):
                setattr(tally, name, getattr(tally, name) + getattr(line, name))

    def minutes_of(self, whistle: int) -> tuple[int, int]:
        return self.whistles.get(whistle, (0, 0))
