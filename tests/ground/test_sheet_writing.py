"""Workbooks that are written come back unharmed, and no text becomes a formula."""

import io
import re
import zipfile
from datetime import UTC, date, datetime

import pytest

from ground.sheets import BookWriter, Column, Shaped, find_header, open_book, xlsx_answer
from tests.ground.books import SHEET, rows_of

# Writing

COLUMNS = [
    Column("姓名", required=True, example="张三", hint="与证件一致"),
    Column("身份证号", width=22, as_text=True, example="11010519491231002X"),
    Column("性别", choices=["男", "女"]),
    Column("民族", choices=[f"第{n}个很长的选项" for n in range(60)]),
]


def part(content, name):
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        return made.read(name).decode()


def test_a_template_can_be_read_back_and_has_lists_text_columns_and_an_example():
    with BookWriter() as writer:
        writer.template("居民", COLUMNS)
        writer.explanation("填写说明", ["每人一行。", ["身份证号", "18 位，文本格式"]])
    content = writer.content()
    with open_book(content, "模板.xlsx") as book:
        assert [(each.name, each.hidden) for each in book.sheets] == [
            ("居民", False),
            ("列表1", True),
            ("填写说明", False),
        ]
        rows = list(book.sheets[0].rows())
        assert (
            find_header(book.sheets[0], {"姓名": "name", "身份证号": "number"}, {"name", "number"}).row == 1
        )
    assert rows == [
        (1, ["姓名*", "身份证号", "性别", "民族"]),
        (2, ["张三", "11010519491231002X", None, None]),
    ]
    sheet = part(content, SHEET)
    assert '"男,女"' in sheet and "'列表1'!$A$1:$A$60" in sheet and 'state="frozen"' in sheet
    assert 'formatCode="@"' in part(content, "xl/styles.xml")


@pytest.mark.parametrize(
    "text", ["=1+1", "+86", "-1", "@x", "\tx", "{=1}", "http://example.com", "007", "=cmd|' /C calc'!A0"]
)
def test_text_stays_text_whatever_it_begins_with(text):
    with BookWriter() as writer:
        assert writer.table("表", [Column("甲")], [[text]]) == 1
    assert rows_of(writer.content())[1] == (2, [text])
    assert "<f>" not in part(writer.content(), SHEET) and "hyperlink" not in part(writer.content(), SHEET)


def test_figures_are_numbers_and_long_numbers_are_text():
    columns = [Column("数"), Column("证件", as_text=True), Column("长"), Column("日"), Column("空")]
    with BookWriter() as writer:
        writer.table(
            "a[b]:*?/\\" + "长" * 40, columns, [[5, 138, 440203198503021234, date(1985, 3, 2), None]]
        )
    content = writer.content()
    assert rows_of(content)[1] == (2, [5.0, "138", "440203198503021234", "1985-03-02", None])


def test_a_number_may_have_a_format_of_its_own_among_others():
    noon = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    with BookWriter() as writer:
        table = writer.begin("表", [Column("数")])
        for cell in (5, Shaped(0.976, "0.0%"), Shaped(noon, "yyyy-mm-dd hh:mm")):
            table.add([cell])
        table.finish([Shaped(0.5, "0.0%")])
    content = writer.content()
    assert [cells for _, cells in rows_of(content)[1:]] == [
        [5.0],
        [0.976],
        [datetime(2026, 11, 20, 12, 0)],
        [0.5],
    ]
    styles, sheet = part(content, "xl/styles.xml"), part(content, SHEET)
    assert 'formatCode="0.0%"' in styles and "yyyy-mm-dd hh:mm" in styles
    shapes = re.findall(r'<c r="A[2-5]"( s="\d+")?>', sheet)
    assert shapes[0] == "" and len(set(shapes)) == 4  # the total is bold


@pytest.mark.django_db
def test_an_answer_has_a_chinese_name_and_is_kept_by_no_cache(tmp_path):
    answer = xlsx_answer("花城社区 居民.xlsx", b"PK")
    assert "filename*=utf-8''%E8%8A%B1%E5%9F%8E" in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith("attachment") and answer["Cache-Control"] == "no-store"
    (tmp_path / "x.xlsx").write_bytes(b"PK2")
    streamed = xlsx_answer("x.xlsx", tmp_path / "x.xlsx")
    assert b"".join(streamed.streaming_content) == b"PK2" and streamed["Cache-Control"] == "no-store"
    streamed.close()


def test_a_book_is_written_to_a_path(tmp_path):
    with BookWriter(tmp_path / "x.xlsx") as writer:
        writer.table("表", [Column("甲")], (["乙"] for _ in range(3)))
    assert len(rows_of(tmp_path / "x.xlsx")) == 4
    with pytest.raises(ValueError, match="target"):
        writer.content()
