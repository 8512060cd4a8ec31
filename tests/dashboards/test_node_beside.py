"""看板: what stands beside the figures, charts, and pages of nodes that have nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from dashboards.page import sparks
from dashboards.page.breakdowns import spans
from dashboards.places import of_node
from grids.models import Household
from ground import clock
from organizations import tree
from organizations.models import Organization
from organizations.posts import Post, Tier
from tests.dashboards.page_scenes import (
    NOW,
    at_work,
    context_of,
    listed,
    officer_of,
    page_of,
    rolled,
    rows_of,
)
from tests.dashboards.rolling.scenes import planted
from tests.desk.scenes import accept, ask, contact
from tests.factories import City, a_community, a_member, appoint
from tests.grids.homes import a_resident
from tests.signing_in import strong_client
from tests.volunteers import scenes
from volunteers import leaderboards

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return scenes.a_city()


# Beside the figures


def test_the_district_and_the_community_show_their_boards(city: City) -> None:
    volunteer = scenes.a_volunteer(city, name="林晓梅")
    scenes.credited(city.home, volunteer)
    at = NOW + timedelta(hours=10)
    rolled(at)
    client = officer_of(city)
    with clock.at(at):
        leaderboards.refresh_due()
    for node in (city.district, city.home.organization):
        page = page_of(client, node, "?period=month", at)
        assert "报到之星" in page and "林晓梅" in page
    assert "报到之星" not in page_of(client, city.street, at=at)


def test_peers_are_told_by_rank_and_median_not_by_name(city: City) -> None:
    third = a_community(city.street, "第三")
    for place, asked in ((city.home, (True, True)), (city.next_door, (True, False)), (third, (False, False))):
        for number, is_quick in enumerate(asked):
            start = NOW - timedelta(days=10, minutes=number)
            each = ask(place, start)
            accept(each, place, start)
            contact(each, place, start + timedelta(hours=1 if is_quick else 200))
    rolled()
    client = strong_client(city.next_door.secretary)
    context = context_of(client, city.next_door.organization)
    line = next(each for each in context["compared"] if each.label == "响应率")
    assert (line.own.text, line.rank.text, line.of, line.median.text) == ("50.0%", "2", 3, "50.0%")
    page = page_of(client, city.next_door.organization)
    assert "武江区 3 个社区" in page and "花城社区" not in page and "第三社区" not in page


def test_what_is_coming_is_counted_and_named(city: City) -> None:
    scenes.a_volunteer(city)
    scenes.a_whistle(
        city.home, title="清洁日", starts_at=NOW + timedelta(days=2), ends_at=NOW + timedelta(days=2, hours=1)
    )
    scenes.a_whistle(
        city.home, title="太远了", starts_at=NOW + timedelta(days=9), ends_at=NOW + timedelta(days=9, hours=1)
    )
    rolled()
    for node in (city.district, city.home.organization):
        coming = context_of(officer_of(city), node)["coming"]
        assert [each["title"] for each in coming.whistles] == ["清洁日"]
        assert coming.whistle_count.value == 1
        assert str(coming.quarter_ends) == "2026-12-31" and coming.days_left == 41
    assert context_of(officer_of(city), city.next_door.organization)["coming"].whistles == []


def test_charts_add_up_to_what_was_submitted(city: City) -> None:
    at_work(city.home)
    rolled()
    client = officer_of(city)
    for query, parts in (
        ("", 20),
        ("?period=quarter", 8),
        ("?period=year", 11),
        ("?period=any&from=2026-11-04&to=2026-11-12", 9),
    ):
        context = context_of(client, city.district, query)
        charts = {chart.key: chart for chart in context["charts"]}
        total = context["table"].total.numbers.figures
        assert sum(charts["trend"].series[0].values) == total.own > 0
        assert sum(charts["trend"].series[1].values) == total.resolved
        assert len(charts["trend"].labels) == parts
        for key in ("category", "track", "source"):
            assert sum(charts[key].series[0].values) == total.submitted
        for label_url, value in zip(charts["track"].urls, charts["track"].series[0].values, strict=True):
            assert listed(client, label_url) == value


# Empty


def test_before_the_first_round_the_page_says_so(city: City) -> None:
    at_work(city.home)
    client = officer_of(city)
    for node in (city.district, city.home.organization, city.home.grid.branch):
        page = page_of(client, node)
        assert "还没有汇总" in page and "rebuild_rollups" in page


@pytest.mark.parametrize(
    "period", ["today", "week", "month", "quarter", "year", "any&from=2026-01-01&to=2026-01-31"]
)
def test_nodes_without_anything_have_a_page(city: City, period: str) -> None:
    branch = city.home.grid.branch
    assert branch is not None
    street = tree.plant(parent=city.district, tier=Tier.STREET, name="空街道", code="", by=None)
    group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name="第一楼栋党小组", by=None)
    rolled()
    client = officer_of(city)
    for node in (city.district, street, city.home.organization, branch, group):
        page = page_of(client, node, f"?period={period}")
        assert "堵在哪里" in page and "从点单到满意" in page
    assert "的表，可以左右滑动" not in page_of(client, street)


def test_a_duty_zone_says_who_looks_after_what(city: City) -> None:
    branch = city.home.grid.branch
    assert branch is not None
    group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name="第一楼栋党小组", by=None)
    zone = tree.plant(parent=group, tier=Tier.DUTY_ZONE, name="一单元责任区", by=None)
    client = officer_of(city)
    page = page_of(client, zone)
    assert "还没有任命党员中心户" in page and "第一楼栋党小组" in page
    member = a_member(city, name="周志明")
    appoint(member.user, Post.DUTY_MEMBER, zone)
    resident = a_resident(city.home)
    Household.objects.filter(pk=resident.household_id).update(contact_member=member)
    rolled()
    page = page_of(client, zone)
    assert "周志明" in page
    assert (
        f'<span data-n="households" data-place="{of_node(zone.pk)}" data-derived="contact">1</span>' in page
    )


def test_a_building_of_a_zone_gives_it_figures(city: City) -> None:
    branch = city.home.grid.branch
    assert branch is not None
    group = tree.plant(parent=branch, tier=Tier.BUILDING_GROUP, name="第一楼栋党小组", by=None)
    zone = tree.plant(parent=group, tier=Tier.DUTY_ZONE, name="一单元责任区", by=None)
    type(city.home.building).objects.filter(pk=city.home.building.pk).update(group=zone)
    ask(city.home, NOW - timedelta(hours=1))
    rolled()
    client = officer_of(city)
    for node in (zone, group):
        total = rows_of(context_of(client, node))["合计"]["点单"]
        assert total.value == 1 == listed(client, total.url)


def test_days_that_make_no_sense_are_refused_in_words_on_the_page(city: City) -> None:
    rolled()
    client = officer_of(city)
    page = page_of(client, city.district, "?period=any&from=2026-11-09&to=2026-11-01")
    assert "起始日期晚于截止日期，请对调；现在看到的是本月。" in page
    page = page_of(client, city.district, "?period=any&from=2026-11-01&to=2026-11-09")
    assert 'name="from" required value="2026-11-01"' in page and 'role="alert"' not in page
    assert (
        reverse("dashboards:node", args=[city.street.pk])
        + "?period=any&amp;from=2026-11-01&amp;to=2026-11-09"
        in page
    )


def test_a_community_that_has_just_moved_leaves_nobody_less_than_nothing(city: City) -> None:
    """Until the next round its line stands on the new street, whose own figures do not hold it yet."""
    at_work(city.home)
    other = planted(city.district, Tier.STREET, "西城街道党工委")
    client = officer_of(city)
    rolled()
    with clock.at(NOW):
        tree.move(Organization.objects.get(pk=city.home.organization.pk), to=other, by=None)
    rows = rows_of(context_of(client, other))
    assert rows["花城社区"]["点单"].value == 9
    assert all((number.value or 0) >= 0 for row in rows.values() for number in row.values())
    rolled()
    rows = rows_of(context_of(client, other))
    assert rows["合计"]["点单"].value == rows["花城社区"]["点单"].value == 9


@pytest.mark.parametrize("n", range(1, 8))
def test_every_row_of_charts_is_full(n: int) -> None:
    widths = [int(each[1:]) if each else 12 for each in spans(n)]
    assert len(widths) == n
    row = 0
    for width in widths:
        row = (row + width) if row < 12 else width
        assert row <= 12
    assert row == 12


def test_a_drawing_of_two_values_says_nothing_and_is_none() -> None:
    assert sparks.line([None, 0.4, 0.9], "done") is None
    assert sparks.line([0.1, 0.4, None, 0.9], "done") is not None
    assert sparks.bars([0, 0, 12]) is None
    assert sparks.bars([0, 3, 12]) is not None


def test_the_headline_names_the_place_with_the_most_where_none_has_half(city: City) -> None:
    third = a_community(city.street, "第三")
    for place, times in ((city.home, 4), (city.next_door, 3), (third, 2)):
        for day in range(1, times + 1):
            ask(place, NOW - timedelta(days=day + 3))
    rolled()
    client = officer_of(city)
    said = context_of(client, city.street)["headline_text"]
    assert re.fullmatch(r"新华街道：9 件超时，花城社区最多（4 件）(，多为.+)?", said)
    past = context_of(client, city.street, "?from=2026-03-01&to=2026-05-10")["headline_text"]
    assert past.startswith("新华街道：现在 9 件超时")


def test_other_days_keep_the_figure_and_the_sorting(city: City) -> None:
    rolled()
    page = page_of(officer_of(city), city.street, "?period=week&figure=open&sort=name")
    for address in (
        "?period=year&amp;figure=open&amp;sort=name",
        "?period=week&amp;figure=open&amp;sort=submitted#children",
    ):
        assert f'href="{address}"' in page
    form = re.search(r'<form method="get" class="any-form">.*?</form>', page, re.DOTALL)
    assert form is not None and 'name="figure" value="open"' in form[0]
