"""报到: choosing communities, being confirmed into exactly one grid."""

from __future__ import annotations

import pytest

from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from organizations import units
from organizations.models import Member
from organizations.posts import Post
from tests.factories import a_community, a_member, a_unit, a_user, appoint
from tests.volunteers.scenes import a_city
from volunteers.forms.registration import ConfirmForm
from volunteers.joining import registry
from volunteers.models import Registration, Volunteer
from volunteers.states import RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db


def a_newcomer(city) -> Volunteer:
    return registry.enrol(user=a_user(), kind=VolunteerKind.VOLUNTEER, district=city.district)


def test_choose_effect_and_event():
    city = a_city()
    volunteer = a_newcomer(city)
    chosen = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    assert (chosen.state, chosen.choice) == (RegistrationState.REQUESTED, 1)
    assert (chosen.community, chosen.district) == (city.home.organization, city.district)
    event = chosen.events.get()
    assert (event.step, event.target, event.by) == ("choose", "requested", volunteer.user)


def test_the_same_community_twice_is_one_registration():
    city = a_city()
    volunteer = a_newcomer(city)
    first = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    assert registry.choose(volunteer, by=volunteer.user, community=city.home.organization) == first
    assert Registration.objects.count() == 1


def test_up_to_three_and_only_communities():
    city = a_city()
    volunteer = a_newcomer(city)
    for name in ("甲", "乙"):
        community = a_community(city.street, name)
        registry.choose(volunteer, by=volunteer.user, community=community.organization)
    with pytest.raises(RuleViolation, match="请选一个社区"):
        registry.choose(volunteer, by=volunteer.user, community=city.street)
    third = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    assert third.choice == 3
    with pytest.raises(RuleViolation, match="最多选 3 个"):
        registry.choose(volunteer, by=volunteer.user, community=city.next_door.organization)


def test_nobody_chooses_for_another():
    city = a_city()
    with pytest.raises(NoPower):
        registry.choose(a_newcomer(city), by=a_user(), community=city.home.organization)


def test_confirm_effect_event_and_news():
    city = a_city()
    volunteer = a_newcomer(city)
    chosen = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    registry.confirm(chosen, by=city.home.secretary, grid=city.home.grid)
    chosen.refresh_from_db()
    assert (chosen.state, chosen.grid) == (RegistrationState.CONFIRMED, city.home.grid)
    assert chosen.confirmed_at is not None
    event = chosen.events.last()
    assert (event.step, event.by, event.codes) == (
        "confirm",
        city.home.secretary,
        {"grid": city.home.grid.pk},
    )
    assert Outgoing.objects.filter(to=volunteer.user, title="花城社区已确认你的报到").exists()


def test_confirm_refusals():
    city = a_city()
    volunteer = a_newcomer(city)
    here = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    there = registry.choose(volunteer, by=volunteer.user, community=city.next_door.organization)
    with pytest.raises(NoPower):
        registry.confirm(here, by=city.next_door.secretary, grid=city.home.grid)
    with pytest.raises(NoPower):
        registry.confirm(here, by=volunteer.user, grid=city.home.grid)
    with pytest.raises(RuleViolation, match="不在本社区"):
        registry.confirm(here, by=city.home.secretary, grid=city.next_door.grid)
    registry.confirm(here, by=city.home.secretary, grid=city.home.grid)
    with pytest.raises(RuleViolation, match="已在花城社区报到"):
        registry.confirm(there, by=city.next_door.secretary, grid=city.next_door.grid)
    with pytest.raises(RuleViolation, match="现在是“已报到”"):
        registry.confirm(here, by=city.home.secretary, grid=city.home.grid)


def test_nobody_confirms_his_own_registration():
    city = a_city()
    worker = a_user("社工")
    appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
    volunteer = registry.enrol(user=worker, kind=VolunteerKind.VOLUNTEER, district=city.district)
    chosen = registry.choose(volunteer, by=worker, community=city.home.organization)
    with pytest.raises(RuleViolation, match="你自己的事项"):
        registry.confirm(chosen, by=worker, grid=city.home.grid)


def test_kinds_need_the_member_that_staff_linked():
    city = a_city()
    user, member = a_user(), a_member(city)
    with pytest.raises(RuleViolation, match="还没有党员登记"):
        registry.enrol(user=user, kind=VolunteerKind.EMPLOYED, district=city.district)
    with pytest.raises(NoPower):
        registry.enrol(user=user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district)
    unitless = Member.objects.create(
        user=user, name="退休", phone=user.phone, phone_index=user.phone_index, district=city.district
    )
    with pytest.raises(RuleViolation, match="要有单位"):
        registry.enrol(user=user, kind=VolunteerKind.EMPLOYED, member=unitless, district=city.district)
    assert registry.kind_for(unitless) == VolunteerKind.RESIDENT


def test_a_volunteer_who_is_linked_later_becomes_a_member():
    city = a_city()
    member = a_member(city)
    first = registry.enrol(user=member.user, kind=VolunteerKind.VOLUNTEER, district=city.district)
    again = registry.enrol(
        user=member.user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district
    )
    assert again == first
    assert Volunteer.objects.get().kind == VolunteerKind.EMPLOYED


def test_a_confirmed_volunteer_becomes_a_member_when_staff_link_the_account():
    city = a_city()
    volunteer = a_newcomer(city)
    chosen = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    registry.confirm(chosen, by=city.home.secretary, grid=city.home.grid)
    member = units.register_member(
        by=None, name="老张", phone=volunteer.user.phone, district=city.district, unit=a_unit(city)
    )
    units.link_account(member, by=None)
    volunteer.refresh_from_db()
    assert (volunteer.kind, volunteer.member) == (VolunteerKind.EMPLOYED, member)


def test_sight_and_the_form_of_confirming():
    city = a_city()
    volunteer = a_newcomer(city)
    chosen = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    assert list(Registration.objects.visible_to(city.home.secretary)) == [chosen]
    assert list(Volunteer.objects.visible_to(city.home.secretary)) == [volunteer]
    for outsider in (city.next_door.secretary, a_user()):
        assert not Registration.objects.visible_to(outsider).exists()
        assert not Volunteer.objects.visible_to(outsider).exists()
    form = ConfirmForm({"grid": city.next_door.grid.pk}, registration=chosen)
    assert not form.is_valid()
    assert ConfirmForm({"grid": city.home.grid.pk}, registration=chosen).is_valid()
