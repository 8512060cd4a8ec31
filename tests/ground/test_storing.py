"""A file is there whole or not at all."""

import errno
from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile

from ground.storing import NO_ROOM, NoRoom, WholeFileStorage, is_full


class Broken(ContentFile):
    """Breaks off after the first piece."""

    def __init__(self, number: int) -> None:
        super().__init__(b"")
        self.number = number

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"half of it"
        raise OSError(self.number, "says the system")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, number):
    storage = WholeFileStorage(location=tmp_path)
    with pytest.raises(NoRoom) as refused:
        storage.save("photos/a.jpg", Broken(number))
    assert refused.value.sentence == NO_ROOM
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_another_error_is_no_full_disk(tmp_path):
    with pytest.raises(PermissionError):
        WholeFileStorage(location=tmp_path).save("a.jpg", Broken(errno.EACCES))


def test_a_full_disk_is_found_under_what_libraries_make_of_it():
    try:
        try:
            raise OSError(errno.ENOSPC, "full")
        except OSError as error:
            raise ValueError("could not write") from error
    except ValueError as wrapped:
        assert is_full(wrapped)
    assert not is_full(ValueError())
    assert not is_full(OSError(errno.EACCES, "no"))
