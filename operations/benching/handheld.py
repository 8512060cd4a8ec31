"""What `phone` and `lighthouse` need: the platform served to a browser without a proxy, and people who are signed in.

Browsers are not told to go to HTTPS here, where nothing answers it; all else is as in production: workers, database,
files compressed and named by their content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from operations.benching import lighthouse, phone, serving
from operations.benching.cast import Cast


def weights(environ: dict[str, str], port: int, pages: Iterable[phone.Page]) -> dict[str, Any]:
    """Page → what its first load costs; {page: {"missing": why}} where it is not there."""
    cookies = _cookies()
    found: dict[str, Any] = {}
    with _served(environ, port) as base:
        for page in pages:
            try:
                loads = phone.first_loads(base, cookies, [page])
            except phone.NotShown as trouble:
                loads, found[page.name] = {}, {"missing": str(trouble)}
            found |= {name: asdict(load) for name, load in loads.items()}
    return found


def scores(environ: dict[str, str], port: int) -> dict[str, Any]:
    """Page → Lighthouse's scores, the same way."""
    cookies = _cookies()
    found: dict[str, Any] = {}
    with _served(environ, port) as base:
        for page in lighthouse.PAGES:
            try:
                found |= {
                    name: asdict(each) for name, each in lighthouse.scores(base, cookies, [page]).items()
                }
            except (phone.NotShown, lighthouse.NotMeasured) as trouble:
                found[page.name] = {"missing": str(trouble).splitlines()[0]}
    return found


def _cookies() -> dict[str, str]:
    cast = Cast()
    actors = {role: cast.actor(role) for role in ("resident", "member", "grid_worker")}
    return {role: actor.cookie["Cookie"] for role, actor in actors.items() if actor}


@contextmanager
def _served(environ: dict[str, str], port: int) -> Iterator[str]:
    plain = environ | {"WENSHAO_MODE": "embedded", "WENSHAO_PROXIES": "0"}
    with serving.served(plain, port, "--max-requests", "0"):
        yield f"http://{serving.HOST}:{port}"
