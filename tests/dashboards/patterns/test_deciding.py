"""立项, 不立项: what they do, who may, what comes second."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboards.models import Pattern
from dashboards.patterns import deciding
from dashboards.patterns.counting import counted_by
from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from requests.models import ServiceRequest
from tests.dashboards.patterns.scenes import NOW, again_and_again, another_building, asked, look, proposed
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.workflow import steps_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def pattern(city: City) -> Pattern:
    return proposed(city)


def colleague_of(city: City):
    colleague = a_user("社工小刘")
    appoint(colleague, Post.COMMUNITY_WORKER, city.home.organization)
    return colleague


def test_filing_makes_one_request_for_the_cause_and_links_them(city, pattern):
    late = asked(city.home, NOW - timedelta(minutes=5))  # came after the round
    evidence = set(ServiceRequest.objects.all())
    with clock.at(NOW):
        filed = deciding.file(pattern, by=city.home.secretary, text="整栋换声控灯", title="整栋换灯")
    filed.refresh_from_db()
    assert (filed.source, filed.state, filed.title, filed.text) == (
        "proactive",
        "submitted",
        "整栋换灯",
        "整栋换声控灯",
    )
    assert (filed.building, filed.grid, filed.handler) == (
        city.home.building,
        city.home.grid,
        city.home.organization,
    )
    assert (filed.category, filed.asker_id, filed.query_code) == (pattern.category, None, "")
    assert set(filed.symptoms.all()) == evidence and late in evidence
    pattern.refresh_from_db()
    assert (pattern.state, pattern.service_request, pattern.decided_by) == (
        "filed",
        filed,
        city.home.secretary,
    )
    assert (pattern.decided_at, pattern.count) == (NOW, 5)
    assert set(counted_by(pattern)) == evidence
    assert steps_of(filed) == ["submit"] and filed.events.get().codes["proactive"] is True


def test_a_compound_is_filed_in_the_middle_of_its_buildings(city):
    for number in (2, 4):
        again_and_again(city.home, 20, 13, 6, building=another_building(city.home, number))
    [pattern] = look(city)
    with clock.at(NOW):
        filed = deciding.file(pattern, by=city.home.secretary, text="整个小区检修")
    assert (filed.building, filed.grid, filed.address) == (None, city.home.grid, "花城小区")
    assert filed.title == "花城小区维修反复出现，整体检修"
    assert filed.lng == pytest.approx(113.582) and filed.community == city.home.organization


def test_the_proposed_words_say_what_was_counted(city, pattern):
    assert deciding.text_for(pattern) == (
        "花城小区 1 栋，3 周里 4 件“维修”，由 4 人提出。建议整栋检查一次，从根上解决。"
    )


def test_dismissing_keeps_the_reason(city, pattern):
    with clock.at(NOW):
        deciding.dismiss(pattern, by=colleague_of(city), reason=" 已经排进 改造计划 ")
    pattern.refresh_from_db()
    assert (pattern.state, pattern.reason, pattern.decided_at) == ("dismissed", "已经排进 改造计划", NOW)
    assert not ServiceRequest.objects.filter(source="proactive").exists()


@pytest.mark.parametrize(("reason", "said"), [("  ", "请写明"), ("长" * 101, "最多 100 字")])
def test_dismissing_asks_for_a_short_reason(city, pattern, reason, said):
    with pytest.raises(RuleViolation, match=said) as refused:
        deciding.dismiss(pattern, by=city.home.secretary, reason=reason)
    assert refused.value.field == "reason"


def test_filing_asks_for_words_and_leaves_nothing_without(city, pattern):
    with pytest.raises(RuleViolation, match="请写下") as refused:
        deciding.file(pattern, by=city.home.secretary, text=" ")
    assert refused.value.field == "text"
    pattern.refresh_from_db()
    assert pattern.state == "proposed" and not ServiceRequest.objects.filter(source="proactive").exists()


def test_only_those_who_verify_at_the_community_decide(city, pattern):
    officer = a_user("街道")
    appoint(officer, Post.OFFICER, city.street)
    for somebody in (a_user("居民"), officer, a_grid_worker(city.home), city.next_door.secretary):
        with pytest.raises(NoPower, match="社区书记"):
            deciding.file(pattern, by=somebody, text="整栋检修")
        with pytest.raises(NoPower):
            deciding.dismiss(pattern, by=somebody, reason="不需要")
    assert not ServiceRequest.objects.filter(source="proactive").exists()


def test_a_double_tap_gives_the_same_request_a_colleague_reads_who_was_first(city, pattern):
    stale = Pattern.objects.get(pk=pattern.pk)
    filed = deciding.file(pattern, by=city.home.secretary, text="整栋检修")
    assert deciding.file(stale, by=city.home.secretary, text="整栋检修") == filed
    with pytest.raises(RuleViolation, match=f"花城书记已经立项：{filed.number}"):
        deciding.file(stale, by=colleague_of(city), text="整栋检修")
    with pytest.raises(RuleViolation, match="已经立项"):
        deciding.dismiss(stale, by=city.home.secretary, reason="不需要")
    assert ServiceRequest.objects.filter(source="proactive").count() == 1


def test_what_was_dismissed_or_faded_is_not_filed(city, pattern):
    deciding.dismiss(pattern, by=city.home.secretary, reason="不需要")
    with pytest.raises(RuleViolation, match="花城书记已经决定不立项"):
        deciding.file(pattern, by=city.home.secretary, text="整栋检修")
    Pattern.objects.filter(pk=pattern.pk).update(state="faded", reason="")
    with pytest.raises(RuleViolation, match="没有那么多"):
        deciding.file(pattern, by=city.home.secretary, text="整栋检修")


def test_what_is_linked_already_stays_with_the_first(city):
    """The building was filed; the compound's request takes what is left."""
    rows = again_and_again(city.home, 20, 13, 6, 5, 3, 1)
    others = again_and_again(city.home, 20, 13, 6, 5, 3, 1, building=another_building(city.home))
    by_place = {each.building_id: each for each in look(city)}
    first = deciding.file(by_place[city.home.building.pk], by=city.home.secretary, text="整栋")
    second = deciding.file(by_place[None], by=city.home.secretary, text="整个小区")
    assert set(first.symptoms.all()) == set(rows) and set(second.symptoms.all()) == set(others)
