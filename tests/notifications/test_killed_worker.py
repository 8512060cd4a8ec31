"""Between commit and delivery anything may die: every notification arrives, and once."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection

from ground import clock
from notifications import outbox
from notifications.bundling import LEASE
from notifications.models import Message, Outgoing
from tests.notifications import somebody_awake
from tests.notifications.aside import Aside, until

pytestmark = pytest.mark.django_db(transaction=True)
#: A database of Redis that no other suite uses: emptying the cache would empty the queue.
REDIS_NUMBER = 14


def everything_once(expected: int) -> bool:
    """Whether that many messages are there, one for each outgoing row."""
    told = list(Message.objects.values_list("outgoing__key", flat=True))
    assert len(told) == len(set(told)) and None not in told
    return len(told) == expected and not Outgoing.objects.exclude(state=Outgoing.State.SENT).exists()


def sweep_after_the_lease() -> int:
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        return outbox.sweep()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Aside]:
    """The broker of the embedded platform: files, and whatever database the test has."""
    aside = Aside(tmp_path / "aside")
    aside.var.mkdir()
    yield aside
    aside.kill_worker()


@pytest.fixture
def on_redis(tmp_path: Path) -> Iterator[Aside]:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    url = f"{os.environ['WENSHAO_TEST_REDIS_URL'].rpartition('/')[0]}/{REDIS_NUMBER}"
    redis.Redis.from_url(url).flushdb()
    aside = Aside(tmp_path / "aside", url)
    aside.var.mkdir()
    yield aside
    aside.kill_worker()
    redis.Redis.from_url(url).flushdb()


def test_a_broker_outage_costs_moments_and_nothing_is_lost(tmp_path):
    people = [somebody_awake().pk for _ in range(3)]
    nobody_listens = Aside(tmp_path, "redis://127.0.0.1:9/0")
    seconds = nobody_listens.say("broker away", *people)
    assert seconds < 15
    assert Outgoing.objects.filter(state=Outgoing.State.WAITING).count() == 3
    assert not Message.objects.exists()
    assert outbox.sweep() == 3
    assert everything_once(3)


def test_embedded_worker_killed_and_started_again(embedded):
    """The filesystem broker loses what a killed worker held: rows and the sweep make up for it."""
    people = [somebody_awake().pk for _ in range(15)]
    embedded.say("worker not yet there", *people)
    embedded.start_worker()
    until(lambda: everything_once(15), 30, embedded.log)
    embedded.kill_worker()
    embedded.say("worker dead", *people)
    assert Message.objects.count() == 15
    embedded.start_worker()
    until(lambda: Message.objects.count() > 15, 30, embedded.log)
    embedded.kill_worker()  # in the middle of the rest, or just after it
    sweep_after_the_lease()
    assert everything_once(30)


@pytest.mark.services
def test_worker_killed_with_the_tasks_in_its_hands(on_redis):
    people = [somebody_awake().pk for _ in range(20)]
    on_redis.start_worker()
    # The inbox table is locked: the worker takes rows on lease and can go no further.
    blocker = connection.Database.connect(**connection.get_connection_params())
    try:
        blocker.cursor().execute("LOCK TABLE notifications_message IN SHARE ROW EXCLUSIVE MODE")
        on_redis.say("held", *people)
        until(lambda: Outgoing.objects.filter(tries=1).count() == 2, 20, on_redis.log)
        on_redis.kill_worker()
    finally:
        blocker.rollback()
        blocker.close()
    assert Message.objects.count() == 0
    on_redis.say("worker dead", *people)
    on_redis.start_worker()
    # What it had not taken yet comes from the queue; the two it died with wait for the end of their lease.
    until(lambda: Message.objects.count() >= 38, 30, on_redis.log)
    assert sweep_after_the_lease() == 2
    assert everything_once(40)


@pytest.mark.services
def test_six_processes_deliver_the_same_rows(on_redis):
    assert connection.vendor == "postgresql"
    user = somebody_awake()
    rows = [Outgoing.objects.create(key=f"{number}", to=user, title="x").pk for number in range(60)]
    delivered = on_redis.deliver_at_once(6, rows)
    assert sum(delivered) == 60
    assert everything_once(60)
    assert set(Outgoing.objects.values_list("tries", flat=True)) == {1}
