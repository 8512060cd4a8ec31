"""四清楚 (D2): of each member unit, home, building and account; who sees whom."""

import pytest

from grids.models import Home
from organizations.posts import Post
from tests import factories
from tests.grids.test_lists import headline, listed
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return factories.a_city()


def officer(city):
    user = factories.a_user("区干部")
    factories.appoint(user, Post.OFFICER, city.district)
    return strong_client(user)


def test_what_is_missing_is_said_and_leads_to_the_record(city):
    home = city.home
    clear, halfway, nowhere = (factories.a_member(city, name=name) for name in ("陈清", "李半", "王无"))
    Home.objects.create(member=clear, compound=home.compound, building=home.building)
    Home.objects.create(member=halfway, compound=home.compound)
    nowhere.unit = None
    nowhere.save()
    rows = {row[0]: row[-1] for row in listed(officer(city), "four-clear", view="all")}
    assert rows == {"李半": "楼栋", "王无": "单位、住处"}
    assert [row[0] for row in listed(officer(city), "four-clear", view="building")] == ["李半"]
    assert headline(officer(city), "four-clear") == "2 名党员还没有四清楚"


def test_a_community_sees_those_who_live_with_it_and_nobody_else(city):
    at_home, next_door = (factories.a_member(city, name=name) for name in ("陈里", "李外"))
    for member, place in ((at_home, city.home), (next_door, city.next_door)):
        Home.objects.create(member=member, compound=place.compound, building=place.building)
        member.unit = None
        member.save()
    assert [row[0] for row in listed(strong_client(city.home.secretary), "four-clear")] == ["陈里"]
    worker = factories.a_grid_worker(city.next_door)
    assert [row[0] for row in listed(strong_client(worker), "four-clear")] == ["李外"]
    street = factories.a_user("街道")
    factories.appoint(street, Post.OFFICER, city.street)
    assert listed(strong_client(street), "four-clear") == []
    overview = strong_client(street).get("/desk/territory/").content.decode()
    assert "四清楚" not in overview, "nobody is told that all is well with people out of sight"
    assert "四清楚" in strong_client(city.home.secretary).get("/desk/territory/").content.decode()
