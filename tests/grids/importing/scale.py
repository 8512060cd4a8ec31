"""A large sheet with planted faults, then the clean one, on the database that is configured.

    python -m tests.grids.importing.scale [--rows 100000] [--faults 500]

SQLite by default, PostgreSQL with WENSHAO_TEST_DATABASE_URL (a database `test_…` is made and dropped). Every step
runs in a process of its own, as a worker's would; its rows per second and its peak memory are printed. Ends with 1
where a planted fault is not told at its row, anything was loaded too early, or a step needs 500 MB or more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
MOST_MB = 500


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--step", choices=["check", "load"], help=argparse.SUPPRESS)
    parser.add_argument("--job", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        return inside(options.step, options.job)
    return outside(options.rows, options.faults)


def inside(step: str, job_id: int) -> int:
    """One step in a fresh process: prints its seconds and its peak memory."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
    import django

    django.setup()
    from grids.importing import jobs

    before = peak_mb()
    began, busy = time.monotonic(), time.process_time()
    getattr(jobs, step)(job_id)
    said = {"seconds": time.monotonic() - began, "busy": time.process_time() - busy}
    print(json.dumps(said | {"peak": peak_mb(), "before": before}))
    return 0


def peak_mb() -> float:
    """The peak of this program: what getrusage says begins with that of the process which started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def outside(rows: int, faults: int) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="wenshao-scale-"))
    connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        return _Measure(rows, faults).run()
    finally:
        connection.close()
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


class _Measure:
    def __init__(self, rows: int, faults: int) -> None:
        from tests.factories import a_city
        from tests.grids.importing import sheets

        sheets.groups()
        self.rows, self.faults, self.community = rows, faults, a_city().home
        self.wrong: list[str] = []

    def run(self) -> int:
        from grids.models import Dwelling, Resident
        from tests.grids.importing import sheets

        made = sheets.with_faults(self.community, self.rows, self.faults)
        job = self._begin(made.xlsx())
        self._step("check", job, f"check, {len(made.planted)} faults planted")
        told = set(job.findings.filter(kind="bad").values_list("sheet", "row", "code"))
        kinds = len({code for _, _, code in made.planted})
        print(
            f"  faults told at their rows: {len(told & made.planted)} of {len(made.planted)}, {kinds} kinds"
        )
        self._expect(told == made.planted, f"not as planted: {sorted(told ^ made.planted)[:10]}")
        self._expect(not Resident.objects.exists() and not Dwelling.objects.exists(), "something was loaded")
        self._load(sheets.clean(self.community, self.rows))
        for sentence in self.wrong:
            print(f"WRONG: {sentence}")
        return 1 if self.wrong else 0

    def _load(self, made: Any) -> None:
        from grids.importing import jobs
        from grids.models import Dwelling, Resident

        content = made.xlsx()
        job = self._begin(content)
        self._step("check", job, "check, clean")
        jobs.confirm(job, by=None, is_handed_over=False)
        self._step("load", job, "load, clean")
        loaded = Resident.objects.present().count()
        print(f"  {loaded} people in {Dwelling.objects.count()} dwellings, {len(made.buildings)} buildings")
        self._expect(loaded == self.rows, f"{loaded} people instead of {self.rows}")
        again = self._begin(content + b"")
        self._step("check", again, "check again, nothing changed")
        self._expect(again.counts["unchanged"] == self.rows, "the same sheet again is not unchanged")

    def _begin(self, content: bytes) -> Any:
        from grids.importing import jobs

        community = self.community.organization
        return jobs.begin(
            by=None, community=community, content=content, name="台账.xlsx", is_handed_over=False
        )

    def _step(self, step: str, job: Any, what: str) -> None:
        command = [sys.executable, "-m", "tests.grids.importing.scale", "--step", step, "--job", str(job.pk)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        said = json.loads(done.stdout.splitlines()[-1])
        job.refresh_from_db()
        speed = job.counts.get("rows", 0) / said["seconds"]
        print(
            f"{what}: {job.get_state_display()}, {said['seconds']:.1f} s ({said['busy']:.1f} s of its own "
            f"processor time), {speed:,.0f} rows/s, "
            f"peak {said['peak']:.0f} MB (of them {said['before']:.0f} MB before it began)"
        )
        self._expect(said["peak"] < MOST_MB, f"{what} needed {said['peak']:.0f} MB")

    def _expect(self, is_so: bool, sentence: str) -> None:
        if not is_so:
            self.wrong.append(sentence)


def environment() -> dict[str, str]:
    """That of a worker on the database, files and keys of this process."""
    from django.conf import settings

    from grids.models import ImportJob
    from tests.notifications.aside import _database_url

    ring = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    redis = {"REDIS_URL": settings.REDIS_URL} if settings.REDIS_URL else {}
    return (
        kept
        | redis
        | {
            "WENSHAO_VAR": str(settings.VAR),
            "WENSHAO_MEDIA_ROOT": ImportJob._meta.get_field("file").storage.location,
            "DATABASE_URL": _database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ring,
            "PYTHONPATH": str(ROOT),
        }
    )


if __name__ == "__main__":
    sys.exit(main())
