"""Measures the platform as in production, on copies of simulated cities: see operations/benching."""

from __future__ import annotations

import json
import os
import subprocess  # noqa: S404 - only its exception
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.benching import budgets, databases, failing, running, writing

SERVER = "postgres://postgres@127.0.0.1:5432/postgres"
#: Never the platform's own by itself: sessions and tasks would go with what is emptied.
REDIS = "redis://127.0.0.1:6379/9"


CHOICES = ("all", "document", *running.PARTS)


class Command(BaseCommand):
    help = (
        "Measures speed as in production: gunicorn with two workers, PostgreSQL, Redis, load on loopback. "
        "`all` simulates the cities of --scales where they are missing (wenshao_bench_…), measures copies of them "
        "and writes docs/bench.json and docs/performance.md; single parts print what they find on a copy of "
        "--database. `document` writes docs/performance.md anew from docs/bench.json."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("parts", nargs="*", metavar="part", help=" ".join(CHOICES))
        parser.add_argument("--scales", nargs="+", type=float, default=[0.1, 0.3, 1.0], help="for `all`")
        parser.add_argument("--database", help="for single parts: name on the server of DATABASE_URL")
        parser.add_argument(
            "--redis", default=REDIS, help="a Redis database that nobody else uses; it is emptied"
        )
        parser.add_argument("--port", type=int, default=8310, help="for gunicorn (default 8310)")
        parser.add_argument("--quick", action="store_true", help="few calls: whether it works, not how fast")
        parser.add_argument("--out", type=Path, help="for `all`: another folder than docs/")
        parser.add_argument("--inside", metavar="FILE", help="(the command itself, on the copy)")

    def handle(self, *args: Any, parts: list[str], **options: Any) -> None:
        parts = parts or ["all"]
        if wrong := set(parts) - set(CHOICES):
            raise CommandError(f"no part {', '.join(sorted(wrong))}; there are {', '.join(CHOICES)}")
        if options["inside"]:
            found = running.inside(parts, options["port"], options["quick"], self._say)
            Path(options["inside"]).write_text(json.dumps(found, ensure_ascii=False))
        elif parts == ["document"]:
            writing.write_again(options["out"] or writing.DOCS)
        elif parts == ["all"]:
            self._whole(options)
        else:
            self._parts(parts, options)

    def _whole(self, options: dict[str, Any]) -> None:
        scales = [running.QUICK_SCALE] if options["quick"] else options["scales"]
        try:
            found = running.whole(self._where(options), scales, self._say)
        except subprocess.CalledProcessError as failed:
            raise CommandError(f"a part of the benchmark ended with {failed.returncode}") from None
        found["quick"] = options["quick"]
        found["budgets"] = budgets.judged(found)
        folder = options["out"] or (settings.VAR / "bench" if options["quick"] else writing.DOCS)
        writing.write(found, folder)
        self._say(f"written: {folder / 'bench.json'}, {folder / 'performance.md'}")
        # A quick run leaves parts out; in a whole one a budget that was not measured is missed.
        asked = [row for row in found["budgets"] if row["value"] is not None or not options["quick"]]
        missed = [row["name"] for row in asked if not row["ok"]]
        self._say(
            f"{len(asked) - len(missed)} of {len(asked)} budgets hold"
            + "".join(f"\n  missed: {name}" for name in missed)
        )
        if broken := failing.failed(found):
            raise CommandError("parts of the benchmark failed:\n  " + "\n  ".join(broken))

    def _parts(self, parts: list[str], options: dict[str, Any]) -> None:
        where = self._where(options)
        url = databases.named(where.server, options["database"]) if options["database"] else where.server
        found = running.outside(where, url, parts, self._say)
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1))

    def _where(self, options: dict[str, Any]) -> running.Where:
        server = os.environ.get("DATABASE_URL", SERVER)
        if not server.startswith(("postgres://", "postgresql://")):
            raise CommandError("The benchmark needs PostgreSQL: DATABASE_URL=postgres://…")
        return running.Where(server, options["redis"], options["port"], options["quick"])

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
