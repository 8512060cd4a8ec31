"""Counts the figures of dashboards anew from the rows, and proves that they equal them."""

from __future__ import annotations

import argparse
from datetime import date
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dashboards import rolling
from dashboards.rolling.proving import Difference
from dashboards.rolling.settling import settled

#: No more are printed: the first ones tell what is wrong.
MOST = 200


class Command(BaseCommand):
    help = (
        "从台账和单据重算数据看板的汇总：默认全部月份，也可以只算一段（按整月）。--verify 再让数据库"
        "按地方、按日、按月另数一遍，逐条列出出入，有出入时退出码为 1；"
        "--check 不重算，只补上最近的变化再核对。以往每天的现状不改。"
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--from", dest="first", type=_day, help="从哪天起，如 2026-01-01（从当月 1 日算起）。"
        )
        parser.add_argument("--to", dest="last", type=_day, help="到哪天为止（算到当月最后一天）。")
        parser.add_argument("--verify", action="store_true", help="重算后核对。")
        parser.add_argument("--check", action="store_true", help="不重算，只核对。")

    def handle(self, *args: Any, **options: Any) -> None:
        first, last = options["first"], options["last"]
        if first and last and first > last:
            raise CommandError("起始日期晚于截止日期，请调换。")
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            if not options["check"]:
                self._rebuild(first, last, _on(bar, "重算汇总（月）"))
            else:
                rolling.catch_up()
            if not options["verify"] and not options["check"]:
                return
            found = list(islice(settled(first, last, _on(bar, "核对汇总（月）")), MOST + 1))
        self._tell(found)

    def _rebuild(self, first: date | None, last: date | None, listen: rolling.Listen) -> None:
        try:
            done = rolling.rebuild(first, last, listen)
        except (rolling.Busy, rolling.Overtaken):
            raise CommandError("另一轮汇总正在进行，请过几分钟再试。") from None
        self.stdout.write(f"重算了 {done.days} 天，{done.rows} 行和原来不同。")

    def _tell(self, found: list[Difference]) -> None:
        for each in found[:MOST]:
            self.stderr.write(str(each))
        if len(found) > MOST:
            raise CommandError(f"汇总至少有 {MOST} 处出入，只列出前 {MOST} 处。")
        if found:
            raise CommandError(f"汇总有 {len(found)} 处出入。")
        self.stdout.write("汇总和台账一致。")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}”不是日期，请写成 2026-01-01 的样子。") from None


def _on(bar: Progress, what: str) -> rolling.Listen:
    task = bar.add_task(what, total=None)
    return lambda done, of: bar.update(task, completed=done, total=of)
