"""Five steps of colour, and what they mean in words."""

from __future__ import annotations

from dashboards import mapping
from dashboards.mapping.steps import legend_of, steps_of


def steps(key: str, *values: float | None) -> list[int | None]:
    return steps_of(list(values), mapping.FIGURES[key])


def test_five_steps():
    assert steps("overdue", 0, 0, 0) == [0, 0, 0]
    assert steps("overdue", 3, 3) == [2, 2]
    assert steps("overdue", 0, 7) == [0, 4]
    assert steps("overdue", *range(10)) == [0, 1, 1, 1, 2, 2, 3, 3, 4, 4], "0 alone, quantiles above it"
    assert len(set(steps("residents", 5, 5, 5, 5, 5, 5, 1, 2, 3, 4, 6)[:6])) == 1, "equal ones share a step"


def test_of_rates_the_low_ones_are_deep():
    assert steps("response_rate", 1, 0.5, None) == [0, 4, None]
    assert steps("response_rate", 1, 1) == [0, 0]
    assert steps("coverage", 0, 0) == [4, 4]


def test_the_legend_counts_every_place_once():
    values = [0, 0, 1, 2, 3, 5, 8, 13]
    figure = mapping.FIGURES["overdue"]
    keys = legend_of(values, steps_of(values, figure), figure)
    assert [key.words for key in keys] == ["0 件", "1–2 件", "3 件", "5–8 件", "13 件"]
    assert sum(key.n for key in keys) == len(values)
