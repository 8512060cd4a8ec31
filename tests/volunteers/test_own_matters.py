"""Nobody serves his own request for hours and then rates himself (RULES 0, last line)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import RuleViolation
from organizations.posts import Post
from requests import workflow
from tests.factories import a_user, appoint
from tests.volunteers.scenes import FRIDAY_NOON, a_city, a_claim, a_volunteer, a_whistle
from tests.workflow import accepted, filed
from volunteers.claiming import claims
from volunteers.models import Claim, Whistle
from volunteers.states import WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db


def test_whoever_asked_does_not_claim_the_whistle_for_his_own_request():
    city = a_city()
    asker, other = a_volunteer(city), a_volunteer(city)
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city, by=asker.user)
    whistle = a_whistle(city.home, service_request=service_request)
    with clock.at(FRIDAY_NOON):
        assert "你自己的点单" in claims.standing_of(asker.user).why_not(whistle, 0)
    with pytest.raises(RuleViolation, match="你自己的点单"):
        a_claim(whistle, asker)
    assert not Claim.objects.exists()
    assert a_claim(whistle, other).volunteer == other


def test_nobody_blows_the_whistle_for_his_own_request():
    """As with accepting and handling: somebody else of the community does it."""
    city = a_city()
    colleague = a_user("社区干部")
    appoint(colleague, Post.COMMUNITY_WORKER, city.home.organization)
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = filed(city, by=city.home.secretary)
        workflow.accept(service_request, by=colleague, track="important")
    with pytest.raises(RuleViolation, match="你自己的事项"):
        a_whistle(city.home, service_request=service_request)
    with clock.at(FRIDAY_NOON):
        draft = Whistle.objects.get()
        assert whistles.publish(draft, by=colleague).state == WhistleState.OPEN
