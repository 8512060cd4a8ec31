"""The template: filled in as it asks, it is read as it is; its sample rows are never loaded."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from grids.importing import jobs
from grids.importing.template import template
from grids.models import Building, ImportJob, Resident
from ground.sheets import open_book, text_of
from tests.factories import City
from tests.grids.importing import sheets
from tests.grids.importing.sheets import an_id

pytestmark = pytest.mark.django_db
Table = tuple[list[str], list[dict[str, Any]]]


def tables(city: City) -> dict[str, Table]:
    """Its sheets as they are downloaded: titles and rows."""
    found = {}
    with open_book(template(city.home.organization), "模板.xlsx") as book:
        for sheet in book.sheets:
            rows = [[text_of(cell) for cell in cells] for _, cells in sheet.rows()]
            found[sheet.name] = rows[0], [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    return found


def checked(city: City, content: bytes) -> ImportJob:
    home = city.home
    job = jobs.begin(by=home.secretary, community=home.organization, content=content, name="模板.xlsx")
    jobs.check(job.pk)
    job.refresh_from_db()
    return job


def test_as_it_is_nothing_is_in_it(city: City) -> None:
    job = checked(city, template(city.home.organization))
    assert job.counts["rows"] == 0
    assert job.sentence == "表里没有可以导入的行。"
    assert [each.sentence for each in job.findings.filter(row=2)] == ["模板里的示例行，没有读。"] * 2


def test_every_title_is_understood(city: City) -> None:
    home = city.home
    job = jobs.begin(
        by=home.secretary,
        community=home.organization,
        content=template(home.organization),
        name="模板.xlsx",
    )
    seen = {each.sheet: each for each in jobs.headings(job)}
    for name, fields in (("居民", 17), ("楼栋", 11)):
        assert len(seen[name].fields) == len(seen[name].titles) == fields


def test_filled_in_it_is_loaded_without_its_samples(city: City) -> None:
    found = tables(city)
    titles, rows = found["居民"]
    rows.append(
        rows[0] | {"姓名": "李芳", "楼栋名称": "9 栋", "小区": "", "证件号码": an_id(1), "手机号": ""}
    )
    of_buildings, buildings = found["楼栋"]
    code, name = of_buildings[0], of_buildings[1]
    buildings.append(
        buildings[0] | {code: "44-9", name: "9 栋", "小区": "", "小区类型": "", "网格名称": "第一网格"}
    )
    job = checked(city, sheets.workbook({"居民": (titles, rows), "楼栋": (of_buildings, buildings)}))
    assert list(job.findings.filter(kind="bad")) == []
    jobs.confirm(job, by=city.home.secretary)
    jobs.load(job.pk)
    assert Resident.objects.get().name == "李芳"
    assert Building.objects.filter(community=city.home.organization).count() == 2


def test_lists_are_this_communitys(city: City) -> None:
    content = template(city.home.organization)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        texts = "".join(package.read(name).decode() for name in package.namelist() if name.endswith(".xml"))
    assert "dataValidation" in texts
    assert "独居老人" in texts
    assert city.home.building.code in texts
    assert city.next_door.building.code not in texts
    assert "隔壁" not in texts
