"""What a policy changes for volunteers: boards, check-in, quotas (RULES 2, 6, 7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from dashboards import rolling
from desk import nav
from ground import clock
from ground.errors import RuleViolation
from ground.geo import Point
from tests.desk.scenes import open_page
from tests.factories import City
from tests.organizations.policy_scenes import an_officer, relieve
from tests.signing_in import strong_client, weak_client
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    HERE,
    a_city,
    a_claim,
    a_volunteer,
    a_whistle,
    credited,
)
from volunteers import leaderboards
from volunteers.accounting import crediting, quotas
from volunteers.models import Board, BoardRow, Claim, Volunteer
from volunteers.presence import attendance
from volunteers.states import Attested, ClaimState, Period
from volunteers.tasks import refresh_boards

pytestmark = pytest.mark.django_db
#: When everything has been credited and pages are looked at.
LATER = EVENING + timedelta(hours=5)
FAR = Point(113.60, 24.80)


@pytest.fixture
def city() -> City:
    return a_city()


def policy(city: City, **fields: Any) -> None:
    with clock.at(FRIDAY_NOON):
        relieve(city.district, **fields)


def four_on_the_board(city: City) -> list[Volunteer]:
    """Four members with 60, 45, 30 and 15 minutes, the board computed."""
    people = [a_volunteer(city) for _ in range(4)]
    for place, person in enumerate(people):
        credited(city.home, person, minutes=60 - 15 * place)
    with clock.at(LATER):
        refresh_boards()
    return people


def look(client: Client, url: str) -> str:
    with clock.at(LATER):
        return open_page(client, url)


def code(client: Client, url: str) -> int:
    with clock.at(LATER):
        return client.get(url).status_code


# Boards


def test_where_boards_are_off_nothing_leads_to_one(city):
    first, *_ = four_on_the_board(city)
    with clock.at(LATER):
        rolling.rebuild()
    client, staff = weak_client(first.user), strong_client(an_officer(city.district, "科长"))
    board, dashboard = f"/leaderboards/{city.district.pk}/", f"/dashboards/{city.district.pk}/"
    assert "看排行榜" in look(client, "/service/") and "本区第 1 名" in look(client, "/whistles/")
    assert "报到之星" in look(staff, dashboard) and "排行榜" in look(staff, dashboard)
    policy(city, boards="off")
    for url in (board, f"{board}{first.pk}/", "/leaderboards/", f"/api/v1{board}"):
        assert code(client, url) == 404
    for page in (look(client, "/service/"), look(client, "/whistles/"), look(staff, dashboard)):
        assert "排行榜" not in page and "leaderboard" not in page and "名</" not in page
    assert code(staff, board) == 404


def test_where_boards_are_off_none_is_computed(city):
    policy(city, boards="off")
    four_on_the_board(city)
    assert not Board.objects.exists()
    elsewhere = a_city("浈江")
    credited(elsewhere.home, a_volunteer(elsewhere))
    with clock.at(LATER):
        refresh_boards()
    places = {None, elsewhere.district.pk, elsewhere.home.organization.pk}
    assert set(Board.objects.values_list("organization", flat=True)) == places


def test_a_positive_board_numbers_the_first_third_and_shows_nobody_as_last(city):
    first, second, third, last = four_on_the_board(city)
    policy(city, boards="positive")
    board = f"/leaderboards/{city.district.pk}/"
    page = look(weak_client(last.user), board)
    for shown in (first, second):
        assert f"{board}{shown.pk}/" in page
    assert f"{board}{third.pk}/" not in page and "只列前三分之一" in page
    assert "我的得分" in page and "我：第" not in page
    api = weak_client(last.user)
    with clock.at(LATER):
        rows = api.get(f"/api/v1{board}").json()["results"]
    assert [row["rank"] for row in rows] == [1, 2]


def test_a_positive_board_opens_ones_own_score_and_nobody_elses_below(city):
    first, _, third, last = four_on_the_board(city)
    policy(city, boards="positive")
    board, client = f"/leaderboards/{city.district.pk}/", weak_client(last.user)
    assert "本月名次" in look(client, f"{board}{first.pk}/")
    own = look(client, f"{board}{last.pk}/")
    assert "本月名次" not in own and "得分" in own
    assert code(client, f"{board}{third.pk}/") == 404
    service = look(client, "/service/")
    assert "第 4 名" not in service and "看排行榜" in service
    assert "本区第" not in look(client, "/whistles/")
    assert "本区第 1 名" in look(weak_client(first.user), "/whistles/")


def test_a_positive_board_says_of_nobody_that_he_went_down(city):
    first, *_ = four_on_the_board(city)
    BoardRow.objects.filter(volunteer=first).update(closed_rank=None)
    BoardRow.objects.exclude(volunteer=first).update(closed_rank=1)
    board, client = f"/leaderboards/{city.district.pk}/", weak_client(first.user)
    assert "下降" in look(client, board)
    policy(city, boards="positive")
    assert "下降" not in look(client, board)


def test_the_menu_follows_without_a_query_more(city):
    secretary = city.home.secretary
    with clock.at(FRIDAY_NOON):
        assert nav.waiting_counts(secretary)["boards"]
    policy(city, boards="off")
    with clock.at(FRIDAY_NOON):
        assert not nav.waiting_counts(secretary)["boards"]
        assert "排行榜" not in open_page(strong_client(secretary), "/desk/crediting/")


def test_only_the_policy_of_ones_own_district_counts(city):
    other = a_city("浈江")
    first, *_ = four_on_the_board(city)
    policy(other, boards="off")
    assert "第 1 名" in look(weak_client(first.user), "/service/")


# Check-in


def came(claim: Claim, point: Point | None) -> Claim:
    with clock.at(EVENING):
        attendance.check_in(claim, by=claim.volunteer.user, point=point)
    with clock.at(EVENING + timedelta(hours=1)):
        return attendance.check_out(claim, by=claim.volunteer.user, point=point)


def test_required_attendance_asks_for_the_place(city):
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    with pytest.raises(RuleViolation, match="定位"):
        came(claim, None)


def test_optional_attendance_takes_none_and_refuses_what_is_far(city):
    policy(city, attendance="optional")
    whistle = a_whistle(city.home)
    with pytest.raises(RuleViolation, match="公里"):
        came(a_claim(whistle, a_volunteer(city)), FAR)
    claim = came(a_claim(whistle, a_volunteer(city)), None)
    assert (claim.check_in_distance_m, claim.check_out_distance_m) == (None, None)
    assert all("metres" not in event.codes for event in claim.events.all())
    with clock.at(LATER):
        crediting.credit(claim, by=city.home.secretary)
    assert claim.entries.get().attested == Attested.COMMUNITY


def test_optional_attendance_with_the_place_is_as_good_as_required(city):
    policy(city, attendance="optional")
    claim = came(a_claim(a_whistle(city.home), a_volunteer(city)), HERE)
    with clock.at(LATER):
        crediting.credit(claim, by=city.home.secretary)
    assert claim.check_in_distance_m == 0 and claim.entries.get().attested == Attested.LOCATION


def test_where_the_community_attests_phones_show_nothing(city):
    policy(city, attendance="attested")
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    with pytest.raises(RuleViolation, match="由社区工作人员在现场确认到场"):
        came(claim, FAR)
    with clock.at(LATER):
        times = {"came_at": EVENING, "left_at": EVENING + timedelta(minutes=50)}
        attendance.attest(claim, by=city.home.secretary, **times)
    assert (claim.state, claim.check_in_distance_m) == (ClaimState.CHECKED_OUT, None)


@pytest.mark.parametrize(
    ("attendance", "words", "has_position"),
    [
        ("required", "米以内，用手机定位", True),
        ("optional", "可以不报位置", True),
        ("attested", "到场由社区确认", False),
    ],
)
def test_the_page_of_a_claim_asks_only_for_what_the_policy_asks(city, attendance, words, has_position):
    policy(city, attendance=attendance)
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    client, page = weak_client(claim.volunteer.user), f"/claims/{claim.pk}/"
    with clock.at(EVENING):
        shown = open_page(client, page)
        assert words in shown and ("data-locate" in shown) is has_position
        assert ("data-locate-first" in shown) is (attendance == "required")
        client.post(f"{page}check-in/")
        assert ("离开前记得签退" in open_page(client, page)) is (attendance == "optional")


# Quotas


def test_no_quota_no_ring(city):
    policy(city)
    volunteer = a_volunteer(city)
    assert quotas.quota(volunteer, FRIDAY_NOON.date()) is None
    client = weak_client(volunteer.user)
    for url in ("/service/", "/whistles/"):
        assert "ring" not in look(client, url)
    with clock.at(LATER):
        assert client.get("/api/v1/service/").json()["quota"] is None


@pytest.mark.parametrize(
    ("fields", "there", "gone"),
    [
        ({"quota_times": 3}, "本季度还差 3 次", "今年还差"),
        ({"quota_hours": 30}, "今年还差 30 小时", "本季度"),
    ],
)
def test_each_quota_by_itself(city, fields, there, gone):
    policy(city, **fields)
    page = look(weak_client(a_volunteer(city).user), "/service/")
    assert there in page and gone not in page.split("累计")[0]


def test_ranks_come_back_with_the_boards(city):
    first, *_ = four_on_the_board(city)
    policy(city, boards="off")
    policy(city, boards="on")
    with clock.at(LATER):
        row = leaderboards.row_of(first.pk, city.district.pk, Period.MONTH)
    assert row is not None and "第 1 名" in look(weak_client(first.user), "/service/")
