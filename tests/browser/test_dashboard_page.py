"""The page of a node in a browser: whoever has never seen it finds the oldest overdue request; phone, dark, axe."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.running import Platform, _manage

pytestmark = pytest.mark.browser
Enter = Callable[..., Somebody]
#: Asked of the rows themselves: the grid of the second tier around the oldest overdue request.
OLDEST = """
from requests.models import ServiceRequest
from requests.states import OPEN
from ground import clock
found = ServiceRequest.objects.filter(state__in=OPEN, whole=None, due__lt=clock.now()).order_by("due").first()
grid = found.grid
print("oldest:", grid.parent.name if grid.tier == 3 else grid.name, found.number)
"""


@pytest.fixture(scope="module", autouse=True)
def counted(site: Platform) -> None:
    _manage(["rebuild_rollups"], site.environ)


def oldest(site: Platform) -> tuple[str, str]:
    """The grid's name and the request's number."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", OLDEST],
        env=site.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    line = next(line for line in ran.stdout.splitlines() if line.startswith("oldest:"))
    _, name, number = line.split(" ")
    return name, number


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_an_officer_finds_the_grid_of_the_oldest_overdue_request_in_three_presses(
    site: Platform, enter: Enter, size: dict[str, int]
):
    name, number = oldest(site)
    who = enter(roster.DISTRICT, size)
    who.sign_in_by_password("/dashboards/")
    who.open("/dashboards/")
    way = who.page.locator("#stuck").locator("xpath=ancestor::section").get_by_text(re.compile("最久"))
    for _ in range(2):
        way.get_by_role("link").click()
        expect(who.page).to_have_url(re.compile(r"/dashboards/\d+/\?period=month#children"))
    link = way.get_by_role("link")
    expect(link).to_have_text(name)
    link.click()
    expect(who.page).to_have_url(re.compile(r"/desk/requests/\?which=overdue&grid=\d+"))
    expect(who.page.get_by_text(number).first).to_be_visible()
    assert who.troubles == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_of_every_tier_are_whole(enter: Enter, size: dict[str, int], theme: str):
    who = enter(roster.DISTRICT, size)
    who.sign_in_by_password("/dashboards/")
    who.prefer(theme=theme)
    who.open("/dashboards/?period=quarter")
    for _ in range(4):
        who.page.wait_for_load_state("networkidle")
        assert look_over(who.page, who.page.url) == []
        table = who.page.locator("#children").locator("xpath=ancestor::section").locator("tbody")
        if not table.count() or not (links := table.locator("td:first-child a")).count():
            break
        links.first.click()
    expect(who.page.get_by_role("heading", level=1)).to_contain_text("：")
    assert who.troubles == []


def test_any_days_are_asked_for_and_shared(enter: Enter):
    who = enter(roster.DISTRICT, DESK)
    who.sign_in_by_password("/dashboards/")
    who.open("/dashboards/")
    who.page.get_by_text("任意", exact=True).click()
    who.page.get_by_label("从哪天").fill("2026-11-02")
    who.page.get_by_label("到哪天").fill("2026-11-01")
    who.page.locator(".any-form").get_by_role("button", name="看").click()
    expect(who.page.get_by_role("alert")).to_contain_text("请对调")
    who.page.get_by_label("从哪天").fill("2026-10-12")
    who.page.locator(".any-form").get_by_role("button", name="看").click()
    expect(who.page).to_have_url(re.compile(r"period=any&from=2026-10-12&to=\d{4}-\d\d-\d\d$"))
    expect(who.page.get_by_role("alert")).to_have_count(0)
    who.page.get_by_label("比什么").select_option("response_rate")
    who.page.locator(".figure-form").get_by_role("button", name="看").click()
    expect(who.page).to_have_url(re.compile(r"from=2026-10-12.*figure=response_rate"))
    expect(who.page.locator("#bars")).to_have_text("街道（镇）：响应率")
