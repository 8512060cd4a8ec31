"""Numbers of people inside free text: they belong in no log, and in nothing that many read."""

import re

#: What people put between digits wherever they like; dashes stand at the usual places only, or codes of dwellings
#: would be taken for numbers of people. `\d` is full-width digits too.
_GAP = "[ \u00a0\u3000]?"
_DASH = "[-－–—]"

#: Mobile and identity numbers and landlines with their area code, standing alone, as people write them.
NUMBERS = re.compile(
    r"(?<!\d)(?:"
    rf"(?:(?:\+|00)?86[ -]?)?[1１](?:{_GAP}[3-9３-９])(?:{_GAP}\d){{9}}"
    rf"|(?:(?:\+|00)?86[ -]?)?[1１][3-9３-９]\d{_DASH}\d{{4}}{_DASH}\d{{4}}"
    rf"|\d(?:{_GAP}\d){{16}}{_GAP}[\dXxＸｘ]"
    rf"|\d{{6}}{_DASH}\d{{8}}{_DASH}\d{{3}}[\dXxＸｘ]"
    rf"|0(?:10|2\d|[3-9]\d{{2}})[ -]?[2-9]\d{{6,7}}"
    r")(?!\d)"
)


def without_numbers(text: str, sign: str) -> str:
    """The text with every mobile, identity and landline number replaced by `sign`."""
    return NUMBERS.sub(sign, text)
