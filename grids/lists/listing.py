"""What a list is made of: its question, its views, their columns and rows, as data; one page draws them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from grids.lists.area import FILTERS, Area
from ground import sheets
from ground.templatetags.wenshao import when

#: A queryset, or what was computed; both can be counted and cut into pages.
Rows = QuerySet[Any] | Sequence[Any]
#: Rows that are read at once for a sheet.
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Column:
    """title; value(row) gives text, a whole number, a share (float between 0 and 1), a date or None.

    `width` is that of the sheet, in characters. `is_text` keeps Excel from taking a code for a number. `url(row)`
    leads to the thing or to the rows that a number counts, "" to nowhere. `state(row)` draws a chip: wait, hand,
    soon, late, done, "" for none.
    """

    title: str
    value: Callable[[Any], Any]
    width: int = 14
    is_text: bool = False
    url: Callable[[Any], str] | None = None
    state: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One heap of rows of a list, under its own tab.

    `rows(area)` gives them, narrowed by `area.rows()`; `dress(rows)` adds to the few that are shown what their
    columns ask for, in one go. `of_registry`: they speak of homes or people, so they open to registry sight only,
    and everybody else gets counts a community or grid. `is_personal`: they name people, so a sheet of them is an
    export of personal data. `is_placed`: the rows have scope columns, so they can be counted a line. `totals`: what
    counts nothing itself but sums up; has no count on its tab.
    """

    key: str
    label: str
    columns: tuple[Column, ...]
    rows: Callable[[Area], Rows]
    empty: str
    dress: Callable[[list[Any], Area], list[Any]] | None = None
    of_registry: bool = False
    is_personal: bool = False
    is_placed: bool = True
    totals: bool = False
    state: str = ""  # of the count on the tab


@dataclass(frozen=True, slots=True)
class Listing:
    """slug; title; the question it answers; `headline(area)` answers it in a line; `needs(area)` how many ask for
    somebody to act, said as `needing` ("个三无小区") on the overview, `fine` where there are none.
    Whoever has no such rows in sight is not told that all is well: `is_seen`."""

    slug: str
    title: str
    question: str
    icon: str
    views: tuple[View, ...]
    headline: Callable[[Area], str]
    needs: Callable[[Area], int]
    needing: str
    fine: str
    is_seen: Callable[[Area], bool] = lambda area: True

    @property
    def url(self) -> str:
        return reverse("grids:list", args=[self.slug])

    @property
    def of_registry(self) -> bool:
        return any(view.of_registry for view in self.views)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell of the page."""

    title: str
    text: str
    url: str = ""
    state: str = ""
    is_number: bool = False


def cells_of(view_columns: Iterable[Column], row: Any) -> list[Cell]:
    return [_cell(column, row) for column in view_columns]


def _cell(column: Column, row: Any) -> Cell:
    value = column.value(row)
    return Cell(
        title=column.title,
        text=said(value),
        url=column.url(row) if column.url else "",
        state=column.state(row) if column.state else "",
        is_number=isinstance(value, int | float),
    )


def said(value: Any) -> str:
    """A value as the page shows it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value * 100:.1f}%"
    if isinstance(value, int):
        return f"{value:,}"
    return when(value, "day") if isinstance(value, date) else str(value)


# Sheets


def sheet_columns(columns: Iterable[Column]) -> list[sheets.Column]:
    return [sheets.Column(column.title, column.width, as_text=column.is_text) for column in columns]


def sheet_rows(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[list[Any]]:
    for row in rows:
        yield [_written(column.value(row)) for column in columns]


def _written(value: Any) -> Any:
    """A share as people read it, a moment as the city's clocks showed it."""
    if isinstance(value, float):
        return f"{value * 100:.1f}%"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else value


def dressed(view: View, rows: list[Any], area: Area) -> list[Any]:
    return view.dress(rows, area) if view.dress else rows


def all_rows(view: View, area: Area) -> Iterator[Any]:
    """Every row, in batches, so that a long list never stands in memory at once."""
    found = view.rows(area)
    source = found.iterator(chunk_size=BATCH) if isinstance(found, QuerySet) else iter(found)
    batch: list[Any] = []
    for row in source:
        batch.append(row)
        if len(batch) == BATCH:
            yield from dressed(view, batch, area)
            batch = []
    yield from dressed(view, batch, area)


def link(listing_url: str, area: Area, **more: Any) -> str:
    """The address of a list, narrowed to the chosen place of `area`, with more said in the query."""
    chosen = {name: node.pk for name in FILTERS if (node := getattr(area, name)) is not None}
    query = {name: value for name, value in (chosen | more).items() if value not in (None, "")}
    return f"{listing_url}?{urlencode(query)}" if query else listing_url
