import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from operations.safekeeping.manifest import Refused
from operations.safekeeping.restore import restore
from operations.safekeeping.telling import Bar


class Command(BaseCommand):
    help = (
        "把 backup 做的备份恢复到空的数据库和空的上传目录。先核对全部校验和、密钥和版本，再写入；"
        "数据库在一个事务里写入，失败时两边都和原来一样。旧版本的备份恢复后自动升级数据表。"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="backup 写的目录")

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o027)
        try:
            with Bar("核对和复制", is_seen=self.stdout.isatty()) as bar:
                done = restore(options["folder"], bar.advance)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        said = done.manifest
        self.stdout.write(
            f"已恢复 {said.made_at} 的备份：{sum(said.rows.values())} 行、{len(said.files) - 1} 个上传文件，"
            "每张表的行数都与清单一致。"
        )
        if done.migrated:
            self.stdout.write(f"备份来自较旧的版本，已执行 {done.migrated} 个数据表升级。")
        if said.gone:
            self.stderr.write(f"有 {len(said.gone)} 个文件备份时就不在磁盘上（例如 {said.gone[0]}）。")
        if "doctor" in get_commands():
            call_command("doctor", "--quick", stdout=self.stdout, stderr=self.stderr)
