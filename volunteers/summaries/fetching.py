"""Handing the finished workbook to whoever asked for it, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from ground import sealed
from ground.errors import NoPower, RuleViolation
from ground.fields import Undecipherable
from ground.sheets.writing import CONTENT_TYPE
from volunteers.models import SummaryJob
from volunteers.summaries.asking import NO_LONGER, may_still

State = SummaryJob.State
#: State → why there is no file.
WHY_NOT = {
    State.WAITING: "还在排队，生成好了再下载。",
    State.WRITING: "还没有生成好，请稍等。",
    State.FAILED: "这份汇总没有生成，请重新申请。",
    State.EXPIRED: "文件已按期删除，请重新申请。",
}


def fetch(job: SummaryJob, *, by: Any) -> Iterator[bytes]:
    """The workbook, piece by piece. The caller found the job through `visible_to`: it is one's own.

    Raises NoPower where the post that it was made under has ended; RuleViolation where there is no file.
    """
    if not may_still(by, job):
        raise NoPower(NO_LONGER)
    if job.state != State.DONE:
        raise RuleViolation(WHY_NOT[State(job.state)])
    try:
        return sealed.opened_in_pieces(job)
    except (OSError, ValueError, Undecipherable):
        raise RuleViolation("文件已经读不出来，请重新申请。") from None


def answer(job: SummaryJob, *, by: Any) -> StreamingHttpResponse:
    """The same as a download that no cache keeps. Raises what `fetch` raises."""
    days = f"{job.first_day:%Y%m%d}-{job.last_day:%Y%m%d}"
    name = f"{job.place_name}活动汇总-{days}.xlsx"
    given = StreamingHttpResponse(fetch(job, by=by), content_type=CONTENT_TYPE)
    given["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    given["Cache-Control"] = "no-store"
    return given
