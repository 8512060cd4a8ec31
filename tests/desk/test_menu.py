"""The sidebar: only what the posts allow, with what waits; two queries."""

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from desk import nav
from tests.desk.scenes import ask
from tests.factories import City, a_grid_worker, a_unit, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def menu_of(user: User, path: str = "/desk/") -> dict[str, dict[str, object]]:
    request = RequestFactory().get(path)
    user.scope_cache = {}  # type: ignore[attr-defined]
    request.user = user  # type: ignore[assignment]
    return {item["label"]: item for group in nav.groups(request) for item in group["items"]}


def test_a_community_secretary_has_what_the_community_keeps(city: City) -> None:
    menu = menu_of(city.home.secretary)
    wanted = {
        "工作台",
        "点单",
        "哨单",
        "接单认定",
        "网格",
        "小区",
        "楼栋",
        "报到",
        "任职",
        "本社区",
        "排行榜",
    }
    assert wanted <= menu.keys() and "账号" not in menu
    assert menu["工作台"]["on"] and not menu["点单"]["on"]
    assert menu_of(city.home.secretary, "/desk/requests/X/")["点单"]["on"]


def test_others_have_what_their_posts_allow(city: City) -> None:
    officer, liaison = a_user("谢科长"), a_user("联络员")
    appoint(officer, "officer", city.district)
    appoint(liaison, "unit_liaison", a_unit(city))
    assert {"本区", "点单", "任职", "党员"} <= menu_of(officer).keys()
    assert not {"接单认定", "报到"} & menu_of(officer).keys()
    assert "党员" in menu_of(liaison) and "点单" not in menu_of(liaison)
    worker = menu_of(a_grid_worker(city.home))
    assert "本网格" in worker and not {"接单认定"} & worker.keys()
    administrator = menu_of(a_user("管理员", is_administrator=True))
    assert {"账号", "事项类别", "待发消息"} <= administrator.keys() and not {
        "点单",
        "网格",
        "工作台",
    } & administrator.keys()
    assert menu_of(a_user("居民")) == {}


def test_no_line_leads_to_a_refusal(city: City) -> None:
    officer, liaison = a_user("罗科员"), a_user("联络员")
    appoint(officer, "officer", city.street)
    appoint(liaison, "unit_liaison", a_unit(city))
    administrator, worker = a_user("管理员", is_administrator=True), a_grid_worker(city.home)
    for user in (city.home.secretary, officer, liaison, administrator, worker):
        client = strong_client(user)
        for label, item in menu_of(user).items():
            assert client.get(str(item["url"]), follow=True).status_code == 200, (user.name, label)


def test_a_weak_session_has_no_menu(city: City) -> None:
    user = city.home.secretary
    user.session_is_strong = False
    assert menu_of(user) == {}


def test_it_counts_what_waits_in_two_queries(city: City) -> None:
    for _ in range(3):
        ask(city.home)
    whistle = scenes.a_whistle(city.home)
    scenes.attended(whistle, scenes.a_volunteer(city))
    with CaptureQueriesContext(connection) as captured:
        menu = menu_of(city.home.secretary)
    assert (menu["工作台"]["count"], menu["接单认定"]["count"], menu["报到"]["count"]) == (3, 1, 0)
    assert len(captured) <= 3  # the scope, the tabs of the work list, the other heaps
    assert menu_of(city.next_door.secretary)["工作台"]["count"] == 0


def test_the_phone_tabs_of_residents_and_volunteers(city: City) -> None:
    request = RequestFactory().get("/")
    for user, keys in (
        (a_user("居民"), ["home", "requests", "messages", "me"]),
        (scenes.a_volunteer(city).user, ["home", "whistles", "claims", "messages", "me"]),
    ):
        request.user = user  # type: ignore[assignment]
        assert [tab["key"] for tab in nav.tabs(request)] == keys
