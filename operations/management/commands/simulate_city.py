"""A whole invented city in an empty database."""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from dashboards import rolling
from ground.errors import RuleViolation
from operations.simulating import city, naming, signins
from operations.simulating.land import Land
from operations.simulating.presets import PRESETS
from operations.simulating.totals import Total, totals
from organizations.divisions import BadFile


class Command(BaseCommand):
    help = (
        "在空数据库里写一座虚构的城市：组织树、网格、房屋、居民、党员，以及一年的点单、哨单和服务记录，"
        "数量按各地公布的数字（huacheng 武江花城社区，liwan 荔湾区，shaoguan 韶关市）。人员和号码都是编的。"
        "所有单据在一个事务里写入，中断就什么都没有；之后算排行榜和看板，中断可用 --finish 接着算完。"
        "最后列出总数，与看板或公布的数字不一致时退出码为 1。库里已有党组织时拒绝，退出码为 1。"
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--preset", action="append", choices=sorted(PRESETS), default=[], help="哪个地方，可以重复。"
        )
        parser.add_argument(
            "--scale", type=float, default=1.0, metavar="F", help="规模：1 是公布的数字，0.1 是十分之一。"
        )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help="同一个数得到同一座城市（密文除外）。"
        )
        parser.add_argument(
            "--divisions",
            action="append",
            type=Path,
            default=[],
            metavar="FILE",
            help="统计用区划代码表（CSV：code,name,parent_code），用其中的地名和代码；可以重复。不给就编地名。",
        )
        parser.add_argument(
            "--requests", type=int, default=0, metavar="N", help="点单总数；不给就按公布的解决数推算。"
        )
        parser.add_argument("--finish", action="store_true", help="单据已写完、看板没有算完时，接着算完。")
        parser.add_argument(
            "--even-in-production", action="store_true", help="生产模式下也写：会建立密码公开的账号。"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION and not options["even_in_production"]:
            raise CommandError(
                "生产模式下不写模拟城市：它的账号密码是公开的。确实需要请加 --even-in-production。"
            )
        begun = time.monotonic()
        try:
            lands = self._finish() if options["finish"] else self._simulate(options)
        except RuleViolation as refusal:
            raise CommandError(refusal.sentence) from None
        except (rolling.Busy, rolling.Overtaken):
            raise CommandError("另一轮汇总正在进行，请过几分钟运行 simulate_city --finish。") from None
        found = totals(lands, chosen=("requests",) if options["requests"] else ())
        self._show(found)
        self.stdout.write(f"用时 {time.monotonic() - begun:.0f} 秒。")
        if wrong := [each for each in found if not each.is_right]:
            raise CommandError("；".join(map(_said, wrong)) + "。")

    def _simulate(self, options: dict[str, Any]) -> list[Land]:
        names = list(dict.fromkeys(options["preset"]))
        if not names:
            raise CommandError("请用 --preset 说明是哪个地方。")
        if options["requests"] < 0:
            raise CommandError("--requests 不能是负数。")
        presets = [PRESETS[name].scaled(options["scale"]) for name in names]
        listed = self._listed(options["divisions"])
        with _Bars() as bars:
            return city.simulate(
                presets,
                seed=options["seed"],
                listed=listed,
                requests=options["requests"],
                say=self._say,
                listen=bars.listen,
            )

    def _finish(self) -> list[Land]:
        if not city.is_half_done():
            raise CommandError("这个数据库里没有只完成了一半的模拟城市。")
        with _Bars() as bars:
            city.finish(self._say, bars.listen)
        return []

    def _listed(self, files: list[Path]) -> list[Any]:
        try:
            return naming.read(files)
        except BadFile as error:
            for row, sentence in error.rows:
                self.stderr.write(f"第 {row} 行：{sentence}")
            raise CommandError(f"{error}，什么都没有写。") from None
        except OSError as error:
            raise CommandError(f"读不到区划文件：{error.strerror}") from None

    def _say(self, stage: str) -> None:
        self.stdout.write(f"  {stage} …")

    def _show(self, found: list[Total]) -> None:
        table = Table("地方", "什么", title="总数")
        for heading in ("单据", "看板", "应有"):
            table.add_column(heading, justify="right")
        for place in dict.fromkeys(each.place for each in found):
            for each in (each for each in found if each.place == place and each.rows):
                numbers = (each.rows, each.shown, each.published)
                said = ("" if number is None else f"{number:,}" for number in numbers)
                table.add_row(place, each.label, *said, style=None if each.is_right else "red")
            table.add_section()
        self._print(table)
        self._show_sign_ins()

    def _print(self, table: Table) -> None:
        text = io.StringIO()
        Console(file=text, width=80, force_terminal=self.stdout.isatty()).print(table)
        self.stdout.write(text.getvalue())

    def _show_sign_ins(self) -> None:
        table = Table("地方", "角色", "姓名", "手机号", title=f"登录（密码都是 {signins.SIGN_IN_PASSWORD}）")
        for each in signins.sign_ins():
            table.add_row(str(each.place + 1), each.role, each.name, each.phone)
        self._print(table)


def _said(wrong: Total) -> str:
    shown = "" if wrong.shown is None else f"，看板 {wrong.shown}"
    published = "" if wrong.published is None else f"，应有 {wrong.published}"
    return f"{wrong.place}的{wrong.label}：单据 {wrong.rows}{shown}{published}"


class _Bars:
    """One bar for each kind of row, on the terminal only."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def listen(self, what: str, rows: int, total: int | None) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.advance(self._tasks[what], rows)
