"""What the faults meet: made by the verbs of the platform, so that the doctor finds nothing to say."""

from __future__ import annotations

import uuid
from datetime import timedelta

from accounts.models import User
from ground import clock
from notifications.delivery import due
from notifications.models import Outgoing
from organizations.models import Organization
from tests.volunteers import scenes
from volunteers import tasks
from volunteers.models import SummaryJob
from volunteers.summaries import asking
from volunteers.whistling import whistles

#: More than a minute: a worker that was last heard of then is lost.
LATER = timedelta(minutes=3)


def a_summary() -> SummaryJob:
    """Of a community with a whistle of the day before yesterday; no worker has been told."""
    home = scenes.a_city().home
    with clock.at(clock.now() - timedelta(days=2)):
        soon = clock.now() + timedelta(hours=2)
        whistles.publish(
            scenes.a_draft(home, starts_at=soon, ends_at=soon + timedelta(hours=1)), by=home.secretary
        )
    tasks.remind_due()
    tasks.start_and_finish_due()  # as beat would have done in the meantime
    return the_same(home.secretary, home.organization)


def the_same(by: User, place: Organization) -> SummaryJob:
    today = clock.today()
    days = {"first_day": today - timedelta(days=30), "last_day": today}
    return asking.ask(by=by, key=uuid.uuid4(), place=place, **days, is_handed_over=False)


def is_all_delivered() -> bool:
    """Nothing waits that may be delivered now; what quiet hours hold back is another matter."""
    return not due()


def waiting_for(user: User, word: str) -> int:
    """A message that is written and not delivered: what a transaction leaves behind."""
    return Outgoing.objects.create(key=f"fault:{word}:{user.pk}", to=user, title="消息").pk
