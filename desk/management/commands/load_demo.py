"""Load the demo into an embedded database."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from desk.demo.loading import Refused, load


class Command(BaseCommand):
    help = "Load the demo: 武江区 with 花城社区. Loading it again changes nothing; production is refused."

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        try:
            is_new = load(lambda stage: self.stdout.write(f"  {stage} …"))
        except Refused as why:
            raise CommandError(str(why)) from None
        seconds = time.monotonic() - begun
        self.stdout.write(f"Demo loaded in {seconds:.0f} s." if is_new else "The demo is there already.")
