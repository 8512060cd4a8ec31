"""A member's week on the phone, in real time: find what fits, claim, be reminded, check in by location (without
network first) and by the code on the spot, check out, be credited, see ring and rank."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from desk.demo import roster
from ground.geo import Point
from tests.browser.people import DESK, PHONE, Somebody, look_over
from tests.browser.test_whole_line import hears_of, place_of_whistle, score_of, sees_new_score, wait_until

pytestmark = pytest.mark.browser
BUILDING = "锦绣花园 5 栋"
PATROL, STAIRS, SQUARE = "小区夜间巡逻", "楼道杂物清理", "广场活动秩序"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
#: The reminder comes an hour before: within the next minutes, once beat has had its turn.
REMINDER_PATIENCE = 180


def test_a_members_week(enter: Callable[..., Somebody]) -> None:
    secretary, member = enter(roster.SECRETARY, DESK), enter(roster.MEMBER, PHONE, at=Point(113.58, 24.80))
    secretary.sign_in_by_password("/desk/whistles/")
    begins = (datetime.now(SHANGHAI) + timedelta(seconds=110)).replace(second=0, microsecond=0)
    whistles(secretary, PATROL, begins + timedelta(minutes=60), timedelta(hours=1))
    whistles(secretary, STAIRS, begins, MINUTE)
    square = whistles(secretary, SQUARE, begins + MINUTE, MINUTE)

    member.sign_in_by_code()
    before, served = score_of(member), minutes_of(member)
    finds(member)
    patrol, stairs, going = (claims(member, title) for title in (PATROL, STAIRS, SQUARE))
    checks_in_without_network(member, stairs)
    checks_in_by_code(secretary, member, square)

    is_reminded(member)
    gives_up(member, patrol)
    wait_until(begins + 2 * MINUTE)
    checks_out(member, stairs)
    checks_out_by_code(secretary, member, square)

    credits_both(secretary)
    hears_of(member, f"服务时长已认定：{SQUARE}")
    sees_ring_and_rank(member, served, going)
    assert sees_new_score(member, before) > before
    assert [trouble for who in (secretary, member) for trouble in who.troubles] == []


# The community


def whistles(secretary: Somebody, title: str, starts_at: datetime, lasts: timedelta) -> str:
    """Publish one of the community's own; gives its number in addresses."""
    page = secretary.page
    secretary.open("/desk/whistles/new/")
    page.get_by_label("标题").fill(title)
    page.get_by_label("说明").fill("社区准备工具，到了找现场负责人。")
    page.get_by_label("开始", exact=True).fill(f"{starts_at:%Y-%m-%dT%H:%M}")
    page.get_by_label("结束", exact=True).fill(f"{starts_at + lasts:%Y-%m-%dT%H:%M}")
    page.get_by_label("楼栋").select_option(label=BUILDING)
    page.locator("button[name=publish]").click()
    page.wait_for_url(re.compile(r"/desk/whistles/\d+/"))
    secretary.sees("招募中")
    return urlsplit(page.url).path.strip("/").rpartition("/")[2]


def code_on_site(secretary: Somebody, whistle: str) -> str:
    """What the leader's telephone shows right now; the code is in the picture and in letters below it."""
    secretary.open(f"/whistles/{whistle}/code/")
    expect(secretary.page.locator(".onsite-qr svg")).to_be_visible()
    return secretary.page.locator(".onsite-letters").inner_text().replace(" ", "")


def credits_both(secretary: Somebody) -> None:
    page = secretary.page
    for title in (STAIRS, SQUARE):
        for number in range(1, 4):
            secretary.open(f"/desk/crediting/?page={number}")
            group = page.locator(".credit-group").filter(has_text=title)
            if group.count():
                break
        group.get_by_role("button", name="认定 1 分钟").click()
        secretary.sees(re.compile("已认定"))


# The member


def finds(member: Somebody) -> None:
    """The list says why something fits; the order by time is one tap away."""
    page = member.page
    member.open("/whistles/")
    expect(page.locator(".whistle-card .reasons").first).to_be_visible()
    assert look_over(page, "whistles by what fits") == []
    page.get_by_role("link", name="按时间").click()
    page.wait_for_url(re.compile("order=time"))
    expect(page.get_by_role("link", name=STAIRS)).to_be_visible()


def claims(member: Somebody, title: str) -> str:
    """Take a place; gives the path of the claim."""
    page = member.page
    member.open(f"/whistles/?order=time&q={title}")
    page.get_by_role("link", name=title).click()
    member.context.set_geolocation(place_of_whistle(member))
    page.get_by_role("button", name="接单", exact=True).click()
    page.wait_for_url(re.compile(r"/claims/\d+/"))
    return urlsplit(page.url).path


def checks_in_without_network(member: Somebody, claim: str) -> None:
    """The mark is kept on the phone, says so, and is sent as soon as there is a network again."""
    page = member.page
    member.open(claim)
    member.context.set_offline(True)
    page.get_by_role("button", name="签到", exact=True).click()
    expect(page.get_by_text("已记在手机上，还没有发出去").first).to_be_visible()
    assert look_over(page, "kept on the phone") == []
    member.context.set_offline(False)
    expect(page.get_by_text("还没有发出去")).to_have_count(0)
    member.open(claim)
    expect(page.get_by_role("button", name="签退", exact=True)).to_be_visible()


def checks_in_by_code(secretary: Somebody, member: Somebody, whistle: str) -> None:
    """The leader shows the code, the member scans it and presses the one button."""
    code = code_on_site(secretary, whistle)
    assert look_over(secretary.page, "code on the spot") == []
    member.open(f"/check-in/{whistle}/{code}/")
    assert look_over(member.page, "scanned") == []
    member.page.get_by_role("button", name="签到", exact=True).click()
    member.page.wait_for_url(re.compile(r"/claims/\d+/"))


def checks_out_by_code(secretary: Somebody, member: Somebody, whistle: str) -> None:
    member.open(f"/check-in/{whistle}/{code_on_site(secretary, whistle)}/")
    member.page.get_by_role("button", name="签退", exact=True).click()
    member.sees("已签退，等社区认定时长")


def checks_out(member: Somebody, claim: str) -> None:
    member.open(claim)
    member.page.get_by_role("button", name="签退", exact=True).click()
    member.sees("已签退，等社区认定时长")


def is_reminded(member: Somebody) -> None:
    """An hour before, by the worker, in the inbox."""
    limit = time.monotonic() + REMINDER_PATIENCE
    lines = member.page.locator("main li").filter(has_text=PATROL).filter(has_text=re.compile("还有"))
    member.open("/messages/")
    while not lines.count():
        assert time.monotonic() < limit, f"no reminder: {member.main()[:400]}"
        member.page.wait_for_timeout(1500)
        member.open("/messages/")


def gives_up(member: Somebody, claim: str) -> None:
    page = member.page
    member.open(claim)
    page.get_by_role("button", name="去不了，退单").click()
    page.locator("dialog[open] [value=yes]").click()
    expect(page.locator(".chip").filter(has_text="已退单").first).to_be_visible()


def minutes_of(member: Somebody) -> int:
    """Credited in all, as the API says it."""
    answer = member.context.request.get(f"{member.site.url}/api/v1/service/").json()
    return answer["ever"]["minutes"]


def sees_ring_and_rank(member: Somebody, served: int, claim: str) -> None:
    page = member.page
    assert minutes_of(member) == served + 2
    member.open("/service/")
    expect(page.locator(".ring").first).to_be_visible()
    expect(page.get_by_role("heading", name="排名")).to_be_visible()
    assert page.locator("main li").filter(has_text=SQUARE).count() == 1
    assert look_over(page, "my service") == []
    member.open(claim)
    member.sees("认定 1 分钟")
