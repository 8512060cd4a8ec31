"""A community with a building of two staircases and eight floors, and a quick way to import a few rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grids.importing import jobs
from grids.models import Building, ImportJob
from ground import sealed
from tests.factories import City, a_city
from tests.grids.importing import sheets

Rows = list[dict[str, Any]]
Importing = Callable[..., ImportJob]


def folder() -> Path:
    """Where uploads lie; a storage keeps to the folder that it found first."""
    return Path(ImportJob._meta.get_field("file").storage.path(sealed.folder_of(ImportJob)))


@pytest.fixture(autouse=True)
def no_uploads() -> None:
    shutil.rmtree(folder(), ignore_errors=True)


@pytest.fixture
def city() -> City:
    sheets.groups()
    made = a_city()
    Building.objects.filter(pk=made.home.building.pk).update(floors=8, staircases=2)
    return made


@pytest.fixture
def look(city: City) -> Importing:
    """Upload rows of 居民 (and 楼栋) and have them checked."""

    def begun(people: Rows, buildings: Rows | None = None, **more: Any) -> ImportJob:
        tables = {"楼栋": (sheets.BUILDINGS, buildings)} if buildings else {}
        titles = list(dict.fromkeys([*sheets.PEOPLE, *(title for row in people for title in row)]))
        content = sheets.workbook({**tables, "居民": (titles, people)})
        job = jobs.begin(
            by=city.home.secretary, community=city.home.organization, content=content, name="表.xlsx", **more
        )
        jobs.check(job.pk)
        job.refresh_from_db()
        return job

    return begun


@pytest.fixture
def bring(city: City, look: Importing) -> Importing:
    """The same, confirmed and written."""

    def brought(people: Rows, buildings: Rows | None = None, **choices: Any) -> ImportJob:
        job = look(people, buildings)
        jobs.confirm(job, by=city.home.secretary, **choices)
        jobs.load(job.pk)
        job.refresh_from_db()
        assert job.state == ImportJob.State.DONE, job.sentence
        return job

    return brought


def person(number: int, **cells: Any) -> dict[str, Any]:
    """A row of somebody in 花城小区 1 栋, 1单元 302."""
    return {
        "楼栋名称": "花城小区 1 栋",
        "单元": "1单元",
        "房号": "302",
        "姓名": "王伟李芳张娜"[number % 3 * 2 : number % 3 * 2 + 2],
        "证件号码": sheets.an_id(number),
        "手机号": f"1990000{number:04d}",
        "与户主关系": "户主" if number == 0 else "子女",
        "居住类型": "户籍常住",
    } | cells  # fmt: skip
