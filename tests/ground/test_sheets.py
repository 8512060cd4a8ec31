"""Sheets as people have them: opened, read row by row, or refused with what to do."""

import io
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from ground.sheets import BadBook, BookWriter, Column, open_book, text_of
from tests.ground.books import SHEET, grid, refusal, rows_of, workbook

ROOT = Path(__file__).resolve().parents[2]


# Reading .xlsx


def test_rows_keep_the_numbers_and_columns_of_excel_where_the_table_begins_elsewhere():
    def write(book, sheet):
        sheet.write(4, 2, "姓名")
        sheet.write(6, 3, 5)

    found = dict(rows_of(workbook(write)))
    assert found[5][:4] == [None, None, "姓名", None]
    assert found[7][:4] == [None, None, None, 5.0]
    assert found[1] == found[6] == [None] * 4 and list(found) == [1, 2, 3, 4, 5, 6, 7]


def test_cells_keep_their_type():
    def write(book, sheet):
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_string(0, 0, "440203198503021234")
        sheet.write_number(0, 1, 440203198503021234)
        sheet.write_boolean(0, 2, True)
        sheet.write_datetime(0, 3, datetime(1985, 3, 2), day)
        sheet.write_formula(0, 4, "=1+1", None, 2)
        sheet.write_string(0, 6, "末")

    [(_, cells)] = rows_of(workbook(write))
    assert cells[:1] + cells[2:] == ["440203198503021234", True, date(1985, 3, 2), 2.0, None, "末"]
    assert (
        isinstance(cells[1], float) and text_of(cells[1]) != "440203198503021234"
    )  # a numeric cell is damaged
    assert isinstance(cells[2], bool)


def test_merged_cells_are_filled_down_and_across():
    def write(book, sheet):
        sheet.merge_range(1, 1, 3, 1, "花城路 1 号")
        sheet.merge_range(1, 2, 1, 3, "户主")
        sheet.merge_range(4, 0, 5, 1, "角")
        for row in range(1, 6):
            sheet.write(row, 4, row)

    cells = [row[:5] for _, row in rows_of(workbook(write))]
    assert cells[1] == [None, "花城路 1 号", "户主", "户主", 1.0]
    assert cells[2] == [None, "花城路 1 号", None, None, 2.0]
    assert cells[3] == [None, "花城路 1 号", None, None, 3.0]
    assert cells[4][:2] == cells[5][:2] == ["角", "角"]


def test_sheets_have_names_and_hidden_ones_are_marked():
    def write(book, first, second, third):
        first.write(0, 0, "a")
        second.hide()
        third.write(0, 0, "c")

    with open_book(workbook(write, "居民", "代码", "楼栋"), "表.xlsx") as book:
        assert [(each.name, each.hidden) for each in book.sheets] == [
            ("居民", False),
            ("代码", True),
            ("楼栋", False),
        ]
        assert list(book.sheets[1].rows()) == []
        assert list(book.sheets[2].rows()) == [(1, ["c"])]
        assert list(book.sheets[0].rows()) == list(book.sheets[0].rows()) == [(1, ["a"])]


def test_a_path_is_read_like_bytes(tmp_path):
    (tmp_path / "表.xlsx").write_bytes(grid(["姓名"], ["张三"]))
    assert rows_of(tmp_path / "表.xlsx") == [(1, ["姓名"]), (2, ["张三"])]


# Refusals


def test_an_old_workbook_a_locked_one_and_a_web_page_are_told_apart():
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
    assert ".xls" in refusal(ole, "表.xls") and "另存为 .xlsx" in refusal(ole)
    assert "密码" in refusal(ole + "EncryptedPackage".encode("utf-16-le"))
    assert "网页" in refusal(b"<html><table><tr><td>1</td></tr></table></html>", "表.xls")
    assert "不是表格" in refusal(b"%PDF-1.7 ...", "表.pdf")


def test_an_empty_file_and_an_empty_workbook_are_refused():
    assert "空" in refusal(b"")
    assert "没有内容" in refusal(workbook(lambda book, sheet: None))
    assert "没有内容" in refusal(b",,\n\n ,\n", "表.csv")


def test_a_cut_off_workbook_is_refused():
    content = grid(["姓名"], ["张三"])
    for length in (5, 100, len(content) // 2, len(content) - 30):
        assert "损坏" in refusal(content[:length])


def test_a_workbook_with_a_flipped_byte_is_refused_or_read_but_never_crashes():
    content = grid(*[[f"张三{n}", n] for n in range(50)])
    refused = 0
    for position in range(0, len(content), 37):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        try:
            rows_of(bytes(damaged))
        except BadBook as fault:
            refused += 1
            assert fault.sentence
    assert refused > 50


def package(parts):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def replaced(content, part, change):
    """A workbook with one part rewritten."""
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        return package(
            {n: change(source.read(n)) if n == part else source.read(n) for n in source.namelist()}
        )


def test_other_packages_are_no_workbooks():
    assert "另存为 .xlsx" in refusal(package({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}))


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = package({"xl/workbook.xml": b"<workbook/>", SHEET: b" " * (30 * 1024**2)})
    assert len(bomb) < 100_000 and "过大" in refusal(bomb)


def test_a_directory_that_lies_about_sizes_is_found_out():
    honest = replaced(grid(["姓名"]), SHEET, lambda xml: xml + b" " * 1_000_000)
    size = len(zipfile.ZipFile(io.BytesIO(honest)).read(SHEET))
    assert "损坏" in refusal(honest.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))


@pytest.mark.parametrize(
    ("cell", "says"),
    [(b"A1048576", "500,000"), (b"XFD2", "列太多"), (b"AZ400000", "列太多"), (b"xfd1048576", "")],
)
def test_one_far_cell_does_not_make_the_parser_fill_the_memory(cell, says):
    # The parser keeps the whole box around the cells: A1 and XFD1048576 would be 17 thousand million of them.
    far = b'<row r="2"><c r="' + cell + b'"><v>1</v></c></row></sheetData>'
    content = replaced(grid(["姓名"]), SHEET, lambda xml: xml.replace(b"</sheetData>", far))
    assert says in refusal(content)


def test_merged_ranges_in_heaps_are_refused():
    heap = (
        b'</sheetData><mergeCells count="9000">' + b'<mergeCell ref="A1:B400000"/>' * 9000 + b"</mergeCells>"
    )
    content = replaced(grid(["姓名"]), SHEET, lambda xml: xml.replace(b"</sheetData>", heap))
    with pytest.raises(BadBook):
        rows_of(content)


def test_too_many_rows_are_refused():
    assert "500,000" in refusal(b"a\n" * 500_001, "表.csv")


# Reading .csv

TABLE = "姓名,电话\n张三,13800001111\n\n李四,0751-8123456\n"
READ = [(1, ["姓名", "电话"]), (2, ["张三", "13800001111"]), (3, []), (4, ["李四", "0751-8123456"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_csv_is_read_in_the_encodings_that_people_have(encoding):
    assert rows_of(TABLE.encode(encoding), "表.csv") == READ


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_cut_at_its_own_delimiter(delimiter):
    assert rows_of(TABLE.replace(",", delimiter).encode(), "表.csv") == READ


def test_line_ends_quotes_and_protected_digits():
    content = '姓名,备注,编号\r\n"张""三","一\n二","=""007"""\r\n李四,,\r\n'.encode()
    assert rows_of(content, "表.csv")[1:] == [(2, ['张"三', "一\n二", "007"]), (3, ["李四", None, None])]


def test_rare_signs_of_gb18030_are_kept():
    assert rows_of("姓名\n㛃𠮷\n".encode("gb18030"), "表.csv")[1] == (2, ["㛃𠮷"])


def test_a_line_in_another_encoding_is_named():
    mixed = "姓名\n张三\n李四\n".encode() + "王五\n".encode("gbk")
    assert "第 4 行" in refusal(mixed, "表.csv")
    assert "第 2 行" in refusal("姓名\n".encode("gbk") + b"\xff\xff\xff\n", "表.csv")
    assert ".xlsx" in refusal(b"a\0b", "表.csv")


def test_a_quote_that_is_never_closed_is_refused():
    assert "引号" in refusal(b'"' + b"a\n" * 100_000, "表.csv")


# Size

MEASURE = """
import resource, sys
from pathlib import Path
from ground.sheets import open_book
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open_book(Path(sys.argv[1]), "big.xlsx") as book:
    rows = sum(1 for _ in book.sheets[0].rows())
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_sheet_of_thirty_thousand_rows_takes_little_memory(tmp_path):
    """100,000 rows of 16 columns take 165 MB and 3.5 s; a third of them shows the same in a third of the time."""
    big = tmp_path / "big.xlsx"
    with BookWriter(big) as writer:
        table = ([f"花城路{row}号{n}" for n in range(16)] for row in range(30_000))
        writer.table("居民", [Column(f"列{n}") for n in range(16)], table)
    script = f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n{MEASURE}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(big)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 30_001 and megabytes < 65
