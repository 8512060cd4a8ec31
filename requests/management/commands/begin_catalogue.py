"""manage.py begin_catalogue: without categories nobody can ask for anything."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from requests import catalogue


class Command(BaseCommand):
    help = "给空的平台建好常用事项类别；已有类别的不动。"

    def handle(self, *args: Any, **options: Any) -> None:
        added = catalogue.begin()
        self.stdout.write(f"新建 {added} 个事项类别。" if added else "已有事项类别，没有改动。")
