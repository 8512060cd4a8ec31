"""The platform as production runs it, on servers of its own: gunicorn, worker and beat by the words of Compose."""

from __future__ import annotations

import http.server
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from celery import Celery
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import override_settings

from accounts.middleware import STRONG
from accounts.models import ApiToken, User
from accounts.sessions import BACKEND
from tests.house.checks import clean_environment
from tests.house.test_deployment import ROOT, TOOLS, argv, ours
from tests.notifications.aside import _database_url
from tests.operations.faults.servers import PostgreSQL, Redis, until

DATABASE = "wenshao_faults"
HOST = "wenshao.example"
#: All is plain HTTP here: httpx would read the certificates of the world for every client.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
MARK = "c" * 32  # what a form of ours carries against forgery


class Gateway:
    """Takes short messages and keeps them."""

    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.taken.append(json.loads(self.rfile.read(length)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"

    def texts_to(self, phone: str) -> list[str]:
        return [each["text"] for each in self.taken if each["phone"] == phone]


class Platform:
    """Its processes by name; each writes its log into a file."""

    def __init__(self, var: Path, postgresql: PostgreSQL, redis: Redis, port: int) -> None:
        self.var, self.postgresql, self.redis, self.port = var, postgresql, redis, port
        self.gateway = Gateway()
        self.media = var / "media"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        ring = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
        self.environ = clean_environment(
            WENSHAO_MODE="production",
            WENSHAO_VAR=str(var),
            WENSHAO_STATIC_ROOT=str(var / "static"),
            DATABASE_URL=f"postgres://postgres@127.0.0.1:{postgresql.port}/{DATABASE}",
            REDIS_URL=redis.url,
            SECRET_KEY=settings.SECRET_KEY,
            FIELD_KEYS=ring,
            ALLOWED_HOSTS=HOST,
            WENSHAO_PROXIES="1",
            WENSHAO_PORT=str(port),
            WENSHAO_SMS_URL=self.gateway.url,
            WENSHAO_WEB_THREADS="4",
            PATH=f"{TOOLS}:{os.environ['PATH']}",
        )

    # Processes

    def start(self, name: str, service: str, **environ: str) -> None:
        """A process with the command of that service; returns at once."""
        words = [word if word != "4" else "2" for word in argv(ours()[service]["command"])]
        words = [
            word.replace("/tmp/celerybeat-schedule", str(self.var / f"{name}-schedule")) for word in words
        ]
        log = (self.var / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            words, cwd=ROOT, env=self.environ | environ, stdout=log, stderr=log, start_new_session=True
        )

    def start_worker(self) -> None:
        """A new one; returns when it takes tasks."""
        before = self.log("worker").count(" ready.")
        self.start("worker", "worker")
        self.until(lambda: self.log("worker").count(" ready.") > before, 60)

    def start_beat(self, name: str = "beat") -> None:
        self.start(name, "beat", DJANGO_SETTINGS_MODULE="tests.operations.faults.quick")

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all its children, as a power cut would."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        for name in list(self.running):
            self.kill(name)
        self.gateway.server.shutdown()

    def log(self, name: str) -> str:
        path = self.var / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in self.var.glob("*.log")
        )

    def is_well(self) -> bool:
        try:
            return httpx.get(self.url("/healthz"), headers={"Host": HOST}, timeout=5, verify=PLAIN).is_success
        except httpx.HTTPError:
            return False

    def until(self, done: Callable[[], bool], seconds: float = 30) -> None:
        until(done, seconds, self.logs)

    # Speaking to it

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def browser(
        self, user: User | None = None, *, address: str = "10.1.1.1", timeout: float = 30
    ) -> httpx.Client:
        """A browser behind the reverse proxy; signed in strongly as `user`."""
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": address,
            "Referer": f"https://{HOST}/",
            "X-CSRFToken": MARK,
        }
        cookies = f"{settings.CSRF_COOKIE_NAME}={MARK}"
        if user is not None:
            cookies += f"; {settings.SESSION_COOKIE_NAME}={_session_of(user)}"
        return httpx.Client(
            base_url=self.url(""),
            headers=headers | {"Cookie": cookies},
            timeout=timeout,
            follow_redirects=False,
            verify=PLAIN,
        )

    def api(self, user: User, *, timeout: float = 30) -> httpx.Client:
        made, token = ApiToken.objects.create(user=user)
        ApiToken.objects.filter(pk=made.pk).update(is_strong=True)
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Authorization": f"Token {token}"}
        return httpx.Client(base_url=self.url("/api/v1"), headers=headers, timeout=timeout, verify=PLAIN)

    def send(self, task: str, *arguments: Any, times: int = 1) -> None:
        """Put a message into the queue, so many times."""
        with Celery(broker=self.redis.url, set_as_current=False) as app:
            for _ in range(times):
                app.send_task(task, arguments)


def _session_of(user: User) -> str:
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = BACKEND
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session[STRONG] = True
    session.create()
    return str(session.session_key)


def migrated(postgresql: PostgreSQL, environ: dict[str, str]) -> None:
    """The tables of this run's test database in the cluster: quicker than to play all migrations once more."""
    postgresql.execute(f"CREATE DATABASE {DATABASE}")
    dump = ["pg_dump", "--no-owner", f"--dbname={_database_url()}"]
    load = ["psql", "-q", "-v", "ON_ERROR_STOP=1", f"--dbname={environ['DATABASE_URL']}"]
    dumped = subprocess.Popen(dump, stdout=subprocess.PIPE)
    done = subprocess.run(load, stdin=dumped.stdout, capture_output=True, text=True)
    assert (dumped.wait(), done.returncode) == (0, 0), done.stderr


@contextmanager
def collected(platform: Platform) -> Iterator[None]:
    """At the end static files are there; they are collected meanwhile."""
    words = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    log = platform.var / "collectstatic.log"
    with log.open("wb") as said:
        done = subprocess.Popen(words, cwd=ROOT, env=platform.environ, stdout=said, stderr=said)
        yield
        assert done.wait() == 0, log.read_text()


@contextmanager
def inside(platform: Platform) -> Iterator[None]:
    """The default connection of the test leads to the platform's database, and files into its folder."""
    was = {name: connection.settings_dict[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    connection.close()
    here = {"HOST": "127.0.0.1", "PORT": str(platform.postgresql.port), "NAME": DATABASE, "USER": "postgres"}
    connection.settings_dict.update(here, PASSWORD="")
    try:
        with override_settings(MEDIA_ROOT=platform.media):
            yield
    finally:
        connection.close()
        connection.settings_dict.update(was)
