"""The ring travels apart from the data, under a passphrase, and never replaces one that data still needs."""

import json
import stat
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from governance.environment import field_keys, new_field_keys
from operations.safekeeping import keys, manifest
from operations.safekeeping.telling import PASSPHRASE
from tests import factories
from tests.operations.safekeeping.places import refused

pytestmark = pytest.mark.django_db
WORDS = "榕树 铁门 清晨 十二楼 二胡 豆浆"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """A try at the passphrase takes half a second; how it is bound and checked does not depend on that."""
    monkeypatch.setattr(keys, "SCRYPT", {"n": 2**10, "r": 8, "p": 1})


def test_the_ring_comes_back_under_its_passphrase_and_under_no_other(tmp_path, settings):
    path = tmp_path / "keys.json"
    keys.backup_keys(path, WORDS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(key in path.read_text() for key in settings.FIELD_KEYS.values())
    assert field_keys(keys.open_keys(path, WORDS)) == settings.FIELD_KEYS
    assert "口令不对" in refused(keys.open_keys, path, WORDS + "。")
    assert "已经存在" in refused(keys.backup_keys, path, WORDS)


@pytest.mark.parametrize("part", ["salt", "nonce", "sealed"])
def test_a_file_that_was_altered_is_refused(tmp_path, part):
    path = tmp_path / "keys.json"
    keys.backup_keys(path, WORDS)
    said = json.loads(path.read_text())
    said[part] = ("B" if said[part][0] == "A" else "A") + said[part][1:]
    path.write_text(json.dumps(said))
    assert "口令不对，或文件被改动过" in refused(keys.open_keys, path, WORDS)
    path.write_text("FIELD_KEYS=1:short,index:short")
    assert "不是一个完整的密钥环" in refused(keys.open_keys, path, None)


def test_the_real_cost_of_a_try_is_what_is_written_down(tmp_path, monkeypatch):
    monkeypatch.undo()
    keys.backup_keys(tmp_path / "keys.json", WORDS)
    assert json.loads((tmp_path / "keys.json").read_text())["scrypt"] == {"n": 131072, "r": 8, "p": 1}
    assert keys.open_keys(tmp_path / "keys.json", WORDS).startswith("1:")


def test_a_short_passphrase_is_refused(tmp_path):
    assert "至少 12 个字符" in refused(keys.backup_keys, tmp_path / "keys.json", "elevenchars")
    assert not (tmp_path / "keys.json").exists()


def test_keys_do_not_lie_with_the_data(tmp_path, settings):
    saved = tmp_path / "backups" / "monday"
    (saved / "media").mkdir(parents=True)
    (saved / manifest.SEAL).write_text("")
    for place in (saved, saved / "media", tmp_path / "backups"):
        assert "不能和数据备份放在一起" in refused(keys.backup_keys, place / "keys.json", WORDS)
    assert "数据目录" in refused(keys.backup_keys, settings.VAR / "keys.json", WORDS)
    on_its_way = tmp_path / "tuesday.partial"
    on_its_way.mkdir()
    (on_its_way / ".lock").write_text("")
    assert "不能和数据备份放在一起" in refused(keys.backup_keys, on_its_way / "keys.json", WORDS)


def test_in_the_clear_only_when_asked_for_and_as_a_line_of_env(tmp_path, settings):
    errors = StringIO()
    call_command("backup_keys", str(tmp_path / "keys"), plain=True, stdout=StringIO(), stderr=errors)
    assert "没有加密" in errors.getvalue()
    name, _, ring = (tmp_path / "keys").read_text().strip().partition("=")
    assert name == "FIELD_KEYS"
    assert field_keys(ring) == settings.FIELD_KEYS
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


def test_the_commands_take_the_passphrase_from_the_environment_and_show_the_line(tmp_path, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, WORDS)
    path, said = str(tmp_path / "keys.json"), StringIO()
    call_command("backup_keys", path, stdout=said)
    call_command("restore_keys", path, show=True, stdout=said)
    assert "\nFIELD_KEYS=1:" in said.getvalue()
    call_command("restore_keys", path, stdout=said)
    assert said.getvalue().endswith("这台机器已经有这些密钥，没有改动。\n")
    monkeypatch.setenv(PASSPHRASE, "another one, long")
    with pytest.raises(CommandError, match="口令不对"):
        call_command("restore_keys", path)


def test_a_machine_without_data_gets_the_ring_and_one_with_data_keeps_its_own(tmp_path, settings):
    path = tmp_path / "field_keys"
    path.write_text(new_field_keys())
    theirs = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
    with override_settings(FIELD_KEYS=field_keys(path.read_text()), FIELD_KEYS_FILE=path):
        assert keys.restore_keys(theirs)
        assert field_keys(path.read_text().strip()) == field_keys(theirs)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        factories.a_user()
        assert "没有更换" in refused(keys.restore_keys, new_field_keys())
        assert field_keys(path.read_text().strip()) == field_keys(theirs)


def test_where_the_environment_gives_the_ring_nothing_is_written():
    with override_settings(FIELD_KEYS_FILE=None):
        assert "--show" in refused(keys.restore_keys, new_field_keys())
