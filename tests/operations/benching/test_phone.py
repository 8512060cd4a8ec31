"""The first load of a page: everything a browser fetches by itself is counted, photos are not."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from operations.benching import phone

PAGE = (
    '<link rel="stylesheet" href="/a.css"><link rel="icon" href="/i.svg"><link rel="canonical" href="/elsewhere">'
    '<script src="/s.js" defer></script><svg><use href="/sprite.svg#a"/></svg><svg><use href="/sprite.svg#b"/></svg>'
    '<img src="/requests/W1/photos/7/"><img src="data:image/png;base64,xx"><a href="/whistles/7/">看</a>'
)
FILES = {
    "/a.css": ("text/css", "@import '/b.css'; p { background: url(\"/p.png\") }"),
    "/b.css": ("text/css", "p { color: red }"),
    "/p.png": ("image/png", "p" * 1000),
    "/i.svg": ("image/svg+xml", "<svg/>"),
    "/s.js": ("text/javascript", "1"),
    "/sprite.svg": ("image/svg+xml", "<svg/>"),
    "/": ("text/html", PAGE),
    "/whistles/7/": ("text/html", "<p>哨单</p>"),
    "/sign-in/": ("text/html", "<p>登录</p>"),
}


class Site(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - emptied by the fixture

    def do_GET(self) -> None:
        self.asked.append(self.path)
        is_known = "wenshao_session=me" in self.headers.get("Cookie", "")
        if self.path == "/old/" or not is_known and self.path != "/sign-in/":
            self.send_response(302)
            self.send_header("Location", "/" if is_known else "/sign-in/")
            self.end_headers()
            return
        kind, text = FILES.get(self.path, ("text/html", ""))
        self.send_response(200 if self.path in FILES else 404)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def base() -> Iterator[str]:
    Site.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def loads(base: str, *pages: phone.Page, cookie: str = "wenshao_session=me") -> dict[str, phone.FirstLoad]:
    return phone.first_loads(base, {"resident": cookie}, pages)


def test_all_that_a_browser_fetches_is_counted_once_and_photos_are_not(base: str) -> None:
    (load,) = loads(base, phone.Page("home", "/", "resident")).values()
    assert sorted(Site.asked) == ["/", "/a.css", "/b.css", "/i.svg", "/p.png", "/s.js", "/sprite.svg"]
    assert load.files == 7
    assert load.largest == "p.png"
    assert load.html >= len(PAGE.encode())
    assert load.bytes >= load.html + sum(len(FILES[name][1]) for name in Site.asked if name != "/")
    assert load.is_within


def test_a_redirection_keeps_the_session_and_costs_its_bytes(base: str) -> None:
    found = loads(base, phone.Page("home", "/", "resident"), phone.Page("old", "/old/", "resident"))
    assert found["old"].bytes > found["home"].bytes


def test_the_page_behind_a_link_is_the_one_that_is_meant(base: str) -> None:
    assert (
        loads(base, phone.Page("whistle", "/", "resident", r"/whistles/\d+/"))["whistle"].path
        == "/whistles/7/"
    )


def test_pages_of_other_roles_are_left_out(base: str) -> None:
    assert not loads(base, phone.Page("home", "/", "member"))


@pytest.mark.parametrize(
    ("page", "cookie"),
    [
        (phone.Page("gone", "/gone/", "resident"), "wenshao_session=me"),
        (phone.Page("home", "/", "resident"), "wenshao_session=over"),
        (phone.Page("claim", "/", "resident", r"/claims/\d+/"), "wenshao_session=me"),
    ],
)
def test_what_is_not_there_is_said(base: str, page: phone.Page, cookie: str) -> None:
    with pytest.raises(phone.NotShown):
        loads(base, page, cookie=cookie)
