"""How far a seat reaches, and when it stops reaching."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from grids.models import Building, Compound, Grid, GridDuty, Home
from grids.scope import covers
from ground import clock
from organizations import appointments, tree
from organizations.models import AccessLogEntry, Appointment, Member, Organization, Unit, UnitBranch
from organizations.posts import Post, Power, Tier
from organizations.scope import scope_of
from tests.factories import City, a_city, a_grid_worker, a_member, a_unit, a_user, appoint

pytestmark = pytest.mark.django_db

SCOPED = [
    *(Organization, Unit, UnitBranch, Member, Appointment, AccessLogEntry),
    *(Grid, GridDuty, Compound, Building, Home),
]


@pytest.fixture
def city() -> City:
    return a_city()


def holder(post: str, place: object = None):
    user = a_user()
    appoint(user, post, place)
    return user


@pytest.fixture
def everything(city) -> City:
    """One row of everything in the home community."""
    city.home.organization.refresh_from_db()
    unit = Unit(name="本社区物业", kind=Unit.Kind.PROPERTY)
    unit.place_under(city.home.organization)
    unit.save()
    UnitBranch.objects.create(unit=unit, name="物业党支部")
    member = a_member(city, unit=unit)
    Home.objects.create(member=member, building=city.home.building)
    a_grid_worker(city.home)
    AccessLogEntry.objects.create(
        by=city.home.secretary,
        action="reveal",
        subject="x:1",
        reason="回访",
        organization=city.home.organization,
    )
    return city


@pytest.mark.parametrize("model", SCOPED)
def test_nobody_sees_nothing(everything, model):
    for user in (AnonymousUser(), a_user("居民")):
        user.session_is_strong = True
        assert not model.objects.visible_to(user).exists()


@pytest.mark.parametrize("model", SCOPED)
def test_the_next_community_sees_nothing_of_ours(everything, model):
    outsider = everything.next_door.secretary
    ours = everything.home.organization
    for row in model.objects.visible_to(outsider):
        community = {
            Organization: lambda row: row.at_tier(Tier.COMMUNITY),
            Appointment: lambda row: row.organization.at_tier(Tier.COMMUNITY),
            GridDuty: lambda row: row.grid.community,
        }.get(model, lambda row: row.community)(row)
        assert community != ours


@pytest.mark.parametrize("model", SCOPED)
def test_the_district_sees_what_lies_in_it(everything, model):
    officer = holder(Post.OFFICER, everything.district)
    assert model.objects.visible_to(officer).exists()
    other = holder(Post.OFFICER, a_city("浈江").district)
    ours = set(model.objects.visible_to(officer).values_list("pk", flat=True))
    assert not ours & set(model.objects.visible_to(other).values_list("pk", flat=True))


@pytest.mark.parametrize("model", [Organization, Unit, UnitBranch, Member, Appointment, Grid, Building, Home])
def test_the_city_seat_sees_every_district(everything, model):
    a_city("浈江")
    officer = holder(Post.OFFICER)
    assert set(model.objects.visible_to(officer)) == set(model.objects.all())


def test_the_tree_is_in_sight_from_the_seat_down(city):
    seen = Organization.objects.visible_to(city.home.secretary)
    assert [node.short_name for node in seen] == ["花城社区", "第一网格党支部"]


def test_a_grid_worker_reaches_own_grids_only(city):
    worker = a_grid_worker(city.home)
    other = Grid(tier=2, code="other", name="第二网格", parent=city.home.first_grid)
    other.place_under(city.home.organization)
    other.save()
    assert list(Grid.objects.visible_to(worker)) == [city.home.grid]
    assert covers(worker, Power.REGISTRY_CHANGE, city.home.building)
    assert not covers(worker, Power.REGISTRY_CHANGE, other)
    assert not scope_of(worker).holds_at(Power.HANDLE, city.home.organization.pk)


def test_a_grid_worker_sees_the_community_but_not_what_hangs_below_it(city):
    worker = a_grid_worker(city.home)
    assert list(Organization.objects.visible_to(worker)) == [city.home.organization]


def test_a_grid_leader_of_a_branch_reaches_its_grids_without_a_duty(city):
    leader = holder(Post.GRID_LEADER, city.home.grid.branch)
    assert list(Grid.objects.visible_to(leader)) == [city.home.grid]


def test_a_grid_worker_without_duty_has_no_registry(city):
    worker = holder(Post.GRID_WORKER, city.home.organization)
    assert not Building.objects.visible_to(worker).exists()


def test_a_branch_secretary_reaches_the_grids_of_the_branch(city):
    secretary = holder(Post.SECRETARY, city.home.grid.branch)
    assert list(Grid.objects.visible_to(secretary)) == [city.home.grid]


def test_a_liaison_sees_the_people_of_the_own_unit_and_a_case_officer_does_not(city):
    unit = a_unit(city)
    member = a_member(city, unit=unit)
    a_member(city)
    assert list(Member.objects.visible_to(holder(Post.UNIT_LIAISON, unit))) == [member]
    assert not Member.objects.visible_to(holder(Post.CASE_OFFICER, unit)).exists()


def test_powers_end_with_the_appointment(city):
    secretary = city.home.secretary
    held = secretary.appointments.get()
    appointments.end(held, by=None, on=clock.today() + timedelta(days=3))
    assert scope_of(secretary).has(Power.VERIFY)
    with clock.at(clock.now() + timedelta(days=3)):
        assert scope_of(secretary).grants == ()


def test_powers_do_not_begin_before_the_appointment(city):
    user = a_user()
    appoint(user, Post.SECRETARY, city.home.organization, begins_on=clock.today() + timedelta(days=2))
    assert scope_of(user).grants == ()


def test_a_dismissal_takes_the_powers_at_once(city):
    held = city.home.secretary.appointments.get()
    appointments.end(held, by=None)
    assert scope_of(city.home.secretary).grants == ()


def test_a_weak_session_has_no_powers(city):
    city.home.secretary.session_is_strong = False
    assert scope_of(city.home.secretary).grants == ()
    assert not Organization.objects.visible_to(city.home.secretary).exists()


def test_a_blocked_account_has_no_powers(city):
    city.home.secretary.is_active = False
    assert scope_of(city.home.secretary).grants == ()


def test_a_closed_node_gives_no_powers(city):
    node = tree.plant(parent=city.street, tier=Tier.COMMUNITY, name="将撤销社区党委", by=None)
    secretary = holder(Post.SECRETARY, node)
    assert scope_of(secretary).has(Power.VERIFY)
    tree.close(node, by=None)
    assert scope_of(secretary).grants == ()


def test_a_closed_unit_gives_no_powers(city):
    unit = a_unit(city)
    liaison = holder(Post.UNIT_LIAISON, unit)
    Unit.objects.filter(pk=unit.pk).update(closed_at=clock.now())
    assert scope_of(liaison).grants == ()


def test_scope_costs_one_query_and_is_kept_for_the_page(city, django_assert_num_queries):
    secretary = city.home.secretary
    secretary.scope_cache = {}
    with django_assert_num_queries(1):
        scope_of(secretary).has(Power.VERIFY)
        scope_of(secretary).rows(Power.TREE_SEE)
