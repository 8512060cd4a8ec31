from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ground import rotation
from ground.fields import current_head
from ground.history import AppendOnlyError


def _batch(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= rotation.LARGEST_BATCH:
        return int(text)
    raise ArgumentTypeError(f"应为 1 到 {rotation.LARGEST_BATCH} 的整数")


class Command(BaseCommand):
    help = (
        "把所有加密字段改用最新的密钥和当前算法重新加密，网站不用停。可中断，可重复执行，可同时执行。"
        "有打不开的值、或还有值在用旧密钥时退出码为 1。索引密钥（index）不能这样更换，见 docs/operations.md。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=_batch, default=rotation.BATCH, help="每批多少个值（默认 500）")
        parser.add_argument("--dry-run", action="store_true", help="只检查和统计，不写入")
        parser.add_argument("--add-key", action="store_true", help="只生成一个新密钥，不重新加密")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["add_key"]:
            self._add_key()
            return
        try:
            columns = rotation.columns()
        except AppendOnlyError as error:
            raise CommandError(str(error)) from None
        reports = [self._rotate(column, options["batch"], options["dry_run"]) for column in columns]
        self._judge(reports, options["dry_run"])

    def _add_key(self) -> None:
        path = rotation.ring_file()
        if path is None:
            self.stdout.write(rotation.new_entry(settings.FIELD_KEYS))
            self.stderr.write("把这一项接在 FIELD_KEYS 后面（用逗号隔开，原有各项保留），并另行备份。")
        else:
            try:
                number = rotation.add_key(path)
            except OSError as error:
                raise CommandError(f"写不了 {path}：{error.strerror}") from None
            self.stdout.write(f"已把 {number} 号密钥写入 {path}，请另行备份。")
        self.stderr.write("停下全部进程（网站、后台任务、定时）再一起启动，然后执行 rotate_field_keys。")

    def _rotate(self, column: rotation.Column, batch: int, is_dry: bool) -> rotation.Report:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        is_seen = self.stdout.isatty()
        with Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not is_seen
        ) as progress:
            task = progress.add_task(str(column), total=column.stored().count() if is_seen else None)
            report = rotation.rotate(
                column, batch=batch, is_dry=is_dry, advance=lambda count: progress.advance(task, count)
            )
        verb = "需要重新加密" if is_dry else "重新加密"
        left = "，".join(
            f"{head.rstrip(':') or '未加密'} {count}" for head, count in report.remaining.items()
        )
        self.stdout.write(f"{column}：{verb} {report.resealed}；现存 {left or '无'}")
        return report

    def _judge(self, reports: list[rotation.Report], is_dry: bool) -> None:
        for report in reports:
            for pk in report.named:
                self.stderr.write(f"打不开：{report.column} 主键 {pk}")
            if more := report.unreadable - len(report.named):
                self.stderr.write(f"打不开：{report.column} 另有 {more} 个")
        if unreadable := sum(report.unreadable for report in reports):
            raise CommandError(f"{unreadable} 个值没有一把密钥打得开：缺了旧密钥，或数据被改动过。")
        if not is_dry and (stale := sum(report.stale for report in reports)):
            raise CommandError(
                f"还有 {stale} 个值在用旧密钥：可能有进程没有重启，旧密钥先保留，重启后再执行一次。"
            )
        if not is_dry:
            self.stdout.write(f"全部值都用 {current_head().rstrip(':')} 加密。")
