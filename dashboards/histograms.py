"""Handling times as log histograms: counts in bins that grow by a tenth, so that they add up over days and places.

A value is told from its bin's geometric middle: at most √1.1 − 1 = 4.9 % off. Seconds of the wall clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

GROWTH = 1.1
#: Separates the name of a span from its bin in the name of a measure: "resolve~104".
SIGN = "~"
MEDIAN, NINE_OF_TEN = 0.5, 0.9
_LOG = math.log(GROWTH)


def bin_of(seconds: float) -> int:
    """The bin in which a span of time lies; what took no time at all lies in bin 0 with the first second."""
    return max(0, math.floor(math.log(seconds) / _LOG)) if seconds > 1 else 0


def seconds_of(place: int) -> float:
    """The geometric middle of a bin."""
    return GROWTH ** (place + 0.5)


def measure(name: str, seconds: float) -> str:
    """The measure that counts a span of that length: "resolve~104"."""
    return f"{name}{SIGN}{bin_of(seconds)}"


def bins(name: str, counts: Mapping[str, int]) -> dict[int, int]:
    """bin → how many, of one histogram among the measures."""
    start = name + SIGN
    return {int(key[len(start) :]): n for key, n in counts.items() if key.startswith(start)}


def quantile(found: Mapping[int, int], share: float) -> float | None:
    """Seconds below which that share of the spans lies, between the two nearest where it falls between them;
    None where there is nothing to measure."""
    whole = sum(found.values())
    if not whole:
        return None
    rank = share * (whole - 1)
    low, part = math.floor(rank), rank - math.floor(rank)
    first, second = _at(found, low), _at(found, min(low + 1, whole - 1))
    return first + (second - first) * part


def _at(found: Mapping[int, int], rank: int) -> float:
    passed = 0
    for place in sorted(found):
        passed += found[place]
        if rank < passed:
            return seconds_of(place)
    raise IndexError(rank)
