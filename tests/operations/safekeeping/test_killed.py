"""Killed anywhere, a backup is no backup, and a restore has left a database as empty as it was; both begin again."""

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from operations.safekeeping.backup import backup
from operations.safekeeping.engines import engine
from operations.safekeeping.restore import restore
from tests.house.checks import clean_environment
from tests.notifications.aside import ROOT, _database_url
from tests.operations.safekeeping import places

pytestmark = pytest.mark.services

#: The command, killed when it says for the nth time how far it is, or as pg_restore begins.
SCRIPT = """
import os, signal, sys, django
from django.conf import settings
settings.INSTALLED_APPS.append("tests.lamps")
django.setup()
from pathlib import Path
from operations.safekeeping import backup, engines, restore
what, folder, left = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
def advance(count):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
if what == "load":
    engines.subprocess.run = lambda *words, **more: (
        engines.subprocess.Popen(words[0], **{k: v for k, v in more.items() if k in ("env", "preexec_fn")}),
        os.kill(os.getpid(), signal.SIGKILL))
getattr({"backup": backup, "restore": restore, "load": restore}[what], "backup" if what == "backup" else "restore")(
    folder, advance)
"""


def killed(tmp_path: Path, what: str, folder: Path, after: int) -> None:
    ring = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
    environ = clean_environment(
        WENSHAO_VAR=str(tmp_path / "var"),
        WENSHAO_MEDIA_ROOT=str(settings.MEDIA_ROOT),
        DATABASE_URL=_database_url(),
        FIELD_KEYS=ring,
    )
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, what, str(folder), str(after)], cwd=ROOT, env=environ
    )
    assert done.returncode == -signal.SIGKILL


def test_a_killed_backup_is_none_and_the_next_one_tidies_up(platform, tmp_path):
    killed(tmp_path, "backup", tmp_path / "again", after=2)
    assert [path.name for path in tmp_path.glob("again*")] == ["again.partial"]
    assert "不是备份，或没有写完" in places.refused(restore, tmp_path / "again.partial")
    backup(tmp_path / "again")
    assert [path.name for path in tmp_path.glob("again*")] == ["again"]
    assert not (tmp_path / "again" / ".lock").exists()


@pytest.mark.parametrize("where", ["looking", "copying", "loading"])
def test_a_killed_restore_is_taken_up_again(made, tmp_path, where):
    with places.elsewhere(tmp_path / "other", tmp_path):
        after = {"looking": 2, "copying": len(made.files) + 1 + 2, "loading": 0}[where]
        killed(tmp_path, "load" if where == "loading" else "restore", made.folder, after)
        assert engine().ask(engine().tables) == []
        restore(made.folder)
        assert places.everything() == made.rows
        assert places.uploads(tmp_path / "other") == made.files


def test_two_backups_at_once_do_not_disturb_each_other(platform, tmp_path):
    (tmp_path / "again.partial").mkdir()
    with (tmp_path / "again.partial" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "另一个备份正在写" in places.refused(backup, tmp_path / "again")
