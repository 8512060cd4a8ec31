"""办理统计: the table of figures by organization, category, month or unit, each number with the rows behind it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models.functions import TruncMonth
from django.urls import reverse

from dashboards.areas import Area
from dashboards.periods import Window
from ground.periods import first_day_after
from ground.templatetags.wenshao import percent
from organizations.models import Organization, Unit
from requests.figures import (
    Figures,
    Times,
    UnitFigures,
    figures_by,
    submitted_between,
    times_by,
    times_of,
    units_of,
)
from requests.models import Category, ServiceRequest

#: key → (heading of the first column, how the choice is called)
GROUPS = {
    "community": ("社区（村）", "按社区"),
    "handler": ("承办党组织", "按承办"),
    "category": ("类别", "按类别"),
    "month": ("提交月份", "按月份"),
    "unit": ("单位", "按单位"),
}
#: Rates of fewer matters than this are said in figures: a share of three tells nothing.
FEW = 10
#: Rows of the page; the table to download has all of them.
MOST = 300
_COLUMNS = {"community": "community_id", "handler": "handler_id", "category": "category_id"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says, smaller words below it, and the list of what it counts."""

    text: Any
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `query` narrows the list of requests to it; None where no list shows just these."""

    name: str
    figures: Figures = field(default_factory=Figures)
    times: Times = field(default_factory=Times)
    query: dict[str, Any] | None = None
    unit: UnitFigures | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`total` is None for units: one request may be led by several of them, one after the other."""

    group: str
    lines: list[Line]
    total: Line | None


def table_of(rows: Any, area: Area, period: Window, group: str, at: datetime) -> Table:
    """The lines of the requests submitted in a period. A fixed number of queries. `rows` are those in sight."""
    requests = rows.filter(area.requests, whole=None)
    if group == "unit":
        return Table(group, _by_unit(requests, period, at), None)
    requests = submitted_between(requests, period.start, period.end)
    column = TruncMonth("submitted_at") if group == "month" else _COLUMNS[group]
    figures, times = figures_by(requests, column, at), times_by(requests, column)
    here = _within(area, period)
    lines = _named(group, figures, times, here, period)
    whole = sum(figures.values(), Figures())
    return Table(group, lines, Line("合计", whole, times_of(requests), here))


def _within(area: Area, period: Window) -> dict[str, Any]:
    query: dict[str, Any] = {"from": period.first, "to": period.last}
    return query if area.node is None else {"within": area.node.pk, **query}


def _named(
    group: str,
    figures: dict[Hashable, Figures],
    times: dict[Hashable, Times],
    here: dict[str, Any],
    period: Window,
) -> list[Line]:
    if group == "month":
        keys: list[Any] = sorted(figures, reverse=True)
        return [
            Line(
                f"{key.year} 年 {key.month} 月",
                figures[key],
                times.get(key, Times()),
                _month(key, here, period),
            )
            for key in keys
        ]
    names = _names(group, figures)
    param = {"community": "within", "handler": "handler", "category": "category"}[group]
    lines = [
        Line(
            names.get(key, "未归到社区"),
            each,
            times.get(key, Times()),
            {**here, param: key} if key is not None else None,
        )
        for key, each in figures.items()
    ]
    return sorted(lines, key=lambda line: (-line.figures.submitted, line.name))


def _names(group: str, keys: Iterable[Any]) -> dict[Any, str]:
    wanted = [key for key in keys if key is not None]
    if group == "category":
        return dict(Category.objects.filter(pk__in=wanted).values_list("pk", "name"))
    rows = Organization.objects.filter(pk__in=wanted).values_list("pk", "short_name", "name")
    return {pk: short or name for pk, short, name in rows}


def _month(key: datetime, here: dict[str, Any], period: Window) -> dict[str, Any]:
    """The days of a month that lie in the period: a week may begin in the one before."""
    first = date(key.year, key.month, 1)
    after = min(first_day_after("month", first), period.after)
    return {**here, "from": max(first, period.first), "to": date.fromordinal(after.toordinal() - 1)}


def _by_unit(requests: Any, period: Window, at: datetime) -> list[Line]:
    found = units_of(requests, period.start, period.end, at)
    names = dict(Unit.objects.filter(pk__in=list(found)).values_list("pk", "name"))
    lines = [Line(names[pk], each.led, unit=each) for pk, each in found.items()]
    return sorted(lines, key=lambda line: (-(line.unit.sent if line.unit else 0), line.name))


# The cells

HEADINGS = (
    *("点单", "响应率", "受理率", "办结率", "按时办结率", "解决率", "满意率", "未评价", "解释办结"),
    *("首次联系", "办结用时"),
)
UNIT_HEADINGS = (
    *("派单", "按时签收", "按时回复", "退回", "被退回重办", "及时", "有效", "态度"),
    *("主办点单", "响应率", "解决率", "满意率"),
)
#: heading → (the part, the whole): names of conditions and of figures alike.
RATES = {
    "响应率": ("contact_in_time", "contact_due"),
    "受理率": ("answered_in_time", "answer_due"),
    "办结率": ("done", "to_resolve"),
    "按时办结率": ("done_in_time", "done"),
    "解决率": ("solved", "rated"),
    "满意率": ("satisfied", "rated"),
}
_THREE = ("响应率", "解决率", "满意率")


def headings_of(table: Table) -> tuple[str, ...]:
    return UNIT_HEADINGS if table.group == "unit" else HEADINGS


def cells_of(line: Line) -> list[Cell]:
    return _unit_cells(line) if line.unit is not None else _request_cells(line)


def _request_cells(line: Line) -> list[Cell]:
    figures, times = line.figures, line.times
    others = (("代点", figures.filed_by_staff), ("未诉先办", figures.proactive))
    said = "、".join(f"{label} {number}" for label, number in others if number)
    beside = f"另有{said}" if said else ""
    return [
        Cell(figures.own, beside, _url(line, "own", figures.own)),
        *(_rate(line, heading) for heading in RATES),
        Cell(figures.unrated, "", _url(line, "unrated", figures.unrated)),
        Cell(figures.explained, "", _url(line, "explained", figures.explained)),
        _span(times.contact_median, times.contact_p90),
        _span(times.resolve_median, times.resolve_p90),
    ]


def _unit_cells(line: Line) -> list[Cell]:
    unit = line.unit or UnitFigures()
    return [
        Cell(unit.sent),
        _share(unit.signed_in_time, unit.sign_due),
        _share(unit.answered_in_time, unit.answer_due),
        Cell(unit.returned),
        Cell(unit.rejected),
        *(
            Cell("—" if mark is None else f"{mark:.1f}")
            for mark in (unit.timely, unit.effective, unit.attitude)
        ),
        Cell(line.figures.own),
        *(_rate(line, heading) for heading in _THREE),
    ]


def _rate(line: Line, heading: str) -> Cell:
    part, whole = RATES[heading]
    found = getattr(line.figures, part)
    return _share(found, getattr(line.figures, whole), _url(line, part, found))


def _share(part: int, whole: int, url: str = "") -> Cell:
    if not whole:
        return Cell("—")
    said = f"{whole} 件中 {part} 件"
    return Cell(said, "", url) if whole < FEW else Cell(percent(part / whole), said, url)


def _span(median: float | None, p90: float | None) -> Cell:
    if median is None or p90 is None:
        return Cell("—")
    return Cell(_hours(median), f"九成在 {_hours(p90)}内")


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{round(hours * 60)} 分钟"
    return f"{hours:.1f} 小时" if hours < 48 else f"{hours / 24:.1f} 天"


def _url(line: Line, which: str, count: int) -> str:
    if line.query is None or not count:
        return ""
    return f"{reverse('desk:requests')}?{urlencode({'which': which, **line.query})}"


# To download

CSV_HEADINGS = (
    *("点单", "其中代点", "其中未诉先办", "到期应联系", "按时联系", "响应率"),
    *("到期应受理", "按时受理", "受理率"),
    *("已受理应办结", "已办结", "办结率", "按时办结", "按时办结率", "解释办结"),
    *("已评价", "未评价", "评价为已解决", "解决率", "满意", "满意率"),
    *("首次联系中位小时", "首次联系九成小时", "办结中位小时", "办结九成小时"),
)
CSV_UNIT_HEADINGS = (
    *(
        "派单",
        "应签收",
        "按时签收",
        "应回复",
        "按时回复",
        "退回",
        "被退回重办",
        "评分件数",
        "及时",
        "有效",
        "态度",
    ),
    *("主办点单", "到期应联系", "按时联系", "响应率", "已评价", "评价为已解决", "解决率", "满意", "满意率"),
)


def csv_rows(table: Table) -> Iterable[list[Any]]:
    """Headings, lines and total; rates as shares between 0 and 1, empty where there is nothing to count."""
    is_of_units = table.group == "unit"
    yield [GROUPS[table.group][0], *(CSV_UNIT_HEADINGS if is_of_units else CSV_HEADINGS)]
    for line in [*table.lines, *([table.total] if table.total else [])]:
        yield [_plain(line.name), *(_unit_values(line) if is_of_units else _values(line))]


def _values(line: Line) -> list[Any]:
    f, times = line.figures, line.times
    return [
        *(
            f.submitted,
            f.filed_by_staff,
            f.proactive,
            f.contact_due,
            f.contact_in_time,
            _number(f.response_rate),
        ),
        *(f.answer_due, f.answered_in_time, _number(f.acceptance_rate)),
        *(f.to_resolve, f.done, _number(f.completion_rate), f.done_in_time, _number(f.punctual_rate)),
        *(f.explained, f.rated, f.unrated, f.solved, _number(f.resolution_rate)),
        *(f.satisfied, _number(f.satisfaction_rate)),
        *(_number(times.contact_median), _number(times.contact_p90)),
        *(_number(times.resolve_median), _number(times.resolve_p90)),
    ]


def _unit_values(line: Line) -> list[Any]:
    f, unit = line.figures, line.unit or UnitFigures()
    return [
        *(unit.sent, unit.sign_due, unit.signed_in_time, unit.answer_due, unit.answered_in_time),
        *(unit.returned, unit.rejected, unit.marked),
        *(_number(unit.timely), _number(unit.effective), _number(unit.attitude)),
        *(f.own, f.contact_due, f.contact_in_time, _number(f.response_rate)),
        *(f.rated, f.solved, _number(f.resolution_rate), f.satisfied, _number(f.satisfaction_rate)),
    ]


def _number(value: float | None) -> Any:
    return "" if value is None else round(value, 4)


def _plain(name: str) -> str:
    """A name that a spreadsheet must not take for a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def in_sight(user: Any) -> Any:
    return ServiceRequest.objects.in_sight_of_staff(user)
