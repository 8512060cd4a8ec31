"""A whistle for a request: the request moves on, is held while it runs, and the claimant knows whom he helps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from ground import clock
from ground.errors import NoPower, RuleViolation
from requests import workflow
from requests.powers import can_contact
from requests.states import Outcome, State
from tests.factories import a_user
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_draft,
    a_volunteer,
    a_whistle,
    attended,
)
from tests.workflow import accepted, filed
from volunteers.accounting import crediting
from volunteers.claiming import claims
from volunteers.powers import sees_requester
from volunteers.states import ClaimState, WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db


def wanted(city, **extra):
    """An accepted request of a resident, filed this Friday noon."""
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        return accepted(city, **extra)


def test_publishing_moves_the_request_on():
    city = a_city()
    service_request = wanted(city)
    whistle = a_whistle(city.home, service_request=service_request)
    service_request.refresh_from_db()
    assert service_request.state == State.IN_PROGRESS
    event = service_request.events.last()
    assert (event.step, event.by, event.codes) == ("whistle", city.home.secretary, {"whistle": whistle.pk})
    assert whistle.duty_area == service_request.category.duty_area
    a_whistle(city.home, service_request=service_request, title="再来两个人")
    assert service_request.events.filter(step="whistle").count() == 2


def test_not_for_a_request_that_is_not_accepted_or_not_ours():
    city = a_city()
    with clock.at(FRIDAY_NOON):
        draft = a_draft(city.home, service_request=filed(city))
        with pytest.raises(RuleViolation, match="现在是“待受理”"):
            whistles.publish(draft, by=city.home.secretary)
    draft.refresh_from_db()
    assert draft.state == WhistleState.DRAFT
    theirs = filed(city, building=city.next_door.building)
    with pytest.raises(RuleViolation, match="不在本社区"):
        a_draft(city.home, service_request=theirs)
    with pytest.raises(NoPower):
        a_draft(city.next_door, by=city.home.secretary, service_request=theirs)


def test_a_running_whistle_holds_the_request():
    city = a_city()
    service_request = wanted(city)
    whistle = a_whistle(city.home, service_request=service_request)
    assert not service_request.holds.exists()
    with clock.at(EVENING):
        whistles.start_and_finish_due()
        assert [hold.key for hold in service_request.holds.all()] == [f"whistle:{whistle.pk}"]
        with pytest.raises(RuleViolation, match="“楼道灯抢修”正在进行"):
            workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    with clock.at(EVENING + timedelta(hours=1)):
        whistles.start_and_finish_due()
        assert not service_request.holds.exists()
        workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    assert service_request.state == State.RESOLVED


def test_withdrawing_the_request_cancels_what_has_not_begun():
    city = a_city()
    service_request = wanted(city)
    draft = a_draft(city.home, service_request=service_request)
    whistle = a_whistle(city.home, service_request=service_request)
    claim = a_claim(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        workflow.withdraw(service_request, by=service_request.submitter)
    for row in (draft, whistle, claim):
        row.refresh_from_db()
    assert draft.state == whistle.state == WhistleState.CANCELLED
    assert claim.state == ClaimState.RELEASED
    assert whistle.events.last().by is None


def test_withdrawing_lets_what_runs_finish_and_be_credited():
    city = a_city()
    service_request = wanted(city)
    whistle = a_whistle(city.home, service_request=service_request)
    claim = attended(whistle, a_volunteer(city))
    with clock.at(EVENING + timedelta(minutes=10)):
        workflow.withdraw(service_request, by=service_request.submitter)
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.RUNNING, "its start was due, so it began"
    with clock.at(EVENING + timedelta(hours=1)):
        whistles.start_and_finish_due()
        crediting.credit(claim, by=city.home.secretary)
    whistle.refresh_from_db()
    assert (whistle.state, claim.state) == (WhistleState.DONE, ClaimState.CREDITED)
    assert not service_request.holds.exists()


def test_the_claimant_knows_whom_he_helps_from_claim_to_finish():
    city = a_city()
    service_request = wanted(city, shares_phone=True)
    whistle = a_whistle(city.home, service_request=service_request)
    volunteer, other = a_volunteer(city), a_volunteer(city)
    client, onlooker = Client(), Client()
    client.force_login(volunteer.user)
    onlooker.force_login(other.user)
    phone, url = service_request.submitter.phone, f"/whistles/{whistle.pk}/"
    with clock.at(FRIDAY_NOON):
        assert phone not in client.get(url).content.decode()
        claim = claims.claim(whistle, by=volunteer.user)
        page = client.get(url).content.decode()
        assert phone in page and "周**" in page and "周小兰" not in page
        assert phone in client.get(f"/claims/{claim.pk}/").content.decode()
        assert phone not in onlooker.get(url).content.decode()
        assert sees_requester(volunteer.user, whistle)
    with clock.at(EVENING + timedelta(hours=1)):
        whistles.start_and_finish_due()
        assert phone not in client.get(url).content.decode()
        assert phone not in client.get(f"/claims/{claim.pk}/").content.decode()


def test_without_consent_no_number():
    city = a_city()
    service_request = wanted(city)
    whistle = a_whistle(city.home, service_request=service_request)
    volunteer = a_volunteer(city)
    a_claim(whistle, volunteer)
    client = Client()
    client.force_login(volunteer.user)
    page = client.get(f"/whistles/{whistle.pk}/").content.decode()
    assert "周**" in page and service_request.submitter.phone not in page


def test_the_claimant_says_that_contact_was_made():
    city = a_city()
    service_request = wanted(city)
    volunteer = a_volunteer(city)
    assert not can_contact(volunteer.user, service_request)
    claim = a_claim(a_whistle(city.home, service_request=service_request), volunteer)
    client = Client()
    client.force_login(volunteer.user)
    with clock.at(FRIDAY_NOON):
        assert can_contact(volunteer.user, service_request)
        page = client.post(f"/claims/{claim.pk}/contact/", {"how": "phone"}, follow=True).content.decode()
    assert "已登记联系" in page
    service_request.refresh_from_db()
    assert service_request.contacted_at == FRIDAY_NOON
    with pytest.raises(NoPower):
        claims.contact(claim, by=a_user(), how="phone")
    without = a_claim(
        a_whistle(city.home, starts_at=EVENING + timedelta(hours=2), ends_at=EVENING + timedelta(hours=3)),
        volunteer,
    )
    with pytest.raises(NoPower):
        claims.contact(without, by=volunteer.user, how="phone")
