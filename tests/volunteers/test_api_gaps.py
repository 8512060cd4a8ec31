"""Over the API what the pages also show: evidence of a claim, the code on the spot, one's place on boards, wishes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ground import clock
from organizations.posts import Post
from tests.factories import City, a_grid_worker, a_user, appoint
from tests.organizations.policy_scenes import an_officer, sign
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    LONG_AGO,
    a_city,
    a_claim,
    a_plain_volunteer,
    a_volunteer,
    a_whistle,
)
from tests.volunteers.test_wish_notices import a_resident, a_wish
from tests.workflow import a_photo
from volunteers.claiming import wishes
from volunteers.models import CheckMark, Claim, Volunteer, Whistle
from volunteers.presence import attendance, onsite
from volunteers.presenting.evidence import evidence_of_all

pytestmark = pytest.mark.django_db
OVER = EVENING + timedelta(hours=3)
CREDITING, LISTING, WISHES = "/api/v1/crediting/", "/api/v1/board-listing/", "/api/v1/wishes/"


def api(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def city() -> City:
    return a_city()


# Evidence


def an_odd_evening(city: City) -> list[Claim]:
    """Two people with one phone, the first kept without network and proposed by his unit; and one who never came."""
    whistle = a_whistle(city.home, places_max=3, grid=city.home.grid)
    people = [a_volunteer(city) for _ in range(3)]
    rows = [a_claim(whistle, volunteer) for volunteer in people]
    for row in rows[:2]:
        for verb, minutes in ((attendance.check_in, 0), (attendance.check_out, 60)):
            with clock.at(EVENING + timedelta(minutes=minutes)):
                verb(row, by=row.volunteer.user, point=whistle.point, device="same")
    CheckMark.objects.filter(claim=rows[0]).update(received_at=OVER)
    Claim.objects.filter(pk=rows[0].pk).update(proposed_minutes=50, proposed_because="值班表")
    return rows


def test_each_claim_says_what_speaks_for_it_as_the_page_does(city: City) -> None:
    odd, other, missed = an_odd_evening(city)
    client = api(city.home.secretary)
    with clock.at(OVER):
        found = {row["id"]: row for row in client.get(CREDITING).json()["results"]}
        for evidence in evidence_of_all(Claim.objects.filter(pk__in=found).whole()):
            one = client.get(f"{CREDITING}{evidence.claim.pk}/").json()
            for shown in (found[evidence.claim.pk], one):
                assert (shown["doubt"], shown["hints"]) == (evidence.doubt, list(evidence.hints))
    late, proposal, phone = found[odd.pk]["hints"]
    assert "事后补传" in late and proposal == "单位建议 50 分钟：值班表" and str(other.volunteer) in phone
    assert (found[odd.pk]["doubt"], found[missed.pk]["hints"]) == ("", [])
    assert found[missed.pk]["doubt"].startswith("没有签到")


def test_a_step_answers_with_the_evidence_too(city: City) -> None:
    odd, *_ = an_odd_evening(city)
    with clock.at(OVER):
        done = api(city.home.secretary).post(
            f"{CREDITING}{odd.pk}/credit/", {"minutes": 50, "reason": "核对"}
        )
        assert done.status_code == 200 and len(done.json()["hints"]) == 3
        worker = api(a_grid_worker(city.home)).get(f"{CREDITING}?which=present").json()["results"]
    assert [row["doubt"][:4] for row in worker] == ["没有签到"]


def test_the_liaison_of_a_unit_reads_no_names_of_others(city: City) -> None:
    odd, other, _ = an_odd_evening(city)
    with clock.at(LONG_AGO):
        appoint(liaison := a_user("联络员"), Post.UNIT_LIAISON, odd.volunteer.unit)
    with clock.at(OVER):
        (row,) = api(liaison).get(f"{CREDITING}?which=unit").json()["results"]
        assert (row["id"], row["doubt"], row["hints"]) == (odd.pk, "", [])
        assert str(other.volunteer) not in api(liaison).get(f"{CREDITING}{odd.pk}/").content.decode()
        assert api(city.next_door.secretary).get(f"{CREDITING}{odd.pk}/").status_code == 404


# The code on the spot


def test_leader_and_staff_show_the_code_and_it_is_right(city: City) -> None:
    leader, helper = a_volunteer(city), a_volunteer(city)
    whistle = a_whistle(city.home)
    claim = a_claim(whistle, helper)
    Whistle.objects.filter(pk=whistle.pk).update(leader=leader.user)
    url = f"/api/v1/whistles/{whistle.pk}/code/"
    with clock.at(EVENING + timedelta(seconds=12)):
        for user in (leader.user, city.home.secretary):
            answer = api(user).get(url)
            shown = answer.json()
            assert onsite.is_right(whistle.pk, shown["code"], clock.now())
            assert shown["path"] == f"/check-in/{whistle.pk}/{shown['code']}/"
            assert (shown["seconds"], answer["Cache-Control"]) == (18, "no-store")
        came = api(helper.user).post(f"/api/v1/claims/{claim.pk}/check-in/", {"code": shown["code"]})
        assert (came.status_code, came.json()["state"]) == (200, "checked_in")
    with clock.at(EVENING + timedelta(seconds=30)):
        again = api(leader.user).get(url).json()
    assert again["code"] != shown["code"] and again["seconds"] == 30


def test_the_code_is_not_shown_before_its_time_nor_of_a_wish(city: City) -> None:
    whistle, wish = a_whistle(city.home), a_wish(city.home, "一副老花镜")
    client = api(city.home.secretary)
    with clock.at(FRIDAY_NOON):
        early = client.get(f"/api/v1/whistles/{whistle.pk}/code/")
        assert (early.status_code, early.json()["field"]) == (409, None)
        assert "现在不出示签到码" in early.json()["detail"] and "code" not in early.json()
        assert client.get(f"/api/v1/whistles/{wish.pk}/code/").status_code == 404


def test_nobody_else_is_shown_the_code(city: City) -> None:
    whistle = a_whistle(city.home)
    claimant = a_claim(whistle, a_volunteer(city)).volunteer.user
    url = f"/api/v1/whistles/{whistle.pk}/code/"
    with clock.at(EVENING):
        for user in (claimant, a_user(), city.next_door.secretary, a_grid_worker(city.next_door)):
            assert api(user).get(url).status_code == 404
        assert APIClient().get(url).status_code == 401
        assert api(city.home.secretary).post(url).status_code == 405


# 上榜, 不上榜


def positive(city: City) -> None:
    with clock.at(FRIDAY_NOON):
        sign(an_officer(city.district), city.district, boards="positive")


def hides(volunteer: Volunteer) -> bool:
    return Volunteer.objects.get(pk=volunteer.pk).hides_from_boards


def test_one_leaves_the_boards_and_comes_back(city: City) -> None:
    volunteer, other = a_volunteer(city), a_volunteer(city)
    positive(city)
    client = api(volunteer.user)
    with clock.at(FRIDAY_NOON):
        assert client.get(LISTING).json() == {"is_listed": True, "may_leave": True}
        for _ in ("a tap", "a second tap"):
            answer = client.post(LISTING, {"is_listed": False})
            assert (answer.status_code, answer.json()["is_listed"]) == (200, False)
        assert hides(volunteer) and not hides(other)
        for _ in ("a tap", "a second tap"):
            assert client.post(LISTING, {"is_listed": True}).json() == {"is_listed": True, "may_leave": True}
    assert not hides(volunteer)


def test_where_all_are_named_nobody_leaves_but_everybody_may_come_back(city: City) -> None:
    volunteer = a_volunteer(city)
    client = api(volunteer.user)
    assert client.get(LISTING).json() == {"is_listed": True, "may_leave": False}
    refused = client.post(LISTING, {"is_listed": False})
    assert refused.status_code == 409 and "不能单独不上榜" in refused.json()["detail"]
    assert not hides(volunteer)
    Volunteer.objects.filter(pk=volunteer.pk).update(hides_from_boards=True)
    assert client.post(LISTING, {"is_listed": True}).json()["is_listed"] and not hides(volunteer)


def test_who_says_nothing_stays_and_who_is_no_volunteer_finds_nothing(city: City) -> None:
    volunteer = a_volunteer(city)
    positive(city)
    with clock.at(FRIDAY_NOON):
        for given in ({"format": "json"}, {"format": "multipart"}):
            assert api(volunteer.user).post(LISTING, {}, **given).status_code == 400
        assert not hides(volunteer)
        for user in (a_user(), city.home.secretary):
            assert api(user).get(LISTING).status_code == 404
            assert api(user).post(LISTING, {"is_listed": False}).status_code == 404
    assert APIClient().get(LISTING).status_code == 401


# 微心愿


def read(user: Any, query: str = "") -> list[dict[str, Any]]:
    with clock.at(FRIDAY_NOON + timedelta(hours=1)):
        return api(user).get(WISHES + query).json()["results"]


def test_wishes_that_wait_and_those_that_came_true(city: City) -> None:
    waiting = a_wish(city.home, "一副老花镜")
    taken = a_claim(a_wish(city.home, "一辆轮椅"), a_plain_volunteer(city))
    claim = a_claim(a_wish(city.home, "一台收音机"), a_volunteer(city))
    with clock.at(FRIDAY_NOON + timedelta(minutes=30)):
        wishes.fulfil(claim, by=claim.volunteer.user, photos=[a_photo()])
    resident = a_resident(city)
    shown = read(resident)
    assert [(row["title"], row["is_taken"], row["is_fulfilled"]) for row in shown] == [
        ("一副老花镜", False, False), ("一辆轮椅", True, False),
    ]  # fmt: skip
    assert shown[0]["community"] == city.home.organization.short_name
    assert shown[0]["ends_at"].startswith(f"{waiting.ends_at:%Y-%m-%d}")
    (done,) = read(resident, "?which=fulfilled")
    assert (done["title"], done["is_taken"], done["is_fulfilled"]) == ("一台收音机", True, True)
    for secret in ("吴奶奶", "3 栋 302", str(claim.volunteer), str(taken.volunteer)):
        assert secret not in str([*shown, done])


def test_wishes_of_other_communities_are_not_read_and_nothing_is_written(city: City) -> None:
    a_wish(city.home, "一副老花镜")
    for user in (a_user(), a_volunteer(city, city.next_door).user):
        assert read(user) == [] == read(user, "?which=fulfilled")
    assert APIClient().get(WISHES).status_code == 401
    assert api(a_resident(city)).post(WISHES, {"title": "密语"}).status_code == 405


def test_few_and_many_wishes_cost_the_same_queries(city: City) -> None:
    user, counted = a_resident(city), []
    for number in (2, 20):
        for each in range(number):
            a_wish(city.home, f"心愿 {number} {each}")
        with clock.at(FRIDAY_NOON + timedelta(hours=1)), CaptureQueriesContext(connection) as seen:
            assert api(user).get(WISHES).status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 8, counted
