"""Parts that did not do what they were to do: the benchmark is broken there, however quick it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from operations.benching.budgets import LIMITED

#: On a busy machine a short measure may end before its first answer.
NOT_BROKEN = LIMITED | {"no answer"}


def failed(found: dict[str, Any]) -> list[str]:
    """Sentences from what docs/bench.json holds: jobs that ended badly, answers that were no good, phone pages that
    were not there."""
    return [*_of_scales(found), *_of_peer(found.get("peer") or {}), *_of_phone(found.get("phone") or {})]


def _of_scales(found: dict[str, Any]) -> Iterator[str]:
    for here in found.get("scales", {}).values():
        for row in [*here.get("jobs", []), *here.get("carried", [])]:
            if "failed" in row:
                yield f"{row['name']}: {row['failed']}"
        for row in here.get("pages", []):
            yield from _of_answers(row["name"], row)


def _of_peer(peer: dict[str, Any]) -> Iterator[str]:
    for name, row in peer.items():
        if isinstance(row, dict):
            yield from _of_answers(name, row)
            yield from _said(name, row)


def _of_answers(name: str, row: dict[str, Any]) -> Iterator[str]:
    for clients in ("at_1", "at_4"):
        yield from _said(name, row.get(clients, {}))


def _said(name: str, row: dict[str, Any]) -> Iterator[str]:
    if bad := {
        status: count for status, count in row.get("bad", {}).items() if str(status) not in NOT_BROKEN
    }:
        yield f"{name}: {bad}"
    if "missing" in row:
        yield f"{name}: {row['missing']}"


def _of_phone(phone: dict[str, Any]) -> Iterator[str]:
    return (f"{name}: {row['missing']}" for name, row in phone.items() if "missing" in row)
