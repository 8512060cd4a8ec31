"""Charts in a browser: drawn from their tables, by keyboard, as pictures, on a wall, on paper, without files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE, Somebody, look_over

pytestmark = [pytest.mark.browser, pytest.mark.once]  # drawn from pages that all databases give alike
WALL = {"width": 1920, "height": 1080}
LIBRARY = "**/vendor/echarts/**"
Enter = Callable[..., Somebody]
#: What the library draws, by the name of each series.
DRAWN = """(card) => Object.fromEntries(window.echarts.getInstanceByDom(card.querySelector('[data-chart-drawing]'))
  .getOption().series.map((it) => [it.name, it.data]))"""
#: What the table says.
SAID = """(card) => Object.fromEntries([...card.querySelectorAll('thead th')].slice(1).map((head, place) => [
  head.dataset.name, [...card.querySelectorAll('tbody tr')].map((row) => row.cells[place + 1])
    .map((cell) => cell.textContent.trim() === '—' ? null : Number(cell.textContent.replace(/[,%]/g, '')))]))"""
#: Whether anything but the ground was painted.
INKED = """(canvas) => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size > 8;
}"""


COLOUR = """(card) => window.echarts.getInstanceByDom(card.querySelector('[data-chart-drawing]'))
  .getOption().series[0].color"""
#: Cards that do not hold what is in them.
CUT = """() => [...document.querySelectorAll('.wall .card')].filter((it) => it.scrollHeight > it.clientHeight + 1
  || it.scrollWidth > it.clientWidth + 1).map((it) => it.className)"""


def officer(enter: Enter, size: dict[str, int] = DESK, query: str = "?period=month") -> Somebody:
    who = enter(roster.DISTRICT, size)
    who.page.emulate_media(reduced_motion="reduce")
    who.sign_in_by_password("/dashboards/")
    who.open(f"/dashboards/{query}")
    return who


def chart(page: Page, key: str) -> Locator:
    return page.locator(f"[data-chart][aria-labelledby={key}]")


def wall_of(who: Somebody) -> None:
    who.page.get_by_role("link", name="大屏").click()
    who.page.wait_for_url("**/screen/**")


def test_every_chart_draws_what_its_table_says(enter: Enter) -> None:
    page = officer(enter).page
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.reload()
    cards = page.locator("[data-chart]:has([data-chart-drawing])")
    expect(page.locator("[data-chart] canvas").first).to_be_visible()
    assert cards.count() >= 4
    for card in cards.all():
        expect(card.locator("[data-chart-table]")).to_be_hidden()
        drawn, said = card.evaluate(DRAWN), card.evaluate(SAID)
        if card.get_attribute("data-chart") == "share":
            [parts] = drawn.values()
            drawn = {next(iter(said)): [part["value"] for part in parts]}
        assert set(drawn) == set(said)
        for name, values in said.items():
            assert drawn[name] == [
                value if value is None else pytest.approx(value, abs=0.06) for value in values
            ]
        assert card.locator("canvas").evaluate(INKED)
        assert len(card.get_by_role("img").first.get_attribute("aria-label") or "") > 8
    assert complaints == [], "the policy for contents forbids something"


def test_by_keyboard_from_the_drawing_to_the_table_and_back(enter: Enter) -> None:
    who = officer(enter)
    card = chart(who.page, "trend")
    expect(card.locator("canvas")).to_be_visible()
    drawing, table = (
        card.get_by_role("button", name="图", exact=True),
        card.get_by_role("button", name="表", exact=True),
    )
    drawing.focus()
    who.page.keyboard.press("Tab")
    expect(table).to_be_focused()
    who.page.keyboard.press("Enter")
    expect(card.get_by_role("table")).to_be_visible()
    expect(card.locator("canvas")).to_be_hidden()
    expect(table).to_have_attribute("aria-pressed", "true")
    expect(drawing).to_have_attribute("aria-pressed", "false")
    who.page.keyboard.press("Tab")
    expect(card.locator("[data-chart-save]")).to_be_focused()
    who.page.keyboard.press("Shift+Tab")
    who.page.keyboard.press("Shift+Tab")
    who.page.keyboard.press("Space")
    expect(card.locator("canvas")).to_be_visible()
    expect(card.get_by_role("table")).to_be_hidden()
    assert who.troubles == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chart_is_kept_as_a_picture_with_the_page_s_own_ground(enter: Enter, theme: str) -> None:
    who = officer(enter)
    who.prefer(theme=theme)
    who.page.reload()
    card = chart(who.page, "trend")
    canvas = card.locator("canvas")
    expect(canvas).to_be_visible()
    if theme == "dark":
        assert look_over(who.page, "board in dark") == []
    room = canvas.bounding_box()
    assert room is not None
    with who.page.expect_download() as awaited:
        card.locator("[data-chart-save]").click()
    assert awaited.value.suggested_filename == f"{card.get_by_role('heading').inner_text()}.png"
    with Image.open(io.BytesIO(awaited.value.path().read_bytes())) as image:
        assert image.format == "PNG"
        assert image.width == pytest.approx(2 * (room["width"] + 32), abs=4)
        assert image.height > 2 * room["height"] + 60
        ground = image.convert("RGB").getpixel((4, 4))
        colours = len(image.convert("RGB").getcolors(1 << 24) or [])
    assert (sum(ground) > 700) if theme == "light" else (sum(ground) < 150)  # type: ignore[arg-type]
    assert colours > 20


def test_the_colours_follow_the_switch_without_a_new_page(enter: Enter) -> None:
    who = officer(enter)
    who.prefer(theme="light")
    who.page.reload()
    card = chart(who.page, "trend")
    expect(card.locator("canvas")).to_be_visible()
    light = card.evaluate(COLOUR)
    who.page.evaluate(
        "document.documentElement.dataset.theme = 'dark';"
        "document.dispatchEvent(new CustomEvent('prefs:changed', {detail: {name: 'theme', value: 'dark'}}))"
    )
    assert card.evaluate(COLOUR) != light


def test_a_bar_opens_the_rows_behind_it(enter: Enter) -> None:
    page = officer(enter).page
    card = chart(page, "category")
    url = card.locator("tbody th a").first.get_attribute("href") or ""
    canvas = card.locator("canvas")
    canvas.scroll_into_view_if_needed()
    room = canvas.bounding_box()
    assert room is not None
    counted = int(card.locator("tbody td").first.text_content() or "")
    page.mouse.click(room["x"] + room["width"] / 2, room["y"] + 22)
    page.wait_for_url(lambda where: "/desk/requests/" in where)
    assert page.url.endswith(url)
    rows, older = page.locator("a.row-link").count(), page.get_by_text("更早的").count()
    assert rows == counted or (older and 0 < rows < counted)


def test_on_a_phone_charts_fit_the_screen(enter: Enter) -> None:
    who = officer(enter, PHONE)
    expect(who.page.locator("[data-chart] canvas").first).to_be_visible()
    assert look_over(who.page, "charts on a phone") == []
    for canvas in who.page.locator("[data-chart] canvas").all():
        room = canvas.bounding_box()
        assert room is not None
        assert room["x"] >= 0 and room["x"] + room["width"] <= PHONE["width"]
    chart(who.page, "trend").get_by_role("button", name="表", exact=True).tap()
    assert look_over(who.page, "a table on a phone") == []


def test_without_the_library_the_tables_stand(enter: Enter) -> None:
    who = officer(enter)
    who.page.route(LIBRARY, lambda route: route.abort())
    who.page.reload()
    cards = who.page.locator("[data-chart]")
    assert cards.count() >= 4
    for card in cards.all():
        expect(card.get_by_role("table")).to_be_visible()
        expect(card.locator("[data-chart-save]")).to_be_hidden()
    who.page.goto(who.page.url.split("?")[0] + "screen/")
    expect(who.page.locator(".wall-trend table")).to_be_visible()
    assert who.troubles == []


def test_on_paper_there_are_tables_and_no_buttons(enter: Enter) -> None:
    who = officer(enter)
    who.prefer(theme="dark")
    who.page.reload()
    expect(chart(who.page, "trend").locator("canvas")).to_be_visible()
    who.page.emulate_media(media="print")
    for card in who.page.locator("[data-chart]:has([data-chart-drawing])").all():
        expect(card.get_by_role("table")).to_be_visible()
        expect(card.locator("canvas")).to_be_hidden()
    for hidden in (".sidebar", ".desk-head .btns", "[data-chart-tools]", "[data-print]"):
        for each in who.page.locator(hidden).all():
            expect(each).to_be_hidden()
    expect(who.page.locator(".paper-line")).to_contain_text(
        re.compile(r"数字截至 \d{4}年\d+月\d+日 \d\d:\d\d")
    )
    ground = who.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert who.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_the_wall_fits_its_screen_and_is_for_everybody_to_read(enter: Enter) -> None:
    who = officer(enter, WALL)
    wall_of(who)
    for theme in ("dark", "light"):
        expect(who.page.locator("html")).to_have_attribute("data-theme", theme)
        expect(who.page.locator(".wall-trend canvas")).to_be_visible()
        assert who.page.evaluate("[document.documentElement.scrollHeight, scrollY, innerHeight]") == [
            1080,
            0,
            1080,
        ]
        assert who.page.evaluate(CUT) == []
        assert look_over(who.page, f"wall, {theme}") == []
        if theme == "dark":
            who.press("浅色")
    assert who.troubles == []


def test_the_wall_fetches_itself_and_says_how_old_its_figures_are(enter: Enter) -> None:
    who = officer(enter, WALL)
    page = who.page
    page.clock.install()
    wall_of(who)
    note, figure = page.locator("[data-screen-note]"), page.locator(".wall-tiles .fig").first
    expect(note).to_be_hidden()
    said = figure.inner_text()
    page.evaluate("document.querySelector('.wall-tiles .fig').textContent = 'old'")
    minute_passes(page)
    expect(figure).to_have_text(said)
    expect(page.locator(".wall-trend canvas")).to_be_visible()
    expect(page.locator("canvas")).to_have_count(page.locator("[data-chart-drawing]").count())

    page.route("**/screen/**", lambda route: route.abort())
    page.clock.run_for(61_000)
    expect(note).to_contain_text("网络断了")
    expect(note).to_contain_text("分钟前")
    expect(figure).to_have_text(said)
    page.unroute("**/screen/**")
    minute_passes(page)
    expect(note).to_be_hidden()

    who.context.clear_cookies(name="wenshao_session")
    minute_passes(page)
    expect(note).to_contain_text("登录到期了")
    expect(figure).to_have_text(said)


def minute_passes(page: Page) -> None:
    def is_page(answer: Any) -> bool:
        return "/screen/" in answer.url or "/sign-in/" in answer.url

    with page.expect_response(is_page):
        page.clock.run_for(61_000)
