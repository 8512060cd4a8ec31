"""报请同意: what a handler may not decide alone, and who answers."""

from datetime import date, datetime, timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import tree
from organizations.posts import Post, Tier
from requests import consents, tiers, workflow
from requests.models import Consent, ServiceRequest
from requests.states import ConsentKind, Outcome, State
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.workflow import CHINA, FRIDAY, accepted, escalated, in_progress, seated

pytestmark = pytest.mark.django_db
LATER = date(2026, 12, 31)


def at_the_district(city: City) -> ServiceRequest:
    service_request, officer = escalated(city, times=2), seated(city.district)
    workflow.handle(service_request, by=officer, responsible=officer)
    return service_request


# 延期


def test_an_extension_holds_once_the_tier_above_consents() -> None:
    city = a_city()
    officer = seated(city.street)
    with clock.at(FRIDAY):
        service_request = accepted(city)
        before = service_request.resolve_due
        consents.extend(service_request, by=city.home.secretary, new_due=LATER, reason="等配件")
        assert (service_request.consent_kind, service_request.consent_at) == (ConsentKind.EXTEND, city.street)
        assert (service_request.resolve_due, service_request.due) == (before, before)
        consents.consent_extension(service_request, by=officer)
    until = datetime(2026, 12, 31, 18, tzinfo=CHINA)
    assert (service_request.resolve_due, service_request.due) == (until, until)
    assert (service_request.consent_kind, service_request.consent_at) == ("", None)
    given = service_request.consents.get()
    assert (given.state, given.decided_by, given.decided_at) == (Consent.State.GIVEN, officer, FRIDAY)
    assert datetime.fromisoformat(service_request.events.last().codes["new_due"]) == until
    assert service_request.events.get(step="extend").note.is_internal
    with clock.at(FRIDAY), pytest.raises(RuleViolation, match="已经延过一次"):
        consents.extend(service_request, by=city.home.secretary, new_due=date(2027, 1, 8), reason="再等")


def test_denied_everything_stays_and_one_may_ask_again() -> None:
    city = a_city()
    officer = seated(city.street)
    with clock.at(FRIDAY):
        service_request = accepted(city)
        before = service_request.resolve_due
        consents.extend(service_request, by=city.home.secretary, new_due=LATER, reason="等配件")
        with pytest.raises(RuleViolation, match="正在等新华街道答复“延期”"):
            consents.extend(service_request, by=city.home.secretary, new_due=LATER, reason="等配件")
        consents.deny(service_request, by=officer, reason="库里有配件")
        assert (service_request.resolve_due, service_request.is_extended) == (before, False)
        consents.extend(service_request, by=city.home.secretary, new_due=LATER, reason="库里没有了")
    assert [each.state for each in service_request.consents.all()] == ["refused", "pending"]


def test_the_new_day_is_later_than_the_old_one() -> None:
    city = a_city()
    seated(city.street)
    with clock.at(FRIDAY):
        service_request = accepted(city)
        for day in (date(2026, 11, 19), date(2026, 11, 27)):
            with pytest.raises(RuleViolation) as refused:
                consents.extend(service_request, by=city.home.secretary, new_due=day, reason="等")
            assert refused.value.field == "new_due"


# 解释办结


def test_explaining_needs_the_tier_above_and_is_counted_apart() -> None:
    city = a_city()
    officer = seated(city.street)
    service_request = in_progress(city)
    with pytest.raises(RuleViolation, match="先报请上级同意") as refused:
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.EXPLAINED, text="依照条例")
    assert refused.value.field == "outcome"
    consents.explain(service_request, by=city.home.secretary, text="依照条例属业主共有")
    consents.consent_explained(service_request, by=officer)
    assert (service_request.state, service_request.outcome) == (State.RESOLVED, Outcome.EXPLAINED)
    assert service_request.events.last().note.text == "依照条例属业主共有"
    assert not service_request.events.last().note.is_internal
    assert service_request.lapse_due is not None


def test_the_leader_in_charge_of_the_street_consents_as_well() -> None:
    city = a_city()
    leader = seated(city.street, Post.LEADER_IN_CHARGE)
    service_request = in_progress(city)
    consents.explain(service_request, by=city.home.secretary, text="依照条例")
    consents.consent_explained(service_request, by=leader)
    assert service_request.outcome == Outcome.EXPLAINED


def test_at_the_district_only_its_leader_in_charge() -> None:
    city = a_city()
    service_request = at_the_district(city)
    officer = service_request.responsible
    with pytest.raises(RuleViolation, match="还没有能答复的人"):
        consents.explain(service_request, by=officer, text="依照条例")
    leader = seated(city.district, Post.LEADER_IN_CHARGE)
    consents.explain(service_request, by=officer, text="依照条例")
    for person in (seated(city.district), officer, seated(city.street, Post.LEADER_IN_CHARGE)):
        with pytest.raises(NoPower):
            consents.consent_explained(service_request, by=person)
    consents.consent_explained(service_request, by=leader)
    assert service_request.outcome == Outcome.EXPLAINED


def test_what_holds_it_keeps_it_from_being_explained() -> None:
    city = a_city()
    officer = seated(city.street)
    service_request = in_progress(city)
    workflow.set_hold(service_request, "whistle:1", "哨单正在进行")
    with pytest.raises(RuleViolation, match="哨单正在进行"):
        consents.explain(service_request, by=city.home.secretary, text="依照条例")
    workflow.clear_hold(service_request, "whistle:1")
    consents.explain(service_request, by=city.home.secretary, text="依照条例")
    workflow.set_hold(service_request, "whistle:2", "又吹了一次")
    with pytest.raises(RuleViolation, match="又吹了一次"):
        consents.consent_explained(service_request, by=officer)
    assert service_request.consents.get().state == Consent.State.PENDING


# 再次交办


def test_a_second_time_it_goes_down_with_consent_only() -> None:
    city = a_city()
    service_request, officer, above = escalated(city), seated(city.street), seated(city.district)
    home = city.home.organization
    with pytest.raises(NoPower):
        consents.propose_hand_down(service_request, by=officer, child=home, reason="第一次不用报")
    tiers.hand_down(service_request, by=officer, child=home, text="请办")
    tiers.escalate(service_request, by=city.home.secretary, reason="办不了")
    with pytest.raises(NoPower):
        tiers.hand_down(service_request, by=officer, child=home, text="还是你们办")
    consents.propose_hand_down(service_request, by=officer, child=home, reason="设备已到")
    assert service_request.consent_at == city.district
    consents.consent_hand_down(service_request, by=above)
    assert (service_request.handler, service_request.handed_down) == (home, 2)
    assert service_request.takeover_due is not None


def test_a_second_time_not_to_what_cannot_handle_it() -> None:
    city = a_city()
    service_request, officer = escalated(city), seated(city.street)
    seated(city.district)
    branch = tree.plant(
        parent=city.street, tier=Tier.GRID_BRANCH, name="直属支部", short_name="支部", by=None
    )
    ServiceRequest.objects.update(handed_down=1)
    with pytest.raises(RuleViolation, match="直接下属") as refused:
        consents.propose_hand_down(service_request, by=officer, child=branch, reason="试试")
    assert refused.value.field == "child"


def test_a_child_that_closed_meanwhile_is_refused_and_it_can_be_denied() -> None:
    city = a_city()
    service_request, officer, above = escalated(city), seated(city.street), seated(city.district)
    there = city.next_door.organization
    ServiceRequest.objects.update(handed_down=1)
    consents.propose_hand_down(service_request, by=officer, child=there, reason="归你们")
    type(there).objects.filter(pk=there.pk).update(closed_at=clock.now())
    with pytest.raises(RuleViolation, match="直接下属"):
        consents.consent_hand_down(service_request, by=above)
    assert service_request.consents.get().state == Consent.State.PENDING
    consents.deny(service_request, by=above, reason="已经撤了")
    assert service_request.consent_kind == ""


# Who answers


def test_nobody_answers_what_he_asked_for() -> None:
    city = a_city()
    both = seated(city.home.organization, Post.SECRETARY)
    appoint(both, Post.OFFICER, city.street)
    service_request = in_progress(city)
    with pytest.raises(RuleViolation, match="还没有能答复的人"):
        consents.explain(service_request, by=both, text="依照条例")
    other = seated(city.street)
    consents.explain(service_request, by=both, text="依照条例")
    for answer in (consents.consent_explained, lambda row, by: consents.deny(row, by=by, reason="不")):
        with pytest.raises(RuleViolation, match="你自己报请的"):
            answer(service_request, by=both)
    consents.consent_explained(service_request, by=other)


def test_whoever_asked_for_the_work_decides_nothing_about_it() -> None:
    city = a_city()
    officer = seated(city.street)
    service_request = in_progress(city, by=officer)
    with pytest.raises(RuleViolation, match="还没有能答复的人"):
        consents.explain(service_request, by=city.home.secretary, text="依照条例")
    seated(city.street)
    consents.explain(service_request, by=city.home.secretary, text="依照条例")
    with pytest.raises(RuleViolation, match="你自己的事项"):
        consents.consent_explained(service_request, by=officer)


def test_outsiders_neither_ask_nor_answer() -> None:
    city = a_city()
    seated(city.street)
    service_request = in_progress(city)
    strangers = (a_user(), service_request.submitter, city.next_door.secretary, a_grid_worker(city.home))
    for person in strangers:
        with pytest.raises(NoPower):
            consents.extend(service_request, by=person, new_due=LATER, reason="等")
        with pytest.raises(NoPower):
            consents.explain(service_request, by=person, text="依照条例")
    consents.explain(service_request, by=city.home.secretary, text="依照条例")
    for person in (*strangers, city.home.secretary, seated(city.district)):
        with pytest.raises(NoPower):
            consents.consent_explained(service_request, by=person)
        with pytest.raises(NoPower):
            consents.deny(service_request, by=person, reason="不")


@pytest.mark.parametrize("step", ["escalate", "resolve", "withdraw", "merge"])
def test_what_is_beside_the_point_is_dropped(step: str) -> None:
    city = a_city()
    officer = seated(city.street)
    service_request, secretary = in_progress(city), city.home.secretary
    consents.explain(service_request, by=secretary, text="依照条例")
    by = service_request.submitter if step == "withdraw" else secretary
    words = {
        "escalate": {"reason": "归街道"},
        "resolve": {"outcome": Outcome.SOLVED, "text": "办好了"},
        "withdraw": {},
        "merge": {"target": in_progress(city)},
    }
    workflow.VERBS[step](service_request, by=by, **words[step])
    assert (service_request.consent_kind, service_request.consent_at) == ("", None)
    assert service_request.consents.get().state == Consent.State.DROPPED
    with pytest.raises((NoPower, RuleViolation)):
        consents.consent_explained(service_request, by=officer)


def test_when_the_community_moves_the_new_street_answers() -> None:
    city = a_city()
    seated(city.street)
    service_request = in_progress(city)
    consents.explain(service_request, by=city.home.secretary, text="依照条例")
    street = tree.plant(
        parent=city.district, tier=Tier.STREET, name="惠民街道党工委", short_name="惠民", by=None
    )
    tree.move(city.home.organization, to=street, by=None)
    service_request.refresh_from_db()
    assert service_request.consent_at == service_request.consents.get().organization == street
    consents.consent_explained(service_request, by=seated(street))
    assert service_request.state == State.RESOLVED


def test_an_extension_lives_through_a_take_over() -> None:
    """Asked for while the accept clock of the new tier still runs: the earlier of both counts."""
    city = a_city()
    above = seated(city.district)
    with clock.at(FRIDAY):
        service_request, officer = escalated(city), seated(city.street)
        consents.extend(service_request, by=officer, new_due=LATER, reason="等配件")
        consents.consent_extension(service_request, by=above)
        assert service_request.due == service_request.takeover_due
        tiers.take_over(service_request, by=officer)
    assert service_request.due == service_request.resolve_due > FRIDAY + timedelta(days=30)
