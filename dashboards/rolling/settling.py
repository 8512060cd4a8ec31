"""The proof of rollups while people work: what differs is counted again, and is wrong where it differs still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice

from dashboards.rolling import proving, rounds
from dashboards.rolling.proving import Difference

#: How often it is counted, and how many differences of a month are enough to count it again.
TRIES, ENOUGH = 3, 200


def settled(
    first: date | None = None, last: date | None = None, listen: rounds.Listen = lambda done, of: None
) -> Iterator[Difference]:
    """Differences month by month, then those of years and of how things stand, that stay after the next round. A
    round that hears of the work done meanwhile is the only thing that is written."""
    months = proving.months(first, last)
    for number, month in enumerate(months, start=1):
        yield from _settled(lambda month=month: proving.of_month(month, proving.as_of(), proving.Around()))  # type: ignore[misc]
        listen(number, len(months))
    yield from _settled(proving.of_years)
    yield from _settled(lambda: proving.of_standings(proving.as_of(), proving.Around()))


def _settled(look: Callable[[], Iterator[Difference]]) -> list[Difference]:
    """What differs, and still does after the round that hears of the work done meanwhile."""
    found = list(islice(look(), ENOUGH + 1))
    for _ in range(TRIES - 1):
        if not found:
            break
        rounds.catch_up()
        found = list(islice(look(), ENOUGH + 1))
    return found
