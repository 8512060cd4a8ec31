"""Steps as people take them: the buttons of the desk's panel and of the phone, the forms behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, expect

from tests.browser.people import Somebody

PANEL, FORM = "#panel", "form.step-form"
NUMBER = re.compile(r"WJ\d+-[\d-]+\d")


def finds(who: Somebody, title: str) -> str:
    """Look for a request among all in sight and open its page; gives the number."""
    who.open(f"/desk/requests/?q={quote(title)}")
    who.page.locator("a.row-link").filter(has_text=title).first.click()
    who.page.wait_for_url(re.compile(r"/desk/requests/WJ"))
    return number_of(who)


def number_of(who: Somebody) -> str:
    found = NUMBER.search(who.page.url)
    assert found is not None, who.page.url
    return found[0]


def button(who: Somebody, step: str) -> Locator:
    """The button of a step on the page or in the panel, by the name of the step in the table."""
    return who.page.locator(f".steps-open a[href$='/{step}/'], .steps-open form[action$='/{step}/'] button")


def begins(who: Somebody, step: str) -> Locator:
    """Press the button, under 更多 if it is there; gives the form."""
    wanted = button(who, step)
    expect(wanted).to_have_count(1)
    if not wanted.is_visible():
        who.page.locator(".more-steps summary").click()
    wanted.click()
    form = who.page.locator(f"{FORM}[action$='/{step}/']")
    expect(form).to_be_visible()
    return form


def takes(
    who: Somebody,
    step: str,
    *,
    chosen: Iterable[str] = (),
    words: dict[str, str] | None = None,
    photo: Path | None = None,
) -> None:
    """Take a step of the desk: `chosen` radio buttons by their label, `words` by the label of the field."""
    form = begins(who, step)
    for label in chosen:
        form.locator(".choices label").filter(has_text=label).first.click()
    for label, said in (words or {}).items():
        form.get_by_label(label).first.fill(said)
    if photo is not None:
        form.locator("input[type=file]").set_input_files(photo)
    sends(who, form)


def sends(who: Somebody, form: Locator) -> None:
    form.locator(".btns button").last.click()
    expect(who.page.locator(FORM)).to_have_count(0)


def taps(who: Somebody, step: str) -> None:
    """A step without a form; where the page asks whether one is sure, one is."""
    wanted = button(who, step)
    expect(wanted).to_have_count(1)
    asks_first = who.page.locator(f"form[action$='/{step}/'][data-confirm]").count()
    wanted.click()
    if asks_first:
        who.page.locator("dialog[open] [value=yes]").click()
    expect(button(who, step)).to_have_count(0)


def says(who: Somebody, number: str, step: str, words: str, photo: Path | None = None) -> None:
    """A step of whoever asked, on the phone."""
    who.open(f"/requests/{number}/")
    who.page.locator(f".dock a[href$='/{step}/']").click()
    who.page.wait_for_url(re.compile(f"/{step}/$"))
    who.page.locator("#step textarea").first.fill(words)
    if photo is not None:
        who.page.locator("#step input[type=file]").set_input_files(photo)
        expect(who.page.locator("#step .photos img").first).to_be_visible()
    who.page.locator("button[form=step]").click()
    who.page.wait_for_url(re.compile(rf"/requests/{number}/$"))


def asks(who: Somebody, category: str, text: str) -> str:
    """A new request at the place where the last one was; gives the number."""
    who.open(f"/requests/new/?category={category}")
    who.page.get_by_label("说说情况").fill(text)
    who.page.locator("#places label").first.click()
    who.press("提交点单")
    who.page.wait_for_url(re.compile(r"/requests/WJ"))
    return number_of(who)
