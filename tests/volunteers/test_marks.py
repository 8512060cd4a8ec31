"""打卡: by the code on the spot, kept without network, said by staff; a mark is written for every one (S10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.sessions import BACKEND
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.geo import Point
from tests.factories import a_user
from tests.signing_in import strong_client, weak_client
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    HERE,
    a_city,
    a_claim,
    a_plain_volunteer,
    a_volunteer,
    a_whistle,
    attended,
)
from volunteers.accounting import crediting
from volunteers.claiming import claims
from volunteers.models import CheckMark, Whistle
from volunteers.presence import attendance, devices, onsite
from volunteers.states import CheckBy, CheckWay, ClaimState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
LATER = EVENING + timedelta(hours=3)


@pytest.fixture
def city():
    return a_city()


@pytest.fixture
def claim(city):
    return a_claim(a_whistle(city.home), a_volunteer(city))


def check_in(claim, at=EVENING, **extra):
    with clock.at(at):
        return attendance.check_in(claim, by=claim.volunteer.user, **extra)


def check_out(claim, at=EVENING + timedelta(minutes=50), **extra):
    with clock.at(at):
        return attendance.check_out(claim, by=claim.volunteer.user, **extra)


def test_a_mark_says_how_and_how_far_but_not_where(claim):
    near = Point(HERE.lng, HERE.lat + 100 / 111_195)
    check_in(claim, point=near, accuracy_m=12.4, device="d" * 64)
    mark = claim.marks.get()
    assert (mark.way, mark.by, mark.at, mark.received_at) == ("in", "location", EVENING, EVENING)
    assert (mark.distance_m, mark.accuracy_m, mark.device, mark.is_late) == (100, 12, "d" * 64, False)
    columns = {field.name for field in CheckMark._meta.fields}
    assert not columns & {"lng", "lat", "point"}


# The code


def test_the_code_of_the_moment_and_the_one_before(claim):
    at = EVENING.replace(second=5)
    code = onsite.code_of(claim.whistle_id, at)
    assert len(code) == 8
    assert onsite.is_right(claim.whistle_id, code.lower(), at + timedelta(seconds=50))
    assert not onsite.is_right(claim.whistle_id, code, at + timedelta(seconds=61))
    assert not onsite.is_right(claim.whistle_id + 1, code, at)
    assert onsite.is_right(claim.whistle_id, code.replace("O", "0").replace("I", "1"), at), "misread"
    with pytest.raises(RuleViolation, match="现场码不对或已经换了"):
        check_in(claim, code="AAAAAAAA")
    check_in(claim, at, code=code)
    assert (claim.state, claim.marks.get().by) == (ClaimState.CHECKED_IN, CheckBy.CODE)
    assert claim.check_in_distance_m is None
    assert claim.events.last().codes == {"by": "code"}


def test_the_page_with_the_code_is_for_leader_and_staff(city):
    leader = a_volunteer(city)
    whistle = a_whistle(city.home)
    a_claim(whistle, leader)
    Whistle.objects.filter(pk=whistle.pk).update(leader=leader.user)
    url = f"/whistles/{whistle.pk}/code/"
    outsiders = (a_user(), a_volunteer(city).user, city.next_door.secretary)
    with clock.at(EVENING):
        for user in outsiders:
            assert strong_client(user).get(url).status_code == 404
        for client in (weak_client(leader.user), strong_client(city.home.secretary)):
            page = client.get(url).content.decode()
            code = onsite.code_of(whistle.pk, EVENING)
            assert "<svg" in page and f"{code[:4]} {code[4:]}" in page
            part = client.get(url + "?part=code").content.decode()
            assert "<svg" in part and "<html" not in part
        assert "出示" in weak_client(leader.user).get(f"/whistles/{whistle.pk}/").content.decode()
    with clock.at(FRIDAY_NOON):
        page = weak_client(leader.user).get(url).content.decode()
        assert "现在不出示签到码" in page and "onsite-letters" not in page


def scan(client, whistle, at, **extra):
    code = onsite.code_of(whistle.pk, at)
    with clock.at(at):
        return client.get(f"/check-in/{whistle.pk}/{code}/", **extra), f"/check-in/{whistle.pk}/{code}/"


def test_scanning_checks_in_and_out(claim):
    client = weak_client(claim.volunteer.user)
    page, url = scan(client, claim.whistle, EVENING)
    assert "到了，签到" in page.content.decode()
    with clock.at(EVENING + timedelta(minutes=4)):  # the code is old by now, the scan is not
        assert "签到成功" in client.post(url, {"way": "in"}, follow=True).content.decode()
        client.post(url, {"way": "in"})  # a second tap neither fails nor checks out
    claim.refresh_from_db()
    assert claim.state == ClaimState.CHECKED_IN
    page, url = scan(client, claim.whistle, EVENING + timedelta(minutes=65))
    assert "要走了，签退" in page.content.decode()
    with clock.at(EVENING + timedelta(minutes=66)):
        client.post(url, {"way": "out"})
    claim.refresh_from_db()
    assert claim.state == ClaimState.CHECKED_OUT
    assert [mark.by for mark in claim.marks.all()] == ["code", "code"]
    assert crediting.proposed_minutes(claim) == 56


def test_five_minutes_after_the_scan_the_code_is_scanned_again(claim):
    client = weak_client(claim.volunteer.user)
    _, url = scan(client, claim.whistle, EVENING)
    with clock.at(EVENING + timedelta(minutes=6)):
        answer = client.post(url, {"way": "in"})
        assert answer.status_code == 404 and "请重新扫一次" in answer.content.decode()
    claim.refresh_from_db()
    assert claim.state == ClaimState.CLAIMED


def test_a_wrong_code_says_the_same_of_every_whistle_and_of_none(claim):
    client = weak_client(a_user())
    with clock.at(EVENING):
        pages = [client.get(f"/check-in/{pk}/ABCDEFGH/") for pk in (claim.whistle_id, 99999)]
    assert {page.status_code for page in pages} == {404}
    assert all("请重新扫一次" in page.content.decode() for page in pages)


def test_somebody_who_was_served_is_led_to_the_thanks_page_and_may_sign_in_first(claim, client):
    answer, url = scan(client, claim.whistle, EVENING)
    assert answer.status_code == 302 and "/sign-in/" in answer.url
    assert client.session[onsite.SCANNED][str(claim.whistle_id)] == EVENING.timestamp()
    resident = weak_client(a_user("居民"))
    answer, _ = scan(resident, claim.whistle, EVENING)
    assert answer.status_code == 302 and answer.url.endswith(f"/{claim.whistle_id}/thank/")
    assert onsite.scanned_at(resident.session, claim.whistle_id) == EVENING.timestamp()


def test_before_the_start_the_code_tells_when_thanks_can_be_said(claim):
    answer, _ = scan(
        weak_client(a_user("居民")), claim.whistle, claim.whistle.starts_at - timedelta(minutes=20)
    )
    page = answer.content.decode()
    assert answer.status_code == 200 and "还没有开始" in page and "看这张哨单" not in page


def test_a_wrong_code_is_refused_beside_its_field(claim):
    with clock.at(EVENING):
        client = weak_client(claim.volunteer.user)
        page = client.post(f"/claims/{claim.pk}/check-in/", {"code": "ABCDEFGH"}).content.decode()
    assert 'id="id_code_error"' in page and "现场码不对或已经换了" in page


def test_the_scan_outlives_signing_in(claim, client):
    _, url = scan(client, claim.whistle, EVENING)
    client.force_login(claim.volunteer.user, backend=BACKEND)  # as the sign-in page does: the session goes on
    with clock.at(EVENING + timedelta(minutes=3)):
        assert "到了，签到" in client.get(url).content.decode()


# Without network


def test_a_kept_mark_counts_by_its_own_time_and_is_marked(claim):
    check_in(claim, LATER, happened_at=EVENING, point=HERE)
    claim.refresh_from_db()
    assert (claim.state, claim.checked_in_at) == (ClaimState.CHECKED_IN, EVENING)
    mark = claim.marks.get()
    assert (mark.at, mark.received_at, mark.is_late) == (EVENING, LATER, True)
    event = claim.events.last()
    assert (event.step, event.at) == ("check_in_late", LATER)


def test_kept_marks_arrive_after_the_end(claim):
    with clock.at(EVENING + timedelta(hours=1)):
        whistles.start_and_finish_due()
    check_in(claim, LATER, happened_at=EVENING, point=HERE)
    check_out(claim, LATER, happened_at=EVENING + timedelta(minutes=40), point=HERE)
    assert claim.state == ClaimState.CHECKED_OUT
    assert crediting.proposed_minutes(claim) == 40


def test_sent_twice_it_counts_once(claim):
    for _ in range(2):
        check_in(claim, LATER, happened_at=EVENING, point=HERE)
    for _ in range(2):
        check_out(claim, LATER, happened_at=EVENING + timedelta(minutes=40), point=HERE)
    check_in(claim, LATER, happened_at=EVENING, point=HERE)
    assert claim.marks.count() == 2
    assert [event.step for event in claim.events.all()] == ["claim", "check_in_late", "check_out"]


def test_an_answer_that_was_lost_does_not_make_two_of_one(claim):
    check_in(claim, EVENING, point=HERE)
    check_in(claim, LATER, happened_at=EVENING - timedelta(seconds=10), point=HERE)
    assert claim.marks.get().at == EVENING


@pytest.mark.parametrize(
    ("happened_at", "now", "sentence"),
    [
        (EVENING - timedelta(minutes=31), LATER, "开始前 30 分钟起"),
        (EVENING + timedelta(minutes=61), LATER, "已过结束时间"),
        (EVENING, EVENING + timedelta(hours=48, minutes=1), "48 小时以前"),
        (EVENING + timedelta(minutes=3), EVENING, "手机的时间比实际快"),
    ],
)
def test_a_kept_mark_is_judged_by_its_own_time(claim, happened_at, now, sentence):
    with pytest.raises(RuleViolation, match=sentence):
        check_in(claim, now, happened_at=happened_at, point=HERE)


def test_a_kept_mark_needs_the_place_as_much_as_any(claim):
    with pytest.raises(RuleViolation, match="手机定位"):
        check_in(claim, LATER, happened_at=EVENING)
    code = onsite.code_of(claim.whistle_id, EVENING)
    check_in(claim, LATER, happened_at=EVENING, code=code)
    assert claim.marks.get().by == CheckBy.CODE


def test_nobody_leaves_before_he_came(claim):
    check_in(claim, EVENING, point=HERE)
    with pytest.raises(RuleViolation, match="比签到还早"):
        check_out(claim, LATER, happened_at=EVENING - timedelta(minutes=5), point=HERE)


# Said by staff


def test_staff_say_from_when_to_when(city, claim):
    come, gone = EVENING + timedelta(minutes=5), EVENING + timedelta(minutes=55)
    with clock.at(LATER):
        attendance.attest(claim, by=city.home.secretary, came_at=come, left_at=gone)
    assert claim.state == ClaimState.CHECKED_OUT
    assert [(mark.way, mark.by, mark.at) for mark in claim.marks.all()] == [
        (CheckWay.IN, CheckBy.STAFF, come), (CheckWay.OUT, CheckBy.STAFF, gone),
    ]  # fmt: skip
    assert claim.events.last().by == city.home.secretary
    assert crediting.proposed_minutes(claim) == 50


def test_whoever_checked_in_himself_keeps_that_time(city, claim):
    check_in(claim, EVENING + timedelta(minutes=10), point=HERE)
    with clock.at(LATER):
        gone = EVENING + timedelta(minutes=50)
        attendance.attest(claim, by=city.home.secretary, came_at=EVENING, left_at=gone)
    assert claim.checked_in_at == EVENING + timedelta(minutes=10)
    assert [mark.by for mark in claim.marks.all()] == ["location", "staff"]


@pytest.mark.parametrize(
    ("come", "gone", "field"),
    [
        (None, 50, "came_at"),
        (-31, 50, "came_at"),
        (61, 70, "came_at"),
        (10, 10, "left_at"),
        (0, 500, "left_at"),
    ],
)
def test_times_that_cannot_be(city, claim, come, gone, field):
    came_at = None if come is None else EVENING + timedelta(minutes=come)
    with clock.at(LATER), pytest.raises(RuleViolation) as refusal:
        left_at = EVENING + timedelta(minutes=gone)
        attendance.attest(claim, by=city.home.secretary, came_at=came_at, left_at=left_at)
    assert refusal.value.field == field


def test_nobody_attests_his_own_nor_without_power(city, claim):
    times = {"came_at": EVENING, "left_at": EVENING + timedelta(minutes=30)}
    with clock.at(LATER):
        for other in (a_volunteer(city).user, city.next_door.secretary, claim.volunteer.user):
            with pytest.raises(NoPower):
                attendance.attest(claim, by=other, **times)
        attendance.attest(claim, by=city.home.secretary, **times)
        with pytest.raises(RuleViolation, match="已签退"):
            attendance.attest(claim, by=city.home.secretary, **times)


# The browser


def test_pages_of_claims_give_the_browser_a_number_that_only_its_hash_is_kept_of(claim):
    client = weak_client(claim.volunteer.user)
    with clock.at(EVENING):
        cookie = client.get(f"/claims/{claim.pk}/").cookies[devices.COOKIE]
        assert cookie["httponly"] and cookie["samesite"] == "Lax"
        here = {"lng": HERE.lng, "lat": HERE.lat, "accuracy": 10}
        client.post(f"/claims/{claim.pk}/check-in/", here)
        assert devices.COOKIE not in client.get("/claims/").cookies, "one has it already"
    device = claim.marks.get().device
    assert len(device) == 64 and cookie.value not in device


def test_an_aborted_whistle_ends_presence(city):
    claim = attended(a_whistle(city.home), a_plain_volunteer(city), leaves=False)
    claim.whistle.aborted_at = EVENING + timedelta(minutes=20)
    assert crediting.proposed_minutes(claim) == 20


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "9999-12-31T15:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_no_phone_ever_had_is_refused_in_words(claim, moment):
    client = weak_client(claim.volunteer.user)
    for way in ("check-in", "check-out"):
        given = {"lng": HERE.lng, "lat": HERE.lat, "happened_at": moment}
        with clock.at(EVENING):
            answer = client.post(f"/api/v1/claims/{claim.pk}/{way}/", given, content_type="application/json")
        assert answer.status_code in (400, 409), answer.content


def test_nobody_was_there_before_he_claimed(city):
    """An emergency takes claims while it runs: a mark of an earlier time is none of this claim."""
    whistle = a_whistle(city.home, kind="emergency", ends_at=EVENING + timedelta(hours=3))
    volunteer = a_volunteer(city)
    with clock.at(EVENING + timedelta(hours=2)):
        claim = claims.claim(whistle, by=volunteer.user)
    later = EVENING + timedelta(hours=2, minutes=30)
    with pytest.raises(RuleViolation, match="还没有接单"):
        check_in(claim, later, point=HERE, happened_at=EVENING + timedelta(minutes=10))
    check_in(claim, later, point=HERE, happened_at=EVENING + timedelta(hours=2, minutes=5))
    assert claim.state == ClaimState.CHECKED_IN
