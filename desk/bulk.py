"""一起受理、一起派单: one step on many requests, each for itself: what one rule refuses holds nothing else up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db import DatabaseError

from ground.errors import NoPower, RuleViolation
from requests import workflow
from requests.models import ServiceRequest
from requests.tables import REQUESTS

#: At most so many at once; a page of the list holds fewer.
MOST = 50
STEPS = ("accept", "dispatch")
NOT_FOUND = "没有找到这个编号。"
log = logging.getLogger(__name__)


class Line(NamedTuple):
    """What became of one number. `title` is empty where it is out of sight, as if there were none."""

    number: str
    title: str
    is_done: bool
    sentence: str


def numbers_of(given: Iterable[str]) -> list[str]:
    """The numbers as they were ticked, each once. Raises RuleViolation: none, or too many."""
    typed = (each.replace("\0", "").strip().upper()[:24] for each in given)
    found = list(dict.fromkeys(each for each in typed if each))
    if not found:
        raise RuleViolation("请先勾选要一起办的点单。")
    if len(found) > MOST:
        raise RuleViolation(f"一次最多 {MOST} 件，现在勾了 {len(found)} 件，请分几次。")
    return found


def picked(user: Any, numbers: list[str]) -> dict[str, ServiceRequest]:
    """Those of the numbers that are in sight. One query."""
    rows = ServiceRequest.objects.in_sight_of_staff(user).filter(number__in=numbers)
    rows = rows.select_related("category", "handler", "district", "consent_at")
    return {row.number: row for row in rows}


def take_all(
    name: str, numbers: list[str], *, by: Any, data_of: Callable[[ServiceRequest], dict[str, Any]]
) -> list[Line]:
    """One line a number, in their order; every request in a transaction of its own."""
    rows = picked(by, numbers)
    return [
        _take(name, rows[number], by, data_of)
        if number in rows
        else Line(number, "", is_done=False, sentence=NOT_FOUND)
        for number in numbers
    ]


def _take(
    name: str, row: ServiceRequest, by: Any, data_of: Callable[[ServiceRequest], dict[str, Any]]
) -> Line:
    said, is_done = f"已{REQUESTS.steps[name].label}", True
    try:
        workflow.take_step(name, row, by=by, cleaned_data=data_of(row))
    except (RuleViolation, NoPower) as refused:
        said, is_done = refused.sentence, False
    except DatabaseError:  # this one was rolled back; the others are none of its business
        log.exception("bulk step failed")
        said, is_done = "没有办成，请打开这一件再试。", False
    return Line(row.number, row.title, is_done, said)
