"""Two imports into one community at the same moment take turns, and nobody is entered twice."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from grids.importing import jobs
from grids.models import Dwelling, ImportJob, Resident
from tests.factories import a_city
from tests.grids.importing import sheets
from tests.grids.importing.scale import ROOT, environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
PEOPLE = 1_000
WORKER = """
import os, sys, time, django
os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
django.setup()
from grids.importing import running
time.sleep(max(0, float(sys.argv[1]) - time.time()))
running.load(int(sys.argv[2]))
"""


def test_two_sheets_with_the_same_people() -> None:
    sheets.groups()
    home = a_city().home
    made = sheets.clean(home, PEOPLE)
    tables = {"楼栋": (sheets.BUILDINGS, made.buildings), "居民": (sheets.PEOPLE, made.people)}
    begun = []
    for name in ("一", "二"):
        content = sheets.workbook(tables | {f"说明{name}": (["说明"], [])})
        job = jobs.begin(
            by=None, community=home.organization, content=content, name="表.xlsx", is_handed_over=False
        )
        jobs.check(job.pk)
        job.refresh_from_db()
        begun.append(jobs.confirm(job, by=None, is_handed_over=False))
    assert begun[0].pk != begun[1].pk
    moment = str(time.time() + 4)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, moment, str(job.pk)],
            cwd=ROOT,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        for job in begun
        for _ in range(2)  # each job twice, as after a message that came twice
    ]
    errors = [process.communicate(timeout=120)[1] for process in running]
    assert all(process.returncode == 0 for process in running), errors
    assert set(ImportJob.objects.values_list("state", flat=True)) == {ImportJob.State.DONE}
    assert Resident.objects.count() == PEOPLE
    assert Dwelling.objects.count() == len(
        {(row["楼栋编码"], row["单元"], row["房号"]) for row in made.people}
    )
