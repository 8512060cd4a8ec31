"""删除: nothing of a person stays but that there was one, and until when; who did it is in the log."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from grids import erasing, households, merging, residents, searching
from grids.audit import entries_of
from grids.models import CareAssessment, ImportFinding, ImportJob, NotTheSame, Resident, SpecialGroup
from grids.searching import Words
from ground.errors import NoPower, RuleViolation
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.grids.homes import a_household, a_resident, an_id

pytestmark = pytest.mark.django_db
WHY = "本人书面申请"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def person(city):
    account = a_user("欧阳海")
    group = SpecialGroup.objects.create(name="测试", purpose="走访")
    number = an_id(date(1950, 1, 1))
    made = a_resident(city.home, "欧阳海", document_number=number, phone=account.phone, groups=[group])
    residents.link_account(made, by=city.home.secretary)
    return made


def test_every_personal_column_is_empty_and_the_tombstone_has_its_day(city, person):
    before = Resident.objects.get(pk=person.pk)
    erasing.erase(person, by=city.home.secretary, reason=WHY)
    row = Resident.objects.get(pk=person.pk)
    assert row.standing == "erased" and row.changed_at > before.changed_at
    for column in (
        "name",
        "name_key",
        "initials",
        "document_number",
        "document_index",
        "phone",
        "phone_index",
    ):
        assert getattr(row, column) == "", column
    assert (row.birth_date, row.sex, row.user, row.household, row.building, row.grid) == (
        *(None, ""),
        *[None] * 4,
    )
    assert (row.left_on, row.left_why, row.last_import, row.merged_into) == (None, "", None, None)
    assert not row.groups.exists()
    assert row.community == city.home.organization


def test_no_value_is_left_in_any_table_that_speaks_of_people(city, person):
    """The raw rows of every table of the registry, its audit and its imports."""
    values = [person.document_index, person.phone_index, person.name_key, "欧阳海", person.initials]
    job = ImportJob.objects.create(community=city.home.organization, name="表.xlsx")
    ImportFinding.objects.create(job=job, resident=person, kind="changed", value="欧阳*", sentence="有变化")
    erasing.erase(person, by=city.home.secretary, reason=WHY)
    finding = ImportFinding.objects.get()
    assert (finding.resident, finding.value) == (None, "")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if not table.startswith(("grids_", "auditlog_")):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            text = str(cursor.fetchall())
            for value in values:
                assert value not in text, (table, value)


def test_the_audit_keeps_by_whom_and_when_only(city, person):
    erasing.erase(person, by=city.home.secretary, reason=WHY)
    entries = list(entries_of(person))
    assert entries[0].actor == city.home.secretary
    assert all(not entry.changes and not entry.changes_text for entry in entries)
    assert {entry.object_repr for entry in entries} == {f"#{person.pk}"}


def test_it_is_in_the_access_log_with_its_reason(city, person):
    erasing.erase(person, by=city.home.secretary, reason=WHY)
    entry = AccessLogEntry.objects.get()
    assert (entry.action, entry.by, entry.reason) == ("erase", city.home.secretary, WHY)
    assert (entry.subject, entry.organization) == (f"grids.resident:{person.pk}", city.home.organization)


def test_nobody_finds_who_was_erased(city, person):
    words = ("欧阳", "oyh", person.document_number, person.phone)
    erasing.erase(person, by=city.home.secretary, reason=WHY)
    for each in words:
        assert not searching.find(city.home.secretary, Words(each, with_left=True)).people
    again = a_resident(city.home, "欧阳海", document_number=words[2], by=city.home.secretary)
    assert again.standing == "present"


def test_the_rows_that_were_merged_into_it_go_too(city):
    phone = "13800138000"
    keep = a_resident(city.home, "周小明", phone=phone)
    drop = a_resident(city.home, "周小明", phone=phone, document_kind="none", document_number="")
    merging.merge(keep, drop, by=city.home.secretary)
    erasing.erase(keep, by=city.home.secretary, reason=WHY)
    assert set(Resident.objects.values_list("standing", flat=True)) == {"erased"}
    assert all(not entry.changes for entry in entries_of(drop))


def test_the_marks_of_two_people_go(city):
    one = a_resident(city.home, "周小明", phone="13800138000")
    two = a_resident(city.home, "周小明", phone="13800138000", document_kind="none", document_number="")
    merging.say_not_the_same(one, two, by=city.home.secretary)
    erasing.erase(one, by=city.home.secretary, reason=WHY)
    assert not NotTheSame.objects.exists()


def test_care_reasons_go_with_the_last_of_the_household(city):
    home, staff = a_household(city.home), city.home.secretary
    one, two = (a_resident(city.home, name, household=home) for name in ("甲某", "乙某"))
    households.assess(home, by=staff, level="red", reason="独居，上月摔伤")
    erasing.erase(one, by=staff, reason=WHY)
    assert CareAssessment.objects.get().reason == "独居，上月摔伤"
    erasing.erase(two, by=staff, reason=WHY)
    assert CareAssessment.objects.get().reason == ""


def test_those_who_have_left_can_be_erased_and_nobody_twice(city, person):
    residents.leave(person, by=city.home.secretary, why="搬走")
    erasing.erase(person, by=city.home.secretary, reason=WHY)
    with pytest.raises(RuleViolation, match="已经删除"):
        erasing.erase(person, by=city.home.secretary, reason=WHY)


def test_a_reason_is_needed_and_nothing_happens_without(city, person):
    with pytest.raises(RuleViolation) as refused:
        erasing.erase(person, by=city.home.secretary, reason="删")
    assert refused.value.field == "reason"
    assert Resident.objects.get(pk=person.pk).name == "欧阳海"
    assert not AccessLogEntry.objects.exists()


def test_the_whole_community_s_power_is_needed(city, person):
    street = a_user()
    appoint(street, Post.OFFICER, city.street)
    for user in (a_grid_worker(city.home), city.next_door.secretary, street, a_user()):
        with pytest.raises(NoPower):
            erasing.erase(person, by=user, reason=WHY)
    assert Resident.objects.get(pk=person.pk).name == "欧阳海"
