"""What waits: messages, jobs of workers, the platform's own clock. Beat and workers are known by their works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import Q

from dashboards.models import RollupState
from grids.models import ImportJob
from ground.heartbeat import is_silent
from notifications.delivery import MAX_TRIES
from notifications.models import FanOut, Outgoing
from operations.doctor.findings import MOST, Finding, Level, of_rows, warning
from operations.doctor.registry import Ask, check
from requests.models import Dispatch, ServiceRequest
from volunteers.models import BoardNews, Whistle, WhistleSeries
from volunteers.states import WhistleState

#: The sweep comes every minute, the clocks too: what waits for longer has nobody who does it.
PATIENCE = timedelta(minutes=10)
#: Boards and rollups are brought up to date every ten minutes.
ROUNDS = timedelta(minutes=30)
#: Of one row that failed so often the gateway is worth a look.
OFTEN = MAX_TRIES // 2
#: A checked import that nobody confirms is given up after so long (grids.importing.jobs).
UNCONFIRMED = timedelta(days=8)

START = (
    "确认 worker 和 beat 在运行（embedded：manage.py up；production：docker compose ps），一两分钟后再看。"
)
GATEWAY = "看日志 message not carried 说的错误，确认短信等通道连得上（WENSHAO_SMS_URL）。"


@check("outbox", "待发和后台任务", cost="都走部分索引：约 20 次查询，1 秒以内", looks_twice=True)
def outbox(ask: Ask) -> Iterator[Finding]:
    """Messages and fan-outs leave within minutes, jobs of workers are held by somebody who speaks, and what the clock
    has to do is done: reminders, time-outs, starts and ends of whistles. What waits here nobody hears of."""
    yield from _messages(ask)
    yield from _jobs(ask)
    yield from _clocks(ask)
    yield from _rounds(ask)


def _messages(ask: Ask) -> Iterator[Finding]:
    waiting = Outgoing.objects.filter(state=Outgoing.State.WAITING)
    late = waiting.filter(next_try_at__lt=ask.at - PATIENCE)
    yield from of_rows("消息等了十分钟以上还没有送", START, late)
    yield from of_rows("消息试了多次没有送成", GATEWAY, waiting.filter(tries__gte=OFTEN), Level.WARNING)
    yield from of_rows(
        "消息发送失败，不会再试",
        f"{GATEWAY}收件箱里的已经有了；要再送，把这些行的 state 改回 waiting、tries 改回 0。",
        Outgoing.objects.filter(state=Outgoing.State.FAILED),
        Level.WARNING,
    )
    stuck = FanOut.objects.filter(done_at=None, created_at__lt=ask.at - PATIENCE)
    yield from of_rows("群发十分钟以上还没有展开完", START + "还在的看日志 fan-out not expanded。", stuck)


def job_models() -> list[Any]:
    """Models whose rows workers hold on lease (`ground.leases`), known by their columns."""
    wanted = {"state", "began_at", "made_at", "ended_at", "takeovers"}
    return [
        model
        for model in apps.get_models()
        if wanted <= {field.name for field in model._meta.concrete_fields}
    ]


def _jobs(ask: Ask) -> Iterator[Finding]:
    for model in job_models():
        name, jobs = model._meta.verbose_name, model._base_manager.filter(ended_at=None)
        at_work = [state for state in model.OPEN if state != ImportJob.State.CHECKED]
        lost = [
            str(job.pk)
            for job in jobs.filter(state__in=at_work).order_by("pk")[: 10 * MOST]
            if is_silent(job) and (job.began_at or job.made_at) < ask.at - PATIENCE
        ]
        if lost:
            what = f"{name}任务没有人在做（租约到期十分钟以上）"
            yield Finding(Level.ERROR, what, START, tuple(lost[:MOST]), len(lost))
        yield from of_rows(
            f"{name}任务一再换人接手",
            "看日志 job overtaken，多半是内存不够或进程被杀：给 worker 更多内存，或拆小文件。",
            jobs.filter(state__in=at_work, takeovers__gte=2),
            Level.WARNING,
        )
    old = ImportJob.objects.filter(state=ImportJob.State.CHECKED, made_at__lt=ask.at - UNCONFIRMED)
    yield from of_rows("导入预检后七天没有确认，也没有作废", START, old)


def _clocks(ask: Ask) -> Iterator[Finding]:
    late = ask.at - PATIENCE
    moments: tuple[tuple[str, Any, Q], ...] = (
        ("点单到时该办的（提醒、超时、自动评价）没有办", ServiceRequest, Q(next_at__lt=late)),
        ("点单首次联系到时的提醒没有发", ServiceRequest, Q(contact_next_at__lt=late)),
        ("派单到时的提醒没有发", Dispatch, Q(next_at__lt=late)),
        ("哨单到时没有开始", Whistle, Q(state=WhistleState.OPEN, starts_at__lt=late) & ~Q(kind="wish")),
        ("微心愿到期没有结束", Whistle, Q(state=WhistleState.OPEN, kind="wish", ends_at__lt=late)),
        ("哨单到时没有结束", Whistle, Q(state=WhistleState.RUNNING, ends_at__lt=late)),
        ("哨单到时的提醒没有发", Whistle, Q(state=WhistleState.OPEN, remind_at__lt=late)),
    )
    for what, model, which in moments:
        yield from of_rows(what, f"{START}还在的看日志里它的编号。", model.objects.filter(which))


def _rounds(ask: Ask) -> Iterator[Finding]:
    yield from of_rows(
        "排行榜的变动半小时以上没有算进去",
        START,
        BoardNews.objects.filter(at__lt=ask.at - ROUNDS),
        Level.WARNING,
    )
    state = RollupState.objects.filter(pk=1).first()
    if state is not None and state.as_of is not None and state.as_of < ask.at - ROUNDS:
        minutes = int((ask.at - state.as_of).total_seconds() // 60)
        yield warning(f"数据看板 {minutes} 分钟没有更新：worker 或 beat 没有运行", START)
    yield from of_rows(
        "看板汇总的占用到期一小时以上没有放开",
        "下一轮会自己接手；一直如此就看 worker 的日志。",
        RollupState.objects.exclude(holder="").filter(held_until__lt=ask.at - timedelta(hours=1)),
        Level.WARNING,
    )
    overdue = WhistleSeries.objects.filter(next_on__lt=ask.at.date() - timedelta(days=1))
    yield from of_rows("系列哨单该出的下一张没有出", START, overdue, Level.WARNING)
