"""Charts: what the table says, the sentence for those who do not see, the marks, and what stands without files."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.template.loader import render_to_string

from dashboards.charts import Chart, Kind, Series, Spot

JULY = (date(2026, 7, 1), date(2026, 7, 31))


def a_chart(kind: Kind = "line", **changes: Any) -> Chart:
    fields: dict[str, Any] = {
        "key": "course",
        "title": "每月点单",
        "kind": kind,
        "labels": ["6月", "7月", "8月"],
        "series": [Series("点单", [812, 1204, 940], "accent", "件", "own")],
    }
    return Chart(**(fields | changes))


def drawn(chart: Chart, **context: Any) -> str:
    return render_to_string("dashboards/_chart.html", {"chart": chart, **context})


def table_of(html: str) -> list[list[str]]:
    """The words of its cells, line by line."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row] for row in cells]


def test_the_table_says_every_value_with_thousands_and_gaps_as_a_dash():
    chart = a_chart(
        series=[
            Series("点单", [812, 1204, None], "accent", "件"),
            Series("满意率", [None, 97.62, 100], "done", "%"),
            Series("用时", [1.25, 30, 2], "", "小时", places=1),
        ]
    )
    assert table_of(drawn(chart)) == [
        ["名称", "点单（件）", "满意率", "用时（小时）"],
        ["6月", "812", "—", "1.2"],
        ["7月", "1,204", "97.6%", "30.0"],
        ["8月", "—", "100.0%", "2.0"],
    ]


def test_the_script_finds_plain_numbers_in_the_cells_and_none_in_a_gap():
    html = drawn(
        a_chart(series=[Series("点单", [0, 1204, None], "", "件"), Series("率", [97.62, 0.5, 1], "", "%")])
    )
    assert re.findall(r'data-value="([^"]+)"', html) == ["0", "97.62", "1204", "0.5", "1"]
    assert re.findall(r'data-name="([^"]+)" data-unit="([^"]+)"', html) == [("点单", "件"), ("率", "%")]


def test_a_figure_is_marked_with_its_measure_place_and_days():
    spots = [Spot("o12", *JULY, part="7"), Spot("g3"), None]
    html = drawn(a_chart(series=[Series("点单", [1, 2, 3], "", "件", "category.*")], spots=spots))
    assert (
        '<span data-n="category.7" data-place="o12" data-from="2026-07-01" data-to="2026-07-31">1</span>'
        in html
    )
    assert re.search(r'<span data-n="category\." data-place="g3">2</span>', html)
    assert html.count("data-n=") == 2


def test_a_label_leads_to_its_rows_where_it_has_an_address():
    html = drawn(a_chart(urls=["/desk/requests/?which=own&from=2026-06-01", "", ""]))
    assert '<a href="/desk/requests/?which=own&amp;from=2026-06-01">6月</a>' in html
    assert html.count("<a ") == 1


def test_names_of_places_cannot_break_out_of_the_page():
    html = drawn(a_chart(title="<script>1</script>", labels=['"><img src=x>', "b", "c"], note="<b>"))
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        (a_chart(), "每月点单：8月点单 940 件，最高是7月的 1,204 件"),
        (a_chart("rows"), "每月点单：点单最多的是7月，1,204 件，共 2,956 件"),
        (a_chart("rows", series=[Series("率", [88.1, 90, None], unit="%")]), "每月点单：率最多的是7月，90.0%"),
        (a_chart(series=[Series("点单", [3, 5, None], unit="件")]), "每月点单：7月点单 5 件，最高是7月的 5 件"),
        (a_chart(series=[Series("点单", [0, 0, 0], unit="件")]), "每月点单：还没有数据"),
        (a_chart(says="七月最忙"), "七月最忙"),
    ],
)  # fmt: skip
def test_the_sentence_says_the_most_important_thing(chart: Chart, says: str):
    assert chart.sentence == says


def test_the_drawing_is_a_picture_with_that_sentence_and_hidden_until_it_is_drawn():
    html = drawn(a_chart())
    found = re.search(r"<div[^>]*data-chart-drawing[^>]*>", html)
    assert found is not None
    assert 'role="img"' in found[0]
    assert "7月的 1,204 件" in found[0]
    assert found[0].endswith(" hidden>")
    assert re.search(r"<div[^>]*data-chart-tools hidden>", html)
    assert not re.search(r"<div[^>]*data-chart-table[^>]*hidden", html)


def test_where_there_is_nothing_the_card_says_so_and_nothing_is_drawn():
    html = drawn(a_chart(series=[Series("点单", [0, 0, None], unit="件")]))
    assert "还没有数据" in html
    assert "data-chart-drawing" not in html


def test_the_page_asks_for_no_library_that_is_not_there(settings, tmp_path):
    strict = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    (tmp_path / "staticfiles.json").write_text(
        '{"version": "1.1", "hash": "", "paths": {"js/charts.js": "js/charts.1.js"}}'
    )
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": strict}}
    html = render_to_string("dashboards/_chart_files.html")
    assert re.findall(r'src="([^"]+)"', html) == ["/static/js/charts.1.js"]
