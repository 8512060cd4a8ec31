"""Summaries of a great ledger: seconds and memory of a worker, and whether the sums are those of the database.

    python -m tests.volunteers.summary_scale [--entries 600000] [--people 60000]

SQLite by default, PostgreSQL with WENSHAO_TEST_DATABASE_URL (a database `test_…` is made and dropped). Every summary
is written in a process of its own, as a worker's would: with names and counts only, over one month and ten. Ends
with 1 where a sum is wrong, or ten times as many entries need more than 100 MB more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from tests.grids.importing.scale import ROOT, environment, peak_mb

MOST_MORE_MB = 100
MONTH = (date(2026, 3, 1), date(2026, 3, 31))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=600_000)
    parser.add_argument("--people", type=int, default=60_000)
    parser.add_argument("--job", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    return inside(options.job) if options.job else outside(options.entries, options.people)


def inside(job_id: int) -> int:
    """One summary in a fresh process: prints its seconds and its peak memory."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
    import django

    django.setup()
    from volunteers.summaries import running

    before, began, busy = peak_mb(), time.monotonic(), time.process_time()
    running.write(job_id)
    said = {"seconds": time.monotonic() - began, "busy": time.process_time() - busy}
    print(json.dumps(said | {"peak": peak_mb(), "before": before}))
    return 0


def outside(entries: int, people: int) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="wenshao-scale-"))
    connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        return _Measure(entries, people).run()
    finally:
        connection.close()
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


class _Measure:
    def __init__(self, entries: int, people: int) -> None:
        from organizations.posts import Post
        from tests import factories
        from tests.volunteers.summary_scenes import Invention

        began = time.monotonic()
        self.city = factories.a_city()
        self.officer = factories.a_user("区里的人")
        factories.appoint(self.officer, Post.OFFICER, self.city.district)
        Invention(self.city, [self.city.home], entries=entries, people=people, units=1_795)
        self._analyze()
        print(f"invented {entries:,} credits of {people:,} people in {time.monotonic() - began:.0f} s")
        self.wrong: list[str] = []

    @staticmethod
    def _analyze() -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def run(self) -> int:
        from tests.volunteers.summary_scenes import FIRST, LAST

        home = self.city.home
        for what, by, place, named in (
            ("with names, one community", home.secretary, home.organization, True),
            ("counts only, the district", self.officer, self.city.district, False),
        ):
            month = self._summary(f"{what}, one month", by, place, MONTH, named)
            whole = self._summary(f"{what}, ten months", by, place, (FIRST, LAST), named)
            self._expect(whole - month < MOST_MORE_MB, f"{what}: {whole - month:.0f} MB more for ten months")
        for sentence in self.wrong:
            print(f"WRONG: {sentence}")
        return 1 if self.wrong else 0

    def _summary(self, what: str, by: Any, place: Any, days: tuple[date, date], named: bool) -> float:
        """Write one in a process of its own; gives its peak memory in MB."""
        from tests.volunteers.summary_scenes import asked

        job = asked(by, place, *days, with_names=named)
        command = [sys.executable, "-m", "tests.volunteers.summary_scale", "--job", str(job.pk)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        said = json.loads(done.stdout.splitlines()[-1])
        job.refresh_from_db()
        entries = self._check(what, job)
        print(
            f"{what}: {job.get_state_display()}, {entries:,} entries, {said['seconds']:.1f} s ({said['busy']:.1f} s "
            f"of its own processor time), peak {said['peak']:.0f} MB (of them {said['before']:.0f} MB before it "
            f"began), file {job.file.size / 1024**2:.1f} MB"
        )
        return said["peak"]

    def _check(self, what: str, job: Any) -> int:
        """The overview against the database; gives the number of entries."""
        from django.db.models import Sum

        from tests.volunteers.summary_scenes import Workbook
        from volunteers.summaries import reading

        entries = reading.entries_of(job).order_by()
        sums = entries.aggregate(minutes=Sum("minutes"), off=Sum("off_hours_minutes"))
        served = entries.values("claim").annotate(net=Sum("minutes")).filter(net__gt=0).count()
        whole = Workbook(job, only=("概况",)).whole
        said = (whole["服务分钟"], whole["八小时外分钟"], whole["服务人次"])
        wanted = (sums["minutes"], sums["off"], served)
        self._expect(said == wanted, f"{what}: the overview says {said} instead of {wanted}")
        return entries.count()

    def _expect(self, is_so: bool, sentence: str) -> None:
        if not is_so:
            self.wrong.append(sentence)


if __name__ == "__main__":
    sys.exit(main())
