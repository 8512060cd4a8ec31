"""What workers do: write a summary, take up what a killed worker left behind, remove what is old.

A job is held under a lease (`ground.leases`). A worker that dies leaves no file: the next one begins again, and
the job names a file only when it is whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.urls import reverse

from ground import clock, drafts, heartbeat, sealed
from ground.heartbeat import Progress, Voice, beating
from ground.leases import Leases
from notifications.outbox import say
from volunteers.models import SummaryJob
from volunteers.summaries import sheets
from volunteers.summaries.asking import NO_LONGER, may_still, send

State = SummaryJob.State
#: The file of a finished summary lies so long.
KEPT = timedelta(days=7)
BROKEN = "生成汇总的程序出错，没有生成文件；请把时间和范围告诉系统管理员。"
TOO_OFTEN = "这份汇总几次都没有生成完，已停止；请缩短日期，分几次申请。"
LEASES = Leases(
    SummaryJob,
    "summary",
    broken=BROKEN,
    too_often=TOO_OFTEN,
    related=("by", "organization", "unit"),
)


class Teller(Voice):
    """Says it in the row too: what is `rows` of `total` there moves the bar. Raises Overtaken: nobody works on for
    a job that somebody else has."""

    def heard(self, now: Progress) -> None:
        super().heard(now)
        if self.job is not None:
            LEASES.still(self.job, rows=now.done, total=max(now.total, now.done))


def write(job_id: int, *, listen: Callable[[SummaryJob], Voice] = Teller) -> None:
    """Write the workbook of a job and keep it. Does nothing for a job that is not due."""
    job = LEASES.take(job_id, State.WAITING, State.WRITING)
    if job is None:
        return
    if not may_still(job.by, job):
        LEASES.fail(job, NO_LONGER)
        return
    voice = listen(job)
    with LEASES.answered(job), LEASES.quietly("write", job), drafts.folder(job) as folder:
        path = folder / "summary.xlsx"
        with beating(voice):
            sheets.write(job, path, voice, drafts=folder)
            _keep(job, path, voice)


def _keep(job: SummaryJob, path: Path, voice: Voice) -> None:
    """Seal the workbook into the storage, then name it, if the job is still ours."""
    voice.go_on("保存文件")
    field: Any = SummaryJob._meta.get_field("file")
    name = f"{sealed.folder_of(SummaryJob)}/{secrets.token_urlsafe(16)}.sealed"
    with _or_none(field.storage, name):
        name = field.storage.save(name, sealed.Closing(job, path))
        with transaction.atomic():
            done = voice.now.done
            LEASES.still(
                job, state=State.DONE, file=name, rows=done, total=done, sentence="", ended_at=clock.now()
            )
            _tell(job)
    heartbeat.forget(job)


@contextmanager
def _or_none(storage: Any, name: str) -> Any:
    """A file whose job could not name it is not left behind."""
    try:
        yield
    except BaseException:
        storage.delete(name)
        raise


def _tell(job: SummaryJob) -> None:
    say(
        to=job.by,
        key=f"summary:{job.pk}",
        title=f"活动汇总可以下载了：{job.title}",
        text=f"文件保留 {KEPT.days} 天。",
        url=reverse("volunteers:summary", args=[job.pk]),
    )


def resume() -> int:
    """Every minute: jobs whose worker was lost are sent again; old files, and what was left behind, are removed."""
    sent = 0
    for job in LEASES.lost(SummaryJob.OPEN):
        send(job)
        sent += 1
    for job in SummaryJob.objects.filter(state=State.DONE, ended_at__lt=clock.now() - KEPT):
        SummaryJob.objects.filter(pk=job.pk).update(state=State.EXPIRED)
    for job in SummaryJob.objects.exclude(state__in=(*SummaryJob.OPEN, State.DONE)).exclude(file=""):
        sealed.throw_away(job)
    sealed.sweep(SummaryJob)
    drafts.sweep(SummaryJob, SummaryJob.OPEN)
    return sent
