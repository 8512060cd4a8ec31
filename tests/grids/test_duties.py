"""Who looks after which grid (N6), and what the tree may not do to it."""

import pytest

from grids import duties
from grids.models import Building, Grid, GridDuty
from ground.errors import NoPower, RuleViolation
from organizations import appointments, tree
from organizations.posts import Post, Power, Tier
from organizations.scope import scope_of
from tests.factories import City, a_city, a_grid_worker, a_user, appoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def held(city):
    return appoint(a_user("网格员"), Post.GRID_WORKER, city.home.organization)


def test_a_duty_opens_the_grid_and_its_end_closes_it(city, held):
    assert not Building.objects.visible_to(held.user).exists()
    duty = duties.assign(by=city.home.secretary, appointment=held, grid=city.home.grid)
    assert Building.objects.visible_to(held.user).get() == city.home.building
    duties.end(duty, by=city.home.secretary)
    assert not Building.objects.visible_to(held.user).exists()
    with pytest.raises(RuleViolation, match="已经结束"):
        duties.end(duty, by=city.home.secretary)


def test_one_person_per_grid_and_part(city, held):
    a_grid_worker(city.home)
    with pytest.raises(RuleViolation, match="已经有人了"):
        duties.assign(by=city.home.secretary, appointment=held, grid=city.home.grid)
    duties.assign(by=city.home.secretary, appointment=held, grid=city.home.grid, part="B")


def test_only_own_grid_workers(city):
    for held in (
        city.home.secretary.appointments.get(),
        appoint(a_user(), Post.GRID_WORKER, city.next_door.organization),
    ):
        with pytest.raises(RuleViolation, match="只能分给本社区的网格员"):
            duties.assign(by=city.home.secretary, appointment=held, grid=city.home.grid)


def test_an_outsider_assigns_nothing(city, held):
    for outsider in (city.next_door.secretary, held.user, a_user()):
        with pytest.raises(NoPower):
            duties.assign(by=outsider, appointment=held, grid=city.home.grid)


def test_the_end_of_the_appointment_ends_the_reach(city):
    worker = a_grid_worker(city.home)
    appointments.end(worker.appointments.get(), by=city.home.secretary)
    assert not Grid.objects.visible_to(worker).exists()
    assert not scope_of(worker).has(Power.HANDLE)
    assert not GridDuty.objects.in_force().exists()


def test_who_comes_after_a_dismissed_worker_gets_the_grid(city, held):
    worker = a_grid_worker(city.home)
    appointments.end(worker.appointments.get(), by=city.home.secretary)
    duty = duties.assign(by=city.home.secretary, appointment=held, grid=city.home.grid)
    assert list(GridDuty.objects.in_force()) == [duty]
    assert GridDuty.objects.filter(grid=city.home.grid, ends_on=None).get() == duty


def test_a_duty_covers_the_grids_inside(city):
    inner = Grid(tier=3, code="inner", name="1 单元", parent=city.home.grid)
    inner.place_under(city.home.organization)
    inner.save()
    worker = a_grid_worker(city.home)
    assert set(Grid.objects.visible_to(worker)) == {city.home.grid, inner}


def test_a_branch_with_grids_is_neither_closed_nor_taken_to_another_community(city):
    branch = city.home.grid.branch
    with pytest.raises(RuleViolation, match="建在 1 个网格上"):
        tree.close(branch, by=None)
    with pytest.raises(RuleViolation, match="还在原来的社区"):
        tree.move(branch, to=city.next_door.organization, by=None)
    branch.refresh_from_db()
    assert branch.parent == city.home.organization


def test_a_group_with_buildings_is_not_closed_but_moves_inside_its_community(city):
    group = tree.plant(parent=city.home.grid.branch, tier=Tier.BUILDING_GROUP, name="1 栋党小组", by=None)
    Building.objects.filter(pk=city.home.building.pk).update(group=group)
    with pytest.raises(RuleViolation, match="还管着 1 栋楼"):
        tree.close(group, by=None)
    tree.move(group, to=city.home.organization, by=None)
