import random
from collections import Counter
from dataclasses import replace

import pytest
from django.db import transaction
from django.db.models import Count, F, Q

from grids.dwellings import code_of
from grids.models import CareAssessment, Dwelling, Household, Resident
from grids.particulars import document_index
from ground.fields import phone_index
from ground.names import initials_of, name_key
from operations.simulating import land, registry
from operations.simulating.copying import Writer
from operations.simulating.presets import HUACHENG, LIWAN

pytestmark = pytest.mark.django_db


@pytest.fixture
def settled():
    """Two communities of 荔湾, small."""
    preset = replace(LIWAN.scaled(0.002), communities=2, branches=3, dwellings=60, residents=700)
    place, writer = land.lay_out(preset, [], random.Random(1), Writer()), Writer()
    registry.register(place, writer, seed=1)
    return place


def test_as_many_as_there_should_be(settled):
    assert Dwelling.objects.count() == 60
    assert Resident.objects.present().count() == 700


def test_people_stand_where_their_household_stands(settled):
    same = Q(
        grid=F("household__grid"), district=F("household__district"), street=F("household__street"),
        community=F("household__community"), building=F("household__dwelling__building"),
    )  # fmt: skip
    assert not Resident.objects.exclude(same).exists()
    in_dwelling = Q(grid=F("dwelling__grid"), community=F("dwelling__community"))
    assert not Household.objects.exclude(in_dwelling).exists()
    for home in Dwelling.objects.select_related("building"):
        assert home.code == code_of(home.building.code, home.staircase, home.floor, home.door)
        assert home.floor <= home.building.floors and int(home.staircase) <= home.building.staircases


def test_keys_and_indexes_are_those_of_a_registered_person(settled):
    for one in Resident.objects.all()[:200]:
        assert one.document_index == document_index(one.document_number)
        assert one.phone_index == (phone_index(one.phone) if one.phone else "")
        assert (one.name_key, one.initials) == (name_key(one.name), initials_of(one.name))


def test_no_document_and_no_telephone_comes_twice(settled):
    documents = Resident.objects.values_list("document_index", flat=True)
    phones = Resident.objects.exclude(phone_index="").values_list("phone_index", flat=True)
    assert max(Counter(documents).values()) == max(Counter(phones).values()) == 1


def test_every_household_has_one_head_and_numbers_from_one(settled):
    heads = Household.objects.annotate(n=Count("residents", filter=Q(residents__relation="head")))
    assert set(heads.values_list("n", flat=True)) == {1}
    for home in Dwelling.objects.prefetch_related("households"):
        numbers = sorted(household.number for household in home.households.all())
        assert numbers == list(range(1, len(numbers) + 1))
        assert (home.use == Dwelling.Use.EMPTY) == (not numbers)


def test_care_columns_repeat_the_newest_assessment(settled):
    cared = Household.objects.exclude(care_level="green")
    assert cared.count() == CareAssessment.objects.count() > 0
    for household in cared:
        newest = household.assessments.first()
        assert (newest.level, newest.days, newest.review_on) == (
            household.care_level,
            household.care_days,
            household.care_review_on,
        )


def test_other_processes_give_the_same_people():
    """What is pasted is what would have been written here."""
    preset = replace(HUACHENG, dwellings=40, residents=110)
    place = land.lay_out(preset, [], random.Random(1), Writer())
    registry.groups.begin()
    (parish,) = registry._parishes(place, Writer(), 1, 0, 1)
    texts = registry.text_of(parish)
    rows = registry.settle(parish)
    assert [count for _, count, _ in texts] == [len(some) for _, some in rows.tables() if some]
    if Writer().copies:
        registry._paste(texts, Writer(), 110)
        assert list(Resident.objects.order_by("pk").values_list("name", "birth_date")) == [
            (one.name, one.birth_date) for one in rows.residents
        ]


def test_the_same_seed_gives_the_same_people():
    def names(seed: int) -> list[tuple[str, object]]:
        with transaction.atomic():
            place = land.lay_out(
                replace(HUACHENG, dwellings=40, residents=110), [], random.Random(1), Writer()
            )
            registry.register(place, Writer(), seed=seed)
            found = list(Resident.objects.order_by("pk").values_list("name", "birth_date"))
            transaction.set_rollback(True)
        return found

    assert names(1) == names(1) != names(2)
