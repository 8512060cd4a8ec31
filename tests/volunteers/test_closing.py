"""每日结榜 and 报到之星 (S11): once a day and once a month, whatever happens in between."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from ground import clock
from notifications.models import Outgoing
from tests.factories import City, a_user
from tests.organizations.policy_scenes import an_officer, sign
from tests.volunteers.board_scenes import a_service, bare_whistle
from tests.volunteers.scenes import CHINA, LONG_AGO, a_city, a_volunteer, credited
from volunteers import leaderboards
from volunteers.accounting import crediting
from volunteers.leaderboards import closing, naming, refreshing
from volunteers.models import Board, BoardNews, BoardRow, BoardSnapshot, Star, Thanks, Volunteer
from volunteers.states import BoardKind, Period
from volunteers.tasks import close_boards, refresh_boards

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2026, 10, 20, 19, tzinfo=CHINA)
FIFTH = datetime(2026, 11, 5, 0, 10, tzinfo=CHINA)


def people_of(city: City, number: int) -> list[Volunteer]:
    with clock.at(LONG_AGO):
        return [a_volunteer(city) for _ in range(number)]


def seen_in(city: City, person: Volunteer, start: datetime, minutes: int) -> None:
    """Served, and the news written."""
    claim = a_service(city.home, person, start, [minutes])
    BoardNews.objects.create(
        district=city.district, community=city.home.organization, served_on=claim.whistle.starts_at.date()
    )


@pytest.fixture
def city() -> City:
    return a_city()


def test_a_day_is_closed_once_with_what_stood_at_the_top(city):
    first, second = people_of(city, 2)
    seen_in(city, first, OCTOBER, 60)
    with clock.at(OCTOBER + timedelta(hours=2)):
        refresh_boards()
    midnight = datetime(2026, 10, 21, 0, 5, tzinfo=CHINA)
    with clock.at(midnight):
        assert close_boards() == 3 * 5
        assert close_boards() == 0
    board = Board.objects.get(kind=BoardKind.DISTRICT_MEMBERS, period=Period.MONTH)
    snapshot = BoardSnapshot.objects.get(board=board)
    assert (snapshot.day, snapshot.size, board.closed_on) == (date(2026, 10, 20), 1, date(2026, 10, 20))
    assert snapshot.rows == [
        {"rank": 1, "name": str(first), "id": first.pk, "score": "1.50", "minutes": 60, "times": 1}
    ]
    seen_in(city, second, OCTOBER, 120)
    with clock.at(midnight + timedelta(hours=9)):
        refresh_boards()
    assert list(board.rows.order_by("rank").values_list("volunteer", "rank", "closed_rank")) == [
        (second.pk, 1, None),
        (first.pk, 2, 1),
    ]
    with clock.at(midnight + timedelta(days=1)):
        close_boards()
    assert set(board.rows.values_list("rank", "closed_rank")) == {(1, 1), (2, 2)}
    assert [kept.day.day for kept in board.snapshots.all()] == [21, 20]


def test_a_month_is_closed_for_its_last_day_and_then_no_more(city):
    (person,) = people_of(city, 1)
    seen_in(city, person, OCTOBER, 60)
    with clock.at(OCTOBER + timedelta(hours=2)):
        refresh_boards()
    with clock.at(datetime(2026, 11, 3, 7, tzinfo=CHINA)):  # an outage over the month's end
        close_boards()
    with clock.at(datetime(2026, 11, 4, 7, tzinfo=CHINA)):
        close_boards()
    board = Board.objects.get(
        kind=BoardKind.DISTRICT_MEMBERS, period=Period.MONTH, starts_on=date(2026, 10, 1)
    )
    assert board.closed_on == date(2026, 10, 31)
    assert [kept.day for kept in board.snapshots.all()] == [date(2026, 10, 31)]


def test_a_board_that_begins_today_has_nothing_to_close_of_yesterday(city):
    (person,) = people_of(city, 1)
    seen_in(city, person, OCTOBER, 60)
    with clock.at(OCTOBER + timedelta(hours=2)):
        refresh_boards()
        assert close_boards() == 0
    assert not BoardSnapshot.objects.exists()


def test_the_night_computes_what_no_news_tells_of(city):
    (person,) = people_of(city, 1)
    a_service(city.home, person, OCTOBER, [60])  # no news: taken over from elsewhere
    with clock.at(OCTOBER + timedelta(days=1)):
        refresh_boards()
        assert not Board.objects.exists()
        close_boards()
        assert leaderboards.row_of(person.pk, city.district.pk, Period.YEAR).score == Decimal("1.50")


def test_a_policy_that_comes_into_force_reaches_the_boards_in_the_night(city):
    (person,) = people_of(city, 1)
    seen_in(city, person, OCTOBER, 60)
    with clock.at(OCTOBER + timedelta(hours=2)):
        refresh_boards()
        assert Board.objects.get(kind=BoardKind.CITY_COMMUNITIES, period=Period.YEAR).rows.count() == 1
        sign(an_officer(city.district), city.district, days=1, boards="off")
    with clock.at(OCTOBER + timedelta(hours=9)):
        close_boards()
    assert not Board.objects.get(kind=BoardKind.CITY_COMMUNITIES, period=Period.YEAR).rows.exists()


def test_a_policy_of_today_and_one_that_began_during_an_outage_reach_all_boards(city):
    """Signed at noon the boards of the morning follow, those of past months too; nobody waits for a midnight."""
    (person,) = people_of(city, 1)
    seen_in(city, person, OCTOBER, 60)
    later = OCTOBER + timedelta(days=40)
    seen_in(city, person, later, 60)
    for claim in person.claims.select_related("whistle"):
        Thanks.objects.create(whistle=claim.whistle, by=a_user(), is_like=True)
    with clock.at(later + timedelta(hours=1)):
        close_boards()
        assert likes() == {1, 2}
        sign(an_officer(city.district), city.district, likes_shown=False)
    with clock.at(later + timedelta(hours=2)):
        close_boards()
        assert likes() == {0}
        sign(an_officer(city.district), city.district, days=1, likes_shown=True)
    with clock.at(later + timedelta(days=3)):
        close_boards()
        assert likes() == {1, 2}


def likes() -> set[int]:
    return set(BoardRow.objects.filter(board__kind="district_members").values_list("likes", flat=True))


# Stars


def eleven_in_october(city: City) -> list[Volunteer]:
    people = people_of(city, 12)
    for place, person in enumerate(people):
        seen_in(city, person, OCTOBER, 240 - 10 * place)
    with clock.at(OCTOBER + timedelta(hours=5)):
        refresh_boards()
    return people


def test_the_stars_of_a_month_are_proclaimed_on_the_fifth_and_congratulated_once(city):
    people = eleven_in_october(city)
    with clock.at(FIFTH - timedelta(hours=1)):
        close_boards()
        assert not Star.objects.exists()
    for moment in (FIFTH, FIFTH + timedelta(hours=1), FIFTH + timedelta(days=1)):
        with clock.at(moment):
            close_boards()
    stars = Star.objects.filter(organization=city.district)
    assert [star.volunteer for star in stars] == people[:10]
    assert [star.rank for star in stars] == list(range(1, 11))
    assert {star.month for star in stars} == {date(2026, 10, 1)}
    assert [star.volunteer for star in Star.objects.filter(organization=city.home.organization)] == people[:3]
    said = Outgoing.objects.filter(key__startswith="star:")
    assert said.count() == 13 and "武江区 10 月报到之星" in said.get(to=people[4].user).title


def test_late_credits_before_the_fifth_still_count_and_later_ones_do_not(city):
    people = eleven_in_october(city)
    (late,) = people_of(city, 1)
    seen_in(city, late, OCTOBER, 600)
    with clock.at(FIFTH):
        close_boards()
    first = Star.objects.get(organization=city.district, rank=1)
    assert first.volunteer == late
    seen_in(city, people[11], OCTOBER, 1200)
    with clock.at(FIFTH + timedelta(days=1)):
        close_boards()
        assert leaderboards.row_of(people[11].pk, city.district.pk, Period.MONTH, OCTOBER.date()).rank == 1
    assert Star.objects.filter(organization=city.district).count() == 10
    assert not Star.objects.filter(volunteer=people[11]).exists()


def test_a_positive_district_proclaims_nobody_whom_it_does_not_name(city):
    people = eleven_in_october(city)
    with clock.at(OCTOBER):
        sign(an_officer(city.district), city.district, boards="positive")
    Volunteer.objects.filter(pk=people[1].pk).update(hides_from_boards=True)
    with clock.at(FIFTH):
        close_boards()
    stars = Star.objects.filter(organization=city.district)
    assert [star.volunteer for star in stars] == [people[0], people[2], people[3]]  # a third of twelve


def test_where_boards_are_off_nobody_is_a_star(city):
    eleven_in_october(city)
    with clock.at(OCTOBER):
        sign(an_officer(city.district), city.district, boards="off")
    with clock.at(FIFTH):
        close_boards()
    assert not Star.objects.exists()


def test_proclaiming_twice_names_the_same(city):
    eleven_in_october(city)
    with clock.at(FIFTH):
        board = leaderboards.board_of(city.district, Period.MONTH, OCTOBER.date())
        assert (closing.proclaim(board), closing.proclaim(board)) == (10, 0)


# News


def test_everything_that_counts_writes_news(city):
    from requests import afterwards
    from tests.workflow import resolved
    from volunteers.models import Thanks

    (person,) = people_of(city, 1)
    with clock.at(LONG_AGO):
        service_request = resolved(city)
    start = datetime(2026, 11, 20, 18, 30, tzinfo=CHINA)
    claim = credited(city.home, person, starts_at=start)
    assert BoardNews.objects.filter(served_on=start.date()).exists()
    BoardNews.objects.all().delete()
    Thanks.objects.create(whistle=claim.whistle, by=service_request.submitter, stars=5)
    assert BoardNews.objects.count() == 1
    type(claim.whistle).objects.filter(pk=claim.whistle_id).update(service_request=service_request)
    with clock.at(LONG_AGO):
        afterwards.rate(
            service_request, by=service_request.submitter, contacted=True, solved=True, satisfied=5
        )
    assert BoardNews.objects.count() == 2


def test_a_wish_is_refused_and_rated_on_the_boards_of_the_month_in_which_it_was_fulfilled(city):
    from requests import afterwards
    from tests.workflow import resolved

    (person,) = people_of(city, 1)
    autumn = datetime(2026, 10, 20, 18, 30, tzinfo=CHINA)
    ends_at, fulfilled = autumn + timedelta(days=30), autumn + timedelta(days=20)
    with clock.at(LONG_AGO):
        service_request = resolved(city)
    credited(city.home, person, starts_at=autumn)
    credited(city.home, person, starts_at=fulfilled - timedelta(days=1))
    wish = bare_whistle(city.home, autumn, service_request)
    type(wish).objects.filter(pk=wish.pk).update(kind="wish", ends_at=ends_at, places_max=1)
    claim = a_service(city.home, person, fulfilled, [], state="checked_out", whistle=wish)
    type(claim).objects.filter(pk=claim.pk).update(checked_out_at=fulfilled)
    BoardNews.objects.all().delete()
    with clock.at(LONG_AGO):
        afterwards.rate(
            service_request, by=service_request.submitter, contacted=True, solved=True, satisfied=5
        )
    assert BoardNews.objects.get().served_on == fulfilled.date()
    with clock.at(ends_at):
        claim = type(claim).objects.select_related("whistle", "volunteer__user").get(pk=claim.pk)
        crediting.refuse(claim, by=city.home.secretary, reason="照片不是这一件")
        for day in (autumn, fulfilled):
            refreshing.refresh_named([*naming.names("district_members", city.district.pk, day.date())])
    months = Board.objects.filter(kind="district_members", period="month").order_by("starts_on")
    assert [board.rows.get().refusals for board in months] == [0, 1]
