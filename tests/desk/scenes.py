"""A community at work: requests in every tab of the list, made through the verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ground import clock
from requests import afterwards, workflow
from requests.models import ServiceRequest
from requests.states import Outcome, Track
from tests.factories import City, Community, a_user
from tests.signing_in import strong_client
from tests.workflow import a_category

CHINA = ZoneInfo("Asia/Shanghai")
#: A Friday morning; what is accepted as urgent on it is due the next morning.
MORNING = datetime(2026, 11, 20, 9, 0, tzinfo=CHINA)


def ask(community: Community, at: datetime = MORNING, **extra: Any) -> ServiceRequest:
    """A resident of the community asks for something at that moment."""
    fields = {"by": extra.pop("by", None) or a_user("周小明"), "category": a_category(), "text": "楼道灯不亮"}
    with clock.at(at):
        return workflow.submit(**{**fields, "building": community.building, **extra})


def accept(
    service_request: ServiceRequest, community: Community, at: datetime, track: str = Track.URGENT
) -> None:
    with clock.at(at):
        workflow.accept(service_request, by=community.secretary, track=track)


def contact(service_request: ServiceRequest, community: Community, at: datetime) -> None:
    with clock.at(at):
        workflow.contact(service_request, by=community.secretary, how="phone")


def finish(
    service_request: ServiceRequest, community: Community, at: datetime, stars: int = 0, solved: bool = True
) -> None:
    """Handled, resolved an hour later, and rated if `stars` are given."""
    with clock.at(at):
        workflow.handle(service_request, by=community.secretary, responsible=community.secretary)
    with clock.at(at + timedelta(hours=1)):
        workflow.resolve(service_request, by=community.secretary, outcome=Outcome.SOLVED, text="换好了")
    if stars:
        with clock.at(at + timedelta(hours=2)):
            afterwards.rate(
                service_request,
                by=service_request.submitter,
                contacted=True,
                solved=solved,
                satisfied=stars,
            )


def open_page(client: Client, url: str, **headers: str) -> str:
    """The page at `url`, which must be there."""
    response = client.get(url, headers=headers)
    assert response.status_code == 200, (url, response.status_code)
    return response.content.decode()


def queries_of(client: Client, url: str, **headers: str) -> int:
    """How many queries a second look at the page takes: the first one warms what is read once a process."""
    open_page(client, url, **headers)
    with CaptureQueriesContext(connection) as captured:
        open_page(client, url, **headers)
    return len(captured)


def secretary_of(city: City) -> Client:
    return strong_client(city.home.secretary)
