"""Numbers of people inside free text: they belong in no log, and in nothing that many read."""

import re

#: Mobile and identity numbers, standing alone.
NUMBERS = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")


def without_numbers(text: str, sign: str) -> str:
    """The text with every mobile and identity number replaced by `sign`."""
    return NUMBERS.sub(sign, text)
