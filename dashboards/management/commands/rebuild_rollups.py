"""manage.py rebuild_rollups: count the rollups of dashboards anew from the rows."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from dashboards import rolling


class Command(BaseCommand):
    help = "Count the figures of dashboards anew, of all days or of some."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first day, 2026-01-01")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last day")

    def handle(self, *args: Any, **options: Any) -> None:
        done = rolling.rebuild(options["first"], options["last"])
        self.stdout.write(f"{done.days} days counted, {done.rows} rows were not as they are now")
