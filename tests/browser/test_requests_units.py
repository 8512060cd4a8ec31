"""With units: a department answers and is judged (N11, C8), the grade of an hour (S9), the duty area (S5)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.steps import begins, button, finds, sends, takes, taps

pytestmark = [pytest.mark.browser, pytest.mark.served]

RUBBISH, TOILET, PARKING, BINS = "河边步道垃圾成堆", "公厕无人打扫", "相邻三个小区抢车位", "垃圾桶满了没人收"
CITY = "区城市管理局"
CLEARED, CLEAN = "清运两车，已查到倾倒的装修队，责令整改。", "步道干净了，第二天就来了。"
NOT_AT_NOON, WANTED = "中午去看还是没有人，值班表上也没写。", "请划出临时车位，各小区派人值守。"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "cleared.jpg"
    Image.new("RGB", (1600, 1200), (96, 128, 84)).save(path)
    return path


def test_department_answers_and_is_judged(enter: Callable[..., Somebody], photo: Path) -> None:
    officer, secretary = enter(roster.CASE_OFFICER, PHONE), enter(roster.SECRETARY, DESK)
    officer.sign_in_by_password("/desk/received/?tab=sign")
    secretary.sign_in_by_password("/desk/dispatches/?tab=answered")
    answers(officer, photo)
    confirms(secretary)
    rejects(secretary)
    reads_what_they_said(officer)
    assert officer.troubles + secretary.troubles == []


def test_hard_whistle_of_the_street(enter: Callable[..., Somebody]) -> None:
    street, officer = enter(roster.STREET, DESK), enter(roster.CASE_OFFICER, PHONE)
    street.sign_in_by_password("/desk/?tab=takeover")
    takes_over_and_dispatches(street)
    officer.sign_in_by_password("/desk/received/?tab=sign")
    has_an_hour(officer)
    assert street.troubles + officer.troubles == []


def test_duty_area_arrives_at_the_whistle(enter: Callable[..., Somebody]) -> None:
    secretary = enter(roster.SECRETARY, DESK)
    secretary.sign_in_by_password()
    finds(secretary, BINS)
    button(secretary, "whistle").click()
    secretary.page.wait_for_url("**/desk/whistles/new/**")
    area = secretary.page.get_by_label("职责领域")
    expect(area.locator("option:checked")).to_have_text("环境保洁")
    secretary.page.locator(".btns button[name=draft]").click()
    secretary.page.wait_for_url(re.compile(r"/desk/whistles/\d+/"))
    expect(secretary.page.locator(".desk-head")).to_contain_text("环境保洁")


# The case officer, on the phone


def answers(officer: Somebody, photo: Path) -> None:
    """Sign, ring, come, answer with a photo; every step with its clock."""
    page = officer.page
    assert look_over(page, "sent to us") == []
    page.get_by_role("link", name=RUBBISH).click()
    page.wait_for_url(re.compile(r"/desk/dispatches/\d+/"))
    expect(page.locator("#panel")).to_contain_text("工作哨")
    assert look_over(page, "one dispatch") == []
    taps(officer, "sign")
    takes(officer, "contact", chosen=["电话"], words={"说了什么": "约好明早来清运"})
    taps(officer, "arrive")
    form = begins(officer, "answer")
    form.get_by_label("怎么办的").fill(CLEARED)
    form.locator("input[type=file]").set_input_files(photo)
    assert look_over(page, "answering") == []
    sends(officer, form)
    expect(page.locator("#panel .chip").filter(has_text="已回复")).to_be_visible()
    expect(page.locator("#panel .timeline img")).to_have_count(1)


def has_an_hour(officer: Somebody) -> None:
    """攻坚哨: to be signed within one hour, whatever the day."""
    page = officer.page
    row = page.locator("tr").filter(has_text=PARKING)
    expect(row).to_contain_text("攻坚哨")
    expect(row.locator(".chips")).to_contain_text(re.compile(r"签收.*(58|59|60) 分|签收.*1 小时"))
    row.get_by_role("link", name=PARKING).click()
    expect(page.locator("#panel")).to_contain_text(WANTED)


def reads_what_they_said(officer: Somebody) -> None:
    """The marks of the one, and why the other came back; it may be answered again."""
    page = officer.page
    officer.page.reload()
    expect(page.locator("#panel")).to_contain_text("反向评价")
    officer.open("/desk/received/?tab=hand")
    officer.press(TOILET)
    expect(page.locator("#panel")).to_contain_text(NOT_AT_NOON)
    expect(button(officer, "answer")).to_be_visible()


# The community, the street


def confirms(secretary: Somebody) -> None:
    """Three marks and a word; then nothing stands in the way of resolving."""
    page = secretary.page
    secretary.open("/desk/dispatches/?tab=answered")
    assert look_over(page, "what we sent") == []
    page.locator("a.row-link").filter(has_text=RUBBISH).click()
    expect(page.locator("#panel")).to_contain_text(CLEARED)
    form = begins(secretary, "confirm")
    for name, value in (("timely", 5), ("effective", 4), ("attitude", 5)):
        form.locator(f"input[name={name}][value='{value}']").check(force=True)
    form.get_by_label("说明").fill(CLEAN)
    assert look_over(page, "judging an answer") == []
    sends(secretary, form)
    expect(page.locator("#panel")).to_contain_text("有效 4 分")
    finds(secretary, RUBBISH)
    expect(button(secretary, "resolve")).to_have_count(1)


def rejects(secretary: Somebody) -> None:
    """Not done: back to them with the reason, and it holds the request."""
    finds(secretary, TOILET)
    secretary.page.locator("#panel").get_by_role("link", name=CITY).click()
    secretary.page.wait_for_url(re.compile(r"/desk/dispatches/\d+/"))
    takes(secretary, "reject", words={"哪里没有办好": NOT_AT_NOON})
    expect(secretary.page.locator("#panel")).to_contain_text("已退回重办 1 次")
    finds(secretary, TOILET)
    expect(secretary.page.locator("#panel")).to_contain_text("还不能办结")


def takes_over_and_dispatches(street: Somebody) -> None:
    """What came up to the street is taken over there, and goes to a department as 攻坚哨."""
    page = street.page
    assert look_over(page, "the street's work list") == []
    page.locator("a.row-link").filter(has_text=PARKING).first.click()
    expect(page.locator("#panel h2").first).to_have_text(PARKING)
    taps(street, "take_over")
    finds(street, PARKING)
    form = begins(street, "dispatch")
    with page.expect_response(re.compile("/desk/dispatches/to/")):
        form.get_by_role("searchbox").fill("城市管理")
    form.locator(".recipients label").filter(has_text=CITY).click()
    form.locator(".choices label").filter(has_text="攻坚哨").click()
    form.get_by_label("要对方办什么").fill(WANTED)
    assert look_over(page, "whom to send to") == []
    sends(street, form)
    expect(page.locator("#panel .family")).to_contain_text("攻坚哨")
