"""Sheets: reading what people have (.xlsx, .csv), writing what they expect.

`books` opens a file and streams rows, `guard` looks at it before anything parses it, `cells` reads single values,
`headings` finds out which column is which, `writing` makes workbooks and answers with them.
"""

from ground.sheets.books import Book, Sheet, open_book
from ground.sheets.cells import Cell, column_letters, csv_safe, date_of, text_of
from ground.sheets.guard import BadBook
from ground.sheets.headings import Header, find_header, is_note, is_total
from ground.sheets.writing import BookWriter, Column, Shaped, xlsx_answer

__all__ = [
    "BadBook",
    "Book",
    "BookWriter",
    "Cell",
    "Column",
    "Header",
    "Shaped",
    "Sheet",
    "column_letters",
    "csv_safe",
    "date_of",
    "find_header",
    "is_note",
    "is_total",
    "open_book",
    "text_of",
    "xlsx_answer",
]
