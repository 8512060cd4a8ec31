"""The invented people of `tests.grids.population` are such as the verbs would have written."""

from __future__ import annotations

import pytest

from grids.models import Dwelling, Household, Resident
from grids.particulars import Particulars, checked, document_index
from ground.fields import phone_index
from ground.names import initials_of, name_key
from tests.factories import a_city
from tests.grids.population import Cast, fill

pytestmark = pytest.mark.django_db


def test_everybody_would_pass_the_checks_and_stands_where_his_home_stands():
    city, cast = a_city(), Cast()
    fill(city.home, 600, cast)
    fill(city.next_door, 50, cast)
    people = Resident.objects.select_related("household__dwelling__building")
    assert (people.filter(community=city.home.organization).count(), people.count()) == (600, 650)
    documents = []
    for one in people:
        given = Particulars(
            one.name, one.document_kind, one.document_number, one.phone,
            one.birth_date, one.sex, one.relation, one.residence,
        )  # fmt: skip
        assert checked(given) == (given, {})
        assert (one.name_key, one.initials) == (name_key(one.name), initials_of(one.name))
        assert one.document_index == document_index(one.document_number)
        assert one.phone_index == (phone_index(one.phone) if one.phone else "")
        home = one.household.dwelling
        for row in (one, one.household, home):
            assert (row.community_id, row.grid_id) == (home.building.community_id, home.building.grid_id)
        assert one.building_id == home.building_id
        documents += [one.document_number] if one.document_number else []
    assert len(set(documents)) == len(documents)


def test_the_same_seed_gives_the_same_people_in_plausible_shares():
    city, elsewhere = a_city(), a_city("曲江")
    fill(city.home, 1000)
    fill(elsewhere.home, 1000)
    one, other = (
        [
            (each.name, each.document_number, each.phone)
            for each in Resident.objects.filter(community=place.organization)
        ]
        for place in (city.home, elsewhere.home)
    )
    assert sorted(one) == sorted(other)
    here = Resident.objects.filter(community=city.home.organization)
    assert 40 < here.filter(groups__isnull=False).count() < 250
    assert 5 < here.filter(standing="left").count() < 50
    households = Household.objects.filter(community=city.home.organization)
    assert 5 < households.exclude(care_level="green").count() < 80
    assert 100 < households.exclude(contact_member=None).count() < 300
    assert Dwelling.objects.filter(community=city.home.organization, households=None).exists()
