"""The figures that a map may show: names of measures, as `dashboards.measures` and `requests.figures` define them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dashboards.measures import Counts, share
from ground.templatetags.wenshao import percent


class Tone(StrEnum):
    """What a deep colour means. The eye goes there first: to much of what is bad, to little of what is good."""

    MUCH_IS_BAD = "颜色越深，数越大，越要留意"
    LITTLE_IS_BAD = "颜色越深，比率越低，越要留意"
    PLAIN = "颜色越深，数越大"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `of`: counts of a place → number, a rate between 0 and 1, None where there is nothing to count.

    name: the measure, or the rate, by which pages mark it; parts: of a rate, the measures below and above the line;
    which: the condition of `requests.figures` that lists its rows; happened: whether it is about the period, not
    about how things stand.
    """

    key: str
    label: str
    unit: str
    tone: Tone
    name: str
    of: Callable[[Counts], float | None]
    happened: bool = False
    which: str = ""
    parts: tuple[str, str] | None = None

    @property
    def is_rate(self) -> bool:
        return self.parts is not None

    def say(self, value: float | None) -> str:
        """“12 件”, “97.6%”, “—”; coverage in whole hundredths, like the table of the page."""
        if self.is_rate or value is None:
            return percent(value) if self.happened or value is None else f"{value * 100:.0f}%"
        return f"{value:,.0f} {self.unit}"

    def basis(self, counts: Counts) -> str:
        """What a rate is made of: "43/45"; empty for counts."""
        return f"{counts[self.parts[0]]}/{counts[self.parts[1]]}" if self.parts else ""


def _counted(
    key: str, label: str, unit: str, tone: Tone, measure: str, *, period: bool = False, which: str = ""
) -> Figure:
    return Figure(key, label, unit, tone, measure, lambda counts: counts[measure], period, which)


def _rate(key: str, label: str, which: str, part: str, whole: str) -> Figure:
    """A rate of `requests.figures.Figures`."""
    name = f"{key}_rate"
    return Figure(
        key, label, "", Tone.LITTLE_IS_BAD, name, lambda counts: getattr(counts.figures(), name), True, which,
        (part, whole),
    )  # fmt: skip


_COVERAGE = ("grids.covered", "grids")
_EACH = (
    _counted("overdue", "超时", "件", Tone.MUCH_IS_BAD, "overdue", which="overdue"),
    _counted("open", "在办", "件", Tone.MUCH_IS_BAD, "open", which="open"),
    _counted("submitted", "点单", "件", Tone.PLAIN, "submitted", period=True, which="submitted"),
    _rate("response", "响应率", "contact_due", "contact_in_time", "contact_due"),
    _rate("resolution", "解决率", "rated", "solved", "rated"),
    _rate("satisfaction", "满意率", "rated", "satisfied", "rated"),
    Figure(
        "coverage", "网格党组织覆盖", "", Tone.LITTLE_IS_BAD, "grids.covered/grids",
        lambda counts: share(counts["grids.covered"], counts["grids"]), parts=_COVERAGE,
    ),
    _counted("visits", "30 天内应走访", "次", Tone.PLAIN, "care.visits"),
    _counted("reviews", "关爱等级到期未复核", "户", Tone.MUCH_IS_BAD, "care.review_due"),
    _counted("residents", "人口", "人", Tone.PLAIN, "residents"),
    _counted("registered", "已报到", "人", Tone.PLAIN, "registered"),
)  # fmt: skip
FIGURES = {each.key: each for each in _EACH}
DEFAULT = "overdue"


def figure_of(params: Mapping[str, str]) -> Figure:
    """The figure that an address asks for (`figure=open`); what is none of them means the default."""
    return FIGURES.get(params.get("figure", ""), FIGURES[DEFAULT])
