"""The list, one pattern, the two decisions on the page, the excerpt, the menu: sight, words, cost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboards import patterns
from dashboards.areas import area_of
from dashboards.models import Pattern
from dashboards.patterns import deciding
from desk import worklist
from grids.models import Building
from ground import clock
from organizations.models import Organization
from requests.models import ServiceRequest
from tests.dashboards.patterns.scenes import NOW, again_and_again, another_building, look, proposed
from tests.desk.scenes import open_page, queries_of, secretary_of
from tests.factories import City, Community, a_city, a_grid_worker, a_unit, a_user, appoint
from tests.organizations.policy_scenes import an_officer, sign
from tests.signing_in import strong_client, weak_client
from tests.workflow import a_category

pytestmark = pytest.mark.django_db
LIST = "/desk/patterns/"
GARBAGE = (
    "?state=x",
    "?kind=x&category=²",
    "?within=9999999999999999999",
    "?category=-1",
    "?page=zz&within=a",
)


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def pattern(city: City) -> Pattern:
    return proposed(city)


def page_of(pattern: Pattern) -> str:
    return reverse("dashboards:pattern", args=[pattern.pk])


def officer_of(place: Organization) -> Client:
    return strong_client(an_officer(place))


def switch_off(city: City) -> None:
    sign(an_officer(city.district), city.district, pattern_building=0, pattern_compound=0)


# The list


def test_the_list_says_where_what_and_how_often(city, pattern):
    page = open_page(secretary_of(city), LIST)
    assert "1 处反复出现同样的点单" in page and "花城小区 1 栋" in page and "3 周里" in page
    assert re.search(r"<b>4</b> 件<small>4 人提出", page)
    assert "周小兰" not in page and "一栋楼</small>" in page
    assert "一栋楼 · 花城社区</small>" in open_page(officer_of(city.street), LIST)


def test_filters_live_in_the_address(city, pattern):
    client = secretary_of(city)
    for query, is_there in (
        ("?kind=building", True),
        ("?kind=compound", False),
        (f"?category={pattern.category_id}", True),
        (f"?category={a_category('water').pk}", False),
        ("?state=dismissed", False),
        ("?state=all", True),
        (f"?within={city.home.organization.pk}", True),
        (f"?within={city.district.pk}", True),
        (f"?within={city.next_door.organization.pk}", False),
    ):
        assert (page_of(pattern) in open_page(client, f"{LIST}{query}")) is is_there, query


@pytest.mark.parametrize("query", GARBAGE)
def test_garbage_in_the_address_is_a_page(city, pattern, query):
    assert "未诉先办" in open_page(secretary_of(city), f"{LIST}{query}")


def test_nothing_found_is_said(city):
    assert "没有反复出现的点单" in open_page(secretary_of(city), LIST)
    assert "没有找到" in open_page(secretary_of(city), f"{LIST}?state=filed")


def test_outsiders_find_nothing(city, pattern):
    for client in (secretary_of_next_door(city), officer_of(a_city("浈江").district)):
        assert page_of(pattern) not in open_page(client, f"{LIST}?state=all")
        assert client.get(page_of(pattern)).status_code == 404
        for name in ("file_pattern", "dismiss_pattern"):
            assert client.post(reverse(f"dashboards:{name}", args=[pattern.pk])).status_code == 404
    resident = weak_client(a_user())
    assert resident.get(LIST).status_code == resident.get(page_of(pattern)).status_code == 404
    liaison = a_user("联络员")
    appoint(liaison, "unit_liaison", a_unit(city))
    assert strong_client(liaison).get(page_of(pattern)).status_code == 404


def secretary_of_next_door(city: City) -> Client:
    return strong_client(city.next_door.secretary)


# One pattern


def test_one_pattern_shows_its_requests_its_weeks_and_both_forms(city, pattern):
    page = open_page(secretary_of(city), page_of(pattern))
    for row in ServiceRequest.objects.all():
        assert row.number in page
    assert [int(value) for value in re.findall(r'<td data-value="(\d+)"', page)] == [1, 1, 1, 1]
    assert "由 4 人提出。建议整栋检查一次" in page and "不立项" in page and "周小兰" not in page


def test_above_and_in_the_grid_it_is_read_only(city, pattern):
    worker = strong_client(a_grid_worker(city.home))
    for client in (officer_of(city.street), officer_of(city.district), worker):
        page = open_page(client, page_of(pattern))
        assert "立项，从根上办" not in page and "<textarea" not in page
        assert client.post(reverse("dashboards:file_pattern", args=[pattern.pk]), FILLED).status_code == 403
    assert not ServiceRequest.objects.filter(source="proactive").exists()


FILLED = {"file-title": "整栋换灯", "file-text": "整栋换声控灯"}


def test_filing_on_the_page_leads_to_the_request(city, pattern):
    client = secretary_of(city)
    sent = client.post(reverse("dashboards:file_pattern", args=[pattern.pk]), FILLED)
    filed = ServiceRequest.objects.get(source="proactive")
    assert sent.status_code == 302 and sent["Location"] == reverse("desk:request", args=[filed.number])
    page = open_page(client, sent["Location"])
    assert "为这 4 件立项" in page and all(row.number in page for row in filed.symptoms.all())
    row = filed.symptoms.first()
    assert f'社区已立项：<a class="link" href="{sent["Location"]}"' in open_page(
        client, reverse("desk:request", args=[row.number])
    )
    shown = open_page(client, page_of(pattern))
    assert "已立项" in shown and filed.number in shown and "<textarea" not in shown


def test_whoever_asked_reads_the_number_and_no_more(city, pattern):
    filed = deciding.file(pattern, by=city.home.secretary, text="整栋换声控灯")
    row = filed.symptoms.select_related("submitter").first()
    asker = weak_client(row.submitter)
    page = open_page(asker, reverse("requests:detail", args=[row.number]))
    assert f"社区已立项：{filed.number}" in page and "整栋换声控灯" not in page
    assert asker.get(reverse("requests:detail", args=[filed.number])).status_code == 404
    assert all(other.number not in page for other in filed.symptoms.exclude(pk=row.pk))


def test_what_is_wrong_is_said_at_its_field_and_kept(city, pattern):
    client = secretary_of(city)
    page = client.post(reverse("dashboards:file_pattern", args=[pattern.pk]), FILLED | {"file-text": " "})
    assert page.status_code == 200 and "请写下要办的事" in page.content.decode()
    assert "整栋换灯" in page.content.decode()
    page = client.post(reverse("dashboards:dismiss_pattern", args=[pattern.pk]), {"dismiss-reason": ""})
    assert "请写明为什么不立项" in page.content.decode()


def test_whoever_comes_second_reads_who_was_first(city, pattern):
    colleague = a_user("社工")
    appoint(colleague, "community_worker", city.home.organization)
    filed = deciding.file(pattern, by=colleague, text="整栋换灯")
    page = secretary_of(city).post(reverse("dashboards:file_pattern", args=[pattern.pk]), FILLED)
    assert f"社工已经立项：{filed.number}" in page.content.decode()


def test_dismissing_on_the_page(city, pattern):
    client = secretary_of(city)
    url = reverse("dashboards:dismiss_pattern", args=[pattern.pk])
    assert client.post(url, {"dismiss-reason": "已经排进改造计划"})["Location"] == LIST
    assert "已经排进改造计划" in open_page(client, f"{LIST}?state=dismissed")
    assert client.get(url).status_code == 405


# Policy, menu, work list, excerpt


def test_off_there_is_no_menu_no_page_no_excerpt(city, pattern):
    client = secretary_of(city)
    assert LIST in open_page(client, "/desk/")
    switch_off(city)
    assert LIST not in open_page(client, "/desk/") and client.get(LIST).status_code == 404
    assert patterns.excerpt(strong(city.home.secretary), area_of(city.home.organization))["patterns"] == []


def test_off_a_proposal_is_gone_before_the_next_round_lets_it_fade(city, pattern):
    client, api = secretary_of(city), "/api/v1/patterns/"
    assert client.get(api).json()["count"] == 1
    switch_off(city)
    assert client.get(api).json()["count"] == 0 and client.get(f"{api}{pattern.pk}/").status_code == 404
    assert client.get(page_of(pattern)).status_code == 404
    said = {"file-title": "整栋换灯", "file-text": "整栋换灯"}
    assert client.post(f"{page_of(pattern)}file/", said).status_code == 404
    Pattern.objects.update(state=Pattern.State.FADED)
    assert client.get(api).json()["count"] == 1, "what there was can still be looked up"


def strong(user: Any) -> Any:
    user.session_is_strong = True
    return user


def test_the_work_list_and_the_menu_count_what_can_be_filed(city, pattern):
    assert worklist.proposals(city.home.secretary) == 1
    page = open_page(secretary_of(city), "/desk/")
    assert "未诉先办 1 处" in page
    assert worklist.proposals(city.next_door.secretary) == 0
    deciding.dismiss(pattern, by=city.home.secretary, reason="不需要")
    assert "未诉先办 1 处" not in open_page(secretary_of(city), "/desk/")


def test_the_excerpt_names_the_three_largest_in_one_query(city):
    for number in range(2, 7):
        again_and_again(city.home, 20, 13, 6, *range(1, number), building=another_building(city.home, number))
    look(city)
    user = strong(city.home.secretary)
    user.scope_cache = {}
    for area, within in ((area_of(city.home.organization), True), (area_of(None), False)):
        patterns.excerpt(user, area)
        with CaptureQueriesContext(connection) as captured:
            found = patterns.excerpt(user, area)
        assert len(captured) == 1
        total = Pattern.objects.proposed().count()
        assert found["total"] == total > 3 and len(found["patterns"]) == 3
        assert [each.count for each in found["patterns"]] == sorted(
            Pattern.objects.proposed().values_list("count", flat=True), reverse=True
        )[:3]
        assert found["url"] == (f"{LIST}?within={city.home.organization.pk}" if within else LIST)
    branch = area_of(city.home.grid.branch)
    assert patterns.excerpt(user, branch)["total"] == total
    assert patterns.excerpt(user, area_of(city.next_door.organization))["total"] == 0
    assert patterns.excerpt(strong(city.next_door.secretary), area_of(city.district))["total"] == 0


# Cost


def test_the_pages_cost_the_same_at_ten_times_the_rows(city, pattern):
    client, url = secretary_of(city), page_of(pattern)
    before = queries_of(client, LIST), queries_of(client, url)
    _many(city.home, pattern)
    with clock.at(NOW):
        Pattern.objects.filter(pk=pattern.pk).update(count=40)
    assert (queries_of(client, LIST), queries_of(client, url)) == before
    assert max(before) <= MOST_QUERIES


#: One of them is the session's, which Redis keeps where there is one; one asks what was dispatched to the reader.
MOST_QUERIES = 10


def _many(community: Community, pattern: Pattern) -> None:
    """Ten times the patterns, and ten times the requests of one of them."""
    for number in range(20, 40):
        building: Building = another_building(community, number)
        Pattern.objects.create(
            building=building, category=pattern.category, count=4, people=2, weeks=2, first_at=pattern.first_at,
            last_at=pattern.last_at, district=pattern.district, street=pattern.street, community=pattern.community,
        )  # fmt: skip
    again_and_again(community, *(1 + number / 2 for number in range(36)))
