"""A backup restored into an empty database is the same, row by row and byte by byte; anything else is refused."""

import json
import resource
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from accounts.models import User
from operations.safekeeping import manifest
from operations.safekeeping.backup import backup
from operations.safekeeping.engines import engine
from operations.safekeeping.restore import restore
from requests.models import Photo
from tests.operations.safekeeping import databases, places
from tests.operations.safekeeping.places import refused


def as_if_by_us(folder: Path, **changes: object) -> None:
    """Another manifest, sealed with our ring: what an older or newer release of ours would have written."""
    said = json.loads((folder / manifest.NAME).read_text()) | changes
    text = json.dumps(said).encode()
    (folder / manifest.NAME).write_bytes(text)
    (folder / manifest.SEAL).write_text(manifest._seal(text))


def test_rows_and_uploads_come_back_as_they_were(made, tmp_path):
    assert sum(map(len, made.rows.values())) > 300
    assert len(made.files) == 3 and any(name.endswith(".sealed") for name in made.files)
    with places.elsewhere(tmp_path / "other", tmp_path):
        done = restore(made.folder)
        assert places.everything() == made.rows
        assert places.uploads(tmp_path / "other") == made.files
        assert User.objects.exclude(phone="").first().phone.startswith("1990"), (
            "the ring opens what came back"
        )
    assert done.manifest.rows == {name: len(found) for name, found in made.rows.items()}
    assert done.manifest.gone == []
    assert done.migrated == 0


def test_the_commands_say_what_they_did(platform, tmp_path):
    said = StringIO()
    call_command("backup", str(tmp_path / "again"), stdout=said)
    with (
        places.elsewhere(tmp_path / "other", tmp_path),
        suppress(SystemExit),
    ):  # the doctor's word on test data
        call_command("restore", str(tmp_path / "again"), stdout=said)
    assert "3 个上传文件，共 " in said.getvalue()
    assert "每张表的行数都与清单一致" in said.getvalue()
    with pytest.raises(CommandError, match="已经存在"):
        call_command("backup", str(tmp_path / "again"))


def test_nobody_else_may_read_it_and_it_holds_no_key(saved, settings):
    for path in (saved, *saved.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    text = (saved / manifest.NAME).read_text()
    assert not any(key in text for key in settings.FIELD_KEYS.values())


def test_a_file_that_no_row_names_does_not_travel(platform, tmp_path):
    (platform / "left-behind.jpg").write_bytes(b"somebody's home")
    said = backup(tmp_path / "again")
    assert not any("left-behind" in name for name in said.files)
    assert len(said.files) == 4


def test_a_photo_that_is_gone_is_told(platform, tmp_path):
    lost = Photo.objects.order_by("pk").first().image
    Path(lost.path).unlink()
    errors = StringIO()
    call_command("backup", str(tmp_path / "again"), stdout=StringIO(), stderr=errors)
    assert f"1 个文件数据库里有、磁盘上没有（例如 {lost.name}）" in errors.getvalue()


@pytest.mark.parametrize("victim", ["dump", "media", "manifest", "seal", "missing"])
def test_what_was_tampered_with_is_refused_and_nothing_is_written(saved, tmp_path, victim):
    chosen = {
        "dump": saved / engine().dump,
        "media": next(path for path in saved.rglob("*.jpg")),
        "manifest": saved / manifest.NAME,
        "seal": saved / manifest.SEAL,
        "missing": next(path for path in saved.rglob("*.sealed")),
    }[victim]
    if victim == "missing":
        chosen.unlink()
    else:
        content = bytearray(chosen.read_bytes())
        content[len(content) // 2] ^= 1
        chosen.write_bytes(content)
    with places.elsewhere(tmp_path / "other", tmp_path):
        assert "改动过" in refused(restore, saved)
        assert engine().ask(engine().tables) == []
        assert not (tmp_path / "other").exists() or not places.uploads(tmp_path / "other")


def test_without_its_keys_it_is_refused(saved, tmp_path, settings):
    other = dict.fromkeys(settings.FIELD_KEYS, "A" * 43 + "=")
    with places.elsewhere(tmp_path / "other", tmp_path):
        with override_settings(FIELD_KEYS=settings.FIELD_KEYS | {"1": other["1"]}):
            assert "没有备份需要的密钥（1）" in refused(restore, saved)
        with override_settings(FIELD_KEYS=settings.FIELD_KEYS | {"index": other["index"]}):
            assert "index 密钥不是做这份备份时的那一把" in refused(restore, saved)
        with override_settings(FIELD_KEYS={"2": other["1"], "index": settings.FIELD_KEYS["index"]}):
            assert "（1）" in refused(restore, saved)
        assert engine().ask(engine().tables) == []


def test_a_backup_that_the_ring_cannot_read_is_not_made(platform, tmp_path, settings):
    bare = {"2": settings.FIELD_KEYS["1"], "index": settings.FIELD_KEYS["index"]}
    with override_settings(FIELD_KEYS=bare):
        assert "缺 1 号密钥" in refused(backup, tmp_path / "again")
    assert list(tmp_path.glob("again*")) == []


def test_a_database_or_a_folder_with_something_in_it_is_refused(made, saved, tmp_path):
    with databases.inside(made.database), override_settings(MEDIA_ROOT=tmp_path / "full"):
        assert "数据库不是空的" in refused(restore, saved)
        assert places.everything() == made.rows
    assert not (tmp_path / "full").exists()
    with places.elsewhere(tmp_path / "other", tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "somebody.jpg").write_bytes(b"x")
        assert "不是空的（例如 somebody.jpg）" in refused(restore, saved)
        assert engine().ask(engine().tables) == []


def test_a_newer_release_is_refused(saved, tmp_path):
    said = manifest.read(saved)
    as_if_by_us(saved, migrations=[*said.migrations, "accounts.9999_tomorrow"])
    with places.elsewhere(tmp_path / "other", tmp_path):
        assert "备份来自更新的版本（例如 accounts.9999_tomorrow）" in refused(restore, saved)
    as_if_by_us(saved, format=2)
    assert "备份的格式是 2" in refused(restore, saved)


@contextmanager
def no_file_larger_than(limit: int) -> Iterator[None]:
    """For this process and those it starts: a write past `limit` bytes fails as on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def test_a_full_disk_leaves_nothing_of_a_backup(platform, tmp_path):
    for limit in (20_000, 200_000):  # not even the database; the photos, not the sheet
        with no_file_larger_than(limit):
            assert "没有" in refused(backup, tmp_path / "again")
        assert list(tmp_path.glob("again*")) == []
    backup(tmp_path / "again")


def test_a_full_disk_leaves_nothing_of_a_restore(saved, tmp_path):
    with places.elsewhere(tmp_path / "other", tmp_path):
        with no_file_larger_than(200_000):  # the photos, not the sheet
            assert "没有恢复，已撤回" in refused(restore, saved)
        assert places.uploads(tmp_path / "other") == {}
        assert engine().ask(engine().tables) == []
        assert restore(saved).manifest.rows["accounts_user"] > 0


def test_folders_that_are_not_backups_are_told_from_those_that_are(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "half")
    (tmp_path / "half" / manifest.SEAL).unlink()
    assert "不是备份，或没有写完" in refused(restore, tmp_path / "half")
    assert "不是备份，或没有写完" in refused(restore, tmp_path / "nowhere")


def test_a_backup_does_not_touch_what_is_there(platform, tmp_path):
    (tmp_path / "mine.partial").mkdir()
    assert "不是中断的备份" in refused(backup, tmp_path / "mine")
    assert (tmp_path / "mine.partial").is_dir()
    assert "不存在" in refused(backup, tmp_path / "nowhere" / "saved")
    assert "上传目录" in refused(backup, platform / "saved")
