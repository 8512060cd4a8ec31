"""The figures that a map may show: some of those that the page knows, by the same names in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dashboards.measures import Counts
from dashboards.page.known import BY_KEY, Known
from dashboards.page.numbers import Number, Numbers
from dashboards.periods import Window


class Tone(StrEnum):
    """What a deep colour means. The eye goes there first: to much of what is bad, to little of what is good."""

    MUCH_IS_BAD = "颜色越深，数越大，越要留意"
    LITTLE_IS_BAD = "颜色越深，比率越低，越要留意"
    PLAIN = "颜色越深，数越大"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the page, and how it is coloured. parts: of a rate, the measures below and above the line."""

    known: Known
    tone: Tone
    parts: tuple[str, str] | None = None
    rows: str = ""

    @property
    def key(self) -> str:
        return self.known.key

    @property
    def label(self) -> str:
        return self.known.label

    @property
    def is_rate(self) -> bool:
        return self.parts is not None

    @property
    def happened(self) -> bool:
        """Whether it is about the period, not about how things stand."""
        return not self.known.is_standing

    @property
    def unit(self) -> str:
        return "" if self.is_rate else self.known.unit

    def number(self, place: str, window: Window, counts: Counts) -> Number:
        """What a place says, marked like every number of a dashboard."""
        return self.known.read(Numbers(place, window, counts, counts))

    def say(self, value: float | None) -> str:
        """“12 件”, “97.6%”, “—”."""
        if value is None:
            return "—"
        if self.is_rate:
            return f"{value * 100:.1f}%" if self.happened else f"{value * 100:.0f}%"
        return f"{value:,.0f} {self.unit}"

    def basis(self, counts: Counts) -> str:
        """What a rate is made of: “43/45”; empty for counts."""
        return f"{counts[self.parts[0]]}/{counts[self.parts[1]]}" if self.parts else ""


def _rate(key: str, part: str, whole: str) -> Figure:
    return Figure(BY_KEY[key], Tone.LITTLE_IS_BAD, (part, whole), BY_KEY[key].which)


def _requests(key: str, tone: Tone) -> Figure:
    """Its rows are requests: a grid without a page of its own leads to them."""
    return Figure(BY_KEY[key], tone, rows=BY_KEY[key].which)


_VISITS = Known(
    "care.visits", "30 天内应走访", "次", lambda numbers: numbers.stand("care.visits"), "", None, True
)
_EACH = (
    _requests("overdue", Tone.MUCH_IS_BAD),
    _requests("open", Tone.MUCH_IS_BAD),
    _requests("submitted", Tone.PLAIN),
    _rate("response_rate", "contact_in_time", "contact_due"),
    _rate("resolution_rate", "solved", "rated"),
    _rate("satisfaction_rate", "satisfied", "rated"),
    Figure(BY_KEY["coverage"], Tone.LITTLE_IS_BAD, ("grids.covered", "grids")),
    Figure(_VISITS, Tone.PLAIN),
    Figure(BY_KEY["care.review_due"], Tone.MUCH_IS_BAD),
    Figure(BY_KEY["residents"], Tone.PLAIN),
    Figure(BY_KEY["registered"], Tone.PLAIN),
)
FIGURES = {each.key: each for each in _EACH}
DEFAULT = "overdue"


def figure_of(params: Mapping[str, str]) -> Figure:
    """The figure that an address asks for (`figure=open`); what is none of them means the default."""
    return FIGURES.get(params.get("figure", ""), FIGURES[DEFAULT])
