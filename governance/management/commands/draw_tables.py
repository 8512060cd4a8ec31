"""Draw the workflows from the tables of steps."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from governance.drawing import document


class Command(BaseCommand):
    help = "Write docs/workflows.md: a state diagram and a table of every workflow, drawn from its steps."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "workflows.md"
        path.write_text(document(), encoding="utf-8")
        self.stdout.write(f"Drawn: {path.relative_to(settings.BASE_DIR)}")
