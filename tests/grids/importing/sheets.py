"""Sheets as communities have them, made up and the same every time: plausible people, and faults at known rows.

Nobody in them exists: numbers carry the area 440203 and a right check sign, phones a range that nobody has.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import xlsxwriter

from grids.models import SpecialGroup
from ground.identity import check_sign
from tests.factories import Community

PEOPLE = [
    "楼栋编码", "楼栋名称", "小区", "单元", "楼层", "房号", "房屋用途", "户号", "姓名", "证件类型", "证件号码",
    "手机号", "与户主关系", "居住类型", "重点人群", "出生日期", "性别",
]  # fmt: skip
BUILDINGS = [
    "楼栋编码", "楼栋名称", "小区", "小区类型", "网格编号", "网格名称", "楼栋类型", "层数", "单元数", "电梯",
    "物业公司",
]  # fmt: skip
GROUPS = ["独居老人", "残疾人", "低保户"]
_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉玲鑫波斌宇浩凯佳雪琳晨梅莉帆丹婷雨欣宁"
)
_FAMILY = ["户主", "配偶", "儿子", "女儿", "母亲"]
_KINDS = ["户籍常住", "常住非户籍", "流动人口", "户籍人口"]
FLOORS, STAIRCASES, DOORS = 15, 2, 2
PER_BUILDING = FLOORS * STAIRCASES * DOORS


@dataclass
class Sheets:
    """Rows by title, and (sheet, row number, code) of what was planted."""

    people: list[dict[str, Any]] = field(default_factory=list)
    buildings: list[dict[str, Any]] = field(default_factory=list)
    planted: set[tuple[str, int, str]] = field(default_factory=set)

    def xlsx(self) -> bytes:
        return workbook({"楼栋": (BUILDINGS, self.buildings), "居民": (PEOPLE, self.people)})


def workbook(tables: dict[str, tuple[list[str], list[dict[str, Any]]]]) -> bytes:
    """Sheet → (titles, rows by title). Numbers stay numbers, everything else is text."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    for name, (titles, rows) in tables.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate([dict(zip(titles, titles, strict=True)), *rows]):
            for index, title in enumerate(titles):
                value = row.get(title, "")
                if isinstance(value, int | float):
                    sheet.write_number(number, index, value)
                elif value:
                    sheet.write_string(number, index, value)
    book.close()
    return file.getvalue()


def an_id(number: int, born: date | None = None, *, area: str = "440203", digits: str = "") -> str:
    """A number with a right check sign; the same for the same arguments. Odd orders are men."""
    born = born or date(1940, 1, 1) + timedelta(days=number * 7919 % 27_000)
    first = area + (digits or f"{born:%Y%m%d}") + f"{number // 27_000 * 37 % 1000:03d}"
    return first + check_sign(first)


def clean(community: Community, people: int) -> Sheets:
    """About so many people at 2.86 to a dwelling, 60 dwellings to a building, every building in the sheet 楼栋."""
    sheets, number = Sheets(), 0
    for dwelling in range(people):
        if number >= people:
            break
        block, place = divmod(dwelling, PER_BUILDING)
        if place == 0:
            sheets.buildings.append(_building(community, block))
        size = (3, 2, 4, 1, 3, 3, 4, 2, 5, 1, 3, 3, 4, 2)[dwelling % 14]
        for member in range(min(size, people - number)):
            sheets.people.append(_person(number, member, size, community, block, place))
            number += 1
    sheets.buildings.append(_building(community, 1_000))  # one more "1 栋", in another compound
    return sheets


def code_of(community: Community, block: int) -> str:
    return f"{community.organization.code[:12]}-{block + 1:04d}"


def _building(community: Community, block: int) -> dict[str, Any]:
    estate = block // 20 + 1
    return {
        "楼栋编码": code_of(community, block),
        "楼栋名称": f"{block % 20 + 1} 栋",
        "小区": f"幸福小区{estate}期",
        "小区类型": "商品房小区" if estate % 3 else "老旧小区",
        "网格编号": community.grid.code,
        "楼栋类型": "住宅",
        "层数": FLOORS,
        "单元数": STAIRCASES,
        "电梯": "有" if estate % 3 else "无",
    }


def _person(
    number: int, member: int, size: int, community: Community, block: int, place: int
) -> dict[str, Any]:
    staircase, rest = divmod(place, FLOORS * DOORS)
    floor, door = divmod(rest, DOORS)
    return {
        "楼栋编码": code_of(community, block),
        "楼栋名称": f"{block % 20 + 1} 栋",
        "小区": f"幸福小区{block // 20 + 1}期",
        "单元": f"{staircase + 1}单元",
        "房号": f"{floor + 1}{door + 1:02d}",
        "房屋用途": "出租" if place % 5 == 4 else "自住",
        "姓名": _SURNAMES[(number * 13) % 50] + _GIVEN[number % 47] + _GIVEN[number // 47 % 50] * (number % 3 > 0),
        "证件类型": "居民身份证" if number % 2 else "",
        "证件号码": an_id(number),
        "手机号": f"199{number:08d}" if member < 2 else "",
        "与户主关系": _FAMILY[member],
        "居住类型": _KINDS[place % 4],
        "重点人群": GROUPS[number % 3] if number % 29 == 0 else "",
        "_member": member,
        "_size": size,
    }  # fmt: skip


# Faults

Plant = Callable[[dict[str, Any], Sheets, int], None]


def _to(**cells: Any) -> Plant:
    return lambda row, sheets, index: row.update(cells)


def _number(make: Callable[[str, int], Any], **cells: Any) -> Plant:
    return lambda row, sheets, index: row.update(cells, 证件号码=make(row["证件号码"], index))


def _same_as_before(row: dict[str, Any], sheets: Sheets, index: int) -> None:
    row["证件号码"] = sheets.people[index - 20]["证件号码"]


def _other_sign(number: str, index: int) -> str:
    return number[:17] + ("1" if number[17] != "1" else "2")


#: Code → how a row of 居民 is spoilt. Which rows suit is in `_SUITS`.
FAULTS: dict[str, Plant] = {
    "numeric_id": _number(lambda number, index: float(int(number[:17] + "0"))),
    "checksum": _number(_other_sign),
    "date": _number(lambda number, index: an_id(index, digits="19900230")),
    "future": _number(lambda number, index: an_id(index, digits="20870101")),
    "too_old": _number(lambda number, index: an_id(index, digits="18870101")),
    "region": _number(lambda number, index: an_id(index, area="200203")),
    "length": _number(lambda number, index: number[:17], 证件类型="身份证"),
    "old_number": _number(lambda number, index: number[:6] + number[8:17], 证件类型="身份证"),
    "characters": _number(lambda number, index: number[:8] + "O" + number[9:], 证件类型="身份证"),
    "kind": _number(lambda number, index: an_id(index, area="810000"), 证件类型="居民身份证"),
    "missing": _to(证件号码="", 证件类型="居民身份证"),
    "not_empty": _to(证件类型="暂无证件"),
    "format": _to(证件类型="护照", 证件号码="E1"),
    "kind_unknown": _to(证件类型="出生医学证明"),
    "kind_unclear": _to(证件类型="", 证件号码="ABCD"),
    "phone": _to(手机号="1381234"),
    "name_missing": _to(姓名=""),
    "name": _to(姓名="张3"),
    "relation": _to(与户主关系="老邻居"),
    "residence": _to(居住类型="常来常往"),
    "group": _to(重点人群="独居老人、爱唱歌"),
    "use": _to(房屋用途="堆东西"),
    "household": _to(户号="440203000123"),
    "birth_unreadable": _to(出生日期="八五年春"),
    "birth_date": _to(出生日期="1901-01-02"),
    "sex_unknown": _to(性别="不男不女"),
    "twice": _same_as_before,
    "two_heads": _to(与户主关系="户主"),
    "use_conflict": _to(房屋用途="空置"),
    "empty_with_people": _to(房屋用途="空置"),
    "building_missing": _to(楼栋编码="", 楼栋名称=""),
    "building_unknown": _to(楼栋编码="", 楼栋名称="99 栋"),
    "building_ambiguous": _to(楼栋编码="", 楼栋名称="1 栋", 小区=""),
    "door_missing": _to(房号=""),
    "floor_missing": _to(房号="后门"),
    "floor": _to(楼层="半层"),
    "floor_high": _to(楼层="45"),
    "staircase": _to(单元="东边第五个门"),
    "staircase_high": _to(单元="9单元"),
}
_SUITS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "empty_with_people": lambda row: row["_size"] == 1,
    "use_conflict": lambda row: row["_member"] == 1 and row["_size"] > 1,
    "two_heads": lambda row: row["_member"] == 1 and row["_size"] > 1,
}
#: Code → how a row of 楼栋 is spoilt; every one is a row of its own, on which nobody lives.
BUILDING_FAULTS: dict[str, dict[str, Any]] = {
    "code_missing": {"楼栋编码": ""},
    "code": {"楼栋编码": "花城一栋"},
    "grid_missing": {"网格编号": ""},
    "grid_unknown": {"网格编号": "没有的网格"},
    "building_kind": {"楼栋类型": "圆的"},
    "floors": {"层数": "很多"},
    "staircases": {"单元数": "三四个"},
    "lift": {"电梯": "坏了"},
    "compound_kind": {"小区类型": "花园"},
    "property_unknown": {"物业公司": "没有登记的物业公司"},
}


def with_faults(community: Community, people: int, faults: int) -> Sheets:
    """The same sheet with so many faults, one in a row, all kinds in turn, spread over the whole sheet."""
    sheets = clean(community, people)
    for number, (code, cells) in enumerate(BUILDING_FAULTS.items()):
        sheets.buildings.append(_building(community, 1_001 + number) | cells)
        sheets.planted.add(("楼栋", len(sheets.buildings) + 1, code))
    wanted = faults - len(BUILDING_FAULTS)
    kinds, step, index = list(FAULTS), people // (wanted + 1), 25
    for number in range(wanted):
        code = kinds[number % len(kinds)]
        index = max(index + 1, 25 + number * step)
        while not _is_free(sheets, index, code):
            index += 1
        FAULTS[code](sheets.people[index], sheets, index)
        sheets.people[index]["_planted"] = code
        sheets.planted.add(("居民", index + 2, code))
    return sheets


def _is_free(sheets: Sheets, index: int, code: str) -> bool:
    """A suitable row whose neighbours in the dwelling are as they should be."""
    row = sheets.people[index]
    near = sheets.people[index - 21 : index + 6]
    return _SUITS.get(code, lambda row: True)(row) and not any("_planted" in each for each in near)


# The community around them


def groups() -> None:
    for name in GROUPS:
        SpecialGroup.objects.get_or_create(name=name, defaults={"purpose": "上门探访"})
