"""The whole benchmark: for each scale a simulated city, a copy of it, and on the copy one part after another.

`outside` runs in the process of the command, `inside` in one that was started with the variables of production and
with the copy as its database.
"""

from __future__ import annotations

import json
import os
import subprocess  # noqa: S404 - starts manage.py
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from operations.benching import databases, serving

PRESETS, SEED, REQUESTS = ("shaoguan", "liwan"), 7, 100_000
#: What the comparison and the pages of phones are measured at: the largest scale asked for.
PARTS = ("pages", "jobs", "peer", "phone", "lighthouse", "carried")
EVERYWHERE = ("pages", "jobs", "carried")
#: A quick run: a community that has something of everything, every so many pages, the jobs that touch most tables.
QUICK_NAME, QUICK_SCALE, QUICK_PRESETS, QUICK_STEP = "wenshao_bench_quick", 0.1, ("huacheng",), 24
#: Its tables are made without playing the migrations, which takes longer than all else.
STRAIGHT = "governance.straight"
QUICK_PARTS = ("pages", "jobs", "peer", "phone", "carried")
QUICK_JOBS = ("notifications.sweep", "requests.tick", "all boards anew")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Where:
    """`server`: URL of any database of the PostgreSQL server; `redis` is emptied; `port` for gunicorn."""

    server: str
    redis: str
    port: int
    quick: bool = False


def named(scale: float) -> str:
    """wenshao_bench_01 for 0.1, wenshao_bench_1 for 1."""
    return f"wenshao_bench_{f'{scale:g}'.replace('.', '')}"


def arguments(scale: float, *, quick: bool = False) -> list[str]:
    """What the simulator is asked for."""
    presets = [word for name in (QUICK_PRESETS if quick else PRESETS) for word in ("--preset", name)]
    requests = [] if quick else ["--requests", str(round(REQUESTS * scale))]
    return [*presets, "--scale", f"{scale:g}", "--seed", str(SEED), *requests]


def city(where: Where, scale: float, say: Say) -> str:
    """URL of the simulated city of that scale; it is made where it is missing or was made otherwise."""
    name, wanted = named(scale), " ".join(arguments(scale))
    url = databases.named(where.server, name)
    if databases.exists(url):
        said = databases.comment(url)
        if databases.is_migrated(url) and said in (wanted, ""):
            say(f"{name} is there{'' if said else ', made with arguments that it does not name'}")
            return url
        say(f"{name} was made otherwise and is made anew")
        databases.drop(url)
    say(f"{name} is made: manage.py simulate_city {wanted}")
    _simulate(where, url, scale)
    databases.note(url, wanted)
    return url


def _simulate(where: Where, url: str, scale: float) -> None:
    databases.create(url)
    environ = os.environ | {"DATABASE_URL": url, "REDIS_URL": where.redis}
    straight = {"DJANGO_SETTINGS_MODULE": STRAIGHT} if where.quick else {}
    _manage(["migrate", "-v", "0", *(["--run-syncdb"] if straight else [])], environ | straight)
    _manage(["simulate_city", *arguments(scale, quick=where.quick)], environ)


@contextmanager
def _there(where: Where, scale: float, say: Say) -> Iterator[str]:
    """The city's URL; a quick run's is made for it and dropped."""
    if not where.quick:
        yield city(where, scale, say)
        return
    url = databases.named(where.server, QUICK_NAME)
    databases.drop(url)
    try:
        _simulate(where, url, scale)
        yield url
    finally:
        databases.drop(url)


def outside(where: Where, url: str, parts: Sequence[str], say: Say) -> dict[str, Any]:
    """What the parts find on a copy of the database."""
    with (
        tempfile.TemporaryDirectory(prefix="wenshao-bench-") as var,
        databases.copied(url) as copy,
        serving.emptied(where.redis),
    ):
        environ = serving.production(copy, where.redis, Path(var))
        if set(parts) & {"pages", "phone", "lighthouse"}:
            serving.collect_static(environ)
        file = Path(var) / "found.json"
        words = ["bench", *parts, "--inside", str(file), "--port", str(where.port)]
        _manage([*words, *(["--quick"] if where.quick else [])], environ)
        found: dict[str, Any] = json.loads(file.read_text())
    return found


def _manage(words: list[str], environ: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", *words]
    subprocess.run(command, env=environ, cwd=settings.BASE_DIR, check=True)  # noqa: S603 - our own words


def whole(where: Where, scales: Sequence[float], say: Say) -> dict[str, Any]:
    """Everything that docs/bench.json holds but for the budgets."""
    found: dict[str, Any] = {"scales": {}}
    for scale in sorted(scales):
        parts = QUICK_PARTS if where.quick else PARTS if scale == max(scales) else EVERYWHERE
        with _there(where, scale, say) as url:
            say(f"scale {scale:g}")
            here = outside(where, url, parts, say)
        found |= {
            name: here.pop(name) for name in ("peer", "phone", "lighthouse", "plans", "about") if name in here
        }
        found["scales"][f"{scale:g}"] = here
    return found


# On the copy


def inside(parts: Sequence[str], port: int, quick: bool, say: Say) -> dict[str, Any]:
    """The parts, one after another: {about, rows, and a key for each part}."""
    from operations.benching import machine

    found: dict[str, Any] = {"about": machine.about(), "rows": machine.rows()}
    for part in parts:
        found |= _DOES[part](port, quick, say)
    return found


def _pages(port: int, quick: bool, say: Say) -> dict[str, Any]:
    from operations.benching import plans, visiting
    from operations.benching.pages import PAGES

    stay = visiting.Stay(0.05, 5, 0.03, 0.05) if quick else visiting.Stay()
    with serving.served(dict(os.environ), port, "--max-requests", "0") as server:
        visit = visiting.Visit(server, stay, say)
        pages = visit.all(PAGES[:: _step(quick)])
    return {"pages": pages, "plans": plans.hottest(visit.asked)}


def _jobs(port: int, quick: bool, say: Say) -> dict[str, Any]:
    from operations.benching import jobs

    if quick:
        return {"jobs": [_told({"name": name, **jobs.run(name)}, say) for name in QUICK_JOBS]}
    return {"jobs": [_told(jobs.measured(name, dict(os.environ)), say) for name in jobs.names()]}


def _step(quick: bool) -> int:
    return QUICK_STEP if quick else 1


def _carried(port: int, quick: bool, say: Say) -> dict[str, Any]:
    from operations.benching import jobs
    from operations.benching.carrying import CARRIED, FEW_CARRIED, PREPARING

    if quick:
        rows = [{"name": name, **jobs.run(name, job)} for name, job in FEW_CARRIED.items()]
        return {"carried": [_told(row, say) for row in rows]}
    found = [_told(jobs.measured(name, dict(os.environ)), say) for name in CARRIED]
    return {"carried": [row for row in found if row["name"] != PREPARING]}


def _told(row: dict[str, Any], say: Say) -> dict[str, Any]:
    said = (
        row.get("failed")
        or f"{row['seconds']} s, {row['reference']} s of them the database's, {row['peak_mb']} MB"
    )
    say(f"{row['name']}: {said}")
    return row


def _peer(port: int, quick: bool, say: Say) -> dict[str, Any]:
    from operations.benching import peer

    return {"peer": peer.compare(dict(os.environ), port, peer.QUICK if quick else peer.Bounds(), say)}


def _phone(port: int, quick: bool, say: Say) -> dict[str, Any]:
    from operations.benching import handheld, phone

    return {"phone": handheld.weights(dict(os.environ), port, phone.PAGES[:2] if quick else phone.PAGES)}


def _lighthouse(port: int, quick: bool, say: Say) -> dict[str, Any]:
    from operations.benching import handheld

    return {"lighthouse": handheld.scores(dict(os.environ), port)}


_DOES: dict[str, Callable[[int, bool, Say], dict[str, Any]]] = {
    "pages": _pages,
    "jobs": _jobs,
    "peer": _peer,
    "phone": _phone,
    "lighthouse": _lighthouse,
    "carried": _carried,
}
