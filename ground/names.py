"""Names of people: how they are written, what they are searched by, and ranges that every database sorts alike."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

LONGEST = 40
LONGEST_INITIALS = 20
#: Chinese signs, those of the private area included: rare ones of old cards live there.
_HAN = r"\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\ue000-\uf8ff\uf900-\ufaff\U00020000-\U0003ffff"
_DOTS = re.compile(r"\s*[·•‧⋅∙・･]\s*")
_DOT_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])\s*[.。]\s*(?=[{_HAN}])")
_SPACE_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]")


def normal_name(text: str) -> str:
    """The name as it is kept: NFKC, 张 三 → 张三, every middle dot ·, single spaces in Latin names."""
    if text.isalpha() and not text.isascii() and _is_plain(text):
        return text
    name = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    name = _DOT_BETWEEN_HAN.sub("·", _DOTS.sub("·", name))
    return re.sub(r"\s+", " ", _SPACE_BESIDE_HAN.sub("", name)).strip()


def _is_plain(text: str) -> bool:
    """Nothing but signs of the ordinary block, which no normalisation changes: nearly every name."""
    return all("\u4e00" <= sign <= "\u9fff" for sign in text)


#: What stands in cells where a name should be.
_NO_NAME: Final = re.compile(
    "户主|同上|无名氏?|无|空[户房置]?|不详|未知|未命名|未取名|待定|待查|暂无|本人|业主|房东|租[户客]|住户"
    "|姓名|先生|女士|某某|测试|[合总小共]计"
)
_WRITTEN = re.compile(r"[^\W_]")


def name_fault(text: str) -> str:
    """What is wrong with a name, as a sentence that says what to do and does not repeat it; "" if nothing."""
    name = normal_name(text)
    if not name:
        return "请填写姓名。"
    if len(name) > LONGEST:
        return f"姓名超过 {LONGEST} 个字，请只填姓名。"
    if _NO_NAME.fullmatch(name):
        return "这里应填真实姓名，请问清后录入。"
    if any(sign.isdigit() for sign in name):
        return "姓名里有数字，请只填姓名。"
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Cn") for sign in name):
        return "姓名里有看不见的控制字符，请删去后重新录入。"
    if not _WRITTEN.match(name) or any(not _belongs(sign) for sign in name):
        return "姓名里有标点或符号，请只填姓名，说明写到备注里。"
    return ""


def _belongs(sign: str) -> bool:
    return (
        sign in " ·.'-’"
        or unicodedata.category(sign)[0] in "LM"
        or unicodedata.category(sign) in ("Co", "Nl")
    )


# Search by initials


#: Signs by the letter that their reading as a surname begins with, where the common reading may begin otherwise.
_READ_OTHERWISE: Final = {
    "b": "秘卜",
    "c": "种褚车",
    "d": "都",
    "g": "盖句呙",
    "h": "黑",
    "k": "阚",
    "m": "缪宓",
    "n": "宁乜佴",
    "o": "区",
    "p": "朴繁逄",
    "q": "仇覃",
    "r": "任",
    "s": "单折召石莘晟",
    "w": "隗尉",
    "x": "解冼洗郇郗",
    "y": "乐",
    "z": "曾查翟祭藏",
}
_SURNAMES: Final = {sign: letter for letter, signs in _READ_OTHERWISE.items() for sign in signs}
_DOUBLE_SURNAMES: Final = {
    "尉迟": "yc",
    "万俟": "mq",
    "长孙": "zs",
    "令狐": "lh",
    "单于": "cy",
    "澹台": "tt",
    "乐正": "yz",
    "宰父": "zf",
    "亓官": "qg",
    "鲜于": "xy",
    "濮阳": "py",
    "呼延": "hy",
    "独孤": "dg",
    "拓跋": "tb",
    "欧阳": "oy",
    "上官": "sg",
    "司马": "sm",
    "诸葛": "zg",
    "夏侯": "xh",
    "皇甫": "hf",
    "司徒": "st",
    "慕容": "mr",
    "宇文": "yw",
    "钟离": "zl",
    "太史": "ts",
    "公冶": "gy",
}
_WORD = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*")


def initials_of(name: str) -> str:
    """Letters to search by: 张三 → zs, 单田芳 → stf, Maria da Silva → mds. At most 20 letters a–z.

    A sign of several readings counts with its commonest one, at the place of a surname with the reading of
    the surname. Signs without a reading and letters of other scripts are left out.
    """
    name = normal_name(name)
    head = _DOUBLE_SURNAMES.get(name[:2]) if len(name) > 2 else None
    if head:
        rest = name[2:]
    elif "·" not in name and name[:1] in _SURNAMES:
        head, rest = _SURNAMES[name[0]], name[1:]
    else:
        head, rest = "", name
    return (head + "".join(_initial(word) for word in _WORD.findall(rest)))[:LONGEST_INITIALS]


@lru_cache(maxsize=32768)
def _initial(word: str) -> str:
    first = _reading(word) if re.match(rf"[{_HAN}]", word) else word
    letters = unicodedata.normalize("NFD", first).casefold()[:1]
    return letters if letters.isascii() and letters.isalpha() else ""


def _reading(sign: str) -> str:
    from pypinyin.constants import PINYIN_DICT  # its dictionaries cost memory that only the registry needs

    return str(PINYIN_DICT.get(ord(sign), ""))


# Keys and ranges


def name_key(name: str) -> str:
    """A key that sorts and begins alike in every database: lower-case hex of UTF-16-BE, case folded.

    Four digits a sign (eight for the rarest), so a name begins with another one exactly if its key does.
    """
    return normal_name(name).casefold().encode("utf-16-be", "surrogatepass").hex()


def prefix_range(prefix_key: str) -> tuple[str, str]:
    """[low, high) of the hex keys that begin with `prefix_key`: `key >= low AND key < high`.

    `high` is "" where there is none (an empty prefix, or f only): then ask `key >= low` alone. Both bounds are of
    [0-9a-f] only, which C, English and Chinese collations of glibc and ICU order as ASCII does. Not so a
    collation that takes letters together (Danish aa): the column should then be declared with "C".
    """
    return prefix_key, _next(prefix_key, "0123456789abcdef")


def letters_range(initials: str) -> tuple[str, str]:
    """[low, high) of lower-case letter strings that begin with `initials`, as `prefix_range`; ("zz", "") is open."""
    return initials, _next(initials, "abcdefghijklmnopqrstuvwxyz")


def _next(text: str, alphabet: str) -> str:
    """The smallest string above everything that begins with `text`: the last sign that can be raised is."""
    kept = text.rstrip(alphabet[-1])
    return kept[:-1] + alphabet[alphabet.index(kept[-1]) + 1] if kept else ""
