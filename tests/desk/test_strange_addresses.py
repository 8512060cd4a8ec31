"""Addresses of lists that nobody links to: what makes no sense in them is passed over."""

from __future__ import annotations

import pytest

from tests.factories import a_city
from tests.signing_in import strong_client
from tests.workflow import filed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "query",
    [
        "to=9999-12-31",
        "from=0001-01-01",
        "after=-62135596800-3",
        f"after=1-{'9' * 30}",
        "after=nan-1",
        f"grid={'9' * 30}&category=x&within=²",
        "which=x&state=x&source=x",
    ],
)
def test_the_list_of_requests(query: str) -> None:
    city = a_city()
    service_request = filed(city)
    page = strong_client(city.home.secretary).get(f"/desk/requests/?{query}")
    assert page.status_code == 200
    if not query.startswith(("grid", "after=-", "after=1")):
        assert service_request.title in page.content.decode()


@pytest.mark.parametrize(
    "mark",
    ["0001-01-01T00:00:00+14:00~5", "9999-12-31T23:59:59-14:00~5", f"2026-01-01T00:00:00+00:00~{'9' * 30}"],
)
def test_the_inbox(mark: str) -> None:
    city = a_city()
    assert strong_client(city.home.secretary).get("/messages/", {"before": mark}).status_code == 200
