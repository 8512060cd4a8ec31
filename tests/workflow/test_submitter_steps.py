"""补充 and 撤回: what the submitter does with an open request."""

import pytest

from ground.errors import NoPower, RuleViolation
from notifications.models import FanOut
from requests import workflow
from requests.states import State
from requests.tables import REQUESTS
from tests.factories import a_city, a_user
from tests.signing_in import strong_client
from tests.workflow import a_photo, accepted, filed, in_progress, resolved, steps_of

pytestmark = pytest.mark.django_db


def test_adding_keeps_the_state_and_tells_the_handler() -> None:
    service_request = filed(a_city())
    workflow.add(service_request, by=service_request.submitter, text="四楼也不亮", photos=[a_photo()])
    assert service_request.state == State.SUBMITTED
    event = service_request.events.get(step="add")
    assert event.note.text == "四楼也不亮"
    assert event.photos.count() == 1
    assert FanOut.objects.filter(title="有补充：楼道灯不亮").exists()


def test_withdrawing_ends_it_from_every_open_state() -> None:
    city = a_city()
    for service_request in (filed(city), accepted(city), in_progress(city)):
        workflow.withdraw(service_request, by=service_request.submitter, reason="自己修好了")
        assert service_request.state == State.WITHDRAWN
        assert (service_request.due, service_request.ended_at is None) == (None, False)
        assert steps_of(service_request)[-1] == "withdraw"
    assert FanOut.objects.filter(title__startswith="已撤回").count() == 3


def test_a_hold_does_not_keep_anybody_from_withdrawing() -> None:
    service_request = in_progress(a_city())
    workflow.set_hold(service_request, "whistle:1", "哨单正在进行")
    workflow.withdraw(service_request, by=service_request.submitter)
    assert service_request.state == State.WITHDRAWN


def test_refused_once_it_is_resolved() -> None:
    service_request = resolved(a_city())
    with pytest.raises(RuleViolation, match="待评价"):
        workflow.withdraw(service_request, by=service_request.submitter)
    with pytest.raises(RuleViolation):
        workflow.add(service_request, by=service_request.submitter, text="还有")


def test_only_the_submitter() -> None:
    city = a_city()
    service_request = filed(city)
    for person in (city.home.secretary, a_user()):
        with pytest.raises(NoPower):
            workflow.withdraw(service_request, by=person)
        with pytest.raises(NoPower):
            workflow.add(service_request, by=person, text="还有")


def test_the_table_offers_each_person_what_he_may_do() -> None:
    city = a_city()

    def names(person: object, service_request: object) -> list[str]:
        return [step.name for step in REQUESTS.steps_open_to(person, service_request)]

    fresh, working, done = filed(city), in_progress(city), resolved(city)
    assert names(fresh.submitter, fresh) == ["add", "urge", "withdraw"]
    assert names(city.home.secretary, fresh) == ["accept", "decline", "contact", "merge", "note"]
    assert {"handle", "dispatch", "whistle", "ask", "split", "escalate", "resolve"} <= {
        *names(city.home.secretary, working)
    }
    assert names(done.submitter, done) == ["rate", "reopen"]
    assert names(city.home.secretary, done) == ["note"]
    assert names(city.next_door.secretary, fresh) == []


def test_no_form_of_the_staff_is_drawn_for_whoever_asked() -> None:
    city = a_city()
    row = in_progress(city)
    client = strong_client(row.submitter)
    for name in ("handle", "dispatch", "merge", "resolve", "call_back"):
        page = client.post(f"/requests/{row.number}/{name}/", {})
        assert page.status_code == 403 and city.home.secretary.name not in page.content.decode()
    assert client.post(f"/requests/{row.number}/add/", {}).status_code == 422
