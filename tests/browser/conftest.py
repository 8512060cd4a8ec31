"""One platform and one Chromium for the whole browser suite."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from desk.demo.roster import Person
from governance.processes import free_port
from ground.geo import Point
from tests.browser.people import Somebody, somebody
from tests.browser.running import Platform, chromium, platform

#: Whoever is in front of a screen; what they see is told when a test fails.
WORDS = "document.body.innerText"
present: list[Somebody] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator:
    report = yield
    if report.when == "call" and report.failed:
        report.sections += [
            (f"{who.person.role} at {who.page.url}", who.page.evaluate(WORDS)) for who in present
        ]
    return report


@pytest.fixture
def enter(site: Platform, browser: Browser) -> Iterator[Callable[..., Somebody]]:
    """Somebody comes in with a browser of his own: `enter(person, size, at=Point(…))`."""

    def come(person: Person, size: dict[str, int], at: Point | None = None) -> Somebody:
        present.append(somebody(site, browser, person, size, at))
        return present[-1]

    yield come
    while present:
        present.pop().context.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    base: Path = tmp_path_factory.getbasetemp()
    ours = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # of all processes of this run
    with platform(base / "platform", free_port(_wanted()), ours / "demo") as running:
        yield running


def _wanted() -> int:
    """Platforms get their copies in the same second: they do not want the same port."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return 8200 + 10 * worker + (100 if os.environ.get("WENSHAO_TEST_DATABASE_URL") else 0)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield chrome
        chrome.close()
