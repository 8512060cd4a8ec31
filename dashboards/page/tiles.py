"""The figures on top: four with their course over time, a compact row of others below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards.page.gathering import Gathered
from dashboards.page.headline import Names, joined, reasons
from dashboards.page.known import BY_KEY
from dashboards.page.links import Links
from dashboards.page.numbers import Number, points
from dashboards.page.sparks import Spark, bars, line

#: Less than this, in percentage points, is no change.
SAME = 0.05


@dataclass(frozen=True, slots=True)
class Tile:
    """`direction`: up, down or same; `is_better` says whether that is good."""

    label: str
    number: Number
    text: SafeString
    unit: str = ""
    change: Number | None = None
    direction: str = ""
    spark: Spark | None = None
    url: str = ""


def main_tiles(found: Gathered, links: Links, categories: Names) -> list[Tile]:
    here, past = found.here, found.past_window.label
    late = found.here.count("contact_due")
    said = {
        "response_rate": joined([format_html("{} 件中 {} 件按时联系", late, here.count("contact_in_time"))])
        if late
        else "还没有到期应联系的",
        "resolution_rate": joined(
            [format_html("已评价 {}", here.count("rated")), format_html("未评价 {}", here.count("unrated"))]
        ),
        "satisfaction_rate": joined(
            [format_html("{} 件评价中 {} 件满意", here.count("rated"), here.count("satisfied"))]
        )
        if here.count("rated")
        else "还没有评价",
    }
    behind = {
        "resolution_rate": "unsolved",
        "satisfaction_rate": "dissatisfied",
        "response_rate": "contact_late",
    }
    tiles = []
    for key, text in said.items():
        change, direction = _change(found, key)
        because = reasons(here, behind[key], categories) if direction == "down" else ""
        text = f"主要因 {because}" if because else text
        tiles.append(
            Tile(
                BY_KEY[key].label,
                here.rate(key),
                _compared(change, direction, past, text),
                change=change,
                direction=direction,
                spark=line([each.rate(key).value for each in found.sparks], _tone(direction)),
                url=links.rows(BY_KEY[key].which) or links.per_child(key),
            )
        )
    return [*tiles, _service(found, links)]


def _change(found: Gathered, key: str) -> tuple[Number | None, str]:
    change = points(found.here.rate(key), found.past.rate(key))
    if change is None or change.value is None:
        return None, ""
    if abs(change.value) < SAME:
        return None, "same"
    return change, "up" if change.value > 0 else "down"


def _compared(change: Number | None, direction: str, past: str, text: Any) -> SafeString:
    if change is not None:
        return format_html("比{} · {}", past, text)
    return format_html("和{}持平 · {}", past, text) if direction == "same" else format_html("{}", text)


def _tone(direction: str) -> str:
    return {"up": "done", "down": "late"}.get(direction, "hand")


def _service(found: Gathered, links: Links) -> Tile:
    here = found.here
    parts = [format_html("{} 人次", here.count("times"))]
    if here.happened["minutes"]:
        parts.append(format_html("八小时外 {}", here.off_hours_share()))
    if behind := here.stand("quota.behind_quarter"):
        parts.append(format_html('本季未完成 <b class="t-soon">{} 人</b>', behind))
    more = here.happened["minutes"] - found.past.happened["minutes"]
    change = Number(
        "minutes", more, f"{abs(more) / 60:,.1f}".removesuffix(".0"), here.place, here.window, "change"
    )
    return Tile(
        "党员服务",
        here.hours(),
        format_html("比{} · {}", found.past_window.label, joined(parts)) if more else joined(parts),
        unit="小时",
        change=change if more else None,
        direction="up" if more > 0 else "down" if more < 0 else "",
        spark=bars([each.happened["minutes"] for each in found.sparks]),
        url=links.per_child("minutes"),
    )


# The compact row


@dataclass(frozen=True, slots=True)
class Fact:
    """A small figure with its words."""

    label: str
    number: Number
    text: SafeString | str
    is_bad: bool = False


def facts(found: Gathered, links: Links) -> list[Fact]:
    here = found.here
    answered = format_html("{} / {} 件", here.count("answered_in_time"), here.count("answer_due"))
    done = format_html("{} / {} 件", here.count("done"), here.count("to_resolve"))
    in_time = format_html("{} / {} 件", here.count("done_in_time"), here.count("done"))
    shown = [
        Fact("受理率", links.to(BY_KEY["acceptance_rate"], here.rate("acceptance_rate")), answered),
        Fact("办结率", links.to(BY_KEY["completion_rate"], here.rate("completion_rate")), done),
        Fact("按时办结率", links.to(BY_KEY["punctual_rate"], here.rate("punctual_rate")), in_time),
        _in_hand(found, links),
        Fact("八小时外占比", here.off_hours_share(), format_html("{} 小时", here.hours("off_hours_minutes"))),
    ]
    if here.standing["quota.bound"]:
        text = format_html("应完成 {} 人", here.stand("quota.bound"))
        shown.append(Fact("服务指标已完成", here.stand("quota.met").leading(links.rows("quotas")), text))
    if here.standing["grids"]:
        covered = format_html("{} / {} 个网格", here.stand("grids.covered"), here.stand("grids"))
        shown.append(Fact("网格党组织覆盖", links.to(BY_KEY["coverage"], here.coverage()), covered))
    return shown


def _in_hand(found: Gathered, links: Links) -> Fact:
    late = links.to(BY_KEY["overdue"], found.here.stand("overdue"))
    text = format_html("其中超时 <b>{}</b> 件", late) if late else "没有超时"
    return Fact("在办", links.to(BY_KEY["open"], found.here.stand("open")), text, bool(late))
