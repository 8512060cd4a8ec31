"""The workbook to fill in: 楼栋 and 居民 with drop-downs of this community, a sample row, and what to mind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grids.importing.columns import BUILDINGS, PEOPLE, Field
from grids.models import Building, Compound, Dwelling, Grid, Resident, SpecialGroup
from ground.identity import DocumentKind, Sex
from ground.sheets import BookWriter, Column
from organizations.models import Organization

#: Long numbers and codes, which Excel would damage otherwise.
_AS_TEXT: Final = frozenset(
    {"building_code", "staircase", "floor", "door", "household", "number", "phone", "birth", "grid_code"}
)
_REQUIRED: Final = {
    "people": frozenset({"door"}),
    "buildings": frozenset({"building_code", "building_name"}),
}
_WIDE: Final = {
    "building_code": 26,
    "building_name": 20,
    "number": 24,
    "phone": 16,
    "kind": 22,
    "groups": 20,
    "compound": 18,
}
#: New buildings stand in the sheet 楼栋 only, and somebody may belong to several groups.
_TAKES_OTHERS: Final = frozenset({"building_code", "building_name", "compound", "groups"})
#: Bears （示例） in its name, so it is never loaded; its number is none.
SAMPLE_PERSON: Final = {
    "building_name": "1 栋",
    "compound": "花城小区",
    "staircase": "1",
    "floor": "3",
    "door": "302",
    "use": Dwelling.Use.OWN.label,
    "household": "1",
    "name": "张三（示例）",
    "kind": DocumentKind.RESIDENT_ID.label,
    "number": "44020319900101000X",
    "phone": "13800000000",
    "relation": Resident.Relation.HEAD.label,
    "residence": Resident.Residence.REGISTERED.label,
}
SAMPLE_BUILDING: Final = {
    "building_code": "440203000000-1-1",
    "building_name": "1 栋（示例）",
    "compound": "花城小区",
    "compound_kind": Compound.Kind.COMMERCIAL.label,
    "building_kind": Building.Kind.RESIDENTIAL.label,
    "floors": "18",
    "staircases": "2",
    "lift": "有",
}
LINES: Final[Sequence[Sequence[str] | str]] = (
    "怎么填",
    "一行一个人；没有人住的房屋也填一行，只填楼栋、房号和房屋用途“空置”。",
    "带 * 的列必填，楼栋编码和楼栋名称填一样即可。",
    "示例行（姓名或楼栋名称带“（示例）”）不会导入，可以留着。",
    "证件号码、手机号的列已设为文本：从别处粘贴时请选“只粘贴值”，否则 Excel 会把 18 位号码改坏。",
    "有身份证的，出生日期和性别不用填。空着的格不会清掉台账里已有的内容。",
    "新的楼栋先填在“楼栋”表里，要写网格；台账里已有的楼栋不用再填。",
    "导入分两步：先预检，告诉你每一行要改什么、会新增和变动多少人；确认以后才写入。",
    "只填工作需要的内容，不要加宗教信仰、收入等列；多出来的列不会被读取。",
)


def template(community: Organization) -> bytes:
    """An .xlsx for this community: its buildings, grids and the groups that may be chosen. Five queries."""
    buildings = Building.objects.filter(community=community).order_by("code")
    grids = Grid.objects.filter(community=community).order_by("code")
    compounds = list(Compound.objects.filter(community=community).values_list("name", flat=True))
    choices = {
        "building_code": list(buildings.values_list("code", flat=True)),
        "building_name": list(dict.fromkeys(buildings.values_list("name", flat=True))),
        "compound": compounds,
        "use": Dwelling.Use.labels,
        "kind": DocumentKind.labels,
        "relation": Resident.Relation.labels,
        "residence": Resident.Residence.labels,
        "groups": list(SpecialGroup.objects.filter(is_open=True).values_list("name", flat=True)),
        "sex": Sex.labels,
    }
    of_buildings = {
        "grid_code": list(grids.values_list("code", flat=True)),
        "grid_name": list(dict.fromkeys(grids.values_list("name", flat=True))),
        "compound_kind": Compound.Kind.labels,
        "building_kind": Building.Kind.labels,
        "lift": ["有", "无"],
    }
    with BookWriter() as book:
        book.template("居民", _columns(PEOPLE, "people", choices, SAMPLE_PERSON))
        book.template("楼栋", _columns(BUILDINGS, "buildings", of_buildings, SAMPLE_BUILDING))
        book.explanation("说明", LINES)
    return book.content()


def _columns(
    fields: Sequence[Field], kind: str, choices: dict[str, list[str]], sample: dict[str, str]
) -> list[Column]:
    return [
        Column(
            title=field.label,
            width=_WIDE.get(field.name, 12),
            as_text=field.name in _AS_TEXT,
            required=field.name in _REQUIRED[kind],
            choices=choices.get(field.name, []),
            takes_others=field.name in _TAKES_OTHERS,
            example=sample.get(field.name, ""),
            hint=field.hint,
        )
        for field in fields
    ]
