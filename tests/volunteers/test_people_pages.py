"""报到 and 我的队伍 on the phone."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ground import clock
from organizations.posts import Post
from tests.factories import a_user, appoint
from tests.volunteers.scenes import FRIDAY_NOON, a_city, a_volunteer, a_whistle
from volunteers.joining import registry, teams
from volunteers.models import Team
from volunteers.states import Audience, RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db
PAGE = "/registration/"


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def step(row, name: str) -> str:
    return reverse("volunteers:registration_step", args=[row.pk, name])


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def a_service_team(city, **extra) -> Team:
    fields = {"kind": "service", "name": "银龄护理队", "theme": "elders", "project": "夕阳红"}
    return teams.found(by=None, organization=city.home.organization, **(fields | extra))


def test_a_choice_is_taken_back():
    city = a_city()
    volunteer = registry.enrol(user=a_user(), kind=VolunteerKind.VOLUNTEER, district=city.district)
    row = registry.choose(volunteer, by=volunteer.user, community=city.home.organization)
    client = client_of(volunteer.user)
    page = shown(client, PAGE)
    assert "等社区确认报到" in page and "第 1 志愿" in page and "还可以选 2 个" in page
    answer = client.post(step(row, "drop"), follow=True).content.decode()
    assert "已撤回花城社区" in answer and "自己撤回" in answer
    assert "已经结束" in client.post(step(row, "drop"), follow=True).content.decode()


def test_moving_is_asked_for_and_the_history_stays():
    city = a_city()
    volunteer = a_volunteer(city)
    client = client_of(volunteer.user)
    page = shown(client, PAGE)
    assert "已报到到花城社区" in page and "换一个社区" in page and "第一网格" in page
    page = shown(client, f"{PAGE}?q=隔壁")
    assert "改到这里" in page
    client.post(PAGE, {"community": city.next_door.organization.pk})
    page = shown(client, PAGE)
    assert "等确认的新社区" in page and "仍在花城社区" in page
    new = volunteer.registrations.get(state=RegistrationState.REQUESTED)
    registry.confirm(new, by=city.next_door.secretary, grid=city.next_door.grid)
    page = shown(client, PAGE)
    assert "已报到到隔壁社区" in page and "转到隔壁社区" in page


def test_leaving_with_a_reason():
    city = a_city()
    volunteer = a_volunteer(city)
    row = volunteer.registrations.get()
    client = client_of(volunteer.user)
    answer = client.post(step(row, "end"), {"reason": "去外地工作"}, follow=True).content.decode()
    assert "历史和服务台账都保留" in answer and "去外地工作" in answer
    row.refresh_from_db()
    assert row.ended_because == "去外地工作"


def test_steps_on_the_registrations_of_others_are_not_found():
    city = a_city()
    row = a_volunteer(city).registrations.get()
    for user in (a_user(), a_volunteer(city).user, city.home.secretary):
        for name in ("drop", "end", "confirm"):
            assert client_of(user).post(step(row, name)).status_code == 404
    assert client_of(row.volunteer.user).post(step(row, "confirm")).status_code == 404


def test_my_teams_show_captains_numbers_and_what_may_be_joined():
    city = a_city()
    volunteer = a_volunteer(city)
    branch = city.home.grid.branch
    pioneers = teams.found(by=None, organization=branch, kind="pioneer", name="第一网格先锋队")
    secretary = a_user("支部书记")
    appoint(secretary, Post.SECRETARY, branch, work_phone="0751-0000001")
    service = a_service_team(city)
    client = client_of(volunteer.user)
    page = shown(client, "/teams/")
    for words in ("我在 1 支队伍里", "第一网格先锋队", "支部书记", "0751-0000001", "可以加入", "银龄护理队"):
        assert words in page, words
    url = reverse("volunteers:team", args=[service.pk])
    assert "加入这支队伍" in shown(client, url)
    answer = client.post(reverse("volunteers:team_step", args=[service.pk, "join"]), follow=True)
    assert "我在队里" in answer.content.decode()
    assert "我在 2 支队伍里" in shown(client, "/teams/")
    page = shown(client, reverse("volunteers:team", args=[pioneers.pk]))
    assert "退出这支队伍" not in page and "加入这支队伍" not in page
    answer = client.post(reverse("volunteers:team_step", args=[service.pk, "leave"]), follow=True)
    assert "已退出银龄护理队" in answer.content.decode()


def test_the_whistles_of_the_team_are_on_its_page():
    city = a_city()
    team, volunteer = a_service_team(city), a_volunteer(city)
    teams.join(team, by=volunteer.user)
    a_whistle(city.home, title="上门理发", audience=Audience.TEAM, team=team)
    with clock.at(FRIDAY_NOON):
        assert "上门理发" in shown(client_of(volunteer.user), reverse("volunteers:team", args=[team.pk]))


def test_whoever_is_not_registered_is_led_to_registration():
    client = client_of(a_user())
    assert "先报到，再入队" in shown(client, "/teams/")


def test_teams_of_another_community_are_not_found():
    city = a_city()
    team = a_service_team(city)
    for user in (a_user(), a_volunteer(city, city.next_door).user, city.next_door.secretary):
        client = client_of(user)
        assert client.get(reverse("volunteers:team", args=[team.pk])).status_code == 404
        assert client.post(reverse("volunteers:team_step", args=[team.pk, "join"])).status_code == 404


def test_the_pages_cost_the_same_however_many_teams(django_assert_max_num_queries):
    city = a_city()
    volunteer = a_volunteer(city)
    client = client_of(volunteer.user)
    for number in range(12):
        team = a_service_team(city, name=f"服务队{number}")
        if number % 2:
            teams.join(team, by=volunteer.user)
    with django_assert_max_num_queries(14):
        shown(client, "/teams/")
    with django_assert_max_num_queries(14):
        shown(client, PAGE)
