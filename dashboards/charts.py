"""A chart as data: what its table says and its drawing repeats (`templates/dashboards/_chart.html`, charts.js).

The table is the truth: the browser reads it from the page and draws it, so that a figure stands on the page once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

Kind = Literal["line", "bar", "stacked", "rows", "share"]
#: Names of design tokens (`static/css/tokens.css`); "" takes the next colour of the palette.
Tone = Literal["", "accent", "done", "hand", "soon", "late", "gold", "wait"]


class Spot(NamedTuple):
    """Of which place and days a line of the table tells, for whoever checks its figures; days both included.

    `part` stands for the "*" in the measures of its series: "category.*" of the line "7" is "category.7".
    """

    place: str
    first: date | None = None
    last: date | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures, a value for each label; None is “nothing to count”, not zero.

    `unit` is what the values are in: a rate is given in hundredths with the unit "%". `measure` names the figure
    (of `dashboards.measures`, or the property of a rate) for the marks on the page. `places` are decimals.
    """

    name: str
    values: Sequence[float | None]
    tone: Tone = ""
    unit: str = ""
    measure: str = ""
    places: int | None = None

    def said(self, value: float | None) -> str:
        """A value with thousands marked, without its unit unless that is "%": 1204 → "1,204", 97.62 → "97.6%"."""
        if value is None:
            return "—"
        places = (
            self.places if self.places is not None else int(not float(value).is_integer() or self.unit == "%")
        )
        return f"{value:,.{places}f}{'%' if self.unit == '%' else ''}"

    @property
    def heading(self) -> str:
        """The head of its column: “点单（件）”; hundredths carry their sign in each cell."""
        return f"{self.name}（{self.unit}）" if self.unit and self.unit != "%" else self.name


class Cell(NamedTuple):
    value: float | None
    text: str
    measure: str


class Row(NamedTuple):
    label: str
    url: str
    spot: Spot | None
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a card of a dashboard shows.

    kind: "line" along time, "bar" columns, "stacked" columns on each other, "rows" bars to the right (names of
    places), "share" parts of a whole (first series only). `key` is the card's id on the page. `urls` open the rows
    behind a label; `spots` say which figures they are; `says` replaces the sentence that is made of the figures;
    `label_word` heads the first column of the table.
    """

    key: str
    title: str
    kind: Kind
    labels: Sequence[str]
    series: Sequence[Series]
    urls: Sequence[str] = ()
    note: str = ""
    spots: Sequence[Spot | None] = ()
    says: str = ""
    label_word: str = "名称"

    @property
    def rows(self) -> Iterator[Row]:
        """The lines of the table."""
        for place, label in enumerate(self.labels):
            yield Row(
                label,
                self.urls[place] if place < len(self.urls) else "",
                self.spots[place] if place < len(self.spots) else None,
                [
                    Cell(value, each.said(value), _of_line(each.measure, self.spots[place : place + 1]))
                    for each in self.series
                    for value in [each.values[place]]
                ],
            )

    @property
    def is_empty(self) -> bool:
        """Nothing but zeros and gaps: there is nothing to draw."""
        return not any(value for each in self.series for value in each.values)

    @property
    def sentence(self) -> str:
        """The most important thing in words, for those who do not see the drawing."""
        return self.says or (f"{self.title}：还没有数据" if self.is_empty else _sentence(self))


def _of_line(measure: str, spot: Sequence[Spot | None]) -> str:
    return measure.replace("*", spot[0].part) if spot and spot[0] is not None else measure


def _sentence(chart: Chart) -> str:
    """Along time: the last, the highest; else: the highest and, where figures add up, its part of all."""
    first = chart.series[0]
    known = [
        (value, label) for value, label in zip(first.values, chart.labels, strict=True) if value is not None
    ]
    if not known:
        return f"{chart.title}：{first.name}还没有数据"
    (most, where), (last, when) = max(known, key=lambda each: each[0]), known[-1]
    if chart.kind == "line":
        return f"{chart.title}：{when}{first.name} {_full(first, last)}，最高是{where}的 {_full(first, most)}"
    whole = sum(value for value, _ in known)
    of_all = f"，共 {_full(first, whole)}" if first.unit != "%" and len(known) > 1 else ""
    return f"{chart.title}：{first.name}最多的是{where}，{_full(first, most)}{of_all}"


def _full(series: Series, value: float) -> str:
    said = series.said(value)
    return said if said.endswith("%") or not series.unit else f"{said} {series.unit}"
