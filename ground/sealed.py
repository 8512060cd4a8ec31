"""Files of jobs: sealed from the first moment, bound to their row, deleted when nobody waits for them any more.

A row has a `file`. What came in as a whole is sealed as a whole (`closed`); what is made by a worker may be large,
and is sealed and opened in pieces (`Closing`, `opened_in_pieces`), each bound to its place among the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.db import models

from ground import clock
from ground.fields import Undecipherable, seal, unseal

#: A file that belongs to no row after so long was left behind by a worker or a server that was killed.
STRAY_AFTER = timedelta(hours=1)
PIECE = 1024**2
LENGTH_BYTES = 4


# As a whole


def closed(row: models.Model, content: bytes) -> bytes:
    return seal(content, _place(row))


def opened(row: Any) -> bytes:
    """The file as it was given to `closed`. Raises OSError, ground.fields.Undecipherable."""
    with row.file.open("rb") as file:
        return unseal(file.read(), _place(row))


# In pieces


class Closing(File):
    """A finished file on its way into a storage, which takes it piece by piece: one is in memory at a time."""

    def __init__(self, row: models.Model, path: Path) -> None:
        super().__init__(None, name=path.name)
        self.place, self.path = _place(row), path

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        with self.path.open("rb") as source:
            piece, number = source.read(PIECE), 0
            while True:
                following = source.read(PIECE)
                sealed = seal(piece, _nth(self.place, number, is_last=not following))
                yield len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed
                if not following:
                    return
                piece, number = following, number + 1


def opened_in_pieces(row: Any) -> Iterator[bytes]:
    """The file as it was given to `Closing`; the first piece is looked at before anything is given.

    Raises OSError, Undecipherable, also where pieces are missing at the end or stand in another order.
    """
    file = row.file.open("rb")
    pieces = _pieces(file, _place(row))
    try:
        first = next(pieces)
    except BaseException:
        file.close()
        raise
    return _after(first, pieces, file)


def _after(first: bytes, pieces: Iterator[bytes], file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield first
        yield from pieces


def _pieces(file: IO[bytes], place: str) -> Iterator[bytes]:
    number, sealed = 0, _next(file)
    while sealed:
        following = _next(file)
        yield unseal(sealed, _nth(place, number, is_last=not following))
        number, sealed = number + 1, following
    if not number:
        raise Undecipherable("an empty file")


def _next(file: IO[bytes]) -> bytes:
    length = int.from_bytes(file.read(LENGTH_BYTES), "big")
    return file.read(min(length, 2 * PIECE))


def _nth(place: str, number: int, *, is_last: bool) -> str:
    return f"{place}:{number}{'.' if is_last else ''}"


# Afterwards


def throw_away(row: Any) -> None:
    """Delete the file, then forget its name: killed in between, the next sweep does it again."""
    if row.file:
        row.file.delete(save=False)
        type(row)._default_manager.filter(pk=row.pk).update(file="")


def folder_of(model: type[models.Model]) -> str:
    return str(model._meta.get_field("file").upload_to).strip("/")  # type: ignore[union-attr]


def sweep(model: type[models.Model]) -> int:
    """Delete files of this model that no row names. Gives how many there were."""
    storage, folder = model._meta.get_field("file").storage, folder_of(model)  # type: ignore[union-attr]
    try:
        names = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
    except FileNotFoundError:
        return 0
    known = set(model._default_manager.exclude(file="").values_list("file", flat=True))
    stray = [
        name
        for name in names
        if name not in known and clock.now() - storage.get_modified_time(name) > STRAY_AFTER
    ]
    for name in stray:
        storage.delete(name)
    return len(stray)


def _place(row: models.Model) -> str:
    return f"{row._meta.label_lower}.file:{row.pk}"
