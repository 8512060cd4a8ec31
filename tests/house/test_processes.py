"""The process manager: children start, come back when they die, and never outlive their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from governance.processes import AlreadyRunning, Manager, free_port, hold_lock

SLEEPER = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
STUBBORN = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('pid', os.getpid(), flush=True); time.sleep(60)"
)
PARENT = """
import os, sys
from governance.processes import Manager
children = {"a": [sys.executable, "-c", sys.argv[1]]}
Manager(children, say=lambda line: print(line, flush=True), environ=dict(os.environ)).run()
"""


def alive(pid: int) -> bool:
    """True while the process runs; one that has ended and waits to be collected does not."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 15) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.05)


class Running:
    """A manager in a thread, with the lines it said."""

    def __init__(self, **programs: str) -> None:
        self.lines: list[str] = []
        children = {name: [sys.executable, "-c", code] for name, code in programs.items()}
        self.manager = Manager(children, say=self.lines.append, environ=dict(os.environ))
        self.thread = threading.Thread(target=self.manager.run, daemon=True)
        self.thread.start()

    def pids(self, name: str) -> list[int]:
        return [int(line.split()[-1]) for line in self.lines if line.startswith(name) and " | pid " in line]

    def stop(self) -> float:
        """End it; gives the seconds that took."""
        begun = time.monotonic()
        self.manager.stop()
        self.thread.join(timeout=20)
        return time.monotonic() - begun


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(**programs: str) -> Running:
        started.append(Running(**programs))
        return started[-1]

    yield start
    for running in started:
        running.stop()


def test_children_start_with_prefixed_lines_and_end_with_the_manager(run):
    running = run(web=SLEEPER, worker=SLEEPER)
    wait_for(lambda: running.pids("web") and running.pids("worker"))
    pids = running.pids("web") + running.pids("worker")
    assert all(alive(pid) for pid in pids)
    assert running.stop() < 5
    assert not any(alive(pid) for pid in pids)
    assert any(line.startswith("worker | pid ") for line in running.lines)


def test_a_child_that_dies_is_started_again(run):
    running = run(web=SLEEPER)
    wait_for(lambda: running.pids("web"))
    os.kill(running.pids("web")[0], signal.SIGKILL)
    wait_for(lambda: len(running.pids("web")) == 2)
    assert alive(running.pids("web")[1])
    assert "web ended with code -9, starting it again in 1 s" in running.lines


def test_a_child_that_ignores_the_request_to_end_is_ended_within_ten_seconds(run):
    running = run(web=STUBBORN)
    wait_for(lambda: running.pids("web"))
    assert running.stop() < 10
    assert not alive(running.pids("web")[0])


def test_children_end_even_when_the_manager_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT, SLEEPER], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline().split()[-1])
    parent.kill()
    parent.wait()
    wait_for(lambda: not alive(child))
    parent.stdout.close()


def test_a_second_manager_on_the_same_directory_is_refused(tmp_path):
    with hold_lock(tmp_path / "up.lock"), pytest.raises(AlreadyRunning, match=str(os.getpid())):
        hold_lock(tmp_path / "up.lock")
    hold_lock(tmp_path / "up.lock").close()


def test_a_taken_port_gives_the_next_one():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_it_ends_when_nobody_reads_it_any_more():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, "while True: print('x', flush=True)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    parent.stdout.close()
    parent.wait(timeout=15)
