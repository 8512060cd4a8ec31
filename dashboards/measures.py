"""What rollups count: the names of measures, and figures read from them.

A measure is a name with a whole number that adds up over days and places. `name.key` breaks a measure down
(`category.7`, `state.closed`), `name~bin` is one bin of a histogram of handling times (`dashboards.histograms`).
Measures of requests are about those submitted on the day, every matter once; those named as a condition of
`requests.figures` count exactly the rows of that condition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from itertools import repeat
from operator import add

from dashboards import histograms
from requests.figures import Figures, Workload
from volunteers.accounting.figures import Service

#: Counted of every request by the conditions of the same names (`requests.figures.conditions`).
OF_REQUESTS = (
    *(each.name for each in fields(Figures)),
    "dissatisfied",
    "unsolved",
    "contact_late",
    "done_late",
)
#: Columns of a request whose values are counted apart: "track.urgent", "category.7".
BROKEN_DOWN = ("state", "track", "category", "source", "outcome")
#: Breakdowns by category of what went badly: "dissatisfied.category.7".
BY_CATEGORY = ("dissatisfied", "unsolved", "contact_late")
#: Histograms: submitted → accepted, → first contact; accepted → sent on its way (派单、吹哨、自办), → resolved.
TIMES = {"accept": "受理", "contact": "首次联系", "arrange": "派出", "resolve": "办结"}

#: Taken as the least where places are put together, not as a sum: seconds since 1970.
LEAST = frozenset({"oldest_due"})


class Counts(Counter[str]):
    """Measures of a place and a span, or of several put together."""

    def figures(self) -> Figures:
        return Figures(**{each.name: self[each.name] for each in fields(Figures)})

    def service(self) -> Service:
        return Service(self["minutes"], self["off_hours_minutes"], self["times"])

    def workload(self) -> Workload:
        return Workload(self["open"], self["overdue"])

    def by(self, name: str) -> dict[str, int]:
        """The parts of a breakdown, the largest first: by("category") → {"7": 12, …}."""
        start = f"{name}."
        found = {key[len(start) :]: n for key, n in self.items() if key.startswith(start) and n}
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))

    def times(self, name: str, share: float = histograms.MEDIAN) -> float | None:
        """Seconds of a histogram's quantile; None where nothing was measured."""
        return histograms.quantile(histograms.bins(name, self), share)

    def take(self, other: Mapping[str, int]) -> None:
        """Add what another place or span counts. Called a million times in a full rebuild."""
        if not self:
            dict.update(self, other)
            return
        get = self.get
        if not any(name in other for name in LEAST):
            # A loop that Python does not see: half the time.
            sums = map(add, map(get, other, repeat(0)), other.values())
            dict.update(self, zip(other, sums, strict=True))
            return
        for name, number in other.items():
            self[name] = min(get(name, number), number) if name in LEAST else get(name, 0) + number

    def plain(self) -> dict[str, int]:
        """As it is stored: nothing that is 0."""
        return {name: number for name, number in self.items() if number}


def together(parts: Iterable[Mapping[str, int]]) -> Counts:
    whole = Counts()
    for part in parts:
        whole.take(part)
    return whole


def share(part: int, whole: int) -> float | None:
    """Between 0 and 1; None where there is nothing to count."""
    return part / whole if whole else None
