"""A PostgreSQL and a Redis of the tests' own, which may be stopped, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2
import redis

#: Outside of pytest's folders, which the user postgres may not enter.
TEMPORARY = Path(tempfile.gettempdir())


def until(done: object, seconds: float = 30, tell: object = str) -> None:
    """Wait until `done()`; fails with what `tell()` says."""
    limit = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < limit, tell()  # type: ignore[operator]
        time.sleep(0.05)


def programs() -> Path:
    """Where initdb and pg_ctl of the newest PostgreSQL on this machine are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
    return Path(said.stdout.strip())


def _as_postgres(*words: str) -> None:
    """PostgreSQL refuses to run as root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*prefix, *words], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


class PostgreSQL:
    """A cluster in a temporary folder; nothing is synchronised, since nobody pulls a plug here."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="wenshao-fault-pg-", dir=TEMPORARY))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")

    def make(self) -> None:
        """Make the cluster and start it."""
        self._pg(
            "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C.UTF-8",
        )
        settings = (
            f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nfsync=off\n"
            "full_page_writes=off\nmax_connections=60\njit=off\n"
        )
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(settings)
        self.start()

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        self._pg("pg_ctl", "-D", self.data, "-w", "-s", "-l", str(self.folder / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` rolls everything back and cuts every connection; `immediate` is a crash."""
        self._pg("pg_ctl", "-D", self.data, "-w", "-s", "-m", mode, "stop")

    def end(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, sql: str, database: str = "postgres") -> None:
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database)
        connection.autocommit = True
        connection.cursor().execute(sql)
        connection.close()

    def _pg(self, name: str, *words: str) -> None:
        _as_postgres(str(programs() / name), *words)


class Redis:
    """A server that forgets everything when it ends."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"redis://127.0.0.1:{port}/0"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        words = [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=TEMPORARY)
        until(self.answers)

    def answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def hang(self) -> None:
        """It takes connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
