"""Large files of jobs lie sealed in pieces: nothing is read that is not whole, in order, and of this very row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grids.models import ImportJob
from ground import sealed
from ground.fields import Undecipherable
from tests.factories import a_city

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * (10 * 1024) + b"the end"  # two pieces and a half


@pytest.fixture
def job() -> ImportJob:
    return ImportJob.objects.create(community=a_city().home.organization, name="表.xlsx")


def keep(job: ImportJob, tmp_path: Path, content: bytes = CONTENT) -> Path:
    source = tmp_path / "plain"
    source.write_bytes(content)
    job.file.save("kept.sealed", sealed.Closing(job, source))
    return Path(job.file.path)


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, b"x" * 2 * sealed.PIECE])
def test_what_is_closed_opens_again_piece_by_piece(job: Any, tmp_path: Path, content: bytes) -> None:
    path = keep(job, tmp_path, content)
    pieces = list(sealed.opened_in_pieces(job))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= sealed.PIECE
    assert b"the end" not in path.read_bytes()


def test_a_file_that_was_cut_shuffled_or_moved_does_not_open(job: Any, tmp_path: Path) -> None:
    path = keep(job, tmp_path)
    whole = path.read_bytes()
    first = sealed.LENGTH_BYTES + int.from_bytes(whole[: sealed.LENGTH_BYTES], "big")
    for broken in (b"", whole[:first], whole[: first + 100], whole[first:], whole[:-1]):
        path.write_bytes(broken)
        with pytest.raises(Undecipherable):
            list(sealed.opened_in_pieces(job))
    path.write_bytes(whole)
    other = ImportJob.objects.create(community=job.community, name="表.xlsx", file=job.file.name)
    with pytest.raises(Undecipherable):
        list(sealed.opened_in_pieces(other))


def test_a_wrong_first_piece_is_said_before_anything_is_given(job: Any, tmp_path: Path) -> None:
    keep(job, tmp_path).write_bytes(b"\0\0\0\4nope")
    with pytest.raises(Undecipherable):
        sealed.opened_in_pieces(job)
