"""What is looked at before a workbook is parsed: its kind, its size unpacked, and the box that its cells fill."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

MAX_ROWS = 500_000
TOO_MANY_ROWS = f"一张表超过 {MAX_ROWS:,} 行，请删去末尾的空行，或拆成几个文件。"
MAX_COLUMNS = 300
#: The parser keeps a sheet as a full box of 32 bytes a cell, also where it is empty.
MAX_BOX = 26 * MAX_ROWS
MAX_FILE = 200 * 1024**2
MAX_UNPACKED = 400 * 1024**2
#: Sheets pack to a tenth, repetitive ones to a hundredth; bombs to a thousandth.
MAX_RATIO, RATIO_MATTERS_FROM = 300, 20 * 1024**2
CHUNK = 1024**2

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*?\br=[\"'](\d+)[\"']")
_WIDE = re.compile(rb"\sr=[\"']([A-Za-z]{2,})(\d+)[\"']")
_DEEP = re.compile(rb"\sr=[\"'][A-Za-z]*(\d{6,})[\"']")
_CELL = re.compile(rb"<(?:\w+:)?c[\s>]")


class BadBook(ValueError):
    """The file cannot be read as a table; `sentence` says what to do (Chinese)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def kind_of(source: bytes | Path) -> str:
    """xlsx or csv, by the content and not by the name. Raises BadBook for everything else."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if not size:
        raise BadBook("文件是空的，请重新选择。")
    if size > MAX_FILE:
        raise BadBook(f"文件超过 {MAX_FILE // 1024**2} MB，请按社区拆成几个文件。")
    with opened(source) as file:
        head = file.read(CHUNK)
    if head.startswith(_OLE):
        raise BadBook(_ole_sentence(source))
    if head.startswith(b"PK"):
        return "xlsx"
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|html|table|meta|head)", head, re.IGNORECASE):
        raise BadBook("这是网页格式的表格，请用 Excel 或 WPS 打开后另存为 .xlsx。")
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf")):
        raise BadBook("这不是表格文件，请选择 .xlsx 或 .csv。")
    return "csv"


def opened(source: bytes | Path) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _ole_sentence(source: bytes | Path) -> str:
    with opened(source) as file:
        locked = "EncryptedPackage".encode("utf-16-le") in file.read()
    if locked:
        return "文件设有打开密码，请在 Excel 或 WPS 里取消密码后另存为 .xlsx。"
    return "这是旧的 .xls 格式，请用 Excel 或 WPS 打开后另存为 .xlsx。"


def look_over(source: bytes | Path) -> None:
    """Refuse a workbook that is broken, empty, no workbook at all, or would unpack to too much. Raises BadBook.

    Every part is unpacked once in chunks, which also proves the sizes that its directory claims.
    """
    try:
        with opened(source) as file, zipfile.ZipFile(file) as package:
            _check_parts(package.infolist())
            filled = [_look_over_part(package, part) for part in package.infolist()]
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as fault:
        if isinstance(fault, BadBook):
            raise
        raise BadBook("文件已损坏或没有传完整，请重新保存后再试。") from None
    if not any(filled):
        raise BadBook("表格里没有内容，请检查是否选错了文件。")


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names:
        raise BadBook("只能读取 .xlsx 和 .csv，请用 Excel 或 WPS 打开后另存为 .xlsx。")
    if any(part.flag_bits & 1 for part in parts):
        raise BadBook("文件设有密码，请取消密码后另存为 .xlsx。")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    suspicious = unpacked > RATIO_MATTERS_FROM and unpacked / packed > MAX_RATIO
    if unpacked > MAX_UNPACKED or suspicious or len(parts) > 5000:
        raise BadBook("表格解开后过大，请删去多余的工作表和格式，或按社区拆成几个文件。")


def _look_over_part(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Does the part hold cells? Raises BadBook when the box around them is too large."""
    rows = columns = 0
    cells = False
    for chunk in _chunks(package, part):
        if not part.filename.lower().endswith((".xml", ".rels")):
            continue
        cells = cells or _CELL.search(chunk) is not None
        rows = max(rows, *map(int, _ROW.findall(chunk)), *map(int, _DEEP.findall(chunk)), 0)
        for letters, row in _WIDE.findall(chunk):
            columns, rows = max(columns, _column(letters)), max(rows, int(row))
        if rows > MAX_ROWS:
            raise BadBook(TOO_MANY_ROWS)
        if columns > MAX_COLUMNS or max(columns, 26) * rows > MAX_BOX:
            raise BadBook("工作表的列太多，请删去右边多余的列后再试。")
    return cells


def _chunks(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked bytes; every chunk begins with the end of the last one, so that no tag is cut in two."""
    rest = b""
    with package.open(part) as file:
        while chunk := file.read(CHUNK):
            yield rest + chunk
            rest = chunk[-200:]


def _column(letters: bytes) -> int:
    """AA → 27. More than three letters are more than any sheet has."""
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + letter - 64
    return number
