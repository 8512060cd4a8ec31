"""办结: holds, photos, outcome."""

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from requests import workflow
from requests.models import Hold
from requests.states import Outcome, State
from requests.tables import REQUESTS
from tests.factories import a_city, a_user
from tests.workflow import FRIDAY, a_category, a_photo, accepted, in_progress, resolved

pytestmark = pytest.mark.django_db


def test_resolving_waits_for_the_rating() -> None:
    city = a_city()
    with clock.at(FRIDAY):
        service_request = in_progress(city)
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.PARTLY, text="换了一半")
    assert (service_request.state, service_request.outcome) == (State.RESOLVED, Outcome.PARTLY)
    assert service_request.resolved_at == FRIDAY
    assert service_request.due is None
    assert service_request.ended_at is None
    event = service_request.events.get(step="resolve")
    assert event.codes == {"outcome": "partly"}
    assert event.note.text == "换了一半"
    assert Outgoing.objects.filter(to=service_request.submitter, title="你的点单部分解决，请评价").exists()


def test_a_hold_stands_in_the_way_and_is_named() -> None:
    city = a_city()
    service_request = in_progress(city)
    workflow.set_hold(service_request, "whistle:7", "哨单“修灯”正在进行")
    workflow.set_hold(service_request, "whistle:7", "哨单“修楼道灯”正在进行")
    with pytest.raises(RuleViolation, match="哨单“修楼道灯”正在进行"):
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    offers = REQUESTS.offers(city.home.secretary, service_request)
    assert next(offer.why_not for offer in offers if offer.step.name == "resolve")
    assert Hold.objects.count() == 1
    workflow.clear_hold(service_request, "whistle:7")
    workflow.clear_hold(service_request, "whistle:7")
    workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    assert service_request.state == State.RESOLVED


def test_photos_where_the_category_demands_them() -> None:
    city = a_city()
    service_request = in_progress(city, category=a_category("clean", needs_photo_to_resolve=True))
    words = {"outcome": Outcome.SOLVED, "text": "扫干净了"}
    with pytest.raises(RuleViolation) as refusal:
        workflow.resolve(service_request, by=city.home.secretary, **words)
    assert refusal.value.field == "photos"
    workflow.resolve(service_request, by=city.home.secretary, photos=[a_photo()], **words)
    assert service_request.photos.get().event.step == "resolve"


def test_refused_too_early_twice_and_without_words() -> None:
    city = a_city()
    for service_request in (accepted(city), resolved(city)):
        with pytest.raises(RuleViolation):
            workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    for broken in ({"outcome": "", "text": "好了"}, {"outcome": Outcome.SOLVED, "text": " "}):
        with pytest.raises(RuleViolation):
            workflow.resolve(in_progress(city), by=city.home.secretary, **broken)


def test_outsiders_and_the_submitter_do_not_resolve() -> None:
    city = a_city()
    service_request = in_progress(city)
    for person in (city.next_door.secretary, service_request.submitter, a_user()):
        with pytest.raises(NoPower):
            workflow.resolve(service_request, by=person, outcome=Outcome.SOLVED, text="好了")
