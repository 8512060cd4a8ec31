"""What becomes of a job and of its file: written, told, overtaken, given up, thrown away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ground import clock, drafts, heartbeat, leases
from ground.errors import RuleViolation
from notifications.models import Outgoing
from tests.volunteers.summaries.cast import DAY, State, ask_home, end_posts, files
from tests.volunteers.summary_scenes import Workbook, written
from volunteers.models import SummaryJob
from volunteers.summaries import asking, fetching, running, sheets

pytestmark = pytest.mark.django_db


def test_written_told_and_kept_sealed(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY, with_names=True)
    assert job.rows == job.total == 3 and job.ended_at
    assert Outgoing.objects.get(key=f"summary:{job.pk}:{job.by_id}").title.startswith("活动汇总可以下载了")
    (kept,) = files()
    assert not kept.read_bytes().startswith(b"PK") and "欧阳海".encode() not in kept.read_bytes()
    assert Workbook(job).content.startswith(b"PK")
    assert not list(drafts._root().glob("*")), "nothing lies open"


def test_twice_is_once(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    running.write(job.pk)
    assert len(files()) == 1 and Outgoing.objects.filter(key=f"summary:{job.pk}:{job.by_id}").count() == 1


def test_progress_stands_in_the_row(city):
    job = ask_home(city, with_names=True)
    seen: list[tuple[int, int]] = []

    class Watching(running.Teller):
        def heard(self, now: heartbeat.Progress) -> None:
            super().heard(now)
            seen.append(SummaryJob.objects.values_list("rows", "total").get(pk=job.pk))

    running.write(job.pk, listen=Watching)
    assert seen[0] == (0, 3) and seen[-1] == (3, 3)


def test_whoever_was_overtaken_writes_nothing(city):
    job = ask_home(city)

    class Overtaken(running.Teller):
        def heard(self, now: heartbeat.Progress) -> None:
            SummaryJob.objects.filter(pk=job.pk).update(began_at=clock.now() + timedelta(seconds=1))
            super().heard(now)

    running.write(job.pk, listen=Overtaken)
    job.refresh_from_db()
    assert job.state == State.WRITING and not job.file and files() == []


def test_a_lost_worker_is_replaced_and_after_five_it_is_given_up(city):
    job = ask_home(city)
    running.LEASES.take(job.pk, State.WAITING, State.WRITING)
    assert running.resume() == 0
    for minute in range(1, leases.MOST_TAKEOVERS + 1):
        with clock.at(clock.now() + timedelta(seconds=61 * minute)):
            assert running.LEASES.take(job.pk, State.WAITING, State.WRITING) is not None
    with clock.at(clock.now() + timedelta(seconds=61 * (minute + 1))):
        assert running.resume() == 1
    job.refresh_from_db()
    assert (job.state, job.sentence) == (State.FAILED, running.TOO_OFTEN)


def test_the_next_sweep_finishes_what_was_left_behind(city):
    job = ask_home(city)
    left = running.LEASES.take(job.pk, State.WAITING, State.WRITING)
    with drafts.folder(left) as folder:
        (folder / "half").write_bytes(b"half")
        with clock.at(clock.now() + timedelta(seconds=61)):
            assert running.resume() == 1
        assert not folder.exists(), "what the lost worker left lying is gone"
    job.refresh_from_db()
    assert job.state == State.DONE and job.takeovers == 1 and len(files()) == 1


def test_a_bug_is_said_and_not_tried_for_ever(city, monkeypatch):
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("欧阳海")

    monkeypatch.setattr(sheets, "write", broken)
    job = ask_home(city)
    running.write(job.pk)
    job.refresh_from_db()
    assert (job.state, job.sentence) == (State.FAILED, running.BROKEN) and files() == []


def test_a_post_that_ended_before_the_worker_came(city):
    job = ask_home(city, with_names=True)
    end_posts(city.home.secretary)
    running.write(job.pk)
    job.refresh_from_db()
    assert (job.state, job.sentence) == (State.FAILED, asking.NO_LONGER)


def test_files_go_after_seven_days(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    with clock.at(clock.now() + timedelta(days=7)):
        running.resume()
        assert len(files()) == 1
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        running.resume()
    job.refresh_from_db()
    assert job.state == State.EXPIRED and not job.file and files() == []
    with pytest.raises(RuleViolation, match="已按期删除"):
        fetching.fetch(job, by=job.by)


def test_files_that_belong_to_nothing_go_too(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    (files()[0].parent / "stray.sealed").write_bytes(b"a1:")
    with clock.at(timezone.now() + timedelta(hours=2)):  # files know no other clock
        running.resume()
    assert [each.name for each in files()] == [Path(job.file.name).name]
