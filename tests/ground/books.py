"""Workbooks made for a test, and how they read."""

import io

import pytest
import xlsxwriter

from ground.sheets import BadBook, open_book

#: Where the first sheet lies in a workbook.
SHEET = "xl/worksheets/sheet1.xml"


def workbook(write, *names):
    """The bytes of a workbook with sheets of these names, written by `write(book, *sheets)`."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    write(book, *[book.add_worksheet(name) for name in names or ["居民"]])
    book.close()
    return target.getvalue()


def grid(*rows):
    """A workbook of one sheet that holds these rows."""

    def write(book, sheet):
        for row, cells in enumerate(rows):
            sheet.write_row(row, 0, cells)

    return workbook(write)


def rows_of(content, name="表.xlsx", index=0):
    with open_book(content, name) as book:
        return list(book.sheets[index].rows())


def refusal(content, name="表.xlsx"):
    with pytest.raises(BadBook) as refused:
        open_book(content, name)
    return refused.value.sentence
