"""The children of a node, line by line: the table that sorts by its columns, and bars of one figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.charts import Chart, Series, Spot
from dashboards.page.gathering import Gathered
from dashboards.page.known import BARS, BY_KEY, COLUMNS, Known
from dashboards.page.links import Links
from dashboards.page.numbers import Number, Numbers
from dashboards.page.surroundings import Line, Surroundings

DEFAULT_SORT = DEFAULT_FIGURE = "overdue"
#: Response below this, and anything overdue, is marked in the table.
WEAK = 0.95
#: Rates of fewer than this are not marked: one of three says little.
FEW = 10


@dataclass(frozen=True, slots=True)
class Cell:
    number: Number
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    note: str
    url: str
    numbers: Numbers
    cells: list[Cell]
    is_oldest: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    headings: list[dict[str, Any]]
    rows: list[Row]
    total: Row
    sort: str

    @property
    def has_lines(self) -> bool:
        return bool(self.rows)


def table_of(around: Surroundings, found: Gathered, links: Links, sort: str) -> Table:
    """`sort`: a column, with "-" before it the other way round; what is no column sorts by what is overdue."""
    key, turned = sort.removeprefix("-"), sort.startswith("-")
    if key != "name" and key not in {each.key for each in COLUMNS}:
        key, turned = DEFAULT_SORT, False
    oldest = oldest_line(found)
    rows = [_row(line, numbers, links, is_oldest=line is oldest) for line, numbers in found.lines]
    rows = _sorted(rows, key, turned)
    if found.rest is not None:
        rest = _row(Line(around.rest, "", note="不在上面任何一处"), found.rest, links)
        rows += [rest] if any(cell.number for cell in rest.cells) else []
    total = _row(None, found.here, links)
    return Table(_headings(links, key, turned), rows, total, f"-{key}" if turned else key)


def oldest_line(found: Gathered) -> Line | None:
    """The child that holds the oldest overdue request; None where nothing is overdue, or it is on no line."""
    due = found.here.standing["oldest_due"]
    return next((line for line, each in found.lines if due and each.standing["oldest_due"] == due), None)


def _row(line: Line | None, numbers: Numbers, links: Links, *, is_oldest: bool = False) -> Row:
    is_linked = line is None or bool(line.node_id or line.grid_id)
    cells = [_cell(known, numbers, links if is_linked else None, line) for known in COLUMNS]
    if line is None:
        return Row("合计", "", "", numbers, cells)
    return Row(line.name, line.note, links.node(line), numbers, cells, is_oldest)


def _cell(known: Known, numbers: Numbers, links: Links | None, line: Line | None) -> Cell:
    number = known.read(numbers)
    if links is not None and number.value and known.which:
        number = number.leading(links.rows(known.which, line))
    return Cell(number, _is_bad(known, number, numbers))


def _is_bad(known: Known, number: Number, numbers: Numbers) -> bool:
    if known.key in ("overdue", "oldest_due"):
        return bool(number)
    is_weak = known.key == "response_rate" and number.value is not None and number.value < WEAK
    return is_weak and numbers.happened["contact_due"] >= FEW


# Sorting


def _sorted(rows: list[Row], key: str, turned: bool) -> list[Row]:
    """The worst first, what cannot be told last; of the same the order of the tree."""
    if key == "name":
        return sorted(rows, key=lambda row: row.name, reverse=turned)
    place = [known.key for known in COLUMNS].index(key)
    sign = -1 if _descends(BY_KEY[key]) is not turned else 1

    def order(row: Row) -> tuple[bool, float, float]:
        value = row.cells[place].number.value
        return value is None, sign * (value or 0), row.numbers.standing["oldest_due"] or float("inf")

    return sorted(rows, key=order)


def _descends(known: Known) -> bool:
    """Much first; of what is good little first: the weakest rate, the oldest due."""
    return not known.is_good


def _headings(links: Links, key: str, turned: bool) -> list[dict[str, Any]]:
    named = [("name", "名称", False), *((each.key, each.heading, _descends(each)) for each in COLUMNS)]
    found = []
    for each, label, descends in named:
        is_on = each == key
        down = descends is not turned
        found.append(
            {
                "label": label,
                "title": BY_KEY[each].label if each in BY_KEY else label,
                "aria": ("descending" if down else "ascending") if is_on else "",
                "mark": ("▼" if down else "▲") if is_on else "",
                "url": links.here("children", sort=f"-{each}" if is_on and not turned else each),
            }
        )
    return found


# Bars


def figure_of(params: Mapping[str, str]) -> Known:
    """The figure that the address asks for; what is unknown is what is overdue."""
    wanted = BY_KEY.get(params.get("figure", ""))
    return wanted if wanted in BARS else BY_KEY[DEFAULT_FIGURE]


def choices(shown: Known) -> list[tuple[str, str, bool]]:
    return [(each.key, each.label, each is shown) for each in BARS]


def bars_of(found: Gathered, links: Links, known: Known, word: str) -> Chart | None:
    """One figure of each child, the worst first; None without children."""
    if not found.lines:
        return None
    rows = sorted(found.lines, key=_by(known))
    spots = [_spot(known, numbers) for _, numbers in rows]
    return Chart(
        key="bars",
        title=f"{word}：{known.label}",
        kind="rows",
        labels=[line.name for line, _ in rows],
        series=[
            Series(
                known.label,
                [known.drawn(numbers) for _, numbers in rows],
                _tone(known),
                known.unit,
                known.key,
            )
        ],
        urls=[links.rows(known.which, line) if known.which else links.node(line) for line, _ in rows],
        spots=spots,
        note="" if known.is_standing else links.window.label,
    )


def _by(known: Known) -> Callable[[tuple[Line, Numbers]], tuple[bool, float]]:
    sign = -1 if _descends(known) else 1

    def order(each: tuple[Line, Numbers]) -> tuple[bool, float]:
        value = known.read(each[1]).value
        return value is None, sign * (value or 0)

    return order


def _tone(known: Known) -> Any:
    if known.is_good is None:
        return "hand"
    return "done" if known.is_good else "accent"


def _spot(known: Known, numbers: Numbers) -> Spot:
    window = None if known.is_standing else numbers.window
    return Spot(numbers.place, window.first if window else None, window.last if window else None)
