"""Five steps of colour, and what they mean in words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboards.mapping.figures import Figure, Tone

STEPS = 5
DEEPEST = STEPS - 1


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the legend. step: 0 (pale) to 4 (deep), None where there is nothing to count; n: places."""

    step: int | None
    words: str
    n: int


def steps_of(values: Sequence[float | None], figure: Figure) -> list[int | None]:
    """The step of each value, None for None.

    Few different values get steps at equal distances. Many are cut into quantiles; of counts, 0 keeps the palest
    step for itself, so that a place without any never looks like one with a few.
    """
    known = sorted(value for value in values if value is not None)
    cut = _few(sorted(set(known)), figure) if len(set(known)) <= STEPS else _many(known, figure)
    is_turned = figure.tone is Tone.LITTLE_IS_BAD
    return [None if value is None else DEEPEST - cut(value) if is_turned else cut(value) for value in values]


def _few(ladder: list[float], figure: Figure) -> Callable[[float], int]:
    """One to five different values. A single one is pale or deep only where it is as good or bad as can be."""
    if len(ladder) == 1:
        only = ladder[0]
        return lambda value: 0 if only == 0 else DEEPEST if figure.is_rate and only == 1 else DEEPEST // 2
    return lambda value: round(ladder.index(value) * DEEPEST / (len(ladder) - 1))


def _many(known: list[float], figure: Figure) -> Callable[[float], int]:
    """Equal ones always share a step."""
    keeps_zero = not figure.is_rate and known[0] == 0
    ranked = [value for value in known if value] if keeps_zero else known
    first, steps = (1, DEEPEST) if keeps_zero else (0, STEPS)

    def cut(value: float) -> int:
        if keeps_zero and value == 0:
            return 0
        return first + bisect_left(ranked, value) * steps // len(ranked)

    return cut


def legend_of(values: Sequence[float | None], steps: Sequence[int | None], figure: Figure) -> list[Key]:
    """The steps that occur, pale to deep, each with the least and the most that it holds."""
    keys = []
    for step in sorted({step for step in steps if step is not None}):
        held = [value for value, its in zip(values, steps, strict=True) if its == step and value is not None]
        keys.append(Key(step, _range(min(held), max(held), figure), len(held)))
    if missing := sum(1 for step in steps if step is None):
        keys.append(Key(None, "没有可算的", missing))
    return keys


def _range(least: float, most: float, figure: Figure) -> str:
    low, high = figure.say(least), figure.say(most)
    if low == high:
        return low
    return f"{low}–{high}" if figure.is_rate else f"{least:,.0f}–{high}"
