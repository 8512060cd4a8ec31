"""导出: a list of residents as a workbook, with a power, a reason and a line in the access log (RULES 5).

Masked unless whole numbers are asked for; made in memory, so that nothing stays behind on a disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from grids.models import Resident
from grids.powers import can_export
from ground.errors import NoPower, RuleViolation
from ground.sheets import BookWriter, Cell, Column
from organizations.access import record_export
from organizations.models import Organization

#: More than that is narrowed first: a file of a whole community that large is nobody's daily work.
MOST_ROWS = 20_000
_CHUNK = 1_000

COLUMNS = (
    Column("姓名", 12),
    Column("性别", 6),
    Column("年龄", 6),
    Column("证件类型", 16),
    Column("证件号码", 22, as_text=True),
    Column("手机号", 16, as_text=True),
    Column("网格", 14),
    Column("楼栋", 20),
    Column("单元房号", 14, as_text=True),
    Column("户号", 6),
    Column("与户主关系", 12),
    Column("居住类型", 12),
    Column("重点人群", 20),
    Column("关爱等级", 10),
)


def export(
    rows: QuerySet[Resident], *, by: Any, community: Organization, reason: str, whole: bool = False
) -> bytes:
    """An .xlsx of those `rows` that belong to `community`; `whole` shows numbers unmasked.

    Raises NoPower; RuleViolation for a missing reason, too many rows, none at all, or the limit of the day.
    """
    if not can_export(by, community):
        raise NoPower()
    rows = rows.filter(community=community)
    count = rows.count()
    if not count:
        raise RuleViolation("没有可导出的人，请换一个筛选条件。")
    if count > MOST_ROWS:
        raise RuleViolation(f"一次最多导出 {MOST_ROWS} 人，现在有 {count} 人，请先按网格筛选。")
    what = f"{community.short_name[:40]}居民台账{'（完整号码）' if whole else ''}"
    record_export(by=by, organization=community, what=what, rows=count, reason=reason)
    with BookWriter() as book:
        book.table("居民", COLUMNS, _lines(rows, whole))
    return book.content()


def _lines(rows: QuerySet[Resident], whole: bool) -> Iterator[list[Cell]]:
    people = (
        rows.select_related("household__dwelling__building", "grid")
        .defer("grid__boundary")
        .prefetch_related("groups")
        .order_by("household__dwelling__code", "household__number", "id")
    )[:MOST_ROWS]
    for resident in people.iterator(chunk_size=_CHUNK):
        yield _line(resident, whole)


def _line(resident: Resident, whole: bool) -> list[Cell]:
    """No birth date: beside a masked number it would give the number away."""
    household = resident.household
    dwelling = household.dwelling if household else None
    return [
        resident.name,
        resident.get_sex_display(),
        resident.age(),
        resident.get_document_kind_display(),
        resident.document_number if whole else resident.masked_document,
        resident.phone if whole else resident.masked_phone,
        resident.grid.name if resident.grid else "",
        dwelling.building.name if dwelling else "",
        dwelling.short if dwelling else "",
        household.number if household else None,
        resident.get_relation_display(),
        resident.get_residence_display(),
        "、".join(group.name for group in resident.groups.all()),
        household.get_care_level_display() if household else "",
    ]
