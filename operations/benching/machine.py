"""What was measured on, and with: the machine, versions, the moment, how large the city was."""

from __future__ import annotations

import os
import platform
import re
import subprocess  # noqa: S404 - our own constants
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from grids.models import Building, Dwelling, Resident
from ground import clock
from organizations.models import Member, Organization
from requests.models import ServiceRequest
from volunteers.models import Claim, LedgerEntry, Whistle

LIBRARIES = ("Django", "djangorestframework", "gunicorn", "psycopg2-binary", "celery")
SETTINGS = ("shared_buffers", "work_mem", "synchronous_commit", "fsync", "jit", "random_page_cost")
ROWS = (
    ("organizations", Organization),
    ("members", Member),
    ("buildings", Building),
    ("dwellings", Dwelling),
    ("residents", Resident),
    ("requests", ServiceRequest),
    ("whistles", Whistle),
    ("claims", Claim),
    ("ledger entries", LedgerEntry),
)


def about() -> dict[str, Any]:
    """The machine and everything that has a version."""
    return {
        "date": clock.now().isoformat(timespec="minutes"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "postgresql": _shown("server_version"),
        "postgresql_settings": {name: _shown(name) for name in SETTINGS},
        "redis": _redis(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def rows() -> dict[str, int]:
    """How much there is in the database at hand, and its bytes."""
    found = {name: model.objects.count() for name, model in ROWS}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return {**found, "bytes": cursor.fetchone()[0]}


def _shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _redis() -> str:
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    return str(client.info("server")["redis_version"])


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()
