"""After a day on which numbers were typed everywhere, none stands in the database, the files, the logs.

In the quick suite with a few people on SQLite; `test_dump.py` does the same among 100,000 on PostgreSQL.
"""

from __future__ import annotations

import hashlib
import re

import pytest

from grids.models import ImportJob, Resident
from organizations.models import AccessLogEntry
from tests.factories import a_city
from tests.grids.at_scale import remains, story
from tests.grids.at_scale.spellings import Numbers

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_day_leaves_no_number_behind():
    day = story.live(a_city().home)
    stored = remains.numbers_of(Resident.objects.all())
    assert ImportJob.objects.filter(state="done").exists() and AccessLogEntry.objects.count() > 10
    left = list(remains.everything(day.logged))
    heap = dict(left)["dump"]
    assert heap.count(b"a1:") >= len(stored) > 10, "it is the dump of these people"
    assert {where.split("/")[0] for where, _ in left} >= {"dump", "log", "session", "media"}
    numbers = Numbers({*day.typed, *stored})
    found = [each for where, data in left for each in numbers.found_in(data, where)]
    assert not found, "\n".join(found)
    assert not _plain_hashes(numbers.known) & set(re.findall(rb"\b[0-9a-f]{32,64}\b", heap))


def _plain_hashes(numbers: set[str]) -> set[bytes]:
    """Without a key a hash of a number is the number: all there are can be tried in a minute."""
    kinds = (hashlib.md5, hashlib.sha1, hashlib.sha256)
    return {kind(number.encode()).hexdigest().encode() for number in numbers for kind in kinds}
