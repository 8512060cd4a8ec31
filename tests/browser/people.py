"""Somebody in front of a screen: what a person does on the pages, and what is looked at on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from desk.demo.roster import PASSWORD, Person
from ground.geo import Point
from tests.browser.running import Platform

PHONE, NARROW, DESK = (
    {"width": 390, "height": 844},
    {"width": 360, "height": 740},
    {"width": 1440, "height": 900},
)
PATIENCE = 20_000  # milliseconds
expect.set_options(timeout=PATIENCE)  # two suites share two cores
GRAVE = {"serious", "critical"}
#: Cookies by platform and telephone: a number gets one code a minute, and tests follow each other faster.
_signed_in: dict[tuple[str, str], Any] = {}
WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll('body *')].filter((it) => it.getBoundingClientRect().right > room + 1)
    .slice(0, 5).map((it) => it.tagName + '.' + it.className + ' ' + Math.round(it.getBoundingClientRect().right));
}"""


@dataclass
class Somebody:
    """A browser context with one page. `troubles` collects what consoles and servers complained of."""

    site: Platform
    context: BrowserContext
    page: Page
    person: Person
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        answer = self.page.goto(self.site.url + path)
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press the button or link of that name."""
        root = within or self.page
        root.get_by_role("button", name=name).or_(root.get_by_role("link", name=name)).first.click()

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE)

    def main(self) -> str:
        return self.page.locator("main").inner_text()

    def note(self, answer: Response) -> None:
        if answer.status >= 500:
            self.troubles.append(f"{answer.status} {answer.url}")

    def sign_in_by_code(self) -> None:
        """Once for each person."""
        if self._is_known():
            return
        self.open("/sign-in/")
        self.page.get_by_label("手机号").fill(self.person.phone)
        self.press("获取验证码")
        self._enter_code()
        self._remember()

    def sign_in_by_password(self, path: str = "/desk/") -> None:
        """Password, then the second factor: the demo shows the code that would be sent. Once for each person."""
        if self._is_known():
            self.open(path)
            return
        self.open(f"/sign-in/password/?next={path}")
        self.page.get_by_label("手机号").fill(self.person.phone)
        self.page.get_by_label("密码", exact=True).fill(PASSWORD)
        self.press("下一步")
        self._enter_code()
        self.page.wait_for_url(f"**{path}**")
        self._remember()

    def _is_known(self) -> bool:
        cookies = _signed_in.get((self.site.url, self.person.phone))
        if cookies:
            self.context.add_cookies(cookies)
        return bool(cookies)

    def _remember(self) -> None:
        _signed_in[self.site.url, self.person.phone] = self.context.cookies()

    def _enter_code(self) -> None:
        code = self.page.locator("[data-demo-code]").inner_text().strip()
        self.page.get_by_label("验证码").or_(self.page.locator("input[name=code]")).first.fill(code)
        self.page.get_by_role("button", name="登录", exact=True).click()
        self.page.wait_for_url(lambda url: "/sign-in/" not in url)

    def prefer(self, **prefs: str) -> None:
        """Large type and theme as the switches of the page set them."""
        for name, value in prefs.items():
            self.context.add_cookies([{"name": f"ws_{name}", "value": value, "url": self.site.url}])


def somebody(
    site: Platform, browser: Browser, person: Person, size: dict[str, int], at: Point | None = None
) -> Somebody:
    """A fresh browser context; with `at` the phone knows where it is."""
    extra: dict[str, object] = {"has_touch": True, "is_mobile": True} if size["width"] < 600 else {}
    if at is not None:
        extra |= {"permissions": ["geolocation"]}
        extra |= {"geolocation": {"longitude": at.lng, "latitude": at.lat, "accuracy": 12}}
    context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", **extra)
    context.set_default_timeout(PATIENCE)
    who = Somebody(site, context, context.new_page(), person)
    who.page.on("pageerror", lambda error: who.troubles.append(f"script: {error}"))
    who.page.on(
        "response",
        lambda answer: answer.status >= 500 and who.troubles.append(f"{answer.status} {answer.url}"),
    )
    return who


def look_over(page: Page, what: str) -> list[str]:
    """What is wrong with the page as it stands: axe's grave findings, and a page wider than the screen."""
    found = [f"{what}: wider than the screen: {line}" for line in page.evaluate(WIDE)]
    for each in Axe().run(page).response["violations"]:
        if each["impact"] in GRAVE:
            spots = ", ".join(str(node["target"][0]) for node in each["nodes"][:3])
            found.append(f"{what}: {each['id']}: {each['help']} ({spots})")
    return found
