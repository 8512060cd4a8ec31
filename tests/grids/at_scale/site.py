"""A web process of its own on the database of the tests, and visitors that use it over HTTP all the time."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.db import connection

from accounts.models import User
from grids.models import Resident
from ground.fields import masked_phone
from ground.identity import masked_number
from tests.house.checks import ROOT, clean_environment
from tests.signing_in import strong_client

START_SECONDS = 60
REVEALS = 25  # of a visitor: the day allows thirty


def environ(var: Path) -> dict[str, str]:
    """Of a platform that shares database, ring and secret with the tests, and nothing else."""
    ring = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    return clean_environment(
        WENSHAO_VAR=str(var),
        DATABASE_URL=url.replace(":@", "@"),
        SECRET_KEY=settings.SECRET_KEY,
        FIELD_KEYS=ring,
    )


def manage(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ(var), capture_output=True, text=True)


@contextmanager
def site(var: Path) -> Iterator[str]:
    """The address of a gunicorn with four threads."""
    assert manage(var, "collectstatic", "--noinput", "-v", "0").returncode == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    log = (var / "web.log").open("w")
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "governance.wsgi:application",
        "-b",
        address,
        "--threads",
        "4",
    ]
    web = subprocess.Popen(command, cwd=ROOT, env=environ(var), stdout=log, stderr=log)
    try:
        _await(f"http://{address}/healthz", web, var)
        yield f"http://{address}"
    finally:
        web.terminate()
        web.wait(timeout=30)
        log.close()


def _await(url: str, web: subprocess.Popen[bytes], var: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and web.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError((var / "web.log").read_text()[-3000:])


@dataclass
class Visitor:
    """Opens the pages of `people`, looks behind masks and changes telephones, until it is told to stop."""

    user: User
    people: list[Resident]
    address: str
    #: Key of a person → the telephone that the site said it had saved.
    saved: dict[int, str] = field(default_factory=dict)
    answers: list[float] = field(default_factory=list)
    revealed: int = 0
    trouble: str = ""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        cookie = strong_client(self.user).cookies[settings.SESSION_COOKIE_NAME].value
        cookies = {settings.SESSION_COOKIE_NAME: cookie}
        self._http = httpx.Client(base_url=self.address, cookies=cookies, timeout=30)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)
        self._http.close()

    def _run(self) -> None:
        try:
            round_of = 0
            while not self._stop.is_set():
                for person in self.people:
                    if self._stop.is_set():
                        return
                    self._visit(person, round_of)
                round_of += 1
        except Exception as error:
            self.trouble = repr(error)

    def _visit(self, person: Resident, round_of: int) -> None:
        self._get(f"/desk/residents/?after={person.pk - 1}")
        page = self._get(f"/desk/residents/{person.pk}/")
        assert masked_number(person.document_number) in page and masked_phone(person.phone) in page
        if self.revealed < REVEALS:
            self.revealed += 1
            asked = {"field": "phone", "reason": "电话回访"}
            assert person.phone in self._post(f"/desk/residents/{person.pk}/reveal/", page, asked, 200)
        phone = f"1990000{(int(person.phone[-4:]) + 1) % 10_000:04d}"
        step = f"/desk/residents/{person.pk}/change/"
        self._post(step, self._get(step), self._form(person, phone), 302)
        person.phone = self.saved[person.pk] = phone

    @staticmethod
    def _form(person: Resident, phone: str) -> dict[str, Any]:
        copied = ("name", "document_kind", "relation", "residence")
        return {name: getattr(person, name) for name in copied} | {"document_number": "", "phone": phone}

    def _get(self, path: str) -> str:
        return self._timed("GET", path, 200)

    def _post(self, path: str, page: str, data: dict[str, Any], status: int) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert found is not None, path
        return self._timed("POST", path, status, data=data | {"csrfmiddlewaretoken": found[1]})

    def _timed(self, method: str, path: str, status: int, **more: Any) -> str:
        began = time.perf_counter()
        answer = self._http.request(method, path, **more)
        self.answers.append(time.perf_counter() - began)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.text
