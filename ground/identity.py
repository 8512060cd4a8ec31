"""Documents of people and their telephones: what a number may look like, and what is certain to be read from it.

Sources: GB 11643 (resident identity numbers, MOD 11-2), 港澳台居民居住证申领发放办法 (810000, 820000, 830000),
国家移民管理局 新版外国人永久居留身份证适配性改造要点 (2023: 9 + region 2 + country 3 + birth 8 + order 3 + check).
No sentence and no exception of this module repeats a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from django.db import models
from stdnum import numdb


class DocumentKind(models.TextChoices):
    """What a person shows; each kind has its own rule for the number."""

    RESIDENT_ID = "id", "居民身份证"
    HMT_RESIDENCE = "hmt_residence", "港澳台居民居住证"
    HK_MACAU_PERMIT = "hk_macau", "港澳居民来往内地通行证"
    TAIWAN_PERMIT = "taiwan", "台湾居民来往大陆通行证"
    FOREIGN_ID = "foreign_id", "外国人永久居留身份证"
    PASSPORT = "passport", "护照"
    NONE = "none", "暂无证件"


class Sex(models.TextChoices):
    """As documents write it; an empty text where the document does not tell."""

    MALE = "M", "男"
    FEMALE = "F", "女"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a checked document says: `number` normalised, `birth_date` None and `sex` "" where it tells neither."""

    kind: DocumentKind
    number: str
    birth_date: date | None = None
    sex: str = ""


#: Every code that BadDocument may carry.
FAULTS: Final = frozenset(
    {
        "missing",  # no number where the kind has one
        "not_empty",  # a number where there is no document
        "length",
        "old_number",  # 15 digits, in force until 2013
        "characters",
        "kind",  # the number of another kind of document
        "region",  # no administrative division, now or ever, has this code
        "date",  # no day of the calendar
        "too_old",  # born before 1900
        "future",  # born after today
        "checksum",
        "format",  # permits and passports: not the shape of such a number
    }
)


class BadDocument(ValueError):
    """A number that cannot be right. `code` is one of FAULTS, `sentence` says what to do (Chinese)."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


OLDEST_YEAR = 1900
HMT_REGIONS = frozenset({"810000", "820000", "830000"})
#: The library's list of codes ends with 2020; of divisions made later only the prefecture can be known.
LISTED_UNTIL = 2020

_SIGNS = dict.fromkeys(map(ord, " \t\r\n-'`‘’‐‑‒–—―−﹣_­"), None)
#: Signs that people and scanners take for the last sign of an identity number.
_SIGNS.update({ord(sign): "X" for sign in "xX×✕ХхΧχ"})
_INVISIBLE = re.compile(r"[\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def normal_number(text: str) -> str:
    """The number as it is kept: ASCII, upper case, no spaces, hyphens, quotes or invisible characters."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return text.translate(_SIGNS).upper()


def check(kind: DocumentKind | str, text: str, *, today: date) -> Facts:
    """Check what was typed as the number of a document and read birth date and sex where it holds them.

    `today` is the local day against which births in the future are refused. Raises BadDocument.
    """
    kind = DocumentKind(kind)
    number = normal_number(text)
    if kind is DocumentKind.NONE:
        if number:
            raise BadDocument("not_empty", "选了“暂无证件”就不要填证件号；有证件请改选证件类型。")
        return Facts(kind, "")
    if not number:
        raise BadDocument("missing", f"请填写{kind.label}号码；确实没有证件请选“暂无证件”。")
    return _CHECKS[kind](number, today)


# Eighteen digits


def _resident(number: str, today: date) -> Facts:
    if len(number) == 15 and number.isdigit():
        raise BadDocument("old_number", "15 位旧身份证号已停用，请按现用身份证录入 18 位号码。")
    _eighteen(number, "身份证号")
    if number[:6] in HMT_REGIONS:
        raise BadDocument("kind", "这是港澳台居民居住证的号码，请把证件类型改为“港澳台居民居住证”。")
    if number[0] == "9":
        raise BadDocument("kind", "这是外国人永久居留身份证的号码，请把证件类型改为“外国人永久居留身份证”。")
    _checksum(number, "身份证号")
    birth = _birth(number, today, "身份证号")
    if not _is_region(number[:6], birth.year):
        raise BadDocument("region", "身份证号前 6 位不是任何地区的代码，请对照证件重新录入。")
    return Facts(DocumentKind.RESIDENT_ID, number, birth, _sex(number))


def _hmt_residence(number: str, today: date) -> Facts:
    _eighteen(number, "居住证号")
    if number[:6] not in HMT_REGIONS:
        raise BadDocument(
            "region", "港澳台居民居住证号应以 810000、820000 或 830000 开头，请核对证件类型和号码。"
        )
    _checksum(number, "居住证号")
    return Facts(DocumentKind.HMT_RESIDENCE, number, _birth(number, today, "居住证号"), _sex(number))


def _foreign(number: str, today: date) -> Facts:
    """The sex is not read: the published rule does not say that the order number tells it."""
    if len(number) == 15:
        return _foreign_before_2023(number)
    _eighteen(number, "永久居留身份证号")
    if number[0] != "9":
        raise BadDocument("kind", "外国人永久居留身份证的 18 位号码以 9 开头，请核对证件类型和号码。")
    _checksum(number, "永久居留身份证号")
    return Facts(DocumentKind.FOREIGN_ID, number, _birth(number, today, "永久居留身份证号"))


def _foreign_before_2023(number: str) -> Facts:
    """Country 3 letters, region 4, birth YYMMDD, order 2. The century is not told, so no birth date is read."""
    if not re.fullmatch(r"[A-Z]{3}[0-9]{12}", number):
        raise BadDocument("format", "旧版永久居留身份证号是 3 个字母加 12 位数字，请对照证件重新录入。")
    try:  # 2000 is a leap year, so that no 29 February is refused for want of the century
        date(2000, int(number[9:11]), int(number[11:13]))
    except ValueError:
        raise BadDocument("date", "永久居留身份证号里的出生日期不存在，请对照证件重新录入。") from None
    return Facts(DocumentKind.FOREIGN_ID, number)


def _eighteen(number: str, what: str) -> None:
    if len(number) != 18:
        raise BadDocument("length", f"{what}应为 18 位，现为 {len(number)} 位，请对照证件重新录入。")
    if not (number.isascii() and number[:17].isdigit() and (number[17].isdigit() or number[17] == "X")):
        raise BadDocument("characters", f"{what}只能是数字（最后一位可以是 X），请对照证件重新录入。")


def check_sign(first17: str) -> str:
    """The 18th sign for 17 digits: ISO 7064 MOD 11-2, as GB 11643 has it (base 13 leaves the same rest as base 2)."""
    return "10X98765432"[2 * int(first17, 13) % 11]


def _checksum(number: str, what: str) -> None:
    if check_sign(number[:17]) != number[17]:
        raise BadDocument("checksum", f"{what}最后一位校验不对，请对照证件重新录入。")


def _birth(number: str, today: date, what: str) -> date:
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise BadDocument("date", f"{what}里的出生日期不存在，请对照证件重新录入。") from None
    if birth.year < OLDEST_YEAR:
        raise BadDocument("too_old", f"{what}里的出生日期早于 {OLDEST_YEAR} 年，请对照证件重新录入。")
    if birth > today:
        raise BadDocument("future", f"{what}里的出生日期还没有到，请对照证件重新录入。")
    return birth


def _sex(number: str) -> str:
    return Sex.MALE.value if int(number[16]) % 2 else Sex.FEMALE.value


def _is_region(code: str, birth_year: int) -> bool:
    """Was this ever the code of a county or district? The years of a code are not compared with the birth.

    Numbers were first given in 1984 and later, by the place of that time: whoever was born in 1950 may well
    carry a district of 1992.
    """
    return _is_listed(code) or (birth_year >= LISTED_UNTIL and _is_listed(code[:4] + "00"))


@lru_cache(maxsize=8192)
def _is_listed(code: str) -> bool:
    found = numdb.get("cn/loc").info(code)
    return any("county" in about for _, about in found)


# Permits and passports


def _hk_macau(number: str, today: date) -> Facts:
    """H or M and 8 digits for life; older cards print two digits of the issue behind, which are left off."""
    if not re.fullmatch(r"[HM][0-9]{8}(?:[0-9]{2})?", number):
        raise BadDocument(
            "format", "港澳居民来往内地通行证号是 H 或 M 加 8 位数字（旧证再加 2 位换证次数），请重新录入。"
        )
    return Facts(DocumentKind.HK_MACAU_PERMIT, number[:9])


def _taiwan(number: str, today: date) -> Facts:
    """8 digits; before 2015 10 digits, often with a letter in brackets."""
    number = number.translate({40: None, 41: None})
    if not re.fullmatch(r"[0-9]{8}|[0-9]{10}[A-Z]?", number):
        raise BadDocument("format", "台湾居民来往大陆通行证号是 8 位数字（旧证 10 位），请对照证件重新录入。")
    return Facts(DocumentKind.TAIWAN_PERMIT, number)


def _passport(number: str, today: date) -> Facts:
    if not re.fullmatch(r"(?=.*[0-9])[A-Z0-9]{5,17}", number):
        raise BadDocument("format", "护照号是 5 到 17 位字母和数字，请对照护照重新录入。")
    return Facts(DocumentKind.PASSPORT, number)


_CHECKS: Final[dict[DocumentKind, Callable[[str, date], Facts]]] = {
    DocumentKind.RESIDENT_ID: _resident,
    DocumentKind.HMT_RESIDENCE: _hmt_residence,
    DocumentKind.HK_MACAU_PERMIT: _hk_macau,
    DocumentKind.TAIWAN_PERMIT: _taiwan,
    DocumentKind.FOREIGN_ID: _foreign,
    DocumentKind.PASSPORT: _passport,
}


# Which kind


_NO_DOCUMENT = frozenset({"", "无", "暂无", "没有", "无证件", "暂无证件", "无证", "NONE", "/", "-"})
_SHAPES: Final = (
    (re.compile(r"(?:81|82|83)0000[0-9]{11}[0-9X]"), DocumentKind.HMT_RESIDENCE),
    (re.compile(r"9[0-9]{16}[0-9X]|[A-Z]{3}[0-9]{12}"), DocumentKind.FOREIGN_ID),
    (re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"), DocumentKind.HK_MACAU_PERMIT),
    (re.compile(r"[0-9]{8}|[0-9]{10}\(?[A-Z]\)?"), DocumentKind.TAIWAN_PERMIT),
    # Wrong lengths too: the refusal should speak of identity numbers then.
    (re.compile(r"[0-9]{14,20}|[0-9]{16,18}X"), DocumentKind.RESIDENT_ID),
    (re.compile(r"[A-Z]{1,3}[0-9]{5,9}|[0-9]{9}"), DocumentKind.PASSPORT),
)


def guess_kind(text: str) -> DocumentKind | None:
    """The kind that a number looks like, for sheets without a column for it; None where nothing is certain enough.

    A guess says nothing about the number being right: hand it to `check`.
    """
    number = normal_number(text)
    if number in _NO_DOCUMENT:
        return DocumentKind.NONE
    return next((kind for shape, kind in _SHAPES if shape.fullmatch(number)), None)


#: Words of cells, the more special ones first: 外国人永久居留身份证 also holds 身份证.
_WORDS: Final = (
    (DocumentKind.FOREIGN_ID, ("永居", "永久居留", "外国人", "绿卡", "五星卡")),
    (DocumentKind.HMT_RESIDENCE, ("居住证",)),
    (DocumentKind.TAIWAN_PERMIT, ("台胞", "台湾", "往大陆", "台通")),
    (DocumentKind.HK_MACAU_PERMIT, ("回乡", "港澳", "往内地")),
    (DocumentKind.PASSPORT, ("护照", "PASSPORT")),
    (DocumentKind.RESIDENT_ID, ("身份证", "户口", "IDCARD")),
)


def kind_named(text: str) -> DocumentKind | None:
    """The kind meant in a cell: 身份证, 回乡证, 台胞证, 永居, 护照, 无, a label or value of DocumentKind."""
    word = re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not word:
        return None
    if word in _NO_DOCUMENT:
        return DocumentKind.NONE
    for kind in DocumentKind:
        if text.strip() in (kind.value, kind.label):
            return kind
    return next((kind for kind, words in _WORDS if any(each in word for each in words)), None)


def masked_number(number: str) -> str:
    """440203********1234; of shorter numbers the first sign and the last two at most, of very short ones nothing."""
    if len(number) == 18:
        return f"{number[:6]}********{number[-4:]}"
    if len(number) >= 8:
        return f"{number[0]}{'*' * (len(number) - 3)}{number[-2:]}"
    return "*" * len(number)


# Telephones


class BadTelephone(ValueError):
    """No telephone number; `sentence` says what to do (Chinese) and does not repeat it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


_BETWEEN = re.compile(r"[\s\-()‐‑‒–—―−\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
#: Beijing and the 02x cities have eight digits behind three; everywhere else seven or eight behind four.
_LANDLINE = re.compile(r"(0(?:10|2[0-9])|0[3-9][0-9]{2})([2-9][0-9]{6,7})(?:转([0-9]{1,6}))?")


def _telephone_signs(text: str) -> str:
    signs = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    signs = re.sub(r"^(\+|00)?86(?=1[0-9]{10}$)", "", signs)
    return re.sub(r"^((\+|00)860?|860)", "0", signs)  # +86 751 … is 0751 …


def _with_extension(text: str) -> str:
    """0751-8123456-801: what follows a whole number behind a dash is its extension."""
    plain = re.sub("[‐‑‒–—―−]", "-", unicodedata.normalize("NFKC", text))
    return _telephone_signs(re.sub(r"(?<=[0-9]{7})\s*-\s*([0-9]{1,6})\s*$", r"转\1", plain))


def normal_mobile(text: str) -> str:
    """The 11 digits of a mainland mobile number as people type it (spaces, dashes, +86, full-width digits).

    Raises BadTelephone.
    """
    digits = _telephone_signs(text)
    if not _MOBILE.fullmatch(digits):
        raise BadTelephone("请填写 11 位手机号。")
    return digits


def normal_telephone(text: str) -> str:
    """A mobile number as 11 digits, or a landline as 0751-8123456 (an extension behind it: 0751-8123456转801).

    Raises BadTelephone: two numbers in one field, no area code, or no number at all.
    """
    if re.search(r"[/,，、;；|]", text.strip()):
        raise BadTelephone("一格只填一个电话，其余的请填到备用电话。")
    digits = _telephone_signs(text)
    if _MOBILE.fullmatch(digits):
        return digits
    if re.fullmatch(r"[2-9][0-9]{6,7}", digits):
        raise BadTelephone("座机请写成“区号-号码”。")
    found = _LANDLINE.fullmatch(_with_extension(text)) or _LANDLINE.fullmatch(digits)
    if found is None:
        raise BadTelephone("请填写 11 位手机号，或写成“区号-号码”的座机。")
    return f"{found[1]}-{found[2]}" + (f"转{found[3]}" if found[3] else "")
