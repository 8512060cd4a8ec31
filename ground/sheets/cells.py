"""Single values: what a cell says as text and as a date, and what may be written where formulas are read."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Final

#: A number that was numeric in the file is a float or an int; everything in a CSV is a str.
Cell = str | int | float | bool | date | datetime | None

_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)


def text_of(cell: Cell) -> str:
    """What a cell says: NFKC, outer space and invisible signs gone, 502.0 → 502, dates as ISO, True → 是.

    Excel turns codes such as 3-502 into dates by itself; whoever expects a code should refuse a date cell.
    """
    if isinstance(cell, str):
        return cell.strip() if cell.isascii() and cell.isprintable() else _cleaned(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute) else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _cleaned(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()


_DATE = re.compile(r"(\d{4})(?:年|[-./])(\d{1,2})(?:月|[-./])(\d{1,2})日?(?:[ T]0?0:00(?::00)?(?:\.0+)?)?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EPOCH: Final = datetime(1899, 12, 30)  # Excel counts from here since March 1900
#: Below lie figures that are years (1985), above days that nobody is born on: 1910-01-01 to 2099-12-31.
_SERIALS: Final = range(3654, 73051)


def date_of(cell: Cell) -> date | None:
    """The day that a cell names; None for an empty one. Raises ValueError for what is no day of the calendar.

    Reads date cells, 1985年3月2日, 1985.3.2, 1985/03/02, 1985-3-2, 19850302, and Excel's serial numbers where the
    cell is numeric and the day lies between 1910 and 2099.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool) and int(cell) in _SERIALS:
        return (_EPOCH + timedelta(days=int(cell))).date()
    text = re.sub(r"(?<=[年月./-])\s+|\s+(?=[年月日./-])", "", text_of(cell))
    if not text:
        return None
    found = _DATE.fullmatch(text) or _DIGITS.fullmatch(text)
    if found is None:
        raise ValueError("no date")
    return date(int(found[1]), int(found[2]), int(found[3]))


def column_letters(index: int) -> str:
    """The column as Excel names it: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?%?")


def csv_safe(text: str) -> str:
    """The text for a CSV that Excel opens: what would begin a formula gets an apostrophe, plain numbers do not."""
    begins = text.lstrip(" \u3000\ufeff")[:1]
    if text[:1] in ("\t", "\r", "\n") or (begins and begins in "=+-@＝＋－＠"):
        return text if _NUMBER.fullmatch(text) and len(text) < 12 else f"'{text}"
    return text
