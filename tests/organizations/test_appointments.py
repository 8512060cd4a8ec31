"""Appointing and ending: effect, refusal, outsiders."""

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import appointments, tree
from organizations.models import Appointment, Unit
from organizations.posts import Post, Power, Seat, Tier
from organizations.scope import scope_of
from tests.factories import City, a_city, a_user, appoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def holder(post: str, place: object = None):
    user = a_user()
    appoint(user, post, place)
    return user


def test_a_post_gives_its_powers_from_the_first_day(city):
    officer, person = holder(Post.OFFICER, city.street), a_user("新书记")
    held = appointments.appoint(
        by=officer, user=person, post=Post.SECRETARY, organization=city.home.organization
    )
    assert scope_of(person).holds_at(Power.VERIFY, city.home.organization.pk)
    assert (held.appointed_by, held.begins_on) == (officer, clock.today())


@pytest.mark.parametrize("post", [Post.COMMUNITY_WORKER, Post.GRID_WORKER, Post.GRID_LEADER, Post.COOPTED])
def test_a_community_appoints_its_own_staff(city, post):
    held = appointments.appoint(
        by=city.home.secretary, user=a_user(), post=post, organization=city.home.organization
    )
    assert held in Appointment.objects.in_force()
    appointments.end(held, by=city.home.secretary)
    assert held not in Appointment.objects.in_force()


@pytest.mark.parametrize("post", [Post.SECRETARY, Post.FIRST_SECRETARY])
def test_a_community_does_not_appoint_its_own_secretaries(city, post):
    with pytest.raises(NoPower):
        appointments.appoint(
            by=city.home.secretary, user=a_user(), post=post, organization=city.home.organization
        )
    with pytest.raises(NoPower):
        appointments.end(city.home.secretary.appointments.get(), by=city.home.secretary)


def test_a_community_appoints_below_itself(city):
    held = appointments.appoint(
        by=city.home.secretary, user=a_user(), post=Post.SECRETARY, organization=city.home.grid.branch
    )
    assert held in Appointment.objects.in_force()


@pytest.mark.parametrize("place", ["district", "street"])
def test_nobody_appoints_at_the_own_seat_or_above(city, place):
    node = getattr(city, place)
    officer = holder(Post.OFFICER, city.street)
    with pytest.raises(NoPower):
        appointments.appoint(by=officer, user=a_user(), post=Post.OFFICER, organization=node)


def test_an_outsider_does_not_appoint(city):
    for outsider in (city.next_door.secretary, a_user(), holder(Post.OFFICER, a_city("浈江").district)):
        with pytest.raises(NoPower):
            appointments.appoint(
                by=outsider, user=a_user(), post=Post.GRID_WORKER, organization=city.home.organization
            )


def test_a_worker_without_the_power_does_not_appoint(city):
    worker = holder(Post.COMMUNITY_WORKER, city.home.organization)
    with pytest.raises(NoPower):
        appointments.appoint(
            by=worker, user=a_user(), post=Post.GRID_WORKER, organization=city.home.organization
        )


def test_nobody_appoints_himself(city):
    officer = holder(Post.OFFICER, city.street)
    with pytest.raises(RuleViolation, match="不能给自己任职"):
        appointments.appoint(
            by=officer, user=officer, post=Post.SECRETARY, organization=city.home.organization
        )


def test_a_post_must_exist_at_the_seat(city):
    with pytest.raises(RuleViolation, match="没有“楼长”这个职务"):
        appointments.appoint(
            by=None, user=a_user(), post=Post.BUILDING_HEAD, organization=city.home.organization
        )


def test_exactly_one_seat(city):
    with pytest.raises(RuleViolation, match="选且只选一个"):
        appointments.appoint(by=None, user=a_user(), post=Post.OFFICER)
    with pytest.raises(RuleViolation, match="选且只选一个"):
        appointments.appoint(
            by=None, user=a_user(), post=Post.OFFICER, organization=city.street, at_city=True
        )


def test_the_same_post_is_not_held_twice(city):
    person = a_user()
    for refusal in (False, True):
        if refusal:
            with pytest.raises(RuleViolation, match="已在此处担任"):
                appointments.appoint(by=None, user=person, post=Post.OFFICER, at_city=True)
        else:
            appointments.appoint(by=None, user=person, post=Post.OFFICER, at_city=True)


def test_not_at_a_closed_node_and_not_in_the_past(city):
    node = tree.plant(parent=city.street, tier=Tier.COMMUNITY, name="将撤销社区党委", by=None)
    tree.close(node, by=None)
    with pytest.raises(RuleViolation, match="已经撤销"):
        appointments.appoint(by=None, user=a_user(), post=Post.SECRETARY, organization=node)
    with pytest.raises(RuleViolation, match="不能早于今天"):
        appointments.appoint(
            by=holder(Post.OFFICER, city.street),
            user=a_user(),
            post=Post.SECRETARY,
            organization=city.home.organization,
            begins_on=clock.today() - timedelta(days=1),
        )


def test_units_are_appointed_by_whoever_keeps_them(city):
    unit = Unit(name="物业", kind=Unit.Kind.PROPERTY)
    unit.place_under(city.home.organization)
    unit.save()
    appointments.appoint(by=city.home.secretary, user=a_user(), post=Post.UNIT_LIAISON, unit=unit)
    with pytest.raises(NoPower):
        appointments.appoint(by=city.next_door.secretary, user=a_user(), post=Post.UNIT_LIAISON, unit=unit)


def test_city_posts_are_given_by_the_administrator_and_nobody_else(city):
    administrator = a_user(is_administrator=True)
    held = appointments.appoint(by=administrator, user=a_user(), post=Post.OFFICER, at_city=True)
    assert held.seat is Seat.CITY
    for who in (held.user, holder(Post.OFFICER, city.district)):
        with pytest.raises(NoPower):
            appointments.appoint(by=who, user=a_user(), post=Post.OFFICER, at_city=True)
    with pytest.raises(NoPower):
        appointments.appoint(by=administrator, user=a_user(), post=Post.SECRETARY, organization=city.district)


def test_an_appointment_ends_once(city):
    held = appointments.appoint(
        by=None, user=a_user(), post=Post.GRID_WORKER, organization=city.home.organization
    )
    appointments.end(held, by=city.home.secretary)
    assert (held.ends_on, held.ended_by) == (clock.today(), city.home.secretary)
    with pytest.raises(RuleViolation, match="已经结束"):
        appointments.end(held, by=city.home.secretary)


def test_history_is_not_rewritten_by_ending_in_the_past(city):
    held = appointments.appoint(
        by=None, user=a_user(), post=Post.GRID_WORKER, organization=city.home.organization
    )
    with pytest.raises(RuleViolation, match="不能早于今天"):
        appointments.end(held, by=city.home.secretary, on=clock.today() - timedelta(days=1))
