"""When what is counted: rounds of beat, nights, outages, clocks that jump, a tree that changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards import reading, rolling
from dashboards.measures import Counts
from dashboards.models import Rollup, RollupState, Standing
from dashboards.periods import Window
from dashboards.places import CITY, of_grid, of_node
from dashboards.rolling import changes, proving
from ground import clock
from organizations import tree
from organizations.models import Organization
from requests.models import RequestEvent, ServiceRequest
from tests.dashboards.rolling.scenes import a_building, a_grid, planted
from tests.desk.scenes import MORNING, accept, ask, contact, finish
from tests.factories import City
from tests.grids.homes import a_resident
from tests.volunteers.scenes import a_city, a_volunteer, credited

pytestmark = pytest.mark.django_db
DAY = MORNING.date()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def city() -> City:
    return a_city()


def round_at(moment: datetime) -> rolling.Round:
    with clock.at(moment):
        done = rolling.catch_up()
        assert done is not None and proving.differences(at_once=12) == []
        return done


def on(day: date, place: str = CITY) -> Counts:
    window = Window("day", "", day, day + timedelta(days=1))
    return reading.read([place], window)[0][place]


def stands(place: str = CITY) -> Counts:
    return reading.stand_now([place])[place]


# A round


def test_a_second_round_writes_nothing(city: City) -> None:
    accept(ask(city.home), city.home, MORNING + 5 * MINUTE)
    first = round_at(MORNING + 60 * MINUTE)
    again = round_at(MORNING + 60 * MINUTE)
    assert first.is_full and first.rows
    assert not again.is_full and again.rows == 0


def test_what_was_done_since_is_counted_in_the_day_it_belongs_to(city: City) -> None:
    row = ask(city.home, MORNING - timedelta(days=40))
    round_at(MORNING)
    before = on(DAY - timedelta(days=40))
    accept(row, city.home, MORNING + 5 * MINUTE)
    finish(row, city.home, MORNING + 10 * MINUTE, stars=5)
    done = round_at(MORNING + timedelta(hours=3))
    now = on(DAY - timedelta(days=40))
    assert (before["rated"], now["rated"], now["satisfied"], now["done"]) == (0, 1, 1, 1)
    assert done.days == 1 and not done.is_full


def test_a_due_that_passed_is_heard_of_without_any_event(city: City) -> None:
    ask(city.home)
    round_at(MORNING + MINUTE)
    assert on(DAY)["contact_due"] == 0 and stands()["overdue"] == 0
    later = MORNING + timedelta(hours=14)
    ServiceRequest.objects.update(
        contact_due=later - MINUTE, accept_due=later - 2 * MINUTE, due=later - 2 * MINUTE
    )
    assert round_at(later).days == 1
    assert (on(DAY)["contact_late"], on(DAY)["answer_due"], stands()["overdue"]) == (1, 1, 1)
    assert stands()["oldest_due"] == int((later - 2 * MINUTE).timestamp())


def test_the_due_of_what_was_merged_passes_as_well(city: City) -> None:
    """It waits for its target, and is not open: but whoever asked has not been contacted."""
    row, target = ask(city.home), ask(city.home)
    from requests import workflow

    with clock.at(MORNING):
        workflow.VERBS["merge"](row, by=city.home.secretary, target=target)
    round_at(MORNING + MINUTE)
    later = MORNING + timedelta(hours=14)
    ServiceRequest.objects.filter(pk=row.pk).update(contact_due=later - MINUTE)
    round_at(later)
    assert on(DAY)["contact_late"] == 1


def test_a_transaction_that_committed_late_is_found(city: City) -> None:
    """Its event is older than the last round, which had not seen it."""
    row = ask(city.home, MORNING - timedelta(days=3))
    round_at(MORNING)
    with clock.at(MORNING - 5 * MINUTE):
        ServiceRequest.objects.filter(pk=row.pk).update(reopened=1)
        RequestEvent.objects.create(subject=row, step="note", source=row.state, target=row.state)
    round_at(MORNING + MINUTE)
    assert on(DAY - timedelta(days=3))["reopened"] == 1


def test_what_has_nothing_left_goes_from_day_month_year_and_standing(city: City) -> None:
    far, home = of_node(city.next_door.organization.pk), of_node(city.home.organization.pk)
    row = ask(city.home)
    round_at(MORNING)
    assert on(DAY, home)["submitted"] == 1 and stands(home)["open"] == 1
    ServiceRequest.objects.update(
        community=city.next_door.organization, grid=city.next_door.grid, building=city.next_door.building
    )
    with clock.at(MORNING + MINUTE):
        RequestEvent.objects.create(subject=row, step="hand_down", codes={"moved_from": 1}, target=row.state)
    round_at(MORNING + MINUTE)
    assert not Rollup.objects.filter(place=home).exists() and stands(home)["open"] == 0
    assert Rollup.objects.filter(place=far).count() == 3 and stands(far)["open"] == 1
    assert not Standing.objects.filter(place=of_grid(city.home.grid.pk), kind="work").exists()


def test_a_correction_goes_to_the_day_of_the_service(city: City) -> None:
    from volunteers.accounting import crediting

    volunteer = a_volunteer(city)
    claim = credited(city.home, volunteer, starts_at=MORNING - timedelta(days=12))
    round_at(MORNING)
    with clock.at(MORNING + MINUTE):
        crediting.correct(claim, by=city.home.secretary, minutes=20, reason="只来了一会儿")
    done = round_at(MORNING + 2 * MINUTE)
    assert on(DAY - timedelta(days=12))["minutes"] == 20 and done.days == 1


# Nights and outages


def test_the_first_round_of_a_day_counts_everything_and_begins_the_standing(city: City) -> None:
    ask(city.home)
    round_at(MORNING)
    assert round_at(MORNING + timedelta(hours=14)).is_full is False
    assert round_at(MORNING + timedelta(hours=15, minutes=1)).is_full, "it is past midnight"
    days = set(Standing.objects.values_list("day", flat=True))
    assert days == {DAY, DAY + timedelta(days=1)}
    assert stands()["open"] == 1


def test_days_that_are_over_stand_as_they_stood(city: City) -> None:
    row = ask(city.home)
    round_at(MORNING)
    past = list(Standing.objects.filter(day=DAY).values_list("place", "kind", "figures").order_by("id"))
    accept(row, city.home, MORNING + timedelta(days=1))
    finish(row, city.home, MORNING + timedelta(days=1, minutes=5))
    round_at(MORNING + timedelta(days=1, hours=4))
    with clock.at(MORNING + timedelta(days=1, hours=5)):
        rolling.rebuild()
        rolling.rebuild(DAY, DAY)
    now = list(Standing.objects.filter(day=DAY).values_list("place", "kind", "figures").order_by("id"))
    assert now == past and stands()["open"] == 0


def test_days_of_outage_are_made_up_for(city: City) -> None:
    round_at(MORNING)
    for day in range(1, 4):
        accept(
            ask(city.home, MORNING + timedelta(days=day)), city.home, MORNING + timedelta(days=day, hours=1)
        )
    assert round_at(MORNING + timedelta(days=5)).is_full
    assert [on(DAY + timedelta(days=day))["accepted"] for day in range(5)] == [0, 1, 1, 1, 0]
    assert reading.as_of() == MORNING + timedelta(days=5)


def test_a_clock_that_had_run_ahead(city: City) -> None:
    """What it saw of the future is taken back, and nothing that happened meanwhile is lost."""
    row = ask(city.home)
    round_at(MORNING + timedelta(days=400))
    accept(row, city.home, MORNING + MINUTE)
    done = round_at(MORNING + 2 * MINUTE)
    assert done.is_full and on(DAY)["accepted"] == 1
    assert set(Standing.objects.values_list("day", flat=True)) == {DAY}


def test_a_lease_of_a_clock_that_had_run_ahead_holds_nobody_up(city: City) -> None:
    RollupState.objects.create(pk=1, holder="somebody", held_until=MORNING + timedelta(days=400))
    assert round_at(MORNING).is_full


def test_rows_of_days_without_any_rows_go_at_night(city: City) -> None:
    ask(city.home)
    Rollup.objects.create(place=CITY, span="month", starts_on=date(2031, 1, 1), figures={"own": 3})
    round_at(MORNING)
    assert not Rollup.objects.filter(starts_on__year=2031).exists()


# The lease


def test_while_somebody_is_at_work_nobody_else_is(city: City) -> None:
    from dashboards.rolling.holding import Overtaken, held

    with clock.at(MORNING), held() as first:
        assert rolling.catch_up() is None
        with clock.at(MORNING + 6 * MINUTE):
            assert rolling.catch_up() is not None, "he has been silent for longer than the lease"
        with pytest.raises(Overtaken), first.piece():
            pass


def test_it_breaks_off_half_way_and_is_done_again(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboards.rolling import rounds

    for months_ago in (0, 1, 2, 3):
        ask(city.home, MORNING - timedelta(days=30 * months_ago))
    written: list[date] = []
    real = rounds.write_month

    def third_fails(month: date, found: Any) -> int:
        written.append(month)
        if len(written) == 3:
            raise RuntimeError("the disk is full")
        return real(month, found)

    monkeypatch.setattr(rounds, "write_month", third_fails)
    with clock.at(MORNING), pytest.raises(RuntimeError):
        rolling.catch_up()
    assert reading.as_of() is None and Rollup.objects.exists(), "two months are there, and right"
    assert RollupState.objects.get().holder == ""
    monkeypatch.undo()
    round_at(MORNING + MINUTE)


# The tree and the territory


def test_a_community_goes_to_another_street_with_its_past(city: City) -> None:
    ask(city.home, MORNING - timedelta(days=60))
    street = planted(city.district, 2, "西城街道党工委")
    round_at(MORNING)
    home = Organization.objects.get(pk=city.home.organization.pk)
    tree.move(home, to=street, by=None)
    assert round_at(MORNING + MINUTE).is_full
    long_ago = DAY - timedelta(days=60)
    assert on(long_ago, of_node(street.pk))["submitted"] == 1
    assert on(long_ago, of_node(city.street.pk))["submitted"] == 0
    assert stands(of_node(street.pk))["open"] == 1 and stands(of_node(street.pk))["grids"] == 2


def test_grid_branch_and_group_changed_by_hand_in_the_database(city: City) -> None:
    """No verb, no signal, no event: the digest of the territory tells."""
    home = city.home
    branch = home.grid.branch
    assert branch is not None
    group = planted(branch, 5, "第一楼栋党小组")
    corner = a_grid(home.grid, "1", 3)
    building = a_building(home, corner, "B7", None)
    ask(home, building=building)
    round_at(MORNING)
    assert on(DAY, of_node(branch.pk))["submitted"] == 0 and on(DAY, of_grid(home.grid.pk))["submitted"] == 1
    type(corner).objects.filter(pk=corner.pk).update(branch=branch)
    type(building).objects.filter(pk=building.pk).update(group=group)
    assert round_at(MORNING + MINUTE).is_full
    assert on(DAY, of_node(branch.pk))["submitted"] == on(DAY, of_node(group.pk))["submitted"] == 1


# Standings, each at its own pace


def test_the_registry_is_counted_only_where_it_changed(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboards.rolling import rounds

    counted: list[str] = []
    real = rounds.stand

    def note(kind: str, *rest: Any) -> Any:
        counted.append(str(kind))
        return real(kind, *rest)

    monkeypatch.setattr(rounds, "stand", note)
    with clock.at(MORNING - timedelta(hours=8)):
        volunteer = a_volunteer(city)
        a_resident(city.home)
    round_at(MORNING)
    assert counted == ["work", "people", "registry"]
    counted.clear()
    with clock.at(MORNING + timedelta(hours=1)):
        registered = volunteer.registrations.get()
        from volunteers.joining import registry

        registry.end(registered, by=volunteer.user, reason="搬家了")
    round_at(MORNING + timedelta(hours=1))
    assert counted == ["work", "people"] and stands()["registered"] == 0
    round_at(MORNING + timedelta(hours=1, minutes=20))  # once more: somebody may have committed late
    counted.clear()
    round_at(MORNING + timedelta(hours=2))
    assert counted == ["work"]
    counted.clear()
    with clock.at(MORNING + timedelta(hours=3)):
        a_resident(city.home)
    round_at(MORNING + timedelta(hours=3))
    assert counted == ["work", "registry"] and stands()["residents"] == 2


def test_a_policy_signed_today_changes_who_is_behind(city: City) -> None:
    from tests.organizations.policy_scenes import an_officer, sign

    a_volunteer(city)
    round_at(MORNING)
    assert (stands()["quota.bound"], stands()["quota.behind"]) == (1, 1)
    with clock.at(MORNING + timedelta(hours=1)):
        sign(an_officer(city.district), city.district, quota_times=0, quota_hours=0)
    round_at(MORNING + timedelta(hours=1))
    assert stands()["quota.bound"] == 0


def test_somebody_becomes_a_member(city: City) -> None:
    from volunteers.models import Volunteer

    volunteer = a_volunteer(city)
    round_at(MORNING)
    Volunteer.objects.filter(pk=volunteer.pk).update(kind="resident")
    round_at(MORNING + timedelta(hours=1))
    assert (stands()["registered.resident"], stands()["registered.employed"], stands()["quota.bound"]) == (
        1,
        0,
        0,
    )


# What a round costs


def test_a_round_takes_as_many_queries_however_much_there_is(city: City) -> None:
    def queries(moment: datetime) -> int:
        with clock.at(moment), CaptureQueriesContext(connection) as captured:
            assert rolling.catch_up() is not None
        return len(captured)

    contact(ask(city.home), city.home, MORNING + MINUTE)
    round_at(MORNING + 2 * MINUTE)
    queries(MORNING + timedelta(hours=1))
    quiet = queries(MORNING + timedelta(hours=2))
    for number in range(2):
        contact(ask(city.home), city.home, MORNING + timedelta(hours=3, minutes=number))
    few = queries(MORNING + timedelta(hours=4))
    for number in range(20):
        row = ask(city.next_door if number % 2 else city.home, MORNING + timedelta(hours=5))
        contact(
            row, city.home if not number % 2 else city.next_door, MORNING + timedelta(hours=5, minutes=number)
        )
    many = queries(MORNING + timedelta(hours=6))
    assert quiet == 28, quiet
    assert few == many <= 48, (few, many)


# Days and months


def test_months_and_runs_of_days() -> None:
    assert changes.months((date(2025, 12, 31), date(2026, 2, 1))) == [date(2025, 12, 1), date(2026, 1, 1)]
    days = [date(2026, 1, 3), date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 7)]
    assert list(changes.runs(days)) == [
        (date(2026, 1, 1), date(2026, 1, 4)),
        (date(2026, 1, 7), date(2026, 1, 8)),
    ]
    assert list(changes.runs([])) == []
    assert changes.by_month([date(2026, 2, 1), date(2026, 1, 31)]) == {
        date(2026, 1, 1): [date(2026, 1, 31)],
        date(2026, 2, 1): [date(2026, 2, 1)],
    }
