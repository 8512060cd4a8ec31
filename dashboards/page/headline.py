"""The sentence on top: what stands out and where, from the figures."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboards.page.gathering import Gathered
from dashboards.page.known import BY_KEY
from dashboards.page.numbers import Number, Numbers, points
from dashboards.page.table import FEW
from ground import clock

#: What is judged when nothing is overdue, with what it is a share of: fewer than FEW of them tell nothing.
JUDGED = {"response_rate": "contact_due", "resolution_rate": "rated", "satisfaction_rate": "rated"}
#: A rate that fell by less, in percentage points, does not stand out.
NOTABLE = 1.0
Names = dict[str, str]


def headline(name: str, found: Gathered, categories: Names) -> SafeString:
    """What is overdue and where; else the rate that fell most; else grids without a Party organization; else that
    all is quiet."""
    for say in (_overdue, _weakest, _uncovered):
        if (said := say(found, categories)) is not None:
            now = "现在 " if say is _overdue and found.window.last < clock.today() else ""
            return format_html("{}：{}{}", name, now, said)
    still = found.here.stand("open")
    return (
        format_html("{}：没有超时，{} 件在办", name, still)
        if still
        else format_html("{}：没有在办的点单", name)
    )


def _overdue(found: Gathered, categories: Names) -> SafeString | None:
    late = found.here.stand("overdue")
    if not late:
        return None
    worst = sorted(
        ((line.name, each) for line, each in found.lines if each.standing["overdue"]),
        key=lambda each: -each[1].standing["overdue"],
    )
    if worst and worst[0][1].standing["overdue"] * 2 >= found.here.standing["overdue"]:
        name, numbers = worst[0]
        is_all = numbers.standing["overdue"] == found.here.standing["overdue"]
        return format_html(
            "{} 件超时，{}{}{}", late, "都在" if is_all else "集中在", name, _what(numbers, categories, "的")
        )
    where: SafeString | str = ""
    if len(worst) > 1 and found.splits:
        (name, most), (_, second) = worst[:2]
        is_alone = most.standing["overdue"] > second.standing["overdue"]
        top = most.stand("overdue")
        where = (
            format_html('，{}最多<span class="nowrap">（{} 件）</span>', name, top)
            if is_alone
            else f"，分布在 {len(worst)} 处"
        )
    return format_html("{} 件超时{}{}", late, where, _what(found.here, categories, "，多为"))


def _what(numbers: Numbers, categories: Names, before: str) -> str:
    """The one or two categories that most of what is overdue belongs to: "的下水与停车"."""
    by = [(categories.get(key, ""), n) for key, n in numbers.standing.by("overdue.category").items()]
    whole, named = numbers.standing["overdue"], [each for each in by if each[0]][:2]
    if named and named[0][1] * 2 >= whole:
        return f"{before}{named[0][0]}"
    if len(named) == 2 and (named[0][1] + named[1][1]) * 2 >= whole and whole > 2:
        return f"{before}{named[0][0]}与{named[1][0]}"
    return ""


def _weakest(found: Gathered, categories: Names) -> SafeString | None:
    """The rate that fell most, and where it is lowest."""
    fallen = []
    for key, whole in JUDGED.items():
        change = points(found.here.rate(key), found.past.rate(key))
        enough = min(found.here.happened[whole], found.past.happened[whole]) >= FEW
        if change is not None and change.value is not None and enough and change.value <= -NOTABLE:
            fallen.append((change.value, key, change))
    if not fallen:
        return None
    _, key, change = min(fallen, key=lambda each: each[0])
    said = format_html(
        "没有超时，{} {}，比{}低 {} 个百分点",
        BY_KEY[key].label,
        found.here.rate(key),
        found.past_window.label,
        change,
    )
    return format_html("{}{}", said, _lowest(found, lambda each: each.rate(key), JUDGED[key]))


def _lowest(found: Gathered, read: Callable[[Numbers], Number], whole: str) -> SafeString | str:
    told = [(line.name, read(each)) for line, each in found.lines if each.happened[whole] >= FEW]
    if len(told) < 2:
        return ""
    name, number = min(told, key=lambda each: each[1].value or 0)
    return format_html("，{}最低（{}）", name, number)


def _uncovered(found: Gathered, categories: Names) -> SafeString | None:
    missing = found.here.standing["grids"] - found.here.standing["grids.covered"]
    if missing <= 0:
        return None
    number = Number("grids-grids.covered", missing, f"{missing:,}", found.here.place, None, "difference")
    where = [
        line.name for line, each in found.lines if each.standing["grids"] > each.standing["grids.covered"]
    ]
    place = f"，都在{where[0]}" if len(where) == 1 and len(found.lines) > 1 else ""
    return format_html("没有超时，{} 个网格还没有党组织{}", number, place)


def reasons(numbers: Numbers, measure: str, categories: Names) -> str:
    """The two categories behind most of what went badly: "停车、噪声"; "" where there is nothing."""
    named = [categories.get(key, "") for key in numbers.happened.by(f"{measure}.category")]
    return "、".join([each for each in named if each][:2])


def joined(parts: list[SafeString]) -> SafeString:
    """Side by side; a line breaks between them, not within."""
    return format_html_join(" · ", '<span class="nowrap">{}</span>', ((part,) for part in parts))
