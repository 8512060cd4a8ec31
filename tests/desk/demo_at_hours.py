"""Ask the demo's questions as of many moments: `python -m tests.desk.demo_at_hours 24 --from 2026-12-01T06:00`.

The suite asks as of one moment, the same every time; chance falls out another way at every other one. A loading
takes a minute or two, so this is for whoever changed the demo and not for every run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import datetime, timedelta
from multiprocessing.pool import ThreadPool
from pathlib import Path

from ground import clock

ROOT = Path(__file__).resolve().parent.parent.parent
#: Hours from one moment to the next: no divisor of a day or a week, so that hours and weekdays all come.
APART = timedelta(hours=37, minutes=13)


def _ask(moment: datetime) -> tuple[datetime, subprocess.CompletedProcess[str]]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/desk/test_demo.py",
        "-q",
        "--no-header",
        "-m",
        "not services",
    ]
    environ = os.environ | {"DEMO_AT": moment.isoformat()}
    return moment, subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("moments", type=int, help="how many moments")
    parser.add_argument("--from", dest="first", type=datetime.fromisoformat, help="the first (default: now)")
    parser.add_argument("--apart", type=float, help="minutes from one to the next (default: 37 h 13 min)")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    first = asked.first.astimezone() if asked.first else clock.now()
    apart = timedelta(minutes=asked.apart) if asked.apart else APART
    failed = 0
    with ThreadPool(asked.processes) as pool:
        for moment, done in pool.imap(_ask, [first + number * apart for number in range(asked.moments)]):
            print(f"{moment:%a %Y-%m-%d %H:%M %z}  {done.stdout.strip().splitlines()[-1]}", flush=True)
            if done.returncode:
                failed += 1
                print(done.stdout)
    return min(failed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
