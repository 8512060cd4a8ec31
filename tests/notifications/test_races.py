"""Two workers at once, and a reader meanwhile: still one line for the steps of a matter. PostgreSQL only."""

from functools import partial

import pytest
from django.db import connection

from accounts.models import User
from ground import clock
from notifications import bundling, delivery, inbox
from notifications.models import Message, Outgoing
from notifications.outbox import say
from tests import factories
from tests.notifications import MATTER, NOON, after, somebody_awake
from tests.workflow import together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql():
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """Numbers of the rows that were carried."""
    noted: list[int] = []
    monkeypatch.setattr(delivery, "channels", [lambda row: noted.append(row.pk)])
    return noted


def said(to: User, *words: str) -> list[int]:
    """Rows that no worker has heard of."""
    with clock.at(NOON):
        rows = [Outgoing(key=f"{word}:{to.pk}", to=to, title=word, about=MATTER) for word in words]
        return [row.pk for row in Outgoing.objects.bulk_create(rows)]


def delivered(ids: list[int], minutes: float = 0) -> int:
    with clock.at(after(minutes)):  # a thread has a clock of its own
        return delivery.deliver_many(ids)


def test_workers_with_one_row_each_of_a_matter_write_one_line(calls):
    for _ in range(12):
        me = somebody_awake()
        rows = said(me, *"甲乙丙丁")
        done = together(*(partial(delivered, [pk]) for pk in rows))
        assert sum(done) == 4
        line = Message.objects.get(to=me)
        assert (line.steps, line.outgoing.count()) == (4, 4)
    assert len(calls) == 12
    assert set(Outgoing.objects.values_list("state", flat=True)) == {Outgoing.State.SENT}


def test_workers_with_the_same_tasks_over_many_people(calls):
    """In opposite orders: nobody waits in a circle, nobody hears it twice."""
    people = [somebody_awake() for _ in range(30)]
    rows = [pk for me in people for pk in said(me, "甲", "乙", "丙")]
    orders = (rows, rows[::-1], rows[::3], rows[1::3], rows[2::3])
    done = together(*(partial(delivered, order) for order in orders))
    assert sum(done) == 90
    assert sorted(Message.objects.values_list("to", "steps")) == sorted((me.pk, 3) for me in people)
    assert len(calls) == 30


def test_a_step_that_comes_while_the_first_is_on_its_way_waits_for_the_hour(calls):
    me = somebody_awake()
    first, second = said(me, "甲"), said(me, "乙")
    Outgoing.objects.filter(pk__in=second).update(next_try_at=after(1))
    with clock.at(NOON):
        bundling.into_inboxes(delivery._hold(first))  # both are in its line; now it is killed
    assert Message.objects.get().steps == 2
    third = said(me, "丙")
    done = together(partial(delivered, third, 0.5), partial(delivered, first + second, 2))
    if done != [
        0,
        2,
    ]:  # the third had their matter in its hands in that moment: they go out after their lease
        assert done == [0, 0]
        assert delivered(first + second, 3 + delivery.LEASE.total_seconds() / 60) == 2
    delivered(third, 3)  # the sweep, where the other worker had its matter locked in that moment
    assert Outgoing.objects.get(pk=third[0]).next_try_at >= after(60)
    assert calls == second


def test_reading_and_bringing_up_to_date_at_the_same_moment_lose_nothing(calls):
    for number in range(10):
        me = somebody_awake()
        delivered(said(me, "甲"))
        more = said(me, "乙")
        line = Message.objects.get(to=me)
        together(partial(delivered, more, 61), partial(inbox.mark_read, me, line.pk))
        rows = Outgoing.objects.filter(to=me)
        assert rows.filter(state=Outgoing.State.SENT).exclude(message=None).count() == 2, number
        steps = Message.objects.filter(to=me).values_list("steps", flat=True)
        assert sum(steps) == 2


def test_the_same_words_said_by_two_at_once_are_one_row(calls):
    me = factories.a_user()
    together(*[partial(say, to=me, key="k", title="甲", about=MATTER) for _ in range(4)])
    assert Outgoing.objects.filter(to=me).count() == 1
    assert Message.objects.filter(to=me).count() == 1
