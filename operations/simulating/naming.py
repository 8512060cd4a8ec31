"""Names and codes of the first three tiers: out of the official lists, or invented where none is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from ground.errors import RuleViolation
from operations.simulating.presets import PRESETS, Preset
from organizations import divisions
from organizations.divisions import Division

FIRST, SECOND = "青云石龙金凤白长东南西北平安新丰永乐和兴", "岭溪桥湖塘坪洲江滩河泉港园田坑井岗湾墟围"
DISTRICT, STREET, COMMUNITY = 6, 9, 12
#: Under which no division of the country lies: what is invented is nobody's.
NOWHERE = "99"


def read(files: Iterable[Path]) -> list[Division]:
    """The rows of official lists. Raises divisions.BadFile, OSError."""
    rows = [row for file in files for row in divisions.read(file.read_bytes())]
    divisions.check(rows)
    return rows


def rows_of(preset: Preset, listed: list[Division]) -> list[Division]:
    """As many districts, streets and communities as the place has, parents first. Out of the list if there is one
    (those with a residents' committee come first, villages fill up), else invented.

    Raises RuleViolation where the list holds fewer.
    """
    if not listed:
        return list(_invented(preset))
    of_place = [row for row in listed if row.code.startswith(preset.region) or _above(row, preset)]
    districts = sorted(row.code for row in of_place if len(row.code) == DISTRICT)[: preset.districts]
    streets = _streets(preset, [row for row in of_place if row.code[:DISTRICT] in districts])
    communities = _communities(preset, [row for row in of_place if row.code[:STREET] in streets])
    found = {*districts, *streets, *communities}
    _refuse_too_few(preset, districts, communities)
    return sorted((row for row in of_place if row.code in found), key=lambda row: (len(row.code), row.code))


def _above(row: Division, preset: Preset) -> bool:
    return preset.region.startswith(row.code)


def _streets(preset: Preset, rows: list[Division]) -> set[str]:
    """The streets with the most residents' committees of each district, district by district in turn."""
    committees: dict[str, int] = {}
    for row in rows:
        if len(row.code) == COMMUNITY:
            committees[row.code[:STREET]] = committees.get(row.code[:STREET], 0) + (not _is_village(row))
    by_district: dict[str, int] = {}
    ranked = []
    for code in sorted(committees, key=lambda code: (-committees[code], code)):
        by_district[code[:DISTRICT]] = by_district.get(code[:DISTRICT], 0) + 1
        ranked.append((by_district[code[:DISTRICT]], code))
    return {code for _, code in sorted(ranked)[: preset.streets]}


def _communities(preset: Preset, rows: list[Division]) -> list[str]:
    """One in every street first, then residents' committees, then villages."""
    ranked, in_street = [], dict.fromkeys((row.code[:STREET] for row in rows), 0)
    of_streets = [row for row in rows if len(row.code) == COMMUNITY]
    for row in sorted(of_streets, key=lambda row: (_is_village(row), row.code)):
        rank = in_street[row.code[:STREET]] = in_street[row.code[:STREET]] + 1
        ranked.append((rank > 1, _is_village(row), rank, row.code))
    return [code for *_, code in sorted(ranked)[: preset.communities]]


def _is_village(row: Division) -> bool:
    return row.name.endswith(("村委会", "村民委员会", "村委会会", "村"))


def _refuse_too_few(preset: Preset, districts: list[str], communities: list[str]) -> None:
    if len(districts) < preset.districts or len(communities) < preset.communities:
        raise RuleViolation(
            f"区划文件里{preset.label}只有 {len(districts)} 个区县、{len(communities)} 个社区，"
            f"需要 {preset.districts} 个和 {preset.communities} 个。请换一个文件或把规模调小。"
        )


# Invented


def _invented(preset: Preset) -> Iterator[Division]:
    """Streets in turn over the districts, communities over the streets: plain names, codes that nobody has."""
    head = f"{NOWHERE}{list(PRESETS).index(preset.name) + 1:02d}"
    names = [first + second for second, first in product(SECOND, FIRST)]
    districts = [f"{head}{number + 1:02d}" for number in range(preset.districts)]
    for code, name in zip(districts, names, strict=False):
        yield Division(0, code, f"{name}区", "")
    streets = _below(districts, preset.streets)
    for number, code in enumerate(streets):
        yield Division(0, code, f"{_name(names, number, 7)}街道办事处", code[:DISTRICT])
    for number, code in enumerate(_below(streets, preset.communities)):
        yield Division(0, code, f"{_name(names, number, 13)}社区居民委员会", code[:STREET])


def _below(parents: list[str], count: int) -> list[str]:
    """`count` codes of three more digits, in turn below the parents."""
    return [f"{parents[number % len(parents)]}{number // len(parents) + 1:03d}" for number in range(count)]


def _name(names: list[str], number: int, step: int) -> str:
    """Another walk through the same names, so that a street is not called like its district."""
    again, place = divmod(number, len(names))
    return names[(place * step + step) % len(names)] + (str(again + 1) if again else "")
