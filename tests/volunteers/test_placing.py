"""调剂: who is left without a community, and where the district places him (S1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grids.models import Home
from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from organizations.models import Member
from organizations.posts import Post
from tests.factories import a_member, a_user, appoint
from tests.volunteers.scenes import a_city, a_volunteer
from volunteers.joining import placing, registry
from volunteers.joining.placing import Why, because, left_over
from volunteers.states import RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db


def an_officer(city):
    officer = a_user("组织部")
    appoint(officer, Post.OFFICER, city.district)
    return officer


def ask(city, member, place):
    volunteer = registry.enrol(
        user=member.user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district
    )
    return registry.choose(volunteer, by=member.user, community=place.organization)


def test_who_is_left_over_and_why():
    city = a_city()
    officer = an_officer(city)
    a_volunteer(city)  # registered
    never, declined, slow, fresh = (a_member(city) for _ in range(4))
    ask(city, fresh, city.home)
    registry.decline(ask(city, declined, city.home), by=city.home.secretary, reason="满了")
    with clock.at(clock.now() - timedelta(days=16)):
        ask(city, slow, city.home)
    assert set(left_over(officer)) == {never, declined, slow}
    for why, member in ((Why.NONE, never), (Why.DECLINED, declined), (Why.WAITING, slow)):
        assert list(because(left_over(officer), why)) == [member]
    Member.objects.create(name="没账号", phone="19900000000", phone_index="x", district=city.district)
    assert placing.without_an_account(officer) == 1


def test_place_effect_event_and_news():
    city = a_city()
    officer, member = an_officer(city), a_member(city)
    row = placing.place(member, by=officer, community=city.home.organization)
    assert (row.state, row.choice, row.volunteer.member) == (RegistrationState.PLACED, 0, member)
    assert (row.events.get().step, row.events.get().by) == ("place", officer)
    assert Outgoing.objects.filter(to=member.user, title="区里建议你到花城社区报到").exists()
    assert not left_over(officer).exists()
    registry.confirm(row, by=city.home.secretary, grid=city.home.grid)
    assert row.state == RegistrationState.CONFIRMED


def test_place_refusals():
    city, elsewhere = a_city(), a_city("曲江")
    officer, member = an_officer(city), a_member(city)
    with pytest.raises(RuleViolation, match="只能调剂到本区县"):
        placing.place(member, by=a_city_officer(), community=elsewhere.home.organization)
    for nobody in (city.home.secretary, member.user, an_officer(elsewhere)):
        with pytest.raises(NoPower):
            placing.place(member, by=nobody, community=city.home.organization)
    with pytest.raises(RuleViolation, match="请选一个社区"):
        placing.place(member, by=officer, community=city.street)
    placing.place(member, by=officer, community=city.home.organization)
    with pytest.raises(RuleViolation, match="已经调剂到花城社区"):
        placing.place(member, by=officer, community=city.next_door.organization)
    registered = a_volunteer(city).member
    with pytest.raises(RuleViolation, match="已在花城社区报到"):
        placing.place(registered, by=officer, community=city.next_door.organization)


def a_city_officer():
    officer = a_user("市委组织部")
    appoint(officer, Post.OFFICER)
    return officer


def test_a_place_that_one_asked_for_oneself_is_not_placed_again():
    city = a_city()
    officer, member = an_officer(city), a_member(city)
    with clock.at(clock.now() - timedelta(days=20)):
        ask(city, member, city.home)
    with pytest.raises(RuleViolation, match="他自己选了花城社区"):
        placing.place(member, by=officer, community=city.home.organization)
    placed = placing.place(member, by=officer, community=city.next_door.organization)
    registry.confirm(placed, by=city.next_door.secretary, grid=city.next_door.grid)
    assert member.user.volunteer.registrations.confirmed().get() == placed


def test_only_those_who_place_see_who_is_left():
    city, elsewhere = a_city(), a_city("曲江")
    a_member(city)
    for outsider in (city.home.secretary, a_user(), an_officer(elsewhere)):
        assert not left_over(outsider).exists()
        assert placing.without_an_account(outsider) == 0


def test_proposed_is_home_first_then_the_emptiest():
    city = a_city()
    member = a_member(city)
    a_volunteer(city)
    assert [node.short_name for node in placing.proposals(member)] == ["隔壁社区", "花城社区"]
    Home.objects.create(member=member, building=city.home.building, compound=city.home.compound)
    member = Member.objects.get(pk=member.pk)
    assert [node.short_name for node in placing.proposals(member)] == ["花城社区", "隔壁社区"]
    assert [node.short_name for node in placing.proposals(member, "隔壁")] == ["隔壁社区"]
