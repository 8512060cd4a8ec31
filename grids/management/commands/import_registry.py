"""manage.py import_registry: a community's sheet into its registry, dry unless --apply is given."""

from __future__ import annotations

import csv
import resource
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from grids.importing import jobs
from grids.importing.columns import LABELS
from grids.importing.examining import compare, read
from grids.importing.jobs import REPORT_TITLES, report_row
from grids.models import ImportFinding, ImportJob
from ground.errors import RuleViolation
from ground.heartbeat import Progress, Voice
from ground.leases import BrokenOff
from ground.sheets import BadBook
from organizations.models import Organization
from organizations.posts import Tier

SHOWN = 20
COUNTS = {
    "rows": "读到的行",
    "bad": "要改的行",
    "new": "新增的人",
    "changed": "有变化",
    "moved": "搬动",
    "back": "恢复在册",
    "unchanged": "没有变化",
    "vanished": "表里没有",
    "dwellings": "房屋",
    "households": "新增的户",
    "buildings": "楼栋",
    "compounds": "小区",
    "skipped": "跳过",
}


class Command(BaseCommand):
    help = (
        "把社区的表格（.xlsx、.csv）导入台账。不加 --apply 只预检，什么都不写。"
        "有一行不对就都不写，除非 --good-rows-only。中断以后可以重做：要么全写入，要么什么都没有。"
        "有要改的行或没有写成时退出码为 1。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="表格文件")
        parser.add_argument("--community", required=True, metavar="CODE", help="社区的代码")
        parser.add_argument("--apply", action="store_true", help="预检通过就写入")
        parser.add_argument("--good-rows-only", action="store_true", help="有要改的行时，写入其余的行")
        parser.add_argument("--retire-vanished", action="store_true", help="楼里在册、表里没有的人记为迁出")
        parser.add_argument(
            "--map", action="append", default=[], metavar="列=标题", help="指定列，如 姓名=住户；可以写几次"
        )
        parser.add_argument("--report", type=Path, metavar="OUT.csv", help="把要改的每一行和变化写到这个文件")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        community = self._community(options["community"])
        content = self._content(options["file"])
        mapping = {"*": dict(_pair(each) for each in options["map"])}
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        try:
            with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as self.bar:
                self.task = self.bar.add_task("", total=None)
                if options["apply"]:
                    is_good = self._apply(community, content, mapping, options)
                else:
                    is_good = self._look(community, content, mapping, options)
        except BadBook as bad:
            raise CommandError(bad.sentence) from None
        except RuleViolation as refusal:
            raise CommandError(refusal.sentence) from None
        except BrokenOff:
            raise CommandError("数据库断开了，什么都没有写入；已确认的导入会由后台任务继续。") from None
        self._measure(time.monotonic() - began)
        if not is_good:
            raise CommandError("有要改的行。" if not options["apply"] else "没有写入。")

    # Dry

    def _look(self, community: Organization, content: bytes, mapping: Any, options: dict[str, Any]) -> bool:
        """Without a job: nothing is left behind, not even a row."""
        voice = _Echo(None, self._heard)
        draft = read(content, options["file"].name, mapping, voice=voice)
        outcome = compare(draft, community, is_retiring=options["retire_vanished"], voice=voice)
        self.rows = outcome.draft.rows
        self._tell(outcome.counts, outcome.findings, options["report"])
        if not draft.is_understood:
            raise CommandError("没有认出表头，请用 --map 指出各列，如 --map 房号=门牌。")
        return not outcome.counts["bad"]

    # For good

    def _apply(self, community: Organization, content: bytes, mapping: Any, options: dict[str, Any]) -> bool:
        job = jobs.begin(
            by=None,
            community=community,
            content=content,
            name=options["file"].name,
            mapping=mapping,
            is_handed_over=False,
        )
        jobs.check(job.pk, listen=self._listen)
        job.refresh_from_db()
        if job.state != ImportJob.State.CHECKED:
            raise CommandError(job.sentence or f"这个文件的导入已经在进行：{job.get_state_display()}。")
        self.rows = job.counts["rows"]
        self._tell(job.counts, job.findings.all().iterator, options["report"])
        self._confirm(job, options)
        jobs.load(job.pk, listen=self._listen)
        job.refresh_from_db()
        self.stdout.write(f"{job.get_state_display()}：{job.sentence or '已全部写入台账。'}")
        return job.state == ImportJob.State.DONE

    def _confirm(self, job: ImportJob, options: dict[str, Any]) -> None:
        """A job that is refused is given up: its file does not stay."""
        try:
            jobs.confirm(
                job,
                by=None,
                good_rows_only=options["good_rows_only"],
                retire_vanished=options["retire_vanished"],
                is_handed_over=False,
            )
        except RuleViolation:
            jobs.cancel(job, by=None)
            raise

    # Telling

    def _listen(self, job: ImportJob) -> Voice:
        return _Echo(job, self._heard)

    def _heard(self, now: Progress) -> None:
        self.bar.update(TaskID(self.task), description=now.phase, completed=now.done, total=now.total or None)

    def _tell(self, counts: dict[str, int], findings: Any, report: Path | None) -> None:
        self.stdout.write("，".join(f"{label} {counts[name]}" for name, label in COUNTS.items()))
        shown = 0
        for finding in findings():
            if finding.kind == ImportFinding.Kind.BAD and shown < SHOWN:
                shown += 1
                self.stderr.write(_line(finding))
        if counts["bad"] and report is None:
            self.stderr.write("加 --report OUT.csv 可以得到每一行的清单。")
        if report is not None:
            self._write(report, findings())

    def _write(self, path: Path, findings: Iterable[ImportFinding]) -> None:
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows(_report(findings))
        except OSError as error:
            raise CommandError(f"写不了 {path}：{error.strerror}") from None
        self.stdout.write(f"清单写在 {path}")

    def _measure(self, seconds: float) -> None:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stdout.write(f"{self.rows / seconds:,.0f} 行/秒，{seconds:.1f} 秒，内存最多 {memory:.0f} MB")

    # What was asked for

    def _community(self, code: str) -> Organization:
        found = Organization.objects.open().filter(code=code, tier=Tier.COMMUNITY).first()
        if found is None:
            raise CommandError(f"没有代码为 {code} 的社区。")
        return found

    def _content(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CommandError(f"读不到文件 {path}：{error.strerror}") from None


class _Echo(Voice):
    """Tells the bar what it tells the cache."""

    def __init__(self, job: ImportJob | None, hear: Any) -> None:
        super().__init__(job)
        self.hear = hear

    def heard(self, now: Progress) -> None:
        super().heard(now)
        self.hear(now)


def _pair(text: str) -> tuple[str, str]:
    """姓名=住户 → ("name", "住户"); the column by its label or its name."""
    column, sign, title = text.partition("=")
    names = {label: name for name, label in LABELS.items()} | {name: name for name in LABELS}
    if not sign or column.strip() not in names:
        raise CommandError(f"--map {text} 看不懂：写成 列=标题，列是：{'、'.join(LABELS.values())}。")
    return names[column.strip()], title.strip()


def _line(finding: ImportFinding) -> str:
    where = f"{finding.sheet} 第 {finding.row} 行 {finding.column}"
    return (
        f"{where}（{finding.value}）：{finding.sentence}" if finding.value else f"{where}：{finding.sentence}"
    )


def _report(findings: Iterable[ImportFinding]) -> Iterator[list[str]]:
    yield REPORT_TITLES
    yield from map(report_row, findings)
