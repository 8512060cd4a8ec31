"""Every background job, each in a process of its own as a worker's: seconds, how much of them the database took, peak
memory. `python -m operations.benching.jobs NAME` runs one on the database at hand, which it changes, and prints it.

`reference` is the time that the database itself took for the job's statements: the same SQL by hand takes no less.
"""

from __future__ import annotations

import json
import os
import subprocess  # noqa: S404 - starts this very module
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

#: Jobs that beat does not begin: what they are → function of this module.
ASKED_FOR = {
    "rollups in full": "rebuild_rollups",
    "all boards anew": "refresh_boards",
    "all boards by hand": "boards_by_hand",
    "summary of a district's month": "write_summary",
}
LONGEST_SECONDS = 900


def names() -> list[str]:
    """Each task of the beat schedule, and the jobs that somebody asks for."""
    return [*sorted(beaten()), *ASKED_FOR]


def beaten() -> set[str]:
    """The tasks of the beat schedule."""
    from django.conf import settings

    return {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def measured(name: str, environ: dict[str, str]) -> dict[str, Any]:
    """One job in its own process; {"failed": why} where it ends otherwise."""
    command = [sys.executable, "-m", "operations.benching.jobs", name]
    try:
        done = subprocess.run(  # noqa: S603 - this very module
            command, env=environ, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {"name": name, "failed": f"not done after {LONGEST_SECONDS} s"}
    if done.returncode:
        return {"name": name, "failed": _kind_of_error(done.stderr)}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if found["result"] and name not in beaten():
        found["per_second"] = round(found["result"] / found["seconds"])
    return {"name": name, **found}


def _kind_of_error(said: str) -> str:
    """The name of the error alone: its words may hold values of rows."""
    lines = [line.split(":")[0] for line in said.splitlines() if line[:1].isalpha() and ":" in line]
    return lines[-1] if lines else "ended without a word"


def run(name: str, job: Callable[[], Any] | None = None) -> dict[str, Any]:
    """The job in this process (or `job` in its stead): seconds, processor seconds, seconds of the database,
    statements, MB before and at the peak."""
    from operations.benching.serving import memory_of

    job = job or _job(name)
    before = memory_of()["VmRSS"]
    began, busy = time.perf_counter(), time.process_time()
    with watched() as seen:
        result = job()
    return {
        "seconds": round(time.perf_counter() - began, 3),
        "processor": round(time.process_time() - busy, 3),
        "reference": round(seen["seconds"], 3),
        "statements": seen["statements"],
        "before_mb": round(before / 1024, 1),
        "peak_mb": round(memory_of()["VmHWM"] / 1024, 1),
        "result": result if isinstance(result, int) else None,
    }


@contextmanager
def watched() -> Iterator[dict[str, Any]]:
    """Seconds that statements took in the database, and how many they were, while the block runs."""
    from django.db import connection

    seen: dict[str, Any] = {"seconds": 0.0, "statements": 0}

    def timed(execute: Callable[..., Any], *given: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*given)
        finally:
            seen["seconds"] += time.perf_counter() - began
            seen["statements"] += 1

    with connection.execute_wrapper(timed):
        yield seen


def _job(name: str) -> Callable[[], Any]:
    from django.utils.module_loading import import_string

    from operations.benching.carrying import CARRIED

    if name in CARRIED:
        return CARRIED[name]
    if name in ASKED_FOR:
        return globals()[ASKED_FOR[name]]
    app, _, task = name.partition(".")
    return import_string(f"{app}.tasks.{task}")


def rebuild_rollups() -> int:
    from dashboards import rolling

    done = rolling.rebuild()
    return done.rows if done else 0


def refresh_boards() -> int:
    from ground import clock
    from volunteers.leaderboards import refresh_all
    from volunteers.models import Board

    Board.objects.update(refreshed_at=clock.now() - timedelta(days=1))
    return refresh_all()


def boards_by_hand() -> int:
    """Reference: the same boards in SQL by hand, into a table of their own."""
    from volunteers.leaderboards import by_hand
    from volunteers.models import Board

    by_hand.prepare()
    alike = set(Board.objects.values_list("kind", "period", "starts_on"))
    for kind, period, starts_on in sorted(alike):
        by_hand.write(kind, period, starts_on)
    return Board.objects.count()


def write_summary() -> int:
    """The district where most was served, its last thirty days; without names."""
    from django.db.models import Count

    from ground import clock
    from operations.benching import people
    from organizations.models import Organization
    from volunteers.models import LedgerEntry
    from volunteers.summaries import asking, running

    most = LedgerEntry.objects.values("district").annotate(count=Count("pk")).order_by("-count").first()
    if most is None:
        return 0
    officer, _ = people.city_officer(95_000_000)
    today = clock.today()
    job = asking.ask(
        by=officer,
        key=uuid.uuid4(),
        place=Organization.objects.get(pk=most["district"]),
        first_day=today - timedelta(days=30),
        last_day=today,
        is_handed_over=False,
    )
    running.write(job.pk)
    job.refresh_from_db()
    if job.state != "done":
        raise RuntimeError(f"the summary is {job.state}: {job.sentence}")
    return job.rows or 0


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    django.setup()
    print(json.dumps(run(sys.argv[1])))


if __name__ == "__main__":
    main()
