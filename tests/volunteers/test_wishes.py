"""微心愿: one volunteer, his own time, shown by a photo (RULES 2)."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from tests.factories import a_user
from tests.signing_in import strong_client, weak_client
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, HERE, a_city, a_claim, a_volunteer, a_whistle
from volunteers.claiming import claims, wishes
from volunteers.models import Claim
from volunteers.presence import attendance
from volunteers.states import ClaimState, WhistleKind, WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
MONDAY = EVENING + timedelta(days=3)


def a_picture(name: str = "done.jpg") -> SimpleUploadedFile:
    raw = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(raw, "JPEG")
    return SimpleUploadedFile(name, raw.getvalue(), "image/jpeg")


@pytest.fixture
def city():
    return a_city()


def a_wish(city, **extra):
    fields = {"kind": WhistleKind.WISH, "title": "想要一个书包", "places_max": 1, "starts_at": FRIDAY_NOON}
    ends_at = FRIDAY_NOON + timedelta(days=20)
    return a_whistle(city.home, **(fields | {"ends_at": ends_at, "claim_by": ends_at} | extra))


def fulfil(claim, at=MONDAY, **extra):
    with clock.at(at):
        return wishes.fulfil(claim, by=claim.volunteer.user, **({"photos": [a_picture()]} | extra))


def test_effect_event_and_news(city):
    claim = a_claim(a_wish(city), a_volunteer(city))
    fulfil(claim)
    claim.refresh_from_db()
    assert (claim.state, claim.checked_out_at, claim.checked_in_at) == (ClaimState.CHECKED_OUT, MONDAY, None)
    assert claim.photos.count() == 1
    assert claim.events.last().step == "fulfil"
    claim.whistle.refresh_from_db()
    assert claim.whistle.state == WhistleState.DONE
    assert [event.step for event in claim.whistle.events.all()][-1] == "fulfil"
    assert Outgoing.objects.filter(to=city.home.secretary, title__startswith="心愿完成").count() == 1


def test_a_photo_is_needed_and_one_that_is_none_changes_nothing(city):
    claim = a_claim(a_wish(city), a_volunteer(city))
    for photos in (
        [],
        [SimpleUploadedFile("x.jpg", b"no picture", "image/jpeg")],
        [a_picture() for _ in range(4)],
    ):
        with pytest.raises(RuleViolation) as refusal:
            fulfil(claim, photos=photos)
        assert refusal.value.field == "photos"
    claim.refresh_from_db()
    assert claim.state == ClaimState.CLAIMED and not claim.photos.exists()


def test_a_second_tap_keeps_one_fulfilment(city):
    claim = a_claim(a_wish(city), a_volunteer(city))
    fulfil(claim)
    with pytest.raises(RuleViolation, match="已签退"):
        fulfil(claim)
    assert claim.photos.count() == 1


def test_only_wishes_only_in_their_time_only_ones_own(city):
    ordinary = a_claim(a_whistle(city.home), a_volunteer(city))
    with pytest.raises(RuleViolation, match="只有微心愿"):
        fulfil(ordinary)
    ahead = a_claim(a_wish(city, starts_at=MONDAY), a_volunteer(city))
    with pytest.raises(RuleViolation, match="还没到"):
        fulfil(ahead, FRIDAY_NOON)
    with pytest.raises(RuleViolation, match="到期"):
        fulfil(ahead, FRIDAY_NOON + timedelta(days=20))
    with clock.at(MONDAY), pytest.raises(NoPower):
        wishes.fulfil(ahead, by=a_volunteer(city).user, photos=[a_picture()])


def test_wishes_overlap_with_nothing_and_are_not_checked_in_to(city):
    volunteer = a_volunteer(city)
    wish = a_claim(a_wish(city), volunteer)
    assert a_claim(a_whistle(city.home), volunteer)
    assert a_claim(a_wish(city, title="想理个发"), volunteer)
    with clock.at(EVENING), pytest.raises(RuleViolation, match="不用签到"):
        attendance.check_in(wish, by=volunteer.user, point=HERE)
    with clock.at(MONDAY):
        claims.withdraw(wish, by=volunteer.user)
    assert wish.state == ClaimState.WITHDRAWN, "a wish may be given back while it runs"


def test_the_taken_wish_offers_the_queue(city):
    wish = a_wish(city)
    a_claim(wish, a_volunteer(city))
    with pytest.raises(RuleViolation, match="已有人认领，可以候补"):
        a_claim(wish, a_volunteer(city))


def test_the_page_takes_a_photo_and_shows_it_to_those_who_may_see_the_claim(city):
    claim = a_claim(a_wish(city), a_volunteer(city))
    client = weak_client(claim.volunteer.user)
    url = f"/claims/{claim.pk}/"
    with clock.at(MONDAY):
        page = client.get(url).content.decode()
        assert "交上照片，心愿完成" in page and "check-in/" not in page
        assert "请拍一张完成的照片" in client.post(url + "fulfil/", follow=True).content.decode()
        answer = client.post(url + "fulfil/", {"photos": [a_picture()]}, follow=True)
        assert "心愿完成了，谢谢你" in answer.content.decode()
        photo = f"{url}photos/{claim.photos.get().pk}/"
        assert photo in answer.content.decode()
    for reader in (client, strong_client(city.home.secretary)):
        for size in ("", "?size=small"):
            answer = reader.get(photo + size)
            assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    for user in (a_user(), a_volunteer(city).user, city.next_door.secretary):
        assert strong_client(user).get(photo).status_code == 404
    other = a_claim(a_wish(city, title="另一个"), claim.volunteer)
    assert client.get(f"/claims/{other.pk}/photos/{claim.photos.get().pk}/").status_code == 404


def test_over_the_api(city):
    from rest_framework.test import APIClient

    claim = a_claim(a_wish(city), a_volunteer(city))
    client = APIClient()
    client.force_authenticate(claim.volunteer.user)
    with clock.at(MONDAY):
        steps = client.get(f"/api/v1/claims/{claim.pk}/").json()["steps"]
        assert {step["name"] for step in steps} == {"fulfil", "withdraw"}
        assert client.post(f"/api/v1/claims/{claim.pk}/fulfil/").status_code == 409
        done = client.post(
            f"/api/v1/claims/{claim.pk}/fulfil/", {"photos": [a_picture()]}, format="multipart"
        )
    assert done.status_code == 200, done.content
    assert done.json()["state"] == "checked_out" and len(done.json()["photos"]) == 1
    assert Claim.objects.get(pk=claim.pk).photos.count() == 1


def test_a_wish_that_has_run_out_is_not_given_back_any_more(city):
    """Whoever let it run out is absent, as everywhere: not withdrawn at the last moment after it."""
    claim = a_claim(a_wish(city), a_volunteer(city))
    with clock.at(FRIDAY_NOON + timedelta(days=20, minutes=1)):
        with pytest.raises(RuleViolation, match="到期"):
            claims.withdraw(claim, by=claim.volunteer.user)
        whistles.expire(claim.whistle)
        with pytest.raises(RuleViolation, match="到期"):
            claims.withdraw(claim, by=claim.volunteer.user)
