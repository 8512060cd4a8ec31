"""Ways back for whoever asked: objecting (S4), answering a question, and the rework ladder with its lawful exit."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.steps import asks, begins, button, finds, number_of, says, sends, takes, taps

pytestmark = [pytest.mark.browser, pytest.mark.served]

RAIL, PARCEL, DRAIN = "想申请加装卫生间扶手", "请社区帮忙找走失的快递", "一楼下水道返水"
COMES = "门卫那里可能有，我一个人搬不动，想请人陪我去问一问。"
GO_ALONG = "请陪老人到门卫和快递点问一次。"
FINE, NOT_OURS = "请把楼下路边停车的罚单取消", "罚单由交警处理，社区无权取消。可以在交管12123上申诉。"
STILL = ("下雨又返上来了。", "好了三天，又堵了。", "还是返水，厨房不能用。")
MENDED = "疏通支管，换了止回阀。"
PUBLIC_PIPE = (
    "主管属市政管网，改造已列入 2027 年计划（武建函 2026-31 号）。社区已装好止回阀，雨季前每周巡查一次。"
)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "wall.jpg"
    Image.new("RGB", (1200, 1600), (188, 180, 168)).save(path)
    return path


def test_question_is_answered_with_a_photo(enter: Callable[..., Somebody], photo: Path) -> None:
    resident, secretary = enter(roster.RESIDENT, PHONE), enter(roster.SECRETARY, DESK)
    resident.sign_in_by_code()
    number = reads_the_question(resident)
    says(resident, number, "answer", "是瓷砖墙，照片里右边那一面。", photo)
    resident.sees("回答已送到")
    expect(promise(resident)).to_contain_text("办结")
    expect(resident.page.locator(".timeline img")).to_have_count(1)
    secretary.sign_in_by_password(f"/desk/requests/{number}/")
    expect(secretary.page.locator("#panel .history")).to_contain_text("是瓷砖墙")
    expect(button(secretary, "ask")).to_have_count(0)  # one question a round
    assert resident.troubles + secretary.troubles == []


def test_refusal_is_objected_to(enter: Callable[..., Somebody]) -> None:
    resident, secretary = enter(roster.RESIDENT, PHONE), enter(roster.SECRETARY, DESK)
    street = enter(roster.STREET, DESK)
    resident.sign_in_by_code()
    number = objects(resident)
    street.sign_in_by_password("/desk/?tab=new")
    verifies_and_hands_down(street, number)
    secretary.sign_in_by_password("/desk/?tab=takeover")
    secretary.page.locator(f"a.row-link[href*='{number}']").first.click()
    expect(secretary.page.locator("#panel")).to_contain_text(number)
    taps(secretary, "take_over")
    secretary.open(f"/desk/requests/{number}/")
    expect(secretary.page.locator("#panel .history")).to_contain_text(GO_ALONG)

    declined = asks(resident, "parking", FINE)
    secretary.open(f"/desk/requests/{declined}/")
    takes(secretary, "decline", words={"不予受理的理由": NOT_OURS})
    resident.open(f"/requests/{declined}/")
    resident.sees(NOT_OURS)
    resident.sees("前可以申诉一次")
    assert [trouble for who in (resident, secretary, street) for trouble in who.troubles] == []


def test_rework_ladder_and_the_lawful_way_out(enter: Callable[..., Somebody], photo: Path) -> None:
    resident, secretary = enter(roster.RESIDENT, PHONE), enter(roster.SECRETARY, DESK)
    street, district = enter(roster.STREET, DESK), enter(roster.DISTRICT, DESK)
    resident.sign_in_by_code()
    number = rates_badly(resident)
    asks_again(resident, number, 1, "期限重新算")
    secretary.sign_in_by_password("/desk/")
    mends(secretary, number, photo)
    asks_again(resident, number, 2, "督办")
    stands_on_top(secretary, number)
    mends(secretary, number, photo)
    asks_again(resident, number, 3, "接手")
    street.sign_in_by_password("/desk/?tab=takeover")
    explains(street, number)
    district.sign_in_by_password("/desk/?tab=consent")
    consents(district, number)
    has_the_legal_way_left(resident, number)
    assert [trouble for who in (resident, secretary, street, district) for trouble in who.troubles] == []


# Whoever asked


def promise(resident: Somebody) -> Locator:
    return resident.page.locator(".promise")


def opens_own(resident: Somebody, title: str) -> str:
    resident.open("/requests/")
    resident.page.locator("main a").filter(has_text=title).first.click()
    resident.page.wait_for_url(re.compile(r"/requests/WJ"))
    return number_of(resident)


def reads_the_question(resident: Somebody) -> str:
    """What is asked stands on top; the promise says that it was paused."""
    number = opens_own(resident, RAIL)
    expect(resident.page.locator(".question")).to_contain_text("瓷砖墙还是轻质隔墙")
    expect(promise(resident)).to_contain_text("暂停中")
    assert look_over(resident.page, "asked back") == []
    return number


def objects(resident: Somebody) -> str:
    """Once, to the tier above."""
    number = opens_own(resident, PARCEL)
    resident.sees("前可以申诉一次")
    resident.page.locator(".dock a[href$='/object/']").click()
    resident.sees("新华街道")
    assert look_over(resident.page, "objecting") == []
    says(resident, number, "object", COMES)
    expect(promise(resident)).to_contain_text("受理")
    expect(resident.page.locator(".dock a[href$='/object/']")).to_have_count(0)
    return number


def rates_badly(resident: Somebody) -> str:
    number = opens_own(resident, DRAIN)
    page = resident.page
    page.locator(".dock a[href$='/rate/']").click()
    page.locator("input[name=satisfied][value='2']").check(force=True)
    page.get_by_role("group", name="问题解决了吗").locator("label").last.click()
    page.get_by_role("group", name="有人联系过你吗").locator("label").first.click()
    resident.press("提交评价")
    page.wait_for_url(re.compile(rf"/requests/{number}/$"))
    resident.sees("前可以要求重办")
    return number


def asks_again(resident: Somebody, number: str, time: int, consequence: str) -> None:
    """It says beforehand which of the three times it is and what follows."""
    page = resident.page
    resident.open(f"/requests/{number}/reopen/")
    expect(page.locator("main")).to_contain_text(f"第 {time} 次要求重办")
    expect(page.locator("main")).to_contain_text(consequence)
    if time == 1:
        assert look_over(page, "asking to do it again") == []
    page.locator("#step textarea").first.fill(STILL[time - 1])
    page.locator("button[form=step]").click()
    page.wait_for_url(re.compile(rf"/requests/{number}/$"))
    expect(page.locator(".steps").first).to_contain_text(f"重办 {time}")


def has_the_legal_way_left(resident: Somebody, number: str) -> None:
    """The explanation in full, where else one may turn, and no button that leads back into the ladder."""
    resident.open(f"/requests/{number}/")
    resident.sees(PUBLIC_PIPE)
    door = resident.page.locator(".closed-door")
    expect(door).to_contain_text("不能再要求重办")
    expect(door).to_contain_text(re.compile("行政复议|12345|信访|诉讼"))
    expect(resident.page.locator(".dock a[href$='/reopen/']")).to_have_count(0)
    expect(resident.page.locator(".dock a[href$='/rate/']")).to_have_count(1)
    assert look_over(resident.page, "the lawful way out") == []


# Community, street, district


def mends(secretary: Somebody, number: str, photo: Path) -> None:
    secretary.open(f"/desk/requests/{number}/")
    takes(secretary, "handle")
    takes(secretary, "resolve", chosen=["已解决"], words={"怎么办的": MENDED}, photo=photo)


def stands_on_top(secretary: Somebody, number: str) -> None:
    """What the street supervises comes before everything else in the list."""
    secretary.open("/desk/?tab=reopened")
    first = secretary.page.locator("tr.rowed").first
    expect(first.locator("a.row-link")).to_have_attribute("href", re.compile(number))
    expect(first.locator(".row-marks")).to_contain_text("街道督办")


def verifies_and_hands_down(street: Somebody, number: str) -> None:
    """The street takes it up after all, and gives it to the community with what is to be done."""
    page = street.page
    page.locator(f"a.row-link[href*='{number}']").first.click()
    expect(page.locator("#panel")).to_contain_text(COMES)
    takes(street, "accept", chosen=["要事"])
    street.open(f"/desk/requests/{number}/")
    form = begins(street, "hand_down")
    expect(form.locator("select option:checked")).to_have_text("花城社区")
    form.get_by_label("要下级办什么").fill(GO_ALONG)
    sends(street, form)
    expect(page.locator("#panel .history")).to_contain_text("花城社区")


def explains(street: Somebody, number: str) -> None:
    """The third time it is the street's own: it did what it could, and asks to explain the rest."""
    page = street.page
    page.locator(f"a.row-link[href*='{number}']").first.click()
    expect(page.locator("#panel")).to_contain_text(STILL[2])
    taps(street, "take_over")
    street.open(f"/desk/requests/{number}/")
    takes(street, "handle")
    takes(street, "explain", words={"怎么解释": PUBLIC_PIPE})
    expect(page.locator("#panel .asked-above")).to_contain_text("武江区")


def consents(district: Somebody, number: str) -> None:
    page = district.page
    assert look_over(page, "what waits for consent") == []
    page.locator(f"a.row-link[href*='{number}']").first.click()
    expect(page.locator("#panel .asked-above")).to_contain_text(PUBLIC_PIPE)
    taps(district, "consent_explained")
    finds(district, DRAIN)
