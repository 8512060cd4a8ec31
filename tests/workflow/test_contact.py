"""联系: the first contact stops the contact clock."""

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from requests import powers, workflow
from requests.states import ContactBy, State
from tests.factories import a_city, a_grid_worker, a_user
from tests.workflow import FRIDAY, filed, in_progress, resolved

pytestmark = pytest.mark.django_db


def test_the_first_contact_is_recorded_and_how() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request = filed(city)
        workflow.contact(service_request, by=city.home.secretary, how=ContactBy.PHONE, text="约好今晚上门")
    with clock.at(FRIDAY.replace(hour=15)):
        workflow.contact(service_request, by=city.home.secretary, how=ContactBy.VISIT)
    assert service_request.contacted_at == FRIDAY
    assert service_request.state == State.SUBMITTED
    first, second = service_request.events.filter(step="contact")
    assert first.codes == {"how": "phone", "is_first": True}
    assert first.note.text == "约好今晚上门"
    assert second.codes == {"how": "visit", "is_first": False}


def test_the_grid_worker_may_contact_in_his_own_grid_only() -> None:
    city = a_city()
    service_request = in_progress(city)
    workflow.contact(service_request, by=a_grid_worker(city.home), how=ContactBy.VISIT)
    with pytest.raises(NoPower):
        workflow.contact(service_request, by=a_grid_worker(city.next_door), how=ContactBy.VISIT)


def test_a_floor_above_may_say_who_else_contacts(monkeypatch: pytest.MonkeyPatch) -> None:
    city, claimant = a_city(), a_user("王建国")
    service_request = in_progress(city)
    with pytest.raises(NoPower):
        workflow.contact(service_request, by=claimant, how=ContactBy.PHONE)
    monkeypatch.setattr(powers, "contactors", [lambda user, thing: user == claimant])
    workflow.contact(service_request, by=claimant, how=ContactBy.PHONE)
    assert service_request.contacted_at is not None


def test_refused_after_the_end_and_without_a_way() -> None:
    city = a_city()
    with pytest.raises(RuleViolation):
        workflow.contact(resolved(city), by=city.home.secretary, how=ContactBy.PHONE)
    with pytest.raises(RuleViolation):
        workflow.contact(filed(city), by=city.home.secretary, how="telepathy")
