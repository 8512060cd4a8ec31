"""kill -9 at any point: nothing is half-done, and the next minute's sweep finishes the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from grids.importing import jobs
from grids.models import Dwelling, Household, ImportFinding, ImportJob, Resident
from ground import clock
from ground.heartbeat import progress
from tests.factories import a_city
from tests.grids.importing import sheets
from tests.grids.importing.scale import ROOT, environment
from tests.operations.doctoring import doctor_is_clean

pytestmark = [pytest.mark.django_db(transaction=True)]
ROWS = 1_500
#: A worker that waits in the phase it is told, as long as anybody likes.
WORKER = """
import os, sys, time, django
os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
django.setup()
from grids.importing import running
from ground import heartbeat
step, job, phase, least = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
class Slow(heartbeat.Voice):
    def heard(self, now):
        super().heard(now)
    def at(self, done):
        super().at(done)
        if self._now.phase == phase and done >= least:
            print("there", flush=True)
            time.sleep(60)
getattr(running, step)(job, listen=Slow)
"""


def kill_in(step: str, job: ImportJob, phase: str, least: int) -> None:
    """Run a step in a process of its own and kill it when it has come so far."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, step, str(job.pk), phase, str(least)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    said = worker.stdout.readline()
    assert said.strip() == "there", worker.stderr and worker.stderr.read()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def is_rolled_back() -> bool:
    """The server may notice the end of a connection a moment later."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        if connection.vendor != "postgresql":
            return True
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%%' AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                return True
        time.sleep(0.2)
    return False


@pytest.mark.parametrize("phase", ["读取和核对", "比对台账", "保存结果"])
@pytest.mark.services
def test_a_check_killed_anywhere_is_done_again(phase: str) -> None:
    job = begun(sheets.with_faults(a_city().home, ROWS, 49).xlsx())
    kill_in("check", job, phase, 0)
    assert is_rolled_back()
    job.refresh_from_db()
    assert job.state == ImportJob.State.CHECKING
    assert not ImportFinding.objects.exists()
    swept()
    job.refresh_from_db()
    assert (job.state, job.counts["bad"]) == (ImportJob.State.CHECKED, 49)
    doctor_is_clean()


@pytest.mark.parametrize(
    ("phase", "least"),
    [
        pytest.param("读取和核对", 500, marks=pytest.mark.services),
        pytest.param("比对台账", 0, marks=pytest.mark.services),
        pytest.param("写入", 0, marks=pytest.mark.services),
        ("写入", ROWS),
    ],
)
def test_a_load_killed_anywhere_is_done_again(phase: str, least: int) -> None:
    job = begun(sheets.clean(a_city().home, ROWS).xlsx())
    jobs.check(job.pk)
    job.refresh_from_db()
    jobs.confirm(job, by=None, is_handed_over=False)
    kill_in("load", job, phase, least)
    assert is_rolled_back()
    job.refresh_from_db()
    assert job.state == ImportJob.State.LOADING
    assert progress(job).phase
    assert not (Resident.objects.exists() or Dwelling.objects.exists() or Household.objects.exists())
    swept()
    job.refresh_from_db()
    assert job.state == ImportJob.State.DONE, job.sentence
    assert Resident.objects.count() == ROWS
    assert not job.file
    doctor_is_clean()


def begun(content: bytes) -> ImportJob:
    from organizations.models import Organization

    sheets.groups()
    community = Organization.objects.get(short_name="花城社区")
    return jobs.begin(by=None, community=community, content=content, name="台账.xlsx", is_handed_over=False)


def swept() -> None:
    """What beat does a minute later; tasks are eager here."""
    assert jobs.resume() == 0
    with clock.at(clock.now() + timedelta(seconds=62)):
        assert jobs.resume() == 1
