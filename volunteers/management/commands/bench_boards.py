"""How long all boards of a city take, beside the same SQL by hand: in a scratch database, never among real rows."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from volunteers.leaderboards import by_hand, refresh_all
from volunteers.leaderboards.inventing import Inventor, Size
from volunteers.models import Board, BoardRow

#: RULES: refreshing all boards takes no longer than so many times the same SQL by hand.
MOST = 3.0


class Command(BaseCommand):
    help = (
        "测算排行榜：在专用的临时数据库里造出全市规模的台账，算一遍全部榜单，再用手写 SQL 算一遍，"
        f"打印两者的秒数和倍数。超过 {MOST:g} 倍时退出码为 1。不碰现有数据，临时库用完即删。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--entries", type=int, default=600_000, help="台账条数（默认 600000）。")
        parser.add_argument("--members", type=int, default=60_000, help="党员人数（默认 60000）。")
        parser.add_argument("--units", type=int, default=1_795, help="单位数（默认 1795）。")
        parser.add_argument("--communities", type=int, default=295, help="社区数（默认 295）。")

    def handle(self, *args: Any, **options: Any) -> None:
        size = Size(options["entries"], options["members"], 10, options["communities"], options["units"])
        if size.members < 10 or size.entries < 10:
            raise CommandError("至少 10 条台账、10 名党员。")
        connection.settings_dict["TEST"] |= {"NAME": "wenshao_bench_boards", "MIGRATE": True}
        kept = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            self._invent(size)
            ratio = self._measure()
        finally:
            connection.creation.destroy_test_db(kept, verbosity=0)
        if ratio > MOST:
            raise CommandError(f"超过手写 SQL 的 {MOST:g} 倍。")

    def _invent(self, size: Size) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            rows = size.members * 4 + size.entries * 2 + size.entries // 10 * 3
            task = bar.add_task("造数据", total=rows)
            Inventor(size, lambda what, done: bar.update(task, advance=done, description=what)).write()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(
            f"{size.entries} 条台账，{size.members} 名党员，{size.units} 个单位，{size.communities} 个社区"
        )

    def _measure(self) -> float:
        started = time.perf_counter()
        count = refresh_all()
        ours = time.perf_counter() - started
        boards = list(Board.objects.select_related("organization"))
        by_hand.prepare()
        started = time.perf_counter()
        for kind, period, starts_on in sorted(
            {(board.kind, board.period, board.starts_on) for board in boards}
        ):
            by_hand.write(kind, period, starts_on)
        hand = time.perf_counter() - started
        wrong = sum(by_hand.differing(board) for board in boards)
        Board.objects.update(refreshed_at=min(board.refreshed_at for board in boards).replace(year=2000))
        started = time.perf_counter()
        refresh_all()
        again = time.perf_counter() - started
        self.stdout.write(f"{count} 个榜单，{BoardRow.objects.count()} 个名次")
        self.stdout.write(f"手写 SQL：{hand:.1f} 秒；本平台：{ours:.1f} 秒（{ours / hand:.2f} 倍）")
        self.stdout.write(f"没有变化时再算一遍：{again:.1f} 秒；名次不一致：{wrong}")
        return ours / hand
