"""Which row holds the headings, which column is which, and which rows are no data at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from ground.sheets.books import Sheet
from ground.sheets.cells import Cell, text_of


@dataclass(frozen=True)
class Header:
    """Where the headings are. Data begin in the row after `row`."""

    #: The last row of the headings, as Excel counts.
    row: int
    #: Field → index of its column, from 0.
    columns: dict[str, int]
    #: Field → what the sheet calls it, for reports that people read.
    titles: dict[str, str] = field(default_factory=dict)
    #: Titles that name no field, in their order.
    unknown: list[str] = field(default_factory=list)
    #: Field → indexes of further columns that name it too; the first one counts.
    duplicates: dict[str, list[int]] = field(default_factory=dict)


_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>|《[^《》]*》|〔[^〔〕]*〕")
_DECORATION = re.compile(r"[\s*※★☆:,。、;·_\-/\\()\[\]【】<>《》〔〕\u200b-\u200f\ufeff]")


def plain_title(title: str) -> str:
    """A heading without additions: ＊姓 名（必填）→ 姓名. What brackets hold goes, unless it is all there is."""
    text = unicodedata.normalize("NFKC", title).casefold()
    return _DECORATION.sub("", _BRACKETS.sub("", text)) or _DECORATION.sub("", text)


def _whole_title(title: str) -> str:
    """With the words in brackets: 电话(座机) and 电话(手机) may be two fields."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", title).casefold())


def find_header(
    sheet: Sheet,
    known: Mapping[str, str],
    required: Iterable[str],
    within: int = 20,
    *,
    by_hand: Mapping[str, str] | None = None,
) -> Header | None:
    """The row (or the two rows) of headings among the first `within` rows, or None when none has all `required`.

    `known`: alias → field; aliases may be written in any way that `plain_title` makes equal. `by_hand`: field →
    title of the column that somebody picked; it stands above the aliases, and no other column becomes that field.
    Of two rows the upper may group columns under merged titles: 户主 over 姓名 is 户主姓名 first, then 姓名.
    The row with the most fields wins, then the one with fewer unknown titles, then the first.
    """
    rows = list(takewhile(lambda row: row[0] <= within, sheet.rows()))
    finding = _Finding(known, by_hand or {})
    needed, found = set(required), []
    for position, (number, cells) in enumerate(rows):
        found.append(finding.read(number, [[text_of(cell)] for cell in cells]))
        if position + 1 < len(rows):
            found.append(finding.read(number + 1, _two_rows(cells, rows[position + 1][1])))
    complete = [header for header in found if needed <= set(header.columns)]
    return max(complete, key=lambda header: (len(header.columns), -len(header.unknown)), default=None)


def _two_rows(upper: Sequence[Cell], lower: Sequence[Cell]) -> list[list[str]]:
    """For every column what it may be called, the most exact first."""
    width = max(len(upper), len(lower))
    titles = []
    for index in range(width):
        group = text_of(upper[index]) if index < len(upper) else ""
        title = text_of(lower[index]) if index < len(lower) else ""
        titles.append([group + title, title] if group and title and group != title else [title or group])
    return titles


class _Finding:
    """Aliases made plain once, and what they say about a row."""

    def __init__(self, known: Mapping[str, str], by_hand: Mapping[str, str]) -> None:
        self._fields: dict[str, str] = {}
        for alias, name in known.items():
            if name not in by_hand:
                self._fields.setdefault(_whole_title(alias), name)
        self._picked = {_whole_title(title): name for name, title in by_hand.items()}

    def read(self, row: int, titles: list[list[str]]) -> Header:
        header = Header(row, {})
        for index, called in enumerate(titles):
            name = self._field_of(called)
            if name is None:
                header.unknown.extend(called[-1:] if called[-1] else [])
            elif name in header.columns:
                header.duplicates.setdefault(name, []).append(index)
            else:
                header.columns[name], header.titles[name] = index, called[-1]
        return header

    def _field_of(self, called: list[str]) -> str | None:
        for title in called:
            if not title or len(title) > 60:
                continue
            whole = _whole_title(title)
            name = self._picked.get(whole) or self._fields.get(whole) or self._fields.get(plain_title(title))
            if name:
                return name
        return None


_TOTAL = re.compile(r"(?:本页|本户|本楼|本网格|全部)?(?:合计|总计|小计|共计|累计)(?:$|[\W\d]|人|户|栋|数)")
_NOTE = re.compile(
    r"注(?:$|意|[\d:.、])|备注:|说明(?:$|[\d:.、])|填表(?:$|\W|人|说明|日期|单位|时间|须知)|填报(?:人|单位|日期)|制表"
)


def is_total(row: Sequence[Cell]) -> bool:
    """Is this a row of sums? 合计, 总计, 小计 or 共计 stand in its first three filled cells."""
    return any(_TOTAL.match(text.replace(" ", "")) for text in _filled(row)[:3])


def is_note(row: Sequence[Cell]) -> bool:
    """Is this an explanation? It begins with 注, 说明 or 填表, or only one cell of several is filled.

    A merged cell counts once. A data row of nothing but a name looks the same: whoever skips notes should count
    them and say so.
    """
    filled = _filled(row)
    if not filled:
        return False
    return bool(_NOTE.match(filled[0].replace(" ", ""))) or (len(set(filled)) == 1 and len(row) > 2)


def _filled(row: Sequence[Cell]) -> list[str]:
    return [text for text in map(text_of, row) if text]
