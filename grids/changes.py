"""修改记录 as people read it: what changed, by whom and when; never what personal data read."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from grids.audit import PERSONAL, entries_of

SHOWN = 20
_ACTIONS = {LogEntry.Action.CREATE: "登记", LogEntry.Action.UPDATE: "修改", LogEntry.Action.DELETE: "删除"}
#: Follow from the household.
_FOLLOWING = {"building", "grid"}


def events_of(row: Model) -> list[dict[str, Any]]:
    """The last twenty changes of a row, newest first, for `parts/_timeline.html`. One query."""
    return [
        {
            "title": _ACTIONS.get(entry.action, "查看"),
            "at": entry.timestamp,
            "by": str(entry.actor) if entry.actor else "系统",
            "text": _text(row, entry),
        }
        for entry in entries_of(row)[:SHOWN]
    ]


def _text(row: Model, entry: LogEntry) -> str:
    if entry.action != LogEntry.Action.UPDATE:
        return ""
    changes = {name: value for name, value in (entry.changes or {}).items() if name not in _FOLLOWING}
    return "；".join(_change(row, name, value) for name, value in changes.items())


def _change(row: Model, name: str, value: Any) -> str:
    try:
        field: Any = row._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    if isinstance(value, dict):
        objects = "、".join(str(each) for each in value.get("objects", ()))
        return f"{field.verbose_name}：{'去掉' if value.get('operation') == 'delete' else '加上'}{objects}"
    if not field.choices or name in PERSONAL:
        return str(field.verbose_name)
    said = dict(field.flatchoices)
    old, new = (said.get(each, "无") for each in value)
    return f"{field.verbose_name}：{old} → {new}"
