"""A building goes to another grid or gets another code: its dwellings, households and people go with it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grids import buildings
from grids.audit import entries_of
from grids.models import Building, Dwelling, Grid, Household, Resident
from ground.errors import NoPower, RuleViolation
from organizations.models import Unit
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.grids.people import a_household, a_resident
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def other(city) -> Grid:
    grid = Grid(tier=2, code="G-2", name="第二网格", parent=city.home.first_grid)
    grid.place_under(city.home.organization)
    grid.save()
    return grid


@pytest.fixture
def resident(city) -> Resident:
    return a_resident(a_household(city.home.building))


def test_everybody_follows_into_another_grid(city, other, resident):
    there = a_resident(a_household(city.next_door.building))
    buildings.relocate(city.home.building, by=city.home.secretary, grid=other)
    for model in (Dwelling, Household, Resident):
        grids = set(model.objects.filter(community=city.home.organization).values_list("grid", flat=True))
        assert grids == {other.pk}, model
    there.refresh_from_db()
    assert there.grid == city.next_door.grid


def test_whoever_looked_after_them_sees_them_no_more(city, other, resident):
    before, after = a_grid_worker(city.home), a_grid_worker(city.home, grid=other)
    buildings.relocate(city.home.building, by=None, grid=other)
    assert not Resident.objects.visible_to(before).exists()
    assert Resident.objects.visible_to(after).get() == resident


def test_codes_follow_the_buildings_code(city, resident):
    building = city.home.building
    building.code = "NEW-7"
    buildings.save(building, by=city.home.secretary)
    dwelling = Dwelling.objects.get()
    assert dwelling.code == f"NEW-7-00-01-{dwelling.door}"


def test_it_is_in_the_audit_of_the_building_with_who_did_it(city, other, resident):
    buildings.relocate(city.home.building, by=city.home.secretary, grid=other)
    entry = entries_of(city.home.building).first()
    assert entry.actor == city.home.secretary
    assert entry.changes["grid"] == [str(city.home.grid.pk), str(other.pk)]
    assert "qr_token" not in str(entry.changes)


def test_from_the_registrys_page(city, other, resident):
    building = city.home.building
    data = {"name": building.name, "code": building.code, "kind": "residential", "grid": other.pk}
    data |= {"has_lift": "true", "compound": "", "group": "", "property_unit": "", "floors": "6"}
    page = f"/desk/registry/grids/building/{building.pk}/change/"
    answer = strong_client(city.home.secretary).post(page, data | {"staircases": "2", "lng": "", "lat": ""})
    assert answer.status_code == 302, answer.content.decode()
    resident.refresh_from_db()
    assert resident.grid == other
    assert entries_of(building).first().actor == city.home.secretary


def test_only_inside_the_community(city, resident):
    district = a_user("区里")
    appoint(district, Post.SECRETARY, city.home.organization)
    appoint(district, Post.SECRETARY, city.next_door.organization)
    with pytest.raises(RuleViolation, match="同一个社区"):
        buildings.relocate(city.home.building, by=district, grid=city.next_door.grid)
    resident.refresh_from_db()
    assert resident.grid == city.home.grid
    assert Building.objects.get(pk=city.home.building.pk).grid == city.home.grid


def test_not_without_the_power_at_both_ends(city, other, resident):
    worker = a_grid_worker(city.home)
    with pytest.raises(RuleViolation, match="管理的范围"):
        buildings.relocate(Building.objects.get(pk=city.home.building.pk), by=worker, grid=other)
    with pytest.raises(NoPower):
        buildings.relocate(city.home.building, by=city.next_door.secretary, grid=city.next_door.grid)


def test_what_does_not_fit_is_refused_at_its_field(city, resident):
    far = Unit.objects.create(name="外区单位", kind="enterprise", district=a_city("别处").district)
    for field, value in {
        "code": city.next_door.building.code,
        "compound": city.next_door.compound,
        "group": city.next_door.grid.branch,
        "property_unit": far,
    }.items():
        building = Building.objects.get(pk=city.home.building.pk)
        setattr(building, field, value)
        with pytest.raises(RuleViolation) as refused:
            buildings.save(building, by=city.home.secretary)
        assert refused.value.field == field


def test_a_change_of_the_name_moves_nobody(city, resident):
    def queries(**changes: object) -> int:
        building = Building.objects.get(pk=city.home.building.pk)
        for name, value in changes.items():
            setattr(building, name, value)
        with CaptureQueriesContext(connection) as context:
            buildings.save(building, by=None)
        return sum("grids_resident" in query["sql"] for query in context)

    assert queries(name="改名楼") == 0
    assert queries(code="改码") == 1
