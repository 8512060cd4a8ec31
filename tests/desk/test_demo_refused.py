"""When the demo is not loaded: beside other people, in production; and when its loading was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from desk.demo import demo_signins
from desk.demo.loading import Refused, load
from tests.factories import a_user

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.django_db
def test_a_database_with_other_people_is_left_alone():
    a_user("真人")
    with pytest.raises(Refused):
        load()
    assert User.objects.count() == 1
    assert demo_signins() == []


@pytest.mark.django_db
def test_production_refuses(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("load_demo")
    assert demo_signins() == []


@pytest.mark.services
def test_a_loading_that_was_killed_begins_afresh(tmp_path):
    """kill -9 in the middle of the replay, then load again: everything is there once."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("WENSHAO_", "DJANGO_"))
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        environ.pop(name, None)
    environ["WENSHAO_VAR"] = str(tmp_path)
    command = [sys.executable, "manage.py"]
    subprocess.run([*command, "migrate", "-v", "0"], cwd=ROOT, env=environ, check=True)
    first = subprocess.Popen(
        [*command, "load_demo"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    while "requests" not in first.stdout.readline():
        pass
    time.sleep(2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    for expected in ("Demo loaded", "there already"):
        done = subprocess.run(
            [*command, "load_demo"], cwd=ROOT, env=environ, check=True, capture_output=True, text=True
        )
        assert expected in done.stdout
