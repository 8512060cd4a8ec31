"""从点单到满意 and 堵在哪里: how far requests came and how long it took, and where they are stuck."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards.page.gathering import Gathered
from dashboards.page.headline import Names, reasons
from dashboards.page.known import BY_KEY
from dashboards.page.links import Links
from dashboards.page.numbers import Number
from dashboards.page.surroundings import Line
from dashboards.page.table import oldest_line


@dataclass(frozen=True, slots=True)
class Stage:
    """`whole`: what people asked for themselves (RULES 7), the length of the longest bar."""

    label: str
    number: Number
    whole: int
    median: Number | None = None
    p90: Number | None = None


#: label, measure, condition of its rows, handling time up to it.
STAGES = (
    ("点单", "own", "own", ""),
    ("受理", "accepted", "accepted", "accept"),
    ("派/吹哨", "arranged", "", "arrange"),
    ("办结", "resolved", "resolved", "resolve"),
    ("评价", "rated", "rated", ""),
    ("满意", "satisfied", "satisfied", ""),
)


def funnel(found: Gathered, links: Links) -> list[Stage]:
    """From asking to being satisfied. Handling times from accepting on, that of accepting from submitting."""
    here, stages = found.here, []
    for label, measure, which, time in STAGES:
        number = here.count(measure)
        url = links.rows(which) if which else links.per_child(measure)
        times = (
            (here.time(time), here.time(time, "p90"))
            if time and here.time(time).value is not None
            else (None, None)
        )
        stages.append(
            Stage(label, number.leading(url or links.per_child("submitted")), here.happened["own"], *times)
        )
    return stages


# Where it sticks


@dataclass(frozen=True, slots=True)
class Stuck:
    """One heap: how many, what of, and more about it with a way to it. `none`: said where there is nothing."""

    number: Number
    unit: str
    label: str
    none: str
    text: SafeString | str = ""
    state: str = "soon"


def stuck(found: Gathered, links: Links, categories: Names) -> tuple[list[Stuck], list[str]]:
    """The heaps that are not empty, the gravest first; and what there is none of, in words."""
    here = found.here

    def mostly(measure: str) -> str:
        named = reasons(here, measure, categories)
        return f"多为 {named}" if named else ""

    heaps = [
        Stuck(here.stand("overdue"), "件", "超时", "没有超时", _oldest(found, links), "late"),
        Stuck(here.stand("open.supervised"), "件", "督办中", "没有督办", "", "late"),
        Stuck(
            here.count("contact_late"), "件", "没有按时联系", "都按时联系了", mostly("contact_late"), "late"
        ),
        Stuck(here.count("dissatisfied"), "件", "不满意", "没有不满意的", mostly("dissatisfied"), "late"),
        Stuck(here.count("unsolved"), "件", "评价为未解决", "", mostly("unsolved"), "late"),
        Stuck(here.count("reopened"), "件", "重办", "没有重办"),
        Stuck(here.count("dispatches.returned"), "张", "派单被退回", "没有被退回的派单"),
        Stuck(
            _uncovered(found), "个", "网格还没有党组织", "网格都有党组织" if here.standing["grids"] else ""
        ),
        Stuck(
            here.stand("compounds.bare"),
            "个",
            "三无小区",
            "没有三无小区" if here.standing["compounds"] else "",
        ),
        Stuck(here.stand("quota.behind"), "人", "服务指标没完成", "", _quota(found)),
        Stuck(here.stand("care.review_due"), "户", "走访等级到期要复核", ""),
    ]
    there = [_leading(heap, links) for heap in heaps if heap.number]
    return there, [heap.none for heap in heaps if not heap.number and heap.none]


def _leading(heap: Stuck, links: Links) -> Stuck:
    known = BY_KEY["coverage" if heap.number.derived == "difference" else heap.number.name]
    return replace(heap, number=links.to(known, heap.number))


def _oldest(found: Gathered, links: Links) -> SafeString | str:
    """最久 3 天，在惠民街道: the way down to the oldest overdue request."""
    number = found.here.oldest()
    if not number:
        return ""
    line = oldest_line(found)
    where = _way_to(line, links) if line is not None else ""
    return format_html("最久 {}{}{}", number, "，在" if line else "", where)


def _way_to(line: Line, links: Links) -> SafeString | str:
    """A node's page, its table first; a grid's rows."""
    url = links.rows("overdue", line) if line.grid_id else ""
    if not url and (page := links.node(line)):
        url = f"{page}#children"
    return format_html('<a class="link" href="{}">{}</a>', url, line.name) if url else line.name


def _uncovered(found: Gathered) -> Number:
    missing = found.here.standing["grids"] - found.here.standing["grids.covered"]
    return Number("grids-grids.covered", missing, f"{missing:,}", found.here.place, None, "difference")


def _quota(found: Gathered) -> SafeString | str:
    quarter, year = found.here.stand("quota.behind_quarter"), found.here.stand("quota.behind_year")
    return format_html("本季次数 {} 人，全年时长 {} 人", quarter, year)
