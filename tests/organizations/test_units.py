"""The register of members and units."""

import pytest

from ground.errors import NoPower, RuleViolation
from organizations import tree, units
from organizations.models import Unit
from organizations.posts import Post, Tier
from tests.factories import City, a_city, a_member, a_phone, a_unit, a_user, appoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city):
    user = a_user("组织部干事")
    appoint(user, Post.OFFICER, city.district)
    return user


def test_a_number_is_entered_once_in_a_district(city, officer):
    phone = a_phone()
    member = units.register_member(by=officer, name="周武", phone=phone, district=city.district)
    assert member.phone == phone
    with pytest.raises(RuleViolation, match="已有党员登记了这个手机号"):
        units.register_member(by=officer, name="吴某", phone=phone, district=city.district)
    units.register_member(by=None, name="周武", phone=phone, district=a_city("浈江").district)


def test_only_the_district_keeps_the_register(city):
    member = a_member(city)
    for who in (city.home.secretary, city.next_door.secretary, a_user()):
        with pytest.raises(NoPower):
            units.register_member(by=who, name="周武", phone=a_phone(), district=city.district)
        with pytest.raises(NoPower):
            units.change_phone(member, by=who, phone=a_phone())
        with pytest.raises(NoPower):
            units.link_account(member, by=who)


def test_an_account_is_linked_by_its_number(city, officer):
    phone = a_phone()
    member = units.register_member(by=officer, name="周武", phone=phone, district=city.district)
    with pytest.raises(RuleViolation, match="还没有登录过"):
        units.link_account(member, by=officer)
    from accounts.models import User

    user = User.objects.create_user(phone, "周武")
    units.link_account(member, by=officer)
    assert user.member == member
    with pytest.raises(RuleViolation, match="已经关联过"):
        units.link_account(member, by=officer)


def test_nobody_links_the_own_account(city, officer):
    member = units.register_member(by=officer, name="本人", phone=officer.phone, district=city.district)
    with pytest.raises(RuleViolation, match="不能关联自己"):
        units.link_account(member, by=officer)


def test_a_unit_closes_once(city, officer):
    unit = a_unit(city)
    with pytest.raises(NoPower):
        units.close_unit(unit, by=city.home.secretary)
    units.close_unit(unit, by=officer)
    with pytest.raises(RuleViolation, match="已经撤销"):
        units.close_unit(unit, by=officer)


def test_units_follow_a_community_that_moves(city):
    unit = Unit(name="物业", kind=Unit.Kind.PROPERTY)
    unit.place_under(city.home.organization)
    unit.save()
    street = tree.plant(parent=city.district, tier=Tier.STREET, name="惠民街道党工委", by=None)
    tree.move(city.home.organization, to=street, by=None)
    unit.refresh_from_db()
    assert (unit.street, unit.community) == (street, city.home.organization)
