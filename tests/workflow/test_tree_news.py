"""What requests do when the tree below them changes, and revealing a number."""

import pytest

from ground.errors import NoPower, RuleViolation
from organizations import tree
from organizations.models import AccessLogEntry
from organizations.posts import Tier
from requests.contacts import reveal_phone
from tests.factories import a_city, a_grid_worker, a_user, appoint
from tests.workflow import filed, resolved

pytestmark = pytest.mark.django_db


def test_a_handler_of_open_requests_cannot_be_closed() -> None:
    city = a_city()
    lone = tree.plant(
        parent=city.street, tier=Tier.COMMUNITY, name="孤岛社区党委", short_name="孤岛社区", by=None
    )
    filed(city, community=lone)
    with pytest.raises(RuleViolation, match="还有 1 件点单没有办完"):
        tree.close(lone, by=None)


def test_finished_ones_do_not_keep_it_open() -> None:
    city = a_city()
    resolved(city)
    lone = tree.plant(
        parent=city.street, tier=Tier.COMMUNITY, name="孤岛社区党委", short_name="孤岛社区", by=None
    )
    tree.close(lone, by=None)
    lone.refresh_from_db()
    assert lone.closed_at is not None


def test_requests_follow_a_community_that_moves() -> None:
    city = a_city()
    service_request, other = filed(city), filed(city, building=city.next_door.building)
    street = tree.plant(
        parent=city.district, tier=Tier.STREET, name="新街道党工委", short_name="新街道", by=None
    )
    tree.move(city.home.organization, to=street, by=None)
    service_request.refresh_from_db()
    other.refresh_from_db()
    assert (service_request.street, other.street) == (street, city.street)
    assert service_request.district == city.district


def test_revealing_a_number_takes_a_reason_and_leaves_a_trace() -> None:
    city = a_city()
    service_request = filed(city)
    phone = reveal_phone(service_request, by=city.home.secretary, reason="约上门时间")
    assert phone == service_request.submitter.phone
    entry = AccessLogEntry.objects.get()
    assert (entry.by, entry.field, entry.organization) == (
        city.home.secretary,
        "phone",
        service_request.handler,
    )
    assert phone not in repr(vars(entry))
    with pytest.raises(RuleViolation):
        reveal_phone(service_request, by=city.home.secretary, reason=" ")
    assert reveal_phone(service_request, by=a_grid_worker(city.home), reason="约上门时间") == phone


def test_others_do_not_reveal() -> None:
    city = a_city()
    officer = a_user("街道干部")
    appoint(officer, "officer", city.street)
    service_request = filed(city)
    for person in (officer, city.next_door.secretary, a_grid_worker(city.next_door), a_user()):
        with pytest.raises(NoPower):
            reveal_phone(service_request, by=person, reason="想知道一下")
    assert not AccessLogEntry.objects.exists()
