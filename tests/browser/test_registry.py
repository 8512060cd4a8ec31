"""The registry, end to end: a sheet with three faults and the mended one, somebody found and looked after, numbers
behind a reason; then what the street and the worker of a grid see of it."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect
from python_calamine import CalamineWorkbook
from stdnum.cn import ric

from desk.demo import roster
from desk.demo.names import kept_phone
from ground.sheets import BookWriter, Column
from tests.browser.people import DESK, PATIENCE, PHONE, Somebody, look_over

pytestmark = pytest.mark.browser

#: The first lies in the grid of the grid worker, the second in the next one.
HERE, NEXT_DOOR = "锦绣花园 3 栋", "新华苑 3 栋"
ELDER, NEIGHBOUR = "上官怀瑾", "令狐青松"
NUMBER = kept_phone(987)
DOOR = "399"
WHY, WHAT_FOR = "紧急联系电话核对", "楼栋人口核对"


def document(born: date, order: int) -> str:
    """A number of nobody: of a region under which nobody is registered."""
    stem = f"440201{born:%Y%m%d}{order:03d}"
    return stem + ric.calc_check_digit(stem + "0")


def family() -> list[dict[str, str]]:
    """Five people in two flats that the registry does not know yet."""
    here = {"楼栋名称": HERE, "单元": "1", "楼层": "3", "房号": DOOR}
    there = here | {"楼栋名称": NEXT_DOOR}
    return [
        here | {"姓名": ELDER, "证件号码": document(date(1941, 3, 8), 971), "与户主关系": "户主", "手机号": NUMBER},
        here | {"姓名": "温以宁", "证件号码": document(date(1944, 9, 2), 982), "与户主关系": "配偶"},
        here | {"姓名": "上官知夏", "证件号码": document(date(1999, 6, 21), 984), "与户主关系": "孙辈"},
        there | {"姓名": NEIGHBOUR, "证件号码": document(date(1978, 1, 30), 973), "与户主关系": "户主"},
        there | {"姓名": "令狐若水", "证件号码": document(date(2011, 12, 5), 986), "与户主关系": "子女"},
    ]  # fmt: skip


def with_faults(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """A wrong check digit, half a telephone, a relation that there is none of."""
    bad = [dict(row) for row in rows]
    last = rows[1]["证件号码"][-1]
    bad[1]["证件号码"] = rows[1]["证件号码"][:-1] + ("1" if last != "1" else "2")
    bad[2]["手机号"] = "1990000"
    bad[4]["与户主关系"] = "户主的朋友"
    return bad


def filled(template: Path, rows: list[dict[str, str]], path: Path) -> Path:
    """The community's template with its sample row, and these people below it."""
    heading, sample = CalamineWorkbook.from_path(str(template)).get_sheet_by_name("居民").to_python()[:2]
    columns = [Column(str(title), as_text=True) for title in heading]
    lines = [[row.get(column.title.rstrip("*"), "") for column in columns] for row in rows]
    with BookWriter(path) as book:
        book.table("居民", columns, [[str(cell) for cell in sample], *lines])
    return path


def test_registry(enter: Callable[..., Somebody], tmp_path: Path) -> None:
    secretary = enter(roster.SECRETARY, DESK)
    secretary.sign_in_by_password("/desk/imports/")
    template = takes_template(secretary, tmp_path)
    sees_each_fault(secretary, filled(template, with_faults(family()), tmp_path / "住户.xlsx"))
    loads_the_mended_one(secretary, filled(template, family(), tmp_path / "住户改.xlsx"))

    person = finds(secretary, "sghj", ELDER)
    looks_after_the_household(secretary)
    sees_the_number(secretary, person)
    exports_the_building(secretary)
    opens_the_list_of_the_lacking(secretary)
    neighbour = finds(secretary, "lhqs", NEIGHBOUR)

    officer, worker = enter(roster.STREET, DESK), enter(roster.GRID_WORKER, PHONE)
    officer.sign_in_by_password("/desk/territory/")
    has_counts_only(officer, person)
    worker.sign_in_by_password("/desk/residents/")
    has_the_own_grid_only(worker, person, neighbour)
    assert [trouble for who in (secretary, officer, worker) for trouble in who.troubles] == []


# The secretary


def takes_template(secretary: Somebody, folder: Path) -> Path:
    assert look_over(secretary.page, "imports") == []
    with secretary.page.expect_download() as download:
        secretary.press("下载模板")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert "花城社区" in path.name
    return path


def uploads(secretary: Somebody, sheet: Path, verdict: str) -> None:
    """And waits until the worker has read it."""
    page = secretary.page
    page.locator("input[type=file]").set_input_files(sheet)
    secretary.press("上传并预检")
    page.wait_for_url(re.compile(r"/desk/imports/\d+/"))
    expect(page.locator("h1")).to_have_text(verdict, timeout=PATIENCE)
    expect(page.locator("#import-progress")).to_have_count(0)


def sees_each_fault(secretary: Somebody, sheet: Path) -> None:
    """Row, column and what to do, the values masked; nothing can be written while rows are bad."""
    uploads(secretary, sheet, "3 行要改")
    rows = secretary.page.locator("main table tbody tr")
    expect(rows).to_have_count(3)
    for row, (number, column, value) in zip(
        rows.all(), [("4", "证件号码", "440201********"), ("5", "手机号", "****00"), ("7", "与户主关系", "户**")],
        strict=True,
    ):  # fmt: skip
        expect(row.locator("td").nth(0)).to_contain_text(number)
        expect(row.locator("td").nth(1)).to_have_text(column)
        expect(row.locator("td").nth(2)).to_contain_text(value)
    assert with_faults(family())[1]["证件号码"] not in secretary.page.content()
    expect(secretary.page.get_by_role("button", name="写入 5 人")).to_have_count(0)
    assert look_over(secretary.page, "faults") == []


def loads_the_mended_one(secretary: Somebody, sheet: Path) -> None:
    page = secretary.page
    secretary.press("改好了，再传一次")
    uploads(secretary, sheet, "可以导入：新增 5 人")
    assert look_over(page, "checked") == []
    secretary.press("写入 5 人")
    page.locator("dialog.sheet").get_by_role("button", name="写入 5 人").click()
    expect(page.locator("h1")).to_contain_text("已导入：新增 5 人", timeout=PATIENCE)
    assert look_over(page, "imported") == []


def finds(who: Somebody, letters: str, name: str) -> str:
    """By pinyin initials, which stand in no address; opens the person and gives the path."""
    who.open("/desk/residents/")
    asks_for(who, letters)
    expect(who.page.locator("h1")).to_have_text("找到 1 人")
    assert letters not in who.page.url
    who.page.get_by_role("link", name=name).click()
    expect(who.page.locator("h1")).to_have_text(name)
    assert look_over(who.page, "person") == []
    return urlsplit(who.page.url).path


def asks_for(who: Somebody, words: str) -> None:
    who.page.locator("input[name=words]").fill(words)
    who.press("找人")
    who.page.wait_for_url("**/desk/residents/?s=*")


def looks_after_the_household(secretary: Somebody) -> None:
    page = secretary.page
    page.locator("section[aria-labelledby=home-title] a").first.click()
    expect(page.locator("h1")).to_have_text(re.compile("3 人"))
    care = page.locator("section[aria-labelledby=care-title]")
    care.get_by_text("重新评定").click()
    care.get_by_role("radio", name="关心户").check()
    care.get_by_label("理由").fill("两位老人带着孙女，子女在外地")
    assert look_over(page, "household") == []
    care.get_by_role("button", name="评定", exact=True).click()
    expect(care).to_contain_text("每 30 天走访")


def sees_the_number(secretary: Somebody, person: str) -> None:
    """Masked until there is a reason."""
    page = secretary.page
    secretary.open(person)
    box = page.locator("#number-phone")
    assert NUMBER not in page.content()
    box.locator("summary").click()
    box.get_by_label("为什么要看").fill(WHY)
    box.get_by_role("button", name="查看").click()
    expect(box).to_contain_text(NUMBER)


def exports_the_building(secretary: Somebody) -> None:
    """What the filter shows, with a reason, masked."""
    page = secretary.page
    secretary.open("/desk/residents/")
    page.locator("select[name=building]").select_option(label=HERE)
    secretary.press("筛选")
    expect(page.locator("h1")).to_have_text(re.compile(r"符合条件的 \d+ 人"))
    assert look_over(page, "residents") == []
    count = int(re.sub(r"\D", "", page.locator("h1").inner_text()))
    secretary.press("导出", page.locator("main, header").filter(has_text="登记一人").first)
    page.get_by_label("导出理由").fill(WHAT_FOR)
    assert look_over(page, "export") == []
    with page.expect_download() as download:
        page.locator("main").get_by_role("button", name="导出").click()
    rows = CalamineWorkbook.from_path(str(download.value.path())).get_sheet_by_index(0).to_python()
    assert len(rows) == count + 1
    assert ELDER in str(rows) and NUMBER not in str(rows) and "199****0987" in str(rows)


def opens_the_list_of_the_lacking(secretary: Somebody) -> None:
    secretary.open("/desk/territory/")
    assert look_over(secretary.page, "overview") == []
    secretary.press("3 个三无小区", secretary.page.locator("main"))
    for name in ("芙蓉里", "供销大院", "工业新村"):
        secretary.sees(name)
    assert look_over(secretary.page, "lacking") == []


# What the others see


def has_counts_only(officer: Somebody, person: str) -> None:
    """Counts of the community, nobody in it; and who has looked behind a mask, and why."""
    page = officer.page
    expect(page.locator("main table")).to_contain_text("花城社区")
    assert ELDER not in page.content()
    is_not_found(officer, person)
    officer.open("/desk/registry/organizations/accesslogentry/")
    expect(row_of(officer, WHY)).to_contain_text(roster.SECRETARY.name)
    expect(row_of(officer, WHAT_FOR)).to_contain_text(roster.SECRETARY.name)


def has_the_own_grid_only(worker: Somebody, person: str, neighbour: str) -> None:
    page = worker.page
    assert look_over(page, "residents of a grid") == []
    where = page.locator("td[data-label=住处] small").all_inner_texts()
    assert where and {text.strip() for text in where} == {"第一网格"}
    expect(page.get_by_role("link", name="导出")).to_have_count(0)
    asks_for(worker, "lhqs")
    worker.sees("没有找到这个人")
    is_not_found(worker, neighbour)
    assert finds(worker, "sghj", ELDER) == person


def row_of(who: Somebody, words: str) -> Locator:
    return who.page.locator("tr").filter(has_text=words).first


def is_not_found(who: Somebody, path: str) -> None:
    answer = who.page.goto(who.site.url + path)
    assert answer is not None and answer.status == 404
