"""What the pages of 活动汇总 say about a job: its one sentence, its chip, how far it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ground.heartbeat import is_silent, progress
from volunteers.models import SummaryJob
from volunteers.summaries.running import KEPT

State = SummaryJob.State
RUNNING = frozenset(SummaryJob.OPEN)
CHIPS = {
    State.WAITING: "wait",
    State.WRITING: "hand",
    State.DONE: "done",
    State.FAILED: "late",
    State.EXPIRED: "wait",
}


def summary_row(job: SummaryJob) -> dict[str, Any]:
    """A job as the list shows it."""
    return {
        "job": job,
        "chip": {"state": CHIPS[State(job.state)], "label": job.get_state_display()},
        "rows": f"{job.rows:,} 条记录" if job.rows and job.state in (State.DONE, State.EXPIRED) else "",
        "names": "含姓名" if job.with_names else "只有数字",
    }


def summary_headline(job: SummaryJob) -> str:
    """The one sentence at the top of a job's page."""
    if job.state == State.WRITING:
        return f"正在生成 {percent(job)}%" if job.total else "正在生成…"
    return {
        State.WAITING: "排队中，马上开始",
        State.DONE: "汇总好了，可以下载",
        State.FAILED: "这份汇总没有生成",
        State.EXPIRED: "文件已按期删除",
    }[State(job.state)]


def summaries_headline(jobs: list[SummaryJob]) -> str:
    running = sum(job.state in RUNNING for job in jobs)
    return f"{running} 份汇总正在生成" if running else "把活动和时长汇成一张表"


def percent(job: SummaryJob) -> int:
    return min(100, job.rows * 100 // job.total) if job.total else 0


def summary_progress(job: SummaryJob) -> dict[str, Any]:
    """The bar: rows as they stand in the row, the phase as the worker last said it."""
    return {
        "phase": progress(job).phase or "等后台开始",
        "is_silent": is_silent(job),
        "done": f"{job.rows:,}" if job.rows else "",
        "total": f"{job.total:,}" if job.total else "",
        "percent": percent(job),
    }


def kept_until(job: SummaryJob) -> Any:
    """When the file is removed; None where there is none."""
    return job.ended_at + timedelta(days=KEPT.days) if job.state == State.DONE and job.ended_at else None
