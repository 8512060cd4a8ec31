"""派给我们的: the case officer's page: tabs, headline, search, filters, what a row says, what it costs."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from desk import dispatches, nav
from ground import clock
from organizations.posts import Post
from requests import dispatching
from tests.desk.dispatch_scenes import NOON, a_town, one_of_each
from tests.desk.scenes import open_page, queries_of
from tests.factories import a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.workflow import accepted
from tests.workflow.dispatched import a_department, sent

pytestmark = pytest.mark.django_db
URL = "/desk/received/"


def shown(client: Client, query: str = "") -> str:
    """The part of the page between the menu and the panel."""
    page = open_page(client, f"{URL}?{query}")
    return page[page.index('<main class="desk-main"') : page.index('<aside class="side"')]


def strong(user: User) -> User:
    fresh = User.objects.get(pk=user.pk)
    fresh.session_is_strong = True  # type: ignore[attr-defined]
    return fresh


def test_every_tab_holds_its_rows():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    client = strong_client(officer)
    wanted = {
        "sign": {"sent", "late"},
        "hand": {"hand", "today"},
        "today": {"today"},
        "late": {"late"},
        "answered": {"answered"},
        "ended": {"confirmed"},
    }
    with clock.at(NOON):
        for tab, rows in wanted.items():
            page = shown(client, f"tab={tab}")
            said = {
                key
                for key in ("sent", "hand", "today", "late", "answered", "confirmed")
                if f"单子{key}" in page
            }
            assert said == rows, tab
        assert dispatches.counts(dispatches.received(strong(officer)), dispatches.RECEIVED) == {
            "sign": 2, "hand": 2, "today": 1, "late": 1, "answered": 1, "answer_today": 1,
        }  # fmt: skip


def test_the_headline_says_what_is_pressing():
    city, unit, officer = a_town()
    client = strong_client(officer)
    assert "<h1>" in shown(client) and "派来的事都办完了" in shown(client)
    made = one_of_each(city, unit, officer)
    with clock.at(NOON):
        assert "1 件已超时，1 件今天要回复" in shown(client)
        dispatching.sign(made["late"], by=officer)
        dispatching.answer(made["late"], by=officer, text="好了")
        dispatching.answer(made["today"], by=officer, text="好了")
        assert "1 件等你们签收" in shown(client)


def test_without_a_tab_the_overdue_come_first():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    with clock.at(NOON):
        page = shown(strong_client(officer))
    assert "单子late" in page and "单子sent" not in page


def test_rows_are_sorted_by_what_is_due_first():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    with clock.at(NOON):
        page = shown(strong_client(officer), "tab=hand")
    assert page.index("单子today") < page.index("单子hand")


def test_a_row_says_what_where_by_whom_and_by_when():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    with clock.at(NOON):
        page = shown(strong_client(officer), "tab=hand&q=单子hand")
    for said in (
        "请办hand",
        "第一网格",
        "花城小区 1 栋",
        "花城社区",
        "工作哨",
        "主办",
        "已签收",
        "前到场",
        "前回复",
    ):
        assert said in page, said


def test_what_was_given_back_is_a_number_without_the_words():
    city, unit, officer = a_town()
    made = one_of_each(city, unit, officer)
    client = strong_client(officer)
    with clock.at(NOON):
        page = shown(client, "tab=ended")
        assert made["returned"].service_request.number in page
        for hidden in ("单子returned", "请办returned", "单子recalled", "请办recalled"):
            assert hidden not in page
        for words, found in (("单子returned", False), ("单子confirmed", True)):
            assert ("row-link" in shown(client, f"tab=ended&q={words}")) is found


def test_filters_narrow_and_stay_in_the_tabs():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    client = strong_client(officer)
    with clock.at(NOON):
        page = shown(client, "tab=hand&grade=hard")
        assert "没有找到" in page and "?tab=sign&amp;grade=hard" in page
        assert "单子hand" in shown(client, "tab=hand&grade=work&role=lead")
        assert "没有找到" in shown(client, "tab=hand&role=assistant")
        assert "单子hand" in shown(client, f"tab=hand&place={city.home.organization.pk}")
        assert "没有找到" in shown(client, f"tab=hand&place={city.next_door.organization.pk}")


@pytest.mark.parametrize("query", ["tab=x", "page=99", f"place={'9' * 30}", "grade=x&role=x", "place=²"])
def test_strange_addresses(query: str):
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    with clock.at(NOON):
        assert strong_client(officer).get(f"{URL}?{query}").status_code == 200


def test_the_unit_next_door_sees_an_empty_page():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    _, stranger = a_department(city)
    with clock.at(NOON):
        for tab in dispatches.RECEIVED:
            assert "row-link" not in shown(strong_client(stranger), f"tab={tab.key}")


def test_who_answers_nothing_has_no_such_page():
    city, unit, officer = a_town()
    liaison = a_user()
    appoint(liaison, Post.UNIT_LIAISON, unit)
    for stranger in (liaison, a_grid_worker(city.home)):
        assert strong_client(stranger).get(URL).status_code == 404
    assert weak_client(a_user()).get(URL).status_code == 404
    assert "/sign-in/" in weak_client(officer).get(URL).url
    assert "/sign-in/" in Client().get(URL).url


def test_it_is_the_first_page_of_a_case_officer_and_every_line_of_the_menu_opens():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    client = strong_client(officer)
    assert client.get("/desk/").url == URL == nav.first_page(strong(officer))
    with clock.at(NOON):
        page = client.get(URL)
    lines = [item for group in page.context["nav"] for item in group["items"]]
    assert [(item["label"], item["count"]) for item in lines] == [("派给我们的", 4)]
    for item in lines:
        assert client.get(item["url"]).status_code == 200


def test_a_community_has_the_page_once_something_was_sent_to_it():
    city, _, _ = a_town()
    client = strong_client(city.next_door.secretary)

    def labels():
        groups = client.get("/desk/dispatches/").context["nav"]
        return {item["label"]: item["count"] for group in groups for item in group["items"]}

    assert "派给我们的" not in labels() and "派单" in labels()
    sent(city, service_request=accepted(city), organization=city.next_door.organization)
    assert labels()["派给我们的"] == 1
    assert "楼道灯不亮" in shown(client, "tab=sign")


def test_the_list_costs_the_same_for_three_rows_and_for_sixty():
    city, unit, officer = a_town()
    client = strong_client(officer)
    cost = {}
    with clock.at(NOON):
        for wanted in (3, 60):
            while dispatches.received(strong(officer)).count() < wanted:
                sent(city, unit, accepted(city))
            cost[wanted] = queries_of(client, f"{URL}?tab=sign")
    assert cost[3] == cost[60] <= 12, cost


def test_links_of_the_rows_open():
    city, unit, officer = a_town()
    made = one_of_each(city, unit, officer)
    client = strong_client(officer)
    for row in made.values():
        assert client.get(reverse("desk:dispatch", args=[row.pk])).status_code == 200
