"""Which clusters are proposed: the thresholds and their edges, what counts, what fades, what comes again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from dashboards.models import Pattern
from dashboards.patterns import counting, deciding, finding
from dashboards.patterns.counting import counted_by
from ground import clock
from ground.errors import RuleViolation
from organizations import tree
from organizations.models import Organization, Policy
from organizations.posts import Post
from requests import merging, splitting, workflow
from requests.states import Outcome, Track
from tests.dashboards.patterns.scenes import (
    CHINA,
    NOW,
    again_and_again,
    another_building,
    asked,
    days_ago,
    look,
    proposed,
)
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.organizations.policy_scenes import an_officer, sign
from tests.workflow import a_category

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def policy(city: City, now: datetime = NOW, **fields: int) -> None:
    with clock.at(now):
        sign(an_officer(city.district), city.district, **fields)


# Buildings


def test_four_in_a_building_within_four_weeks_are_proposed(city):
    rows = again_and_again(city.home, 20, 13, 6, 1)
    [pattern] = look(city)
    assert (pattern.building, pattern.compound, pattern.category) == (city.home.building, None, a_category())
    assert (pattern.count, pattern.people, pattern.weeks) == (4, 4, 4)
    assert (pattern.first_at, pattern.last_at) == (rows[0].submitted_at, rows[-1].submitted_at)
    assert (pattern.community, pattern.grid) == (city.home.organization, city.home.grid)
    assert set(counted_by(pattern)) == set(rows)


def test_three_are_none_and_other_categories_do_not_help(city):
    again_and_again(city.home, 20, 13, 6)
    again_and_again(city.home, 1, category=a_category("water", name="漏水"))
    again_and_again(city.next_door, 1)
    assert look(city) == []


def test_one_person_who_asks_again_is_no_pattern_two_are(city):
    again_and_again(city.home, 20, 13, 6, 1, people=1)
    assert look(city) == []
    asked(city.home, days_ago(0.5))
    [pattern] = look(city)
    assert (pattern.count, pattern.people) == (5, 2)


def test_four_in_one_calendar_week_are_one_matter(city):
    """Monday 00:00 in Shanghai is the border: Sunday 16:00 in UTC."""
    monday = datetime(2026, 11, 16, 0, 0, tzinfo=CHINA)
    rows = [asked(city.home, monday + timedelta(hours=hours)) for hours in (0, 20, 40, 60)]
    assert look(city) == []
    rows.append(asked(city.home, monday - timedelta(seconds=1)))
    [pattern] = look(city)
    assert (pattern.count, pattern.weeks) == (5, 2)


def test_the_window_begins_at_midnight_27_days_ago(city):
    first = datetime(2026, 10, 24, 0, 0, tzinfo=CHINA)
    again_and_again(city.home, 13, 6, 1)
    asked(city.home, first - timedelta(seconds=1))
    assert look(city) == []
    asked(city.home, first)
    [pattern] = look(city)
    assert (pattern.count, pattern.first_at) == (4, first)


@pytest.mark.parametrize(
    ("now", "weeks"),
    [
        (datetime(2028, 3, 3, 10, 0, tzinfo=CHINA), 4),  # over 29 February
        (datetime(2027, 1, 2, 10, 0, tzinfo=CHINA), 4),  # over the turn of the year, ISO week 53
    ],
)
def test_weeks_over_leap_days_and_the_turn_of_the_year(city, now, weeks):
    again_and_again(city.home, 27, 20, 8, 2, now=now)
    [pattern] = look(city, now)
    assert (pattern.count, pattern.weeks) == (4, weeks)
    [] = look(city, now + timedelta(days=1))  # the first one is too old then


# What counts


def test_what_came_to_nothing_parts_and_proactive_ones_do_not_count(city):
    secretary = city.home.secretary
    rows = again_and_again(city.home, 20, 13, 6, 5, 1)
    with clock.at(days_ago(0.9)):
        workflow.withdraw(rows[0], by=rows[0].submitter)
        workflow.decline(rows[1], by=secretary, reason="不属于社区")
        workflow.accept(rows[2], by=secretary, track=Track.IMPORTANT)
        workflow.handle(rows[2], by=secretary, responsible=secretary)
        splitting.split(rows[2], by=secretary, parts=["查线路", "换灯"])
        workflow.submit(
            by=secretary,
            category=a_category(),
            building=city.home.building,
            text="整栋检修",
            is_proactive=True,
        )
    assert look(city) == []
    asked(city.home, days_ago(0.2))
    [pattern] = look(city)
    assert pattern.count == 4


def test_what_is_merged_counts_once_also_when_it_is_resolved_with_the_other(city):
    secretary = city.home.secretary
    first, *others = again_and_again(city.home, 20, 13, 6, 1)
    with clock.at(days_ago(0.9)):
        workflow.accept(first, by=secretary, track=Track.IMPORTANT)
        merging.merge(others[-1], by=secretary, target=first)
    assert look(city) == []
    with clock.at(days_ago(0.8)):
        workflow.handle(first, by=secretary, responsible=secretary)
        workflow.resolve(first, by=secretary, outcome=Outcome.SOLVED, text="换好了")
    assert look(city) == []
    asked(city.home, days_ago(0.5))
    [pattern] = look(city)
    assert pattern.count == 4


def test_what_staff_filed_counts_and_those_without_a_phone_are_one_person(city):
    worker = a_grid_worker(city.home)
    for day in (20, 13, 6, 1):
        asked(city.home, days_ago(day), worker, without_phone=f"阿婆{day}")
    assert look(city) == []
    asked(city.home, days_ago(0.5), worker, on_behalf_of=a_user("陈伯"))
    [pattern] = look(city)
    assert (pattern.count, pattern.people) == (5, 2)


# Compounds


def test_six_across_the_buildings_of_a_compound(city):
    again_and_again(city.home, 20, 13, 6)
    again_and_again(city.home, 19, 12, building=another_building(city.home))
    assert look(city) == []
    again_and_again(city.home, 1, building=another_building(city.home, 3))
    [pattern] = look(city)
    assert (pattern.compound, pattern.building, pattern.count) == (city.home.compound, None, 6)


def test_one_building_alone_explains_it(city):
    """Four in one building and two next door: without the building nothing of the compound is left."""
    again_and_again(city.home, 20, 13, 6, 1)
    again_and_again(city.home, 19, 12, building=another_building(city.home))
    [pattern] = look(city)
    assert pattern.building == city.home.building


def test_two_buildings_that_each_would_do_are_the_compound_too(city):
    again_and_again(city.home, 20, 13, 6, 5, 3, 1)
    again_and_again(city.home, 20, 13, 6, 5, 3, 1, building=another_building(city.home))
    found = {(pattern.building_id, pattern.compound_id, pattern.count) for pattern in look(city)}
    assert len(found) == 3 and (None, city.home.compound.pk, 12) in found


def test_six_in_the_only_building_are_not_across_buildings(city):
    policy(city, pattern_building=0)
    again_and_again(city.home, 20, 13, 6, 5, 3, 1)
    assert look(city) == []


# Policy


def test_the_policy_sets_the_numbers(city):
    policy(city, pattern_building=2, pattern_weeks=2)
    again_and_again(city.home, 13, 1)
    [pattern] = look(city)
    assert pattern.count == 2
    policy(city, pattern_building=3)
    assert look(city) == []


def test_off_is_off_and_what_was_proposed_fades(city):
    pattern = proposed(city)
    policy(city, pattern_building=0, pattern_compound=0)
    assert look(city) == []
    pattern.refresh_from_db()
    assert pattern.state == Pattern.State.FADED


def test_a_closed_category_cannot_be_filed_and_is_not_proposed(city):
    again_and_again(city.home, 20, 13, 6, 1)
    category = a_category()
    category.is_open = False
    category.save()
    assert look(city) == []


# As time goes by


def test_more_come_and_it_grows(city):
    pattern = proposed(city)
    late = asked(city.home, NOW + timedelta(hours=2))
    assert [each.pk for each in look(city, NOW + timedelta(hours=3))] == [pattern.pk]
    pattern.refresh_from_db()
    assert (pattern.count, pattern.last_at) == (5, late.submitted_at)


def test_it_fades_with_time_and_comes_again_as_a_new_one(city):
    pattern = proposed(city)
    later = NOW + timedelta(days=10)
    assert look(city, later) == []
    again_and_again(city.home, 2, 1, now=later)
    [again] = look(city, later)
    assert again.pk != pattern.pk
    pattern.refresh_from_db()
    assert pattern.state == Pattern.State.FADED


def test_dismissed_it_comes_again_after_as_many_new_ones(city):
    pattern = proposed(city)
    with clock.at(NOW):
        deciding.dismiss(pattern, by=city.home.secretary, reason="排进改造计划")
    later = NOW + timedelta(days=12)
    again_and_again(city.home, 9, 6, 3, now=later)
    assert look(city, later) == []
    asked(city.home, later - timedelta(hours=1))
    [again] = look(city, later)
    assert again.count == 4 and again.first_at > NOW


def test_filed_it_does_not_come_again_while_the_request_is_open(city):
    pattern = proposed(city)
    secretary = city.home.secretary
    with clock.at(NOW):
        filed = deciding.file(pattern, by=secretary, text="整栋检修")
    later = NOW + timedelta(days=12)
    again_and_again(city.home, 9, 6, 3, 1, now=later)
    assert look(city, later) == []
    with clock.at(later):
        workflow.accept(filed, by=secretary, track=Track.IMPORTANT)
        workflow.handle(filed, by=secretary, responsible=secretary)
        workflow.resolve(filed, by=secretary, outcome=Outcome.SOLVED, text="换了线路")
    [again] = look(city, later + timedelta(hours=1))
    assert again.count == 4


def test_a_compound_in_hand_keeps_its_buildings_from_coming(city):
    for number in (2, 3, 4):
        again_and_again(city.home, 20, 6, building=another_building(city.home, number))
    [pattern] = look(city)
    with clock.at(NOW):
        deciding.file(pattern, by=city.home.secretary, text="整个小区检修")
    later = NOW + timedelta(days=12)
    again_and_again(city.home, 9, 6, 3, 1, now=later)
    assert look(city, later) == []


# Rounds


def test_two_rounds_and_an_outage_change_nothing(city):
    again_and_again(city.home, 20, 13, 6, 1)
    with clock.at(NOW):
        assert finding.look_around() == 1
        assert finding.look_around() == 0
    assert Pattern.objects.count() == 1
    with clock.at(NOW + timedelta(days=90)):
        assert finding.look_around() == 0
    assert Pattern.objects.get().state == Pattern.State.FADED


def test_districts_are_looked_at_each_by_its_own_policy(city):
    other = a_city("浈江")
    policy(other, pattern_building=0, pattern_compound=0)
    for each in (city, other):
        again_and_again(each.home, 20, 13, 6, 1)
    with clock.at(NOW):
        assert finding.look_around() == 1
    assert Pattern.objects.get().district == city.district


def test_a_moved_community_takes_its_patterns_along(city):
    pattern = proposed(city)
    officer = a_user("区里")
    appoint(officer, Post.OFFICER, city.district)
    there = tree.plant(
        by=officer,
        tier=2,
        name="惠民街道党工委",
        short_name="惠民街道",
        code="440299002",
        parent=city.district,
    )
    node = Organization.objects.get(pk=city.home.organization.pk)
    tree.move(node, by=officer, to=Organization.objects.get(pk=there.pk))
    pattern.refresh_from_db()
    assert pattern.street_id == there.pk


def test_the_counts_stay_within_the_weeks_by_an_index(city):
    """Of the tables that grow only the weeks of one district, and the events of its requests, are looked up."""
    rows = counting.countable(counting.looked_back(Policy(), NOW)).filter(district=city.district)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # it reads tables of a few rows as a whole, if it may
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = rows.explain()
        assert re.search(r"Index Cond: \(\(district_id = \d+\) AND \(submitted_at >=", plan), plan
        assert "Seq Scan on requests_" not in plan, plan
        return
    plan = rows.explain()
    assert re.search(
        r"requests_servicerequest USING INDEX \S+ \(district_id=\? AND submitted_at>\?\)", plan
    ), plan
    assert (
        re.search(r"USING INDEX requests_re_subject\S+ \(subject_id=\?", plan) and "SCAN" not in plan.split()
    ), plan


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"pattern_building": 1}, "pattern_building"),
        ({"pattern_compound": 1}, "pattern_compound"),
        ({"pattern_building": 100}, "pattern_building"),
        ({"pattern_weeks": 1}, "pattern_weeks"),
        ({"pattern_weeks": 13}, "pattern_weeks"),
    ],
)
def test_no_policy_makes_a_pattern_of_one_or_of_a_year(city, said, field):
    with pytest.raises(RuleViolation) as refused:
        policy(city, **said)
    assert refused.value.field == field
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.create(
            district=city.district, signed_by=an_officer(city.district), document="纪要", **said
        )


def test_no_preset_sets_the_numbers(city):
    assert (
        sign(an_officer(city.district), city.district, preset="relief", pattern_building=9).preset == "relief"
    )


def test_a_building_that_goes_to_another_community_takes_its_proposal_along(city: City) -> None:
    pattern, building, there = proposed(city), city.home.building, city.next_door
    Pattern.objects.update(told_on=NOW.date())
    building.compound, building.grid = None, there.grid
    building.place_under(there.organization)
    building.save()
    [found] = look(city)
    assert (found.pk, found.community_id, found.grid_id) == (pattern.pk, there.organization.pk, there.grid.pk)
    assert found.told_on is None
    assert deciding.can_decide(there.secretary, found) and not deciding.can_decide(city.home.secretary, found)
