"""范围标准: signed by the district, dated, never changed (RULES 6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from grids import policies
from grids.models import TerritoryPolicy
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.history import AppendOnlyError
from organizations import tree
from organizations.posts import Post, Tier
from tests.desk.scenes import open_page
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db
DEFAULTS = {name: TerritoryPolicy._meta.get_field(name).default for name in policies.NUMBERS}


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city: City) -> Any:
    user = a_user("组织科长")
    appoint(user, Post.OFFICER, city.district)
    return user


def sign(by: Any, city: City, days: int = 0, **numbers: int) -> TerritoryPolicy:
    return policies.sign(
        by=by,
        district=city.district,
        begins_on=clock.today() + timedelta(days=days),
        document="武组〔2026〕12 号",
        **(DEFAULTS | numbers),
    )


def test_the_numbers_named_are_all_that_the_model_has():
    measured = {
        field.name for field in TerritoryPolicy._meta.fields if field.name.endswith(("_min", "_max", "_days"))
    }
    assert set(policies.NUMBERS) == measured


def test_it_holds_from_its_day_on_and_the_one_before_stays(city, officer):
    now = sign(officer, city, blocks_max=90)
    later = sign(officer, city, days=10, blocks_max=100)
    assert TerritoryPolicy.of(city.district.pk) == now
    assert TerritoryPolicy.of(city.district.pk, later.begins_on) == later
    assert (now.signed_by, now.blocks_max, now.document) == (officer, 90, "武组〔2026〕12 号")
    again = sign(officer, city, blocks_max=95)
    assert TerritoryPolicy.of(city.district.pk) == again
    with pytest.raises(AppendOnlyError):
        now.save()
    assert TerritoryPolicy.objects.count() == 3


def test_without_a_signature_the_defaults_hold(city):
    assert TerritoryPolicy.of(city.district.pk).people_max == 10_000
    assert TerritoryPolicy.in_force_in([city.district.pk]) == {}


def test_only_those_who_change_policies_at_the_district_sign(city, officer):
    street = a_user("街道")
    appoint(street, Post.OFFICER, city.street)
    leader = a_user("分管领导")
    appoint(leader, Post.LEADER_IN_CHARGE, city.district)
    elsewhere = a_user("外区")
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990001", by=None)
    appoint(elsewhere, Post.OFFICER, other)
    for outsider in (
        street,
        leader,
        elsewhere,
        city.home.secretary,
        a_grid_worker(city.home),
        a_user(),
        None,
    ):
        with pytest.raises(NoPower):
            sign(outsider, city)
    assert not TerritoryPolicy.objects.exists()
    secretary = a_user("区委书记")
    appoint(secretary, Post.SECRETARY, city.district)
    assert sign(secretary, city).pk


def test_what_is_wrong_is_said_at_its_field(city, officer):
    cases = [
        ({"days": -1}, "begins_on", "不能早于今天"),
        ({"people_min": 20_000}, "people_min", "下限不能大于上限"),
        ({"contact_min": 13}, "contact_min", "下限不能大于上限"),
        ({"red_days": 0}, "red_days", "至少 1 天"),
        ({"branch_max": 10_000_000}, "branch_max", "之间的整数"),
    ]
    for wrong, field, sentence in cases:
        with pytest.raises(RuleViolation, match=sentence) as refused:
            sign(officer, city, **wrong)
        assert refused.value.field == field
    with pytest.raises(RuleViolation, match="依据") as refused:
        policies.sign(by=officer, district=city.district, begins_on=clock.today(), document=" ", **DEFAULTS)
    assert refused.value.field == "document"
    with pytest.raises(TypeError):
        policies.sign(by=officer, district=city.district, begins_on=clock.today(), document="x", people_min=1)
    assert not TerritoryPolicy.objects.exists()


def test_a_second_tap_signs_nothing(city, officer):
    sign(officer, city, blocks_max=90)
    with pytest.raises(RuleViolation, match="完全一样"):
        sign(officer, city, blocks_max=90)
    assert TerritoryPolicy.objects.count() == 1


# The page


def test_the_district_signs_on_the_page_and_the_community_reads(city, officer):
    client, url = strong_client(officer), reverse("grids:policy")
    assert "还没有签发" in open_page(client, url)
    given = {
        **DEFAULTS,
        "blocks_max": 95,
        "begins_on": clock.today().isoformat(),
        "document": "会议纪要 3 号",
    }
    assert client.post(url, given).status_code == 302
    policy = TerritoryPolicy.objects.get()
    assert policy.blocks_max == 95 and policy.signed_by == officer
    page = open_page(strong_client(city.home.secretary), url)
    assert "50–95 户" in page and "会议纪要 3 号" in page and "签发新标准" not in page
    wrong = client.post(url, given | {"blocks_max": 10})
    assert "下限不能大于上限" in wrong.content.decode()
    assert TerritoryPolicy.objects.count() == 1


def test_a_community_that_posts_is_refused_and_a_district_out_of_sight_is_not_found(city, officer):
    url = reverse("grids:policy")
    given = {**DEFAULTS, "begins_on": clock.today().isoformat(), "document": "自己定的"}
    assert strong_client(city.home.secretary).post(url, given).status_code == 403
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990002", by=None)
    for user in (officer, city.home.secretary):
        assert strong_client(user).get(f"{url}?district={other.pk}").status_code == 404
        assert strong_client(user).post(f"{url}?district={other.pk}", given).status_code == 404
    assert strong_client(a_user("居民")).get(url).status_code == 404
    assert weak_client(officer).get(url).status_code == 302
    assert not TerritoryPolicy.objects.exists()


def test_city_posts_choose_the_district(city, officer):
    tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990003", by=None)
    inspector = a_user("市里")
    appoint(inspector, Post.OFFICER)
    sign(officer, city, blocks_max=91)
    page = open_page(strong_client(inspector), f"{reverse('grids:policy')}?district={city.district.pk}")
    assert "50–91 户" in page and "浈江区委" in page
