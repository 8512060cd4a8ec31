"""Whether somebody is at work: workers that answer, tasks that pile up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from celery import current_app
from django.conf import settings

from operations.doctor.checks.outbox import START
from operations.doctor.findings import Finding, warning
from operations.doctor.registry import Ask, check

#: Seconds for workers to answer a call.
WAIT = 1.5
#: More messages than that are not worked off as they come.
MANY = 1000


@check("workers", "worker", cost="喊一声等 1.5 秒，数一次队列")
def workers(ask: Ask) -> Iterator[Finding]:
    """Workers answer, and their queue is short. Beat cannot be asked: that it lives shows by what is done on time,
    which the check `outbox` looks at (dashboards not brought up to date for half an hour, messages left waiting)."""
    waiting = _waiting()
    if waiting is None:
        return  # the check of settings says that the broker is away
    if waiting > MANY:
        yield warning(
            f"消息队列里积了 {waiting} 条",
            "增加 worker（docker compose up -d --scale worker=3），看日志有没有一再失败的。",
        )
    if settings.REDIS_URL and not _answers():
        yield warning("没有 worker 应答", START)


def _answers() -> bool:
    try:
        return bool(current_app.control.ping(timeout=WAIT))
    except Exception:  # a broker that is away: the check of settings says so
        return True


def _waiting() -> int | None:
    if not settings.REDIS_URL:
        folder = Path(settings.BROKER) / "messages"
        return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    try:
        with current_app.connection_for_read(connect_timeout=WAIT) as broker:
            return int(broker.default_channel.client.llen(current_app.conf.task_default_queue))
    except Exception:  # the same
        return None
