"""`make doctor-tried`: a small 花城 simulated in a test database, and the doctor over it, in one process.

The database is the test database of tests/settings.py: on PostgreSQL where WENSHAO_TEST_DATABASE_URL names a server,
else on SQLite; it is called like it with `_doctor` behind, made for this and dropped afterwards.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command

#: Of the size of 花城.
SCALE = 0.1
#: What is no matter of the rows, and why it is not looked at here; everything else has to be clean to the warning.
NOT_OURS = {
    "workers": "no platform runs beside it",
    "disk": "how full the machine's disks are",
    "postgres": "how the server is set up, and who else is on it",
    "settings": "those of the tests, which no city would take",
    "calendar": "whether the library knows next year is known in November",
    "migrations": "the tables come straight from the models; `make test-services` plays the migrations",
}


def main() -> int:
    """The exit code of the doctor. Raises what keeps the city from being made: an empty database is no proof."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "WENSHAO_LOG_LEVEL": "WARNING"}
    django.setup()
    with _a_database():
        call_command("simulate_city", preset=["huacheng"], scale=SCALE, seed=1, stdout=io.StringIO())
        return _examined()


def _examined() -> int:
    try:
        call_command("doctor", strict=True, without=list(NOT_OURS))
    except SystemExit as ended:
        return int(ended.code or 0)
    raise RuntimeError("the doctor did not say how it ended")


@contextmanager
def _a_database() -> Iterator[None]:
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    test = connection.settings_dict["TEST"]
    test["NAME"] = f"{test['NAME']}_doctor" if test["NAME"] else f"{connection.settings_dict['NAME']}_doctor"
    made = setup_databases(verbosity=0, interactive=False, serialized_aliases=())
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
