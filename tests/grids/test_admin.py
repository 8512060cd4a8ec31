"""The registry's pages of the territory: who opens them, what they show, what they write."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grids.models import Building, Compound, Grid, GridDuty, Home
from ground import clock
from organizations.models import Member
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_member, a_user, appoint
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db

REGISTRY = "/desk/registry/grids"
MODELS = {"grid": Grid, "gridduty": GridDuty, "compound": Compound, "building": Building, "home": Home}


@pytest.fixture
def city() -> City:
    city = a_city()
    Home.objects.create(member=a_member(city), building=city.home.building)
    a_grid_worker(city.home)
    return city


@pytest.fixture
def officer(city):
    user = a_user("区里")
    appoint(user, Post.OFFICER, city.district)
    return user


def ours(name: str, city: City) -> object:
    column = {"gridduty": "grid__community", "home": "building__community"}.get(name, "community")
    return MODELS[name].objects.filter(**{column: city.home.organization}).last()


@pytest.mark.parametrize("name", MODELS)
class TestSight:
    def test_the_community_opens_list_and_row(self, city, name):
        client = strong_client(city.home.secretary)
        assert client.get(f"{REGISTRY}/{name}/").status_code == 200
        assert client.get(f"{REGISTRY}/{name}/{ours(name, city).pk}/change/").status_code == 200

    def test_the_next_community_finds_no_such_row(self, city, name):
        client, row = strong_client(city.next_door.secretary), ours(name, city)
        for page in ("change", "history", "delete", "verb/end", "verb/token"):
            assert client.get(f"{REGISTRY}/{name}/{row.pk}/{page}/").status_code == 404
            assert client.post(f"{REGISTRY}/{name}/{row.pk}/{page}/").status_code == 404
        assert f"/{row.pk}/change/" not in client.get(f"{REGISTRY}/{name}/").content.decode()

    def test_residents_and_the_system_administrator_find_nothing(self, city, name):
        for user in (a_user(), a_user(is_administrator=True)):
            assert strong_client(user).get(f"{REGISTRY}/{name}/").status_code == 404
        assert Client().get(f"{REGISTRY}/{name}/").status_code == 302

    def test_the_list_costs_the_same_however_long_it_is(self, city, name):
        def queries() -> int:
            client = strong_client(city.home.secretary)
            with CaptureQueriesContext(connection) as context:
                assert client.get(f"{REGISTRY}/{name}/").status_code == 200
            return len(context)

        few = queries()
        for number in range(5):
            another(name, city, number)
        assert queries() == few
        assert few <= 12


def another(name: str, city: City, number: int) -> None:
    grid = Grid(tier=2, code=f"more{number}", name=f"网格{number}", parent=city.home.first_grid)
    compound = Compound(name=f"小区{number}", grid=city.home.grid)
    building = Building(code=f"more{number}", name=f"楼{number}", grid=city.home.grid)
    row = {"compound": compound, "building": building, "home": building}.get(name, grid)
    row.place_under(city.home.organization)
    row.save()
    if name == "gridduty":
        a_grid_worker(city.home, grid=grid)
    if name == "home":
        Home.objects.create(member=a_member(city), building=building)


class TestGrids:
    def test_a_grid_is_laid_out_below_another(self, city):
        data = {
            "tier": 2,
            "parent": city.home.first_grid.pk,
            "community": "",
            "code": "G2",
            "name": "第二网格",
        }
        data |= {"branch": city.home.grid.branch_id, "boundary": "", "housing": "self_built"}
        answer = strong_client(city.home.secretary).post(f"{REGISTRY}/grid/add/", data)
        assert answer.status_code == 302, answer.content.decode()
        assert Grid.objects.get(code="G2").community == city.home.organization

    def test_not_in_the_next_community(self, city):
        data = {
            "tier": 2,
            "parent": city.next_door.first_grid.pk,
            "community": "",
            "code": "G2",
            "name": "越界",
        }
        data |= {"boundary": "", "housing": "blocks"}
        answer = strong_client(city.home.secretary).post(f"{REGISTRY}/grid/add/", data)
        assert answer.status_code == 200
        assert not Grid.objects.filter(code="G2").exists()

    def test_a_grid_worker_sees_grids_and_changes_none(self, city):
        worker = GridDuty.objects.get().appointment.user
        page = f"{REGISTRY}/grid/{city.home.grid.pk}/change/"
        assert strong_client(worker).get(page).status_code == 200
        assert strong_client(worker).post(page, {"name": "改了"}).status_code == 403

    def test_sharing_out_and_ending(self, city):
        client = strong_client(city.home.secretary)
        held = appoint(a_user(), Post.GRID_WORKER, city.home.organization)
        data = {"grid": city.home.grid.pk, "appointment": held.pk, "part": "B"}
        data |= {"begins_on": clock.today().isoformat()}
        assert client.post(f"{REGISTRY}/gridduty/add/", data).status_code == 302
        duty = GridDuty.objects.get(part="B")
        ending = client.post(f"{REGISTRY}/gridduty/{duty.pk}/verb/end/", {"on": clock.today().isoformat()})
        assert ending.status_code == 302
        duty.refresh_from_db()
        assert duty.ends_on == clock.today()
        taken = client.post(f"{REGISTRY}/gridduty/add/", data | {"part": "A"})
        assert "已经有人了" in taken.content.decode()


class TestBuildings:
    def data(self, city: City, **changes: object) -> dict[str, object]:
        blank = {"compound": "", "group": "", "floors": "", "staircases": "", "lng": "113.58", "lat": "24.8"}
        data = {
            "name": "9 栋",
            "code": "B9",
            "kind": "residential",
            "has_lift": "unknown",
            "property_unit": "",
        }
        return {**data, "grid": city.home.grid.pk, **blank, **changes}

    def test_a_building_takes_its_place_from_the_grid(self, city):
        worker = GridDuty.objects.get().appointment.user
        answer = strong_client(worker).post(f"{REGISTRY}/building/add/", self.data(city))
        assert answer.status_code == 302, answer.content.decode()
        building = Building.objects.get(code="B9")
        assert (building.community, building.district) == (city.home.organization, city.district)

    def test_not_into_a_grid_of_others(self, city):
        data = self.data(city, grid=city.next_door.grid.pk)
        client = strong_client(city.home.secretary)
        assert client.post(f"{REGISTRY}/building/add/", data).status_code == 200
        page = f"{REGISTRY}/building/{city.home.building.pk}/change/"
        assert client.post(page, data).status_code == 200
        city.home.building.refresh_from_db()
        assert city.home.building.grid == city.home.grid

    def test_the_district_reads_only(self, city, officer):
        client = strong_client(officer)
        page = f"{REGISTRY}/building/{city.home.building.pk}/change/"
        assert client.get(page).status_code == 200
        assert client.post(page, self.data(city)).status_code == 403

    def test_its_page_shows_the_code_and_the_button_replaces_it(self, city):
        client, old = strong_client(city.home.secretary), city.home.building.qr_token
        page = f"{REGISTRY}/building/{city.home.building.pk}"
        assert "<svg" in client.get(f"{page}/change/").content.decode()
        assert client.get(f"{page}/verb/token/").status_code == 200
        assert client.post(f"{page}/verb/token/").status_code == 302
        city.home.building.refresh_from_db()
        assert city.home.building.qr_token != old


class TestHomes:
    def test_the_district_keeps_them_and_the_community_reads(self, city, officer):
        member = a_member(city)
        data = {"member": member.pk, "compound": city.home.compound.pk, "building": city.home.building.pk}
        assert strong_client(city.home.secretary).post(f"{REGISTRY}/home/add/", data).status_code == 403
        assert strong_client(officer).post(f"{REGISTRY}/home/add/", data).status_code == 302
        assert Member.objects.get(pk=member.pk).home.building == city.home.building
