"""`ground.showing` shows what DRF shows, of every shape that uses it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework import serializers

from ground.showing import Shown
from requests import consents, timeline
from requests.api.shapes import (
    EntrySerializer,
    RelativeSerializer,
    RequestDetailSerializer,
    RequestSerializer,
)
from requests.models import ServiceRequest
from tests.factories import City, a_city
from tests.workflow import filed, in_progress, resolved, seated
from tests.workflow.dispatched import sent

pytestmark = pytest.mark.django_db


def matters(city: City) -> list[ServiceRequest]:
    """Just filed, dispatched, waiting for consent, resolved."""
    dispatched, waiting = in_progress(city), in_progress(city)
    sent(city, service_request=dispatched)
    seated(city.street)
    consents.explain(waiting, by=city.home.secretary, text="依照条例")
    rows = [filed(city), dispatched, waiting, resolved(city)]
    return [ServiceRequest.objects.get(pk=row.pk) for row in rows]


def both_ways(kind: Any, row: Any, user: Any) -> tuple[Any, Any]:
    context = {"request": SimpleNamespace(user=user)}
    quick = Shown.to_representation(kind(row, context=context), row)
    return quick, serializers.Serializer.to_representation(kind(row, context=context), row)


@pytest.mark.parametrize("kind", [RequestSerializer, RequestDetailSerializer, RelativeSerializer])
def test_requests_look_as_drf_shows_them(kind: Any) -> None:
    city = a_city()
    for row in matters(city):
        for user in (city.home.secretary, row.submitter):
            user.session_is_strong, user.scope_cache = True, {}
            quick, plain = both_ways(kind, row, user)
            assert quick == plain and list(quick) == list(plain)


def test_lines_of_the_history_look_as_drf_shows_them() -> None:
    city = a_city()
    for row in matters(city):
        for entry in timeline.entries_of(row, row.submitter):
            entry.photos = [{"url": "/a/", "thumb": "/a/?size=small"}]
            quick, plain = both_ways(EntrySerializer, entry, row.submitter)
            assert quick == plain


class Odd(Shown, serializers.Serializer[Any]):
    """What a row may lack."""

    missing = serializers.CharField(source="nobody.name", read_only=True)
    instead = serializers.CharField(source="nobody.name", default="没有", read_only=True)
    asked = serializers.CharField(source="ask", read_only=True)
    number = serializers.CharField(source="count", read_only=True)
    nothing = serializers.IntegerField(source="nobody", read_only=True)


def test_values_that_are_missing_called_or_of_another_type_come_out_as_with_drf() -> None:
    row = SimpleNamespace(nobody=None, ask=lambda: "问过", count=7)
    quick, plain = both_ways(Odd, row, None)
    assert quick == plain == {"instead": "没有", "asked": "问过", "number": "7", "nothing": None}
