"""居民: entering, changing, moving, leaving: effect, trace, refusal, outsider, race (N4)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from auditlog.models import LogEntry

from grids import households, residents
from grids.audit import entries_of
from grids.models import Dwelling, Resident, SpecialGroup
from grids.particulars import Particulars
from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_phone, a_user, appoint
from tests.grids.homes import a_dwelling, a_household, a_resident, an_id, given

pytestmark = pytest.mark.django_db
HEAD = Resident.Relation.HEAD


@pytest.fixture
def city() -> City:
    return a_city()


def outsiders(city: City) -> list:
    street, unit_like, resident = a_user("街道"), a_user("别处"), a_user("居民")
    appoint(street, Post.OFFICER, city.street)
    appoint(unit_like, Post.BUILDING_HEAD, city.home.organization)
    return [city.next_door.secretary, a_grid_worker(city.next_door), street, unit_like, resident]


class TestEntering:
    def test_a_person_stands_in_his_household_with_everything_that_follows(self, city):
        home = a_household(city.home)
        person = residents.enter(
            given("欧阳 海", document_number=an_id(date(1950, 2, 3), woman=True), phone="138 0013-8000"),
            by=city.home.secretary,
            household=home,
        )
        person.refresh_from_db()
        assert (person.name, person.initials) == ("欧阳海", "oyh")
        assert (person.birth_date, person.sex) == (date(1950, 2, 3), "F")
        assert (person.building, person.grid) == (home.dwelling.building, city.home.grid)
        assert (person.community, person.street) == (city.home.organization, city.street)
        assert person.phone == "13800138000"

    def test_it_is_in_the_audit_with_whom_and_without_values(self, city):
        number = an_id()
        person = a_resident(city.home, "欧阳海", by=city.home.secretary, document_number=number)
        entry = entries_of(person).get()
        assert entry.actor == city.home.secretary
        assert entry.action == LogEntry.Action.CREATE
        kept = f"{entry.changes}{entry.object_repr}{entry.changes_text}"
        for value in (number, "欧阳海", "1980"):
            assert value not in kept

    def test_without_a_dwelling_by_community_staff_only(self, city):
        worker = a_grid_worker(city.home)
        with pytest.raises(NoPower):
            residents.enter(given(), by=worker, community=city.home.organization)
        person = residents.enter(given(), by=city.home.secretary, community=city.home.organization)
        assert (person.household, person.grid, person.community) == (None, None, city.home.organization)
        with pytest.raises(RuleViolation, match="房屋"):
            residents.enter(given(), by=city.home.secretary)

    def test_outsiders_enter_nobody(self, city):
        home = a_household(city.home)
        for user in outsiders(city):
            with pytest.raises(NoPower):
                residents.enter(given(), by=user, household=home)
        assert not Resident.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": "户主"}, "name"),
            ({"document_number": "44020319800517001X"}, "document_number"),
            ({"document_kind": "nonsense", "document_number": "1"}, "document_kind"),
            ({"phone": "1380013800"}, "phone"),
            ({"relation": "boss"}, "relation"),
            ({"residence": "moon"}, "residence"),
            ({"sex": "Q"}, "sex"),
            ({"document_kind": "none", "birth_date": date(2999, 1, 1)}, "birth_date"),
            ({"document_kind": "none", "birth_date": date(1066, 1, 1)}, "birth_date"),
            ({"birth_date": date(1981, 1, 1)}, "birth_date"),
            ({"sex": "F"}, "sex"),
        ],
    )
    def test_every_fault_is_said_at_its_field_and_never_repeats_the_value(self, city, changes, field):
        home = a_household(city.home)
        asked = given(**({"name": "周小明"} | changes))
        with pytest.raises(RuleViolation) as refused:
            residents.enter(asked, by=city.home.secretary, household=home)
        assert refused.value.field == field
        assert not Resident.objects.exists()
        for value in (asked.document_number, asked.phone):
            assert not value or len(value) < 5 or value not in refused.value.sentence

    def test_one_head_to_a_household(self, city):
        home = a_household(city.home)
        a_resident(city.home, household=home, relation=HEAD)
        with pytest.raises(RuleViolation, match="已经有户主") as refused:
            a_resident(city.home, "另一人", household=home, relation=HEAD)
        assert refused.value.field == "relation"

    def test_twice_in_sight_is_refused_with_the_place_and_elsewhere_not_told(self, city):
        number = an_id()
        first = a_resident(city.home, document_number=number)
        with pytest.raises(RuleViolation, match=str(first.household)) as refused:
            a_resident(city.home, "周小明", by=city.home.secretary, document_number=number)
        assert refused.value.field == "document_number"
        a_resident(city.next_door, by=city.next_door.secretary, document_number=number)
        assert Resident.objects.filter(document_index=first.document_index).count() == 2

    def test_a_dwelling_in_which_somebody_is_entered_is_not_empty(self, city):
        home = a_household(city.home, use=Dwelling.Use.EMPTY)
        a_resident(city.home, household=home)
        assert Dwelling.objects.get(pk=home.dwelling_id).use == Dwelling.Use.OWN


class TestChanging:
    def test_what_is_none_stays_and_is_checked_against(self, city):
        person = a_resident(city.home, "周小明", phone="13800138000")
        number = person.document_number
        asked = Particulars(name="周小民", document_number=None, phone=None, relation=HEAD)
        residents.change(person, asked, by=city.home.secretary)
        person.refresh_from_db()
        assert (person.name, person.phone, person.document_number) == ("周小民", "13800138000", number)
        assert (person.birth_date, person.sex, person.relation) == (date(1980, 5, 17), "M", HEAD)

    def test_a_birthday_cannot_be_tried_out_against_a_masked_number(self, city):
        """Right or wrong: the same answer, and what the document tells stays."""
        person = a_resident(city.home, "周小明")
        for guess in (date(1999, 1, 1), person.birth_date):
            asked = Particulars(name="周小明", document_number=None, phone=None, birth_date=guess, sex="F")
            residents.change(person, asked, by=city.home.secretary)
            person.refresh_from_db()
            assert (person.birth_date, person.sex) == (date(1980, 5, 17), "M")

    def test_what_a_permit_does_not_tell_can_be_corrected_without_typing_it_again(self, city):
        person = a_resident(city.home, document_kind="hk_macau", document_number="H12345678")
        asked = Particulars(
            name="周小明", document_number=None, phone=None, birth_date=date(1970, 1, 1), sex="F"
        )
        residents.change(person, asked, by=city.home.secretary)
        person.refresh_from_db()
        assert (person.birth_date, person.sex, person.document_number) == (date(1970, 1, 1), "F", "H12345678")

    def test_groups_and_the_trace(self, city):
        person = a_resident(city.home)
        group = SpecialGroup.objects.create(name="测试组", purpose="走访")
        asked = Particulars(name=person.name, document_number=None, phone="13900139000")
        residents.change(person, asked, by=city.home.secretary, groups=[group])
        assert list(person.groups.all()) == [group]
        changed = [entry.changes for entry in entries_of(person)]
        assert any("groups" in each for each in changed)
        assert "13900139000" not in str(changed)

    def test_a_second_head_and_a_twin_are_refused(self, city):
        home = a_household(city.home)
        head = a_resident(city.home, "甲某", household=home, relation=HEAD)
        other = a_resident(city.home, "乙某", household=home)
        with pytest.raises(RuleViolation, match="户主"):
            residents.change(
                other,
                Particulars(name="乙某", document_number=None, phone=None, relation=HEAD),
                by=city.home.secretary,
            )
        other.refresh_from_db()
        with pytest.raises(RuleViolation, match="已登记在"):
            residents.change(
                other, given("乙某", document_number=head.document_number), by=city.home.secretary
            )

    def test_outsiders_change_nobody_and_those_who_left_are_not_changed(self, city):
        person = a_resident(city.home)
        asked = Particulars(name="改了", document_number=None, phone=None)
        for user in outsiders(city):
            with pytest.raises(NoPower):
                residents.change(person, asked, by=user)
        residents.leave(person, by=city.home.secretary)
        with pytest.raises(RuleViolation, match="已迁出"):
            residents.change(person, asked, by=city.home.secretary)
        person.refresh_from_db()
        assert person.name == "周小明"


class TestMoving:
    def test_everything_follows_into_the_other_household(self, city):
        person, home = a_resident(city.home, relation=HEAD), a_household(city.home, use=Dwelling.Use.EMPTY)
        residents.move(person, by=city.home.secretary, to=home, relation="parent")
        person.refresh_from_db()
        assert (person.household, person.building, person.relation) == (
            home,
            home.dwelling.building,
            "parent",
        )
        assert Dwelling.objects.get(pk=home.dwelling_id).use == Dwelling.Use.OWN
        assert entries_of(person).first().actor == city.home.secretary

    def test_the_power_is_needed_at_both_ends(self, city):
        person, there = a_resident(city.home), a_household(city.next_door)
        for user in (city.home.secretary, city.next_door.secretary):
            with pytest.raises(NoPower):
                residents.move(person, by=user, to=there)

    def test_not_where_he_is_not_to_a_second_head_not_as_nonsense(self, city):
        person, home = a_resident(city.home), a_household(city.home)
        a_resident(city.home, household=home, relation=HEAD)
        for to, relation, words in (
            (person.household, "other", "已经在这一户"),
            (home, HEAD, "户主"),
            (home, "boss", "列表"),
        ):
            with pytest.raises(RuleViolation, match=words):
                residents.move(person, by=city.home.secretary, to=to, relation=relation)
            person.refresh_from_db()

    def test_a_page_that_is_out_of_date_is_told(self, city):
        person, first, second = a_resident(city.home), a_household(city.home), a_household(city.home)
        stale = Resident.objects.get(pk=person.pk)
        residents.move(person, by=city.home.secretary, to=first)
        with pytest.raises(RuleViolation, match="刷新"):
            residents.move(stale, by=city.home.secretary, to=second)


class TestLeaving:
    def test_kept_with_the_day_and_back_again(self, city):
        person = a_resident(city.home, "周小明", relation=HEAD)
        residents.leave(person, by=city.home.secretary, why="搬往外地", on=date(2026, 1, 2))
        person.refresh_from_db()
        assert (person.standing, person.left_on, person.left_why) == ("left", date(2026, 1, 2), "搬往外地")
        assert "搬往外地" not in str([entry.changes for entry in entries_of(person)])
        home = a_household(city.home)
        residents.come_back(person, by=city.home.secretary, to=home, relation=HEAD)
        person.refresh_from_db()
        assert (person.standing, person.left_on, person.left_why, person.household) == (
            "present",
            None,
            "",
            home,
        )

    def test_not_in_the_future_not_twice_not_by_outsiders(self, city):
        person = a_resident(city.home)
        with pytest.raises(RuleViolation) as refused:
            residents.leave(person, by=city.home.secretary, on=clock.today() + timedelta(days=1))
        assert refused.value.field == "on"
        for user in outsiders(city):
            with pytest.raises(NoPower):
                residents.leave(person, by=user)
        residents.leave(person, by=city.home.secretary)
        with pytest.raises(RuleViolation, match="已迁出"):
            residents.leave(person, by=city.home.secretary)

    def test_nobody_comes_back_who_is_here_or_is_entered_again(self, city):
        person, home = a_resident(city.home), a_household(city.home)
        with pytest.raises(RuleViolation, match="只有已迁出"):
            residents.come_back(person, by=city.home.secretary, to=home)
        residents.leave(person, by=city.home.secretary)
        a_resident(city.home, document_number=person.document_number)
        with pytest.raises(RuleViolation, match="已登记在"):
            residents.come_back(person, by=city.home.secretary, to=home)
        for user in outsiders(city):
            with pytest.raises(NoPower):
                residents.come_back(person, by=user, to=home)


class TestAccounts:
    def test_the_account_with_the_same_phone_is_linked_and_unlinked(self, city):
        account = a_user("周小明")
        person = a_resident(city.home, phone=account.phone)
        residents.link_account(person, by=city.home.secretary)
        person.refresh_from_db()
        assert person.user == account
        residents.unlink_account(person, by=city.home.secretary)
        person.refresh_from_db()
        assert person.user is None

    def test_refused_without_phone_without_account_and_where_one_is_linked(self, city):
        account, staff = a_user(), city.home.secretary
        with pytest.raises(RuleViolation, match="先补上"):
            residents.link_account(a_resident(city.home), by=staff)
        with pytest.raises(RuleViolation, match="还没有注册"):
            residents.link_account(a_resident(city.home, "甲某", phone=a_phone()), by=staff)
        residents.link_account(a_resident(city.home, "乙某", phone=account.phone), by=staff)
        with pytest.raises(RuleViolation, match="已经关联"):
            residents.link_account(a_resident(city.home, "丙某", phone=account.phone), by=staff)

    def test_asking_by_it_whether_a_phone_has_an_account_leaves_a_trace_for_each_phone(self, city):
        """The refusal itself is in no log: the number has to be written into the registry first, and that is."""
        person, staff = a_resident(city.home, phone=a_phone()), city.home.secretary
        before = entries_of(person).count()
        for times in (1, 2):
            residents.change(person, given(document_number=None, phone=a_phone()), by=staff)
            with pytest.raises(RuleViolation, match="还没有注册"):
                residents.link_account(person, by=staff)
            assert entries_of(person).count() == before + times
            entry = entries_of(person).first()
            assert entry.actor == staff and list(entry.changes) == ["phone"]

    def test_a_link_elsewhere_gives_way_without_a_word(self, city):
        account = a_user()
        there = a_resident(city.next_door, phone=account.phone)
        residents.link_account(there, by=city.next_door.secretary)
        here = a_resident(city.home, phone=account.phone)
        residents.link_account(here, by=city.home.secretary)
        here.refresh_from_db(), there.refresh_from_db()
        assert (here.user, there.user) == (account, None)

    def test_outsiders_link_nothing(self, city):
        account = a_user()
        person = a_resident(city.home, phone=account.phone)
        for user in outsiders(city):
            with pytest.raises(NoPower):
                residents.link_account(person, by=user)
            with pytest.raises(NoPower):
                residents.unlink_account(person, by=user)


def test_a_household_is_opened_where_there_is_none_and_found_where_there_is_one(city):
    dwelling, staff = a_dwelling(city.home), city.home.secretary
    first = households.household_in(dwelling, by=staff)
    assert households.household_in(dwelling, by=staff) == first
    second = households.household_in(dwelling, by=staff, number=2)
    assert second.number == 2
    for number, words in ((None, "请填户号"), (9, "请填 3")):
        with pytest.raises(RuleViolation, match=words) as refused:
            households.household_in(dwelling, by=staff, number=number)
        assert refused.value.field == "number"
