"""现场码: what the leader shows on the spot and volunteers scan; it changes every half minute (RULES 2)."""

from __future__ import annotations

import base64
from collections.abc import MutableMapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from ground import clock
from ground.fields import blind_index
from volunteers.models import Whistle
from volunteers.states import WhistleState

#: How long one code is shown (seconds), and how many older ones still count: who scans needs a moment.
WINDOW, OLDER = 30, 1
#: How long after a scan one may still press the button (seconds): signing in takes a while.
GRACE = 5 * 60
#: How long a session remembers a scan (seconds): so long one may say thanks.
KEPT = 7 * 24 * 3600
#: In the session: {id of the whistle: when its code was scanned, seconds since 1970}. Read by the thanks page.
SCANNED = "scanned_whistles"
#: When the code is shown: half an hour before the start until everybody has left.
SHOWN_BEFORE, SHOWN_AFTER = timedelta(minutes=30), timedelta(hours=2)

#: Signs that a code never has, and what they were read for.
_MISREAD = str.maketrans("018", "OIB")

Session = MutableMapping[str, Any]


def code_of(whistle_id: int, at: datetime) -> str:
    """The code of that moment: eight letters and digits that can also be typed."""
    return _code(whistle_id, int(at.timestamp()) // WINDOW)


def seconds_left(at: datetime) -> int:
    """Until the next code is shown: from WINDOW down to 1."""
    return WINDOW - int(at.timestamp()) % WINDOW


def is_right(whistle_id: int, code: str, at: datetime) -> bool:
    """Whether the code was shown at `at`, or just before."""
    number, said = int(at.timestamp()) // WINDOW, code.replace(" ", "").upper().translate(_MISREAD)
    right = [_code(whistle_id, number - age) for age in range(OLDER + 1)]
    return any(compare_digest(said.encode(), each.encode()) for each in right)


def _code(whistle_id: int, window: int) -> str:
    digest = bytes.fromhex(blind_index(f"{whistle_id}:{window}", "onsite"))
    return base64.b32encode(digest[:5]).decode()


def is_shown(whistle: Whistle) -> bool:
    """Whether it is time to show the code: people come, are there, or leave. A wish has none."""
    now, states = clock.now(), (WhistleState.OPEN, WhistleState.RUNNING, WhistleState.DONE)
    if whistle.is_wish or whistle.state not in states:
        return False
    return whistle.starts_at - SHOWN_BEFORE <= now <= whistle.over_at + SHOWN_AFTER


def remember_scan(session: Session, whistle_id: int) -> None:
    """The code of this whistle was scanned just now by whoever has the session."""
    now = clock.now().timestamp()
    kept = {pk: at for pk, at in session.get(SCANNED, {}).items() if now - at < KEPT}
    session[SCANNED] = {**kept, str(whistle_id): now}


def scanned_at(session: Session, whistle_id: int) -> float | None:
    """When the whistle's code was scanned in this session (seconds since 1970), or None."""
    return session.get(SCANNED, {}).get(str(whistle_id))


def has_just_scanned(session: Session, whistle_id: int) -> bool:
    """Scanned so lately that pressing the button still counts as being there."""
    at = scanned_at(session, whistle_id)
    return at is not None and 0 <= clock.now().timestamp() - at <= GRACE
