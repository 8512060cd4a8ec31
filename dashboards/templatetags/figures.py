"""One way to put a number on a dashboard: marked with what it counts, leading to it (`dashboards.page.numbers`).

A page has hundreds of cells, each of which costs a template a dozen nodes: the lines of its tables are written here.
"""

from __future__ import annotations

from html import escape

from django import template
from django.utils.safestring import SafeString

from dashboards import charts
from dashboards.page.numbers import Number
from dashboards.page.table import Row

register = template.Library()


@register.simple_tag
def n(number: Number | None, css: str = "") -> SafeString | str:
    """The number with its marks, as a link where it leads anywhere; "" for None."""
    if number is None:
        return ""
    if not number.url:
        return number.__html__()
    return SafeString(f'<a class="{escape(css)}" href="{escape(number.url)}">{number.__html__()}</a>')


@register.simple_tag
def bare(number: Number | None) -> SafeString | str:
    """The number with its marks alone: for tiles that are links as a whole."""
    return "" if number is None else number.__html__()


@register.simple_tag
def compared(row: Row) -> SafeString:
    """A line of the table of children, or their sum."""
    name = f'<a href="{escape(row.url)}">{escape(row.name)}</a>' if row.url else f"<b>{escape(row.name)}</b>"
    note = f"<br><small>{escape(row.note)}</small>" if row.note else ""
    cells = "".join(f"<td{_class('bad', each.is_bad)}>{n(each.number)}</td>" for each in row.cells)
    return SafeString(f"<tr{_class('oldest', row.is_oldest)}><td>{name}{note}</td>{cells}</tr>")


def _class(name: str, wanted: bool) -> str:
    return f' class="{name}"' if wanted else ""


@register.simple_tag
def chart_rows(chart: charts.Chart) -> SafeString:
    """The lines of a chart's table, which its drawing is made of."""
    return SafeString("".join(_chart_row(row) for row in chart.rows))


def _chart_row(row: charts.Row) -> str:
    label = f'<a href="{escape(row.url)}">{escape(row.label)}</a>' if row.url else escape(row.label)
    return (
        f'<tr><th scope="row">{label}</th>{"".join(_chart_cell(each, row.spot) for each in row.cells)}</tr>'
    )


def _chart_cell(cell: charts.Cell, spot: charts.Spot | None) -> str:
    value = "" if cell.value is None else f' data-value="{cell.value}"'
    if not cell.measure or spot is None:
        return f"<td{value}>{escape(cell.text)}</td>"
    days = f' data-from="{spot.first}" data-to="{spot.last}"' if spot.first else ""
    place = f'data-place="{escape(spot.place)}"'
    return f'<td{value}><span data-n="{escape(cell.measure)}" {place}{days}>{escape(cell.text)}</span></td>'
