"""政策: the page that says what holds, who signed it, and takes a signature (RULES 4, 6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from desk.policy_forms import PolicyForm, SpanWidget
from ground import clock
from ground.worktime import Span
from organizations import policies, tree
from organizations.models import Policy
from organizations.posts import Post, Tier
from tests.desk.scenes import open_page, queries_of
from tests.factories import City, a_city, a_grid_worker, a_unit, a_user, appoint
from tests.organizations.policy_scenes import an_officer, sign
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db
PAGE = "/desk/policies/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city: City) -> Any:
    return an_officer(city.district)


def filled(city: City, preset: str = "", **changes: Any) -> dict[str, Any]:
    """What a browser sends of the prefilled form, with changes."""
    form = PolicyForm(now=Policy.of(city.district.pk), preset=preset)
    given: dict[str, Any] = {"document": "会议纪要 3 号"}
    for field in form:
        value = field.value()
        if isinstance(field.field.widget, SpanWidget):
            number, unit = field.field.widget.decompress(value)
            given |= {f"{field.name}_0": number, f"{field.name}_1": unit}
        elif value is not None and value is not False:
            given[field.name] = "on" if value is True else str(value)
    return given | changes


def test_it_says_what_holds_where_nothing_was_signed(city, officer):
    page = open_page(strong_client(officer), PAGE)
    assert "还没有签发政策，按平台默认（韶关 2020）" in page
    for words in ("30 分钟", "24 小时", "15 个工作日", "攻坚哨", "每季度 1 次、每年 20 小时", "12348"):
        assert words in page
    assert "点赞功能启用以后生效" not in page and "巡查功能启用以后生效" in page
    assert "全部名次，不对外公开" in page


def test_the_district_signs_and_everybody_below_reads(city, officer):
    client = strong_client(officer)
    given = filled(city, ask_days=3, urgent_accept_0=15, hard_resolve_0=2, hard_resolve_1="hours")
    answer = client.post(PAGE, given)
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?district={city.district.pk}")
    policy = Policy.objects.get()
    assert (policy.signed_by, policy.preset, policy.ask_days) == (officer, "shaoguan", 3)
    assert policy.span("urgent", "accept") == Span(minutes=15)
    assert policy.span("hard", "resolve") == Span(minutes=120)
    street = a_user("街道")
    appoint(street, Post.OFFICER, city.street)
    for reader in (street, city.home.secretary, a_grid_worker(city.home)):
        page = open_page(strong_client(reader), PAGE)
        assert "会议纪要 3 号" in page and "15 分钟" in page and "组织科长" in page
        assert "签发新政策" not in page and "政策由区里签发" in page


def test_boards_are_opened_to_everybody_by_a_signature_of_their_own(city, officer):
    client = strong_client(officer)
    assert client.post(PAGE, filled(city, boards_public="on")).status_code == 302
    assert Policy.objects.get().boards_public
    assert "全部名次，不登录也能看" in open_page(client, PAGE)


def test_a_preset_fills_the_form_in_and_signs_nothing_yet(city, officer):
    client = strong_client(officer)
    page = open_page(client, f"{PAGE}?preset=relief")
    assert "表里先填好了“减负”的做法" in page and not Policy.objects.exists()
    assert client.post(PAGE, filled(city, preset="relief")).status_code == 302
    policy = Policy.objects.get()
    assert (policy.preset, policy.boards, policy.quota_hours, policy.likes_shown) == (
        *("relief", "positive", 0, False),
    )
    assert "（减负）" in open_page(client, PAGE) and "不设指标" in open_page(client, PAGE)
    assert "表里先填好了现在的做法" in open_page(client, f"{PAGE}?preset=gold")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ask_days": 0}, "ask_days"),
        ({"document": ""}, "document"),
        ({"begins_on": "2020-01-01"}, "begins_on"),
        ({"begins_on": "soon"}, "begins_on"),
        ({"hard_resolve_0": 999}, "hard_resolve"),
        ({"hard_resolve_0": ""}, "hard_resolve"),
        ({"hard_resolve_0": "many"}, "hard_resolve"),
        ({"hard_resolve_1": "weeks"}, "hard_resolve"),
        ({"work_dispatch_sign_0": -1}, "work_dispatch_sign"),
        ({"like_weight": "-1"}, "like_weight"),
        ({"boards": "gold"}, "boards"),
        ({"boards": "off", "boards_public": "on"}, "boards_public"),
        ({"legal_route": "x" * 301}, "legal_route"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_signed(city, officer, changes, field):
    answer = strong_client(officer).post(PAGE, filled(city, **changes))
    assert answer.status_code == 200 and list(answer.context["form"].errors) == [field]
    assert "表里先填好了" not in answer.content.decode()
    assert not Policy.objects.exists()


def test_who_may_not_sign_is_refused_and_strangers_find_nothing(city, officer):
    given = filled(city)
    assert strong_client(city.home.secretary).post(PAGE, given).status_code == 403
    liaison = a_user("联络员")
    appoint(liaison, Post.UNIT_LIAISON, a_unit(city))
    for stranger in (a_user("居民"), a_user("管理员", is_administrator=True), liaison):
        assert strong_client(stranger).get(PAGE).status_code == 404
    assert weak_client(officer).get(PAGE).status_code == 302
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990001", by=None)
    client = strong_client(officer)
    assert client.get(f"{PAGE}?district={other.pk}").status_code == 404
    assert client.post(f"{PAGE}?district={other.pk}", given).status_code == 404
    assert not Policy.objects.exists()


def test_the_city_chooses_among_its_districts(city, officer):
    tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990001", by=None)
    municipal = a_user("市里")
    appoint(municipal, Post.OFFICER)
    client = strong_client(municipal)
    sign(officer, city.district, preset="relief")
    page = open_page(client, f"{PAGE}?district={city.district.pk}")
    assert "（减负）" in page and "浈江" in page
    assert "现行政策自" in open_page(client, f"{PAGE}?district={city.district.pk}")


def test_what_comes_is_told_beside_what_holds(city, officer):
    sign(officer, city.district, days=7, preset="relief", document="下周起")
    page = open_page(strong_client(officer), PAGE)
    assert "还没有签发政策" in page and "已签发，还没有施行" in page and "下周起" in page
    with clock.at(clock.now() + timedelta(days=7)):
        assert "（减负）" in open_page(strong_client(officer), PAGE)


def test_the_menu_leads_there_and_history_costs_no_queries(city, officer):
    client = strong_client(officer)
    assert f'href="{reverse("desk:policies")}"' in open_page(client, PAGE)
    sign(officer, city.district, ask_days=3)
    few = queries_of(client, PAGE)
    for days in range(4, 10):
        sign(officer, city.district, ask_days=days)
    assert queries_of(client, PAGE) == few <= 11  # one of them asks for the days of a year unknown
    assert list(policies.PRESETS) == ["shaoguan", "relief"]
