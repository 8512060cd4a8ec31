"""From a book to rows: which sheets hold what, which columns are which, and which rows are no data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from grids.importing import columns
from grids.importing.columns import BUILDINGS, NOT_THERE, PEOPLE, Field, known_titles
from grids.importing.rows import BuildingRow, PersonRow, Source
from ground.sheets import Book, Cell, Header, Sheet, find_header, is_note, is_total, text_of
from ground.sheets.headings import plain_title

#: A row that bears this is the template's sample, and is never loaded. NFKC makes both brackets these.
SAMPLE: Final = "(示例)"
WITHIN: Final = 20
Mappings = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class SheetHeadings:
    """One sheet for the page that maps columns. `kind`: people, buildings, or "" where it was not understood.

    `titles`: every title in the order of the columns; `fields`: field → title as understood; `choices`: (field,
    label) that a title may be given to; `missing`: labels without which the sheet cannot be read.
    """

    sheet: str
    kind: str
    row: int
    titles: list[str]
    fields: dict[str, str]
    choices: list[tuple[str, str]]
    missing: list[str]


def understood(sheet: Sheet, mapping: Mappings) -> Source | None:
    """What kind of sheet it is and where its columns are; None for any other sheet."""
    people = _header(sheet, PEOPLE, ("door",), mapping)
    if people is not None and _speaks_of_people(people):
        return Source(sheet.name, "people", people.titles, people.columns, people.row)
    buildings = _header(sheet, BUILDINGS, ("building_code", "building_name"), mapping)
    if buildings is not None:
        return Source(sheet.name, "buildings", buildings.titles, buildings.columns, buildings.row)
    return None


def _speaks_of_people(header: Header) -> bool:
    """A door, and a person or at least a building: lists of dwellings are read too."""
    return bool({"name", "building_code", "building_name"} & set(header.columns))


def _header(
    sheet: Sheet, fields: tuple[Field, ...], required: tuple[str, ...], mapping: Mappings
) -> Header | None:
    picked = _picked(sheet, fields, mapping)
    absent = {name for name, title in picked.items() if title == NOT_THERE}
    known = {title: name for title, name in known_titles(fields).items() if name not in absent}
    by_hand = {name: title for name, title in picked.items() if name not in absent}
    return find_header(sheet, known, required, WITHIN, by_hand=by_hand)


def _picked(sheet: Sheet, fields: tuple[Field, ...], mapping: Mappings) -> dict[str, str]:
    """Field → title as somebody said it. What was said of all sheets holds where the sheet has such a title."""
    names = {field.name for field in fields}
    general = {name: title for name, title in mapping.get("*", {}).items() if name in names}
    if general:
        there = {plain_title(text_of(cell)) for _, cells in islice(sheet.rows(), WITHIN) for cell in cells}
        general = {name: title for name, title in general.items() if plain_title(title) in there | {""}}
    own = {name: title for name, title in mapping.get(sheet.name, {}).items() if name in names}
    return general | own


def headings_of(book: Book, mapping: Mappings) -> list[SheetHeadings]:
    """Every visible sheet with its headings. Rows that may hold people are never shown as headings."""
    return [_headings(sheet, mapping) for sheet in book.sheets if not sheet.hidden]


def _headings(sheet: Sheet, mapping: Mappings) -> SheetHeadings:
    source = understood(sheet, mapping)
    if source is None:
        row, titles = _likely_titles(sheet)
        return SheetHeadings(
            sheet.name, "", row, titles, {}, _choices(PEOPLE), ["楼栋编码或楼栋名称", "房号"]
        )
    titles = _titles_at(sheet, source)
    missing = (
        [] if source.kind == "buildings" or source.has("building_code", "building_name") else ["楼栋名称"]
    )
    fields = PEOPLE if source.kind == "people" else BUILDINGS
    return SheetHeadings(
        sheet.name, source.kind, source.header_row, titles, source.titles, _choices(fields), missing
    )


def _choices(fields: tuple[Field, ...]) -> list[tuple[str, str]]:
    return [(field.name, field.label) for field in fields]


def _titles_at(sheet: Sheet, source: Source) -> list[str]:
    for number, cells in islice(sheet.rows(), WITHIN + 1):
        if number == source.header_row:
            return [text for text in map(text_of, cells) if text]
    return []


def _likely_titles(sheet: Sheet) -> tuple[int, list[str]]:
    """The first row of three or more short texts without figures: it may be headings, it holds no numbers."""
    for number, cells in islice(sheet.rows(), WITHIN):
        texts = [text for text in map(text_of, cells) if text]
        if len(set(texts)) >= 3 and not any(len(text) > 20 or re.search(r"\d{2}", text) for text in texts):
            return number, texts
    return 0, []


# Rows


def rows_of(
    sheet: Sheet, source: Source, skip: Callable[[int, str], None]
) -> Iterator[tuple[int, PersonRow | BuildingRow]]:
    """(row number, cells by field) of every row that holds data; `skip(row, why)` hears of the others."""
    fields = PEOPLE if source.kind == "people" else BUILDINGS
    make: type[PersonRow] | type[BuildingRow] = PersonRow if source.kind == "people" else BuildingRow
    places = [source.columns.get(field.name, -1) for field in fields]
    needed = [source.columns[name] for name in _NEEDED[source.kind] if name in source.columns]
    for number, cells in sheet.rows():
        if number <= source.header_row or cells.count(None) == len(cells):
            continue
        width = len(cells)
        if any(place >= width or cells[place] is None for place in needed) and (why := _no_data(cells)):
            if why != BLANK:
                skip(number, why)
            continue
        if why := _sample_or_title(cells, source):
            skip(number, why)
            continue
        yield number, make(*[cells[place] if -1 < place < width else None for place in places])


#: A row of data nearly always has these; where one is missing the row is looked at.
_NEEDED: Final = {"people": ("door", "name"), "buildings": ("building_code", "building_name")}
BLANK: Final = "空行"


def _no_data(cells: Sequence[Cell]) -> str:
    """Why the row is no data, "" if it is."""
    if not any(map(text_of, cells)):
        return BLANK
    if is_total(cells):
        return "合计行"
    return "说明行" if is_note(cells) else ""


def _sample_or_title(cells: Sequence[Cell], source: Source) -> str:
    """The template's sample row, or headings that are repeated on every printed page."""
    for name in ("name", "building_name"):
        place = source.columns.get(name, -1)
        if -1 < place < len(cells) and isinstance(text := cells[place], str):
            if "示例" in text and SAMPLE in text_of(text):
                return "模板里的示例行"
            if text == source.titles[name]:
                return "重复的表头"
    return ""


def label_of_field(source: Source, name: str) -> str:
    """What the sheet calls a column; the template's word where it has none."""
    return source.titles.get(name) or columns.LABELS.get(name, "")
