"""待调剂 on the desk: who is left, why, and placing one into a community."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from grids.models import Home
from ground import clock
from organizations.posts import Post
from tests.desk.scenes import open_page, queries_of
from tests.factories import City, a_member, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers.scenes import a_city, a_volunteer
from volunteers.joining import registry
from volunteers.models import Registration
from volunteers.states import RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db
LIST = "/desk/placing/"


@pytest.fixture
def city() -> City:
    return a_city()


def an_officer(city: City):
    officer = a_user("组织部")
    appoint(officer, Post.OFFICER, city.district)
    return officer


def left(city: City, name: str, days: int = 0):
    """A member who never chose, or chose that many days ago."""
    member = a_member(city, name=name)
    Home.objects.create(member=member, building=city.home.building)
    if days:
        volunteer = registry.enrol(
            user=member.user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district
        )
        with clock.at(clock.now() - timedelta(days=days)):
            registry.choose(volunteer, by=member.user, community=city.next_door.organization)
    return member


def test_the_list_says_why_and_where_they_live(city: City) -> None:
    left(city, "没选的"), left(city, "久等的", days=20), left(city, "刚选的", days=2)
    client = strong_client(an_officer(city))
    page = open_page(client, LIST)
    assert "2 名党员还没有社区" in page
    for words in ("没选的", "没有选社区", "久等的", "一直没有确认", "花城社区"):
        assert words in page
    assert "刚选的" not in page
    page = open_page(client, f"{LIST}?why=waiting")
    assert "久等的" in page and "没选的" not in page
    assert "没有找到" in open_page(client, f"{LIST}?q=谁")


def test_one_is_placed_and_leaves_the_list(city: City) -> None:
    member, client = left(city, "久等的", days=20), strong_client(an_officer(city))
    url = reverse("desk:place", args=[member.pk])
    page = open_page(client, url)
    assert "住在这里" in page and "没有确认" in page
    answer = client.post(url, {"community": city.home.organization.pk}, follow=True)
    assert "已调剂到花城社区" in answer.content.decode()
    row = Registration.objects.get(state=RegistrationState.PLACED)
    assert row.community == city.home.organization
    assert client.post(url, {"community": city.next_door.organization.pk}).status_code == 404
    secretary = strong_client(city.home.secretary)
    assert "区里调剂" in open_page(secretary, "/desk/registrations/")


def test_a_rule_is_said_on_the_page(city: City) -> None:
    member, client = left(city, "久等的", days=20), strong_client(an_officer(city))
    url = reverse("desk:place", args=[member.pk])
    answer = client.post(url, {"community": city.next_door.organization.pk}, follow=True)
    assert "他自己选了隔壁社区" in answer.content.decode()
    assert "请选一个社区" in client.post(url, {}, follow=True).content.decode()


def test_outsiders_find_nothing(city: City) -> None:
    member, elsewhere = left(city, "没选的"), a_city("曲江")
    url = reverse("desk:place", args=[member.pk])
    for user in (city.home.secretary, a_user(), a_volunteer(city).user):
        client = strong_client(user)
        assert client.get(LIST).status_code == 404
        assert client.post(url, {"community": city.home.organization.pk}).status_code == 404
    other = strong_client(an_officer(elsewhere))
    assert "没选的" not in open_page(other, LIST)
    assert other.get(url).status_code == 404
    street = a_user("街道")
    appoint(street, Post.OFFICER, city.street)
    assert strong_client(street).get(LIST).status_code == 404


def test_the_list_costs_the_same_at_6_and_500_rows(city: City) -> None:
    client = strong_client(an_officer(city))
    for number in range(6):
        left(city, f"党员{number}", days=20 * (number % 2))
    urls = [LIST, f"{LIST}?why=declined", f"{LIST}?q=党员"]
    few = [queries_of(client, url) for url in urls]
    for number in range(500):
        a_member(city, name=f"党员又{number}")
    assert [queries_of(client, url) for url in urls] == few
    assert max(few) <= 12
