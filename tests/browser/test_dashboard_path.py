"""Somebody of the district who sees the dashboards for the first time finds what is stuck, by what he can see."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from desk.demo import roster
from tests.browser.people import DESK, PHONE
from tests.browser.running import Platform

pytestmark = [pytest.mark.browser, pytest.mark.served]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_three_clicks_to_the_grid_with_the_oldest_overdue_request(
    site: Platform, enter, size: dict[str, int]
):
    """Each page says where the oldest one is; the last one lists it. What SQL says of the rows is the same."""
    site.play("tests.browser.oldest_overdue")
    oldest = json.loads((Path(site.environ["WENSHAO_VAR"]) / "oldest.json").read_text())
    officer = enter(roster.DISTRICT, size)
    officer.sign_in_by_password("/dashboards/")
    page = officer.page
    for name in (oldest["street"], oldest["community"], oldest["name"]):
        late = page.locator("main").get_by_role("listitem").filter(has_text="件超时").filter(has_text="最久")
        link = late.get_by_role("link", name=name, exact=True)
        expect(link).to_be_visible()
        link.click()
    expect(page).to_have_url(re.compile(rf"[?&]grid={oldest['grid']}$"))
    expect(page.get_by_text(oldest["number"]).first).to_be_visible()
    assert officer.troubles == []
