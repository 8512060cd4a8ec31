"""The platform as in production: gunicorn with the settings that are shipped, on a loopback port."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess  # noqa: S404 - our own constants
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

HOST = "127.0.0.1"
#: What a proxy in front says: the browser spoke HTTPS, and who it was.
PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
#: What every browser says.
COMPRESSED = {"Accept-Encoding": "gzip"}
START_SECONDS = 60


def production(database: str, redis: str, var: Path) -> dict[str, str]:
    """The variables of a production start on these services, with the field keys that the data was sealed with."""
    keys = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
    given = {
        "WENSHAO_MODE": "production",
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEYS": keys,
        "ALLOWED_HOSTS": HOST,
        "WENSHAO_PROXIES": "1",
        "WENSHAO_VAR": str(var),
        "WENSHAO_LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WENSHAO_")}
    return {**kept, "DJANGO_SETTINGS_MODULE": "governance.settings", **given}


@contextmanager
def emptied(url: str) -> Iterator[None]:
    """That database of Redis, with nothing in it of an earlier run; what waits in its queue afterwards, which no
    worker will take, goes with the rest."""
    with redis.Redis.from_url(url) as server:
        server.flushdb()
        try:
            yield
        finally:
            server.flushdb()


def collect_static(environ: dict[str, str]) -> None:
    """The files of the front end as production serves them, named by their content."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(command, env=environ, cwd=settings.BASE_DIR, check=True)  # noqa: S603 - our own words


class Served:
    """A running gunicorn: its port, and its workers' memory."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in path.read_text().split()]

    def memory(self) -> dict[int, dict[str, int]]:
        """kB of every worker, now (VmRSS) and at its peak (VmHWM)."""
        return {pid: memory_of(pid) for pid in self.workers()}


def memory_of(pid: int | str = "self") -> dict[str, int]:
    """kB of a process, now (VmRSS) and at its peak (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines)
    return {name: int(value.split()[0]) for name, value in pairs if name in ("VmRSS", "VmHWM")}


@contextmanager
def served(environ: dict[str, str], port: int, *arguments: str) -> Iterator[Served]:
    """gunicorn with governance/gunicorn.py and two workers until the block ends; `arguments` beside it."""
    command = [sys.executable, "-m", "gunicorn", "operations.benching.served:application"]
    command += ["--config", "python:governance.gunicorn", "--bind", f"{HOST}:{port}", *arguments]
    process = subprocess.Popen(  # noqa: S603 - our own words
        command, env=environ, cwd=settings.BASE_DIR, start_new_session=True
    )
    try:
        _wait_for(process, port)
        yield Served(process, port)
    finally:
        _end(process)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended with code {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"gunicorn does not listen on {port} after {START_SECONDS} s")


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(timeout=25)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
