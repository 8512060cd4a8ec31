from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations.safekeeping.keys import is_sealed, open_keys, restore_keys
from operations.safekeeping.manifest import Refused
from operations.safekeeping.telling import asked_passphrase


class Command(BaseCommand):
    help = (
        "从 backup_keys 的文件恢复密钥环。单机运行时写入 WENSHAO_VAR 下的 field_keys；"
        "密钥由环境变量给出时用 --show 取出，写进 .env。"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="backup_keys 写的文件")
        parser.add_argument("--show", action="store_true", help="只显示 FIELD_KEYS 这一行，不写入")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            ring = open_keys(path, asked_passphrase(is_new=False) if is_sealed(path) else None)
            if options["show"]:
                self.stdout.write(f"FIELD_KEYS={ring}")
                return
            is_new = restore_keys(ring)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(
            "密钥环已恢复。停下全部进程再一起启动。" if is_new else "这台机器已经有这些密钥，没有改动。"
        )
