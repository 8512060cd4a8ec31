"""What cells, headings and rows mean."""

from datetime import date, datetime

import pytest

from ground.sheets import (
    column_letters,
    csv_safe,
    date_of,
    find_header,
    is_note,
    is_total,
    open_book,
    text_of,
)
from tests.ground.books import grid, workbook

# Cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (" 张三\u3000\n", "张三"),
        ("\u200b１３８\ufeff", "138"),
        ("一\n二", "一\n二"),
        (502.0, "502"),
        (502, "502"),
        (1.5, "1.5"),
        (
            440203198503021234.0,
            "440203198503021248",
        ),  # damaged already: never taken for a number of a document
        (True, "是"),
        (date(1985, 3, 2), "1985-03-02"),
        (datetime(1985, 3, 2), "1985-03-02"),
        (datetime(1985, 3, 2, 8, 5), "1985-03-02 08:05"),
    ],
)
def test_what_a_cell_says(cell, text):
    assert text_of(cell) == text


@pytest.mark.parametrize(
    "cell",
    [
        date(1985, 3, 2),
        datetime(1985, 3, 2, 9),
        "1985年3月2日",
        "1985 年 3 月 2 日",
        "1985.3.2",
        "1985/03/02",
        "1985-3-2",
        "１９８５－０３－０２",
        "1985-03-02 00:00:00",
        "19850302",
        19850302.0,
        19850302,
        31108.0,
        31108,
    ],
)
def test_a_day_is_read(cell):
    assert date_of(cell) == date(1985, 3, 2)


@pytest.mark.parametrize(
    "cell",
    [
        "31108",
        "85.3.2",
        "1985年3月",
        "1985-13-02",
        "1985-02-29",
        "02/03/1985",
        1985.0,
        0.0,
        99999.0,
        True,
        "不详",
    ],
)
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(ValueError, match=r"."):
        date_of(cell)


def test_an_empty_cell_names_no_day():
    assert date_of(None) is date_of("  ") is None


def test_columns_have_letters():
    assert [column_letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-cmd", "'-cmd"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("＝1", "'＝1"),
        (" =1", "' =1"),
        ("-12.5", "-12.5"),
        ("张三", "张三"),
        ("", ""),
    ],
)
def test_text_for_a_csv_begins_no_formula(text, safe):
    assert csv_safe(text) == safe


# Headings

KNOWN = {
    "姓名": "name",
    "居民姓名": "name",
    "身份证号": "number",
    "证件号码": "number",
    "联系电话": "phone",
    "电话(座机)": "landline",
    "户主姓名": "head_name",
    "楼栋": "building",
}


def header_of(content, required=("name",), **options):
    with open_book(content, "表.xlsx") as book:
        return find_header(book.sheets[0], KNOWN, set(required), **options)


def test_headings_are_found_below_a_title_and_however_they_are_written():
    found = header_of(
        grid(
            ["花城社区居民登记表", "", "", ""],
            ["填表人：张三", "", "", ""],
            ["序号", "＊姓 名（必填）", "身份\n证号", "联系电话："],
            [1, "张三", "x", "y"],
        )
    )
    assert (found.row, found.columns) == (3, {"name": 1, "number": 2, "phone": 3})
    assert found.unknown == ["序号"] and found.titles["name"] == "*姓 名(必填)"


def test_words_in_brackets_may_make_another_field():
    found = header_of(grid(["姓名", "电话（座机）", "联系电话（手机）"]))
    assert found.columns == {"name": 0, "landline": 1, "phone": 2}


def test_two_rows_of_headings():
    def write(book, sheet):
        sheet.merge_range(0, 0, 1, 0, "楼栋")
        sheet.merge_range(0, 1, 0, 2, "户主")
        sheet.merge_range(0, 3, 0, 4, "居民")
        sheet.write_row(1, 1, ["姓名", "联系电话", "姓名", "身份证号"])
        sheet.write_row(2, 0, ["1 栋", "张三", "1", "李四", "2"])

    found = header_of(workbook(write), required=("name", "head_name"))
    assert found.row == 2
    assert found.columns == {"building": 0, "head_name": 1, "phone": 2, "name": 3, "number": 4}


def test_two_rows_of_headings_without_merged_cells():
    found = header_of(grid(["楼栋", "人员信息", ""], ["", "姓名", "身份证号"], ["1 栋", "张三", "x"]))
    assert (found.row, found.columns) == (2, {"building": 0, "name": 1, "number": 2})


def test_one_row_of_headings_is_not_taken_for_two_when_the_first_data_row_has_gaps():
    found = header_of(grid(["姓名", "身份证号", "楼栋"], ["", "", "1 栋"], ["张三", "x", "1 栋"]))
    assert found.row == 1


def test_the_column_that_a_person_picked_wins():
    found = header_of(
        grid(["姓名", "曾用证件", "身份证号"], ["a", "b", "c"]),
        by_hand={"number": "曾用证件", "note": "没有这列"},
    )
    assert found.columns == {"name": 0, "number": 1} and found.unknown == ["身份证号"]


def test_a_title_that_comes_twice_is_told():
    found = header_of(grid(["姓名", "居民姓名", "身份证号"]))
    assert found.columns["name"] == 0 and found.duplicates == {"name": [1]}


def test_no_headings_no_header():
    assert header_of(grid(["张三", "李四"], ["1", "2"])) is None
    assert header_of(grid(["姓名"]), required=("name", "number")) is None
    assert header_of(grid(*[["x", ""]] * 20, ["姓名", "身份证号"])) is None
    assert header_of(grid(*[["x", ""]] * 19, ["姓名", "身份证号"])).row == 20


@pytest.mark.parametrize(
    "row",
    [["合计", None, 5.0], [None, "总 计", 5.0], ["1", "小计：", 3.0], ["共计12人", None], ["合计", "合计"]],
)
def test_rows_of_sums(row):
    assert is_total(row)


@pytest.mark.parametrize("row", [["张三", "合计路 1 号"], ["1", "2", "3", "合计"], [None], ["共计生", "x"]])
def test_rows_of_data_are_no_sums(row):
    assert not is_total(row)


@pytest.mark.parametrize(
    "row",
    [
        ["注：本表一式两份", "x", None],
        ["说明：请如实填写", None],
        ["填表人：张三", "x", "2026"],
        ["花城社区登记表", None, None],
        ["花城社区登记表"] * 5,
    ],
)
def test_rows_of_words(row):
    assert is_note(row)


@pytest.mark.parametrize("row", [["张三", "x", None], [None, None, None], ["注册", "x", "y"]])
def test_rows_of_data_are_no_notes(row):
    assert not is_note(row)
