"""Writing workbooks: templates to fill in and lists to take away. Text stays text, whatever it begins with."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Self

import xlsxwriter
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header

from ground.sheets.cells import Cell, text_of

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_TEXT = 32_767
#: Excel takes a list inside the rule up to here; longer ones stand on a hidden sheet.
LONGEST_INLINE = 255
#: Rows of a template that have drop-downs and text format.
PREPARED_ROWS = 20_000


@dataclass(frozen=True)
class Column:
    """One column of a table. `as_text`: numbers of documents and telephones, which Excel would damage otherwise."""

    title: str
    width: int = 12
    as_text: bool = False
    required: bool = False
    choices: Sequence[str] = ()
    #: The list is an offer: other words, or several with commas between, may be written too.
    takes_others: bool = False
    example: str = ""
    #: Shown when the cell is selected.
    hint: str = ""
    #: How Excel shows numbers, and moments (which stay text without one): "#,##0", 'yyyy"年"m"月"d"日"'.
    number_format: str = ""


@dataclass(frozen=True)
class Shaped:
    """A number or a moment that has a format of its own, other than its column's: "0.0%" among pieces."""

    value: float | date
    number_format: str


class BookWriter:
    """A workbook that is written row by row in constant memory. Use it in a `with`; afterwards it is complete.

    with BookWriter(path) as book: book.table("居民", columns, rows). Without a path: `content()` after the `with`.
    `drafts` is the folder in which rows wait until the book is complete, the system's own unless said.
    """

    def __init__(self, target: Path | IO[bytes] | None = None, *, drafts: Path | None = None) -> None:
        self._memory = io.BytesIO() if target is None else None
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(drafts) if drafts else None,
        }
        self._book = xlsxwriter.Workbook(self._memory if target is None else target, options)
        self._bold = self._book.add_format(
            {"bold": True, "bg_color": "#F2F2F2", "border": 1, "text_wrap": True}
        )
        self._required = self._book.add_format(
            {"bold": True, "bg_color": "#F2F2F2", "border": 1, "text_wrap": True, "font_color": "#C00000"}
        )
        self._text = self._book.add_format({"num_format": "@"})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._formats: dict[tuple[str, bool], Any] = {}
        self._lists = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._book.close()

    def content(self) -> bytes:
        """The finished file, when no target was given."""
        if self._memory is None:
            raise ValueError("the book was written to its target")
        return self._memory.getvalue()

    def table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]] = ()) -> int:
        """A sheet with a frozen bold heading and the rows below; returns how many there were."""
        table = self.begin(name, columns)
        for row in rows:
            table.add(row)
        return table.finish()

    def begin(self, name: str, columns: Sequence[Column]) -> Table:
        """The same sheet, whose rows are added later: several may grow side by side, in the order of `begin`."""
        sheet = self._sheet(name, columns)
        forms = [self.format_of(column) for column in columns]
        sums = [self.format_of(column, is_bold=True) for column in columns]
        return Table(sheet, columns, forms, sums, self.format_of)

    def format_of(self, column: Column, *, is_bold: bool = False) -> Any:
        """How the cells of a column look; None where nothing is said of it."""
        shape = "@" if column.as_text else column.number_format
        if not shape and not is_bold:
            return None
        wanted: dict[str, Any] = {"num_format": shape} if shape else {}
        if is_bold:
            wanted |= {"bold": True, "top": 1}
        if (shape, is_bold) not in self._formats:
            self._formats[shape, is_bold] = self._book.add_format(wanted)
        return self._formats[shape, is_bold]

    def template(self, name: str, columns: Sequence[Column]) -> None:
        """A sheet to fill in: drop-downs, text columns, and a first row of examples where columns have one."""
        sheet = self._sheet(name, columns)
        for index, column in enumerate(columns):
            if column.example:
                sheet.write_string(1, index, column.example, self._text if column.as_text else None)
        for index, column in enumerate(columns):
            self._guide(sheet, index, column)

    def explanation(self, name: str, lines: Sequence[Sequence[str] | str]) -> None:
        """A sheet of text: a line is a sentence, or several cells side by side."""
        sheet = self._book.add_worksheet(_sheet_name(name))
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 5, 50)
        for row, line in enumerate(lines):
            for index, text in enumerate([line] if isinstance(line, str) else line):
                wrapped = None if isinstance(line, str) else self._wrapped
                sheet.write_string(row, index, text[:LONGEST_TEXT], wrapped)

    def _sheet(self, name: str, columns: Sequence[Column]) -> Any:
        sheet = self._book.add_worksheet(_sheet_name(name))
        sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width, self._text if column.as_text else None)
            form = self._required if column.required else self._bold
            sheet.write_string(0, index, f"{column.title}*" if column.required else column.title, form)
        return sheet

    def _guide(self, sheet: Any, index: int, column: Column) -> None:
        rule: dict[str, Any] = {"validate": "any", "ignore_blank": True}
        if column.choices:
            rule |= {"validate": "list", "source": self._source(column), "error_title": "请从列表里选"}
            rule |= {"error_message": "这一列只能从下拉列表里选。", "show_error": not column.takes_others}
        if column.hint:
            rule |= {"input_title": column.title[:32], "input_message": column.hint[:255]}
        if column.choices or column.hint:
            sheet.data_validation(1, index, PREPARED_ROWS, index, rule)

    def _source(self, column: Column) -> list[str] | str:
        choices = list(column.choices)
        if len(",".join(choices)) <= LONGEST_INLINE and not any("," in choice for choice in choices):
            return choices
        self._lists += 1
        name = f"列表{self._lists}"
        hidden = self._book.add_worksheet(name)
        hidden.hide()
        for row, choice in enumerate(choices):
            hidden.write_string(row, 0, choice)
        return f"='{name}'!$A$1:$A${len(choices)}"


class Table:
    """A sheet under way. Strings always by write_string; figures are numbers so that they can be added up; days and
    moments are ISO text, or what the column's format makes of them, where the city is."""

    def __init__(
        self,
        sheet: Any,
        columns: Sequence[Column],
        forms: list[Any],
        sums: list[Any],
        format_of: Callable[..., Any],
    ) -> None:
        self._sheet, self._columns, self._forms, self._sums = sheet, columns, forms, sums
        self._format_of = format_of
        self.count = 0

    def add(self, row: Sequence[Cell | Shaped]) -> None:
        self.count += 1
        self._add(self.count, row, self._forms)

    def finish(self, total: Sequence[Cell | Shaped] = ()) -> int:
        """Give the rows a filter, and a bold line of sums below, which it leaves alone. Returns how many rows."""
        if self.count:
            self._sheet.autofilter(0, 0, self.count, max(len(self._columns) - 1, 0))
        if total:
            self._add(self.count + 1, total, self._sums)
        return self.count

    def _add(self, number: int, row: Sequence[Cell | Shaped], forms: list[Any]) -> None:
        for index, cell in enumerate(row):
            if cell is None or cell == "":
                continue
            is_known = index < len(forms)  # a row may be longer than its heading
            column, form = (self._columns[index], forms[index]) if is_known else (_PLAIN, None)
            if isinstance(cell, Shaped):
                column, cell = Column("", number_format=cell.number_format), cell.value
                form = self._format_of(column, is_bold=forms is self._sums)
            self._write(number, index, cell, column, form)

    def _write(self, row: int, index: int, cell: Cell, column: Column, form: Any) -> None:
        if isinstance(cell, str):
            self._sheet.write_string(row, index, cell[:LONGEST_TEXT], form)
        elif isinstance(cell, date) and column.number_format:
            self._sheet.write_datetime(row, index, _local(cell), form)
        elif isinstance(cell, bool | date) or column.as_text or abs(cell or 0) >= 10**11:
            self._sheet.write_string(row, index, text_of(cell)[:LONGEST_TEXT], form)
        else:
            self._sheet.write_number(row, index, cell, form)


_PLAIN = Column("")


def _local(moment: date) -> date:
    """A moment as the city's clocks show it: Excel knows no time zones."""
    if isinstance(moment, datetime) and timezone.is_aware(moment):
        return timezone.make_naive(moment)
    return moment


def _sheet_name(name: str) -> str:
    """Excel allows 31 signs and none of []:*?/\\."""
    return re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:31] or "表"


def xlsx_answer(filename: str, content: bytes | Path) -> HttpResponseBase:
    """A download that no cache keeps. `filename` may be Chinese (RFC 5987); a Path is streamed."""
    answer: HttpResponseBase
    if isinstance(content, Path):
        answer = FileResponse(content.open("rb"), content_type=CONTENT_TYPE)
    else:
        answer = HttpResponse(content, content_type=CONTENT_TYPE)
    answer["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer
