"""Looks whether the platform holds what it promises; says for every finding how it is mended."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from rich.console import Console

from ground import clock
from operations.doctor.examining import examine, exit_code
from operations.doctor.registry import CHECKS, Ask
from operations.doctor.showing import as_json, tell

WIDE = 140


class Command(BaseCommand):
    help = (
        "体检：组织树、所在列、期限列、台账、汇总、待发、文件、约束、迁移、设置、日历、密钥、磁盘、数据库。"
        "每个发现都说怎么办。退出码：0 正常，1 有错误（--strict 时提醒也算），2 没有查成。"
    )

    #: The check of settings says what is wrong with them; the others look all the same.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = "、".join(CHECKS)
        parser.add_argument("--only", action="append", metavar="NAME", help=f"只查这一项，可重复：{names}")
        parser.add_argument("--without", action="append", metavar="NAME", help="不查这一项，可重复")
        parser.add_argument("--quick", action="store_true", help="略过要几分钟的检查")
        parser.add_argument("--all-values", action="store_true", help="打开每一个加密的值，而不是抽查")
        parser.add_argument("--strict", action="store_true", help="提醒也算不合格")
        parser.add_argument("--json", action="store_true", help="输出 JSON")
        parser.add_argument("--list", action="store_true", help="列出全部检查，不查")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self._list()
            return
        names = self._names(options)
        self._reach_the_database()
        ask = Ask(clock.now(), options["quick"], options["all_values"])
        progress = Console(stderr=True)
        with progress.status("体检") as status:
            results = list(examine(names, ask, lambda check: status.update(f"{check.name} {check.title}")))
        code = exit_code(results, is_strict=options["strict"])
        if options["json"]:
            self.stdout.write(as_json(results, code))
        else:
            width = None if self.stdout.isatty() else WIDE
            tell(results, Console(file=self.stdout, width=width))  # type: ignore[arg-type]
        sys.exit(code)

    def _names(self, options: dict[str, Any]) -> list[str]:
        only, without = options["only"] or list(CHECKS), options["without"] or []
        if unknown := [name for name in [*only, *without] if name not in CHECKS]:
            raise CommandError(f"没有这项检查：{'、'.join(unknown)}。有：{'、'.join(CHECKS)}。", returncode=2)
        return [name for name in only if name not in without]

    def _reach_the_database(self) -> None:
        try:
            connection.ensure_connection()
        except DatabaseError as error:
            raise CommandError(
                f"数据库连不上（{type(error).__name__}）：确认它在运行，DATABASE_URL 是对的。", returncode=2
            ) from None

    def _list(self) -> None:
        for check in CHECKS.values():
            slow = "（--quick 略过）" if check.is_slow else ""
            self.stdout.write(f"{check.name}\t{check.title}{slow}\n  {check.why}\n  {check.cost}\n")
