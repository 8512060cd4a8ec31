"""What can be wrong with a row: every kind once, with what people call it and what to do about it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ground.fields import masked_phone, surname_only
from ground.identity import masked_number, normal_number
from ground.personal import NUMBERS


class Kind(NamedTuple):
    """`sentence` is "" where `grids.particulars` says it."""

    label: str
    sentence: str = ""


#: Code → kind. Those without a sentence come from `particulars.examined`.
KINDS: Final[dict[str, Kind]] = {
    # The document
    "numeric_id": Kind(
        "证件号码被 Excel 改坏",
        "这一格是数字格式，Excel 已丢掉末几位：请把整列设为“文本”，再对照证件重新录入。",
    ),
    "checksum": Kind("校验位不对"),
    "date": Kind("证件里的日期不存在"),
    "future": Kind("证件里的日期还没有到"),
    "too_old": Kind("证件里的日期太早"),
    "region": Kind("证件里的地区代码不对"),
    "length": Kind("证件号码位数不对"),
    "old_number": Kind("15 位旧号码"),
    "characters": Kind("证件号码里有别的字符"),
    "kind": Kind("证件类型和号码不符"),
    "not_empty": Kind("没有证件却有号码"),
    "missing": Kind("没有证件号码"),
    "format": Kind("证件号码格式不对"),
    "kind_unknown": Kind(
        "证件类型认不出", "请写居民身份证、港澳台居民居住证、回乡证、台胞证、永久居留身份证、护照或暂无证件。"
    ),
    "kind_unclear": Kind("看不出是什么证件", "请在“证件类型”列写明是什么证件，并对照证件核对号码。"),
    # The person
    "name_missing": Kind("没有姓名"),
    "name": Kind("姓名不像姓名"),
    "phone": Kind("电话不对"),
    "relation": Kind("与户主关系认不出", "请写户主、配偶、子女、父母、孙辈、租户等，见模板的下拉列表。"),
    "residence": Kind("居住类型认不出", "请写户籍常住、常住非户籍、流动人口、户在人不在或境外人员。"),
    "group": Kind("重点人群不在目录里", "请从模板的“重点人群”里选，几项之间用顿号；目录由系统管理员维护。"),
    "birth_unreadable": Kind("出生日期认不出", "请写成 1985-03-02；有身份证时可以不填。"),
    "birth_date": Kind("出生日期和证件不一致"),
    "birth_future": Kind("出生日期在今天之后"),
    "birth_too_old": Kind("出生日期太早"),
    "sex_unknown": Kind("性别认不出", "请写男或女；有身份证时可以不填。"),
    "sex": Kind("性别和证件不一致"),
    "twice": Kind("同一人写了两次", "同一人在第 {row} 行已经有了（{sheet}），请只留一行。"),
    "two_heads": Kind(
        "一户两个户主", "第 {row} 行已有这一户的户主（{sheet}）；是两户请填户号，不是请改关系。"
    ),
    "head_stands": Kind(
        "在册户主不在表里",
        "这一户在册的户主不在表里：请补上他，或确认时选“表里没有的人记为迁出”，或先在台账改关系。",
    ),
    # The dwelling
    "building_missing": Kind("没有楼栋", "请填楼栋编码，或者楼栋名称。"),
    "building_unknown": Kind("没有这栋楼", "本社区没有这栋楼：请核对写法，或先在“楼栋”表里加上它。"),
    "building_ambiguous": Kind("有几栋同名的楼", "本社区有几栋楼叫这个名字，请填楼栋编码，或加上小区。"),
    "building_bad": Kind("这栋楼的那一行要改", "“{sheet}”第 {row} 行的这栋楼有问题，改好后再导入。"),
    "door_missing": Kind("没有房号", "请填房号，如 302；整栋一户的写 1。"),
    "door": Kind("房号不对", "房号最多 8 个字；如果 Excel 把它变成了日期，请把整列设为“文本”后重填。"),
    "staircase": Kind("单元不对", "单元写 1、2 或 A、B，最多 4 个字；没有单元的空着。"),
    "floor_missing": Kind("看不出楼层", "从房号看不出楼层，请加一列“楼层”填写，地下一层写 -1。"),
    "floor": Kind("楼层不对", "楼层写数字，如 3；地下一层写 -1，没有 0 层。"),
    "floor_high": Kind("楼层高过这栋楼"),
    "staircase_high": Kind("单元多过这栋楼"),
    "household": Kind("户号不对", "户号写 1、2、3…，是同一套房屋里的第几户；户口簿的号码请不要填在这一列。"),
    "use": Kind("房屋用途认不出", "请写自住、出租或空置。"),
    "use_conflict": Kind("同一套房屋两种用途", "第 {row} 行（{sheet}）写的用途不一样，请改成一样。"),
    "empty_with_people": Kind("空置房里有人", "这套房屋写着空置，表里却有人住，请改用途或去掉人。"),
    "lived_in": Kind(
        "空置房里有人在册",
        "这套房屋还有人在册：请改用途，或确认时选“表里没有的人记为迁出”，或先办理搬动。",
    ),
    # The building
    "code_missing": Kind("没有楼栋编码", "请填楼栋编码，全市不能重复，建议用标准地址编码。"),
    "code": Kind("楼栋编码不对", "楼栋编码用字母、数字和短横，最多 24 位。"),
    "code_taken": Kind("楼栋编码不能用", "这个编码不能用，请核对后换一个。"),
    "building_name": Kind("没有楼栋名称", "请填楼栋名称，最多 60 个字。"),
    "building_twice": Kind("同一栋楼写了两次", "第 {row} 行已有这个编码（{sheet}），请只留一行。"),
    "grid_missing": Kind("没有网格", "新的楼栋要填网格编号或网格名称。"),
    "grid_unknown": Kind("没有这个网格", "本社区没有这个网格，请核对写法，或先建网格。"),
    "grid_ambiguous": Kind("有几个同名的网格", "本社区有几个网格叫这个名字，请填网格编号。"),
    "compound_name": Kind("小区名称太长", "小区名称最多 60 个字。"),
    "compound_conflict": Kind("同一小区写法不一", "第 {row} 行（{sheet}）给这个小区写的不一样，请改成一样。"),
    "compound_kind": Kind(
        "小区类型认不出", "请写商品房小区、单位宿舍、老旧小区、安置保障房、自建房片区或其他。"
    ),
    "compound_missing": Kind("没有小区", "填了小区类型，也要填小区名称。"),
    "building_kind": Kind("楼栋类型认不出", "请写住宅、商住、商业办公、公共设施或自建房。"),
    "floors": Kind("层数不对", "层数写 1 到 200 的数字。"),
    "staircases": Kind("单元数不对", "单元数写 0 到 99 的数字。"),
    "lift": Kind("电梯认不出", "电梯写有或无。"),
    "property_unknown": Kind("没有这家物业公司", "单位库里没有这家物业公司：请核对全称，或先登记单位。"),
}
#: Faults that go away when vanished people are retired.
UNLESS_RETIRED: Final = frozenset({"head_stands", "lived_in"})


class Fault(NamedTuple):
    """One fault of one row. `value` is masked."""

    sheet: str
    row: int
    column: str
    code: str
    value: str
    sentence: str


def label_of(code: str) -> str:
    """What people call the kind of fault; "" for other codes."""
    kind = KINDS.get(code)
    return kind.label if kind else ""


def sentence_of(code: str, **places: object) -> str:
    return KINDS[code].sentence.format(**places)


# What may be shown of a value

LONGEST_SHOWN = 40


def masked(field: str, text: str) -> str:
    """What a finding shows of a cell: places as they are written, of people the masks of the screens."""
    if not text:
        return ""
    return _MASKS.get(field, _place)(text)[:LONGEST_SHOWN]


def _number(text: str) -> str:
    return masked_number(normal_number(text))


def _date(text: str) -> str:
    """A year says where to look, a birthday belongs to somebody."""
    found = re.search(r"(?:19|20)\d\d", text)
    return f"{found[0]}…" if found else _number(text)


def _place(text: str) -> str:
    """Codes, doors and building names have digits; a word without any may be a name in the wrong column."""
    digits = sum(sign.isdigit() for sign in text)
    if not digits:
        return surname_only(text)
    return _number(text) if NUMBERS.search(text) else text


_MASKS: Final = {
    "name": surname_only,
    "number": _number,
    "phone": masked_phone,
    "birth": _date,
    "relation": surname_only,
    "residence": surname_only,
    "groups": surname_only,
    "kind": surname_only,
    "sex": surname_only,
}
