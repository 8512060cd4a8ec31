"""The official division lists (统计用区划代码) as the first three tiers of the tree.

A list is a table `code,name,parent_code`: 6 digits are a district, 9 a street or town, 12 a community or
village. The file is read and checked as a whole: one bad row, and nothing of it is loaded.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction

from organizations import tree
from organizations.models import Organization
from organizations.posts import Tier
from organizations.tree import Seed

TIERS = {6: Tier.DISTRICT, 9: Tier.STREET, 12: Tier.COMMUNITY}
HEADER = ["code", "name", "parent_code"]
#: What official names end in. Only used to recognise a file that was read in the wrong encoding.
USUAL_ENDINGS = tuple("区县市旗道处镇乡会场园村社")


class Division(NamedTuple):
    """One row of a list; `row` is its line in the file, the header being line 1."""

    row: int
    code: str
    name: str
    parent_code: str


class BadRow(NamedTuple):
    row: int
    sentence: str


class BadFile(Exception):
    """The file cannot be loaded: every bad row, with what to do about it (Chinese)."""

    def __init__(self, rows: Iterable[BadRow]) -> None:
        self.rows = sorted(rows)
        super().__init__(f"{len(self.rows)} 行有问题")


# Reading


def read(content: bytes) -> list[Division]:
    """The rows of a file in UTF-8 (with or without BOM) or GBK. Raises BadFile."""
    text = _decode(content)
    lines = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip().lower() for cell in next(lines, [])]
    if header != HEADER:
        raise BadFile([BadRow(1, f"第一行应为表头 {','.join(HEADER)}，请补上。")])
    found, bad = [], []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) == len(HEADER):
            found.append(Division(lines.line_num, *(cell.strip() for cell in cells)))
        else:
            bad.append(BadRow(lines.line_num, f"应有 3 列，实有 {len(cells)} 列，请检查逗号。"))
    if bad:
        raise BadFile(bad)
    return found


def _decode(content: bytes) -> str:
    if b"\0" in content:
        raise BadFile(
            [BadRow(1, "文件编码不是 UTF-8 或 GBK（可能是 UTF-16 或表格文件），请另存为 UTF-8 的 CSV。")]
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_gbk(content)


def _decode_gbk(content: bytes) -> str:
    """Line by line, so that a line in another encoding is named. GB18030 holds GBK and the rarer names."""
    lines, bad, garbled = [], [], []
    for row, raw in enumerate(content.splitlines(keepends=True), start=1):
        try:
            line = raw.decode("gb18030")
        except UnicodeDecodeError:
            bad.append(BadRow(row, "这一行既不是 UTF-8 也不是 GBK，请把整个文件另存为 UTF-8。"))
            continue
        lines.append(line)
        if row > 1 and _is_garbled(line):
            garbled.append(BadRow(row, "这一行读出来是乱码，请把整个文件另存为 UTF-8。"))
            if _is_utf8(raw):
                bad.append(garbled[-1])
    if bad or len(garbled) > len(lines) // 2:
        raise BadFile({*bad, *garbled})
    return "".join(lines)


def _is_garbled(line: str) -> bool:
    """No name of a place ends like this: bytes of another encoding that happen to be GBK."""
    cells = line.strip().split(",")
    return (
        len(cells) == len(HEADER) and not cells[1].isascii() and not cells[1].strip().endswith(USUAL_ENDINGS)
    )


def _is_utf8(raw: bytes) -> bool:
    try:
        return not raw.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


# Checking


def check(divisions: list[Division], known: Callable[[str], bool] = lambda code: False) -> None:
    """Refuse wrong codes, duplicates and orphans, all of them at once. `known`: is the code in the tree?"""
    lines: dict[str, int] = {}
    bad = []
    for division in divisions:
        if sentence := _fault(division, lines):
            bad.append(BadRow(division.row, sentence))
        lines.setdefault(division.code, division.row)
    for division in divisions:
        code, parent = division.code, division.parent_code
        if len(code) > 6 and parent and parent not in lines and not known(parent):
            bad.append(BadRow(division.row, f"上级代码 {parent} 不在文件里，也不在系统里，请补上那一行。"))
    if bad:
        raise BadFile(bad)


def _fault(division: Division, lines: dict[str, int]) -> str:
    code, parent = division.code, division.parent_code
    if not (code.isascii() and code.isdigit()):
        return f"代码“{code}”应全是数字，请更正。"
    if len(code) not in TIERS:
        return f"代码 {code} 是 {len(code)} 位，应为 6、9 或 12 位，请更正。"
    if not division.name:
        return f"代码 {code} 没有名称，请补上。"
    if code in lines:
        return f"代码 {code} 与第 {lines[code]} 行重复，请删去一行。"
    if len(code) == 6:
        return f"区县 {code} 的上级代码应为空，请清空。" if parent else ""
    if not parent:
        return f"代码 {code} 没有上级代码，请补上。"
    if len(parent) >= len(code) or not code.startswith(parent):
        return f"代码 {code} 不在上级代码 {parent} 之下，请更正。"
    return ""


# Naming


class Names(NamedTuple):
    name: str
    short_name: str


_COMMUNITY = re.compile(r"^(.+?)(居民区)?(社区)?(居民居委会|居民委员会|居委会会|居委会|委员会|社区)$")
_VILLAGE = re.compile(r"^(.+?)村?(村民委员会|村委会会|村委会|村)$")
LONGEST, LONGEST_SHORT = 60, 40


def names_of(code: str, official: str) -> Names:
    """The Party organization of a division and what people call the place.

    Streets have a 党工委, towns and townships a 党委, as they are named in fact; what ends in no known way
    gets 党组织 appended, never a refusal.
    """
    naming = {6: _district, 9: _street, 12: _community}[len(code)]
    name, short = naming(official)
    return Names(_fitted(name, LONGEST), short[:LONGEST_SHORT])


def _district(official: str) -> tuple[str, str]:
    return (official + "委" if official[-1] in "区县市旗" else official + "党组织"), official


def _street(official: str) -> tuple[str, str]:
    short = official.removesuffix("办事处")
    if short.endswith("街道"):
        return short + "党工委", short
    short = official.removesuffix("人民政府")
    return (short + "党委" if short.endswith(("镇", "乡")) else short + "党组织"), short


def _community(official: str) -> tuple[str, str]:
    if match := _VILLAGE.match(official):
        short = match[1] if match[1].endswith("社区") else match[1] + "村"
        return short + "党组织", short
    if match := _COMMUNITY.match(official):
        place = re.sub("村村$", "村", match[1])
        return place + "社区党委", place + "社区"
    return official + "党组织", official


def _fitted(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 3] + "党组织"


# Loading


@dataclass
class Plan:
    """What loading a list would do to the tree. Codes in the tree stay where they are; nothing is closed."""

    new: list[Division] = field(default_factory=list)
    renamed: list[Division] = field(default_factory=list)
    unchanged: int = 0
    #: In the tree under another parent than in the file: left there, somebody moved them on purpose.
    elsewhere: int = 0


def of_district(divisions: list[Division], code: str) -> list[Division]:
    """The rows of one district. Raises BadFile when the file does not have it."""
    if not any(division.code == code for division in divisions):
        raise BadFile([BadRow(1, f"文件里没有区县 {code}，请检查 --district。")])
    return [division for division in divisions if division.code.startswith(code)]


def plan(divisions: list[Division]) -> Plan:
    """Compare a checked list with the tree. One query."""
    present = nodes_by_code()
    found = Plan()
    for division in divisions:
        node = present.get(division.code)
        if node is None:
            found.new.append(division)
            continue
        renamed = bool(node.official_name) and node.official_name != division.name
        if renamed:
            found.renamed.append(division)
        else:
            found.unchanged += 1
        parent = present.get(division.parent_code)
        found.elsewhere += node.parent_id != (parent.pk if parent else None)
    return found


def load(divisions: list[Division], *, advance: Callable[[int], None] = lambda rows: None) -> Plan:
    """Bring a checked list into the tree, all or nothing; `advance(rows)` is told after every district.

    A name that was changed here by hand stays; one that follows the official name changes with it.
    """
    with transaction.atomic():
        tree.lock_tree(*Organization.objects.filter(parent=None).values_list("tree_id", flat=True))
        todo = plan(divisions)
        present = nodes_by_code()
        for division in todo.renamed:
            _rename(present[division.code], division)
        by_district: dict[str, list[Division]] = {}
        for division in todo.new:
            by_district.setdefault(division.code[:6], []).append(division)
        advance(len(divisions) - len(todo.new))
        for rows in by_district.values():
            tree.plant_many(_seeds(rows, present))
            advance(len(rows))
        _adopt(divisions, present)
    return todo


def nodes_by_code() -> dict[str, Organization]:
    return {node.code: node for node in Organization.objects.exclude(code="").order_by()}


def _rename(node: Organization, division: Division) -> None:
    followed = node.name == names_of(node.code, node.official_name).name
    Organization.objects.filter(pk=node.pk).update(official_name=division.name)
    if followed:
        names = names_of(division.code, division.name)
        tree.rename(node, name=names.name, short_name=names.short_name, may_repeat=True, by=None)


def _adopt(divisions: list[Division], present: dict[str, Organization]) -> None:
    """Nodes that were planted by hand with a code learn their official name, and keep their own."""
    nameless = [each for each in divisions if each.code in present and not present[each.code].official_name]
    for division in nameless:
        Organization.objects.filter(code=division.code).update(official_name=division.name)


def _seeds(rows: list[Division], present: dict[str, Organization]) -> list[Seed]:
    """Seeds in the order of the codes, so that parents come before their children."""
    seeds: dict[str, Seed] = {}
    for division in sorted(rows, key=lambda each: (len(each.code), each.code)):
        name, short_name = names_of(division.code, division.name)
        parent = seeds.get(division.parent_code) or present.get(division.parent_code)
        seeds[division.code] = Seed(
            tier=TIERS[len(division.code)],
            name=name,
            short_name=short_name,
            code=division.code,
            official_name=division.name,
            parent=parent,
        )
    return list(seeds.values())
