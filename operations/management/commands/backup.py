from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations.safekeeping.backup import backup
from operations.safekeeping.manifest import Refused
from operations.safekeeping.telling import Bar, megabytes


class Command(BaseCommand):
    help = (
        "把数据库和上传文件备份到一个新目录（权限 0700），网站不用停。不含密钥：密钥用 backup_keys 另存一处。"
        "中断的备份叫 目录.partial，不能用来恢复，再执行一次就会清掉。"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="新目录，必须还不存在")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        try:
            with Bar("上传文件", is_seen=self.stdout.isatty()) as bar:
                said = backup(folder, bar.advance)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        size = megabytes(sum(entry.size for entry in said.files.values()))
        rows = sum(said.rows.values())
        self.stdout.write(f"{folder}：{rows} 行、{len(said.files) - 1} 个上传文件，共 {size}。")
        self.stdout.write(f"恢复时需要的密钥：{'、'.join(f'{k}（{v}）' for k, v in said.keys.items())}。")
        if said.gone:
            self.stderr.write(
                f"{len(said.gone)} 个文件数据库里有、磁盘上没有（例如 {said.gone[0]}）："
                "台账和汇总的文件到期会删除；照片不会，请运行 doctor。"
            )
