"""Rows that come by a sheet are the rows that the verbs would have made; the registry has the last word."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models

from grids import dwellings, erasing, households, residents
from grids.importing import jobs
from grids.models import Building, Compound, Dwelling, Household, ImportJob, Resident
from grids.particulars import Particulars
from organizations.models import Unit
from tests.factories import City
from tests.grids.importing import sheets
from tests.grids.importing.conftest import Importing, person
from tests.grids.importing.sheets import an_id

pytestmark = pytest.mark.django_db
#: Keys of their own, moments, and where they came from.
APART = {"id", "household_id", "dwelling_id", "qr_token", "last_import_id", "entered_at", "changed_at"}


def columns(row: models.Model) -> dict[str, Any]:
    names = (field.attname for field in row._meta.concrete_fields)
    return {name: getattr(row, name) for name in names if name not in APART}


def test_columns_are_those_of_the_verbs(bring: Importing, city: City) -> None:
    """The same family through the verbs in one dwelling, through a sheet in the other."""
    by = city.home.secretary
    dwelling = dwellings.add(
        by=by, building=city.home.building, staircase="1", floor=4, door="402", use="let"
    )
    household = households.open_household(dwelling, by=by)
    given = Particulars("单田芳", "id", an_id(0), "19900000000", relation="head", residence="floating")
    entered = residents.enter(given, by=by, household=household)
    as_entered = columns(entered)
    Resident.objects.all().delete()
    Household.objects.all().delete()
    Dwelling.objects.all().delete()

    cells = {"姓名": "单田芳", "居住类型": "流动人口", "房屋用途": "出租", "房号": "402"}
    bring([person(0, **cells)])
    came = Resident.objects.get()
    assert columns(came) == as_entered
    assert came.household_id == came.household.pk
    assert columns(came.household) == columns(household)
    assert columns(came.household.dwelling) == columns(dwelling)
    assert came.last_import is not None


def test_an_empty_dwelling_is_recorded_without_a_household(bring: Importing) -> None:
    bring([{"楼栋名称": "花城小区 1 栋", "单元": "2", "房号": "101", "房屋用途": "空置"}])
    assert Dwelling.objects.get().use == "empty"
    assert not Household.objects.exists()


def test_a_dwelling_that_was_empty_is_lived_in(bring: Importing) -> None:
    bring([{"楼栋名称": "花城小区 1 栋", "单元": "1", "房号": "302", "房屋用途": "空房"}])
    bring([person(0)])
    assert Dwelling.objects.get().use == "own"


def test_buildings_and_compounds_come_first(bring: Importing, city: City) -> None:
    company = Unit.objects.create(name="好家物业", kind="property", district=city.district)
    row = {
        "楼栋编码": "44-NEW-1",
        "楼栋名称": "8 栋",
        "小区": "新城",
        "小区类型": "安置房",
        "网格名称": "第一网格",
        "层数": "18层",
        "单元数": 2,
        "电梯": "有",
        "物业公司": "好家物业",
    }
    bring([person(0, 楼栋名称="8 栋", 小区="新城", 房号="1801")], [row])
    made = Building.objects.get(code="44-NEW-1")
    assert (made.grid, made.community) == (city.home.grid, city.home.organization)
    assert (made.floors, made.staircases, made.has_lift) == (18, 2, True)
    assert (made.compound.kind, made.compound.property_company) == ("resettlement", company)
    assert Resident.objects.get().building == made
    bring([], [row | {"层数": 20, "小区类型": ""}])
    made.refresh_from_db()
    assert (made.floors, Compound.objects.get(name="新城").kind) == (20, "resettlement")


def test_people_follow_a_building_into_another_grid(bring: Importing, city: City) -> None:
    bring([person(0)])
    code = city.home.building.code
    bring([], [{"楼栋编码": code, "楼栋名称": "花城小区 1 栋", "网格编号": city.home.first_grid.code}])
    assert Resident.objects.get().grid == city.home.first_grid
    assert Dwelling.objects.get().grid == city.home.first_grid


def test_a_code_of_another_community_is_refused_without_a_word_of_where(look: Importing, city: City) -> None:
    there = city.next_door.building
    row = {"楼栋编码": there.code, "楼栋名称": "9 栋", "网格编号": city.home.grid.code}
    found = look([], [row]).findings.get()
    assert (found.code, found.sentence) == ("code_taken", "这个编码不能用，请核对后换一个。")


def test_a_grid_and_a_person_of_another_community_stay_there(
    look: Importing, bring: Importing, city: City
) -> None:
    row = {"楼栋编码": "44-X", "楼栋名称": "9 栋", "网格编号": city.next_door.grid.code}
    assert look([], [row]).findings.get().code == "grid_unknown"
    given = Particulars("李明", "id", an_id(0))
    elsewhere = residents.enter(given, by=None, community=city.next_door.organization)
    job = bring([person(0)])
    assert job.counts["new"] == 1
    elsewhere.refresh_from_db()
    assert (elsewhere.community, elsewhere.name) == (city.next_door.organization, "李明")


def test_good_rows_are_loaded_when_asked(look: Importing, city: City) -> None:
    job = look([person(0), person(1, 手机号="12")])
    jobs.confirm(job, by=city.home.secretary, good_rows_only=True)
    jobs.load(job.pk)
    job.refresh_from_db()
    assert job.state == ImportJob.State.DONE
    assert Resident.objects.count() == 1
    assert job.findings.get().code == "phone"


def test_what_changed_since_the_check_is_seen(look: Importing, city: City) -> None:
    job = look([person(1)])
    jobs.confirm(job, by=city.home.secretary)
    Building.objects.filter(pk=city.home.building.pk).update(floors=2)
    jobs.load(job.pk)
    job.refresh_from_db()
    assert (job.state, job.sentence) == ("checked", "台账在预检后有变化，请重新核对。")
    assert job.findings.get().code == "floor_high"
    assert not Resident.objects.exists()


def test_an_edit_since_the_check_is_not_overwritten_unseen(
    bring: Importing, look: Importing, city: City
) -> None:
    bring([person(0), person(1)])
    job = look([person(0, 居住类型="流动人口"), person(1)])
    jobs.confirm(job, by=city.home.secretary)
    other = Resident.objects.get(relation="child")
    given = Particulars(other.name, "id", other.document_number, "19955554444", relation="child")
    residents.change(other, given, by=city.home.secretary)
    jobs.load(job.pk)
    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.state, job.counts["changed"], other.phone) == ("checked", 2, "19955554444")


@pytest.mark.parametrize("is_changed", [True, False])
def test_whoever_was_erased_since_the_check_is_not_brought_back_unseen(
    bring: Importing, look: Importing, city: City, is_changed: bool
) -> None:
    bring([person(0), person(1)])
    job = look([person(0, 手机号="19977776666") if is_changed else person(0), person(1), person(2)])
    erasing.erase(Resident.objects.get(relation="head"), by=city.home.secretary, reason="本人书面申请")
    jobs.confirm(job, by=city.home.secretary)
    jobs.load(job.pk)
    job.refresh_from_db()
    assert (job.state, job.counts["new"]) == ("checked", 2)
    assert Resident.objects.present().count() == 1


def test_good_rows_of_a_sheet_that_is_called_by_a_number(city: City) -> None:
    rows = [person(0), person(1, 手机号="1381234567")]
    titles = list(dict.fromkeys(title for row in rows for title in row))
    content = sheets.workbook({"13812345678": (titles, rows)})
    home = city.home
    job = jobs.begin(by=home.secretary, community=home.organization, content=content, name="表.xlsx")
    jobs.check(job.pk)
    job.refresh_from_db()
    jobs.confirm(job, by=home.secretary, good_rows_only=True)
    jobs.load(job.pk)
    job.refresh_from_db()
    assert (job.state, job.sentence) == ("done", "")


def test_the_database_has_the_last_word_and_is_not_quoted(
    look: Importing, city: City, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A rule that slipped through the plan: two heads. Nothing is written, and nobody reads a value."""
    job = look([person(0), person(1)])
    jobs.confirm(job, by=city.home.secretary)
    from grids.importing import loading

    plain = loading.write_to

    def two_heads(resident: Resident, given: Particulars) -> None:
        plain(resident, given)
        resident.relation = "head"

    monkeypatch.setattr(loading, "write_to", two_heads)
    jobs.load(job.pk)
    job.refresh_from_db()
    assert (job.state, job.sentence) == ("checked", "写入时和台账冲突，什么都没有写入，请重新核对。")
    assert not Dwelling.objects.exists()
    assert an_id(0) not in caplog.text
    assert "王伟" not in caplog.text
