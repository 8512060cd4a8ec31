from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizations.models import Organization
from organizations.tree_check import faults


class Command(BaseCommand):
    help = "检查党组织树：区间嵌套、层级、上级是否一致，根是否都是区（县）委。有问题时退出码为 1。"

    def handle(self, *args: Any, **options: Any) -> None:
        found = faults()
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{len(found)} 处不一致。")
        self.stdout.write(f"{Organization.objects.count()} 个党组织，树是完好的。")
