"""What the history says of a dispatch: a headline for whoever asked, all of it for staff and the recipient."""

from __future__ import annotations

from typing import Any

from requests import powers
from requests.entries import Entry
from requests.models import DispatchEvent
from requests.readers import Reader

#: Step → headline about the recipient. Sending shows as the step of the request, a contact too.
_HEADLINES = {
    "sign": "{}签收",
    "give_back": "{}退回，另行安排",
    "arrive": "{}到场",
    "answer": "{}回复了办理情况",
    "confirm": "{}的办理情况已核实",
    "reject": "请{}重新办理",
    "recall": "收回派给{}的单",
}
_MARKS = {"timely": "及时", "effective": "有效", "attitude": "态度"}


def is_own(viewer: Any, reader: Reader, event: DispatchEvent) -> bool:
    """Whether it is a dispatch to those for whom the viewer answers: they read what was said about it."""
    return reader is Reader.UNIT and powers.answers(viewer, event.subject)


def entry(event: DispatchEvent, *, is_full: bool) -> Entry | None:
    """One line; `is_full` with words, marks and the person. None for steps that show elsewhere."""
    headline = _HEADLINES.get(event.step)
    if headline is None:
        return None
    title = headline.format(event.subject.recipient)
    if not is_full:
        return Entry(event.step, title, event.at)
    said = getattr(event, "note", None)
    return Entry(
        event.step,
        title,
        event.at,
        by=str(event.by) if event.by else "系统",
        note=_note(event),
        text=str(said) if said else "",
    )


def _note(event: DispatchEvent) -> str:
    if event.step == "confirm":
        return " · ".join(
            f"{label} {event.codes[key]} 分" for key, label in _MARKS.items() if key in event.codes
        )
    if event.step == "reject":
        return f"第 {event.codes.get('count', 1)} 次退回"
    return ""
