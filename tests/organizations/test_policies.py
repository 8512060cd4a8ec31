"""政策: signed by the district, dated, never changed; the two presets (RULES 4, 6)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.history import AppendOnlyError
from ground.worktime import Span
from organizations import policies, tree
from organizations.models import Policy
from organizations.models.policies import default_spans
from organizations.posts import Post, Tier
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.organizations.policy_scenes import DOCUMENT, an_officer, sign
from tests.workflow import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city: City) -> Any:
    return an_officer(city.district)


def spans_with(group: str, name: str, span: Any) -> dict[str, Any]:
    spans: dict[str, Any] = default_spans()
    spans[group][name] = span
    return spans


def test_the_fields_named_are_all_that_the_model_has():
    heading = {"id", "district", "begins_on", "signed_by", "signed_at", "document", "preset"}
    assert {field.name for field in Policy._meta.fields} == {*policies.FIELDS, *heading}


def test_without_a_signature_the_rules_as_of_2020_hold(city):
    policy = Policy.of(city.district.pk)
    assert policy.pk is None and policy.preset == "shaoguan"
    assert policies.preset_of({name: getattr(policy, name) for name in policies.FIELDS}) == "shaoguan"
    assert policy.span("urgent", "accept") == Span(minutes=30)
    assert policy.span("hard", "resolve") == Span(working_days=15)
    assert policy.span("hard_dispatch", "contact") == Span(minutes=1440)
    assert policy.span("work_dispatch", "contact") is None and policy.span("green", "accept") is None
    days = [policy.ask_days, policy.lapse_days, policy.reopen_days, policy.object_days]
    assert days == [5, 7, 15, 15] and "12348" in policy.legal_route


def test_it_holds_from_its_day_on_and_the_one_before_stays(city, officer):
    now = sign(officer, city.district, ask_days=3)
    later = sign(officer, city.district, days=10, lapse_days=9)
    assert Policy.of(city.district.pk) == now
    assert Policy.of(city.district.pk, later.begins_on) == later
    assert Policy.of(city.district.pk, clock.today() - timedelta(days=1)).pk is None
    assert (now.signed_by, now.document, now.ask_days) == (officer, DOCUMENT, 3)
    assert later.ask_days == 3  # what is not named stays as it is on that day
    again = sign(officer, city.district, ask_days=4)
    assert Policy.of(city.district.pk) == again
    with pytest.raises(AppendOnlyError):
        now.save()
    with pytest.raises(AppendOnlyError):
        Policy.objects.filter(pk=now.pk).update(ask_days=9)
    with pytest.raises(AppendOnlyError):
        now.delete()
    assert Policy.objects.count() == 3


def test_districts_are_read_in_one_query_each_with_its_own(city, officer, django_assert_num_queries):
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990001", by=None)
    mine = sign(officer, city.district, quota_hours=30)
    with django_assert_num_queries(1):
        found = Policy.in_force_in([city.district.pk, other.pk])
    assert found[city.district.pk] == mine
    assert found[other.pk].pk is None and found[other.pk].quota_hours == 20


def test_only_those_who_change_policies_at_the_district_or_the_city_sign(city, officer):
    street, leader = a_user("街道"), a_user("分管领导")
    appoint(street, Post.OFFICER, city.street)
    appoint(leader, Post.LEADER_IN_CHARGE, city.district)
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990001", by=None)
    elsewhere = an_officer(other, "外区")
    administrator = a_user("管理员", is_administrator=True)
    grid_worker = a_grid_worker(city.home)
    for outsider in (street, leader, elsewhere, administrator, city.home.secretary, grid_worker, None):
        with pytest.raises(NoPower):
            sign(outsider, city.district)
    assert not Policy.objects.exists()
    secretary, municipal = a_user("区委书记"), a_user("市里")
    appoint(secretary, Post.SECRETARY, city.district)
    appoint(municipal, Post.OFFICER)
    assert sign(secretary, city.district).pk
    assert sign(municipal, city.district, preset="relief").pk


def test_policies_are_in_sight_where_anything_is(city, officer):
    policy = sign(officer, city.district)
    for reader in (officer, city.home.secretary, a_grid_worker(city.home)):
        assert list(Policy.objects.visible_to(reader)) == [policy]
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", code="990001", by=None)
    for stranger in (an_officer(other, "外区"), a_user(), a_user("管理员", is_administrator=True)):
        assert not Policy.objects.visible_to(stranger).exists()


# Presets


def test_the_relief_switches_off_what_the_rules_against_burdens_limit(city, officer):
    policy = sign(officer, city.district, preset="relief")
    assert (policy.preset, policy.attendance, policy.boards) == ("relief", "optional", "positive")
    assert (policy.likes_shown, policy.like_weight, policy.patrol_tracks) == (False, 0, False)
    assert (policy.quota_times, policy.quota_hours, policy.resolve_photos) == (0, 0, "never")
    assert policy.spans == default_spans()
    back = sign(officer, city.district, preset="shaoguan")
    assert (back.boards, back.quota_hours, back.patrol_tracks) == ("on", 20, False)


def test_a_preset_that_was_changed_is_ones_own_and_clocks_do_not_count(city, officer):
    assert sign(officer, city.district, preset="relief", quota_hours=5).preset == "own"
    clocks = spans_with("urgent", "accept", {"minutes": 15})
    policy = sign(officer, city.district, preset="relief", spans=clocks)
    assert policy.preset == "relief" and policy.span("urgent", "accept") == Span(minutes=15)


# Refusals


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"days": -1}, "begins_on", "不能早于今天"),
        ({"document": " "}, "document", "依据"),
        ({"document": "长" * 61}, "document", "最多 60 个字"),
        ({"preset": "gold"}, "preset", "方案"),
        ({"ask_days": 0}, "ask_days", "1 到 365"),
        ({"object_days": 366}, "object_days", "1 到 365"),
        ({"quota_hours": -1}, "quota_hours", "0 到 1000"),
        ({"like_weight": Decimal("-0.1")}, "like_weight", "0 到 10"),
        ({"likes_shown": False, "like_weight": Decimal(1)}, "like_weight", "权重填 0"),
        ({"boards": "gold"}, "boards", "列出的"),
        ({"legal_route": " "}, "legal_route", "法定途径"),
        ({"legal_route": "长" * 301}, "legal_route", "最多 300 字"),
        ({"spans": []}, "spans", "分开写"),
        ({"spans": {"urgent": {}}}, "spans", "一个不多"),
        ({"spans": {**default_spans(), "green": {}}}, "spans", "一个不多"),
        ({"spans": spans_with("hard", "accept", {"minutes": 0})}, "hard_accept", "分钟"),
        ({"spans": spans_with("hard", "accept", {"minutes": 43_201})}, "hard_accept", "30 天"),
        ({"spans": spans_with("hard", "resolve", {"working_days": 121})}, "hard_resolve", "120 个工作日"),
        ({"spans": spans_with("hard", "resolve", {"minutes": 5, "working_days": 1})}, "hard_resolve", "只选"),
        ({"spans": spans_with("hard", "resolve", {"working_days": "5"})}, "hard_resolve", "整数"),
        ({"spans": spans_with("hard", "resolve", {"working_days": True})}, "hard_resolve", "整数"),
        ({"spans": spans_with("hard_dispatch", "sign", {"hours": 1})}, "hard_dispatch_sign", "分钟"),
        ({"spans": spans_with("work_dispatch", "arrive", None)}, "work_dispatch_arrive", "整数"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(city, officer, fields, field, sentence):
    with pytest.raises(RuleViolation, match=sentence) as refused:
        sign(officer, city.district, **fields)
    assert refused.value.field == field and not Policy.objects.exists()


def test_a_second_tap_signs_nothing_and_a_street_has_no_policy(city, officer):
    sign(officer, city.district, ask_days=3)
    with pytest.raises(RuleViolation, match="完全一样"):
        sign(officer, city.district, ask_days=3)
    municipal = a_user("市里")
    appoint(municipal, Post.OFFICER)
    with pytest.raises(RuleViolation, match="按区县"):
        sign(municipal, city.street)
    with pytest.raises(TypeError):
        sign(officer, city.district, colour="red")
    assert Policy.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"ask_days": 0},
        {"quota_hours": 1_001},
        {"like_weight": Decimal(-1)},
        {"boards": "gold"},
        {"document": ""},
        {"legal_route": ""},
    ],
)
def test_the_database_holds_the_last_line(city, officer, wrong):
    row = {"district": city.district, "signed_by": officer, "document": DOCUMENT, **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.create(**row)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_sign_once(city, officer):
    def tap() -> Policy:
        return sign(officer, city.district, preset="relief")

    outcomes = together(tap, tap)
    assert {type(each) for each in outcomes} == {Policy, RuleViolation}
    assert Policy.objects.count() == 1
