"""派单: what we sent: tabs, headline, what waits for us, and what it costs."""

import pytest

from desk import dispatches
from ground import clock
from organizations.posts import Post
from requests import dispatching, workflow
from tests.desk.dispatch_scenes import NOON, a_town, one_of_each
from tests.desk.scenes import open_page, queries_of
from tests.factories import a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import accepted
from tests.workflow.dispatched import GOOD, a_department, sent

pytestmark = pytest.mark.django_db
URL = "/desk/dispatches/"
KEYS = ("sent", "hand", "today", "late", "answered", "returned", "recalled", "confirmed")


def shown(client, query=""):
    page = open_page(client, f"{URL}?{query}")
    return page[page.index('<main class="desk-main"') : page.index('<aside class="side"')]


def said_in(page):
    return {key for key in KEYS if f"单子{key}" in page}


def menu_of(client):
    nav = client.get(URL).context["nav"]
    return {item["label"]: item["count"] for group in nav for item in group["items"]}


def test_every_tab_holds_its_rows():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    client = strong_client(city.home.secretary)
    wanted = {
        "sign": {"sent", "late"},
        "hand": {"hand", "today"},
        "late": {"late"},
        "answered": {"answered"},
        "returned": {"returned"},
        "all": set(KEYS),
    }
    with clock.at(NOON):
        for tab, keys in wanted.items():
            assert said_in(shown(client, f"tab={tab}")) == keys, tab
        page = shown(client)
        assert "1 件回复等你核销，1 件被退回，要另派，1 件对方超时" in page
        assert said_in(page) == {"answered"}


def test_the_menu_counts_answers_and_leads_to_replace():
    city, unit, officer = a_town()
    made = one_of_each(city, unit, officer)
    client = strong_client(city.home.secretary)
    with clock.at(NOON):
        assert menu_of(client)["派单"] == 2
        dispatching.confirm(made["answered"], by=city.home.secretary, **GOOD)
        assert menu_of(client)["派单"] == 1
        sent(city, a_department(city)[0], made["returned"].service_request)
        assert menu_of(client)["派单"] == 0
        assert "row-link" not in shown(client, "tab=returned")


def test_only_the_last_lead_that_gave_back_is_to_be_replaced():
    city, unit, officer = a_town()
    made = one_of_each(city, unit, officer)
    request = made["returned"].service_request
    other, colleague = a_department(city, "供电所")
    second = sent(city, other, request)
    dispatching.give_back(second, by=colleague, reason="也不归我们")
    client = strong_client(city.home.secretary)
    page = shown(client, "tab=returned")
    assert page.count("row-link") == 1 and "供电所" in page
    workflow.handle(request, by=city.home.secretary, responsible=city.home.secretary)
    assert "row-link" not in shown(client, "tab=returned")


def test_the_page_of_a_returned_lead_leads_to_its_ways_out():
    city, unit, officer = a_town()
    made = one_of_each(city, unit, officer)
    row, client = made["returned"], strong_client(city.home.secretary)
    number, page = row.service_request.number, open_page(client, f"{URL}{row.pk}/")
    for step in ("dispatch", "handle"):
        assert f"/desk/requests/{number}/{step}/" in page
        assert client.get(f"/desk/requests/{number}/{step}/").status_code == 200
    assert "另派主办" not in open_page(strong_client(officer), f"{URL}{row.pk}/")
    assert "没有签收" not in page
    workflow.handle(row.service_request, by=city.home.secretary, responsible=city.home.secretary)
    assert "另派主办" not in open_page(client, f"{URL}{row.pk}/")


def test_the_headline_when_nothing_waits():
    city, unit, _ = a_town()
    client = strong_client(city.home.secretary)
    assert "没有在外的派单" in shown(client)
    with clock.at(NOON):
        sent(city, unit, accepted(city))
        assert "派出 1 件，都在期限内" in shown(client)


def test_a_unit_can_be_searched_for():
    city, unit, officer = a_town()
    one_of_each(city, unit, officer)
    client = strong_client(city.home.secretary)
    with clock.at(NOON):
        assert len(said_in(shown(client, "tab=all&q=住建"))) == len(KEYS)
        assert "没有找到" in shown(client, "tab=all&q=供电所")


def test_after_escalation_the_street_has_them_and_the_neighbours_never():
    city, unit, officer = a_town()
    made = one_of_each(city, unit, officer)
    above = a_user("街道干部")
    appoint(above, Post.OFFICER, city.street)
    with clock.at(NOON):
        workflow.VERBS["escalate"](made["hand"].service_request, by=city.home.secretary, reason="管不了")
        assert said_in(shown(strong_client(above), "tab=all")) == {"hand"}
        assert "hand" not in said_in(shown(strong_client(city.home.secretary), "tab=all"))
        assert not said_in(shown(strong_client(city.next_door.secretary), "tab=all"))


def test_who_dispatches_nothing_has_no_such_page():
    _, _, officer = a_town()
    assert strong_client(officer).get(URL).status_code == 404
    assert strong_client(a_user()).get(URL).status_code == 404


def test_the_list_costs_the_same_for_three_rows_and_for_sixty():
    city, unit, _ = a_town()
    client, cost = strong_client(city.home.secretary), {}
    with clock.at(NOON):
        for wanted in (3, 60):
            while dispatches.Dispatch.objects.count() < wanted:
                sent(city, unit, accepted(city))
            cost[wanted] = queries_of(client, f"{URL}?tab=sign")
    assert cost[3] == cost[60] <= 12, cost
