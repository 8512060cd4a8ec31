"""队伍: founding, naming, joining, leaving, closing; pioneers by grid, captains by post (S3, D11)."""

from __future__ import annotations

import pytest

from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from tests.factories import a_user, appoint
from tests.volunteers.scenes import a_city, a_plain_volunteer, a_volunteer, a_whistle
from volunteers.joining import rosters, teams
from volunteers.models import Team, TeamMembership
from volunteers.states import Audience, TeamKind, TeamRole

pytestmark = pytest.mark.django_db


def a_service_team(community, **extra) -> Team:
    fields = {"kind": TeamKind.SERVICE, "name": "银龄护理队", "theme": "elders", "project": "夕阳红"}
    return teams.found(by=community.secretary, organization=community.organization, **(fields | extra))


def a_pioneer_team(community, **extra) -> Team:
    fields = {"kind": TeamKind.PIONEER, "name": "第一网格先锋队"}
    return teams.found(by=community.secretary, organization=community.grid.branch, **(fields | extra))


def test_found_effect_and_scope():
    city = a_city()
    team = a_service_team(city.home, name=" 银龄护理队 ")
    assert (team.name, team.theme, team.project) == ("银龄护理队", "elders", "夕阳红")
    assert (team.community, team.district) == (city.home.organization, city.district)
    assert team.created_by == city.home.secretary
    pioneers = a_pioneer_team(city.home)
    assert (pioneers.organization, pioneers.community) == (city.home.grid.branch, city.home.organization)


def test_found_refusals():
    city = a_city()
    a_service_team(city.home)
    a_pioneer_team(city.home)
    with pytest.raises(RuleViolation, match="同名"):
        a_service_team(city.home)
    with pytest.raises(RuleViolation, match="已有先锋队"):
        a_pioneer_team(city.home, name="另一队")
    with pytest.raises(RuleViolation, match="服务方向"):
        a_service_team(city.home, name="没方向", theme="")
    with pytest.raises(RuleViolation, match="要有名称"):
        a_service_team(city.home, name=" ")
    with pytest.raises(RuleViolation, match="建在网格"):
        a_pioneer_team_at(city.home, city.home.organization)
    for outsider in (city.next_door.secretary, a_user(), a_volunteer(city).user):
        with pytest.raises(NoPower):
            teams.found(
                by=outsider, organization=city.home.organization, kind="service", name="外人队", theme="law"
            )


def a_pioneer_team_at(community, organization) -> Team:
    return teams.found(by=community.secretary, organization=organization, kind="pioneer", name="先锋")


def test_the_district_keeps_its_own_teams_and_not_those_of_communities():
    city = a_city()
    officer = a_user("区委")
    appoint(officer, Post.OFFICER, city.district)
    team = teams.found(by=officer, organization=city.district, kind="service", name="普法队", theme="law")
    assert team.community is None
    with pytest.raises(NoPower):
        teams.edit(a_service_team(city.home), by=officer, name="别的")
    with pytest.raises(NoPower):
        teams.edit(team, by=city.home.secretary, name="别的")
    assert set(Team.objects.in_sight_of_staff(officer)) == set(Team.objects.all())


def test_edit_and_close():
    city = a_city()
    team, volunteer = a_service_team(city.home), a_volunteer(city)
    teams.join(team, by=volunteer.user)
    teams.edit(team, by=city.home.secretary, name="银发护理队", project="暖心")
    team.refresh_from_db()
    assert (team.name, team.project, team.theme) == ("银发护理队", "暖心", "elders")
    with pytest.raises(NoPower):
        teams.close(team, by=city.next_door.secretary)
    teams.close(team, by=city.home.secretary)
    assert not Team.objects.open().exists()
    assert TeamMembership.objects.get().left_at == team.closed_at
    for verb in (teams.close, teams.join, teams.edit):
        with pytest.raises(RuleViolation, match="已经撤销"):
            verb(team, by=volunteer.user if verb is teams.join else city.home.secretary)
    a_service_team(city.home, name="银发护理队")  # its name is free again


def test_a_team_with_a_whistle_ahead_is_not_closed():
    city = a_city()
    team = a_service_team(city.home)
    a_whistle(city.home, audience=Audience.TEAM, team=team)
    with pytest.raises(RuleViolation, match="还有 1 张"):
        teams.close(team, by=city.home.secretary)


def test_join_leave_and_the_second_tap():
    city = a_city()
    team, volunteer = a_service_team(city.home), a_volunteer(city)
    first = teams.join(team, by=volunteer.user)
    assert teams.join(team, by=volunteer.user) == first
    assert list(Team.objects.of(volunteer.user)) == [team]
    assert list(teams.people_of(team)) == [volunteer.user]
    teams.leave(team, by=volunteer.user)
    assert not Team.objects.of(volunteer.user).exists()
    with pytest.raises(RuleViolation, match="你不在这支队伍"):
        teams.leave(team, by=volunteer.user)
    teams.join(team, by=volunteer.user)
    assert TeamMembership.objects.count() == 2  # the first time is history


def test_only_those_registered_there_join():
    city = a_city()
    team = a_service_team(city.home)
    with pytest.raises(RuleViolation, match="先到花城社区报到"):
        teams.join(team, by=a_volunteer(city, city.next_door).user)
    with pytest.raises(RuleViolation, match="请先到社区报到"):
        teams.join(team, by=a_user())


def test_add_and_remove_by_whoever_keeps_the_team():
    city = a_city()
    team, volunteer = a_service_team(city.home), a_plain_volunteer(city)
    for outsider in (city.next_door.secretary, volunteer.user):
        with pytest.raises(NoPower):
            teams.add(team, volunteer, by=outsider)
        with pytest.raises(NoPower):
            teams.remove(team, volunteer, by=outsider)
    assert teams.add(team, volunteer, by=city.home.secretary).added_by == city.home.secretary
    teams.remove(team, volunteer, by=city.home.secretary)
    with pytest.raises(RuleViolation, match="已经不在"):
        teams.remove(team, volunteer, by=city.home.secretary)


def test_captains_are_named_and_history_stays():
    city = a_city()
    team, first, second = a_service_team(city.home), a_volunteer(city), a_volunteer(city)
    with pytest.raises(RuleViolation, match="不在这支队伍"):
        teams.name(team, first, TeamRole.CAPTAIN, by=city.home.secretary)
    for each in (first, second):
        teams.join(team, by=each.user)
    with pytest.raises(NoPower):
        teams.name(team, first, TeamRole.CAPTAIN, by=first.user)
    teams.name(team, first, TeamRole.CAPTAIN, by=city.home.secretary)
    teams.name(team, second, TeamRole.CAPTAIN, by=city.home.secretary)
    current = {row.volunteer: row.role for row in team.memberships.current()}
    assert current == {first: TeamRole.MEMBER, second: TeamRole.CAPTAIN}
    assert team.memberships.filter(volunteer=first).count() == 3


def test_pioneers_are_those_registered_in_the_grids_of_the_branch():
    city = a_city()
    team, volunteer = a_pioneer_team(city.home), a_volunteer(city)
    assert list(Team.objects.of(volunteer.user)) == [team]
    assert list(teams.people_of(team)) == [volunteer.user]
    assert not Team.objects.of(a_volunteer(city, city.next_door).user).exists()
    for refused in (
        lambda: teams.join(team, by=volunteer.user),
        lambda: teams.leave(team, by=volunteer.user),
        lambda: teams.name(team, volunteer, TeamRole.CAPTAIN, by=city.home.secretary),
    ):
        with pytest.raises(RuleViolation, match="先锋队"):
            refused()


def test_captain_and_vice_of_pioneers_are_secretary_and_first_secretary():
    city = a_city()
    team = a_pioneer_team(city.home)
    assert rosters.captains([team]) == {team.pk: []}
    secretary, first = a_user("支部书记"), a_user("第一书记")
    appoint(secretary, Post.SECRETARY, team.organization, work_phone="0751-1")
    appoint(first, Post.FIRST_SECRETARY, team.organization)
    found = rosters.captains([team])[team.pk]
    assert [(each.role, each.name, each.work_phone) for each in found] == [
        (TeamRole.CAPTAIN, "支部书记", "0751-1"),
        (TeamRole.VICE, "第一书记", ""),
    ]


def test_sight_of_teams():
    city = a_city()
    ours, pioneers = a_service_team(city.home), a_pioneer_team(city.home)
    volunteer, outsider = a_volunteer(city), a_volunteer(city, city.next_door)
    assert set(Team.objects.visible_to(volunteer.user)) == {ours, pioneers}
    assert not Team.objects.visible_to(outsider.user).exists()
    assert not Team.objects.in_sight_of_staff(city.next_door.secretary).exists()
    branch = a_user("支部书记")
    appoint(branch, Post.SECRETARY, pioneers.organization)
    assert list(Team.objects.in_sight_of_staff(branch)) == [pioneers]
