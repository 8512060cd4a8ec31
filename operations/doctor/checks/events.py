"""Histories: every row stands where its last event left it, by steps that the tables know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Count, Exists, F, Max, OuterRef, Window
from django.db.models.functions import Lag

from ground.history import Event
from ground.steps import NEW, Machine
from operations.doctor.findings import Finding, Level, of_rows
from operations.doctor.registry import Ask, check

BY_HAND = "数据被直接改过：查日志和备份，从备份恢复这些行；事件只增不改，不要补写。"


@check(
    "events",
    "事件链",
    cost="每种事件一次窗口排序、一次分组：约 25 次查询，100 万条事件约 15 秒",
    is_slow=True,
    looks_twice=True,
)
def events(ask: Ask) -> Iterator[Finding]:
    """Every event begins where the one before it ended, every row is in the state in which its last event left it,
    and every step is one of the table. Times, rates and dues are derived from events: they are the history."""
    states = {machine.event: machine.state_field for machine in machines()}
    for event in event_models():
        yield from _of(event, states.get(event, "state"))
    for machine in machines():
        yield from _steps(machine)


def event_models() -> list[Any]:
    return [model for model in apps.get_models() if issubclass(model, Event)]


def machines() -> list[Machine]:
    """The tables of steps that the platform has."""
    from requests import tables as of_requests
    from volunteers import tables as of_volunteers

    known = [value for module in (of_requests, of_volunteers) for value in vars(module).values()]
    return [value for value in known if isinstance(value, Machine)]


def _of(event: Any, state: str) -> Iterator[Finding]:
    in_turn: dict[str, Any] = {"partition_by": F("subject"), "order_by": F("id").asc()}
    rows, name = event._base_manager.order_by(), event._meta.label
    broken = rows.annotate(before=Window(Lag("target", default=None), **in_turn)).filter(before__isnull=False)
    yield from of_rows(f"{name} 不从上一条结束的状态开始", BY_HAND, broken.exclude(source=F("before")))
    newest = rows.values("subject").annotate(newest=Max("id")).values("newest")
    last = rows.filter(pk__in=newest)
    yield from of_rows(
        f"{name} 是最后一条，行却在别的状态", BY_HAND, last.exclude(target=F(f"subject__{state}"))
    )
    subject = event._meta.get_field("subject").related_model
    has_any = Exists(rows.filter(subject=OuterRef("pk")))
    yield from of_rows(
        f"{subject._meta.label} 一条事件也没有", BY_HAND, subject._base_manager.exclude(has_any)
    )


def _steps(machine: Machine) -> Iterator[Finding]:
    """The few ways that steps were taken, grouped, against the table."""
    groups = machine.event._base_manager.order_by().values("step", "source", "target").annotate(n=Count("pk"))
    for group in groups:
        if not _is_of(machine, group["step"], group["source"], group["target"]):
            way = f"{group['step']}：{group['source'] or '·'} → {group['target']}"
            what = f"{machine.event._meta.label} 有步骤表里没有的走法（{way}）"
            yield Finding(Level.ERROR, what, BY_HAND, (), group["n"])


def _is_of(machine: Machine, name: str, source: str, target: str) -> bool:
    step = machine.steps.get(name)
    if step is None or (source or NEW) not in step.sources:
        return False
    targets = {str(step.target)} if step.target is not None else {*map(str, step.returns)} or {source}
    return target in targets
