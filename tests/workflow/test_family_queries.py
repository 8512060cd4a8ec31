"""What a step costs with everything attached: fifteen queries at most, savepoints not counted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from requests import consents, workflow
from requests.models import ServiceRequest
from requests.states import Outcome
from tests.factories import City, a_city, a_grid_worker
from tests.workflow import accepted, escalated, filed, in_progress, resolved, seated
from tests.workflow.dispatched import a_department, sent

pytestmark = pytest.mark.django_db
MOST = 15
Start = Callable[[City], tuple[ServiceRequest, User, dict[str, Any]]]


def busy(city: City) -> ServiceRequest:
    """In progress, with a dispatch, a hold and a note."""
    row = in_progress(city)
    sent(city, service_request=row)
    workflow.set_hold(row, "whistle:1", "哨单正在进行")
    workflow.note(row, by=city.home.secretary, text="已约")
    return row


def waiting(city: City) -> tuple[ServiceRequest, User]:
    officer, row = seated(city.street), in_progress(city)
    consents.explain(row, by=city.home.secretary, text="依照条例")
    return row, officer


def declined(city: City) -> ServiceRequest:
    row = filed(city)
    workflow.decline(row, by=city.home.secretary, reason="不归社区管")
    return row


def _own(row: ServiceRequest, **words: Any) -> tuple[ServiceRequest, User, dict[str, Any]]:
    return row, row.submitter, words


def _ours(city: City, row: ServiceRequest, **words: Any) -> tuple[ServiceRequest, User, dict[str, Any]]:
    return row, city.home.secretary, words


STARTS: dict[str, Start] = {
    "accept": lambda city: _ours(city, filed(city), track="hard"),
    "handle": lambda city: _ours(city, busy(city), responsible=a_grid_worker(city.home)),
    "contact": lambda city: _ours(city, busy(city), how="phone", text="说了"),
    "ask": lambda city: _ours(city, busy(city), text="几楼"),
    "add": lambda city: _own(busy(city), text="还有"),
    "urge": lambda city: _own(busy(city)),
    "note": lambda city: _ours(city, busy(city), text="已约"),
    "resolve": lambda city: _ours(city, in_progress(city), outcome=Outcome.SOLVED, text="好了"),
    "escalate": lambda city: _ours(city, busy(city), reason="归街道"),
    "supervise": lambda city: (busy(city), seated(city.street), {"text": "快"}),
    "take_over": lambda city: (escalated(city), seated(city.street), {}),
    "rate": lambda city: _own(resolved(city), contacted=True, solved=True, satisfied=5),
    "reopen": lambda city: _own(resolved(city), reason="又坏了"),
    "withdraw": lambda city: _own(in_progress(city), reason="不用了"),
    "object": lambda city: _own(declined(city), reason="该管"),
    "merge": lambda city: _ours(city, accepted(city), target=busy(city)),
    "dispatch": lambda city: _ours(city, busy(city), unit=a_department(city)[0], text="请看"),
    "consent_explained": lambda city: (*waiting(city), {}),
}


@pytest.mark.parametrize("name", STARTS)
def test_a_step_costs_fifteen_queries_at_most(name: str) -> None:
    row, by, words = STARTS[name](a_city())
    row = ServiceRequest.objects.whole().get(pk=row.pk)
    by = User.objects.get(pk=by.pk)
    by.scope_cache = {}  # as the middleware gives it
    with CaptureQueriesContext(
        connection,
    ) as captured:
        workflow.VERBS[name](row, by=by, **words)
    said = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    assert len(said) <= MOST, "\n".join(said)
