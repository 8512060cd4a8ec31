"""Loading the demo: everything or nothing, once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from accounts.models import User
from dashboards import rolling
from dashboards.patterns import finding
from desk.demo import places
from desk.demo.past import live_through
from desk.demo.people import gather
from desk.demo.registry import settle_in
from desk.demo.said import speak
from desk.demo.signins import demo_signins
from desk.demo.summed import sum_up
from desk.demo.teamwork import team_up
from ground import clock
from notifications.models import FanOut, Message
from notifications.outbox import replay
from organizations.models import Organization
from volunteers import leaderboards

SEED = 440203001021
#: How far back calls for volunteers are kept in the inboxes, and what is not read yet.
RECENT, UNREAD = timedelta(days=3), timedelta(hours=20)
Say = Callable[[str], None]


class Refused(Exception):
    """The demo does not belong here; the sentence says why."""


def load(say: Say = lambda line: None) -> bool:
    """Load the demo unless it is there; gives whether anything was loaded. Raises Refused.

    One transaction: a loading that was killed left nothing behind, and the next one begins afresh.
    """
    if settings.PRODUCTION:
        raise Refused("The demo refuses a production configuration (WENSHAO_MODE=production).")
    with transaction.atomic(), one_piece():
        if demo_signins():
            return False
        if User.objects.exists() or Organization.objects.exists():
            raise Refused("This database holds other people or organizations; the demo wants an empty one.")
        with replay():
            _replay(random.Random(SEED), say)  # noqa: S311 - invented data, the same every time
        _read_what_is_old()
        say("dashboards")
        finding.look_around()
        rolling.rebuild()
    return True


@contextmanager
def one_piece() -> Iterator[None]:
    """Steps inside take no savepoints: PostgreSQL keeps a lock for each until the end, and 7,000 fill its table.

    Nothing is lost by it: a loading that meets any error is taken back as a whole.
    """
    connection.features.uses_savepoints = False
    try:
        yield
    finally:
        connection.features.uses_savepoints = True


def _replay(chance: random.Random, say: Say) -> None:
    say("tree, grids and buildings")
    land = places.settle(chance)
    say("people")
    people, cast = gather(land, chance)
    say("ten thousand residents")
    settle_in(land, people, chance, cast)
    say("a year of requests and whistles")
    live_through(land, people, chance, cast)
    say("teams, and those without a community")
    team_up(land, people, cast)
    say("what volunteers can, and thanks")
    speak(land, people)
    leaderboards.refresh_due()
    say("summaries of last month")
    sum_up(land.huacheng.node, people.secretary)
    if people.district is not None:
        sum_up(land.district, people.district)
    _forget_old_calls()


def _forget_old_calls() -> None:
    """Of the whistles of the past only the last days' are found in the inboxes of all whom they were meant for."""
    old = FanOut.objects.filter(done_at=None, created_at__lt=clock.now() - RECENT)
    old.update(done_at=F("created_at"))


def _read_what_is_old() -> None:
    """What is older than a day or so has been read, an hour after it came."""
    Message.objects.filter(at__lt=clock.now() - UNREAD).update(read_at=F("at") + timedelta(hours=1))
