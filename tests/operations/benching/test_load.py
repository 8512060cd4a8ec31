"""The load process sends what the plan says, and brings back what came."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from operations.benching.load import Call, Plan, send


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    heard: list[tuple[str, str, bytes, str]] = []

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.command, self.path, body, self.headers.get("X-Who", "")))
        if self.path == "/chunked/":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n")
            return
        self.send_response(404 if self.path == "/nowhere/" else 200)
        self.send_header("Content-Length", "3")
        if self.path == "/closing/":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"abc")

    def log_message(self, *given: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Handler.heard.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_call_of_a_list_is_sent_once_as_it_was_given(port: int):
    calls = [Call("/a/", "POST", {"X-Who": "me"}, "点单"), Call("/b/"), Call("/nowhere/")]
    found = send(Plan(port, 2, calls, seconds=10, most=100, circle=False))
    assert sorted(Handler.heard) == [
        ("GET", "/b/", b"", ""),
        ("GET", "/nowhere/", b"", ""),
        ("POST", "/a/", "点单".encode(), "me"),
    ]
    assert sorted((index, status, length) for index, status, _, length in found["answers"]) == [
        (0, 200, 3),
        (1, 200, 3),
        (2, 404, 3),
    ]
    assert found["troubles"] == []


def test_a_circle_ends_with_the_most_calls(port: int):
    found = send(Plan(port, 3, [Call("/a/"), Call("/chunked/")], seconds=10, most=9))
    assert sorted(answer[3] for answer in found["answers"]) == [3] * 5 + [12] * 4
    assert len(Handler.heard) == 9


def test_a_circle_ends_with_the_time(port: int):
    found = send(Plan(port, 1, [Call("/a/")], seconds=0.2, most=10**9))
    assert 0.2 <= found["seconds"] < 2
    assert all(0 < answer[2] < 2000 for answer in found["answers"])


def test_a_connection_that_the_server_closes_is_opened_again(port: int):
    found = send(Plan(port, 1, [Call("/closing/")], seconds=10, most=5))
    assert [answer[1] for answer in found["answers"]] == [200] * 5
    assert found["troubles"] == []
