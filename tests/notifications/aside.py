"""A platform beside the test: real processes on the test's own database, with a broker of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).parents[2]

SPEAKER = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
django.setup()
from django.db import transaction
from accounts.models import User
from notifications.outbox import audiences, say, say_to_many
audiences.register("everybody", lambda audience_id: User.objects.all())
word, ids = sys.argv[1], [int(pk) for pk in sys.argv[2:]]
for user in User.objects.filter(pk__in=ids):
    with transaction.atomic():
        say(to=user, key=f"aside:{word}", title=f"消息 {word}")
"""

DELIVERER = """
import os, sys, time, django
os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
django.setup()
from notifications.delivery import deliver
time.sleep(max(0, float(sys.argv[1]) - time.time()))
print(sum(deliver(int(pk)) for pk in sys.argv[2:]))
"""


class Aside:
    """Processes that share the test's database and nothing else of the test."""

    def __init__(self, var: Path, broker_url: str = "") -> None:
        self.var = var
        self.worker: subprocess.Popen[bytes] | None = None
        clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ring = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
        self.environ = clean | {
            "WENSHAO_VAR": str(var),
            "DATABASE_URL": _database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ring,
            "PYTHONPATH": str(ROOT),
        }
        if broker_url:
            self.environ["REDIS_URL"] = broker_url

    def say(self, word: str, *ids: int) -> float:
        """Say something to each of these accounts in a process of its own; gives its seconds."""
        began = time.monotonic()
        self._run(SPEAKER, word, *map(str, ids))
        return time.monotonic() - began

    def deliver_at_once(self, processes: int, ids: list[int]) -> list[int]:
        """Let so many processes deliver the same rows in the same moment; gives what each one delivered."""
        moment = str(time.time() + 3)
        running = [self._start(DELIVERER, moment, *map(str, ids)) for _ in range(processes)]
        answers = [process.communicate(timeout=60) for process in running]
        assert all(process.returncode == 0 for process in running), answers
        return [int(out) for out, _ in answers]

    def start_worker(self) -> None:
        log = (self.var / "worker.log").open("ab")
        command = [sys.executable, "-m", "celery", "-A", "governance", "worker", "--concurrency", "2"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
        self.worker = subprocess.Popen(
            [*command, *quiet], cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True
        )
        before = self.log().count(" ready.")
        until(lambda: self.log().count(" ready.") > before, 40, lambda: self.log())

    def kill_worker(self) -> None:
        """SIGKILL to the worker and all its children, as a power cut would."""
        if self.worker is not None:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
            self.worker = None

    def log(self) -> str:
        path = self.var / "worker.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _run(self, script: str, *arguments: str) -> None:
        process = self._start(script, *arguments)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, f"{out}\n{err}"

    def _start(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def until(done: Callable[[], bool], seconds: float, tell: Callable[[], str] = str) -> None:
    """Wait until `done()`; fails with what `tell()` says."""
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit, tell()
        time.sleep(0.1)


def _database_url() -> str:
    made = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{made['NAME']}"
    user = f"{made['USER']}:{made['PASSWORD']}@" if made["PASSWORD"] else f"{made['USER']}@"
    return f"postgres://{user}{made['HOST']}:{made['PORT'] or 5432}/{made['NAME']}"
