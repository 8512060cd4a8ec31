"""Screenshots of every page of the line into docs/img/: phone and desk, light, dark, large type.

`python -m tests.browser.screenshots` (`make screenshots`) starts a platform with the demo in a throw-away
directory, so that nothing of a running one is shown or touched, and prints what it drew.
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
from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "img"
COLOURS = 128
#: Of a page that is longer, only this much is shown (pixels).
HIGHEST = 2200
#: All pictures together; more would weigh down every clone.
MOST_BYTES = 12_000_000


@dataclass(frozen=True)
class Shot:
    """File name, path of the page, selectors to press one after the other, variants besides the light one."""

    name: str
    path: str
    press: str = ""
    variants: tuple[str, ...] = ()
    whole: bool = True


DARK, LARGE = "dark", "large"
VISITOR = (Shot("登录", "/sign-in/", variants=(LARGE,)),)
RESIDENT = (
    Shot("居民-首页", "/", variants=(DARK, LARGE)),
    Shot("居民-我要点单", "/requests/new/", variants=(LARGE,)),
    Shot("居民-扫码点单", "/b/{token}/"),
    Shot("居民-我的点单", "/requests/", variants=(DARK,)),
    Shot(
        "居民-点单详情", "/requests/", press=".list a, main a[href*='/requests/WJ']", variants=(DARK, LARGE)
    ),
    Shot("居民-评价", "/requests/", press="main a:has-text('一楼下水道') >>> a[href$='/rate/']"),
    Shot("居民-消息", "/messages/", variants=(DARK,)),
    Shot("居民-我的", "/me/", variants=(LARGE,)),
)
MEMBER = (
    Shot("党员-首页", "/", variants=(LARGE,)),
    Shot("党员-哨单", "/whistles/", variants=(DARK, LARGE)),
    Shot("党员-哨单详情", "/whistles/", press="h2 a[href*='/whistles/']"),
    Shot("党员-我的接单", "/claims/", variants=(DARK,)),
    Shot("党员-签到", "/claims/", press="main a:has-text('去签到')"),
    Shot("党员-我的服务", "/service/", variants=(DARK, LARGE)),
    Shot("党员-报到", "/registration/"),
    Shot("党员-排行榜", "/leaderboards/", variants=(DARK,)),
)
SECRETARY = (
    Shot("社区-工作台", "/desk/", variants=(DARK, LARGE), whole=False),
    Shot("社区-受理", "/desk/", press="#panel a:has-text('受理')", whole=False),
    Shot("社区-点单", "/desk/requests/", whole=False),
    Shot("社区-哨单", "/desk/whistles/", variants=(DARK,), whole=False),
    Shot(
        "社区-哨单详情",
        "/desk/whistles/",
        press="main a[href*='/desk/whistles/']:not([href$='/new/'])",
        whole=False,
    ),
    Shot("社区-吹哨", "/desk/whistles/new/"),
    Shot("社区-接单认定", "/desk/crediting/", variants=(DARK,), whole=False),
    Shot("社区-报到", "/desk/registrations/", whole=False),
    Shot("社区-台账", "/desk/registry/grids/building/", variants=(DARK,), whole=False),
    Shot("社区-任职", "/desk/registry/organizations/appointment/", whole=False),
)
OFFICER = (
    Shot("组织部-看板", "/dashboards/", variants=(DARK,)),
    Shot("组织部-街道看板", "/dashboards/", press="main table a[href*='/dashboards/'], main a.row-link"),
    Shot("组织部-排行榜", "/leaderboards/"),
    Shot("组织部-党组织", "/desk/registry/organizations/organization/", whole=False),
)
ADMINISTRATOR = (
    Shot("管理员-账号", "/desk/registry/accounts/user/", whole=False),
    Shot("管理员-事项类别", "/desk/registry/requests/category/", whole=False),
)


def draw(browser: Browser, site: object) -> list[Path]:
    """Every shot of everybody, in every variant."""
    from desk.demo import roster
    from tests.browser.people import DESK, PHONE, somebody

    walks = (
        (roster.RESIDENT, PHONE, VISITOR, ""),
        (roster.RESIDENT, PHONE, RESIDENT, "code"),
        (roster.MEMBER, PHONE, MEMBER, "code"),
        (roster.SECRETARY, DESK, SECRETARY, "password"),
        (roster.DISTRICT, DESK, OFFICER, "password"),
        (roster.ADMINISTRATOR, DESK, ADMINISTRATOR, "password"),
    )
    drawn = []
    for person, size, shots, way in walks:
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
    who.open(shot.path.format(token=token_of(f"{HUACHENG}-01-01")))
    for selector in filter(None, shot.press.split(" >>> ")):
        who.page.locator(selector).first.click()
    who.page.wait_for_load_state("networkidle")
    if shot.whole:  # the bar at the thumb belongs below the page, not across it
        room = who.page.viewport_size or PHONE
        high = who.page.evaluate("document.documentElement.scrollHeight")
        who.page.set_viewport_size(
            {"width": room["width"], "height": max(room["height"], min(high, HIGHEST))}
        )
    picture = who.page.screenshot(animations="disabled")
    if shot.whole:
        who.page.set_viewport_size(room)
    path = IMAGES / f"{shot.name}{'-' + {DARK: '深色', LARGE: '大字'}[variant] if variant else ''}.png"
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="wenshao-screenshots-") as folder:
        os.environ["WENSHAO_VAR"] = f"{folder}/own"  # for the settings of this process, which reads no data
        os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
        django.setup()
        from governance.processes import free_port
        from tests.browser.running import chromium, platform

        IMAGES.mkdir(parents=True, exist_ok=True)
        place = Path(folder) / "platform"
        place.mkdir()
        with platform(place, free_port(8300)) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox"], env={**os.environ, "LANGUAGE": "zh_CN"}
            )
            drawn = draw(browser, site)
            browser.close()
    for path in set(IMAGES.glob("*.png")) - set(drawn):
        path.unlink()
    weight = sum(path.stat().st_size for path in drawn)
    print(f"{len(drawn)} pictures, {weight / 1e6:.1f} MB in {IMAGES.name}/")
    return weight > MOST_BYTES


if __name__ == "__main__":
    sys.exit(main())
