"""The whole way on a small sheet; `python -m tests.grids.importing.scale` plays it with 100,000 rows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grids.importing import examining, jobs
from grids.models import Building, Dwelling, Household, ImportFinding, ImportJob, Resident
from ground.heartbeat import Voice
from tests.factories import City
from tests.grids.importing import sheets
from tests.grids.importing.conftest import Importing

pytestmark = pytest.mark.django_db


def checked(city: City, content: bytes) -> ImportJob:
    job = jobs.begin(
        by=city.home.secretary, community=city.home.organization, content=content, name="台账.xlsx"
    )
    jobs.check(job.pk)
    job.refresh_from_db()
    return job


def test_every_planted_fault_is_told_at_its_row_and_nothing_is_loaded(city: City) -> None:
    made = sheets.with_faults(city.home, 2_000, 100)
    job = checked(city, made.xlsx())
    bad = job.findings.filter(kind=ImportFinding.Kind.BAD)
    assert set(bad.values_list("sheet", "row", "code")) == made.planted
    assert len({code for _, _, code in made.planted}) >= 40
    assert job.state == ImportJob.State.CHECKED
    assert job.counts["bad"] == 100
    assert not Resident.objects.exists()
    assert not Dwelling.objects.exists()


def test_comparing_asks_as_much_for_many_rows_as_for_few(bring: Importing, city: City) -> None:
    """The registry is read in portions of 5,000; a row costs no query."""
    made = sheets.clean(city.home, 900)
    bring(made.people, made.buildings)
    asked = []
    for people in (30, 900):
        some = sheets.clean(city.home, people).people
        content = sheets.workbook({"居民": (sheets.PEOPLE, some)})
        draft = examining.read(content, "a.xlsx", {}, voice=Voice())
        with CaptureQueriesContext(connection) as queries:
            outcome = examining.compare(draft, city.home.organization, is_retiring=False, voice=Voice())
        assert outcome.counts["unchanged"] == people
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 15


def test_the_clean_sheet_is_loaded(city: City) -> None:
    made = sheets.clean(city.home, 2_000)
    job = checked(city, made.xlsx())
    assert list(job.findings.all()) == []
    jobs.confirm(job, by=city.home.secretary)
    jobs.load(job.pk)
    job.refresh_from_db()
    assert job.state == ImportJob.State.DONE, job.sentence
    assert not job.file
    assert Resident.objects.present().count() == 2_000
    assert Building.objects.filter(community=city.home.organization).count() == len(made.buildings) + 1
    assert Dwelling.objects.count() == Household.objects.count()
