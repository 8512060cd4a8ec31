"""我的专长和空闲时间: what a volunteer says of himself, so that lists can say what fits (S8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Skill
from volunteers.models import Volunteer
from volunteers.states import FreeTime

#: Who can everything helps no list to choose.
MOST_SKILLS = 10


def declare(
    volunteer: Volunteer, *, by: Any, skills: Iterable[Skill], free_times: Iterable[str]
) -> Volunteer:
    """What he can and when he is free, as a whole: what is left out is taken back.

    The skills of the Party register stay where they are: they are not his to change. Said twice, it is the same.
    Raises NoPower for anybody else, RuleViolation at `skills` or `free_times`.
    """
    if by is None or volunteer.user_id != by.pk:
        raise NoPower()
    wanted, times = {skill.pk for skill in skills}, set(free_times)
    if len(wanted) > MOST_SKILLS:
        raise RuleViolation(f"最多选 {MOST_SKILLS} 项，挑最拿手的。", field="skills")
    if times - set(FreeTime.values):
        raise RuleViolation("请从列出的时间里选。", field="free_times")
    with transaction.atomic():
        lock_row(volunteer)
        volunteer.skills.set(wanted)
        volunteer.free_times = [value for value in FreeTime.values if value in times]
        volunteer.save(update_fields=["free_times"])
    return volunteer


def free_times_in_words(volunteer: Volunteer) -> str:
    """工作日晚上、周六; "" where nothing was said."""
    return "、".join(FreeTime(value).label for value in volunteer.free_times if value in FreeTime.values)
