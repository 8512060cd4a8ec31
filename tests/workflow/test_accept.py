"""受理 and 不予受理: the gate at the community (S4)."""

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from requests import workflow
from requests.models import ServiceRequest
from requests.states import State, Track
from requests.tables import REQUESTS
from tests.factories import a_city, a_grid_worker, a_user, appoint
from tests.workflow import FRIDAY, a_category, accepted, filed, in_progress, steps_of

pytestmark = pytest.mark.django_db


def test_accepting_confirms_the_track_and_starts_the_resolve_clock() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request = filed(city, category=a_category(track=Track.IMPORTANT))
        contact_due = service_request.contact_due
    with clock.at(FRIDAY.replace(hour=10)):
        workflow.accept(service_request, by=city.home.secretary, track=Track.URGENT)
    assert (service_request.state, service_request.track) == (State.ACCEPTED, Track.URGENT)
    assert service_request.accepted_at == FRIDAY.replace(hour=10)
    assert service_request.resolve_due == FRIDAY.replace(day=21, hour=10)
    assert service_request.due == service_request.resolve_due
    assert service_request.contact_due == contact_due
    assert service_request.promise["resolve"] == {"minutes": 1440, "working_days": 0}
    assert service_request.promise["accept"] == {"minutes": 0, "working_days": 1}


def test_who_accepts_owns_it_and_the_event_says_how() -> None:
    city = a_city()
    service_request = accepted(city, track=Track.HARD)
    assert service_request.responsible == city.home.secretary
    event = service_request.events.get(step="accept")
    assert (event.source, event.target) == (State.SUBMITTED, State.ACCEPTED)
    assert event.codes == {"track": Track.HARD}


def test_accepting_is_not_the_first_contact() -> None:
    assert accepted(a_city()).contacted_at is None


def test_the_submitter_is_told_of_both() -> None:
    city = a_city()
    said = Outgoing.objects.filter(to=accepted(city).submitter).values_list("title", flat=True)
    assert list(said) == ["花城社区受理了你的点单，按要事办理"]
    service_request = filed(city)
    workflow.decline(service_request, by=city.home.secretary, reason="不归本社区")
    assert Outgoing.objects.get(to=service_request.submitter).title == "你的点单没有受理，请看理由"


def test_a_request_is_accepted_once() -> None:
    city = a_city()
    service_request = accepted(city)
    with pytest.raises(RuleViolation, match="现在是“已受理”"):
        workflow.accept(service_request, by=city.home.secretary, track=Track.HARD)
    assert steps_of(service_request) == ["submit", "accept"]


def test_who_looks_at_an_old_copy_is_refused_too() -> None:
    city = a_city()
    service_request = filed(city)
    old = ServiceRequest.objects.get(pk=service_request.pk)
    workflow.accept(service_request, by=city.home.secretary, track=Track.HARD)
    with pytest.raises(RuleViolation):
        workflow.decline(old, by=city.home.secretary, reason="来晚了")


def test_an_unknown_track_is_refused() -> None:
    city = a_city()
    with pytest.raises(RuleViolation):
        workflow.accept(filed(city), by=city.home.secretary, track="whenever")


def test_only_the_verify_power_at_the_handler_counts() -> None:
    city = a_city()
    officer = a_user("街道干部")
    appoint(officer, "officer", city.street)
    service_request = filed(city)
    for person in (officer, a_grid_worker(city.home), city.next_door.secretary, service_request.submitter):
        with pytest.raises(NoPower):
            workflow.accept(service_request, by=person, track=Track.HARD)
        with pytest.raises(NoPower):
            workflow.decline(service_request, by=person, reason="不办")


def test_a_weak_session_has_no_powers() -> None:
    city = a_city()
    service_request = filed(city)
    city.home.secretary.session_is_strong = False
    with pytest.raises(NoPower):
        workflow.accept(service_request, by=city.home.secretary, track=Track.HARD)


def test_nobody_verifies_his_own() -> None:
    city = a_city()
    service_request = filed(city, by=city.home.secretary)
    with pytest.raises(RuleViolation, match="自己的事项"):
        workflow.accept(service_request, by=city.home.secretary, track=Track.HARD)
    with pytest.raises(RuleViolation, match="自己的事项"):
        workflow.decline(service_request, by=city.home.secretary, reason="不办")
    assert not REQUESTS.is_open("accept", city.home.secretary, service_request)
    assert not REQUESTS.is_open("contact", city.home.secretary, service_request)


def test_declining_ends_it_with_a_reason() -> None:
    city = a_city()
    service_request = filed(city)
    workflow.decline(service_request, by=city.home.secretary, reason="请到街道办理")
    assert service_request.state == State.DECLINED
    assert service_request.ended_at is not None
    assert service_request.due is None
    assert service_request.events.get(step="decline").note.text == "请到街道办理"


def test_declining_needs_a_reason_and_a_fresh_request() -> None:
    city = a_city()
    with pytest.raises(RuleViolation) as refusal:
        workflow.decline(filed(city), by=city.home.secretary, reason=" ")
    assert refusal.value.field == "reason"
    for service_request in (accepted(city), in_progress(city)):
        with pytest.raises(RuleViolation):
            workflow.decline(service_request, by=city.home.secretary, reason="不办了")
