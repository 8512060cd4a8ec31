"""At the desk: the work list, triage (D4), consents (D8), filing for one without a phone (S7), figures (C9)."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.steps import asks, begins, button, finds, sends, takes, taps

pytestmark = [pytest.mark.browser, pytest.mark.served]

NEW = ("单元门关不上", "想问问居家养老补贴怎么申请")
HARD_TEXT = "三栋楼的电动车没有地方充电，请统一规划。"
SQUARE, PROOF, STOVE = "健身广场翻新", "要求社区开证明办低保", "阿婆家里煤气灶打不着"
HELPED, HER_WORDS = "赖阿公", "家里热水器漏水，地上都是水。"
FILTER = "急事先看"


def test_work_list(enter: Callable[..., Somebody]) -> None:
    """Several at once with a result for each, a kept filter, one by the keyboard, two lifts put together."""
    secretary = enter(roster.SECRETARY, DESK)
    secretary.sign_in_by_password("/desk/?tab=new")
    accepts_together(secretary)
    keeps_a_filter(secretary)
    accepts_by_keyboard(secretary)
    puts_two_together(secretary)
    assert secretary.troubles == []


def test_hard_matter_gets_the_longer_promise(enter: Callable[..., Somebody]) -> None:
    """D4: whoever verifies decides on 急、要、难; whoever asked reads what follows from it."""
    resident, secretary = enter(roster.RESIDENT, PHONE), enter(roster.SECRETARY, DESK)
    resident.sign_in_by_code()
    number = asks(resident, "safety", HARD_TEXT)
    expect(resident.page.locator(".track").first).to_contain_text("急")
    secretary.sign_in_by_password(f"/desk/requests/{number}/")
    form = begins(secretary, "accept")
    expect(form.locator(".choices")).to_contain_text("15 个工作日内办结")
    form.locator(".choices label").filter(has_text="难事").click()
    sends(secretary, form)
    resident.open(f"/requests/{number}/")
    expect(resident.page.locator(".track").first).to_contain_text("难")
    left = re.search(r"还剩 (\d+) 天", resident.page.locator(".promise").inner_text())
    assert left is not None and int(left[1]) >= 18  # fifteen working days, and the weekends between
    resident.sees("15 个工作日内办结")


def test_street_and_leader_consent(enter: Callable[..., Somebody]) -> None:
    """D8: the street consents to more time and watches; its leader in charge consents to an explanation."""
    street, leader = enter(roster.STREET, DESK), enter(roster.LEADER, DESK)
    street.sign_in_by_password("/desk/?tab=consent")
    street.page.locator("a.row-link").filter(has_text=SQUARE).first.click()
    expect(street.page.locator("#panel .asked-above")).to_contain_text("采购流程要十天")
    taps(street, "consent_extension")
    finds(street, SQUARE)
    expect(street.page.locator("#panel .history")).to_contain_text("同意延期")
    takes(street, "supervise", words={"督办要求": "围挡要牢，孩子常来。"})
    expect(street.page.locator("#panel .chip").filter(has_text="督办").first).to_be_visible()

    leader.sign_in_by_password("/desk/?tab=consent")
    assert look_over(leader.page, "the leader's work list") == []
    leader.page.locator("a.row-link").filter(has_text=PROOF).first.click()
    expect(leader.page.locator("#panel .asked-above")).to_contain_text("民发〔2020〕11 号")
    taps(leader, "consent_explained")
    finds(leader, PROOF)
    expect(leader.page.locator("#panel .chip").filter(has_text="待评价").first).to_be_visible()
    expect(button(leader, "consent_explained")).to_have_count(0)
    assert street.troubles + leader.troubles == []


def test_receipt_for_one_without_a_phone(enter: Callable[..., Somebody]) -> None:
    """S7: filed at the window, looked up by number and code, judged by somebody who had no part in it."""
    worker, visitor = enter(roster.WORKER, DESK), enter(roster.RESIDENT, PHONE)
    worker.sign_in_by_password("/desk/requests/new/")
    number, code = files_for(worker)
    looks_up(visitor, number, code)
    calls_back(enter(roster.SECRETARY, DESK))
    assert worker.troubles + visitor.troubles == []


def test_every_figure_leads_to_its_rows(enter: Callable[..., Somebody]) -> None:
    """C9: as many rows as the number said."""
    district = enter(roster.DISTRICT, DESK)
    district.sign_in_by_password("/desk/figures/")
    district.open("/desk/figures/?by=community&period=quarter")
    page = district.page
    assert look_over(page, "figures") == []
    cell = page.locator("tbody tr").filter(has_text="花城社区").locator("td").nth(1).locator("a")
    said, path = int(cell.inner_text()), cell.get_attribute("href")
    assert said and path is not None
    district.open(path)
    rows = page.locator("tr.rowed").count()
    while (following := page.locator("nav.pages a[rel=next], nav a:has-text('下一页')")).count():
        following.first.click()
        page.wait_for_load_state()
        rows += page.locator("tr.rowed").count()
    assert rows == said
    district.open("/desk/figures/?by=unit&period=quarter")
    expect(page.locator("main")).to_contain_text("反向评价")
    assert look_over(page, "figures of units") == []


# The work list


def accepts_together(secretary: Somebody) -> None:
    page = secretary.page
    for title in NEW:
        page.locator("tr.rowed").filter(has_text=title).locator("label.tick").click()
    expect(page.locator("[data-picked]")).to_contain_text("选了 2 件")
    secretary.press("一起受理")
    expect(page.locator("h1")).to_have_text("一起受理 2 件")
    assert look_over(page, "accepting together") == []
    page.locator("main form .btns button").click()
    expect(page.locator("h1")).to_have_text("2 件都受理了")
    expect(page.locator("main tbody tr")).to_have_count(2)
    assert look_over(page, "the result of each") == []


def keeps_a_filter(secretary: Somebody) -> None:
    page = secretary.page
    secretary.open("/desk/?tab=overdue&track=urgent")
    page.locator(".saved summary").click()
    page.get_by_label("起个名字").fill(FILTER)
    secretary.press("存下现在的条件")
    expect(page.locator(".saved nav a").filter(has_text=FILTER)).to_be_visible()
    secretary.open("/desk/")
    page.locator(".saved nav a").filter(has_text=FILTER).click()
    assert urlsplit(page.url).query == "tab=overdue&track=urgent"


def accepts_by_keyboard(secretary: Somebody) -> None:
    """j, Enter, A, Enter: without touching the mouse."""
    page, panel = secretary.page, secretary.page.locator("#panel")
    secretary.open("/desk/?tab=new")
    expect(panel.locator("h2").first).to_be_visible()
    page.keyboard.press("j")
    title = page.locator("tr[aria-selected=true] a.row-link").inner_text()
    page.keyboard.press("Enter")
    expect(panel.locator(".panel-head h2")).to_have_text(title)
    expect(panel.locator("h2").first).to_be_focused()  # settled: now letters reach its buttons
    page.keyboard.press("a")
    expect(panel.locator("form.step-form[action$='/accept/'] input:checked")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.locator("form.step-form")).to_have_count(0)
    expect(page.locator("tr.rowed").filter(has_text=title)).to_have_count(0)


def puts_two_together(secretary: Somebody) -> None:
    """并案: 电梯里有异响 goes with another matter at the same place; the demo has 电梯晃得厉害 merged into it."""
    finds(secretary, "电梯里有异响")
    expect(secretary.page.locator("#panel")).to_contain_text("并了 1 件")
    secretary.page.locator("#panel").get_by_role("link", name="电梯晃得厉害").click()
    secretary.page.wait_for_url(re.compile(r"/desk/requests/WJ"))
    expect(secretary.page.locator("#panel")).to_contain_text("已并入")
    main = secretary.page.locator("#panel a.link").filter(has_text="电梯里有异响").inner_text().split()[0]
    taps(secretary, "unmerge")
    form = begins(secretary, "merge")
    form.get_by_label("并到哪一件").fill(main)
    sends(secretary, form)
    expect(secretary.page.locator("#panel")).to_contain_text("已并入")


# For one without a phone


def files_for(worker: Somebody) -> tuple[str, str]:
    """Gives number and code as they stand on the receipt."""
    page = worker.page
    page.get_by_label("姓名").fill(HELPED)
    page.get_by_text("他没有手机").click()
    page.get_by_label("什么事").select_option(label="设施维修")
    page.get_by_label("说说情况").fill(HER_WORDS)
    assert look_over(page, "filing for somebody") == []
    page.locator("main form button.primary").click()
    page.wait_for_url(re.compile(r"/receipt/"))
    assert look_over(page, "receipt") == []
    said = page.locator(".receipt dd.number").all_inner_texts()
    expect(page.locator(".receipt")).not_to_contain_text(HELPED)  # paper gets lost
    worker.press("看这一单")
    worker.press("打印回执")  # once more
    expect(page.locator(".receipt")).to_contain_text(said[1])
    return said[0].strip(), said[1].strip()


def looks_up(visitor: Somebody, number: str, code: str) -> None:
    """Without signing in; a wrong code learns nothing."""
    page = visitor.page
    visitor.open(f"/query/?number={number}")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for given, seen in ((wrong, "编号和查询码对不上"), (code, "待受理")):
        page.get_by_label("查询码").fill(given)
        assert look_over(page, "looking up") == []
        page.locator("button[form=query]").click()
        expect(page.locator("body")).to_contain_text(seen)
    expect(page.locator("main")).to_contain_text("承诺")
    expect(page.locator("main")).not_to_contain_text(HER_WORDS[:6])
    assert code not in page.url
    assert look_over(page, "what was found") == []


def calls_back(judge: Somebody) -> None:
    judge.sign_in_by_password("/desk/?tab=callback")
    judge.page.locator("a.row-link").filter(has_text=STOVE).first.click()
    expect(judge.page.locator("#panel h2").first).to_have_text(STOVE)
    form = begins(judge, "call_back")
    form.locator("input[name=satisfied][value='5']").check(force=True)
    for group in ("办理中有人联系过他吗", "问题解决了吗"):
        form.get_by_role("group", name=group).locator("label").first.click()
    form.get_by_label("他说的话").fill("现在天天能煮饭了。")
    sends(judge, form)
    finds(judge, STOVE)
    expect(judge.page.locator("#panel")).to_contain_text("回访评价")
