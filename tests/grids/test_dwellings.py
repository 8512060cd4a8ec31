"""房屋: codes, places, use, and everything that follows a building (N4)."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection, transaction

from grids import dwellings
from grids.audit import entries_of
from grids.models import Building, Dwelling, Grid, Household, Resident
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.grids.homes import a_dwelling, a_household, a_resident
from tests.volunteers.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def outsiders(city: City) -> list:
    street, resident = a_user("街道"), a_user("居民")
    appoint(street, Post.OFFICER, city.street)
    return [city.next_door.secretary, a_grid_worker(city.next_door), street, resident]


@pytest.mark.parametrize(
    ("staircase", "floor", "door", "code"),
    [("1", 3, "302", "X-01-03-302"), ("", 12, "1201", "X-00-12-1201"), ("A", -1, "B1", "X-0A-B1-B1")],
)
def test_codes_sort_as_people_count(staircase, floor, door, code):
    assert dwellings.code_of("X", staircase, floor, door) == code


class TestAdding:
    def test_the_place_is_the_building_s_and_the_trace_is_kept(self, city):
        worker = a_grid_worker(city.home)
        made = dwellings.add(by=worker, building=city.home.building, staircase="1", floor=3, door="302")
        assert made.code == f"{city.home.building.code}-01-03-302"
        assert (made.grid, made.community, made.street) == (
            city.home.grid,
            city.home.organization,
            city.street,
        )
        assert entries_of(made).get().actor == worker

    @pytest.mark.parametrize(
        ("staircase", "door"),
        [("1", "302"), ("01", "302"), ("1单元", "３０２"), ("１", "302室"), (" 1 ", "3 02")],
    )
    def test_one_door_however_it_is_written(self, city, staircase, door):
        dwellings.add(by=None, building=city.home.building, staircase="1", floor=3, door="302")
        with pytest.raises(RuleViolation, match="已有这个房号") as refused:
            dwellings.add(by=None, building=city.home.building, staircase=staircase, floor=3, door=door)
        assert refused.value.field == "door"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"floor": 0}, "floor"),
            ({"floor": 8}, "floor"),
            ({"staircase": "4"}, "staircase"),
            ({"staircase": "很长的单元名"}, "staircase"),
            ({"door": ""}, "door"),
            ({"door": "302302302"}, "door"),
            ({"use": "castle"}, "use"),
        ],
    )
    def test_where_the_building_has_no_such_place(self, city, changes, field):
        Building.objects.filter(pk=city.home.building.pk).update(floors=7, staircases=3)
        with pytest.raises(RuleViolation) as refused:
            dwellings.add(
                by=None,
                building=city.home.building,
                **{"staircase": "1", "floor": 3, "door": "302", **changes},
            )
        assert refused.value.field == field
        assert not Dwelling.objects.exists()

    def test_outsiders_add_none(self, city):
        for user in outsiders(city):
            with pytest.raises(NoPower):
                dwellings.add(by=user, building=city.home.building, floor=1, door="101")

    @pytest.mark.services
    @pytest.mark.django_db(transaction=True)
    def test_the_same_door_at_once_is_added_once(self):
        assert connection.vendor == "postgresql", "this test needs WENSHAO_TEST_DATABASE_URL"
        building = a_city().home.building
        told = at_once([partial(_add, building.pk)] * 5)
        assert sorted(kind for kind, _ in told) == ["done", *["refused"] * 4], told


def _add(pk: int) -> None:
    dwellings.add(by=None, building=Building.objects.get(pk=pk), floor=3, door="302")


class TestUse:
    def test_let_and_empty(self, city):
        dwelling = a_dwelling(city.home)
        for use in ("let", "empty"):
            dwellings.change_use(dwelling, by=city.home.secretary, use=use)
            assert Dwelling.objects.get(pk=dwelling.pk).use == use

    def test_not_empty_while_somebody_lives_there_and_not_nonsense(self, city):
        dwelling = a_resident(city.home).household.dwelling
        for use, words in (("empty", "还有人在册"), ("castle", "列表")):
            with pytest.raises(RuleViolation, match=words) as refused:
                dwellings.change_use(dwelling, by=city.home.secretary, use=use)
            assert refused.value.field == "use"

    def test_outsiders_change_nothing(self, city):
        dwelling = a_dwelling(city.home)
        for user in outsiders(city):
            with pytest.raises(NoPower):
                dwellings.change_use(dwelling, by=user, use="let")


class TestFollowing:
    def other_grid(self, city: City) -> Grid:
        grid = Grid(tier=2, code="G2", name="第二网格", parent=city.home.first_grid)
        grid.place_under(city.home.organization)
        grid.save()
        return grid

    def test_dwellings_households_and_people_go_with_the_building(self, city):
        person, grid, building = a_resident(city.home), self.other_grid(city), city.home.building
        building.grid, building.code = grid, "NEW"
        building.save()
        with transaction.atomic():
            dwellings.follow_building(building)
        dwelling = Dwelling.objects.get()
        assert dwelling.code.startswith("NEW-00-01-")
        assert {dwelling.grid, Household.objects.get().grid, Resident.objects.get().grid} == {grid}
        assert person.pk == Resident.objects.get().pk

    @pytest.mark.services
    @pytest.mark.django_db(transaction=True)
    def test_whoever_moves_in_meanwhile_goes_along(self):
        assert connection.vendor == "postgresql", "this test needs WENSHAO_TEST_DATABASE_URL"
        city = a_city()
        homes, grid = [a_household(city.home) for _ in range(4)], self.other_grid(city)
        jobs = [partial(_move_in, home.pk) for home in homes]
        told = at_once([*jobs, partial(_into_grid, city.home.building.pk, grid.pk)])
        assert {kind for kind, _ in told} == {"done"}, told
        assert set(Resident.objects.values_list("grid", flat=True)) == {grid.pk}
        assert set(Household.objects.values_list("grid", flat=True)) == {grid.pk}


def _move_in(pk: int) -> None:
    home = Household.objects.get(pk=pk)
    a_resident(None, household=home, document_kind="none", document_number="")  # type: ignore[arg-type]


def _into_grid(building: int, grid: int) -> None:
    with transaction.atomic():
        row = Building.objects.select_for_update().get(pk=building)
        row.grid_id = grid
        row.save()
        dwellings.follow_building(row)
