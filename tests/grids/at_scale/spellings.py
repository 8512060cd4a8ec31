"""Looking for numbers of people in heaps of bytes: in plain, spaced, full-width, hexadecimal, base64, packed.

Numbers that begin alike are looked for together, so that 100,000 of them cost no more than one.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

#: So many signs are common to the numbers that are looked for together.
HEAD = 6
_FULL_WIDTH = {chr(0xFF10 + digit): str(digit) for digit in range(10)} | {chr(0xFF38): "X"}
#: What people and programs put between digits: single bytes, and longer signs as UTF-8 and as JSON has them.
_BETWEEN = b" -."
_LONG_BETWEEN = (b"\xc2\xa0", b"\xe3\x80\x80", b"\\u3000", b"\\xa0", b"\\u00a0")
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"


class Numbers:
    """What is looked for: numbers of digits and capital letters, all of them longer than `HEAD`."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self.known = {number for number in numbers if number}
        assert all(len(number) > HEAD and number.isascii() for number in self.known)
        self._groups = sorted({(number[:HEAD], len(number)) for number in self.known})

    def found_in(self, data: bytes, where: str = "") -> list[str]:
        """`where spelling head…` for everything that was found; what is packed is unpacked and looked into."""
        found = [
            f"{where} {name} {number[:HEAD]}…"
            for name, search in self._searches()
            for number in search(data)
            if number in self.known
        ]
        for inner, name in _unpacked(data):
            found += self.found_in(inner, f"{where}/{name}")
        return sorted(set(found))

    def _searches(self) -> Iterator[tuple[str, Callable[[bytes], Iterator[str]]]]:
        yield "plain", self._plain
        for encoding in ("ascii", "utf-16-be", "utf-16-le"):
            yield f"hex of {encoding}", lambda data, encoding=encoding: self._hex(data, encoding)
        yield "base64", self._base64

    def _plain(self, data: bytes) -> Iterator[str]:
        data = _narrow(data).upper()
        for head, length in self._groups:
            for place in _places(data, head.encode()):
                yield data[place : place + length].decode("ascii", "replace")

    def _hex(self, data: bytes, encoding: str) -> Iterator[str]:
        data = data.upper()
        for head, length in self._groups:
            size = len(("0" * length).encode(encoding)) * 2
            for place in _places(data, head.encode(encoding).hex().upper().encode()):
                yield _from_hex(data[place : place + size]).decode(encoding, "replace").upper()

    def _base64(self, data: bytes) -> Iterator[str]:
        """At each of the three places that a number may begin at inside a group of three bytes."""
        for head, length in self._groups:
            for place in range(3):
                before, signs = -(-8 * place // 6), 8 * (place + HEAD) // 6
                sure = base64.b64encode(b"\0" * place + head.encode() + b"\0\0\0")[before:signs]
                for found in _places(data, sure):
                    begin = max(found - before, 0)
                    yield _opened(data[begin : begin + -(-(place + length) // 3) * 4], place, length)


def _places(data: bytes, wanted: bytes) -> Iterator[int]:
    """Where it begins, every time: much faster than an expression where there is nothing to be found."""
    place = data.find(wanted)
    while place >= 0:
        yield place
        place = data.find(wanted, place + 1)


def _from_hex(signs: bytes) -> bytes:
    try:
        return bytes.fromhex(signs.decode("ascii", "replace"))
    except ValueError:
        return b""


def _narrow(data: bytes) -> bytes:
    """Full-width digits, in UTF-8 and as JSON escapes them, become ordinary ones; what stands between goes."""
    for wide, digit in _FULL_WIDTH.items():
        for spelling in (
            wide.encode(),
            json.dumps(wide)[1:-1].encode(),
            json.dumps(wide)[1:-1].upper().encode(),
        ):
            if spelling in data:
                data = data.replace(spelling, digit.encode())
    for sign in _LONG_BETWEEN:
        data = data.replace(sign, b"")
    return data.translate(None, _BETWEEN)


def _opened(group: bytes, place: int, length: int) -> str:
    try:
        return base64.b64decode(group + b"=" * (-len(group) % 4), altchars=b"-_")[
            place : place + length
        ].decode()
    except ValueError:
        return ""


def _unpacked(data: bytes) -> Iterator[tuple[bytes, str]]:
    """What a sheet, an archive or a packed value holds."""
    if data[:4] == _ZIP:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield archive.read(name), name
    elif data[:2] == _GZIP:
        yield gzip.decompress(data), "gzip"
    elif data[:1] == b"\x78":
        try:
            yield zlib.decompress(data), "zlib"
        except zlib.error:
            return


def spelled(number: str) -> dict[str, bytes]:
    """The same number in every spelling that is looked for, for tests of the search itself."""
    wide = "".join({digit: wide for wide, digit in _FULL_WIDTH.items()}.get(sign, sign) for sign in number)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{number}</t>")
    return {
        "plain": number.encode(),
        "in a line": f"a\t{number}\tb".encode(),
        "lower case": number.lower().encode(),
        "spaces": f"{number[:3]} {number[3:7]} {number[7:]}".encode(),
        "dashes": "-".join(number).encode(),
        "full width": wide.encode(),
        "escaped": json.dumps({"reason": wide}).encode(),
        "hex": number.encode().hex().encode(),
        "HEX": number.encode().hex().upper().encode(),
        "hex of two bytes": number.encode("utf-16-be").hex().encode(),
        **{
            f"base64 at {place}": base64.b64encode(b"xyz"[:place] + number.encode() + b"tail")
            for place in range(3)
        },
        "sheet": packed.getvalue(),
        "gzip": gzip.compress(number.encode()),
        "zlib": zlib.compress(number.encode()),
    }


def session_text(row: Any) -> bytes:
    """What a session row holds: Django signs and packs it."""
    return json.dumps(row.get_decoded(), ensure_ascii=False, default=str).encode()
