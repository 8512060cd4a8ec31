"""Duties, absences and policies over the API: the sight, verbs and sentences of the desk, at a fixed cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from grids import policies
from grids.models import Absence, Grid, GridDuty, TerritoryPolicy
from ground import clock
from organizations.models import Appointment
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.grids.api.calling import V1, api
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db

LISTS = ("grid-duties", "absences", "territory-policies")
DEFAULTS = {name: TerritoryPolicy._meta.get_field(name).default for name in policies.NUMBERS}
NOBODY = 10**12


@pytest.fixture
def held(city: City) -> Appointment:
    return appoint(a_user("新网格员"), Post.GRID_WORKER, city.home.organization)


@pytest.fixture
def duty(city: City) -> GridDuty:
    return a_grid_worker(city.home).appointments.get().grid_duties.get()


@pytest.fixture
def officer(city: City) -> Any:
    user = a_user("区里")
    appoint(user, Post.OFFICER, city.district)
    return user


def an_absence(duty: GridDuty, days: int = 0) -> Absence:
    first = clock.today() + timedelta(days=days)
    return Absence.objects.create(appointment=duty.appointment, begins_on=first, reason="回家照顾老人")


def a_policy(city: City, days: int = 0, **numbers: int) -> TerritoryPolicy:
    begins = clock.today() + timedelta(days=days)
    return TerritoryPolicy.objects.create(
        district=city.district, signed_by=city.home.secretary, begins_on=begins, **numbers
    )


def ids(client: APIClient, address: str) -> list[int]:
    return [row["id"] for row in client.get(f"{V1}/{address}").json()["results"]]


class TestLists:
    def test_visitors_are_refused_and_residents_find_nothing(self, city, duty):
        an_absence(duty), a_policy(city)
        for name in LISTS:
            assert APIClient().get(f"{V1}/{name}/").status_code == 401, name
            assert ids(api(a_user()), f"{name}/") == [], name
        assert api(a_user()).get(f"{V1}/territory-policies/in-force/").json() == []

    @pytest.mark.parametrize("name", [*(f"{name}/" for name in LISTS), "territory-policies/in-force/"])
    def test_a_list_costs_the_same_however_long_it_is(self, city, name):
        def queries() -> int:
            client = strong_client(city.home.secretary)
            client.get(f"{V1}/grids/")  # what a session does once is done
            with CaptureQueriesContext(connection) as asked:
                assert client.get(f"{V1}/{name}").status_code == 200
            return len(asked)

        _fill(city, 1)
        few = queries()
        _fill(city, 5)
        assert queries() == few
        assert few <= 6, few

    @pytest.mark.parametrize("value", ["abc", "-1", "9" * 30, "1.5", "²"])
    def test_strange_filters(self, city, duty, value):
        client = api(city.home.secretary)
        for query in (
            *("grid-duties/?grid", "grid-duties/?community", "grid-duties/?part"),
            *("absences/?community", "territory-policies/?district"),
        ):
            assert client.get(f"{V1}/{query}={value}").status_code == 400, query


class TestDuties:
    def test_who_looks_after_which_grid(self, city, duty):
        row = api(city.home.secretary).get(f"{V1}/grid-duties/{duty.pk}/").json()
        assert (row["person"], row["grid_name"], row["part_label"]) == ("网格员", "第一网格", "A 岗")
        assert duty.appointment.user.phone not in str(row)
        for user in (city.next_door.secretary, a_grid_worker(city.next_door), a_user()):
            assert api(user).get(f"{V1}/grid-duties/{duty.pk}/").status_code == 404

    def test_given_once_and_ended(self, city, held, duty):
        client = api(city.home.secretary)
        given = {"appointment": held.pk, "grid": city.home.grid.pk, "part": "A"}
        taken = client.post(f"{V1}/grid-duties/", given)
        assert (taken.status_code, taken.json()["field"]) == (409, "part")
        assert client.post(f"{V1}/grid-duties/{duty.pk}/end/").json()["ends_on"] == str(clock.today())
        assert client.post(f"{V1}/grid-duties/{duty.pk}/end/").status_code == 409
        made = client.post(f"{V1}/grid-duties/", given)
        assert (made.status_code, made.json()["person"]) == (201, "新网格员")
        assert ids(client, "grid-duties/?in_force=true") == [made.json()["id"]]
        assert ids(client, f"grid-duties/?grid={city.home.grid.pk}&part=A") == [duty.pk, made.json()["id"]]

    def test_rows_elsewhere_and_rows_of_nobody_are_answered_alike(self, city, held):
        far = a_grid_worker(city.next_door).appointments.get()
        given = {"appointment": held.pk, "grid": city.home.grid.pk, "part": "A"}
        client = api(city.home.secretary)
        for field, key in (("appointment", far.pk), ("grid", city.next_door.grid.pk)):
            told = [client.post(f"{V1}/grid-duties/", {**given, field: pk}) for pk in (key, NOBODY)]
            assert [each.status_code for each in told] == [400, 400], field
            assert told[0].json() == told[1].json(), field
        assert not GridDuty.objects.filter(appointment=held).exists()

    def test_whoever_sees_a_grid_does_not_share_it_out(self, city, held, duty):
        worker = api(duty.appointment.user)
        given = {"appointment": held.pk, "grid": city.home.grid.pk, "part": "B"}
        assert worker.post(f"{V1}/grid-duties/", given).status_code == 403
        assert worker.post(f"{V1}/grid-duties/{duty.pk}/end/").status_code == 403
        duty.refresh_from_db()
        assert duty.ends_on is None


class TestAbsences:
    def test_why_is_for_whoever_may_note_it(self, city, duty, officer):
        absence = an_absence(duty)
        for user in (city.home.secretary, duty.appointment.user):
            assert api(user).get(f"{V1}/absences/{absence.pk}/").json()["reason"] == "回家照顾老人"
        colleague = a_grid_worker(city.home, "B")
        for user in (officer, colleague):
            for address in (f"absences/{absence.pk}/", "absences/?in_force=true"):
                answer = api(user).get(f"{V1}/{address}")
                assert "网格员" in answer.content.decode() and "老人" not in answer.content.decode()
        assert api(city.next_door.secretary).get(f"{V1}/absences/{absence.pk}/").status_code == 404

    def test_noted_and_back(self, city, duty):
        client, today = api(duty.appointment.user), clock.today()
        given = {"appointment": duty.appointment_id, "begins_on": str(today), "reason": "年假"}
        upside_down = client.post(f"{V1}/absences/", {**given, "ends_on": str(today)})
        assert (upside_down.status_code, upside_down.json()["field"]) == (409, "ends_on")
        made = client.post(f"{V1}/absences/", given)
        assert (made.status_code, made.json()["reason"], made.json()["noted_by"]) == (201, "年假", "网格员")
        later = str(today + timedelta(days=2))
        back = client.post(f"{V1}/absences/{made.json()['id']}/come-back/", {"on": later})
        assert (back.status_code, back.json()["ends_on"]) == (200, later)
        assert client.post(f"{V1}/absences/{made.json()['id']}/come-back/").status_code == 204
        assert not Absence.objects.exists()

    def test_one_who_may_not_note_it(self, city, duty, officer):
        absence = an_absence(duty, days=-3)
        url = f"{V1}/absences/{absence.pk}/come-back/"
        assert api(city.next_door.secretary).post(url).status_code == 404
        assert api(officer).post(url).status_code == 403
        given = {"begins_on": str(clock.today() + timedelta(days=30))}
        for user in (officer, city.next_door.secretary, a_grid_worker(city.home, "B")):
            told = [
                api(user).post(f"{V1}/absences/", {**given, "appointment": pk})
                for pk in (duty.appointment_id, NOBODY)
            ]
            assert [each.status_code for each in told] == [400, 400]
            assert told[0].json() == told[1].json()
        absence.refresh_from_db()
        assert absence.ends_on is None

    def test_of_a_community(self, city, duty, officer):
        absence, client = an_absence(duty), api(officer)
        assert ids(client, f"absences/?community={city.home.organization.pk}") == [absence.pk]
        assert ids(client, f"absences/?community={city.next_door.organization.pk}") == []


class TestPolicies:
    def test_what_holds_and_what_was_signed(self, city, officer):
        client = api(city.home.secretary)
        [now] = client.get(f"{V1}/territory-policies/in-force/").json()
        assert (now["id"], now["begins_on"], now["signed_by"]) == (None, None, "")
        assert now["people_max"] == DEFAULTS["people_max"]
        old, new, coming = a_policy(city, -9), a_policy(city, -1, red_days=5), a_policy(city, 9)
        [now] = client.get(f"{V1}/territory-policies/in-force/").json()
        assert (now["id"], now["red_days"], now["signed_by"]) == (new.pk, 5, "花城书记")
        assert ids(client, "territory-policies/") == [coming.pk, new.pk, old.pk]
        assert client.get(f"{V1}/territory-policies/{old.pk}/").json()["red_days"] == DEFAULTS["red_days"]

    def test_the_district_signs_all_of_it(self, city, officer):
        client = api(officer)
        given = {**DEFAULTS, "district": city.district.pk, "begins_on": str(clock.today())}
        given["document"] = "武组〔2026〕12 号"
        short = client.post(f"{V1}/territory-policies/", {**given, "people_max": ""})
        assert (short.status_code, list(short.json())) == (400, ["people_max"])
        wrong = client.post(f"{V1}/territory-policies/", {**given, "people_min": 20_000})
        assert (wrong.status_code, wrong.json()["field"]) == (409, "people_min")
        made = client.post(f"{V1}/territory-policies/", given)
        assert (made.status_code, made.json()["signed_by"]) == (201, "区里")
        assert client.post(f"{V1}/territory-policies/", given).status_code == 409
        assert client.patch(f"{V1}/territory-policies/{made.json()['id']}/", given).status_code == 405

    def test_others_sign_nothing_and_find_nothing_of_another_district(self, city, officer):
        far, theirs = a_city("浈江"), a_policy(city)
        given = {**DEFAULTS, "begins_on": str(clock.today()), "document": "自己定的"}
        own = {**given, "district": city.district.pk}
        assert api(city.home.secretary).post(f"{V1}/territory-policies/", own).status_code == 403
        told = [
            api(officer).post(f"{V1}/territory-policies/", {**given, "district": pk})
            for pk in (far.district.pk, NOBODY)
        ]
        assert [each.status_code for each in told] == [400, 400]
        assert told[0].json() == told[1].json()
        stranger = api(far.home.secretary)
        assert stranger.get(f"{V1}/territory-policies/{theirs.pk}/").status_code == 404
        assert ids(stranger, f"territory-policies/?district={city.district.pk}") == []
        assert TerritoryPolicy.objects.count() == 1


def _fill(city: City, times: int) -> None:
    for _ in range(times):
        grid = Grid(tier=2, code=f"more{Grid.objects.count()}", name="网格", parent=city.home.first_grid)
        grid.place_under(city.home.organization)
        grid.save()
        duty = a_grid_worker(city.home, grid=grid).appointments.get().grid_duties.get()
        an_absence(duty)
        a_policy(city, days=TerritoryPolicy.objects.count() - 3)
