"""The tokens keep their promises: WCAG AA contrast in light and dark, large type at least one and a half times."""

import re
from pathlib import Path

import pytest

CSS = Path("static/css/tokens.css").read_text()
TEXT = 4.5
MARK = 3.0  # boundaries of controls, figures drawn without words


def block(selector: str) -> dict[str, str]:
    """The tokens set by the rules of one selector."""
    found: dict[str, str] = {}
    for body in re.findall(rf"(?:^|\n)\s*{re.escape(selector)} {{(.*?)\n?\s*}}", CSS, re.S):
        found |= dict(re.findall(r"--([\w-]+): ([^;]+);", body))
    return found


LIGHT = block(":root")
DARK = LIGHT | block('[data-theme="dark"]')
DEVICE = block(':root:not([data-theme="light"]):not([data-theme="dark"])')


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


STATES = ["wait", "hand", "soon", "late", "done", "gold"]
PAIRS = [
    *[("text", ground, TEXT) for ground in ("page", "card", "sunk", "hover", "accent-soft", "gold-soft")],
    *[("text-2", ground, TEXT) for ground in ("page", "card", "sunk", "hover", "accent-soft")],
    *[(state, ground, TEXT) for state in STATES for ground in ("page", "card", f"{state}-soft")],
    *[("text", f"{state}-soft", TEXT) for state in STATES],
    *[("accent-text", ground, TEXT) for ground in ("page", "card", "accent-soft", "sunk")],
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-press", TEXT),
    ("on-accent", "late-fill", TEXT),
    ("on-brand", "brand", TEXT),
    ("card", "text", TEXT),
    *[("text", f"map-{step}", TEXT) for step in range(4)],  # labels on the polygons of maps
    ("on-accent", "map-4", TEXT),
    *[
        (mark, ground, MARK)
        for mark in ("line-strong", "focus", "accent-mark")
        for ground in ("page", "card")
    ],
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_contrast(theme, front, ground, least):
    tokens = LIGHT if theme == "light" else DARK
    assert contrast(tokens[front], tokens[ground]) >= least


def test_the_device_preference_gives_the_same_dark():
    assert block('[data-theme="dark"]') == DEVICE


def test_no_text_on_phones_is_under_15_px_and_large_is_half_as_large_again():
    large = block('[data-size="large"]')
    for name in ("fs-s", "fs", "fs-l", "fs-xl", "fs-fig", "fs-hero"):
        normal = int(LIGHT[name].removesuffix("px"))
        assert normal >= 15
        assert int(large[name].removesuffix("px")) >= 1.5 * normal


def test_only_the_tokens_hold_colours():
    for sheet in Path("static/css").glob("*.css"):
        if sheet.name in {"tokens.css", "poster.css"}:  # a printed sheet has no themes
            continue
        colours = set(re.findall(r"#[0-9a-fA-F]{3,6}\b(?=[;, ])", sheet.read_text()))
        assert colours <= {"#fff", "#000", "#bbb"}, sheet.name
