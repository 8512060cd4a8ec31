"""Times and what is said of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any


def at(times: Sequence[float], share: float) -> float:
    """The value that `share` of the sorted times do not pass (nearest rank), to a hundredth."""
    return round(times[max(0, math.ceil(len(times) * share) - 1)], 2)


def summed(sent: dict[str, Any], good: Sequence[int] = (200,)) -> dict[str, Any]:
    """What the load process brought back: requests, per second, p50, p95, p99 (ms), bytes, answers that were not
    good. Times are those of good answers."""
    answers = [answer for answer in sent["answers"] if answer[1] in good]
    times = sorted(answer[2] for answer in answers)
    bad = Counter(str(answer[1]) for answer in sent["answers"] if answer[1] not in good)
    bad.update("no answer" for _ in sent["troubles"])
    found: dict[str, Any] = {"requests": len(times), "bad": dict(bad)}
    if times:
        found |= {
            "per_second": round(len(times) / sent["seconds"], 1),
            **{f"p{round(share * 100)}": at(times, share) for share in (0.5, 0.95, 0.99)},
            "bytes": round(sum(answer[3] for answer in answers) / len(answers)),
        }
    return found


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares: how much y grows with x; 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0
