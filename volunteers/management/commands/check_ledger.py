"""Proves that every credited claim has ledger entries, and that only they have."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from volunteers.ledger import discrepancies
from volunteers.models import LedgerEntry


class Command(BaseCommand):
    help = "核对服务台账：已认定的接单都有记录，没有多余的记录。有出入时逐条列出，退出码为 1。"

    def handle(self, *args: Any, **options: Any) -> None:
        found = discrepancies()
        for sentence in found:
            self.stderr.write(sentence)
        if found:
            raise CommandError(f"台账有 {len(found)} 处出入。")
        self.stdout.write(f"台账无误，共 {LedgerEntry.objects.count()} 条记录。")
