"""Words and marks that every page uses: icons, times as people say them, dues, masks, filters kept in the URL."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ground import clock

register = template.Library()

WEEKDAYS = "一二三四五六日"
TRACKS = {"URGENT": ("急", "急事立刻办"), "IMPORTANT": ("要", "要事商议办"), "HARD": ("难", "难事合力办")}
CHIP_ICONS = {
    "wait": "clock",
    "hand": "progress",
    "soon": "hourglass",
    "late": "warning",
    "done": "tick",
    "gold": "star",
}


class Due(NamedTuple):
    """A due time as a chip says it: text, and state = wait | soon | late."""

    text: str
    state: str

    def __str__(self) -> str:
        return self.text


class Track(NamedTuple):
    """One of the three tracks: sign on the chip, full name, CSS class."""

    sign: str
    name: str
    css: str


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """Give one drawing of the sprite; with a label it speaks, without one it is decoration."""
    return _drawing(name, label, css)


@lru_cache(maxsize=512)  # a page has fifty, and the address of the sprite is looked up for each
def _drawing(name: str, label: str, css: str) -> SafeString:
    href = f"{static('icons/sprite.svg')}#{name}"
    classes = f"icon {css}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', classes, label, href
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"/></svg>', classes, href
    )


def _local(value: datetime) -> datetime:
    return timezone.localtime(value if timezone.is_aware(value) else timezone.make_aware(value))


def _day(day: date, today: date) -> str:
    """Name a day as people say it: 今天, 昨天, 明天, 周一 within this week, 11月3日, 2025年11月3日."""
    named = {-1: "昨天", 0: "今天", 1: "明天"}.get((day - today).days)
    if named:
        return named
    monday = today - timedelta(days=today.weekday())
    if monday <= day < monday + timedelta(days=7):
        return f"周{WEEKDAYS[day.weekday()]}"
    if monday + timedelta(days=7) <= day < monday + timedelta(days=14):
        return f"下周{WEEKDAYS[day.weekday()]}"
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日"


@register.filter
def when(value: datetime | date | None, style: str = "") -> str:
    """Say a time as the city's clocks show it: "今天 14:20", "周一 18:00", "11月3日".

    style: "" = clock time only for days that have a name, "time" = always with clock time,
    "day" = never, "full" = "2026年11月3日 14:20". None gives an empty string.
    """
    if value is None or value == "":
        return ""
    if not isinstance(value, datetime):
        return _day(value, clock.today())
    local = _local(value)
    hour = f"{local:%H:%M}"
    if style == "full":
        return f"{local.year}年{local.month}月{local.day}日 {hour}"
    day = _day(local.date(), clock.today())
    is_plain_date = day.endswith("日") and "月" in day
    if style == "day" or (is_plain_date and style != "time"):
        return day
    return f"{day} {hour}"


@register.simple_tag
def time(value: datetime | None, style: str = "") -> SafeString | str:
    """Give a <time> element: said as people say it, exact for machines and on hovering."""
    if value is None or value == "":
        return ""
    exact = _local(value).isoformat(timespec="minutes")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', exact, when(value, "full"), when(value, style)
    )


@register.simple_tag
def window(starts: datetime | None, ends: datetime | None) -> str:
    """Say a span as the city's clocks show it: "周六 15:00–17:00"; over midnight both ends are named."""
    if not starts or not ends:
        return when(starts or ends, "time")
    if _local(starts).date() == _local(ends).date():
        return f"{when(starts, 'time')}–{_local(ends):%H:%M}"
    return f"{when(starts, 'time')} – {when(ends, 'time')}"


def _span(span: timedelta) -> str:
    """Say a length of time roughly: 9 分, 2 小时, 3 天."""
    minutes = max(int(span.total_seconds() // 60), 1)
    if minutes < 60:
        return f"{minutes} 分"
    return f"{minutes // 60} 小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)} 天"


@register.filter
def due(value: datetime | None, what: str = "") -> Due | None:
    """Say a due time: "还剩 9 分", "今天 18:00 前", "已超时 2 小时"; `what` ("受理") is built in.

    Soon = four hours or less; the minutes are counted in the last hour. None gives None: no clock runs.
    """
    if value is None or value == "":
        return None
    left = value - clock.now()
    if left < timedelta(0):
        return Due(f"{what}已超时 {_span(-left)}", "late")
    if left <= timedelta(hours=1):
        return Due(f"{what}还剩 {_span(left)}", "soon")
    return Due(f"{when(value, 'time')} 前{what}", "soon" if left <= timedelta(hours=4) else "wait")


@register.filter
def minutes_as_hours(value: int | None) -> str:
    """Minutes as hours with at most one decimal, without the unit: 780 → "13", 750 → "12.5"."""
    hours = f"{(value or 0) / 60:,.1f}"
    return hours.removesuffix(".0")


@register.filter
def duration(value: int | None) -> str:
    """Minutes in words: 40 → "40 分钟", 750 → "12.5 小时"."""
    return f"{value or 0} 分钟" if (value or 0) < 60 else f"{minutes_as_hours(value)} 小时"


@register.filter
def distance(metres: float | None) -> str:
    """Metres in words: 620 → "620 米", 1130 → "1.1 公里"; None gives an empty string."""
    if metres is None:
        return ""
    return f"{round(metres / 10) * 10} 米" if metres < 995 else f"{metres / 1000:.1f} 公里"


@register.filter
def percent(value: float | None) -> str:
    """A share between 0 and 1 with one decimal: 0.976 → "97.6%"; None (nothing to count) → "—"."""
    return "—" if value is None else f"{value * 100:.1f}%"


@register.filter
def initial(name: str | None) -> str:
    """First sign of a name, for the avatar."""
    return (name or "?").strip()[:1]


@register.filter
def track(value: str | None) -> Track | None:
    """Give sign, name and CSS class of a track code (URGENT, IMPORTANT, HARD); None for anything else."""
    code = str(getattr(value, "value", value) or "").upper()
    return Track(*TRACKS[code], code.lower()) if code in TRACKS else None


@register.filter
def chip_icon(state: str | None) -> str:
    """Give the drawing that goes with a chip's state, so that colour never speaks alone."""
    return CHIP_ICONS.get(state or "wait", "clock")


@register.simple_tag(takes_context=True)
def url_with(context: Context, **changes: Any) -> str:
    """Give the query string of this page with some values changed; None or "" removes one.

    Whatever is changed, one starts on the first page again, unless the page itself is the change.
    """
    query = context["request"].GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def share(value: float | None, whole: float | None) -> str:
    """How many hundredths `value` is of `whole`, between 0 and 100, for SVG widths; 0 of nothing is 0."""
    return f"{min(max((value or 0) / whole, 0), 1) * 100:.1f}" if whole else "0"
