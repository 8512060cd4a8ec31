"""Summaries that the secretary and the district have asked for, so that their pages of summaries are not empty."""

from __future__ import annotations

import uuid
from datetime import timedelta

from accounts.models import User
from ground import clock
from organizations.models import Organization
from volunteers.summaries import asking, running


def sum_up(place: Organization, by: User) -> None:
    """Last month's activities of a community or a district. Counts only: an export with names leaves a trace in a
    transaction of its own, and the demo is loaded in one."""
    last = clock.today().replace(day=1) - timedelta(days=1)
    job = asking.ask(
        by=by,
        key=uuid.UUID(int=place.pk, version=4),
        place=place,
        first_day=last.replace(day=1),
        last_day=last,
        is_handed_over=False,
    )
    running.write(job.pk)
