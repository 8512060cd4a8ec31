from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations.safekeeping.keys import backup_keys
from operations.safekeeping.manifest import Refused
from operations.safekeeping.telling import asked_passphrase


class Command(BaseCommand):
    help = (
        "把密钥环（FIELD_KEYS）存进一个新文件（权限 0600），用口令加密。不能和数据备份放在一起："
        "另一处、另一人保管，口令再分开。口令也可由 WENSHAO_KEYS_PASSPHRASE 给出。"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="新文件，必须还不存在")
        parser.add_argument(
            "--plain", action="store_true", help="不加密，写成 .env 的一行（只为存进保险柜或密码管理器）"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            passphrase = None if options["plain"] else asked_passphrase(is_new=True)
            prints = backup_keys(options["file"], passphrase)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        listed = "、".join(f"{name}（{print_}）" for name, print_ in prints.items())
        self.stdout.write(f"{options['file']}：{listed}。")
        if options["plain"]:
            self.stderr.write("这个文件没有加密：谁拿到它和一份数据备份，就读得出全部号码。")
