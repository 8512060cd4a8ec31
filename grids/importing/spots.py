"""Staircase, floor, door and household number as people write them: 一单元, 3楼, 负一层, 302室, 1-302."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from ground.sheets import Cell, text_of

_HAN_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九十")}
_STAIRCASE = re.compile(r"第?(.{1,8}?)(?:单元|梯|门洞|座)?")
_FLOOR = re.compile(r"第?(负|地下|B|-)?(\d{1,3})(?:楼|层|F)?", re.IGNORECASE)
_DOOR_WITH_STAIRCASE = re.compile(
    r"(?:第?([0-9A-Za-z一二三四五六七八九十]{1,3})单元|(\d{1,2})-)(\d{3,4}[A-Za-z]?)"
)
_DOOR_TAIL = re.compile(r"(?:号房|室|房|号)$")
_TELLS_FLOOR = re.compile(r"(\d{1,2})\d{2}[A-Za-z]?")
_HOUSEHOLD = re.compile(r"第?(\d{1,2})户?")
LONGEST_STAIRCASE, LONGEST_DOOR = 4, 8


class BadPlace(ValueError):
    """`code` is one of `faults.KINDS`, `field` the column that it belongs to."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


class Spot(NamedTuple):
    staircase: str
    floor: int
    door: str


def spot(staircase: Cell, floor: Cell, door: Cell) -> Spot:
    """Where in its building. A floor that is not told is read from a door of 3 or 4 figures. Raises BadPlace."""
    if isinstance(door, date):
        raise BadPlace("door", "door")
    stairs, number = _staircase(staircase), _DOOR_TAIL.sub("", text_of(door).replace(" ", ""))
    if not number:
        raise BadPlace("door_missing", "door")
    if not stairs and (found := _DOOR_WITH_STAIRCASE.fullmatch(number)):
        stairs, number = _staircase(found[1] or found[2]), found[3]
    if len(number) > LONGEST_DOOR:
        raise BadPlace("door", "door")
    return Spot(stairs, _floor(floor, number), number)


def _staircase(cell: Cell) -> str:
    if isinstance(cell, date):
        raise BadPlace("staircase", "staircase")
    text = text_of(cell).replace(" ", "")
    if text in ("", "无", "0", "00", "-", "/"):
        return ""
    if not text.isdigit() and (found := _STAIRCASE.fullmatch(text)):
        text = _figures(found[1])
    text = text.lstrip("0").upper() or "0"
    if text == "0" or len(text) > LONGEST_STAIRCASE:
        raise BadPlace("staircase", "staircase")
    return text


def _floor(cell: Cell, door: str) -> int:
    text = "" if cell is None else text_of(cell).replace(" ", "")
    if not text:
        return _floor_of(door)
    found = _FLOOR.fullmatch(text) or _FLOOR.fullmatch(_figures_in(text))
    if found is None or isinstance(cell, date) or not 0 < int(found[2]) <= 200:
        raise BadPlace("floor", "floor")
    return -int(found[2]) if found[1] else int(found[2])


def _floor_of(door: str) -> int:
    """302 → 3, 1203 → 12, 0302 → 3; anything else tells no floor for certain."""
    found = _TELLS_FLOOR.fullmatch(door)
    if found is None or int(found[1]) == 0:
        raise BadPlace("floor_missing", "door")
    return int(found[1])


def _figures_in(text: str) -> str:
    return re.sub(r"[一二三四五六七八九十]+", lambda found: _figures(found[0]), text)


def _figures(text: str) -> str:
    """十二 → 12, 三 → 3; anything else stays."""
    if not text or any(sign not in _HAN_DIGITS for sign in text):
        return text
    if "十" not in text:
        return "".join(str(_HAN_DIGITS[sign]) for sign in text)
    tens, _, ones = text.partition("十")
    return str((_HAN_DIGITS.get(tens, 1) if tens else 1) * 10 + (_HAN_DIGITS[ones] if ones else 0))


def household_number(cell: Cell) -> int:
    """Which household of the dwelling; 1 where nothing is said. Raises BadPlace."""
    text = "" if cell is None else text_of(cell)
    if not text:
        return 1
    found = _HOUSEHOLD.fullmatch(_figures_in(text))
    if found is None or int(found[1]) == 0:
        raise BadPlace("household", "household")
    return int(found[1])
