"""manage.py load_boundaries: the boundaries of grids from a GeoJSON file, all of them or none."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids import boundaries

SHOWN = 50


class Command(BaseCommand):
    help = (
        "从 GeoJSON 文件写入网格边界：每个图形的属性 code 是网格编号。"
        "有一个图形不对就都不写，逐个说明第几个、为什么。不对时退出码为 1。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="GeoJSON 文件（FeatureCollection，经度在前）")
        parser.add_argument(
            "--property", default="code", metavar="NAME", help="网格编号所在的属性，默认 code"
        )
        parser.add_argument(
            "--datum",
            choices=["wgs84", "gcj02"],
            default="wgs84",
            help="文件的坐标系；天地图的 CGCS2000 按 wgs84，高德、腾讯的按 gcj02（写入时换算）",
        )
        parser.add_argument("--check", action="store_true", help="只检查，什么都不写")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"打不开 {options['file']}：{error.strerror}") from None
        try:
            outcome = boundaries.load(
                content, name=options["property"], datum=options["datum"], only_looks=options["check"]
            )
        except boundaries.BadFile as bad:
            raise CommandError(str(bad)) from None
        for number, why in outcome.faults[:SHOWN]:
            self.stderr.write(f"第 {number} 个图形：{why}")
        if more := outcome.faults[SHOWN:]:
            self.stderr.write(f"…… 另有 {len(more)} 个")
        if outcome.faults:
            raise CommandError(f"{outcome.n} 个图形中 {len(outcome.faults)} 个不对，什么都没有写入。")
        done = "已写入" if outcome.is_saved else "都可以写入（没有写，因为 --check）"
        self.stdout.write(f"{outcome.n} 个边界{done}，其中 {outcome.n_new} 个网格原来没有边界。")
