"""Numbers of a page: each knows what it counts, of which place and days, and how it is said.

On the page a number is a <span data-n="response_rate" data-place="o12" data-from="2026-11-01" data-to="2026-11-30">;
standing figures have no days. What is computed from others says so in `data-derived`: change (points against the
period before), ratio, share, rank and median (among peers), rest (the place without its children), contact (of the
households that somebody looks after).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from django.utils.safestring import SafeString

from dashboards.histograms import MEDIAN, NINE_OF_TEN
from dashboards.measures import Counts, share
from dashboards.periods import Window
from ground.templatetags.wenshao import minutes_as_hours, percent
from requests.figures import Figures

HOUR, DAY = 3600, 86_400
QUANTILES = {"median": MEDIAN, "p90": NINE_OF_TEN}
#: Rates are properties of `requests.figures.Figures`.
RATES = tuple(
    name for name, each in vars(Figures).items() if name.endswith("_rate") and isinstance(each, property)
)


@dataclass(frozen=True, slots=True)
class Number:
    """`name` is a measure, a rate, "resolve.median"…; `value` is None where there is nothing to count.

    `window`: the days it is about, None of how things stand. `url` leads to what it counts.
    """

    name: str
    value: float | None
    text: str
    place: str
    window: Window | None = None
    derived: str = ""
    url: str = ""

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.value)

    def __html__(self) -> SafeString:
        # Hundreds are on a page: what `format_html` does, without its way around lazy strings.
        marks = "".join(f' data-{name}="{escape(str(value))}"' for name, value in self._marks())
        return SafeString(f"<span{marks}>{escape(self.text)}</span>")

    def _marks(self) -> list[tuple[str, Any]]:
        marks: list[tuple[str, Any]] = [("n", self.name), ("place", self.place)]
        if self.window is not None:
            marks += [("from", self.window.first.isoformat()), ("to", self.window.last.isoformat())]
        if self.derived:
            marks.append(("derived", self.derived))
        if self.value is not None and self.text != f"{self.value:,}":
            marks.append(("value", self.value))
        return marks

    def leading(self, url: str) -> Number:
        """With the address of what it counts, where it counts anything."""
        return replace(self, url=url if self.value else "")


def said_span(seconds: float | None) -> str:
    """A handling time: 22 分, 1.1 小时, 1.6 天; "—" where nothing was measured."""
    if seconds is None:
        return "—"
    if seconds < HOUR:
        return f"{max(round(seconds / 60), 1)} 分"
    return f"{seconds / HOUR:.1f} 小时" if seconds < 2 * DAY else f"{seconds / DAY:.1f} 天"


def said_age(seconds: float) -> str:
    """How long something has been late: 40 分, 5 小时, 3 天; whole ones that are over."""
    if seconds < HOUR:
        return f"{max(int(seconds // 60), 1)} 分"
    return f"{int(seconds // HOUR)} 小时" if seconds < 2 * DAY else f"{int(seconds // DAY)} 天"


class Numbers:
    """What one place says: what happened there in a window, and how it stands at the last round."""

    def __init__(
        self,
        place: str,
        window: Window,
        happened: Counts,
        standing: Counts,
        at: datetime | None = None,
        derived: str = "",
    ) -> None:
        self.place, self.window, self.at, self.derived = place, window, at, derived
        self.happened, self.standing = happened, standing
        self.figures: Figures = happened.figures()

    def count(self, name: str) -> Number:
        """So many of what happened."""
        value = self.happened[name]
        return Number(name, value, f"{value:,}", self.place, self.window, self.derived)

    def stand(self, name: str) -> Number:
        """So many as of the last round."""
        value = self.standing[name]
        return Number(name, value, f"{value:,}", self.place, None, self.derived)

    def rate(self, name: str) -> Number:
        """A rate of RULES 7, between 0 and 1."""
        value = getattr(self.figures, name)
        return Number(name, value, percent(value), self.place, self.window, self.derived)

    def time(self, name: str, quantile: str = "median") -> Number:
        """Seconds of a handling time."""
        value = self.happened.times(name, QUANTILES[quantile])
        return Number(f"{name}.{quantile}", value, said_span(value), self.place, self.window, self.derived)

    def hours(self, name: str = "minutes") -> Number:
        """Minutes, said in hours without the unit."""
        value = self.happened[name]
        return Number(name, value, minutes_as_hours(value), self.place, self.window, self.derived)

    def oldest(self) -> Number:
        """Since when the oldest overdue request is: seconds since 1970, said as how long that is."""
        due = self.standing["oldest_due"]
        if not due or self.at is None:
            return Number("oldest_due", None, "—", self.place, None, self.derived)
        text = said_age(self.at.timestamp() - due)
        return Number("oldest_due", due, text, self.place, None, self.derived)

    def off_hours_share(self) -> Number:
        """The share of service outside working hours, between 0 and 1."""
        value = share(self.happened["off_hours_minutes"], self.happened["minutes"])
        return Number(
            "off_hours_share", value, percent(value), self.place, self.window, self.derived or "share"
        )

    def hours_each(self) -> Number:
        """Hours of service in the period for each one who is registered here now."""
        value = share(self.happened["minutes"], self.standing["registered"])
        text = "—" if value is None else f"{value / 60:.1f}"
        return Number("minutes/registered", value, text, self.place, self.window, self.derived or "ratio")

    def coverage(self) -> Number:
        """The share of grids with a Party organization of their own (H2), between 0 and 1."""
        value = share(self.standing["grids.covered"], self.standing["grids"])
        text = "—" if value is None else f"{value * 100:.0f}%"
        return Number("grids.covered/grids", value, text, self.place, None, self.derived or "share")

    def minus(self, others: list[Numbers]) -> Numbers:
        """What lies at none of the others."""
        happened, standing = Counts(self.happened), Counts(self.standing)
        for other in others:
            happened.subtract(other.happened)
            standing.subtract(other.standing)
        standing["oldest_due"] = self._oldest_left(others)
        return Numbers(self.place, self.window, happened, standing, self.at, derived="rest")

    def _oldest_left(self, others: list[Numbers]) -> int:
        """The oldest due, where it is none of theirs; 0: not known."""
        mine, theirs = self.standing["oldest_due"], [other.standing["oldest_due"] for other in others]
        return mine if mine and mine not in theirs else 0

    @property
    def is_empty(self) -> bool:
        return not any(self.happened.values()) and not any(
            value for name, value in self.standing.items() if name != "oldest_due"
        )

    @property
    def is_short(self) -> bool:
        """Whether something of it is less than nothing: the parts hold more than the whole."""
        return any(value < 0 for counts in (self.happened, self.standing) for value in counts.values())


def points(now: Number, then: Number) -> Number | None:
    """The change of a rate in percentage points; None where one of the two has nothing to count."""
    if now.value is None or then.value is None:
        return None
    change = round((now.value - then.value) * 100, 1)
    return Number(now.name, change, f"{abs(change):.1f}", now.place, now.window, "change")
