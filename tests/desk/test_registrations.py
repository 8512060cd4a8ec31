"""报到 on the desk: who waits and where else he asked, who is registered, who left; one of them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from grids.models import Grid, Home
from organizations.posts import Post
from tests.desk.scenes import open_page, queries_of
from tests.factories import City, a_grid_worker, a_member, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers.scenes import a_city, a_plain_volunteer, a_volunteer, credited
from volunteers.joining import registry
from volunteers.models import Registration
from volunteers.states import RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db
LIST = "/desk/registrations/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def client(city: City) -> Client:
    return strong_client(city.home.secretary)


def waiting(city: City, name: str = "王建国", *places) -> Registration:
    member = a_member(city, name=name)
    Home.objects.create(member=member, building=city.home.building)
    volunteer = registry.enrol(
        user=member.user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district
    )
    rows = [
        registry.choose(volunteer, by=member.user, community=place.organization)
        for place in places or (city.home,)
    ]
    return rows[0]


def step_url(row: Registration, name: str) -> str:
    return reverse("desk:registration_step", args=[row.pk, name])


def test_the_list_says_where_else_somebody_asked(city: City, client: Client) -> None:
    waiting(city, "王建国", city.home, city.next_door)
    mover = a_volunteer(city, city.next_door, name="要转来的")
    registry.choose(mover, by=mover.user, community=city.home.organization)
    page = open_page(client, LIST)
    assert "2 人等你确认报到" in page
    assert "也选了隔壁社区" in page
    assert "现在隔壁社区报到，要转来" in page


def test_decline_asks_for_a_reason_and_tells_it(city: City, client: Client) -> None:
    row = waiting(city)
    assert "不接收" in open_page(client, reverse("desk:registration", args=[row.pk]))
    refused = client.post(step_url(row, "decline"), {"decline-reason": ""})
    assert refused.status_code == 200 and "has-error" in refused.content.decode()
    client.post(step_url(row, "decline"), {"decline-reason": "名额满了"})
    row.refresh_from_db()
    assert (row.state, row.ended_because) == (RegistrationState.ENDED, "名额满了")
    assert "名额满了" in open_page(client, f"{LIST}?tab=ended")


def test_the_registered_are_found_by_name_grid_and_kind(city: City, client: Client) -> None:
    member = a_volunteer(city, name="王建国")
    a_plain_volunteer(city)
    credited(city.home, member)
    page = open_page(client, f"{LIST}?tab=confirmed")
    assert "2 人在这里报到" in page and "热心居民" in page
    for query, seen, missing in (
        ("q=王", "王建国", "热心居民"),
        ("kind=volunteer", "热心居民", "王建国"),
        (f"grid={city.home.grid.pk}", "王建国", "没有找到"),
    ):
        page = open_page(client, f"{LIST}?tab=confirmed&{query}")
        assert seen in page and missing not in page, query
    assert "没有找到" in open_page(client, f"{LIST}?tab=confirmed&grid={city.home.first_grid.pk}")
    assert "没有找到" in open_page(client, f"{LIST}?tab=confirmed&q=谁")


def test_the_grid_is_changed_and_the_registration_ended(city: City, client: Client) -> None:
    row = a_volunteer(city, name="王建国").registrations.get()
    grid = Grid(tier=2, code="X-2", name="第二网格", parent=city.home.first_grid)
    grid.place_under(city.home.organization)
    grid.save()
    client.post(step_url(row, "regrid"), {"regrid-grid": grid.pk})
    row.refresh_from_db()
    assert row.grid == grid
    page = open_page(client, reverse("desk:registration", args=[row.pk]))
    assert "第一网格 → 第二网格" in page
    foreign = client.post(step_url(row, "regrid"), {"regrid-grid": city.next_door.grid.pk})
    assert foreign.status_code == 200
    client.post(step_url(row, "end"), {"end-reason": "搬走了"})
    row.refresh_from_db()
    assert (row.state, row.ended_because) == (RegistrationState.ENDED, "搬走了")
    late = client.post(step_url(row, "end"), {"end-reason": "再来一次"}, follow=True)
    assert "已经结束：搬走了" in late.content.decode()


def test_ones_own_registration_is_for_the_colleagues(city: City) -> None:
    worker = a_user("社工")
    appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
    volunteer = registry.enrol(user=worker, kind=VolunteerKind.VOLUNTEER, district=city.district)
    row = registry.choose(volunteer, by=worker, community=city.home.organization)
    client = strong_client(worker)
    assert "你自己的，请其他同事确认" in open_page(client, LIST)
    assert "请由社区其他同事确认" in open_page(client, reverse("desk:registration", args=[row.pk]))


def test_outsiders_find_nothing(city: City) -> None:
    row = a_volunteer(city).registrations.get()
    outsiders = (city.next_door.secretary, a_grid_worker(city.home), a_user(), a_volunteer(city).user)
    for user in outsiders:
        client = strong_client(user)
        assert client.get(reverse("desk:registration", args=[row.pk])).status_code == 404
        for name in ("decline", "regrid", "end", "nonsense"):
            assert client.post(step_url(row, name), {"end-reason": "x"}).status_code == 404
    own = strong_client(row.volunteer.user)
    assert own.get(reverse("desk:registration", args=[row.pk])).status_code == 404


def registered(city: City, count: int) -> None:
    """Many registered ones at once, past the verbs: only the cost of the list is measured."""
    for number in range(count):
        a_volunteer(city, name=f"党员{number}号") if number < 3 else None
    some = list(Registration.objects.confirmed().select_related("volunteer__member"))
    people = []
    for number in range(count - 3):
        user = a_user(f"群众{number}")
        people.append(registry.enrol(user=user, kind=VolunteerKind.VOLUNTEER, district=city.district))
    like = some[0]
    Registration.objects.bulk_create(
        Registration(
            volunteer=each, community=like.community, street=like.street, district=like.district,
            grid=like.grid, state="confirmed", confirmed_at=like.confirmed_at,
        )
        for each in people
    )  # fmt: skip


def test_the_lists_cost_the_same_at_6_and_1000_rows(city: City, client: Client) -> None:
    urls = [f"{LIST}?tab=confirmed", f"{LIST}?tab=confirmed&q=群众", LIST, f"{LIST}?tab=ended"]
    registered(city, 6)
    few = [queries_of(client, url) for url in urls]
    for url in urls:
        assert client.get(url).status_code == 200
    registered(city, 1000)
    assert [queries_of(client, url) for url in urls] == few
    assert max(few) <= 11
