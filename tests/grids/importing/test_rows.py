"""What people write is understood, or refused with what to do; what a finding shows of it is masked."""

from __future__ import annotations

from typing import Any

import pytest

from grids.importing import jobs
from grids.importing.checking import Faults
from grids.importing.faults import KINDS, masked, sentence_of
from grids.importing.rows import Source
from grids.importing.spots import BadPlace, household_number, spot
from grids.models import Building, Dwelling, ImportFinding, Resident
from tests.factories import City
from tests.grids.importing import sheets
from tests.grids.importing.conftest import Importing, person
from tests.grids.importing.sheets import an_id


@pytest.mark.parametrize(
    ("staircase", "floor", "door", "found"),
    [
        ("1单元", None, "302", ("1", 3, "302")),
        ("一单元", "三楼", "302室", ("1", 3, "302")),
        ("02", 12.0, 1203.0, ("2", 12, "1203")),
        ("", "-1", "B101", ("", -1, "B101")),
        ("", "负一层", "车库1", ("", -1, "车库1")),
        ("", "十二层", "A座右", ("", 12, "A座右")),
        ("A", "", "0302", ("A", 3, "0302")),
        ("", "", "1-302", ("1", 3, "302")),
        ("", "", "2单元1203房", ("2", 12, "1203")),
        ("无", "５", "５０１", ("", 5, "501")),
    ],
)
def test_places_as_people_write_them(staircase: Any, floor: Any, door: Any, found: tuple[Any, ...]) -> None:
    assert spot(staircase, floor, door) == found


@pytest.mark.parametrize(
    ("staircase", "floor", "door", "code"),
    [
        ("", "", "", "door_missing"),
        ("", "", "12", "floor_missing"),
        ("", "", "10203", "floor_missing"),
        ("", "", "B101", "floor_missing"),
        ("", "0", "302", "floor"),
        ("", "顶楼", "302", "floor"),
        ("", "3", "一个很长很长很长的房间", "door"),
        ("东边那个门", "3", "302", "staircase"),
    ],
)
def test_places_that_are_none(staircase: str, floor: str, door: str, code: str) -> None:
    with pytest.raises(BadPlace) as bad:
        spot(staircase, floor, door)
    assert bad.value.code == code


def test_households_are_counted() -> None:
    assert [household_number(cell) for cell in (None, "", 2.0, "第二户", "3户")] == [1, 1, 2, 2, 3]
    with pytest.raises(BadPlace):
        household_number("440203001")


@pytest.mark.parametrize(
    ("field", "text", "shown"),
    [
        ("name", "欧阳修文", "欧**"),
        ("number", "440203199001011234", "440203********1234"),
        ("phone", "13812345678", "138****5678"),
        ("birth", "1985年13月1日", "1985…"),
        ("relation", "张三", "张**"),
        ("door", "302", "302"),
        ("building_name", "张三丰", "张**"),
        ("building_name", "99 栋", "99 栋"),
        ("door", "13812345678", "1********78"),
    ],
)
def test_values_are_masked(field: str, text: str, shown: str) -> None:
    assert masked(field, text) == shown


def test_every_kind_of_fault_says_what_to_do() -> None:
    assert len(KINDS) >= 40
    assert all(len(ImportFinding(code=code).code) <= 24 for code in KINDS)


@pytest.mark.django_db
def test_words_that_people_use(bring: Importing) -> None:
    rows = [
        person(0, 与户主关系="本人", 居住类型="本地", 房屋用途="自有", 证件类型="二代身份证"),
        person(1, 与户主关系="妻", 居住类型="外来人口", 重点人群="残疾人、独居老人", 手机号="+86 138-0013-8000"),
        person(2, 与户主关系="外孙女", 居住类型="", 证件类型="无", 证件号码="", 出生日期="2021.3.4", 性别="女"),
    ]  # fmt: skip
    bring(rows)
    found = Resident.objects.order_by("relation").values_list("relation", "residence", "document_kind")
    assert list(found) == [
        ("grandchild", "registered", "none"),
        ("head", "registered", "id"),
        ("spouse", "floating", "id"),
    ]
    spouse = Resident.objects.get(relation="spouse")
    assert spouse.phone == "13800138000"
    assert spouse.groups.count() == 2
    assert str(Resident.objects.get(relation="grandchild").birth_date) == "2021-03-04"
    assert Dwelling.objects.get().use == "own"


@pytest.mark.django_db
def test_a_sheet_as_communities_keep_it(city: City) -> None:
    """A title over merged cells, two rows of headings, blank rows, a total, a note, full-width figures, GBK."""
    number = "".join(chr(ord(sign) + 0xFEE0) for sign in an_id(0))
    lines = [
        "花城社区居民信息登记表,,,,,",
        "楼栋,门牌号,姓名,公民身份号码,联系电话,人员类别",
        f"花城小区 1 栋,302室,王 伟,{number},１９９００００００００,户籍人口",
        ",,,,,",
        f"花城小区 1 栋,502,阿依古丽·买买提,{an_id(1)},,流动",
        "合计,2,,,,",
        "注：以上由网格员填写,,,,,",
    ]
    home = city.home
    job = jobs.begin(
        by=home.secretary,
        community=home.organization,
        content="\r\n".join(lines).encode("gbk"),
        name="花城.csv",
    )
    jobs.check(job.pk)
    job.refresh_from_db()
    assert (job.counts["rows"], job.counts["bad"], job.counts["skipped"]) == (2, 0, 2)
    jobs.confirm(job, by=home.secretary)
    jobs.load(job.pk)
    assert set(Resident.objects.values_list("name", flat=True)) == {"王伟", "阿依古丽·买买提"}
    assert Resident.objects.get(name="王伟").document_number == an_id(0)


@pytest.mark.django_db
def test_the_sheet_may_be_named_after_its_building(city: City) -> None:
    Building.objects.filter(pk=city.home.building.pk).update(name="3 栋")
    sheet = sheets.workbook(
        {"3栋": (["房号", "姓名", "身份证号"], [{"房号": "101", "姓名": "王伟", "身份证号": an_id(0)}])}
    )
    home = city.home
    job = jobs.begin(by=home.secretary, community=home.organization, content=sheet, name="a.xlsx")
    jobs.check(job.pk)
    job.refresh_from_db()
    assert (job.counts["new"], job.counts["bad"]) == (1, 0)


@pytest.mark.django_db
def test_a_building_of_the_next_community_is_unknown(look: Importing, city: City) -> None:
    rows = [
        person(0, 楼栋名称=city.next_door.building.name),
        person(1, 楼栋编码=city.next_door.building.code, 楼栋名称=""),
    ]
    found = look(rows).findings.values_list("code", "sentence")
    assert set(found) == {("building_unknown", KINDS["building_unknown"].sentence)}


@pytest.mark.django_db
def test_no_value_of_anybody_lies_in_the_findings(look: Importing) -> None:
    rows = [
        person(number, 手机号="1381234567", 居住类型="赵子龙", 房号=f"{number + 1}01") for number in range(6)
    ]
    look(rows)
    stored = str(list(ImportFinding.objects.values_list("value", "sentence", "column")))
    for row in rows:
        assert row["姓名"] not in stored
        assert row["证件号码"] not in stored
    assert "1381234567" not in stored
    assert "赵子龙" not in stored


def test_a_sheet_with_an_endless_name() -> None:
    """Excel allows 31 signs, other programs any number; findings tell of the sheet and must fit their columns."""
    source = Source("长" * 300, "people", {}, {}, 1)
    faults = Faults()
    faults.add(source, 3, "name", "twice", "", sentence_of("twice", row=2, sheet=source.sheet))
    fault = faults[0]
    longest = {name: ImportFinding._meta.get_field(name).max_length for name in ("sheet", "sentence")}
    assert len(fault.sheet) <= longest["sheet"] and len(fault.sentence) <= longest["sentence"]
