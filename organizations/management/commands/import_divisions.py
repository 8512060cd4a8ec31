from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ground.errors import RuleViolation
from organizations import divisions


class Command(BaseCommand):
    help = (
        "把统计用区划代码表（CSV：code,name,parent_code，UTF-8 或 GBK）导入党组织树的前三级。"
        "可重复执行：已有代码保留，只增不撤。文件有一行不对就什么都不导入，并逐行说明。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="区划代码表")
        parser.add_argument("--district", default="", metavar="CODE", help="只导入这个 6 位代码的区县")
        parser.add_argument("--dry-run", action="store_true", help="只检查和统计，不写入")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = self._rows(options["file"], options["district"])
            todo = divisions.plan(rows) if options["dry_run"] else self._load(rows)
        except divisions.BadFile as error:
            for row, sentence in error.rows:
                self.stderr.write(f"第 {row} 行：{sentence}")
            raise CommandError(f"{error}，没有导入任何内容。") from None
        except RuleViolation as refusal:
            raise CommandError(f"{refusal.sentence}没有导入任何内容。") from None
        except IntegrityError:
            raise CommandError("另一个导入正在进行，请稍后重试。没有导入任何内容。") from None
        verb = "将导入" if options["dry_run"] else "已导入"
        self.stdout.write(
            f"{verb}：新增 {len(todo.new)}，改名 {len(todo.renamed)}，未变 {todo.unchanged}，"
            f"上级与文件不同（保持不动）{todo.elsewhere}。"
        )

    def _rows(self, file: Path, district: str) -> list[divisions.Division]:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"读不到文件 {file}：{error.strerror}") from None
        rows = divisions.read(content)
        divisions.check(rows, known=divisions.nodes_by_code().__contains__)
        return divisions.of_district(rows, district) if district else rows

    def _load(self, rows: list[divisions.Division]) -> divisions.Plan:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("导入区划", total=len(rows))
            return divisions.load(rows, advance=lambda count: progress.advance(task, count))
