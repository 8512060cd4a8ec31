"""Boards name people: they are for those who are registered, or known as members, in the district."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ground import clock
from tests.factories import a_user
from tests.signing_in import weak_client
from tests.volunteers.scenes import FRIDAY_NOON, a_city, a_volunteer, credited
from volunteers import leaderboards
from volunteers.joining import registry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    """In the middle of a period: three hours ago is never last year."""
    with clock.at(FRIDAY_NOON):
        yield


def test_who_has_only_asked_to_be_registered_reads_nobodys_name_on_the_boards():
    city = a_city()
    credited(city.home, a_volunteer(city, name="王守林"), starts_at=FRIDAY_NOON - timedelta(hours=3))
    leaderboards.refresh_due()
    stranger = a_user("路人")
    client, board = weak_client(stranger), f"/leaderboards/{city.district.pk}/"
    registration = registry.register(user=stranger, community=city.home.organization)
    for url in (board, "/leaderboards/", f"/api/v1{board}"):
        assert client.get(url).status_code == 404
    assert "/leaderboards/" not in client.get("/service/").content.decode()
    registry.confirm(registration, by=city.home.secretary, grid=city.home.grid)
    assert "王守林" in client.get("/leaderboards/?period=year", follow=True).content.decode()
    assert board in client.get("/service/").content.decode()
