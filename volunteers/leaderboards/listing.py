"""不上榜: where boards name only the first third, whoever is on them may leave (RULES 6)."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.cache import cache
from django.db import transaction

from ground.errors import NoPower, RuleViolation
from organizations.models import Policy
from organizations.models.policies import Boards
from volunteers.models import Volunteer

#: Public pages keep their lines for a while; under this key stands another word after every change.
CHANGED = "public-board:listing"


def may_leave(boards: str) -> bool:
    """Whether the policy lets people leave its boards."""
    return boards == Boards.POSITIVE


def leave(volunteer: Volunteer, *, by: Any) -> None:
    """Be named on no board any more.

    Raises NoPower for anybody else, RuleViolation where the policy has no such way.
    """
    if not may_leave(Policy.of(volunteer.district_id).boards):
        raise RuleViolation("本区排行榜列出全部名次，不能单独不上榜。")
    _set(volunteer, by, hides=True)


def come_back(volunteer: Volunteer, *, by: Any) -> None:
    """Be named again. Raises NoPower for anybody else."""
    _set(volunteer, by, hides=False)


def _set(volunteer: Volunteer, by: Any, *, hides: bool) -> None:
    with transaction.atomic():
        row = Volunteer.objects.select_for_update().get(pk=volunteer.pk)
        if row.user_id != by.pk:
            raise NoPower("上不上榜由本人决定。")
        row.hides_from_boards = hides
        row.save(update_fields=["hides_from_boards"])
        transaction.on_commit(lambda: cache.set(CHANGED, uuid.uuid4().hex, None))
    volunteer.hides_from_boards = hides
