"""Two communities, one volunteer, one second: real processes with connections of their own, on PostgreSQL."""

from __future__ import annotations

import pytest
from django.db import connection

from grids.models import Grid
from organizations.posts import Post
from tests.factories import a_community, a_member, a_user, appoint
from tests.volunteers.scenes import a_city, a_volunteer
from tests.volunteers.test_races import at_once
from volunteers.joining import placing, registry, teams
from volunteers.models import Registration, TeamMembership
from volunteers.states import RegistrationState, TeamKind, TeamRole, VolunteerKind

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"


def confirming(row: Registration, by, grid: Grid):
    return lambda: registry.confirm(Registration.objects.get(pk=row.pk), by=by, grid=grid).pk


def test_three_communities_confirm_the_same_volunteer_at_the_same_second():
    city = a_city()
    volunteer = registry.enrol(user=a_user(), kind=VolunteerKind.VOLUNTEER, district=city.district)
    places = [city.home, city.next_door, a_community(city.street, "丙")]
    rows = [registry.choose(volunteer, by=volunteer.user, community=each.organization) for each in places]
    outcomes = at_once(
        [confirming(row, each.secretary, each.grid) for row, each in zip(rows, places, strict=True)]
    )
    assert sorted(kind for kind, _ in outcomes) == ["done", "refused", "refused"], outcomes
    won = Registration.objects.confirmed().get()
    sentences = {said for kind, said in outcomes if kind == "refused"}
    assert sentences == {f"这条报到已经结束：已在{won.community.short_name}报到。请刷新看看。"}
    assert volunteer.registrations.filter(state=RegistrationState.ENDED).count() == 2


def test_moving_while_the_old_community_changes_the_grid():
    for _ in range(3):
        city = a_city()
        volunteer = a_volunteer(city)
        old = volunteer.registrations.get()
        other = Grid(tier=2, code=f"X{city.home.grid.code}", name="第二网格", parent=city.home.first_grid)
        other.place_under(city.home.organization)
        other.save()
        new = registry.choose(volunteer, by=volunteer.user, community=city.next_door.organization)
        outcomes = at_once(
            [
                confirming(new, city.next_door.secretary, city.next_door.grid),
                lambda old=old, city=city, other=other: (
                    registry.regrid(
                        Registration.objects.get(pk=old.pk), by=city.home.secretary, grid=other
                    ).pk
                ),
            ]
        )
        assert not [said for kind, said in outcomes if kind == "broken"], outcomes
        assert volunteer.registrations.confirmed().get().pk == new.pk
        old.refresh_from_db()
        assert old.state == RegistrationState.ENDED
        assert [each.step for each in old.events.all()] in (
            ["choose", "confirm", "end"],
            ["choose", "confirm", "regrid", "end"],
        )


def test_leaving_while_another_community_confirms():
    city = a_city()
    volunteer = a_volunteer(city)
    old = volunteer.registrations.get()
    new = registry.choose(volunteer, by=volunteer.user, community=city.next_door.organization)
    outcomes = at_once(
        [
            confirming(new, city.next_door.secretary, city.next_door.grid),
            lambda: registry.end(Registration.objects.get(pk=old.pk), by=volunteer.user).pk,
        ]
    )
    assert not [said for kind, said in outcomes if kind == "broken"], outcomes
    assert Registration.objects.confirmed().get().pk == new.pk


def test_two_tap_the_same_choice_and_ten_join_one_captain():
    city = a_city()
    volunteer = registry.enrol(user=a_user(), kind=VolunteerKind.VOLUNTEER, district=city.district)
    node = city.home.organization
    outcomes = at_once(
        [lambda: registry.choose(volunteer, by=volunteer.user, community=node).pk for _ in range(6)]
    )
    assert len({pk for _, pk in outcomes}) == 1, outcomes
    team = teams.found(by=None, organization=node, kind=TeamKind.SERVICE, name="银龄护理队", theme="elders")
    crowd = [a_volunteer(city) for _ in range(4)]
    outcomes = at_once([lambda each=each: teams.join(team, by=each.user).pk for each in crowd * 2])
    assert {kind for kind, _ in outcomes} == {"done"}, outcomes
    assert TeamMembership.objects.current().count() == 4
    outcomes = at_once(
        [
            lambda each=each: teams.name(team, each, TeamRole.CAPTAIN, by=city.home.secretary).pk
            for each in crowd
        ]
    )
    assert {kind for kind, _ in outcomes} == {"done"}, outcomes
    assert TeamMembership.objects.current().filter(role=TeamRole.CAPTAIN).count() == 1


def test_who_registers_himself_while_the_district_places_him():
    """Both begin with a volunteer that is not there yet; neither waits for the other for ever."""
    city = a_city()
    appoint(officer := a_user("组织部"), Post.OFFICER, city.district)
    people = [a_member(city) for _ in range(6)]
    here, there = city.home.organization, city.next_door.organization
    jobs = [
        job
        for member in people
        for job in (
            lambda member=member: registry.register(user=member.user, community=here).pk,
            lambda member=member: placing.place(member, by=officer, community=there).pk,
        )
    ]
    outcomes = at_once(jobs)
    assert {kind for kind, _ in outcomes} == {"done"}, outcomes
    assert Registration.objects.standing().count() == 2 * len(people)
