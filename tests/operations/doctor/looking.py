"""Breaking things behind the platform's back, and asking one check what it sees."""

from __future__ import annotations

from django.db import connection

from ground import clock
from operations.doctor import examining
from operations.doctor.findings import Finding
from operations.doctor.registry import Ask


def sql(statement: str, *values: object) -> None:
    """What no verb would do."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def findings_of(name: str, **ask: bool) -> list[Finding]:
    """What a check says. An error of its own is no answer."""
    (result,) = examining.examine([name], Ask(clock.now(), **ask))
    assert not result.broke, result.broke
    return list(result.findings)


def found_by(name: str, **ask: bool) -> list[str]:
    """The same in words; nothing where all is well."""
    return [each.what for each in findings_of(name, **ask)]
