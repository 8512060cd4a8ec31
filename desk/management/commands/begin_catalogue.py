"""manage.py begin_catalogue: without categories nobody can ask for anything."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from grids import groups
from requests import catalogue
from volunteers.whistling import usual


class Command(BaseCommand):
    help = "给空的平台建好常用的事项类别、重点人群和常用哨单，给还没有的区建好常用语；已有内容的不动。"

    def handle(self, *args: Any, **options: Any) -> None:
        begun = (
            ("事项类别", catalogue.begin()),
            ("重点人群", groups.begin()),
            ("常用哨单", usual.begin()),
        )
        for name, added in begun:
            self.stdout.write(f"新建 {added} 个{name}。" if added else f"已有{name}，没有改动。")
        if replies := catalogue.begin_replies_everywhere():
            self.stdout.write(f"新建 {replies} 条常用语。")
