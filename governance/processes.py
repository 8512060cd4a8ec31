"""The process manager of `manage.py up`: web, worker and beat as children of one parent.

It prefixes their lines, restarts a child that dies, and takes all of them along when it ends: on Ctrl-C
and SIGTERM in an orderly way, and on Linux by the kernel even when it is killed itself.
"""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess  # noqa: S404 - the commands are our own constants
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 8.0
FIRST_PAUSE, LONGEST_PAUSE, SETTLED = 1.0, 30.0, 60.0  # seconds
PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


class AlreadyRunning(Exception):
    """Another process manager holds the lock of this var directory."""


def hold_lock(path: Path) -> IO[str]:
    """Lock `path` for the life of the returned file; raises AlreadyRunning with the other's process id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise AlreadyRunning(file.read().strip() or "unknown") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def free_port(wanted: int, tries: int = 50) -> int:
    """`wanted`, or the next loopback port nobody listens on; raises OSError after `tries`."""
    for port in range(wanted, wanted + tries):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {wanted} and {wanted + tries - 1}")


def commands(port: int) -> dict[str, list[str]]:
    """What the embedded platform runs, by name."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "governance"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return {
        # One process with threads: the embedded cache, and the throttles in it, live in memory.
        "web": [
            *(sys.executable, "-m", "gunicorn", "governance.wsgi:application"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", "8"),
            *("--bind", f"{LOOPBACK}:{port}", "--graceful-timeout", "5", "--no-control-socket"),
        ],
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING", *quiet],
        "beat": [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"],
    }


@dataclass
class Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = field(default=0.0)

    def ended(self) -> int | None:
        return self.process.poll() if self.process else None

    def signal(self, number: int) -> None:
        """Send a signal to the child, or (SIGKILL) to everything it started."""
        if self.process is None or (number != signal.SIGKILL and self.process.poll() is not None):
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        except ProcessLookupError:
            pass


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Manager:
    """Starts children, watches them until `stop()` is called, and ends them within `STOP_SECONDS`."""

    def __init__(self, children: dict[str, list[str]], *, say: Say, environ: dict[str, str]) -> None:
        self.children = [Child(name, command) for name, command in children.items()]
        self.say, self.environ = say, environ
        self.width = max(len(name) for name in children)
        self.stopping = threading.Event()
        self.readers: list[threading.Thread] = []

    def stop(self, *_: object) -> None:
        self.stopping.set()

    def run(self, on_turn: Callable[[], None] = lambda: None) -> None:
        """Start everything and return once everything has ended after `stop()`."""
        try:
            while not self.stopping.is_set():
                for child in self.children:
                    self._look_after(child)
                on_turn()
                self.stopping.wait(0.2)
        finally:
            self._end_all()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and (code := child.ended()) is not None:
            child.signal(signal.SIGKILL)  # whatever it may have left behind
            child.pause = FIRST_PAUSE if now - child.started > SETTLED else child.pause
            self.say(f"{child.name} ended with code {code}, starting it again in {child.pause:.0f} s")
            child.process, child.due = None, now + child.pause
            child.pause = min(child.pause * 2, LONGEST_PAUSE)
        if child.process is None and now >= child.due:
            self._start(child)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603 - our own constants
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self.environ,
            start_new_session=True,  # Ctrl-C reaches only the manager, which ends the rest in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        child.started = time.monotonic()
        reader = threading.Thread(target=self._relay, args=(child.name, child.process), daemon=True)
        reader.start()
        self.readers.append(reader)

    def _relay(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - opened as a pipe above
        for line in process.stdout:
            try:
                self.say(f"{name:<{self.width}} | {line.rstrip()}")
            except OSError:  # nobody reads us any more: a child must not block on a full pipe
                self.stop()

    def _end_all(self) -> None:
        for child in self.children:
            child.signal(signal.SIGTERM)
        limit = time.monotonic() + STOP_SECONDS
        while time.monotonic() < limit and any(c.process and c.ended() is None for c in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process:
                child.process.wait()
        for reader in self.readers:
            reader.join(timeout=1)
