"""The load process: HTTP/1.1 over kept connections, as little Python as can be; it shares the machine's cores.

Run as `python -m operations.benching.load`: reads a plan as JSON on stdin, writes what came back on stdout. It
imports nothing of the platform, so that it starts at once and its memory is nobody's worry.
"""

from __future__ import annotations

import json
import socket
import subprocess  # noqa: S404 - starts this very module
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

HEAD_ENDS = b"\r\n\r\n"
PIECE = 65_536
TIMEOUT = 60.0  # seconds: what gunicorn gives a worker


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it is sent: `body` is text in UTF-8."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def raw(self, host: str) -> bytes:
        body = self.body.encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Plan:
    """`clients` at once, until `seconds` are over or `most` calls are sent; the calls once each, or in a circle."""

    port: int
    clients: int
    calls: list[Call]
    seconds: float
    most: int
    circle: bool = True


class Connection:
    """A kept connection that is opened again where the server closed it."""

    def __init__(self, port: int) -> None:
        self.port, self.socket = port, self._opened(port)

    def _opened(self, port: int) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def ask(self, raw: bytes) -> tuple[int, int]:
        """Status and bytes of the body."""
        self.socket.sendall(raw)
        head, rest = self._head()
        status, names = _read_head(head)
        length = self._body(names, rest, status)
        if names.get(b"connection", b"").lower() == b"close":
            self.socket.close()
            self.socket = self._opened(self.port)
        return status, length

    def _head(self) -> tuple[bytes, bytes]:
        got = b""
        while HEAD_ENDS not in got:
            piece = self.socket.recv(PIECE)
            if not piece:
                raise ConnectionError("the server closed the connection")
            got += piece
        head, _, rest = got.partition(HEAD_ENDS)
        return head, rest

    def _body(self, names: dict[bytes, bytes], rest: bytes, status: int) -> int:
        if names.get(b"transfer-encoding", b"").lower() == b"chunked":
            return self._chunked(rest)
        if status in (204, 304):
            return 0
        if b"content-length" not in names:
            return self._to_the_end(rest)
        length = got = int(names[b"content-length"])
        got = len(rest)
        while got < length:
            got += len(self._piece())
        return length

    def _piece(self) -> bytes:
        piece = self.socket.recv(PIECE)
        if not piece:
            raise ConnectionError("the answer is shorter than it said")
        return piece

    def _to_the_end(self, rest: bytes) -> int:
        length = len(rest)
        while piece := self.socket.recv(PIECE):
            length += len(piece)
        return length

    def _chunked(self, got: bytes) -> int:
        """Bytes without the sizes between them; the whole is kept nowhere."""
        length = 0
        while True:
            while b"\r\n" not in got:
                got += self._piece()
            line, _, got = got.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            while len(got) < size + 2:
                got += self._piece()
            got, length = got[size + 2 :], length + size
            if size == 0:
                return length


def _read_head(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = head.split(b"\r\n")
    pairs = (line.partition(b":") for line in lines)
    return int(first.split(b" ", 2)[1]), {name.lower(): value.strip() for name, _, value in pairs}


class Run:
    """Threads that take the next call each; what came back, in the order in which it came."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.answers, self.troubles = plan, list[Any](), list[str]()
        self.raw = [call.raw("127.0.0.1") for call in plan.calls]
        self.next, self.lock = 0, threading.Lock()

    def go(self) -> dict[str, Any]:
        self.ends = (began := time.perf_counter()) + self.plan.seconds
        threads = [threading.Thread(target=self._client) for _ in range(self.plan.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time(),
            "answers": self.answers,
            "troubles": self.troubles,
        }

    def _client(self) -> None:
        connection = Connection(self.plan.port)
        while (index := self._taken()) is not None:
            began = time.perf_counter()
            try:
                status, length = connection.ask(self.raw[index])
            except (OSError, ValueError) as trouble:
                self.troubles.append(f"{type(trouble).__name__}: {trouble}")
                connection = Connection(self.plan.port)
                continue
            self.answers.append((index, status, (time.perf_counter() - began) * 1000, length))

    def _taken(self) -> int | None:
        with self.lock:
            number = self.next
            over = number >= self.plan.most or (not self.plan.circle and number >= len(self.raw))
            if over or time.perf_counter() >= self.ends:
                return None
            self.next += 1
            return number % len(self.raw)


def send(plan: Plan) -> dict[str, Any]:
    """Run the plan in a process of its own: {seconds, cpu, answers: [[call, status, ms, bytes]], troubles}."""
    done = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", "operations.benching.load"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def plan_of(given: dict[str, Any]) -> Plan:
    calls: Iterable[dict[str, Any]] = given.pop("calls")
    return Plan(calls=[Call(**call) for call in calls], **given)


def main() -> None:
    json.dump(Run(plan_of(json.load(sys.stdin))).go(), sys.stdout)


if __name__ == "__main__":
    main()
