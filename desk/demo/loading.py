"""Loading the demo: everything or nothing, once."""

from __future__ import annotations

import random
from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from accounts.models import User
from desk.demo import places
from desk.demo.people import gather
from desk.demo.signins import demo_signins
from organizations.models import Organization

SEED = 440203001021
Say = Callable[[str], None]


class Refused(Exception):
    """The demo does not belong here; the sentence says why."""


def load(say: Say = lambda line: None) -> bool:
    """Load the demo unless it is there; gives whether anything was loaded. Raises Refused.

    One transaction: a loading that was killed left nothing behind, and the next one begins afresh.
    """
    if settings.PRODUCTION:
        raise Refused("The demo refuses a production configuration (WENSHAO_MODE=production).")
    if demo_signins():
        return False
    if User.objects.exists() or Organization.objects.exists():
        raise Refused("This database holds other people or organizations; the demo wants an empty one.")
    with transaction.atomic():
        _replay(random.Random(SEED), say)  # noqa: S311 - invented data, the same every time
    return True


def _replay(chance: random.Random, say: Say) -> None:
    say("tree, grids and buildings")
    land = places.settle(chance)
    say("people")
    gather(land, chance)
