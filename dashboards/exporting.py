"""What is on a page, to take away: every section as a sheet of a workbook, the table of the children as CSV.

Made of the page's own context, so that a cell and the number on the page are one and the same. Nothing of it is
about a person: boards, whistles by name and who holds a duty zone stay on the page.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from django.utils import timezone
from django.utils.html import strip_tags

from dashboards.charts import Chart, Series
from dashboards.page.known import COLUMNS, Known
from dashboards.page.numbers import HOUR, Number
from dashboards.page.table import Row, Table
from dashboards.periods import Window
from ground.sheets import BookWriter, Column, Shaped, csv_safe
from ground.sheets.cells import Cell
from ground.templatetags.wenshao import when

Value = Cell | Shaped
#: A number with a decimal, and a moment, as Excel shows them.
TENTH, MOMENT = "#,##0.0", "yyyy-mm-dd hh:mm"
#: Measures kept in minutes, told in hours.
MINUTES = ("minutes", "off_hours_minutes", "minutes/registered")
_PEOPLE = {"quota.met": "人"}


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    columns: Sequence[Column]
    rows: list[list[Value]]
    total: list[Value] = field(default_factory=list)


def cell_of(number: Number | None) -> Value:
    """The number itself: a share with a percent format, spans of time and service in hours, dues as moments; None
    where there is nothing to count."""
    if number is None or number.value is None:
        return None
    value = number.value
    if number.text.endswith("%"):
        return Shaped(value, "0.0%" if "." in number.text else "0%")
    if number.derived == "rank":
        return int(value)
    if number.name == "oldest_due":
        return Shaped(datetime.fromtimestamp(value, UTC), MOMENT)
    if number.name.endswith((".median", ".p90")):
        return Shaped(value / HOUR, TENTH)
    if number.name in MINUTES:
        return Shaped(value / 60, TENTH)
    return value if isinstance(value, int) else Shaped(value, TENTH)


def unit_of(number: Number, unit: str = "") -> str:
    if number.derived == "change":
        return "小时" if number.name in MINUTES else "百分点"
    if number.text.endswith("%"):
        return ""
    return "小时" if number.name in MINUTES or number.name.endswith((".median", ".p90")) else unit


# The sheets of a workbook


def sheets_of(context: dict[str, Any]) -> list[Sheet]:
    """Every section of the page. `context`: of `dashboards.page.context_of`."""
    made = [_about(context)]
    if zone := context.get("zone"):
        return [*made, _zone(zone)]
    if "table" not in context:
        return made
    table: Table = context["table"]
    made += [_main(context), _stuck(context), _funnel(context)]
    if table.has_lines:
        made.append(_children(table, context["child_word"]))
    if context["compared"]:
        made.append(_peers(context))
    made.append(_coming(context))
    charts = [*context["charts"], *filter(None, [context["bars"]])]
    return [*made, *(_chart(chart) for chart in charts)]


def _about(context: dict[str, Any]) -> Sheet:
    window, past = context["window"], context["past_window"]
    rows: list[list[Value]] = [
        ["地方", context["name"]],
        ["一句话", context.get("headline_text") or strip_tags(context["headline"])],
        ["时段", _days(window)],
        ["和哪一段比", _days(past)],
        ["截至", when(context["as_of"], "full") if context["as_of"] else "还没有汇总"],
        [
            "说明",
            "点单按提交的日子算；在办、超时、台账、报到按截至的时候。响应率、解决率、满意率只算居民本人提出的。",
        ],
    ]
    if window.refusal:
        rows.append(["注意", window.refusal])
    return Sheet("概况", [Column("项目", 14), Column("内容", 90)], rows)


def _days(window: Window) -> str:
    return f"{window.label}（{window.first} 至 {window.last}）"


def _main(context: dict[str, Any]) -> Sheet:
    rows: list[list[Value]] = []
    for tile in context["tiles"]:
        change = tile.change
        turned = -1 if change is not None and tile.direction == "down" else 1
        moved = _signed(cell_of(change), turned) if change is not None else None
        unit = unit_of(change) if change is not None else ""
        shown = unit_of(tile.number, tile.unit)
        rows.append([tile.label, cell_of(tile.number), shown, moved, unit, strip_tags(tile.text)])
    for fact in context["facts"]:
        number = fact.number
        rows.append(
            [
                fact.label,
                cell_of(number),
                unit_of(number, _PEOPLE.get(number.name, "件")),
                None,
                None,
                strip_tags(fact.text),
            ]
        )
    columns = [Column("指标", 18), Column("数值", 12), Column("单位", 8), Column("比上期", 10)]
    return Sheet("主要数字", [*columns, Column("比上期单位", 10), Column("说明", 60)], rows)


def _signed(cell: Value, sign: int) -> Value:
    """The size of a change with its direction."""
    if isinstance(cell, Shaped) and isinstance(cell.value, int | float):
        return Shaped(abs(cell.value) * sign, cell.number_format)
    return cell


def _stuck(context: dict[str, Any]) -> Sheet:
    rows: list[list[Value]] = [
        [heap.label, cell_of(heap.number), heap.unit, strip_tags(heap.text)] for heap in context["stuck"]
    ]
    if context["nothing"]:
        rows.append(["没有堵着的", None, None, "，".join(context["nothing"])])
    return Sheet(
        "堵在哪里", [Column("事项", 24), Column("数", 10), Column("单位", 8), Column("说明", 60)], rows
    )


def _funnel(context: dict[str, Any]) -> Sheet:
    rows: list[list[Value]] = [
        [stage.label, cell_of(stage.number), cell_of(stage.median), cell_of(stage.p90)]
        for stage in context["funnel"]
    ]
    columns = [
        Column("环节", 12),
        Column("件数", 10),
        Column("中位用时（小时）", 18),
        Column("九成不超过（小时）", 20),
    ]
    return Sheet("从点单到满意", columns, rows)


def _children(table: Table, word: str) -> Sheet:
    columns = [Column("名称", 22), Column("说明", 20), *(Column(_heading(each), 12) for each in COLUMNS)]
    return Sheet(word, columns, [_line(row) for row in table.rows], _line(table.total))


def _line(row: Row) -> list[Value]:
    return [row.name, row.note, *(cell_of(cell.number) for cell in row.cells)]


def _heading(known: Known) -> str:
    if known.key == "oldest_due":
        return "最久超时件的期限"
    if known.key.endswith(".median"):
        return known.label.replace("（中位）", "（中位，小时）")
    return known.label


def _peers(context: dict[str, Any]) -> Sheet:
    rows: list[list[Value]] = [
        [line.label, cell_of(line.own), unit_of(line.own), cell_of(line.rank), line.of, cell_of(line.median)]
        for line in context["compared"]
    ]
    heads = ("指标", "本处", "单位", "第几", "几个里面", "中间那个数")
    return Sheet("和同级比", [Column(head, 16) for head in heads], rows)


def _coming(context: dict[str, Any]) -> Sheet:
    coming = context["coming"]
    rows: list[list[Value]] = [
        ["今天起 7 天的哨单", cell_of(coming.whistle_count), "场"],
        ["本季还有", coming.days_left, "天"],
    ]
    for label, number, unit in (
        ("本季次数没完成", coming.behind, "人"),
        ("走访等级到期要复核", coming.review_due, "户"),
        ("走访等级两周内要复核", coming.review_soon, "户"),
    ):
        if number is not None:
            rows.append([label, cell_of(number), unit])
    return Sheet("接下来", [Column("事项", 26), Column("数", 10), Column("单位", 8)], rows)


def _zone(zone: Any) -> Sheet:
    rows: list[list[Value]] = [
        ["联系的户", cell_of(zone.households)],
        ["其中要多走访的", cell_of(zone.cared_for)],
    ]
    return Sheet("责任区", [Column("事项", 20), Column("户", 10)], rows)


def _chart(chart: Chart) -> Sheet:
    columns = [Column(chart.label_word, 22)]
    columns += [Column(each.heading, 16) for each in chart.series]
    rows: list[list[Value]] = [
        [label, *(_point(each, each.values[place]) for each in chart.series)]
        for place, label in enumerate(chart.labels)
    ]
    return Sheet(chart.title, columns, rows)


def _point(series: Series, value: float | None) -> Value:
    """A value of a chart: hundredths back as shares, decimals as the page shows them."""
    if value is None:
        return None
    if series.unit == "%":
        return Shaped(value / 100, "0%" if series.places == 0 else "0.0%")
    return int(value) if float(value).is_integer() and not series.places else Shaped(value, TENTH)


def workbook(context: dict[str, Any]) -> bytes:
    """The page as .xlsx; two sections of one name get a number."""
    book, names = BookWriter(), set[str]()
    with book:
        for sheet in sheets_of(context):
            name = _free_name(sheet.name, names)
            names.add(name)
            table = book.begin(name, sheet.columns)
            for row in sheet.rows:
                table.add(row)
            table.finish(sheet.total)
    return book.content()


def _free_name(wanted: str, taken: set[str]) -> str:
    name, number = wanted[:28], 1
    while name in taken:
        number += 1
        name = f"{wanted[:26]} {number}"
    return name


# CSV


def csv_text(context: dict[str, Any]) -> str:
    """The children and their total, each line with the place, the days and the moment that it is about. With the
    mark by which spreadsheets know UTF-8."""
    out = StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    about = [context["window"].first, context["window"].last, _as_of(context)]
    writer.writerow(["名称", "说明", *(_heading(each) for each in COLUMNS), "属于", "起", "止", "截至"])
    for row in _table_rows(context):
        cells = [_plain(cell) for cell in _line(row)]
        writer.writerow([*cells, csv_safe(context["name"]), *about])
    return out.getvalue()


def _table_rows(context: dict[str, Any]) -> Iterable[Row]:
    table: Table | None = context.get("table")
    return [*table.rows, table.total] if table is not None else []


def _as_of(context: dict[str, Any]) -> str:
    return _moment(context["as_of"]) if context["as_of"] else ""


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def _plain(cell: Value) -> Any:
    """Shares between 0 and 1, hours, ISO moments; text that no spreadsheet takes for a formula."""
    if isinstance(cell, Shaped):
        return _moment(cell.value) if isinstance(cell.value, datetime) else round(float(str(cell.value)), 6)
    return csv_safe(cell) if isinstance(cell, str) else cell


def filename(context: dict[str, Any], kind: str) -> str:
    """武江区-看板-2026-11-01至2026-11-30.xlsx"""
    window: Window = context["window"]
    return f"{context['name']}-看板-{window.first}至{window.last}.{kind}".replace("/", "-")
