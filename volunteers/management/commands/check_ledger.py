"""Proves the service ledger: balances, claims against entries, entries against whistles; writes balances anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from volunteers.accounting import ledger
from volunteers.accounting.ledger_proof import findings
from volunteers.models import LedgerEntry, Volunteer


class Command(BaseCommand):
    help = (
        "核对服务台账：合计等于记录之和，已认定的接单都有记录，记录和哨单一致，八小时外按工作日历，"
        "认定、更正、冲销的次序合规。有出入时逐条列出并说明怎么改，退出码为 1。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="先按台账重算每个人每季度的合计，再核对。")

    def handle(self, *args: Any, **options: Any) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            if options["rebuild"]:
                self._rebuild(bar)
            count = LedgerEntry.objects.count()
            task = bar.add_task("核对台账", total=count)
            found = list(findings(lambda done: bar.advance(task, done)))
        for sentence in found:
            self.stderr.write(sentence)
        if found:
            raise CommandError(f"台账有 {len(found)} 处出入。")
        self.stdout.write(f"台账无误，共 {count} 条记录。")

    def _rebuild(self, bar: Progress) -> None:
        people = list(Volunteer.objects.order_by("pk").values_list("pk", flat=True))
        written = ledger.rebuild(bar.track(people, description="重算合计"))
        self.stdout.write(f"重算了 {written} 条合计。")
