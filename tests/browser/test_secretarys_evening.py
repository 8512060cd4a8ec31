"""A secretary's evening: thirty claims judged on one page, the clear ones with one tap, the others with reasons."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from desk.demo import roster
from tests.browser import evening
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.running import Platform

pytestmark = [pytest.mark.browser, pytest.mark.served]
CLEAR = evening.PEOPLE - evening.CAME_NOT - evening.FORGOT
#: Pages of crediting show so many; the demo has some of its own.
PAGES = 4


def test_an_evening_of_thirty_claims(site: Platform, enter: Callable[..., Somebody]) -> None:
    site.play("tests.browser.evening")
    secretary = enter(roster.SECRETARY, DESK)
    secretary.sign_in_by_password("/desk/crediting/")
    assert look_over(secretary.page, "crediting") == []

    one_tap_for_the_clear_ones(secretary)
    assert rows_left(secretary) == evening.PEOPLE - CLEAR
    nothing_is_lost_when_a_reason_is_missing(secretary)
    judges_the_rest(secretary)
    assert rows_left(secretary) == 0

    corrects_one(secretary)
    secretary.page.set_viewport_size(PHONE)
    secretary.open("/desk/crediting/")
    assert look_over(secretary.page, "crediting on a phone") == []
    assert secretary.troubles == []


def ours(who: Somebody) -> Locator:
    """The rows of that whistle on the page at hand."""
    group = who.page.locator(".credit-group").filter(has_text=evening.TITLE)
    return group.locator("tbody tr")


def finds_ours(who: Somebody) -> Locator:
    """Turns pages until the whistle is there; an empty locator where it is not."""
    for number in range(1, PAGES + 1):
        who.open(f"/desk/crediting/?page={number}")
        if ours(who).count():
            return ours(who)
    return ours(who)


def rows_left(who: Somebody) -> int:
    total = 0
    for number in range(1, PAGES + 1):
        who.open(f"/desk/crediting/?page={number}")
        total += ours(who).count()
        if not who.page.get_by_role("link", name="下一页").count():
            break
    return total


def one_tap_for_the_clear_ones(who: Somebody) -> None:
    for _ in range(PAGES):
        finds_ours(who)
        button = who.page.get_by_role("button", name=re.compile("齐全的 .* 人一起认定"))
        if not ours(who).filter(has=who.page.get_by_role("button", name=re.compile("认定 .* 分钟"))).count():
            return
        button.click()
        who.sees(re.compile("已认定 .* 人"))


def opened(row: Locator, step: str) -> Locator:
    """The fields of a row, with that judgement chosen."""
    fields = row.locator(".credit-fields")
    if not fields.is_visible():
        row.locator("details.more > summary").click()
    fields.get_by_label("怎么认定").select_option(label=step)
    return fields


def nothing_is_lost_when_a_reason_is_missing(who: Somebody) -> None:
    rows = finds_ours(who)
    assert rows.count() == evening.PEOPLE - CLEAR
    forgot = rows.filter(has_text="没有签退").filter(has_not_text="没有签到").first
    fields = opened(forgot, "认定")
    fields.get_by_label("分钟").fill("50")
    fields.get_by_role("button", name="提交这一条").click()
    expect(who.page.get_by_text("忘记签退的，认定时请写明理由").first).to_be_visible()
    again = ours(who).filter(has_text="没有签退").filter(has_not_text="没有签到").first
    expect(again.get_by_label("分钟")).to_have_value("50")


def judges_the_rest(who: Somebody) -> None:
    """All four at once: two who forgot to check out, one attested by the community, one absent."""
    rows = finds_ours(who)
    for number in range(rows.count()):
        row, text = rows.nth(number), rows.nth(number).inner_text()
        if "没有签到" not in text:
            fields = opened(row, "认定")
            fields.get_by_label("分钟").fill("55")
            fields.get_by_label("理由").fill("组长看到他干到最后")
        elif number == rows.count() - 1:
            opened(row, "没有来，记缺席")
        else:
            fields = opened(row, "确实到场，认定")
            fields.get_by_label("分钟").fill("60")
            fields.get_by_label("理由").fill("手机没电，现场签了名")
    who.page.get_by_role("button", name="提交选好的").last.click()
    who.page.wait_for_load_state()


def corrects_one(who: Somebody) -> None:
    who.open(f"/desk/crediting/judged/?q={evening.TITLE}")
    assert look_over(who.page, "judged") == []
    row = who.page.locator("tbody tr").filter(has_text="60 分钟").first
    row.locator("summary").filter(has_text="更正").click()
    form = row.locator("form[action$='/correct/']")
    form.get_by_label("更正为").fill("45")
    form.get_by_label("理由").fill("中途离开一刻钟")
    form.get_by_role("button", name="更正").click()
    expect(who.page.locator("tbody tr").filter(has_text="中途离开一刻钟").first).to_contain_text("45 分钟")
