"""Screenshots of every page of the line into docs/img/: phone and desk, light, dark, large type.

`python -m tests.browser.screenshots` (`make screenshots`) starts a platform with the demo in a throw-away
directory, so that nothing of a running one is shown or touched, and prints what it drew. With words, as in
`make screenshots ONLY="看板 大屏"`, only pictures whose name holds one of them are drawn; the others stay.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import django
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "img"
COLOURS = 128
#: Of a page that is longer, only this much is shown (pixels).
HIGHEST = 2200
#: All pictures together; more would weigh down every clone.
MOST_BYTES = 12_000_000


@dataclass(frozen=True)
class Shot:
    """File name, path of the page, selectors to press one after the other, variants besides the light one.

    Of `press`, "≈words" types them into the field named before it, as in "[name=words]≈zyx", or chooses them in a
    list. Variant "phone" is the page at 390 pixels, "paper" as it is printed; `is_wall`: 1920 × 1080.
    """

    name: str
    path: str
    press: str = ""
    variants: tuple[str, ...] = ()
    whole: bool = True
    is_wall: bool = False


DARK, LARGE, SMALL, PAPER = "dark", "large", "phone", "paper"
SUFFIXES = {DARK: "深色", LARGE: "大字", SMALL: "手机", PAPER: "打印"}
#: Pixels of a wall, and of A4 at 96 dots an inch.
WALL, SHEET = {"width": 1920, "height": 1080}, {"width": 794, "height": 1123}
VISITOR = (Shot("登录", "/sign-in/", variants=(LARGE,)), Shot("居民-查点单", "/query/", variants=(LARGE,)))
#: Of the resident: one that was asked back, one that was refused, one that is to be rated, one to say thanks for.
RAIL, PARCEL, DRAIN, TUBES = (
    f"main a:has-text('{words}')" for words in ("加装卫生间扶手", "走失的快递", "一楼下水道", "老人家里灯管")
)
RESIDENT = (
    Shot("居民-首页", "/", variants=(DARK, LARGE)),
    Shot("居民-我要点单", "/requests/new/", variants=(LARGE,)),
    Shot("居民-扫码点单", "/b/{token}/"),
    Shot("居民-我的点单", "/requests/", variants=(DARK,)),
    Shot("居民-点单详情", "/requests/", press="main a:has-text('楼道灯不亮')", variants=(DARK, LARGE)),
    Shot("居民-评价", "/requests/", press=f"{DRAIN} >>> a[href$='/rate/']"),
    Shot("居民-请补充", "/requests/", press=RAIL, variants=(LARGE,)),
    Shot("居民-回答", "/requests/", press=f"{RAIL} >>> .dock a[href$='/answer/']"),
    Shot("居民-不予受理", "/requests/", press=PARCEL, variants=(DARK,)),
    Shot("居民-申诉", "/requests/", press=f"{PARCEL} >>> .dock a[href$='/object/']"),
    Shot("居民-要求重办", "/requests/", press=f"{DRAIN} >>> .dock a[href$='/reopen/']"),
    Shot("居民-说声谢谢", "/requests/", press=f"{TUBES} >>> main a[href$='/thank/']"),
    Shot("居民-微心愿", "/wishes/"),
    Shot("居民-消息", "/messages/", variants=(DARK,)),
    Shot("居民-消息设置", "/messages/preferences/", variants=(DARK,)),
    Shot("居民-我的", "/me/", variants=(LARGE,)),
)
MEMBER = (
    Shot("党员-首页", "/", variants=(LARGE,)),
    Shot("党员-哨单", "/whistles/", variants=(DARK, LARGE)),
    Shot("党员-哨单详情", "/whistles/", press="h2 a[href*='/whistles/']"),
    Shot("党员-我的接单", "/claims/", variants=(DARK,)),
    Shot("党员-微心愿", "/whistles/?show=wish"),
    Shot("党员-签到", "/claims/", press="main a.request:has-text('楼道灯抢修')"),
    Shot("党员-候补", "/claims/", press="main a.request:has-text('独居老人包饺子')"),
    Shot("党员-已认定", "/claims/", press="main a.request:has-text('老人家里灯管')"),
    Shot("党员-我的服务", "/service/", variants=(DARK, LARGE)),
    Shot("党员-我的专长", "/service/profile/"),
    Shot("党员-报到", "/registration/"),
    Shot("党员-我的队伍", "/teams/"),
    Shot("党员-先锋队", "/teams/", press="main a.row"),
    Shot("党员-排行榜", "/leaderboards/", variants=(DARK, LARGE)),
    Shot("党员-单位排行榜", "/leaderboards/city/units/"),
    Shot("党员-得分", "/service/", press="main dd a.link"),
)
#: Somebody of the demo who is found by initials; the first row, his household, the eye beside a number.
FIND = "[name=words]≈lxy >>> button:has-text('找人')"
ROW, HOME = "main a.row-link", "section[aria-labelledby=home-title] a"
EYE = "#number-phone summary"
LOOK = "#number-phone [name=reason]≈代办高龄津贴 >>> #number-phone button:has-text('查看')"
FAULTY = "a.row-link:has-text('新增住户')"
#: Filed at the window for one without a phone.
FILED = (
    "[name=name]≈赖阿公 >>> label:has-text('他没有手机') >>> [name=category]≈设施维修"
    " >>> [name=text]≈家里热水器漏水，地上都是水。 >>> main form button.primary"
)
LISTS = (
    ("three-lacking", "三无小区", (SMALL,)),
    ("property-companies", "物业公司", ()),
    ("out-of-range", "规模不合标准", ()),
    ("coverage", "党组织覆盖", ()),
    ("posts", "AB岗", ()),
    ("empty-dwellings", "有房无人", ()),
    ("homeless", "有人无房", ()),
    ("contact-duties", "联户", ()),
    ("care-due", "等级到期", ()),
    ("four-clear", "党员四清楚", ()),
)
#: One request on a page of its own, and a step of it.
ONE = "/desk/requests/?q={}"
OPEN, MORE = "a.row-link", ".more-steps summary"
TICKS = "tbody tr:nth-child(4) label.tick >>> tbody tr:nth-child(5) label.tick"
REQUESTS = (
    Shot("社区-工作台", "/desk/", variants=(DARK, LARGE), whole=False),
    Shot("社区-看板", "/dashboards/", variants=(SMALL,)),
    Shot("社区-未诉先办", "/desk/patterns/", whole=False),
    Shot("社区-反复出现", "/desk/patterns/", press="main a[href^='/desk/patterns/']:has-text('供销大院')"),
    Shot("社区-工作台-勾选", "/desk/?tab=new", press=TICKS, whole=False),
    Shot("社区-一起受理", "/desk/?tab=new", press=f"{TICKS} >>> text=一起受理", whole=False),
    Shot("社区-常用筛选", "/desk/?tab=mine&track=important", press=".saved summary", whole=False),
    Shot("社区-受理", "/desk/?tab=new", press="#panel a[href$='/accept/']", whole=False),
    Shot("社区-点单", "/desk/requests/", whole=False),
    Shot("社区-一件点单", ONE.format("小广场路砖"), press=OPEN, variants=(DARK, SMALL)),
    Shot("社区-更多", ONE.format("小广场路砖"), press=f"{OPEN} >>> {MORE}", whole=False),
    Shot("社区-拆分", ONE.format("三件小事"), press=OPEN),
    Shot("社区-并案", ONE.format("电梯里有异响"), press=OPEN),
    Shot(
        "社区-请补充",
        ONE.format("流浪猫"),
        press=f"{OPEN} >>> {MORE} >>> .steps-open a[href$='/ask/']",
        whole=False,
    ),
    Shot("社区-办结", ONE.format("楼上深夜拖椅子"), press=f"{OPEN} >>> .steps-open a[href$='/resolve/']"),
    Shot("社区-派单", ONE.format("流浪猫"), press=f"{OPEN} >>> .steps-open a[href$='/dispatch/']"),
    Shot("社区-派出去的", "/desk/dispatches/", whole=False),
    Shot(
        "社区-核销",
        "/desk/dispatches/?tab=answered",
        press="#panel .steps-open a[href$='/confirm/']",
        variants=(DARK,),
        whole=False,
    ),
    Shot("社区-回访", ONE.format("煤气灶"), press=f"{OPEN} >>> .steps-open a[href$='/call_back/']"),
    Shot("社区-代点单", "/desk/requests/new/", whole=False),
    Shot("社区-回执", "/desk/requests/new/", press=FILED, variants=(SMALL,)),
    Shot("社区-办理统计", "/desk/figures/?period=quarter", whole=False),
)
SECRETARY = (
    *REQUESTS,
    Shot("社区-哨单", "/desk/whistles/", variants=(DARK,), whole=False),
    Shot(
        "社区-哨单详情",
        "/desk/whistles/",
        press="a.row-link:has-text('独居老人包饺子')",
        variants=(SMALL,),
        whole=False,
    ),
    Shot("社区-定期重复", "/desk/whistles/", press="a.row-link:has-text('周二护学岗')", whole=False),
    Shot("社区-吹哨", "/desk/whistles/new/", variants=(SMALL,)),
    Shot("社区-吹哨-微心愿", "/desk/whistles/new/", press="label:has-text('微心愿')"),
    Shot("社区-常用哨单", "/desk/whistles/usual/", whole=False),
    Shot("社区-现场签到码", "/desk/whistles/?tab=running", press="a.row-link >>> a:has-text('在现场出示')"),
    Shot("社区-接单认定", "/desk/crediting/", variants=(DARK, SMALL), whole=False),
    Shot("社区-已认定", "/desk/crediting/judged/", whole=False),
    Shot("社区-服务指标", "/desk/quotas/", whole=False),
    Shot("社区-报到", "/desk/registrations/", whole=False),
    Shot("社区-不接收报到", "/desk/registrations/", press="td a:has-text('不接收')", whole=False),
    Shot("社区-队伍", "/desk/teams/", whole=False),
    Shot("社区-服务队", "/desk/teams/?tab=service", press="a.row-link", whole=False),
    Shot("社区-活动汇总", "/desk/summaries/", variants=(SMALL,), whole=False),
    Shot("社区-活动汇总-可以下载", "/desk/summaries/", press=OPEN, whole=False),
    Shot("社区-台账", "/desk/registry/grids/building/", whole=False),
    Shot("社区-居民", "/desk/residents/", variants=(DARK, SMALL), whole=False),
    Shot("社区-居民-找到", "/desk/residents/", press=FIND, whole=False),
    Shot("社区-居民档案", "/desk/residents/", press=f"{FIND} >>> {ROW}", variants=(SMALL,)),
    Shot("社区-居民档案-查看号码", "/desk/residents/", press=f"{FIND} >>> {ROW} >>> {EYE}", whole=False),
    Shot(
        "社区-居民档案-已查看",
        "/desk/residents/",
        press=f"{FIND} >>> {ROW} >>> {EYE} >>> {LOOK}",
        whole=False,
    ),
    Shot("社区-登记一人", "/desk/residents/new/"),
    Shot("社区-疑似重复", "/desk/residents/twins/", variants=(SMALL,)),
    Shot("社区-导出居民", "/desk/residents/export/", whole=False),
    Shot("社区-户", "/desk/residents/?care=red", press=f"{ROW} >>> {HOME}", variants=(DARK, SMALL)),
    Shot("社区-户-评定", "/desk/residents/?care=red", press=f"{ROW} >>> {HOME} >>> text=重新评定"),
    Shot(
        "社区-楼栋",
        "/desk/residents/?care=red",
        press=f"{ROW} >>> {HOME} >>> nav[aria-label=返回] a",
        variants=(SMALL,),
    ),
    Shot("社区-导入", "/desk/imports/", variants=(SMALL,), whole=False),
    Shot("社区-导入结果", "/desk/imports/", press=FAULTY, variants=(DARK, SMALL)),
    Shot("社区-导入-已导入", "/desk/imports/", press="a.row-link:has-text('居民台账')"),
    Shot("社区-列对应", "/desk/imports/", press=f"{FAULTY} >>> a:has-text('列没有认对')"),
    Shot("社区-台账总览", "/desk/territory/", variants=(DARK, SMALL)),
    *(
        Shot(f"社区-{name}", f"/desk/territory/{slug}/", variants=small, whole=False)
        for slug, name, small in LISTS
    ),
    Shot("社区-离岗回岗", "/desk/territory/absences/", variants=(SMALL,)),
    Shot("社区-任职", "/desk/registry/organizations/appointment/", whole=False),
)
GRID_WORKER = (
    Shot("网格员-居民", "/desk/residents/", variants=(DARK,)),
    Shot("网格员-居民档案", "/desk/residents/?care=red", press=ROW),
    Shot("网格员-户", "/desk/residents/?care=red", press=f"{ROW} >>> {HOME}"),
    Shot("网格员-台账总览", "/desk/territory/"),
    Shot("网格员-等级到期", "/desk/territory/care-due/"),
    Shot("网格员-离岗回岗", "/desk/territory/absences/"),
    Shot("网格员-确认到场", "/desk/attesting/", whole=False),
)
CASE_OFFICER = (
    Shot("承办人-派给我们的", "/desk/received/", variants=(DARK, SMALL), whole=False),
    Shot("承办人-签收", "/desk/received/?tab=sign", press=OPEN, variants=(SMALL,), whole=False),
    Shot(
        "承办人-回复",
        "/desk/received/?tab=hand",
        press=f"{OPEN} >>> .steps-open a[href$='/answer/']",
        variants=(SMALL,),
        whole=False,
    ),
    Shot(
        "承办人-退回",
        "/desk/received/?tab=sign",
        press=f"{OPEN} >>> .steps-open a[href$='/give_back/']",
        whole=False,
    ),
)
LIAISON = (
    Shot("联络员-我们的党员", "/desk/our-people/", variants=(SMALL,), whole=False),
    Shot("联络员-建议时长", "/desk/our-people/proposals/", whole=False),
)
LEADER = (Shot("分管领导-工作台", "/desk/", variants=(DARK, SMALL), whole=False),)
STREET = (
    Shot("街道-工作台", "/desk/", variants=(DARK, SMALL), whole=False),
    Shot("街道-督办", "/desk/?tab=supervised", whole=False),
    Shot("街道-待同意", "/desk/?tab=consent", whole=False),
    Shot("街道-办理统计", "/desk/figures/?period=quarter", whole=False),
    Shot("街道-台账总览", "/desk/territory/"),
    Shot("街道-三无小区", "/desk/territory/three-lacking/", whole=False),
    Shot("街道-有房无人", "/desk/territory/empty-dwellings/", whole=False),
    Shot("街道-查看记录", "/desk/registry/organizations/accesslogentry/", whole=False),
)
OFFICER = (
    Shot("组织部-看板", "/dashboards/", variants=(DARK, SMALL, PAPER)),
    Shot("组织部-大屏", "/dashboards/", press="a:has-text('大屏')", whole=False, is_wall=True),
    Shot(
        "组织部-大屏-浅色",
        "/dashboards/",
        press="a:has-text('大屏') >>> a:has-text('浅色')",
        whole=False,
        is_wall=True,
    ),
    Shot("组织部-地图", "/dashboards/", press="a:has-text('大图')", whole=False),
    Shot(
        "组织部-街道看板",
        "/dashboards/",
        press="section[aria-labelledby=children] tbody a:has-text('惠民街道')",
    ),
    Shot("组织部-排行榜", "/leaderboards/"),
    Shot("组织部-服务指标", "/desk/quotas/", whole=False),
    Shot("组织部-活动汇总", "/desk/summaries/", whole=False),
    Shot("区委-待调剂", "/desk/placing/", whole=False),
    Shot("区委-调剂", "/desk/placing/", press="main table a", whole=False),
    Shot("区委-签发政策", "/desk/policies/", press="summary:has-text('签发新政策')"),
    Shot("区委-台账总览", "/desk/territory/"),
    Shot("区委-规模不合标准", "/desk/territory/out-of-range/", whole=False),
    Shot("区委-范围标准", "/desk/territory/policy/", variants=(SMALL,)),
    Shot("区委-签发标准", "/desk/territory/policy/", press="summary:has-text('签发新标准')"),
    Shot("区委-政策", "/desk/policies/", variants=(SMALL,)),
    Shot("区委-办理统计", "/desk/figures/?by=community&period=quarter", variants=(DARK, SMALL)),
    Shot("区委-办理统计-单位", "/desk/figures/?by=unit&period=quarter", whole=False),
    Shot("组织部-党组织", "/desk/registry/organizations/organization/", whole=False),
)
ADMINISTRATOR = (
    Shot("管理员-账号", "/desk/registry/accounts/user/", whole=False),
    Shot("管理员-重点人群", "/desk/registry/grids/specialgroup/", whole=False),
    Shot("管理员-事项类别", "/desk/registry/requests/category/", whole=False),
)


def draw(browser: Browser, site: object, only: list[str]) -> list[Path]:
    """Every shot of everybody, in every variant; with `only` those whose name holds one of its words."""
    from desk.demo import roster
    from tests.browser.people import DESK, PHONE, somebody

    walks = (
        (roster.RESIDENT, PHONE, VISITOR, ""),
        (roster.RESIDENT, PHONE, RESIDENT, "code"),
        (roster.MEMBER, PHONE, MEMBER, "code"),
        (roster.SECRETARY, DESK, SECRETARY, "password"),
        (roster.GRID_WORKER, PHONE, GRID_WORKER, "password"),
        (roster.CASE_OFFICER, DESK, CASE_OFFICER, "password"),
        (roster.LIAISON, DESK, LIAISON, "password"),
        (roster.LEADER, DESK, LEADER, "password"),
        (roster.STREET, DESK, STREET, "password"),
        (roster.DISTRICT, DESK, OFFICER, "password"),
        (roster.ADMINISTRATOR, DESK, ADMINISTRATOR, "password"),
    )
    drawn = []
    for person, size, all_shots, way in walks:
        shots = [shot for shot in all_shots if not only or any(word in shot.name for word in only)]
        if not shots:
            continue
        who = somebody(site, browser, person, size)  # type: ignore[arg-type]
        if way == "code":
            who.sign_in_by_code()
        elif way:
            who.sign_in_by_password("/me/")
        for shot in shots:
            for variant in ("", *shot.variants):
                drawn.append(_one(who, shot, variant))
                print(drawn[-1].name, f"{drawn[-1].stat().st_size // 1024} KB", flush=True)
        who.context.close()
    return drawn


def _one(who: object, shot: Shot, variant: str) -> Path:
    from desk.demo.places import HUACHENG, token_of
    from tests.browser.people import PHONE, Somebody

    assert isinstance(who, Somebody)
    who.prefer(size="large" if variant == LARGE else "", theme="dark" if variant == DARK else "light")
    usual = who.page.viewport_size or PHONE
    sizes = {SMALL: PHONE, PAPER: SHEET}
    who.page.set_viewport_size(WALL if shot.is_wall else sizes.get(variant, usual))
    who.page.emulate_media(media="print" if variant == PAPER else "screen")
    who.open(shot.path.format(token=token_of(f"{HUACHENG}-01-01")))
    for selector in filter(None, shot.press.split(" >>> ")):
        _press(who.page, *selector.partition("≈"))
    who.page.wait_for_load_state("networkidle")
    if shot.whole:  # the bar at the thumb belongs below the page, not across it
        room = who.page.viewport_size or PHONE
        high = who.page.evaluate("document.documentElement.scrollHeight")
        who.page.set_viewport_size(
            {"width": room["width"], "height": max(room["height"], min(high, HIGHEST))}
        )
    picture = who.page.screenshot(animations="disabled")
    who.page.set_viewport_size(usual)
    path = IMAGES / f"{shot.name}{'-' + SUFFIXES[variant] if variant else ''}.png"
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def _press(page: Page, field: str, is_filled: str, words: str) -> None:
    where = page.locator(field).first
    if not is_filled:
        where.click()
    elif where.evaluate("it => it.tagName") == "SELECT":
        where.select_option(label=words)
    else:
        where.fill(words)


def main(only: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="wenshao-screenshots-") as folder:
        os.environ["WENSHAO_VAR"] = f"{folder}/own"  # for the settings of this process, which reads no data
        os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
        django.setup()
        from governance.processes import free_port
        from tests.browser.running import chromium, platform

        IMAGES.mkdir(parents=True, exist_ok=True)
        place, shared = Path(folder) / "platform", Path(folder) / "demo"
        with platform(place, free_port(8300), shared) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox"], env={**os.environ, "LANGUAGE": "zh_CN"}
            )
            drawn = draw(browser, site, only)
            browser.close()
    for path in set() if only else set(IMAGES.glob("*.png")) - set(drawn):
        path.unlink()
    weight = sum(path.stat().st_size for path in IMAGES.glob("*.png"))
    print(f"{len(drawn)} pictures; {weight / 1e6:.1f} MB in {IMAGES.name}/")
    return weight > MOST_BYTES


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
