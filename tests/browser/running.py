"""A platform of its own for the browser: fresh database, the demo, web, worker and beat under `manage.py up`.

On SQLite and the file system, or, where WENSHAO_TEST_DATABASE_URL and WENSHAO_TEST_REDIS_URL say so, on
PostgreSQL and Redis. Nothing of it touches a platform that runs already.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.browser.demo_copies import copy_of_the_demo

ROOT = Path(__file__).resolve().parent.parent.parent
LOOPBACK = "127.0.0.1"
START_SECONDS = 90
#: How often beat computes the boards here.
BOARD_SECONDS = 5
#: The databases of Redis that only this suite uses, one for each of its processes.
REDIS_NUMBERS = {"gw0": 13, "gw1": 14, "gw2": 15}


@dataclass(frozen=True)
class Platform:
    """Where it answers, the log of its processes, and their environment."""

    port: int
    log: Path
    environ: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def play(self, module: str) -> None:
        """Run a module of the tests beside the platform, on the same database."""
        _run([sys.executable, "-m", module], self.environ)


@contextmanager
def platform(folder: Path, port: int, shared: Path) -> Iterator[Platform]:
    """Start a platform with a copy of the demo, and end it together with everything it made.

    `shared`: a folder that the processes of one run have in common (`demo_copies`).
    """
    with copy_of_the_demo(shared, folder, _load) as database_url:
        environ = _environ(folder, database_url)
        log = folder / "up.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(port)],
                cwd=ROOT, env=environ, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield Platform(_await(process, log), log, environ)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _load(folder: Path, database_url: str) -> None:
    environ = _environ(folder, database_url)
    for command in (["migrate", "-v", "0"], ["collectstatic", "--noinput", "-v", "0"], ["load_demo"]):
        _manage(command, environ)


def _manage(command: list[str], environ: dict[str, str]) -> None:
    _run([sys.executable, "manage.py", *command], environ)


def chromium() -> str:
    """The path of Chromium; the suite fails where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise RuntimeError("make test-browser needs Chromium on the PATH")


def _environ(folder: Path, database_url: str) -> dict[str, str]:
    """The environment of the platform: nothing of the suite's own settings, its own var directory."""
    ours = ("WENSHAO_", "DJANGO_", "PYTEST_")
    named = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS")
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(ours) and name not in named
    }
    environ |= {"WENSHAO_VAR": str(folder), "WENSHAO_DEMO": "1", "WENSHAO_BOARD_SECONDS": str(BOARD_SECONDS)}
    if database_url:
        environ["DATABASE_URL"] = database_url
    if broker := os.environ.get("WENSHAO_TEST_REDIS_URL"):
        number = REDIS_NUMBERS[os.environ.get("PYTEST_XDIST_WORKER", "gw0")]
        environ["REDIS_URL"] = f"{broker.rpartition('/')[0]}/{number}"
        redis.Redis.from_url(environ["REDIS_URL"]).flushdb()
    return environ


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def _await(process: subprocess.Popen[bytes], log: Path) -> int:
    """Until it says where it answers: the wanted port may have been taken meanwhile."""
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        if said := re.search(rf"answers at http://{re.escape(LOOPBACK)}:(\d+)/", log.read_text()):
            return int(said[1])
        time.sleep(0.3)
    raise RuntimeError(f"the platform does not answer:\n{log.read_text()[-3000:]}")
