"""Units with somebody who answers, and dispatches to them."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from organizations.models import Unit
from organizations.posts import Post
from requests import dispatching
from requests.models import Dispatch, ServiceRequest
from tests.factories import City, a_unit, a_user, appoint
from tests.workflow import accepted

#: How a good answer is judged.
GOOD = {"timely": 5, "effective": 4, "attitude": 5}


def a_department(city: City, name: str = "") -> tuple[Unit, User]:
    """A unit of the district and its case officer."""
    unit, officer = a_unit(city, name), a_user("邓承办")
    appoint(officer, Post.CASE_OFFICER, unit)
    return unit, officer


def sent(
    city: City, unit: Unit | None = None, service_request: ServiceRequest | None = None, **extra: Any
) -> Dispatch:
    """A dispatch of the home community, of a new request unless one is given."""
    row = accepted(city) if service_request is None else service_request
    if unit is None and "organization" not in extra:
        unit, _ = a_department(city)
    fields = {"by": city.home.secretary, "text": "请到现场处理", **extra}
    return dispatching.dispatch(row, unit=unit, **fields)


def officer_of(dispatch: Dispatch) -> User:
    return User.objects.get(appointments__unit=dispatch.unit, appointments__post=Post.CASE_OFFICER)


def signed(city: City, **extra: Any) -> Dispatch:
    row = sent(city, **extra)
    dispatching.sign(row, by=officer_of(row))
    return row


def answered(city: City, **extra: Any) -> Dispatch:
    row = signed(city, **extra)
    dispatching.answer(row, by=officer_of(row), text="已更换线路")
    return row


def again(dispatch: Dispatch) -> Dispatch:
    """As a second browser has it."""
    return Dispatch.objects.select_related("service_request", "unit").get(pk=dispatch.pk)


def steps_of(dispatch: Dispatch) -> list[str]:
    return list(dispatch.events.order_by("id").values_list("step", flat=True))
