"""What the first visit to a phone page costs: every byte that travels while the cache is empty.

HTML, style sheets and what they name, scripts and icons, compressed as the server sends them, heads of answers
included; photos of people and places are not counted. `python -m operations.benching.phone BASE resident=SESSION
member=SESSION grid_worker=SESSION` prints it for sessions that exist.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urldefrag, urljoin

import httpx

#: Bytes that the first visit may cost (issue 7).
LIMIT = 150_000
SECONDS = 30
#: What a style sheet names: its own pictures, fonts, further sheets.
NAMED = re.compile(r"""(?:url\(|@import\s+)\s*["']?([^"')\s;]+)""")
PHOTOS = re.compile(r"/photos?/")


class NotShown(Exception):
    """A page that was to be measured answers anything but 200, or has no link of the kind looked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """`path`, opened by `role`; with `link` (a pattern) the first such link of it is the page that is meant."""

    name: str
    path: str
    role: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """One page: bytes of the HTML, of everything (`bytes`), how many files, and the largest of them."""

    path: str
    html: int
    bytes: int
    files: int
    largest: str

    @property
    def is_within(self) -> bool:
        return self.bytes <= LIMIT


RESIDENT, MEMBER, GRID_WORKER = "resident", "member", "grid_worker"
PAGES = (
    Page("home", "/", RESIDENT),
    Page("ask", "/requests/new/", RESIDENT),
    Page("my requests", "/requests/", RESIDENT),
    Page("request", "/requests/", RESIDENT, r"/requests/(?!new/|places/)[^/]+/"),
    Page("messages", "/messages/", RESIDENT),
    Page("message preferences", "/messages/preferences/", RESIDENT),
    Page("me", "/me/", RESIDENT),
    Page("wishes", "/wishes/", RESIDENT),
    Page("query", "/query/", RESIDENT),
    Page("home of a member", "/", MEMBER),
    Page("whistles", "/whistles/", MEMBER),
    Page("whistle", "/whistles/", MEMBER, r"/whistles/\d+/"),
    Page("claims", "/claims/", MEMBER),
    Page("claim", "/claims/", MEMBER, r"/claims/\d+/"),
    Page("service", "/service/", MEMBER),
    Page("profile", "/service/profile/", MEMBER),
    Page("registration", "/registration/", MEMBER),
    Page("teams", "/teams/", MEMBER),
    Page("leaderboard", "/leaderboards/", MEMBER),
    Page("home of a grid worker", "/", GRID_WORKER),
    Page("me of a grid worker", "/me/", GRID_WORKER),
)


def first_loads(base: str, cookies: Mapping[str, str], pages: Iterable[Page] = PAGES) -> dict[str, FirstLoad]:
    """Page → what its first visit costs. `cookies`: role → Cookie header; pages of other roles are left out.

    Raises NotShown where a page is not there for its role.
    """
    found = {}
    for page in pages:
        if page.role in cookies:
            with _browser(base, cookies[page.role]) as browser:
                found[page.name] = _weigh(browser, _path_of(browser, page))
    return found


def path_of(base: str, cookie: str, page: Page) -> str:
    """The path of the page itself: its own, or the link on it that is meant; raises NotShown."""
    with _browser(base, cookie) as browser:
        return _path_of(browser, page)


def _path_of(browser: httpx.Client, page: Page) -> str:
    if not page.link:
        return page.path
    said = _text(_get(browser, page.path), page.path)
    if not (link := re.search(rf'href="({page.link})"', said)):
        raise NotShown(f"{page.path} has no link to a {page.name}: is there one in the database?")
    return link[1]


def cookie_of(session: str) -> str:
    """The Cookie header of a session key, as the settings name the cookie."""
    from django.conf import settings

    return f"{settings.SESSION_COOKIE_NAME}={session}"


def _browser(base: str, cookie: str) -> httpx.Client:
    headers = {"Accept-Encoding": "gzip, deflate", "Accept": "text/html,*/*"}
    # In the jar, not in a head: what is redirected keeps it.
    jar = {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
    return httpx.Client(base_url=base, headers=headers, cookies=jar, timeout=SECONDS, follow_redirects=True)


def _weigh(browser: httpx.Client, path: str) -> FirstLoad:
    answer = _get(browser, path)
    html, sizes = _transferred(answer), {}
    wanted = list(_files_of(_text(answer, path), str(answer.url)))
    while wanted:
        address = wanted.pop()
        if address not in sizes:
            part = _get(browser, address)
            sizes[address] = _transferred(part)
            if "css" in part.headers.get("content-type", ""):
                wanted += (urljoin(address, name) for name in NAMED.findall(part.text) if _is_file(name))
    largest = max(sizes, key=lambda address: sizes[address], default=path)
    return FirstLoad(path, html, html + sum(sizes.values()), len(sizes) + 1, largest.rpartition("/")[2])


def _get(browser: httpx.Client, path: str) -> httpx.Response:
    answer = browser.get(path)
    if answer.status_code != httpx.codes.OK or "/sign-in/" in answer.url.path:
        raise NotShown(f"{path} answered {answer.status_code} at {answer.url.path}")
    return answer


def _text(answer: httpx.Response, path: str) -> str:
    if "html" not in answer.headers.get("content-type", ""):
        raise NotShown(f"{path} is no page")
    return answer.text


def _transferred(answer: httpx.Response) -> int:
    """Bytes on the wire: bodies as they were compressed, and their heads; those of redirections too."""
    return sum(each.num_bytes_downloaded + _head(each) for each in (*answer.history, answer))


def _head(answer: httpx.Response) -> int:
    return sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)


class _Links(HTMLParser):
    """Addresses that a browser fetches by itself while it draws the page."""

    FETCHED = {"script": "src", "img": "src", "use": "href", "source": "src"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_link = tag == "link" and {"stylesheet", "icon", "preload", "manifest"} & set(
            (given.get("rel") or "").split()
        )
        name = "href" if is_link else self.FETCHED.get(tag, "")
        if value := given.get(name):
            self.found.append(value)


def _files_of(html: str, address: str) -> Iterator[str]:
    links = _Links()
    links.feed(html)
    whole = (urldefrag(urljoin(address, link)).url for link in links.found if _is_file(link))
    return (each for each in whole if not PHOTOS.search(each))


def _is_file(name: str) -> bool:
    return not name.startswith(("data:", "blob:", "#"))


def main(words: list[str]) -> int:
    """Print a line for each page; 1 where one costs more than the limit."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    base, *named = words
    cookies = {role: cookie_of(session) for role, _, session in (word.partition("=") for word in named)}
    loads = first_loads(base, cookies)
    for name, load in loads.items():
        print(f"{name:<24}{load.bytes / 1000:>7.1f} kB {load.files:>3} files, largest {load.largest}")
    return int(not all(load.is_within for load in loads.values()))


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    django.setup()
    sys.exit(main(sys.argv[1:]))
