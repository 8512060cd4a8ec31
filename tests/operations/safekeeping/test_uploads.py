"""Names of files lead nowhere but into the folder of uploads, whoever wrote them down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from operations.safekeeping import uploads
from operations.safekeeping.manifest import MEDIA, Entry, Refused, measured


def written(path: Path, content: bytes) -> Entry:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with path.open("rb") as file:
        return measured(file)


@pytest.mark.parametrize("name", ["../beside.jpg", "photos/../../beside.jpg", "..//../beside.jpg"])
def test_a_backup_writes_nothing_beside_the_folder_of_uploads(
    tmp_path: Path, settings: Any, name: str
) -> None:
    settings.MEDIA_ROOT = tmp_path / "there" / "media"
    good = written(tmp_path / "saved" / MEDIA / "photos" / "a.jpg", b"good")
    bad = written(tmp_path / "saved" / MEDIA / name, b"bad")
    files = {f"{MEDIA}/photos/a.jpg": good, f"{MEDIA}/{name}": bad}
    before = set(tmp_path.rglob("*"))
    with pytest.raises(Refused):
        list(uploads.copy_in(tmp_path / "saved", files, lambda count: None))
    assert {path for path in set(tmp_path.rglob("*")) - before if path.is_file()} == set()
