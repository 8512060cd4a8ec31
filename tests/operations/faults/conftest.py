from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.operations import beside
from tests.operations.faults import platform as platforms
from tests.operations.faults.platform import Platform
from tests.operations.faults.servers import PostgreSQL, Redis

transactional_db = beside.transactional_db


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def running(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """PostgreSQL, Redis, web and worker, once for all faults; every fault leaves them as it found them."""
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    postgresql, redis = PostgreSQL(free_port()), Redis(free_port())
    made = Platform(tmp_path_factory.mktemp("platform"), postgresql, redis, free_port())
    try:
        with platforms.collected(made):
            postgresql.make()
            platforms.migrated(postgresql, made.environ)
            made.start("worker", "worker")
        made.start("web", "web")
        made.until(lambda: " ready." in made.log("worker"), 60)
        made.until(made.is_well, 60)
        yield made
    finally:
        made.kill_all()
        redis.kill()
        postgresql.end()


@pytest.fixture
def platform(transactional_db: None, running: Platform) -> Iterator[Platform]:
    """The running platform; the default connection leads into its database.

    What a test leaves there stays: the doctor looks at the rows of all faults before, too.
    """
    with platforms.inside(running):
        yield running
