"""The node among those of its tier: rank and median of the main figures, without naming the others."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from dashboards.page.gathering import Gathered
from dashboards.page.known import BY_KEY, COMPARED, Known
from dashboards.page.numbers import Number, Numbers, said_span
from ground.templatetags.wenshao import percent

#: Among fewer there is no comparison.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """`of`: how many have anything to count, this one among them. `is_behind`: in the last third."""

    label: str
    own: Number
    unit: str
    rank: Number
    of: int
    median: Number
    is_first_third: bool
    is_last_third: bool


def compared(found: Gathered) -> list[Compared]:
    """Of each main figure; empty where there is nobody to compare with."""
    if len(found.peers) + 1 < FEWEST:
        return []
    every = [found.here, *found.peers]
    return [line for key in COMPARED if (line := _line(BY_KEY[key], found.here, every)) is not None]


def _line(known: Known, here: Numbers, every: list[Numbers]) -> Compared | None:
    own = known.read(here)
    values = [value for each in every if (value := known.read(each).value) is not None]
    if own.value is None or len(values) < FEWEST or not any(values):
        return None
    better = [value for value in values if (value > own.value if known.is_good else value < own.value)]
    rank, middle = len(better) + 1, median(values)
    return Compared(
        known.label,
        own,
        known.unit if known.key == "hours_each" else "",
        Number(own.name, rank, str(rank), own.place, own.window, "rank"),
        len(values),
        Number(own.name, middle, _said(known, middle), own.place, own.window, "median"),
        rank * 3 <= len(values),
        (len(values) - rank) * 3 < len(values) - 2,
    )


def _said(known: Known, value: Any) -> str:
    if known.is_rate:
        return percent(value)
    return said_span(value) if known.key.endswith(".median") else f"{value / known.scale:.1f}"
