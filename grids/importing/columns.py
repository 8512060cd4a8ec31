"""The two kinds of sheets as data: which columns they have, what people call them, and what they write in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices

from grids.models import Building, Compound, Dwelling, Resident
from ground.identity import Sex


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `label` is its title in the template; `aliases` are titles that mean the same (spaces apart)."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    hint: str = ""


def _field(name: str, label: str, aliases: str = "", hint: str = "") -> Field:
    return Field(name, label, tuple(aliases.split()), hint)


#: Stands in a mapping for a field that the sheet does not have, whatever its titles look like.
NOT_THERE: Final = "-"

_COMPOUND = _field("compound", "小区", "小区名称 所属小区 住宅小区 小区名 所在小区")

PEOPLE: Final = (
    _field(
        "building_code",
        "楼栋编码",
        "楼栋代码 楼栋编号 楼幢编码 楼宇编码 建筑物编码 楼栋标准地址编码",
        "编码或名称填一样即可。",
    ),
    _field(
        "building_name",
        "楼栋名称",
        "楼栋 楼栋号 楼名 楼号 楼幢 楼幢号 栋号 幢号 栋 幢 座 座号 楼宇 楼宇名称 所属楼栋",
    ),
    _COMPOUND,
    _field("staircase", "单元", "单元号 单元名称 梯 梯号 单元楼", "没有单元的空着。"),
    _field("floor", "楼层", "层 所在楼层 楼层号", "房号是 302、1203 这样的可以不填。"),
    _field("door", "房号", "房间号 房间 门牌号 门牌 室 室号 房屋号 户室号 房屋 房号名称 门号", "如 302。"),
    _field("use", "房屋用途", "用途 房屋使用情况 房屋状态 房屋性质 房屋现状 房屋使用状态 住房性质"),
    _field("household", "户号", "户序号 第几户 户别序号", "同一套房屋住了几户时写 1、2、3…。"),
    _field("name", "姓名", "居民姓名 人员姓名 住户姓名 成员姓名 名字 姓名全称"),
    _field("kind", "证件类型", "证件种类 证件类别 证件名称", "不填就按号码判断。"),
    _field(
        "number",
        "证件号码",
        "证件号 身份证号 身份证号码 身份证 公民身份号码 公民身份证号码 公民身份证号 居民身份证号 居民身份证号码"
        " 身份证件号码 有效证件号码",
        "整列设为文本。",
    ),
    _field("phone", "手机号", "手机 手机号码 联系电话 电话 联系方式 电话号码 移动电话 本人电话 联系号码"),
    _field("relation", "与户主关系", "关系 与户主的关系 家庭关系 同户主关系 和户主关系 户主关系 与户主"),
    _field(
        "residence",
        "居住类型",
        "人员类别 人口类型 人员类型 居住性质 户籍类型 人口类别 人口性质 人口属性 居住类别",
    ),
    _field(
        "groups", "重点人群", "特殊人群 人群类别 人群标签 重点人员 重点人群类别 特殊群体", "几项之间用顿号。"
    ),
    _field("birth", "出生日期", "出生年月 生日 出生年月日 出生时间", "有身份证时不用填。"),
    _field("sex", "性别", "", "有身份证时不用填。"),
)
BUILDINGS: Final = (
    _field(
        "building_code",
        "楼栋编码",
        "楼栋代码 楼栋编号 楼幢编码 楼宇编码 建筑物编码 楼栋标准地址编码",
        "全市不能重复。",
    ),
    _field("building_name", "楼栋名称", "楼栋 楼栋号 楼名 楼号 楼幢 楼幢号 栋号 幢号 楼宇 楼宇名称 名称"),
    _COMPOUND,
    _field("compound_kind", "小区类型", "小区类别 小区性质"),
    _field("grid_code", "网格编号", "网格编码 网格代码 网格号", "编号或名称填一样即可。"),
    _field("grid_name", "网格名称", "网格 所属网格 所在网格"),
    _field("building_kind", "楼栋类型", "类型 建筑类型 楼栋性质 房屋类型 楼宇类型 楼栋类别"),
    _field("floors", "层数", "楼层数 总层数 总楼层 楼层总数 地上层数"),
    _field("staircases", "单元数", "单元总数 单元数量 梯数 总单元数"),
    _field("lift", "电梯", "是否有电梯 有无电梯 有没有电梯 电梯情况"),
    _field(
        "property", "物业公司", "物业 物业服务企业 物业单位 物业服务公司 物业管理公司 物业名称 物业公司名称"
    ),
)
#: Without one of these a row says nothing about a person.
PERSONAL: Final = ("name", "number", "phone", "relation", "birth", "sex", "groups", "kind")


def known_titles(fields: tuple[Field, ...]) -> dict[str, str]:
    """Alias → field, as `ground.sheets.find_header` takes it."""
    return {title: field.name for field in fields for title in (field.label, *field.aliases)}


LABELS: Final[Mapping[str, str]] = {field.name: field.label for field in (*BUILDINGS, *PEOPLE)}


# What people write in the cells


def plain_word(text: str) -> str:
    return re.sub(r"[\s*()\[\]【】.。,、/·:;-]", "", unicodedata.normalize("NFKC", text)).casefold()


def _words(choices: type[TextChoices], others: dict[str, str]) -> dict[str, str]:
    """Plain word → stored value: labels and values, and what else people write."""
    known = {plain_word(word): choice.value for choice in choices for word in (choice.label, choice.value)}
    return known | {word: value for value, words in others.items() for word in words.split()}


_R = Resident.Relation
RELATIONS: Final = _words(
    _R,
    {
        _R.HEAD: "本人 户主本人 本户户主 户主或本人",
        _R.SPOUSE: "妻 妻子 丈夫 夫 夫妻 夫妇 爱人 老婆 老公 太太 配偶妻 配偶夫",
        _R.CHILD: "子 女 儿子 女儿 儿 长子 次子 二子 三子 四子 五子 长女 次女 二女 三女 四女 五女 独子 独女 独生子"
        " 独生女 孩子 小孩 养子 养女 继子 继女 大儿子 小儿子 大女儿 小女儿 子女",
        _R.CHILD_IN_LAW: "儿媳 儿媳妇 女婿 儿媳或女婿 长媳 次媳",
        _R.PARENT: "父 母 父亲 母亲 爸爸 妈妈 继父 继母 养父 养母 父或母",
        _R.PARENT_IN_LAW: "公公 婆婆 岳父 岳母 家公 家婆 公婆 岳父母 丈母娘 老丈人 岳父或岳母 公公或婆婆",
        _R.GRANDCHILD: "孙 孙子 孙女 外孙 外孙女 外孙子 孙子女 曾孙 曾孙女 长孙 孙子孙女 外孙子女 孙儿",
        _R.GRANDPARENT: "祖父 祖母 爷爷 奶奶 外公 外婆 外祖父 外祖母 姥姥 姥爷 祖父母 外祖父母",
        _R.SIBLING: "兄 弟 姐 妹 哥哥 弟弟 姐姐 妹妹 兄弟 姐妹 哥 兄妹 姐弟 兄弟姊妹",
        _R.RELATIVE: "亲属 亲戚 侄子 侄女 侄儿 外甥 外甥女 叔叔 伯伯 伯父 叔父 姑姑 姑妈 舅舅 舅父 姨妈 嫂子 嫂 弟媳"
        " 弟妇 姐夫 妹夫 孙媳 孙媳妇 孙女婿 侄 堂兄 堂弟 表兄 表弟 表姐 表妹 其他亲戚 旁系亲属",
        _R.TENANT: "租客 承租人 房客 租住 租赁 租户本人 承租户 租住人",
        _R.OTHER: "其它 非亲属 其他非亲属 保姆 同住人 朋友 同事 合租 雇工 护工 寄住 其他人员 无关系",
    },
)
_T = Resident.Residence
RESIDENCES: Final = _words(
    _T,
    {
        _T.REGISTERED: "户籍 户籍人口 本地 本地户籍 本地人 常住户籍 户籍常住人口 常住户口 人户一致 人户合一 人在户在"
        " 户在人在 本地人口 本区户籍",
        _T.PRESENT_ONLY: "非户籍 非户籍常住 非户籍人口 人在户不在 户不在人在 外地常住 常住外地 外地户籍 非本地户籍"
        " 常住非户籍人口",
        _T.FLOATING: "流动 外来 外来人口 外来人员 流动人员 暂住 暂住人口 寄住人口 外来流动人口 外来务工 租住人口",
        _T.AWAY: "空挂 空挂户 外出 人户分离 户在人外 户籍空挂 户在人不在人口",
        _T.OVERSEAS: "境外 境外人口 外籍 外国人 外籍人员 港澳台 港澳台人员 外国籍",
    },
)
_U = Dwelling.Use
USES: Final = _words(
    _U,
    {
        _U.OWN: "自有 自用 自住房 自有住房 业主自住 自有自住 自己住 业主居住",
        _U.LET: "租住 出租屋 出租房 租赁 租 已出租 租用 租赁房 整租 合租",
        _U.EMPTY: "空房 空 空置房 闲置 无人 无人居住 无人住 空屋 未入住 空关",
    },
)
SEXES: Final = _words(Sex, {Sex.MALE: "男性 男士", Sex.FEMALE: "女性 女士"})
_K = Building.Kind
BUILDING_KINDS: Final = _words(
    _K,
    {
        _K.RESIDENTIAL: "住宅楼 居民楼 商品房 住房 居住",
        _K.MIXED: "商住楼 商住两用 商住混合 综合楼",
        _K.COMMERCIAL: "写字楼 商业 办公 办公楼 商铺 商业楼 商务楼 商场",
        _K.PUBLIC: "公共 公共建筑 学校 医院 机关 公建",
        _K.SELF_BUILT: "自建 私房 民房 农民房 自建楼 私宅 村民自建房",
    },
)
_C = Compound.Kind
COMPOUND_KINDS: Final = _words(
    _C,
    {
        _C.COMMERCIAL: "商品房 商品住宅 住宅小区 商住小区 商品小区",
        _C.UNIT_HOUSING: "单位房 房改房 宿舍 单位大院 家属院 单位小区 单位房改房 家属区",
        _C.OLD: "老旧 老小区 旧小区",
        _C.RESETTLEMENT: "安置房 保障房 公租房 廉租房 经济适用房 安置小区 回迁房 安置房小区 保障性住房",
        _C.SELF_BUILT: "自建房 自建 城中村 私房 自建房小区",
        _C.OTHER: "其它",
    },
)
YES_NO: Final = {
    word: answer
    for answer, words in {
        True: "有 是 有电梯 y yes 1 已装 √ 已加装",
        False: "无 否 没有 无电梯 n no 0 未装 × 未加装",
    }.items()
    for word in words.split()
}
_GROUP_SIGNS = re.compile(r"[、,，;；/|+\n]+")
_NO_GROUP: Final = frozenset({"", "无", "否", "没有", "-", "—", "一般", "普通", "正常"})


def group_names(text: str) -> list[str]:
    """What stands between the commas; nothing for 无 and its like."""
    names = (name.strip() for name in _GROUP_SIGNS.split(text))
    return [name for name in names if name not in _NO_GROUP]
