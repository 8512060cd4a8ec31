"""合并: who is offered, what becomes of two rows, who is refused."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from django.db import connection

from grids import merging, residents
from grids.audit import entries_of
from grids.models import NotTheSame, Resident, SpecialGroup
from grids.particulars import Particulars
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.grids.homes import a_household, a_resident, an_id
from tests.volunteers.test_races import at_once

pytestmark = pytest.mark.django_db
PHONE = "13800138000"
#: Somebody of whom no document is known.
NO_DOCUMENT = {"document_kind": "none", "document_number": ""}


@pytest.fixture
def city() -> City:
    return a_city()


def offered(user) -> list[tuple[int, int, str]]:
    return [(pair.left.pk, pair.right.pk, pair.why) for pair in merging.pairs_for(user)]


def a_pair(city: City) -> tuple[Resident, Resident]:
    """The same name and telephone, one of them without a document."""
    return (
        a_resident(city.home, "周小明", phone=PHONE),
        a_resident(city.home, "周小明", phone=PHONE, **NO_DOCUMENT),
    )


class TestOffering:
    def test_the_same_document_the_same_birth_the_same_phone(self, city):
        number, born = an_id(date(1950, 1, 1)), date(1950, 1, 1)
        first = a_resident(city.home, "甲某", document_number=number, phone=PHONE)
        same = Resident.objects.get(pk=first.pk)
        same.pk, same.phone, same.phone_index, same.name_key = None, "", "", "ff"
        same.birth_date = None
        same.save()
        birth = a_resident(city.home, "甲某", birth_date=born, **NO_DOCUMENT)
        phone = a_resident(city.home, "甲某", phone=PHONE, **NO_DOCUMENT)
        assert offered(city.home.secretary) == [
            (first.pk, same.pk, "证件号码相同"),
            (first.pk, birth.pk, "姓名和出生日期相同"),
            (first.pk, phone.pk, "姓名和手机号相同"),
        ]
        assert {pair.right.pk for pair in merging.twins_of(first, city.home.secretary)} == {
            same.pk,
            birth.pk,
            phone.pk,
        }

    def test_namesakes_with_numbers_of_their_own_are_two_people(self, city):
        for _ in range(3):
            a_resident(city.home, "王芳", phone=PHONE)
        assert offered(city.home.secretary) == []

    def test_empty_values_have_nothing_in_common(self, city):
        for name in ("甲某", "乙某", "丙某"):
            a_resident(city.home, name, **NO_DOCUMENT)
        a_resident(city.home, "甲某", **NO_DOCUMENT)
        assert offered(city.home.secretary) == []

    def test_only_people_who_are_here_and_whom_one_may_change(self, city):
        one, two = a_pair(city)
        a_resident(city.next_door, "周小明", phone=PHONE, **NO_DOCUMENT)
        assert len(offered(city.home.secretary)) == 1
        assert offered(city.next_door.secretary) == []
        street = a_user()
        appoint(street, Post.OFFICER, city.street)
        assert offered(street) == []
        assert len(offered(a_grid_worker(city.home))) == 1
        residents.leave(two, by=None)
        assert offered(city.home.secretary) == []
        assert merging.twins_of(one, city.home.secretary) == []

    def test_told_apart_once_and_never_offered_again(self, city):
        one, two = a_pair(city)
        merging.say_not_the_same(two, one, by=city.home.secretary)
        mark = NotTheSame.objects.get()
        assert (mark.first, mark.second, mark.by) == (one, two, city.home.secretary)
        assert offered(city.home.secretary) == merging.twins_of(one, city.home.secretary) == []
        with pytest.raises(RuleViolation, match="不是同一人"):
            merging.merge(one, two, by=city.home.secretary)


class TestMerging:
    def test_blanks_are_filled_and_nothing_is_overwritten(self, city):
        groups = [SpecialGroup.objects.create(name=name, purpose="走访") for name in "甲乙"]
        number = an_id(date(1950, 1, 1))
        keep = a_resident(city.home, "周小明", phone=PHONE, groups=groups[:1], **NO_DOCUMENT)
        drop = a_resident(city.home, "周小明", phone=PHONE, document_number=number, groups=groups)
        home = keep.household
        merging.merge(keep, drop, by=city.home.secretary)
        keep.refresh_from_db()
        assert (keep.document_number, keep.birth_date, keep.sex) == (
            number,
            date(1950, 1, 1),
            drop.sex or "M",
        )
        assert set(keep.groups.all()) == set(groups)
        assert (keep.household, keep.phone, keep.relation) == (home, PHONE, "other")
        assert entries_of(keep).first().actor == city.home.secretary

    def test_the_other_row_is_emptied_and_leads_to_the_kept_one(self, city):
        keep, drop = a_pair(city)
        older = a_resident(city.home, "周小明", phone=PHONE, **NO_DOCUMENT)
        merging.merge(drop, older, by=city.home.secretary)
        merging.merge(keep, drop, by=city.home.secretary)
        for row in (drop, older):
            row.refresh_from_db()
            assert (row.standing, row.merged_into) == ("merged", keep)
            assert (row.name, row.phone, row.phone_index, row.document_index) == ("", "", "", "")
            assert (row.birth_date, row.household, row.user) == (None, None, None)
        assert not Resident.objects.present().exclude(pk=keep.pk).exists()

    def test_the_account_and_the_place_stay_with_the_person(self, city):
        account = a_user("周小明")
        keep = residents.enter(
            merging_particulars(account.phone), by=city.home.secretary, community=city.home.organization
        )
        drop = a_resident(city.home, "周小明", phone=account.phone)
        residents.link_account(drop, by=city.home.secretary)
        home = drop.household
        merging.merge(keep, drop, by=city.home.secretary)
        keep.refresh_from_db()
        assert (keep.user, keep.household, keep.grid) == (account, home, city.home.grid)

    def test_whoever_takes_over_the_place_takes_over_the_relation(self, city):
        keep = residents.enter(
            merging_particulars(PHONE, relation="head"), by=None, community=city.home.organization
        )
        home = a_household(city.home)
        a_resident(city.home, "户主甲", household=home, relation="head")
        drop = a_resident(city.home, "周小明", phone=PHONE, household=home, relation="spouse")
        merging.merge(keep, drop, by=city.home.secretary)
        keep.refresh_from_db()
        assert (keep.household, keep.relation) == (home, "spouse")

    def test_only_what_is_offered(self, city):
        one, two = a_resident(city.home, "甲某"), a_resident(city.home, "乙某")
        for keep, drop in ((one, two), (one, one)):
            with pytest.raises(RuleViolation, match="不像同一个人"):
                merging.merge(keep, drop, by=city.home.secretary)

    def test_outsiders_merge_and_mark_nothing(self, city):
        one, two = a_pair(city)
        street = a_user()
        appoint(street, Post.OFFICER, city.street)
        for user in (city.next_door.secretary, a_grid_worker(city.next_door), street, a_user()):
            for act in (merging.merge, merging.say_not_the_same):
                with pytest.raises(NoPower):
                    act(one, two, by=user)
        assert Resident.objects.present().count() == 2

    def test_pairs_cost_the_same_however_many_people_there_are(self, city, django_assert_max_num_queries):
        a_pair(city)
        for _ in range(30):
            a_resident(city.home, "王芳", phone=PHONE)
        with django_assert_max_num_queries(8):
            merging.pairs_for(city.home.secretary)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_both_ways_at_once_leave_one_person():
    assert connection.vendor == "postgresql", "this test needs WENSHAO_TEST_DATABASE_URL"
    one, two = a_pair(a_city())
    told = at_once([partial(_merge, *pair) for pair in ((one.pk, two.pk), (two.pk, one.pk)) * 2])
    assert sorted(kind for kind, _ in told) == ["done", *["refused"] * 3], told
    assert Resident.objects.present().count() == 1


def _merge(keep: int, drop: int) -> None:
    merging.merge(Resident.objects.get(pk=keep), Resident.objects.get(pk=drop), by=None)


def merging_particulars(phone: str, relation: str = "other") -> Particulars:
    return Particulars(name="周小明", document_kind="none", phone=phone, relation=relation)
