"""The year of a place: its people, what they asked for, and what they were called for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from ground import clock
from operations.simulating.asking import Asking, Counted
from operations.simulating.calling import Calling, Held
from operations.simulating.copying import Writer
from operations.simulating.crowd import Crowd, Gathering
from operations.simulating.land import Land
from operations.simulating.rhythm import Rhythm
from organizations.workdays import calendar, one_calendar
from requests import catalogue


@dataclass(frozen=True, slots=True)
class Lived:
    """What was written of a place. `members`: registered and confirmed."""

    crowd: Crowd
    members: int
    asked: Counted
    held: Held


def live(
    land: Land, writer: Writer, seed: int, *, place: int = 0, requests: int = 0, now: datetime | None = None
) -> Lived:
    """A year until now. The same land, seed and moment give the same rows.

    place: which one of the database it is, from 0 (`signins`). requests: so many in all states; 0: until as many are
    solved as the place has published. Call inside one transaction.
    """
    now, solved = now or clock.now(), land.preset.requests
    chance = [random.Random(f"{land.preset.name} {seed} {part}") for part in range(4)]  # noqa: S311 - invented data
    with one_calendar():
        rhythm = Rhythm(now, calendar(), chance[0])
        catalogue.begin()
        catalogue.begin_replies_everywhere()
        crowd = Gathering(land, rhythm, writer, chance[1], place).gather(requests or solved)
        asking, calling = Asking(crowd, rhythm, writer, chance[2]), Calling(crowd, rhythm, writer, chance[3])
        asked = asking.ask(total=requests) if requests else asking.ask(solved=solved)
        return Lived(crowd, sum(len(each.members) for each in crowd.neighbours), asked, calling.call())
