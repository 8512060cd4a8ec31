"""Pages of a board by place, not by counting off: the last page of 60,000 places costs what the first one does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from volunteers.models import BoardRow

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class _Count:
    """What `parts/_pagination.html` asks a paginator for."""

    num_pages: int


@dataclass(frozen=True, slots=True)
class RankPage:
    """Places 50 n − 49 to 50 n of a board, as `parts/_pagination.html` takes a page."""

    rows: list[BoardRow]
    number: int
    paginator: _Count

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.number < self.paginator.num_pages

    @property
    def previous_page_number(self) -> int:
        return self.number - 1

    @property
    def next_page_number(self) -> int:
        return self.number + 1


def page_of_place(rank: int) -> int:
    """The page on which a place stands."""
    return (rank - 1) // PER_PAGE + 1


def by_place(rows: QuerySet[BoardRow], given: Any, last: int) -> RankPage:
    """The page `given` (a number or nonsense) of the rows; `last` is the last place that is shown."""
    pages = max(-(-last // PER_PAGE), 1)
    words = str(given or "")
    number = min(max(int(words), 1), pages) if words.isdecimal() and len(words) < 16 else 1
    first = (number - 1) * PER_PAGE
    found = list(rows.filter(rank__gt=first, rank__lte=first + PER_PAGE))
    return RankPage(found, number, _Count(pages))
