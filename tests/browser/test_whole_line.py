"""One whistle, end to end: a resident asks, the secretary verifies and whistles, a member claims and serves,
the secretary credits and resolves, the resident rates, and the worker's board shows the new hours."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import expect

from desk.demo import roster
from ground.geo import Point
from tests.browser.people import DESK, NARROW, PHONE, Somebody, look_over
from tests.browser.running import BOARD_SECONDS

pytestmark = pytest.mark.browser

BUILDING = "锦绣花园 5 栋"
TEXT = "一楼门禁的灯不亮，晚上看不见锁孔，请来看一下。"
TITLE = TEXT[:20]
CALL = "门禁灯检修"
LASTS = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: A board is computed at the next beat; the worker needs a moment.
BOARD_PATIENCE = BOARD_SECONDS + 40
#: The worker delivers at once; what it misses is swept up every minute.
INBOX_PATIENCE = 90
#: Beat starts and finishes whistles every minute.
CLOCK_PATIENCE = 100


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "lamp.jpg"
    Image.new("RGB", (1800, 1200), (40, 42, 50)).save(path)
    return path


def test_whole_line(enter: Callable[..., Somebody], photo: Path) -> None:
    resident, secretary = enter(roster.RESIDENT, PHONE), enter(roster.SECRETARY, DESK)
    member = enter(roster.MEMBER, PHONE, at=Point(113.58, 24.80))
    officer = enter(roster.DISTRICT, DESK)

    resident.sign_in_by_code()
    number = asks(resident, photo)

    secretary.sign_in_by_password()
    accepts_and_contacts(secretary, number)
    starts_at = whistles(secretary, number)

    member.sign_in_by_code()
    before = score_of(member)
    claimed = claims_and_checks_in(member)

    hears_of(resident, "受理了你的点单", number)  # what follows within the hour waits: no flood
    reads_at_leisure(resident, member, number)
    wait_until(starts_at + LASTS)
    checks_out(member, claimed)
    credits_it(secretary)
    resolves(secretary, number, photo)
    rates(resident, number)

    hears_of(member, f"服务时长已认定：{CALL}")
    assert sees_new_score(member, before) > before
    officer.sign_in_by_password("/dashboards/")
    expect(officer.page.get_by_role("heading", level=1)).to_contain_text("武江区")
    assert [trouble for who in (resident, secretary, member, officer) for trouble in who.troubles] == []


# What each of them does


def asks(resident: Somebody, photo: Path) -> str:
    """Ask for something with a photo, choosing the building; gives the number."""
    page = resident.page
    resident.open("/requests/new/")
    page.locator(".pick label").filter(has_text="设施维修").click()
    page.get_by_label("说说情况").fill(TEXT)
    with page.expect_response(re.compile("/requests/places/")):
        page.get_by_role("searchbox").fill(BUILDING[:4])
    page.locator("#places label").filter(has_text=BUILDING).first.click()
    expect(page.locator("#places label").filter(has_text=BUILDING).get_by_role("radio")).to_be_checked()
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".photo-field img").first).to_be_visible()
    assert look_over(page, "ask") == []
    resident.press("提交点单")
    page.wait_for_url(re.compile(r"/requests/WJ\d+-\d+/"))
    resident.sees(TITLE)
    assert page.locator(".photos img").count() == 1
    assert look_over(page, "request") == []
    number = re.search(r"/requests/([\w-]+)/", page.url)
    assert number is not None
    return number[1]


def accepts_and_contacts(secretary: Somebody, number: str) -> None:
    """Verify it in the panel of the work list, then note the call."""
    page = secretary.page
    panel = page.locator("#panel")
    page.locator(f"a.row-link[href*='{number}']").first.click()
    expect(panel).to_contain_text(number)  # the panel opens with the first of the list
    secretary.press("受理", panel)
    panel.get_by_role("radio", name="要事商议办").check()
    assert look_over(page, "work list") == []
    panel.locator("form.step-form button").click()
    expect(panel.get_by_role("link", name="自办")).to_be_visible()
    secretary.press("联系", panel)
    panel.get_by_role("radio", name="电话", exact=True).check()
    panel.locator("form.step-form button").click()
    expect(panel.get_by_text("联系了").first).to_be_visible()


def whistles(secretary: Somebody, number: str) -> datetime:
    """Blow the whistle for it, to begin in half a minute at the earliest; gives the beginning."""
    page = secretary.page
    secretary.press("吹哨", page.locator("#panel"))
    page.wait_for_url("**/desk/whistles/new/**")
    starts_at = (datetime.now(SHANGHAI) + timedelta(seconds=95)).replace(second=0, microsecond=0)
    page.get_by_label("标题").fill(CALL)
    page.get_by_label("开始", exact=True).fill(f"{starts_at:%Y-%m-%dT%H:%M}")
    page.get_by_label("结束", exact=True).fill(f"{starts_at + LASTS:%Y-%m-%dT%H:%M}")
    assert look_over(page, "new whistle") == []
    page.locator("button[name=publish]").click()
    page.wait_for_url(re.compile(r"/desk/whistles/\d+/"))
    secretary.sees(CALL)
    secretary.sees("招募中")
    assert look_over(page, "whistle at the desk") == []
    return starts_at


def claims_and_checks_in(member: Somebody) -> str:
    """Hear of it, claim it, go there, check in; gives the path of the claim."""
    page = member.page
    hears_of(member, f"吹哨：{CALL}")
    member.open("/whistles/")
    assert look_over(page, "whistles") == []
    page.get_by_role("link", name=CALL).click()
    member.context.set_geolocation(place_of_whistle(member))
    assert look_over(page, "whistle") == []
    page.get_by_role("button", name="接单", exact=True).click()
    page.wait_for_url(re.compile(r"/claims/\d+/"))
    page.get_by_role("button", name="签到", exact=True).click()
    expect(page.get_by_role("button", name="签退", exact=True)).to_be_visible()
    page.wait_for_load_state()
    assert look_over(page, "claim") == []
    return urlsplit(page.url).path


def checks_out(member: Somebody, claimed: str) -> None:
    page = member.page
    member.open(claimed)
    page.get_by_role("button", name="签退", exact=True).click()
    expect(page.get_by_role("button", name="签退", exact=True)).to_have_count(0)
    page.wait_for_load_state()


def credits_it(secretary: Somebody) -> None:
    """The minute that presence and window have in common."""
    page = secretary.page
    row = page.locator(".credit-group").filter(has_text=CALL)
    for number in range(1, 4):  # the oldest come first
        secretary.open(f"/desk/crediting/?page={number}")
        if row.count():
            break
    assert look_over(page, "crediting") == []
    group = page.locator(".credit-group").filter(has_text=CALL)
    group.get_by_role("button", name="认定 1 分钟").click()
    expect(page.locator(".credit-group").filter(has_text=CALL)).to_have_count(0)


def resolves(secretary: Somebody, number: str, photo: Path) -> None:
    """A running whistle is a hold: once beat has finished it, the request can be resolved."""
    page = secretary.page
    limit = time.monotonic() + CLOCK_PATIENCE
    while True:
        secretary.open(f"/desk/requests/{number}/")
        if page.locator(".steps-open a").filter(has_text="办结").count():
            break
        assert time.monotonic() < limit, "the clock did not finish the whistle"
        page.wait_for_timeout(2000)
    secretary.press("办结", page.locator(".steps-open"))
    page.get_by_role("radio", name="已解决").check()
    page.get_by_label("怎么办的").fill("换了门禁灯和电源，试过三次都亮。")
    page.locator("form.step-form input[type=file]").set_input_files(photo)
    page.locator("form.step-form button.primary").click()
    expect(page.get_by_text("办结：已解决").first).to_be_visible()


def rates(resident: Somebody, number: str) -> None:
    page = resident.page
    resident.open(f"/requests/{number}/")
    resident.press("评价")
    page.locator(".stars label").first.click()
    page.get_by_role("group", name="有人联系过你吗").locator("label").first.click()
    page.get_by_role("group", name="问题解决了吗").locator("label").first.click()
    assert look_over(page, "rating") == []
    resident.press("提交评价")
    expect(page.locator(".chip").filter(has_text="已办结").first).to_be_visible()


def reads_at_leisure(resident: Somebody, member: Somebody, number: str) -> None:
    """While the work goes on: every page of theirs in large type, in the dark, on a narrow phone."""
    walks = [
        (resident, ["/", "/requests/", f"/requests/{number}/", "/requests/new/", "/messages/", "/me/"]),
        (member, ["/", "/whistles/", "/claims/", "/service/", "/registration/", "/leaderboards/"]),
    ]
    found = []
    for who, theirs in walks:
        for variant in ({"size": "large"}, {"theme": "dark"}, {"size": "", "theme": ""}):
            who.prefer(**variant)
            who.page.set_viewport_size(NARROW if variant.get("theme") == "" else PHONE)
            for path in theirs:
                who.open(path)
                found += look_over(who.page, f"{path} {variant}")
        who.page.set_viewport_size(PHONE)
    assert found == []


# What they look up


def hears_of(who: Somebody, words: str, about: str = "") -> None:
    """The message arrives in the inbox, delivered by the worker."""
    limit = time.monotonic() + INBOX_PATIENCE
    lines = who.page.locator("main li").filter(has_text=words).filter(has_text=about or words)
    who.open("/messages/")
    while not lines.count():
        assert time.monotonic() < limit, f"no message with {words!r}: {who.main()[:400]}"
        who.page.wait_for_timeout(1000)
        who.open("/messages/")
    assert look_over(who.page, "messages") == []


def score_of(member: Somebody) -> float:
    """The score on the month's board of the district."""
    member.open("/leaderboards/")
    found = re.search(r"(?:（我）|我：第).*?([\d.]+) 分", member.main(), re.DOTALL)
    return float(found[1]) if found else 0.0


def sees_new_score(member: Somebody, before: float) -> float:
    limit = time.monotonic() + BOARD_PATIENCE
    while time.monotonic() < limit and score_of(member) == before:
        member.page.wait_for_timeout(2000)
    assert look_over(member.page, "leaderboard") == []
    return score_of(member)


def place_of_whistle(member: Somebody) -> dict[str, float]:
    """Where the whistle at hand is, as the API says it: there the phone is put."""
    number = member.page.url.rstrip("/").rpartition("/")[2]
    whistle = member.context.request.get(f"{member.site.url}/api/v1/whistles/{number}/").json()
    return {"longitude": whistle["lng"], "latitude": whistle["lat"], "accuracy": 15}


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(SHANGHAI)).total_seconds()) + 1)
