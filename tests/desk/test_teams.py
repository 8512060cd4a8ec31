"""队伍 on the desk: the list with figures, one with its people, a new one, who is taken in and named."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ground import clock
from organizations import tree
from organizations.posts import Post
from tests.desk.scenes import open_page, queries_of
from tests.factories import City, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers.scenes import EVENING, a_city, a_volunteer, credited
from volunteers.joining import teams
from volunteers.models import Team
from volunteers.states import TeamRole

pytestmark = pytest.mark.django_db
LIST = "/desk/teams/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def client(city: City) -> Client:
    return strong_client(city.home.secretary)


def a_service_team(city: City, name: str = "银龄护理队") -> Team:
    return teams.found(
        by=city.home.secretary, organization=city.home.organization, kind="service", name=name,
        theme="elders", project="夕阳红", project_text="每月第二个周六上门理发。",
    )  # fmt: skip


def a_pioneer_team(city: City) -> Team:
    branch = city.home.grid.branch
    return teams.found(by=city.home.secretary, organization=branch, kind="pioneer", name="第一网格先锋队")


def test_the_list_shows_people_and_hours_by_kind(city: City, client: Client) -> None:
    a_pioneer_team(city)
    team, volunteer = a_service_team(city), a_volunteer(city)
    teams.join(team, by=volunteer.user)
    credited(city.home, volunteer, starts_at=EVENING, minutes=90)
    secretary = a_user("支部书记")
    appoint(secretary, Post.SECRETARY, city.home.grid.branch)
    with clock.at(EVENING):
        page = open_page(client, LIST)
        assert "1 支先锋队，1 支服务队" in page and "支部书记" in page and "1.5 小时" in page
        page = open_page(client, f"{LIST}?tab=service")
    assert "夕阳红" in page and "敬老助老" in page and "1.5 小时" in page
    assert "没有找到" in open_page(client, f"{LIST}?tab=service&q=谁")


def test_a_team_is_founded_where_one_keeps_teams(city: City, client: Client) -> None:
    page = open_page(client, "/desk/teams/new/")
    assert "花城社区 · 服务队" in page and "第一网格党支部 · 先锋队" in page
    new = {"organization": city.home.organization.pk, "name": "律师队", "theme": "law", "project": "法律早市"}
    answer = client.post("/desk/teams/new/", new, follow=True)
    assert "律师队成立了" in answer.content.decode()
    twin = client.post("/desk/teams/new/", new)
    assert twin.status_code == 200 and "同名" in twin.content.decode()
    no_theme = client.post("/desk/teams/new/", new | {"name": "某队", "theme": ""})
    assert "服务队要选服务方向" in no_theme.content.decode()
    client.post("/desk/teams/new/", {"organization": city.home.grid.branch.pk, "name": "先锋队"})
    assert {team.name for team in Team.objects.all()} == {"律师队", "先锋队"}
    assert "先锋队</option>" not in open_page(client, "/desk/teams/new/")  # each branch has one


def test_edit_and_close(city: City, client: Client) -> None:
    team = a_service_team(city)
    url = reverse("desk:team_edit", args=[team.pk])
    assert "夕阳红" in open_page(client, url)
    client.post(url, {"name": "银发护理队", "theme": "medicine", "project": "", "project_text": ""})
    team.refresh_from_db()
    assert (team.name, team.theme, team.project) == ("银发护理队", "medicine", "")
    client.post(reverse("desk:team_step", args=[team.pk, "close"]))
    assert "银发护理队" in open_page(client, f"{LIST}?tab=closed")
    page = open_page(client, reverse("desk:team", args=[team.pk]))
    assert "已经撤销" in page and "撤销这支队伍" not in page


def test_people_are_found_taken_in_named_and_taken_out(city: City, client: Client) -> None:
    team, volunteer = a_service_team(city), a_volunteer(city, name="王建国")
    a_volunteer(city, city.next_door, name="王外人")
    url = reverse("desk:team", args=[team.pk])
    page = open_page(client, f"{url}?q=王")
    assert "王建国" in page and "王外人" not in page

    def post(name: str, **data: object) -> str:
        answer = client.post(
            reverse("desk:team_step", args=[team.pk, name]), {"volunteer": volunteer.pk, **data}, follow=True
        )
        return answer.content.decode()

    assert "已加入" in post("add")
    assert "现在是队长" in post("name", role="captain")
    assert team.memberships.current().get().role == TeamRole.CAPTAIN
    assert "请选一个职务" in post("name", role="king")
    assert "已退出" in post("remove")
    page = open_page(client, url)
    assert "以前的队员" in page and "还没有队员" in page


def test_nobody_from_elsewhere_is_taken_in(city: City, client: Client) -> None:
    team, stranger = a_service_team(city), a_volunteer(city, city.next_door)
    url = reverse("desk:team_step", args=[team.pk, "add"])
    for pk in (stranger.pk, "x", ""):
        assert client.post(url, {"volunteer": pk}).status_code == 404
    assert client.post(reverse("desk:team_step", args=[team.pk, "nonsense"])).status_code == 404


def test_sight_and_powers(city: City) -> None:
    team, volunteer = a_service_team(city), a_volunteer(city, name="王建国")
    teams.join(team, by=volunteer.user)
    teams.name(team, volunteer, "captain", by=city.home.secretary)
    pages = [reverse("desk:team", args=[team.pk]), reverse("desk:team_edit", args=[team.pk])]
    step = reverse("desk:team_step", args=[team.pk, "close"])
    for outsider in (city.next_door.secretary, a_user(), volunteer.user, a_grid_worker(city.home)):
        client = strong_client(outsider)
        assert [client.get(url).status_code for url in pages] == [404, 404]
        assert client.post(step).status_code == 404
    officer = a_user("区委")
    appoint(officer, Post.OFFICER, city.district)
    client = strong_client(officer)
    assert "王建国" not in open_page(client, pages[0])  # figures, not names
    assert "王建国" not in open_page(client, f"{LIST}?tab=service")
    assert client.get(pages[1]).status_code == 403
    assert client.post(step).status_code == 403


def test_a_branch_secretary_sees_his_pioneers_by_name(city: City) -> None:
    team = a_pioneer_team(city)
    a_volunteer(city, name="王建国")
    secretary = a_user("支部书记")
    appoint(secretary, Post.SECRETARY, team.organization)
    client = strong_client(secretary)
    page = open_page(client, reverse("desk:team", args=[team.pk]))
    assert "王建国" in page and "撤销这支队伍" not in page
    assert client.get("/desk/teams/new/").status_code == 403


def test_the_district_founds_its_own(city: City) -> None:
    officer = a_user("区委")
    appoint(officer, Post.OFFICER, city.district)
    client = strong_client(officer)
    client.post("/desk/teams/new/", {"organization": city.district.pk, "name": "全区普法队", "theme": "law"})
    assert Team.objects.get().community is None
    assert "全区普法队" in open_page(client, f"{LIST}?tab=service")


def test_list_and_page_cost_the_same_however_many(city: City, client: Client) -> None:
    team = a_service_team(city)
    for each in range(3):
        teams.join(team, by=a_volunteer(city, name=f"党员{each}").user)
    a_pioneer_team(city)
    urls = [LIST, f"{LIST}?tab=service", reverse("desk:team", args=[team.pk])]
    few = [queries_of(client, url) for url in urls]
    for number in range(20):
        a_service_team(city, f"服务队{number}")
        node = city.home.organization
        branch = tree.plant(parent=node, tier=4, name=f"第{number}支部", by=None)
        teams.found(by=None, organization=branch, kind="pioneer", name=f"先锋队{number}")
        teams.join(team, by=a_volunteer(city, name=f"党员又{number}").user)
    assert [queries_of(client, url) for url in urls] == few
    assert max(few) <= 16
