"""居民 at the same moment: real processes on PostgreSQL."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from grids import dwellings, residents
from grids.models import Dwelling, Household, Resident
from grids.particulars import Particulars
from tests.factories import City, a_city, a_user
from tests.grids.homes import a_household, a_resident, an_id
from tests.volunteers.test_races import at_once

pytestmark = pytest.mark.django_db
HEAD = Resident.Relation.HEAD


@pytest.fixture
def city() -> City:
    return a_city()


class TestRaces:
    """Real processes on PostgreSQL."""

    pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

    @pytest.fixture(autouse=True)
    def on_postgresql(self):
        assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"

    def test_of_many_new_heads_one_is_the_head(self, city):
        home = a_household(city.home)
        jobs = [partial(_enter, home.pk, f"人{sign}", an_id(), HEAD) for sign in "甲乙丙丁戊己"]
        told = at_once(jobs)
        assert sorted(kind for kind, _ in told) == ["done", *["refused"] * 5], told
        assert Resident.objects.filter(household=home, relation=HEAD).count() == 1

    def test_of_many_who_become_head_one_does(self, city):
        home = a_household(city.home)
        people = [a_resident(city.home, f"人{sign}", household=home) for sign in "甲乙丙丁"]
        told = at_once([partial(_become_head, person.pk) for person in people])
        assert sorted(kind for kind, _ in told) == ["done", *["refused"] * 3], told

    def test_the_same_document_in_many_households_is_entered_once(self, city):
        number = an_id()
        homes = [a_household(city.home) for _ in range(6)]
        told = at_once([partial(_enter, home.pk, "周小明", number, "other") for home in homes])
        assert sorted(kind for kind, _ in told) == ["done", *["refused"] * 5], told
        assert Resident.objects.count() == 1

    def test_moving_in_while_the_dwelling_is_called_empty(self, city):
        homes = [a_household(city.home) for _ in range(4)]
        jobs = [partial(_enter, home.pk, "周小明", an_id(), "other") for home in homes]
        jobs += [partial(_call_empty, home.dwelling_id) for home in homes]
        told = at_once(jobs)
        assert not [each for each in told if each[0] == "broken"], told
        taken = Resident.objects.present().values("household__dwelling")
        assert not Dwelling.objects.filter(pk__in=taken, use=Dwelling.Use.EMPTY).exists()

    def test_crossing_moves_do_not_lock_each_other_out(self, city):
        one, other = a_household(city.home), a_household(city.home)
        people = [a_resident(city.home, f"甲{n}", household=one) for n in "一二三"]
        people += [a_resident(city.home, f"乙{n}", household=other) for n in "一二三"]
        jobs = [
            partial(_move, person.pk, (other if person.household == one else one).pk) for person in people
        ]
        told = at_once(jobs)
        assert [kind for kind, _ in told] == ["done"] * 6, told

    def test_two_communities_link_one_account_in_turns(self, city):
        account = a_user()
        people = [a_resident(place, phone=account.phone) for place in (city.home, city.next_door)]
        staff = [place.secretary.pk for place in (city.home, city.next_door)]
        jobs = [partial(_link, person.pk, pk) for person, pk in zip(people, staff, strict=True)]
        told = at_once(jobs * 4)
        assert {kind for kind, _ in told} == {"done"}, told
        assert Resident.objects.filter(user=account).count() == 1


def _link(pk: int, by: int) -> None:
    person, staff = Resident.objects.get(pk=pk), get_user_model().objects.get(pk=by)
    residents.link_account(person, by=staff)


def _enter(household: int, name: str, number: str, relation: str) -> int:
    home = Household.objects.get(pk=household)
    asked = Particulars(name=name, document_number=number, relation=relation)
    return residents.enter(asked, by=None, household=home).pk


def _become_head(pk: int) -> None:
    person = Resident.objects.get(pk=pk)
    asked = Particulars(name=person.name, document_number=None, phone=None, relation=HEAD)
    residents.change(person, asked, by=None)


def _call_empty(pk: int) -> None:
    dwellings.change_use(Dwelling.objects.get(pk=pk), by=None, use=Dwelling.Use.EMPTY)


def _move(pk: int, to: int) -> None:
    residents.move(Resident.objects.get(pk=pk), by=None, to=Household.objects.get(pk=to))
