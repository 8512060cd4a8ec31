"""kill -9 while a summary is written: the next sweep finishes it, with one file and nothing twice in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection

from ground import clock, drafts
from notifications.models import Outgoing
from tests.factories import a_city
from tests.grids.importing.scale import ROOT, environment
from tests.notifications.aside import Aside, until
from tests.volunteers.summary_scenes import Invention, Workbook, asked
from volunteers.models import LedgerEntry, SummaryJob
from volunteers.summaries import reading, running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
State = SummaryJob.State
#: A database of Redis that no other suite uses.
REDIS_NUMBER = 15
ENTRIES = 2_500
#: A worker that waits in the phase it is told, as long as anybody likes.
WORKER = """
import os, sys, time, django
os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
django.setup()
from volunteers.summaries import reading, running
job, phase = int(sys.argv[1]), sys.argv[2]
class Slow(running.Teller):
    def heard(self, now):
        super().heard(now)
        if now.phase == phase and (now.done or phase != "读取台账"):
            print("there", flush=True)
            time.sleep(60)
    def at(self, done):
        self._last = 0  # tell of every page
        super().at(done)
running.write(job, listen=Slow)
"""


@pytest.fixture
def job() -> SummaryJob:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    city = a_city()
    Invention(city, [city.home, city.next_door], entries=ENTRIES, people=120, units=4)
    return asked(city.home.secretary, city.home.organization, with_names=True)


def files() -> list[Path]:
    folder = Path(SummaryJob._meta.get_field("file").storage.path("summaries"))
    return sorted(folder.iterdir()) if folder.exists() else []


def is_whole(job: SummaryJob) -> None:
    """One file, every entry once, told once, nothing left lying."""
    job.refresh_from_db()
    assert job.state == State.DONE, job.sentence
    assert [each.name for each in files()] == [Path(job.file.name).name]
    book = Workbook(job)
    place = {"community": job.organization}
    entries = LedgerEntry.objects.filter(**place)
    start, end = reading.span_of(job)
    entries = entries.filter(served_at__gte=start, served_at__lt=end)
    assert len(book.rows["台账"]) == entries.count()
    assert (
        book.sum("台账", "分钟") == book.whole["服务分钟"] == sum(entries.values_list("minutes", flat=True))
    )
    assert Outgoing.objects.filter(key__startswith=f"summary:{job.pk}:").count() == 1
    assert not list((settings.VAR / "drafts").glob("volunteers.summaryjob-*"))


@pytest.mark.parametrize("phase", ["读取台账", "写活动", "装订文件", "保存文件"])
def test_killed_in_any_phase(job: SummaryJob, phase: str) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(job.pk), phase],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "there", worker.stderr and worker.stderr.read()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    job.refresh_from_db()
    assert job.state == State.WRITING and 0 < job.rows <= job.total and not job.file
    assert len(list(drafts._root().glob("volunteers.summaryjob-*"))) == 1, "it could not tidy up"
    assert running.resume() == 0, "it was heard of a moment ago"
    with clock.at(clock.now() + timedelta(seconds=62)):
        assert running.resume() == 1
    is_whole(job)
    assert job.takeovers == 1


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Aside]:
    url = f"{os.environ['WENSHAO_TEST_REDIS_URL'].rpartition('/')[0]}/{REDIS_NUMBER}"
    redis.Redis.from_url(url).flushdb()
    aside = Aside(tmp_path / "aside", url)
    aside.var.mkdir()
    aside.environ["WENSHAO_MEDIA_ROOT"] = SummaryJob._meta.get_field("file").storage.location
    yield aside
    aside.kill_worker()
    redis.Redis.from_url(url).flushdb()


def a_minute_later(job: SummaryJob, url: str) -> None:
    """Nobody has heard of it since: what a worker says is said in its own Redis."""
    long_ago = clock.now() - timedelta(seconds=70)
    SummaryJob.objects.filter(pk=job.pk).update(began_at=long_ago)
    kept = redis.Redis.from_url(url)
    said: Any = list(kept.scan_iter("wp:*"))
    assert said, "the worker told how far it was"
    kept.delete(*said)


def test_a_real_worker_killed_and_another_one(job: SummaryJob, workers: Aside) -> None:
    url = workers.environ["REDIS_URL"]
    broker = Celery(broker=url, set_as_current=False)  # what is sent from here stays at home
    workers.start_worker()
    # Thanks are locked: the ledger has passed, the whistles cannot.
    blocker = connection.Database.connect(**connection.get_connection_params())
    try:
        blocker.cursor().execute("LOCK TABLE volunteers_thanks IN ACCESS EXCLUSIVE MODE")
        broker.send_task("volunteers.write_summary", [job.pk])
        until(lambda: SummaryJob.objects.get(pk=job.pk).rows > ENTRIES // 3, 30, workers.log)
        workers.kill_worker()
    finally:
        blocker.rollback()
        blocker.close()
    job.refresh_from_db()
    assert job.state == State.WRITING and job.rows < job.total and files() == []
    a_minute_later(job, url)
    workers.start_worker()
    broker.send_task("volunteers.resume_summaries")
    until(lambda: SummaryJob.objects.get(pk=job.pk).state == State.DONE, 60, workers.log)
    is_whole(job)
    left = list((workers.var / "drafts").glob("*"))
    if left:  # the sweep may have come before the second worker had begun; the next one removes it
        broker.send_task("volunteers.resume_summaries")
        until(lambda: not list((workers.var / "drafts").glob("*")), 30, workers.log)
