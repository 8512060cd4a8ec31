"""The page of a node in a browser: every tier, patterns, saved views, their letter; phone, dark, axe."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.running import Platform, _manage

pytestmark = [pytest.mark.browser, pytest.mark.once]  # drawn from pages that all databases give alike
Enter = Callable[..., Somebody]


@pytest.fixture(scope="module", autouse=True)
def counted(site: Platform) -> None:
    _manage(["rebuild_rollups"], site.environ)


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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_patterns_saved_views_and_their_letter_are_whole(enter: Enter, size: dict[str, int], theme: str):
    who = enter(roster.DISTRICT, size)
    who.sign_in_by_password("/dashboards/")
    who.prefer(theme=theme)
    who.open("/dashboards/?period=week")
    who.page.locator(".views-menu summary", has_text="常看").click()
    assert look_over(who.page, "menu") == []
    if (name := who.page.get_by_label("把现在这一页存为")).count():  # the first of the four keeps it
        name.fill("本周全区")
        who.page.get_by_role("button", name="存下").click()
    for path in ("/dashboards/views/", "/dashboards/weekly/", "/desk/patterns/"):
        who.open(path)
        assert look_over(who.page, path) == []
    who.page.locator(".row-link").first.click()
    expect(who.page.get_by_role("heading", name="数的是这些点单")).to_be_visible()
    assert look_over(who.page, "pattern") == []
    assert who.troubles == []


def test_large_type_on_a_phone_is_no_wider_than_the_screen(enter: Enter):
    who = enter(roster.DISTRICT, PHONE)
    who.sign_in_by_password("/dashboards/")
    who.prefer(size="large")
    who.open("/dashboards/?period=month")
    expect(who.page.locator("html")).to_have_attribute("data-size", "large")
    assert look_over(who.page, "large type") == []
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
