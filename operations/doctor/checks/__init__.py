"""The checks, by what they are about. Importing one puts it into the list."""

from operations.doctor.checks import (
    calendars,
    disk,
    dues,
    events,
    files,
    keys,
    ledgers,
    outbox,
    postgres,
    rollups,
    schema,
    scope,
    setting,
    trees,
    workers,
)
from operations.doctor.registry import in_order

__all__ = [
    "calendars", "disk", "dues", "events", "files", "keys", "ledgers", "outbox", "postgres", "rollups", "schema",
    "scope", "setting", "trees", "workers",
]  # fmt: skip

#: First what everything else rests on, last what takes longest.
ORDER = (
    "settings", "calendar", "keys", "disk", "postgres", "migrations", "constraints", "tree", "scope", "events", "due",
    "balances", "ledger", "outbox", "workers", "files", "rollups",
)  # fmt: skip
in_order(ORDER)
