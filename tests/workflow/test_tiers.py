"""上报、接手、交办、督办: up and down the tiers, the promise stays."""

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import tree
from organizations.posts import Post, Tier
from requests import splitting, tiers, workflow
from requests.models import ServiceRequest
from requests.states import State
from tests.factories import City, a_city, a_community, a_grid_worker, a_user, appoint
from tests.workflow import FRIDAY, accepted, escalated, in_progress, seated, steps_of
from tests.workflow.dispatched import sent

pytestmark = pytest.mark.django_db


def test_the_tier_above_has_it_with_a_clock_of_its_own_and_the_promise_stays() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request = in_progress(city, track="hard")
        promised = service_request.resolve_due
    with clock.at(FRIDAY + timedelta(days=3)):
        tiers.escalate(service_request, by=city.home.secretary, reason="要街道协调")
    assert (service_request.state, service_request.handler) == (State.ACCEPTED, city.street)
    assert (service_request.responsible, service_request.resolve_due) == (None, promised)
    assert service_request.due == service_request.takeover_due < promised
    home, street = city.home.organization.pk, city.street.pk
    assert service_request.events.get(step="escalate").codes == {"from": home, "to": street}


def test_the_tier_below_keeps_sight_and_has_no_say() -> None:
    city = a_city()
    service_request = escalated(city)
    assert service_request in ServiceRequest.objects.visible_to(city.home.secretary)
    for name in ("take_over", "handle", "escalate", "resolve"):
        assert not workflow.REQUESTS.is_open(name, city.home.secretary, service_request)
    with pytest.raises(NoPower):
        workflow.handle(service_request, by=city.home.secretary, responsible=city.home.secretary)


def test_who_takes_it_over_is_responsible_and_its_clock_stops() -> None:
    city = a_city()
    service_request, officer = escalated(city), seated(city.street)
    tiers.take_over(service_request, by=officer)
    assert (service_request.responsible, service_request.takeover_due) == (officer, None)
    assert (service_request.state, service_request.due) == (State.ACCEPTED, service_request.resolve_due)
    with pytest.raises(NoPower):
        tiers.take_over(service_request, by=officer)


@pytest.mark.parametrize("step", ["handle", "dispatch", "ask", "split"])
def test_whatever_the_new_tier_does_takes_it_over(step: str) -> None:
    city = a_city()
    service_request, officer = escalated(city), seated(city.street)
    words = {
        "handle": {"responsible": officer},
        "dispatch": {"organization": city.home.organization, "text": "请去看"},
        "ask": {"text": "几楼"},
        "split": {"parts": ["换灯"]},
    }
    workflow.VERBS[step](service_request, by=officer, **words[step])
    assert service_request.takeover_due is None


def test_up_to_the_district_and_no_further() -> None:
    city = a_city()
    service_request = escalated(city, times=2)
    assert service_request.handler == city.district
    with pytest.raises(NoPower):
        tiers.escalate(service_request, by=seated(city.district), reason="再往上")


def test_a_community_directly_below_the_district_escalates_there() -> None:
    city = a_city()
    node = tree.plant(
        parent=city.district, tier=Tier.COMMUNITY, name="直管社区党委", short_name="直管社区", by=None
    )
    secretary = seated(node, Post.SECRETARY)
    service_request = workflow.submit(
        by=a_user(), category=accepted(city).category, text="路灯不亮", community=node
    )
    workflow.accept(service_request, by=secretary, track="important")
    tiers.escalate(service_request, by=secretary, reason="归区里")
    assert (service_request.street, service_request.handler) == (None, city.district)
    tiers.hand_down(service_request, by=seated(city.district), child=node, text="请就近办")
    assert service_request.handler == node


def test_dispatches_follow_upwards_and_stand_in_the_way_downwards() -> None:
    city = a_city()
    service_request = in_progress(city)
    dispatch = sent(city, service_request=service_request)
    tiers.escalate(service_request, by=city.home.secretary, reason="归街道")
    officer = seated(city.street)
    with pytest.raises(RuleViolation, match="先核销或收回"):
        tiers.hand_down(service_request, by=officer, child=city.home.organization, text="请办")
    workflow.dispatching.recall(dispatch, by=officer, reason="自己办")
    tiers.hand_down(service_request, by=officer, child=city.home.organization, text="请办")
    assert service_request.handler == city.home.organization


# 交办


def test_handed_down_the_community_takes_over() -> None:
    city = a_city()
    service_request = escalated(city)
    tiers.hand_down(service_request, by=seated(city.street), child=city.home.organization, text="请办")
    assert (service_request.state, service_request.handler) == (State.ACCEPTED, city.home.organization)
    assert (service_request.handed_down, service_request.takeover_due is not None) == (1, True)
    assert service_request.building == city.home.building
    tiers.take_over(service_request, by=city.home.secretary)


def test_to_another_community_it_moves_there_with_it() -> None:
    city = a_city()
    service_request, there = escalated(city), city.next_door.organization
    tiers.hand_down(service_request, by=seated(city.street), child=there, text="其实是你们的灯")
    assert (service_request.handler, service_request.community) == (there, there)
    assert (service_request.building, service_request.grid) == (None, None)
    assert service_request.events.get(step="hand_down").codes["moved_from"] == city.home.organization.pk
    assert service_request in ServiceRequest.objects.visible_to(city.next_door.secretary)
    assert service_request not in ServiceRequest.objects.visible_to(city.home.secretary)
    assert service_request in ServiceRequest.objects.visible_to(service_request.submitter)
    tiers.take_over(service_request, by=city.next_door.secretary)


def test_it_does_not_leave_its_open_parts_behind() -> None:
    city = a_city()
    service_request, officer = in_progress(city), seated(city.street)
    part = splitting.split(service_request, by=city.home.secretary, parts=["台阶"])[0]
    tiers.escalate(service_request, by=city.home.secretary, reason="归隔壁")
    with pytest.raises(RuleViolation, match="分件"):
        tiers.hand_down(service_request, by=officer, child=city.next_door.organization, text="请办")
    workflow.handle(part, by=city.home.secretary, responsible=city.home.secretary)
    splitting.complete(part, by=city.home.secretary, outcome="solved", text="补好了")
    tiers.hand_down(service_request, by=officer, child=city.next_door.organization, text="请办")
    assert service_request.community == city.next_door.organization


def test_from_the_district_to_another_street() -> None:
    city = a_city()
    street = tree.plant(
        parent=city.district, tier=Tier.STREET, name="惠民街道党工委", short_name="惠民", by=None
    )
    service_request = escalated(city, times=2)
    tiers.hand_down(service_request, by=seated(city.district), child=street, text="归你们")
    assert (service_request.street, service_request.community) == (street, None)
    officer = seated(street)
    assert service_request in ServiceRequest.objects.visible_to(officer)
    workflow.handle(service_request, by=officer, responsible=officer)
    tiers.escalate(service_request, by=officer, reason="还是要区里协调")
    assert service_request.handler == city.district


def test_only_to_an_open_child_that_handles() -> None:
    city = a_city()
    officer, other = seated(city.street), a_city("浈江")
    closed = a_community(city.street, "撤了")
    type(closed.organization).objects.filter(pk=closed.organization.pk).update(closed_at=clock.now())
    closed.organization.refresh_from_db()
    branch = tree.plant(
        parent=city.street, tier=Tier.GRID_BRANCH, name="直属支部", short_name="支部", by=None
    )
    for child in (closed.organization, branch, city.district, city.street, other.home.organization):
        with pytest.raises(RuleViolation, match="直接下属") as refused:
            tiers.hand_down(escalated(city), by=officer, child=child, text="请办")
        assert refused.value.field == "child"


def test_only_the_handler_above_the_community_hands_down() -> None:
    city = a_city()
    service_request, mine = escalated(city), in_progress(city)
    for person in (a_user(), city.home.secretary, service_request.submitter, seated(city.district)):
        with pytest.raises(NoPower):
            tiers.hand_down(service_request, by=person, child=city.home.organization, text="请办")
    with pytest.raises(NoPower):
        tiers.hand_down(mine, by=city.home.secretary, child=city.home.organization, text="请办")


# 督办


def test_any_tier_above_the_handler_supervises_and_no_other() -> None:
    city = a_city()
    service_request = in_progress(city)
    for person, place in ((seated(city.street), city.street), (seated(city.district), city.district)):
        tiers.supervise(service_request, by=person, text="三天内办好")
        assert (service_request.supervised_by, service_request.state) == (place, State.IN_PROGRESS)
    leader = a_user("市领导")
    appoint(leader, Post.LEADER_IN_CHARGE)
    tiers.supervise(service_request, by=leader, text="市里盯着")
    assert service_request.supervised_by is None
    for person in (city.home.secretary, city.next_door.secretary, a_user(), service_request.submitter):
        with pytest.raises(NoPower):
            tiers.supervise(service_request, by=person, text="快")


def test_not_by_the_handler_s_own_tier() -> None:
    city = a_city()
    service_request = escalated(city)
    with pytest.raises(NoPower):
        tiers.supervise(service_request, by=seated(city.street), text="快")
    tiers.supervise(service_request, by=seated(city.district), text="快")
    assert steps_of(service_request)[-1] == "supervise"


def test_a_grid_worker_handles_in_his_grid_and_nothing_that_concerns_others() -> None:
    city: City = a_city()
    worker = a_grid_worker(city.home)
    service_request = in_progress(city)
    offered = {offer.step.name for offer in workflow.REQUESTS.offers(worker, service_request)}
    assert offered == {"handle", "contact", "ask", "resolve", "note"}
    tiers.escalate(service_request, by=city.home.secretary, reason="归街道")
    assert not workflow.REQUESTS.offers(worker, service_request)
