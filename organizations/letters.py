"""The letters of a district: what its request numbers begin with, e.g. WJ for 武江区."""

from __future__ import annotations

import re
from collections.abc import Container

_KIND = re.compile(r"(委|工委|党委|党组织)$|(\w{1,3}族)*(自治)?(区|县|市|旗)$")


def letters_of(name: str, code: str = "", *, taken: Container[str] = ()) -> str:
    """Initials of the first two characters of a district's name, A–Z; with the last digits of the code if taken."""
    from pypinyin import Style, lazy_pinyin  # its dictionaries cost memory that only imports need

    base = _base(name)[:2]
    initials = "".join(syllable[0] for syllable in lazy_pinyin(base, style=Style.NORMAL) if syllable).upper()
    letters = initials if initials.isascii() and initials.isalpha() else "QX"
    return f"{letters}{code[-2:]}" if letters in taken else letters


def _base(name: str) -> str:
    for _ in range(2):  # 乳源瑶族自治县委 → 乳源瑶族自治县 → 乳源
        stripped = _KIND.sub("", name)
        name = stripped if len(stripped) >= 2 else name
    return name
