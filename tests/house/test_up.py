"""`manage.py up`, for real: web, worker and beat start on an empty directory, answer, and all end."""

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house.checks import ROOT, clean_environment

Platform = Callable[[], "subprocess.Popen[str]"]


def manage(var: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment(WENSHAO_VAR=str(var), PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def descendants(pid: int) -> set[int]:
    """All processes below `pid`."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in children}.union(*(descendants(int(child)) for child in children))


def gone(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


@pytest.fixture
def var(tmp_path: Path) -> Path:
    for arguments in (("migrate", "-v", "0"), ("collectstatic", "--noinput", "-v", "0")):
        prepared = manage(tmp_path, *arguments)
        out, _ = prepared.communicate(timeout=120)
        assert prepared.returncode == 0, out
    return tmp_path


@pytest.fixture
def platform(var: Path) -> Iterator["subprocess.Popen[str]"]:
    running = manage(var, "up", "--port", "18800")
    yield running
    running.kill()
    running.communicate(timeout=30)


def address(platform: "subprocess.Popen[str]") -> tuple[str, int]:
    """Host and port that it prints once it answers; fails with its lines if it ends before that."""
    assert platform.stdout is not None
    lines = []
    for line in platform.stdout:
        lines.append(line)
        if found := re.search(r"answers at http://([\d.]+):(\d+)/", line):
            return found[1], int(found[2])
    raise AssertionError("".join(lines))


@pytest.mark.services  # it takes real processes and half a minute, though SQLite is enough
def test_the_platform_starts_answers_refuses_a_second_start_and_ends_without_orphans(platform, var):
    host, port = address(platform)
    assert host == "127.0.0.1"
    web = http.client.HTTPConnection(host, port, timeout=10)
    web.request("GET", "/sign-in/")
    page = web.getresponse()
    assert page.status == 200
    assert "<form" in page.read().decode()

    second = manage(var, "up")
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"already runs on {var} (process {platform.pid})" in said

    below = descendants(platform.pid)
    assert len(below) >= 4, "gunicorn and its worker, celery's worker, beat"
    os.kill(platform.pid, signal.SIGTERM)
    said, _ = platform.communicate(timeout=30)
    assert platform.returncode == 0
    assert said.rstrip().endswith("Stopped.")
    assert all(gone(pid) for pid in below)
