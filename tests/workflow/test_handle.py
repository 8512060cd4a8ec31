"""自办 and 吹哨: from accepted to in progress."""

import pytest

from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from requests import powers, workflow
from requests.states import State
from requests.tables import REQUESTS
from tests.factories import a_city, a_grid_worker, a_user
from tests.workflow import accepted, filed, in_progress, resolved

pytestmark = pytest.mark.django_db


def test_handling_names_who_is_responsible() -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    service_request = accepted(city)
    workflow.handle(service_request, by=city.home.secretary, responsible=worker)
    assert (service_request.state, service_request.responsible) == (State.IN_PROGRESS, worker)
    assert service_request.due == service_request.resolve_due
    assert service_request.events.get(step="handle").codes == {"responsible": worker.pk}
    assert Outgoing.objects.filter(to=service_request.submitter, title="网格员 负责办你的点单").exists()


def test_the_grid_worker_handles_in_his_own_grid() -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    service_request = accepted(city)
    workflow.handle(service_request, by=worker, responsible=worker)
    other = accepted(city, community=city.home.organization)
    with pytest.raises(NoPower):
        workflow.handle(other, by=worker, responsible=worker)


def test_the_responsible_is_staff_of_the_handler_and_not_the_submitter() -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    service_request = accepted(city, by=worker)
    for person in (a_user(), city.next_door.secretary, worker):
        with pytest.raises(RuleViolation) as refusal:
            workflow.handle(service_request, by=city.home.secretary, responsible=person)
        assert refusal.value.field == "responsible"
    assert list(powers.handlers(service_request)) == [city.home.secretary]


def test_who_may_be_chosen_are_staff_and_those_on_duty_in_the_grid() -> None:
    city = a_city()
    a, b = a_grid_worker(city.home, "A"), a_grid_worker(city.home, "B")
    a_grid_worker(city.next_door)
    assert set(powers.handlers(accepted(city))) == {city.home.secretary, a, b}


def test_refused_before_accepting_and_after_resolving() -> None:
    city = a_city()
    for service_request in (filed(city), resolved(city)):
        with pytest.raises(RuleViolation):
            workflow.handle(service_request, by=city.home.secretary, responsible=city.home.secretary)


def test_again_it_names_somebody_else() -> None:
    city = a_city()
    service_request, worker = in_progress(city), a_grid_worker(city.home)
    workflow.handle(service_request, by=city.home.secretary, responsible=worker)
    assert service_request.responsible == worker and service_request.state == State.IN_PROGRESS


def test_outsiders_do_not_handle() -> None:
    city = a_city()
    for person in (city.next_door.secretary, a_user()):
        with pytest.raises(NoPower):
            workflow.handle(accepted(city), by=person, responsible=person)


def test_a_whistle_brings_it_in_progress_and_may_come_again() -> None:
    city = a_city()
    service_request = accepted(city)
    workflow.whistled(service_request, by=city.home.secretary, whistle_id=7)
    workflow.whistled(service_request, by=city.home.secretary, whistle_id=8)
    assert service_request.state == State.IN_PROGRESS
    codes = [event.codes for event in service_request.events.filter(step="whistle")]
    assert codes == [{"whistle": 7}, {"whistle": 8}]


def test_a_whistle_needs_the_power_at_the_handler() -> None:
    city = a_city()
    service_request = accepted(city)
    assert not REQUESTS.is_open("whistle", a_grid_worker(city.home), service_request)
    with pytest.raises(NoPower):
        workflow.whistled(service_request, by=city.next_door.secretary, whistle_id=7)
    with pytest.raises(RuleViolation):
        workflow.whistled(filed(city), by=city.home.secretary, whistle_id=7)
