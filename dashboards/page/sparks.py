"""Small drawings beside a figure: how it went over the periods before. SVG of the server, read with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

WIDTH, HEIGHT, EDGE = 90, 32, 3
#: Fewer known values are not drawn.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Spark:
    """`points`: of a line; `rects`: (x, y, width, height) of bars. `tone`: a colour of the tokens."""

    tone: str
    points: str = ""
    rects: tuple[tuple[float, float, float, float], ...] = ()
    last: tuple[float, float] = (0, 0)

    @property
    def drawing(self) -> SafeString:
        drawn = "".join(
            f'<rect x="{x}" y="{y}" width="{wide}" height="{high}"/>' for x, y, wide, high in self.rects
        )
        if self.points:
            x, y = self.last
            drawn = f'<polyline points="{self.points}"/><circle cx="{x}" cy="{y}" r="2.6"/>{drawn}'
        head = f'<svg class="spark {self.tone}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">'
        return SafeString(f"{head}{drawn}</svg>")


def line(values: Sequence[float | None], tone: str) -> Spark | None:
    """A line through what is known; None where that is fewer than three: two say no more than the change."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < FEWEST:
        return None
    low, high = min(value for _, value in known), max(value for _, value in known)
    step = (WIDTH - 2 * EDGE) / (len(values) - 1)
    drawn = [(round(EDGE + place * step, 1), _height(value, low, high)) for place, value in known]
    return Spark(tone, " ".join(f"{x},{y}" for x, y in drawn), last=drawn[-1])


def _height(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return round(HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE), 1)


def bars(values: Sequence[float], tone: str = "accent") -> Spark | None:
    """One bar for each; None where at most one of them would be seen."""
    most = max(values, default=0)
    if sum(value > 0 for value in values) < 2:
        return None
    step = WIDTH / len(values)
    rects = []
    for place, value in enumerate(values):
        height = round(max(value, 0) / most * (HEIGHT - 2), 1)
        rects.append((round(place * step, 1), round(HEIGHT - height, 1), round(step * 0.64, 1), height))
    return Spark(tone, rects=tuple(rects))
