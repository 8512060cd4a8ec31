"""报到 over the years: other choices lapse, moving ends the old one, grids change, people leave, history stays."""

from __future__ import annotations

import pytest

from grids.models import Grid
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from organizations import tree
from tests.factories import Community, a_community, a_user
from tests.volunteers.scenes import a_city, a_claim, a_volunteer, a_whistle
from volunteers.joining import registry, teams
from volunteers.models import Registration, Volunteer
from volunteers.states import ClaimState, RegistrationState, TeamKind, VolunteerKind

pytestmark = pytest.mark.django_db
S = RegistrationState


def a_newcomer(city) -> Volunteer:
    return registry.enrol(user=a_user("小林"), kind=VolunteerKind.VOLUNTEER, district=city.district)


def ask(volunteer: Volunteer, place: Community) -> Registration:
    return registry.choose(volunteer, by=volunteer.user, community=place.organization)


def another_grid(place: Community) -> Grid:
    grid = Grid(tier=2, code=f"{place.grid.code}X", name="第二网格", parent=place.first_grid)
    grid.place_under(place.organization)
    grid.save()
    return grid


def test_when_one_confirms_the_other_choices_lapse_and_the_volunteer_is_told_which_one_counts():
    city = a_city()
    volunteer = a_newcomer(city)
    here, there = ask(volunteer, city.home), ask(volunteer, city.next_door)
    registry.confirm(there, by=city.next_door.secretary, grid=city.next_door.grid)
    here.refresh_from_db()
    assert (here.state, here.ended_because) == (S.ENDED, "已在隔壁社区报到")
    event = here.events.last()
    assert (event.step, event.by, event.codes) == ("lapse", None, {"confirmed": there.pk})
    told = Outgoing.objects.get(to=volunteer.user, title="隔壁社区已确认你的报到")
    assert "以这里为准" in told.text


def test_moving_keeps_the_old_registration_until_the_new_one_is_confirmed():
    city = a_city()
    volunteer = a_volunteer(city)
    old = volunteer.registrations.get()
    new = ask(volunteer, city.next_door)
    old.refresh_from_db()
    assert (old.state, new.state) == (S.CONFIRMED, S.REQUESTED)
    registry.confirm(new, by=city.next_door.secretary, grid=city.next_door.grid)
    old.refresh_from_db()
    assert (old.state, old.ended_because, old.ended_at) == (S.ENDED, "转到隔壁社区", new.confirmed_at)
    assert (old.events.last().step, old.events.last().codes) == ("end", {"moved_to": new.pk})
    assert list(Registration.objects.confirmed()) == [new]
    assert registry.history_of(volunteer) == [old]
    told = Outgoing.objects.get(to=volunteer.user, title="隔壁社区已确认你的报到")
    assert "原来在花城社区的报到已结束" in told.text


def test_one_may_come_back_to_where_one_was():
    city = a_city()
    volunteer = a_volunteer(city)
    new = ask(volunteer, city.next_door)
    registry.confirm(new, by=city.next_door.secretary, grid=city.next_door.grid)
    again = ask(volunteer, city.home)
    registry.confirm(again, by=city.home.secretary, grid=city.home.grid)
    assert [row.state for row in volunteer.registrations.order_by("id")] == [S.ENDED, S.ENDED, S.CONFIRMED]


def test_a_place_among_the_three_is_free_again_after_it_was_dropped():
    city = a_city()
    volunteer = a_newcomer(city)
    third = a_community(city.street, "丙")
    rows = [ask(volunteer, place) for place in (city.home, city.next_door, third)]
    with pytest.raises(RuleViolation, match="先撤回一个"):
        ask(volunteer, a_community(city.street, "丁"))
    registry.drop(rows[1], by=volunteer.user)
    assert (rows[1].state, rows[1].ended_because) == (S.ENDED, "自己撤回")
    assert ask(volunteer, a_community(city.street, "戊")).choice == 2
    with pytest.raises(RuleViolation, match="已经结束：自己撤回"):
        registry.drop(rows[1], by=volunteer.user)


def test_drop_is_for_oneself_and_for_what_waits():
    city = a_city()
    volunteer = a_newcomer(city)
    chosen = ask(volunteer, city.home)
    for other in (a_user(), city.home.secretary):
        with pytest.raises(NoPower):
            registry.drop(chosen, by=other)
    registry.confirm(chosen, by=city.home.secretary, grid=city.home.grid)
    with pytest.raises(RuleViolation, match="现在是“已报到”"):
        registry.drop(chosen, by=volunteer.user)


def test_decline_says_why():
    city = a_city()
    volunteer = a_newcomer(city)
    chosen = ask(volunteer, city.home)
    with pytest.raises(NoPower):
        registry.decline(chosen, by=city.next_door.secretary, reason="太远")
    registry.decline(chosen, by=city.home.secretary, reason="本社区名额已满")
    assert (chosen.state, chosen.ended_because) == (S.ENDED, "本社区名额已满")
    assert chosen.events.last().step == "decline"
    assert "本社区名额已满" in Outgoing.objects.get(title="花城社区没有接收你的报到").text
    with pytest.raises(RuleViolation, match="已经结束：本社区名额已满"):
        registry.confirm(chosen, by=city.home.secretary, grid=city.home.grid)


def test_regrid_effect_event_and_refusals():
    city = a_city()
    volunteer = a_volunteer(city)
    row, second = volunteer.registrations.get(), another_grid(city.home)
    with pytest.raises(NoPower):
        registry.regrid(row, by=volunteer.user, grid=second)
    with pytest.raises(RuleViolation, match="不在本社区"):
        registry.regrid(row, by=city.home.secretary, grid=city.next_door.grid)
    registry.regrid(row, by=city.home.secretary, grid=second)
    assert (row.state, row.grid) == (S.CONFIRMED, second)
    assert row.events.last().codes == {"grid": second.pk, "was": city.home.grid.pk}
    assert Outgoing.objects.filter(to=volunteer.user, title="花城社区调整了你的网格").exists()
    with pytest.raises(RuleViolation, match="已经在第二网格"):
        registry.regrid(row, by=city.home.secretary, grid=second)


def test_end_by_the_community_and_by_oneself():
    city = a_city()
    first, second = a_volunteer(city), a_volunteer(city)
    rows = [each.registrations.get() for each in (first, second)]
    with pytest.raises(NoPower):
        registry.end(rows[0], by=city.next_door.secretary, reason="走了")
    registry.end(rows[0], by=city.home.secretary, reason="调到外地工作")
    assert (rows[0].state, rows[0].ended_because) == (S.ENDED, "调到外地工作")
    assert "调到外地工作" in Outgoing.objects.get(to=first.user, title="你在花城社区的报到已结束").text
    registry.end(rows[1], by=second.user)
    assert rows[1].ended_because == "本人退出"
    assert not Registration.objects.confirmed().exists()


def test_what_was_claimed_stays_when_a_registration_ends():
    city = a_city()
    volunteer = a_volunteer(city)
    claim = a_claim(a_whistle(city.home), volunteer)
    registry.end(volunteer.registrations.get(), by=volunteer.user)
    claim.refresh_from_db()
    assert claim.state == ClaimState.CLAIMED


def test_whoever_moves_leaves_the_teams_of_the_old_community_only():
    city = a_city()
    volunteer = a_volunteer(city)
    fields = {"kind": TeamKind.SERVICE, "theme": "law"}
    ours = teams.found(by=city.home.secretary, organization=city.home.organization, name="律师队", **fields)
    of_all = teams.found(by=None, organization=city.district, name="全区律师队", **fields)
    for team in (ours, of_all):
        teams.join(team, by=volunteer.user)
    new = ask(volunteer, city.next_door)
    registry.confirm(new, by=city.next_door.secretary, grid=city.next_door.grid)
    assert not teams.volunteers_of(ours).exists()
    assert teams.volunteers_of(of_all).get() == volunteer
    registry.end(new, by=volunteer.user)
    assert not teams.volunteers_of(of_all).exists()


def test_a_community_with_people_is_not_closed_over_their_heads():
    city = a_city()
    volunteer = a_newcomer(city)
    chosen = ask(volunteer, city.home)
    branch = city.home.grid.branch
    Grid.objects.filter(branch=branch).update(branch=None)
    tree.close(branch, by=None)
    with pytest.raises(RuleViolation, match="还有 1 人在这里报到"):
        tree.close(city.home.organization, by=None)
    registry.drop(chosen, by=volunteer.user)
    tree.close(city.home.organization, by=None)


def test_a_branch_with_a_team_is_not_closed_over_its_head():
    city = a_city()
    branch = city.home.grid.branch
    team = teams.found(by=None, organization=branch, kind=TeamKind.PIONEER, name="先锋队")
    Grid.objects.filter(branch=branch).update(branch=None)
    with pytest.raises(RuleViolation, match="还有 1 支队伍"):
        tree.close(branch, by=None)
    teams.close(team, by=None)
    tree.close(branch, by=None)


def test_teams_follow_a_community_and_a_branch_that_move():
    city = a_city()
    street = tree.plant(parent=city.district, tier=2, name="另一街道党工委", by=None)
    branch = city.home.grid.branch
    team = teams.found(by=None, organization=branch, kind=TeamKind.PIONEER, name="先锋队")
    tree.move(city.home.organization, to=street, by=None)
    team.refresh_from_db()
    assert team.street == street
    Grid.objects.filter(branch=branch).update(branch=None)
    tree.move(branch, to=city.next_door.organization, by=None)
    team.refresh_from_db()
    assert (team.community, team.street) == (city.next_door.organization, city.street)
