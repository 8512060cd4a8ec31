"""Saying and delivering: once each, after commit, again after a failure (HOUSE, how one thing travels)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import User
from ground import clock
from notifications import delivery, outbox
from notifications.bundling import LEASE
from notifications.delivery import deliver
from notifications.models import FanOut, Message, Outgoing
from notifications.outbox import audiences, expand, say, say_to_many, sweep
from tests import factories
from tests.notifications import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_day() -> Iterator[None]:
    with clock.at(NOON):
        yield


def news(to: User, key: str = "request:42:accept", **more) -> Outgoing:
    return say(
        to=to, key=key, title="你的点单已受理", text="社区 1 个工作日内联系你。", url="/requests/WJ1/", **more
    )


@pytest.fixture
def broken_channel():
    """A gateway that refuses until it is told otherwise."""
    calls: list[int] = []

    def carry(outgoing: Outgoing) -> None:
        calls.append(outgoing.pk)
        if carry.is_broken:
            raise OSError("gateway away")

    carry.is_broken = True
    carry.calls = calls
    delivery.channels.append(carry)
    yield carry
    delivery.channels.remove(carry)


@pytest.fixture
def everybody():
    """An audience of all accounts."""
    audiences.register("everybody", lambda audience_id: User.objects.all())
    yield
    audiences._known.pop("everybody")


def to_everybody(key: str = "whistle:7:publish") -> FanOut:
    return say_to_many(audience="everybody", audience_id=7, key=key, title="社区吹哨", url="/whistles/7/")


def test_saying_writes_a_row_and_nothing_arrives_before_commit(django_capture_on_commit_callbacks):
    user = factories.a_user()
    with django_capture_on_commit_callbacks(execute=True) as after:
        row = news(user)
        assert row.state == Outgoing.State.WAITING
        assert not Message.objects.exists()
    assert len(after) == 1
    message = Message.objects.get()
    assert (message.to, message.title, message.url) == (user, "你的点单已受理", "/requests/WJ1/")
    row.refresh_from_db()
    assert row.state == Outgoing.State.SENT
    assert row.sent_at


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_said():
    user = factories.a_user()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        news(user)
        1 / 0  # noqa: B018
    assert not Outgoing.objects.exists()
    news(user)
    assert Message.objects.count() == 1


def test_the_same_key_and_person_is_said_once_and_another_person_hears_it_too(
    django_capture_on_commit_callbacks,
):
    one, two = factories.a_user(), factories.a_user()
    with django_capture_on_commit_callbacks(execute=True):
        assert news(one) == news(one)
        news(two)
        news(one, key="request:42:resolve")
    assert Message.objects.filter(to=one).count() == 2
    assert Message.objects.filter(to=two).count() == 1


def test_delivering_twice_gives_one_message():
    row = news(factories.a_user())
    assert deliver(row.pk) is True
    assert deliver(row.pk) is False
    Outgoing.objects.update(
        state=Outgoing.State.WAITING, next_try_at=clock.now()
    )  # died before it could note it
    assert deliver(row.pk) is True
    assert Message.objects.count() == 1


def test_a_row_that_is_held_is_left_alone_until_its_lease_ends():
    row = news(factories.a_user())
    assert [held.pk for held in delivery._hold([row.pk])] == [row.pk]  # its worker is killed now
    assert deliver(row.pk) is False
    assert sweep() == 0
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        assert sweep() == 1
    assert Message.objects.count() == 1


def test_a_failing_channel_is_tried_again_later_and_the_inbox_has_the_message_at_once(broken_channel):
    row = news(factories.a_user())
    assert deliver(row.pk) is False
    assert Message.objects.count() == 1
    row.refresh_from_db()
    assert (row.state, row.tries) == (Outgoing.State.WAITING, 1)
    assert row.next_try_at > clock.now() + timedelta(seconds=25)
    broken_channel.is_broken = False
    with clock.at(row.next_try_at):
        assert sweep() == 1
    row.refresh_from_db()
    assert row.state == Outgoing.State.SENT
    assert Message.objects.count() == 1


def test_pauses_double_and_the_eighth_failure_is_the_last(broken_channel):
    row = news(factories.a_user())
    pauses = []
    moment = clock.now()
    for _ in range(8):
        with clock.at(moment):
            deliver(row.pk)
        row.refresh_from_db()
        pauses.append((row.next_try_at - moment).total_seconds())
        moment = row.next_try_at
    assert pauses == [30.0 * 2**number for number in range(8)]
    assert row.state == Outgoing.State.FAILED
    with clock.at(moment + timedelta(days=1)):
        assert sweep() == 0
    assert len(broken_channel.calls) == 8


def test_a_row_that_kills_its_workers_is_given_up_too():
    row = news(factories.a_user())
    moment = clock.now()
    for _ in range(8):
        with clock.at(moment):
            assert delivery._hold([row.pk])
        moment += LEASE + timedelta(seconds=1)
    with clock.at(moment):
        assert sweep() == 0
    row.refresh_from_db()
    assert row.state == Outgoing.State.FAILED


def test_one_failing_row_does_not_keep_back_the_others():
    good, bad = news(factories.a_user()), news(factories.a_user())

    def carry(outgoing: Outgoing) -> None:
        if outgoing.pk == bad.pk:
            raise OSError

    delivery.channels.append(carry)
    try:
        assert delivery.deliver_many([bad.pk, good.pk]) == 1
    finally:
        delivery.channels.remove(carry)


# One to many


def test_a_fan_out_reaches_everybody_once(everybody, django_capture_on_commit_callbacks, monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 4)
    people = [factories.a_user() for _ in range(11)]
    with django_capture_on_commit_callbacks(execute=True):
        fan_out = to_everybody()
        assert to_everybody() == fan_out
    assert sorted(Message.objects.values_list("to", flat=True)) == sorted(user.pk for user in people)
    fan_out.refresh_from_db()
    assert fan_out.done_at
    assert expand(fan_out.pk) == 0


def test_an_interrupted_fan_out_goes_on_where_it_stopped(everybody, monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 4)
    people = [factories.a_user() for _ in range(11)]
    fan_out = to_everybody()
    assert outbox._expand_batch(fan_out.pk) == [user.pk for user in people[:4]]  # its worker is killed now
    assert sweep() == 11
    assert Message.objects.count() == 11
    assert set(Outgoing.objects.values_list("tries", flat=True)) == {1}


def test_an_exact_number_of_batches_ends_too(everybody, monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 4)
    [factories.a_user() for _ in range(8)]
    assert expand(to_everybody().pk) == 8
    assert FanOut.objects.get().done_at


def test_an_audience_that_nobody_registered_is_refused_and_holds_nobody_up(everybody):
    with pytest.raises(KeyError):
        say_to_many(audience="nobody", audience_id=1, key="x", title="x")
    FanOut.objects.create(key="old", audience="no longer there", audience_id=1, title="x")
    row = news(factories.a_user())
    assert sweep() == 1
    row.refresh_from_db()
    assert row.state == Outgoing.State.SENT


def test_the_log_says_what_was_delivered_and_none_of_its_words(caplog):
    row = say(to=factories.a_user("周明"), key="request:42:submit", title="新点单：周明家漏水")
    deliver(row.pk)
    assert row.key in caplog.text
    assert "漏水" not in caplog.text
    assert "周明" not in caplog.text
