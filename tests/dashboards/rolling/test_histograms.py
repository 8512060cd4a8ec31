"""Handling times from histograms: at most 5 % off the exact quantile, also added over nodes and months."""

from __future__ import annotations

from random import Random

import pytest

from dashboards import histograms
from dashboards.measures import Counts, together
from requests.figures.times import percentile

SHARES = (0.1, 0.25, histograms.MEDIAN, 0.75, histograms.NINE_OF_TEN, 0.99)
ERROR = 0.05


def spans(chance: Random) -> list[float]:
    """Seconds as handling takes them: some in minutes, most in hours, some in weeks, in clumps and spread."""
    middle, spread = chance.choice([300, 7_200, 90_000, 900_000]), chance.uniform(0.05, 2.0)
    count = chance.choice([1, 2, 3, 10, 400])
    return [max(1.0, chance.lognormvariate(0, spread) * middle) for _ in range(count)]


def counted(seconds: list[float]) -> Counts:
    counts = Counts()
    for each in seconds:
        counts[histograms.measure("resolve", each)] += 1
    return counts


@pytest.mark.parametrize("seed", range(40))
def test_every_quantile_is_within_five_percent(seed: int) -> None:
    exact = spans(Random(seed))
    counts = counted(exact)
    for share in SHARES:
        told, right = counts.times("resolve", share), percentile(exact, share)
        assert told is not None and right is not None
        assert abs(told - right) <= right * ERROR, (seed, share, told, right)


@pytest.mark.parametrize("seed", range(20))
def test_added_over_nodes_and_months_it_is_the_histogram_of_all(seed: int) -> None:
    chance = Random(f"sum {seed}")
    parts = [spans(chance) for _ in range(12)]
    whole = [each for part in parts for each in part]
    summed = together(counted(part).plain() for part in parts)
    assert summed == counted(whole)
    for share in SHARES:
        told, right = summed.times("resolve", share), percentile(whole, share)
        assert told is not None and right is not None and abs(told - right) <= right * ERROR


def test_the_error_is_no_less_than_it_says() -> None:
    """At the edge of a bin the error is largest: 4.9 % or so, which is why bins may not grow faster."""
    edge = histograms.GROWTH**90 * 1.000001
    told = counted([edge]).times("resolve")
    assert told is not None and 0.045 < abs(told - edge) / edge < ERROR


def test_nothing_measured_and_no_time_at_all() -> None:
    assert Counts().times("resolve") is None
    assert counted([0.0]).times("resolve") == pytest.approx(1.05, abs=0.01)
    assert histograms.bin_of(-5) == 0, "clocks of two servers may disagree"


def test_bins_of_one_name_are_not_those_of_another() -> None:
    counts = Counts({"resolve~10": 2, "resolved": 5, "resolve.later~11": 1, "contact~10": 3})
    assert histograms.bins("resolve", counts) == {10: 2}
