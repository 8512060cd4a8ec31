"""Lighthouse over phone pages, signed in: the mobile preset with its slow network and slow processor.

Lighthouse comes from the npm registry as `front/package-lock.json` has it, into build/lighthouse/, when it is asked
for the first time; Chromium is the one on the PATH. Nothing is asked of any other address than the platform's.
`python -m operations.benching.lighthouse BASE resident=SESSION member=SESSION` prints the scores.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from operations.benching import phone

FRONT = Path(__file__).resolve().parent / "front"
HOME = Path(__file__).resolve().parent.parent.parent / "build" / "lighthouse"
#: Scores of 100 that a page needs at least (issue 7).
LIMIT = 95
RUNS = 3
TRIES = 3
SECONDS = 180
NAMES = ("home", "ask", "my requests", "request", "home of a member", "whistles", "whistle")
PAGES = tuple(page for page in phone.PAGES if page.name in NAMES)
#: Packages are checked against the lock and run no script of their own.
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
#: The sandbox of Chromium refuses root; no name but the platform's own resolves.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'",
)
CATEGORIES = ("performance", "accessibility")
#: What makes up the score of performance, milliseconds but for the shift of the layout.
METRICS = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "speed-index",
    "cumulative-layout-shift",
)


class NotMeasured(Exception):
    """Node, Chromium or the package is missing, or Lighthouse gave no scores; its words say which."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One page, medians over `runs`: scores of 0 to 100, bytes transferred, the metrics, what accessibility lacks.

    `machine` is how fast Lighthouse found the processor (1,500 and more: a desktop at rest). Its slow phone is a
    quarter of that, so where others kept the machine busy, performance says little and the metrics of paint more.
    """

    path: str
    performance: float
    accessibility: float
    bytes: int
    metrics: dict[str, float]
    lacking: tuple[str, ...]
    runs: int
    machine: float

    @property
    def is_within(self) -> bool:
        return min(self.performance, self.accessibility) >= LIMIT


def scores(
    base: str, cookies: Mapping[str, str], pages: Iterable[phone.Page] = PAGES, runs: int = RUNS
) -> dict[str, Scores]:
    """Page → its scores. `cookies`: role → Cookie header; pages of other roles are left out. About 15 s a run.

    Raises NotMeasured, and phone.NotShown where a page is not there.
    """
    install()
    found = {}
    for page in pages:
        if page.role in cookies:
            path = phone.path_of(base, cookies[page.role], page)
            reports = [_some_run(base + path, cookies[page.role]) for _ in range(runs)]
            found[page.name] = _together(path, reports)
    return found


def install(home: Path = HOME) -> None:
    """Lighthouse as the lock has it, in `home`; nothing happens where it lies there already."""
    lock = sha256((FRONT / "package-lock.json").read_bytes()).hexdigest()
    stamp = home / ".locked"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    npm = _program("npm")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(FRONT, home)
    done = subprocess.run([npm, *INSTALL], cwd=home)  # noqa: S603 - our own words, no shell
    if done.returncode:
        raise NotMeasured(
            "npm could not fetch Lighthouse as operations/benching/front/package-lock.json has it"
        )
    stamp.write_text(lock)


def _some_run(address: str, cookie: str) -> dict[str, Any]:
    """A busy machine loses a trace now and then (NO_NAVSTART): the run is repeated, a few times at most."""
    for _ in range(TRIES - 1):
        try:
            return run(address, cookie)
        except NotMeasured:
            continue
    return run(address, cookie)


def run(address: str, cookie: str, home: Path = HOME) -> dict[str, Any]:
    """The report of one run over one page, as Lighthouse writes it."""
    with tempfile.TemporaryDirectory(prefix="wenshao-lighthouse-") as folder:
        report, headers = Path(folder, "report.json"), Path(folder, "headers.json")
        headers.write_text(json.dumps({"Cookie": cookie}))
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            [
                *(_program("node"), str(home / "node_modules" / "lighthouse" / "cli" / "index.js"), address),
                *("--quiet", "--no-enable-error-reporting", "--output=json", f"--output-path={report}"),
                *(f"--extra-headers={headers}", f"--only-categories={','.join(CATEGORIES)}"),
                f"--chrome-flags={' '.join(FLAGS)}",
            ],
            env=os.environ | {"CHROME_PATH": _program("chromium", "chromium-browser", "google-chrome")},
            capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise NotMeasured(f"Lighthouse ended with {done.returncode} on {address}: {done.stderr[-2000:]}")
        return json.loads(report.read_text())


def _together(path: str, reports: list[dict[str, Any]]) -> Scores:
    """One row of several runs of the same page; raises NotMeasured where one has no score."""
    for report in reports:
        if (error := report.get("runtimeError")) or report["finalDisplayedUrl"].endswith("/sign-in/"):
            raise NotMeasured(f"{path}: {error['message'] if error else 'the session is over'}")
    performance, accessibility = (_median(reports, "categories", name, "score") * 100 for name in CATEGORIES)
    return Scores(
        path=path,
        performance=round(performance, 1),
        accessibility=round(accessibility, 1),
        bytes=int(_median(reports, "audits", "total-byte-weight", "numericValue")),
        metrics={name: round(_median(reports, "audits", name, "numericValue"), 3) for name in METRICS},
        lacking=_lacking(reports[-1]),
        runs=len(reports),
        machine=_median(reports, "environment", "benchmarkIndex"),
    )


def _median(reports: list[dict[str, Any]], *keys: str) -> float:
    values = []
    for report in reports:
        value: Any = report
        for key in keys:
            value = value[key]
        values.append(float(value))
    return statistics.median(values)


def _lacking(report: dict[str, Any]) -> tuple[str, ...]:
    """Audits of accessibility that the page does not pass."""
    audits = (each["id"] for each in report["categories"]["accessibility"]["auditRefs"])
    return tuple(name for name in audits if report["audits"][name]["score"] == 0)


def _program(*names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    raise NotMeasured(f"Lighthouse needs {names[0]} on the PATH")


def main(words: list[str]) -> int:
    """Print a line for each page; 1 where one scores less than the limit."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    base, *named = words
    cookies = {role: phone.cookie_of(session) for role, _, session in (word.partition("=") for word in named)}
    found = scores(base, cookies)
    for name, each in found.items():
        print(
            f"{name:<20} performance {each.performance:>5} accessibility {each.accessibility:>5} "
            f"{each.bytes / 1000:.1f} kB {each.metrics} machine {each.machine} {' '.join(each.lacking)}"
        )
    return int(not all(each.is_within for each in found.values()))


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    django.setup()
    sys.exit(main(sys.argv[1:]))
