"""The map of a dashboard in a browser: figures, the way down, points, a phone, paper, no script, no library."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.running import Platform, _manage

pytestmark = [pytest.mark.browser, pytest.mark.once]  # drawn from pages that all databases give alike
AREA = "path.map-area"
Enter = Callable[..., Somebody]


@pytest.fixture(scope="module", autouse=True)
def counted(site: Platform) -> None:
    _manage(["rebuild_rollups"], site.environ)


def officer(enter: Enter, size: dict[str, int] = DESK) -> Somebody:
    who = enter(roster.DISTRICT, size)
    who.sign_in_by_password("/dashboards/")
    return who


def alone(who: Somebody) -> str:
    """The address of the map's own page, from the tile."""
    return urlsplit(who.page.get_by_role("link", name="大图").get_attribute("href") or "").path


def test_from_the_tile_down_to_a_street_with_the_figure_that_was_chosen(enter: Enter):
    who = officer(enter)
    hosts = set()
    who.page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    who.open("/dashboards/?period=month")
    tile = who.page.locator("[data-map]")
    expect(tile.locator(AREA)).to_have_count(7)
    expect(tile.get_by_role("heading")).to_have_text("地图：超时")
    assert look_over(who.page, "board with map") == []

    chooser = tile.get_by_label("地图上看什么")
    chooser.focus()
    chooser.press("ArrowDown")
    expect(tile.get_by_role("heading")).to_have_text("地图：在办")
    expect(who.page).to_have_url(re.compile(r"period=month&figure=open"))
    expect(tile.locator(AREA)).to_have_count(7)
    expect(chooser).to_be_focused()
    who.page.reload()
    expect(tile.get_by_role("heading")).to_have_text("地图：在办")

    street = tile.locator(f"{AREA}[aria-label^=新华街道]")
    said = street.get_attribute("aria-label") or ""
    tile.get_by_text("看表").click()
    row = tile.get_by_role("row").filter(has_text="新华街道")
    assert said == f"新华街道：{row.locator('td').nth(1).inner_text()}"
    street.focus()
    street.press("Enter")
    who.page.wait_for_url("**/dashboards/*/?period=month&figure=open")
    expect(who.page.locator("[data-map]").locator(AREA).first).to_be_visible()
    assert hosts == {urlsplit(who.site.url).netloc}, "nobody else is asked"
    assert who.troubles == []


def test_open_requests_come_when_asked_for_and_lead_to_their_page(enter: Enter):
    who = officer(enter)
    asked = []
    who.page.on(
        "request", lambda request: asked.append(request.url) if "points.json" in request.url else None
    )
    who.open(alone(who))
    expect(who.page.locator(AREA)).to_have_count(7)
    assert asked == [] and who.page.locator(".map-point").count() == 0
    who.press("显示在办点单")
    expect(who.page.locator(".map-point").first).to_be_visible()
    assert len(asked) == 1
    point = who.page.locator(".map-point").first
    point.focus()
    point.press("Enter")
    popup = who.page.locator(".leaflet-popup-content")
    expect(popup).to_contain_text("具体位置不显示")
    number = popup.get_by_role("link").first.inner_text()
    assert look_over(who.page, "map with points") == []
    popup.get_by_role("link").first.click()
    who.page.wait_for_url(f"**/desk/requests/{number}/")
    who.page.go_back()
    who.press("显示在办点单")
    who.press("收起在办点单")
    expect(who.page.locator(".map-point")).to_have_count(0)
    assert who.troubles == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_the_page_scrolls_over_the_map(enter: Enter, theme: str):
    who = officer(enter, PHONE)
    who.prefer(theme=theme)
    who.open(alone(who))
    live = who.page.locator(".map-live")
    expect(who.page.locator(AREA)).to_have_count(7)
    box = live.bounding_box()
    assert box is not None and box["height"] < PHONE["height"] * 0.6, "the page can be seen around it"
    action = live.evaluate("it => getComputedStyle(it).touchAction")
    assert "pan-y" in action, "one finger belongs to the page"
    assert look_over(who.page, f"map on a phone, {theme}") == []
    assert who.troubles == []


def test_the_wheel_belongs_to_the_page_until_the_map_is_entered(enter: Enter):
    who = officer(enter)
    who.open(alone(who))
    expect(who.page.locator(AREA)).to_have_count(7)

    def width() -> float:
        box = who.page.locator(AREA).first.bounding_box()
        assert box is not None
        return box["width"]

    before = width()
    who.page.locator(".map-live").hover()
    who.page.mouse.wheel(0, -200)
    who.page.wait_for_timeout(500)
    assert width() == pytest.approx(before, rel=0.01)
    who.page.locator(".map-live").focus()
    who.page.mouse.wheel(0, -200)
    for _ in range(20):
        who.page.wait_for_timeout(250)
        if width() > before * 1.1:
            return
    raise AssertionError(f"still {width()} wide")


def is_drawn_by_the_server(page: Page) -> None:
    expect(page.locator(".map-svg a path")).to_have_count(7)
    expect(page.locator(".map-svg")).to_be_visible()
    expect(page.locator(".map-live")).to_have_count(0)


def test_without_the_library_the_picture_of_the_server_stays(enter: Enter):
    who = officer(enter)
    address = alone(who)

    def refuse(route: Route) -> None:
        route.abort()

    who.page.route("**/vendor/leaflet/**", refuse)
    who.open(address)
    who.page.wait_for_load_state("networkidle")
    is_drawn_by_the_server(who.page)
    expect(who.page.get_by_role("button", name="显示在办点单")).to_be_hidden()
    assert look_over(who.page, "map without Leaflet") == []
    assert who.troubles == []


def test_without_scripts_the_map_is_a_page_of_its_own(enter: Enter, browser: Browser):
    who = officer(enter)
    context = browser.new_context(viewport=DESK, locale="zh-CN", java_script_enabled=False)
    context.add_cookies(who.context.cookies())
    page = context.new_page()
    page.goto(f"{who.site.url}/dashboards/?period=month")
    page.get_by_role("link", name="打开地图").click()
    is_drawn_by_the_server(page)
    page.get_by_label("地图上看什么").select_option("响应率")
    page.get_by_role("button", name="看", exact=True).click()
    assert "figure=response_rate" in page.url and "period=month" in page.url
    is_drawn_by_the_server(page)
    page.get_by_role("row").filter(has_text="新华街道").get_by_role("link").click()
    page.wait_for_url("**/dashboards/*/?period=month&figure=response_rate")
    context.close()


def test_on_paper_it_is_the_picture_of_the_server(enter: Enter):
    who = officer(enter)
    who.open(alone(who))
    expect(who.page.locator(AREA)).to_have_count(7)
    expect(who.page.locator(".map-svg")).to_be_hidden()
    who.page.emulate_media(media="print")
    expect(who.page.locator(".map-svg")).to_be_visible()
    expect(who.page.locator(".map-live")).to_be_hidden()
