"""What the community filed for nobody: nobody is contacted, asked or rates; it ends when it is resolved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from ground import clock
from ground.errors import NoPower, RuleViolation
from requests import (
    afterwards,
    asking_back,
    contacts,
    dispatching,
    merging,
    powers,
    proving,
    splitting,
    ticking,
    workflow,
)
from requests.figures import total
from requests.models import ServiceRequest
from requests.presenting import asker_of, step_bar
from requests.states import Outcome, State, Track
from requests.tables import REQUESTS
from requests.timeline import entries_of
from tests.dashboards.patterns.scenes import NOW, asked
from tests.desk.scenes import open_page
from tests.factories import City, a_city, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.workflow import a_category, steps_of
from tests.workflow.dispatched import officer_of, sent
from tests.workflow.hearing import heard, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def filed(city: City) -> ServiceRequest:
    with clock.at(NOW):
        return workflow.submit(
            by=city.home.secretary,
            category=a_category(),
            building=city.home.building,
            text="整栋检修",
            is_proactive=True,
        )


def accept(row: ServiceRequest, city: City) -> ServiceRequest:
    with clock.at(NOW + timedelta(minutes=10)):
        workflow.accept(row, by=city.home.secretary, track=Track.IMPORTANT)
        workflow.handle(row, by=city.home.secretary, responsible=city.home.secretary)
    return row


def finish(row: ServiceRequest, city: City) -> ServiceRequest:
    accept(row, city)
    with clock.at(NOW + timedelta(hours=5)):
        workflow.resolve(row, by=city.home.secretary, outcome=Outcome.SOLVED, text="换了线路")
    row.refresh_from_db()
    return row


def test_it_is_accepted_and_handled_by_whoever_filed_it_and_closes_when_resolved(city, filed):
    finish(filed, city)
    assert (filed.state, filed.outcome) == (State.CLOSED, Outcome.SOLVED)
    assert steps_of(filed) == ["submit", "accept", "handle", "resolve", "conclude"]
    assert (filed.lapse_due, filed.next_at, filed.reopen_until) == (None, None, None)
    assert filed.ended_at == filed.resolved_at and not hasattr(filed, "rating")
    assert proving.faults(filed) == []
    assert [each["label"] for each in step_bar(filed)] == ["已立项", "已受理", "办理中", "已办结"]


def test_nobody_is_contacted_asked_or_revealed(city, filed):
    secretary = city.home.secretary
    assert filed.contact_due is None and "contact" not in filed.promise
    accept(filed, city)
    assert filed.contact_next_at is None
    with pytest.raises(NoPower):
        workflow.contact(filed, by=secretary, how="phone")
    with pytest.raises(NoPower):
        asking_back.ask(filed, by=secretary, text="哪一层？")
    with pytest.raises(NoPower):
        contacts.reveal_phone(filed, by=secretary, reason="回访")


def test_the_community_does_not_rate_reopen_or_urge_what_is_its_own(city, filed):
    secretary, colleague = city.home.secretary, a_user("社工")
    appoint(colleague, "community_worker", city.home.organization)
    finish(filed, city)
    marks = {"contacted": True, "solved": True, "satisfied": 5}
    for person in (secretary, colleague):
        with pytest.raises(NoPower):
            afterwards.rate(filed, by=person, **marks)
        with pytest.raises(NoPower):
            afterwards.call_back(filed, by=person, **marks)
        with pytest.raises(NoPower):
            afterwards.reopen(filed, by=person, reason="又坏了")
        with pytest.raises(NoPower):
            workflow.urge(filed, by=person)
        open_to = {step.name for step in REQUESTS.steps_open_to(person, filed)}
        assert open_to == {"note"}


def test_the_clock_has_nothing_more_to_say(city, filed):
    finish(filed, city)
    before = len(heard(city.home.secretary))
    with clock.at(NOW + timedelta(days=30)):
        assert ticking.catch_up() == 0
    assert len(heard(city.home.secretary)) == before


def test_nobody_is_told_his_request_moved_but_those_at_work_hear_of_it(city, filed):
    colleague = a_user("社工")
    appoint(colleague, "community_worker", city.home.organization)
    assert heard(colleague) == ["社区立项：整栋检修"]
    finish(filed, city)
    assert heard(city.home.secretary) == []


def test_overdue_it_is_said_to_the_owner_who_filed_it(city, filed):
    accept(filed, city)
    with clock.at(NOW + timedelta(days=20)):
        ticking.catch_up()
    [said] = told(city.home.secretary)
    assert said.title.startswith("超时") and filed.number in said.title


def test_it_is_nobodys_own(city, filed):
    secretary = city.home.secretary
    assert not powers.is_submitter(secretary, filed)
    assert not ServiceRequest.objects.own(secretary).exists()
    assert asker_of(filed, secretary) == "社区"
    assert "整栋检修" not in open_page(weak_client(secretary), reverse("requests:mine"))
    # In a weak session posts sleep: what was filed for nobody is out of sight, whoever filed it.
    assert weak_client(secretary).get(reverse("requests:detail", args=[filed.number])).status_code == 404
    assert ServiceRequest.objects.visible_to(secretary).filter(pk=filed.pk).exists()


def test_only_the_community_files_for_nobody(city):
    for somebody in (a_user(), city.next_door.secretary):
        with pytest.raises(NoPower):
            workflow.submit(
                by=somebody,
                category=a_category(),
                building=city.home.building,
                text="整栋检修",
                is_proactive=True,
            )
    assert not ServiceRequest.objects.exists()


def test_the_community_takes_back_what_it_filed(city, filed):
    with pytest.raises(NoPower):
        workflow.withdraw(filed, by=city.next_door.secretary)
    workflow.withdraw(filed, by=city.home.secretary, reason="已经有人在修")
    assert filed.state == State.WITHDRAWN and proving.faults(filed) == []


def test_declined_nobody_objects(city, filed):
    with clock.at(NOW + timedelta(minutes=5)):
        workflow.decline(filed, by=city.home.secretary, reason="立错了")
    assert (filed.state, filed.object_until) == (State.DECLINED, None)
    with pytest.raises(NoPower):
        afterwards.object_to(filed, by=city.home.secretary, reason="不服")
    assert proving.faults(filed) == []


def test_residents_whose_requests_were_merged_into_it_rate_each_their_own(city, filed):
    secretary, resident = city.home.secretary, a_user("周小兰")
    theirs = asked(city.home, NOW + timedelta(minutes=2), resident)
    accept(filed, city)
    with clock.at(NOW + timedelta(hours=1)):
        merging.merge(theirs, by=secretary, target=filed)
    with clock.at(NOW + timedelta(hours=5)):
        workflow.resolve(filed, by=secretary, outcome=Outcome.SOLVED, text="换了线路")
    theirs.refresh_from_db()
    assert theirs.state == State.RESOLVED and theirs.lapse_due is not None
    with clock.at(NOW + timedelta(hours=6)):
        afterwards.rate(theirs, by=resident, contacted=True, solved=True, satisfied=5)
    assert theirs.state == State.CLOSED


def test_merged_into_another_it_closes_with_it(city, filed):
    secretary = city.home.secretary
    main = asked(city.home, NOW + timedelta(minutes=2))
    accept(main, city)
    with clock.at(NOW + timedelta(hours=1)):
        merging.merge(filed, by=secretary, target=main)
    with clock.at(NOW + timedelta(hours=5)):
        workflow.resolve(main, by=secretary, outcome=Outcome.SOLVED, text="换了线路")
    filed.refresh_from_db()
    main.refresh_from_db()
    assert (main.state, filed.state) == (State.RESOLVED, State.CLOSED)
    assert steps_of(filed)[-2:] == ["resolve_with", "conclude"] and proving.faults(filed) == []


def test_its_parts_are_handled_as_any(city, filed):
    accept(filed, city)
    with clock.at(NOW + timedelta(hours=1)):
        [part, _] = splitting.split(filed, by=city.home.secretary, parts=["查线路", "换灯"])
        workflow.handle(part, by=city.home.secretary, responsible=city.home.secretary)
        splitting.complete(part, by=city.home.secretary, outcome=Outcome.SOLVED, text="查了")
    assert part.state == State.CLOSED
    with pytest.raises(RuleViolation, match="还没办完"):
        workflow.resolve(filed, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")


def test_who_filed_it_finds_its_parts_over_the_api_nobody_asked_for_them(city, filed):
    accept(filed, city)
    with clock.at(NOW + timedelta(hours=1)):
        parts = splitting.split(filed, by=city.home.secretary, parts=["查线路", "换灯"])
        listed = strong_client(city.home.secretary).get("/api/v1/requests/?page_size=50").json()
    numbers = {row["number"] for row in listed["results"]}
    assert {filed.number, *(part.number for part in parts)} <= numbers


def test_a_unit_to_which_it_is_dispatched_marks_its_own_contact_only(city, filed):
    accept(filed, city)
    with clock.at(NOW + timedelta(hours=1)):
        row = sent(city, service_request=filed, is_lead=True)
        dispatching.sign(row, by=officer_of(row))
        dispatching.contact(row, by=officer_of(row), how="phone")
    filed.refresh_from_db()
    assert row.contacted_at is not None and filed.contacted_at is None


def test_the_rates_are_as_they_were(city):
    def play(*rows: ServiceRequest) -> None:
        for row in rows:
            finish(row, city)

    first = asked(city.home, NOW - timedelta(minutes=5))
    with clock.at(NOW):
        workflow.contact(first, by=city.home.secretary, how="phone")
    play(first)
    before = total(ServiceRequest.objects.all(), NOW + timedelta(days=3))
    with clock.at(NOW):
        cause = workflow.submit(
            by=city.home.secretary,
            category=a_category(),
            building=city.home.building,
            text="整栋检修",
            is_proactive=True,
        )
    play(cause)
    after = total(ServiceRequest.objects.all(), NOW + timedelta(days=3))
    rates = ("response_rate", "resolution_rate", "satisfaction_rate", "acceptance_rate", "completion_rate")
    assert [getattr(after, name) for name in rates] == [getattr(before, name) for name in rates]
    assert (after.own, after.unrated, after.contact_due) == (before.own, before.unrated, before.contact_due)
    assert (after.submitted, after.proactive, after.filed_by_staff) == (before.submitted + 1, 1, 0)


def test_its_page_and_history_say_whose_it_is(city, filed):
    finish(filed, city)
    page = open_page(strong_client(city.home.secretary), reverse("desk:request", args=[filed.number]))
    assert "未诉先办" in page and "没有提出人，不用评价" in page and "花城书记提交" not in page
    titles = [entry.title for entry in entries_of(filed, city.home.secretary)]
    assert "社区主动立项，未诉先办" in titles and "未诉先办，没有提出人要评价，结案" in titles
