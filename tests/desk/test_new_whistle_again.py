"""The form of a new whistle, sent again: a refusal leaves nothing behind, and old words are never published."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from ground import clock
from tests.signing_in import strong_client
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city
from volunteers.models import Whistle
from volunteers.states import WhistleState

pytestmark = pytest.mark.django_db


def filled(city: Any, **extra: str) -> dict[str, str]:
    starts = timezone.localtime(EVENING)
    fields = {
        "title": "楼道灯抢修",
        "text": "带梯子",
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}",
        "ends_at": f"{starts:%Y-%m-%dT}20:00",
        "building": str(city.home.building.pk),
        "radius_m": "300",
        "places_max": "2",
        "places_min": "1",
        "kind": "service",
        "duty_area": "convenience",
        "task": "service",
        "audience": "registered",
    }
    return fields | extra


def send(city: Any, **fields: str) -> Any:
    with clock.at(FRIDAY_NOON):
        return strong_client(city.home.secretary).post("/desk/whistles/new/", filled(city, **fields))


def test_refused_publishing_leaves_no_draft_and_the_corrected_form_goes_through():
    city, key = a_city(), str(uuid.uuid4())
    answer = send(city, key=key, claim_by="2026-11-20T09:00", publish="1")
    assert "接单截止时间已经过了" in answer.content.decode()
    assert not Whistle.objects.exists()
    assert send(city, key=key, publish="1").status_code == 302
    assert Whistle.objects.get().state == WhistleState.OPEN


def test_a_double_tap_publishes_once():
    city, key = a_city(), str(uuid.uuid4())
    assert send(city, key=key, publish="1").url == send(city, key=key, publish="1").url
    assert Whistle.objects.get().events.filter(step="publish").count() == 1


def test_a_draft_changed_in_the_form_afterwards_is_not_published_with_its_old_words():
    city, key = a_city(), str(uuid.uuid4())
    assert send(city, key=key, draft="1").status_code == 302
    answer = send(city, key=key, title="改到明天", publish="1")
    assert "后来的改动没有保存" in answer.content.decode()
    assert Whistle.objects.get().state == WhistleState.DRAFT
