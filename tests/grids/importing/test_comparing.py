"""Importing again: who is new, who changed, moved, came back, is not in the file; blank cells erase nothing."""

from __future__ import annotations

from datetime import date

import pytest
from auditlog.models import LogEntry

from grids import residents
from grids.importing import jobs
from grids.models import Dwelling, ImportFinding, Resident
from ground.errors import RuleViolation
from tests.factories import City
from tests.grids.importing.conftest import Importing, person
from tests.grids.importing.sheets import an_id

pytestmark = pytest.mark.django_db
Kind = ImportFinding.Kind


def test_the_same_sheet_again_changes_nothing(bring: Importing, look: Importing, city: City) -> None:
    bring([person(0), person(1)])
    again = look([person(0), person(1)])
    assert again.counts["unchanged"] == 2
    assert again.counts["new"] == again.counts["changed"] == again.counts["vanished"] == 0
    with pytest.raises(RuleViolation, match="和台账一样"):
        jobs.confirm(again, by=city.home.secretary)


def test_a_change_names_the_fields_and_no_value(bring: Importing, look: Importing) -> None:
    bring([person(0), person(1)])
    job = look([person(0), person(1, 手机号="19977776666", 居住类型="流动人口")])
    found = job.findings.get()
    assert (found.kind, found.row, found.sentence) == (Kind.CHANGED, 3, "变化：手机号、居住类型")
    assert "19977776666" not in found.value + found.sentence


def test_changes_are_written_and_booked_without_values(bring: Importing, city: City) -> None:
    bring([person(0), person(1)])
    bring([person(0), person(1, 手机号="19977776666", 姓名="李小芳", 重点人群="独居老人")])
    changed = Resident.objects.get(document_index=Resident.objects.get(name="李小芳").document_index)
    assert (changed.phone, changed.initials) == ("19977776666", "lxf")
    assert [group.name for group in changed.groups.all()] == ["独居老人"]
    entry = LogEntry.objects.filter(object_id=changed.pk, content_type__model="resident").latest("id")
    assert entry.actor == city.home.secretary
    assert entry.changes["phone"] == ["（有）", "（有）"]
    assert "李" not in str(entry.changes)
    assert "1997777" not in str(entry.changes)


def test_blank_cells_erase_nothing(bring: Importing) -> None:
    bring([person(0, 重点人群="残疾人"), person(1)])
    blank = {"手机号": "", "居住类型": "", "与户主关系": "", "重点人群": ""}
    bring([person(0, **blank, 姓名="王玮"), person(1, **blank)])
    head = Resident.objects.get(name="王玮")
    assert (head.phone, head.relation, head.residence) == ("19900000000", "head", "registered")
    assert head.groups.count() == 1


def test_somebody_moves_and_a_dwelling_is_opened(bring: Importing, look: Importing) -> None:
    bring([person(0), person(1)])
    rows = [person(0), person(1, 房号="502", 与户主关系="户主")]
    found = look(rows).findings.get()
    assert found.kind == Kind.MOVED
    assert "从 花城小区 1 栋 1单元 302 搬到 花城小区 1 栋 1单元 502" in found.sentence
    jobs.cancel(found.job, by=None)
    bring(rows)
    moved = Resident.objects.get(phone_index=Resident.objects.exclude(relation="child").last().phone_index)
    assert moved.household.dwelling.code.endswith("-01-05-502")
    assert Resident.objects.present().count() == 2


def test_heads_may_change_places(bring: Importing) -> None:
    bring([person(0), person(1), person(2)])
    bring([person(0, 与户主关系="父母"), person(1, 与户主关系="户主"), person(2)])
    relations = Resident.objects.order_by("id").values_list("relation", flat=True)
    assert list(relations) == ["parent", "head", "child"]


def test_who_is_not_in_the_file_stays_unless_told(bring: Importing, look: Importing, city: City) -> None:
    bring([person(0), person(1)])
    job = look([person(0)])
    assert job.counts["vanished"] == 1
    found = job.findings.get(kind=Kind.VANISHED)
    assert found.resident.name not in found.sentence + found.value
    with pytest.raises(RuleViolation, match="和台账一样"):
        jobs.confirm(job, by=city.home.secretary)
    jobs.confirm(job, by=city.home.secretary, retire_vanished=True)
    jobs.load(job.pk)
    left = Resident.objects.get(standing="left")
    assert left.pk == found.resident_id
    assert left.left_on is not None


def test_who_had_left_comes_back(bring: Importing) -> None:
    bring([person(0), person(1)])
    bring([person(0)], retire_vanished=True)
    job = bring([person(0), person(1)])
    assert job.counts["back"] == 1
    assert Resident.objects.present().count() == 2
    assert Resident.objects.filter(left_on=None).count() == 2


def test_a_new_head_where_the_old_one_is_not_in_the_file(bring: Importing, look: Importing) -> None:
    bring([person(0), person(1)])
    job = look([person(1, 与户主关系="户主")])
    assert job.findings.get(kind=Kind.BAD).code == "head_stands"
    assert job.counts["unless_retired"] == 1
    jobs.cancel(job, by=None)
    bring([person(1, 与户主关系="户主")], retire_vanished=True)
    assert Resident.objects.present().get().relation == "head"


def test_people_without_documents_are_found_by_name_and_dwelling(bring: Importing, look: Importing) -> None:
    child = person(1, 证件号码="", 姓名="王小小", 出生日期="2020-05-01", 性别="女")
    bring([person(0), child])
    again = look([person(0), child])
    assert again.counts["unchanged"] == 2
    jobs.cancel(again, by=None)
    number = an_id(0, date(2020, 5, 1), area="440204")
    bring([person(0), child | {"证件号码": number, "出生日期": "", "性别": ""}])
    grown = Resident.objects.get(name="王小小")
    assert grown.document_number == number
    assert grown.birth_date == date(2020, 5, 1)


def test_people_of_other_buildings_do_not_vanish(bring: Importing, look: Importing, city: City) -> None:
    residents.enter(
        residents.Particulars("赵云", document_kind="none"), by=None, community=city.home.organization
    )
    assert bring([person(0)]).counts["vanished"] == 0


def test_an_empty_dwelling_with_people_in_it_stays(bring: Importing, look: Importing) -> None:
    bring([person(0)])
    row = {"楼栋名称": "花城小区 1 栋", "单元": "1", "房号": "302", "房屋用途": "空置"}
    found = look([row]).findings.get(kind=Kind.BAD)
    assert found.code == "lived_in"
    jobs.cancel(found.job, by=None)
    bring([row], retire_vanished=True)
    assert Dwelling.objects.get().use == "empty"
