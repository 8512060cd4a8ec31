"""周报: every Monday at eight the saved views that ask for it come into the inbox, in one message a person.

Beat asks every ten minutes. A view is told once a week: that it has been is written in the transaction that writes
the message, under the lock of the view. After an outage it comes as soon as the figures are there, until Sunday.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import User
from dashboards import reading, saving, weekly
from dashboards.models import SavedView
from dashboards.weekly import Report, monday_of_round, next_monday
from ground import clock
from ground.periods import first_day
from notifications.models import Kind
from notifications.outbox import say

log = structlog.get_logger(__name__)

#: Figures older than this are not news: the rollups are made first.
FRESH = timedelta(hours=1)
#: As long as the text of a message.
LONGEST_TEXT = 300
#: Letters older than this are not looked up again.
KEPT = timedelta(weeks=104)


def send_due() -> int:
    """Write the letters that are due and have not been written; gives how many. Safe to run twice at once."""
    monday = monday_of_round()
    if monday is None or not _is_fresh():
        return 0
    written = 0
    people = User.objects.filter(pk__in=_due(monday).order_by().values("user")).order_by("pk")
    for user in people.iterator(100):
        try:
            written += _send(user, monday)
        except Exception:  # one of them does not keep the others waiting; the next round tries again
            log.exception("digest failed", account=user.pk)
    return written


def _is_fresh() -> bool:
    moment = reading.as_of()
    return moment is not None and clock.now() - moment <= FRESH


def _due(monday: date) -> QuerySet[SavedView]:
    not_told = Q(sent_on=None) | Q(sent_on__lt=monday)
    return SavedView.objects.filter(not_told, has_digest=True, user__is_active=True).filter(
        Q(organization=None) | Q(organization__closed_at=None)
    )


def _send(user: User, monday: date) -> int:
    """One message about those of his views that he may still see; the others wait for his powers."""
    with transaction.atomic():
        # Another round that is just as far waits here, and then finds nothing left.
        locked = SavedView.objects.select_for_update(no_key=True).order_by("pk")
        held = locked.filter(Q(sent_on=None) | Q(sent_on__lt=monday), user=user, has_digest=True)
        ids = [view.pk for view in held]
        views = list(saving.in_sight(user).filter(pk__in=ids))
        if not views:
            return 0
        SavedView.objects.filter(pk__in=[view.pk for view in views]).update(sent_on=monday)
        week = weekly.week_before(monday)
        letter = letter_of(weekly.reports(views, week), week)
        key = f"digest:{monday:%Y%m%d}:{views[0].pk}"
        say(to=user, key=key, title=letter.title, text=letter.text, url=letter.url, kind=Kind.DIGEST)
    return 1


# Words


class Letter(NamedTuple):
    title: str
    text: str
    url: str


def letter_of(reports: list[Report], week: weekly.Window) -> Letter:
    """What the message says: names of places and figures, nobody's data.

    What does not fit into the text is on the page, which has all of it.
    """
    first = reports[0]
    title = f"看板周报 · {first.place}：{first.headline}"
    if len(reports) == 1:
        return Letter(title, first.sentence, first.url)
    page = f"{reverse('dashboards:digest')}?week={week.first}"
    text = _fitting([report.sentence for report in reports])
    return Letter(f"{title}（共 {len(reports)} 个看板）", text, page)


def _fitting(sentences: list[str]) -> str:
    """As many whole sentences as a message holds, a line each, and how many more there are."""
    told: list[str] = []
    for sentence in sentences:
        left = len(sentences) - len(told) - 1
        if len("\n".join([*told, sentence, *_more(left)])) > LONGEST_TEXT:
            break
        told.append(sentence)
    return "\n".join([*told, *_more(len(sentences) - len(told))])


def _more(left: int) -> list[str]:
    return [f"另有 {left} 个，请打开看。"] if left else []


def week_of(said: str) -> weekly.Window:
    """The week that an address asks for by one of its days; the last whole one where it asks for none."""
    last = first_day("week", clock.today()) - timedelta(days=7)
    try:
        asked = first_day("week", date.fromisoformat(said)) if len(said) == 10 else last
    except ValueError:
        asked = last
    first = asked if last - KEPT <= asked <= last else last
    return weekly.span(first, first + timedelta(days=6))


def shown(user: Any, said_week: str) -> dict[str, Any]:
    """The context of the page: the letter of a week as it is or would be, with everything in it.

    Who has switched none on sees what all of his views together would be (`is_sample`).
    """
    week = week_of(said_week)
    mine = list(saving.in_sight(user))
    wanted = [view for view in mine if view.has_digest]
    found = weekly.reports(wanted or mine, week) if mine else []
    return {
        "week": week,
        "reports": found,
        "letter": letter_of(found, week) if found else None,
        "is_sample": not wanted,
        "as_of": reading.as_of() if found else None,
        "next_on": next_monday(),
    }
