"""News of one matter: at most one line an hour, urgent at once, and one unread line at a time (issue 4)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ground import clock
from notifications import bundling, delivery, inbox
from notifications.models import Message, Outgoing
from notifications.outbox import audiences, expand, replay, say, say_to_many
from tests import factories
from tests.notifications import MATTER, NOON, after, step, sweep_at, titles

pytestmark = pytest.mark.django_db
SENT, WAITING = Outgoing.State.SENT, Outgoing.State.WAITING


def read_everything(to) -> None:
    with clock.at(after(1)):
        inbox.mark_all_read(to)


def test_three_steps_within_an_hour_are_two_deliveries(calls):
    me = factories.a_user()
    first = step(me, "已受理", 0, text="WJ1 路灯不亮")
    read_everything(me)
    second, third = step(me, "小李负责", 10, text="WJ1 路灯不亮"), step(me, "已吹哨", 20, text="WJ1 路灯不亮")
    assert (first.state, second.state, third.state) == (SENT, WAITING, WAITING)
    assert calls == [(0, "已受理")]
    assert sweep_at(59) == 0
    assert sweep_at(60) == 2
    assert calls == [(0, "已受理"), (60, "已吹哨")]
    line = Message.objects.get(title="已吹哨")
    assert (line.steps, line.at) == (2, after(60))
    assert line.text == "等 2 条进展 · WJ1 路灯不亮。此前：小李负责"
    assert {row.message for row in Outgoing.objects.exclude(pk=first.pk)} == {line}
    assert set(Outgoing.objects.values_list("state", "tries")) == {(SENT, 1)}


def test_an_unread_line_is_brought_up_to_date_and_goes_to_the_top(calls):
    me = factories.a_user()
    step(me, "已受理", 0, url="/requests/WJ1/")
    step(me, "别的事", 30, about="request:7")
    step(me, "已解决", 40, url="/requests/WJ1/#rate")
    sweep_at(61)
    assert titles(me) == ["已解决", "别的事"]
    line = Message.objects.get(title="已解决")
    assert (line.steps, line.text, line.url) == (2, "等 2 条进展。此前：已受理", "/requests/WJ1/#rate")
    assert line.outgoing.count() == 2
    assert [title for _, title in calls] == ["已受理", "别的事", "已解决"]
    assert inbox.unread_count(me) == 2


def test_a_read_line_is_history(calls):
    me = factories.a_user()
    step(me, "已受理", 0)
    read_everything(me)
    step(me, "已解决", 90)
    assert titles(me) == ["已解决", "已受理"]
    assert Message.objects.filter(steps=1).count() == 2


def test_urgent_news_goes_at_once_alone_and_keeps_nothing_waiting(calls):
    me = factories.a_user()
    step(me, "急事", 0, is_urgent=True)
    step(me, "已受理", 1)
    step(me, "又一件急事", 2, is_urgent=True)
    step(me, "小李负责", 3)
    assert calls == [(0, "急事"), (1, "已受理"), (2, "又一件急事")]
    sweep_at(61)
    assert calls[3:] == [(61, "小李负责")]
    assert titles(me) == ["小李负责", "又一件急事", "急事"]
    assert Message.objects.get(title="又一件急事").steps == 1


def test_other_matters_other_people_and_news_of_nothing_do_not_wait(calls):
    me, other = factories.a_user(), factories.a_user()
    step(me, "已受理", 0)
    step(me, "别的事", 1, about="request:7")
    step(other, "他的", 2)
    step(me, "通知一", 3, about="")
    step(me, "通知二", 4, about="")
    assert len(calls) == 5
    assert set(Message.objects.values_list("steps", flat=True)) == {1}


def test_the_hour_is_that_of_the_last_line_and_nobody_waits_longer(calls):
    me = factories.a_user()
    for minute in range(0, 200, 10):
        step(me, f"第 {minute} 分", minute)
    assert [minute for minute, _ in calls] == [0, 60, 120, 180]
    sweep_at(240)
    assert [minute for minute, _ in calls] == [0, 60, 120, 180, 240]
    line = Message.objects.get()
    assert line.steps == line.outgoing.count() == 20
    assert line.title == "第 190 分"


def test_one_task_for_two_rows_of_a_matter_is_one_line(calls):
    me = factories.a_user()
    with clock.at(NOON):
        rows = [say(to=me, key=f"k{number}", title=f"第 {number} 步", about=MATTER).pk for number in range(3)]
        assert delivery.deliver_many(rows[:1]) == 3  # the others of the matter come along
        assert delivery.deliver_many(rows) == 0
    assert calls == [(0, "第 2 步")]
    assert Message.objects.get().steps == 3


def test_a_worker_that_died_before_carrying_leaves_one_line_that_is_carried_later(calls):
    me = factories.a_user()
    with clock.at(NOON):
        rows = [say(to=me, key=f"k{number}", title=f"第 {number} 步", about=MATTER).pk for number in range(2)]
        bundling.into_inboxes(delivery._hold(rows[:1]))  # killed now
        assert delivery.deliver_many(rows) == 0
        assert Message.objects.get().steps == 2
    step(me, "第 2 步", 0.5)
    assert sweep_at(2) == 2
    assert calls == [(2, "第 1 步")]
    assert Outgoing.objects.get(title="第 2 步").next_try_at == after(60)
    sweep_at(60)
    assert sweep_at(62) == 1
    assert Message.objects.get().steps == 3


def test_a_row_that_another_worker_took_along_is_left_to_him(calls):
    me = factories.a_user()
    with clock.at(NOON):
        one, two = (say(to=me, key=f"k{number}", title="步", about=MATTER).pk for number in range(2))
        mine, his = delivery._hold([one]), delivery._hold([two])
        assert [row.pk for row in bundling.into_inboxes(his)] == [one, two]
        assert bundling.into_inboxes(mine) == []
    assert Message.objects.get().steps == 2


def test_a_channel_that_fails_is_tried_again_for_the_whole_line(calls, monkeypatch):
    me = factories.a_user()
    with clock.at(NOON):
        rows = [say(to=me, key=f"k{number}", title=f"第 {number} 步", about=MATTER).pk for number in range(2)]

    def away(row: Outgoing) -> None:
        raise OSError("gateway away")

    with monkeypatch.context() as broken, clock.at(NOON):
        broken.setattr(delivery, "channels", [away])
        assert delivery.deliver_many(rows) == 0
    assert Message.objects.get().carried_at is None
    assert sweep_at(1) == 2
    assert calls == [(1, "第 1 步")]


def test_the_hour_counts_from_the_call_where_that_came_later(calls, monkeypatch):
    me = factories.a_user()
    with monkeypatch.context() as broken:
        broken.setattr(delivery, "channels", [lambda row: 1 / 0])
        step(me, "已受理", 0)
    sweep_at(5)
    step(me, "已解决", 10)
    sweep_at(60)
    assert [minute for minute, _ in calls] == [5]
    sweep_at(65)
    assert [minute for minute, _ in calls] == [5, 65]


def test_words_say_how_many_and_fit():
    newest = Outgoing(title="最新", text="WJ1 路灯不亮")
    assert bundling.bundled(newest, 3, ["甲", "乙"]) == "等 3 条进展 · WJ1 路灯不亮。此前：乙；甲"
    assert bundling.bundled(newest, 4, ["甲", "甲", "最新"]) == "等 4 条进展 · WJ1 路灯不亮。此前：甲"
    long = bundling.bundled(newest, 20, ["很长的标题" * 14 + str(number) for number in range(19)])
    assert len(long) <= 300
    assert long.endswith("16") and "15" not in long
    assert len(bundling.bundled(Outgoing(title="", text="字" * 300), 2, ["甲"])) == 300


def test_a_replay_of_the_past_has_a_line_for_each_step_at_its_own_moment(calls):
    me = factories.a_user()
    with replay():
        for minute in (-20, -10):
            with clock.at(after(minute)):
                say(to=me, key=f"k{minute}", title=f"{minute}", about=MATTER)
    assert list(Message.objects.values_list("at", "steps")) == [(after(-10), 1), (after(-20), 1)]
    assert set(Outgoing.objects.values_list("state", flat=True)) == {SENT}
    assert calls == []
    step(me, "今天", 0)  # what came ten minutes ago starts the hour, replayed or not
    sweep_at(50)
    assert titles(me) == ["今天", "-20"]


@pytest.fixture
def everybody():
    audiences.register("everybody", lambda audience_id: factories.User.objects.all())
    yield
    audiences._known.pop("everybody")


def queries_of_a_batch(key: str, newcomers: int = 0) -> int:
    """Say it to everybody; how many queries deliver the batch, savepoints aside."""
    [factories.a_user() for _ in range(newcomers)]
    row = say_to_many(audience="everybody", audience_id=1, key=key, title="社区吹哨", about="whistle:7")
    expand(row.pk)
    ids = list(Outgoing.objects.filter(key__startswith=key).values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        delivery.deliver_many(ids)
    return sum("SAVEPOINT" not in query["sql"] for query in queries)


def test_queries_of_a_batch_do_not_grow_with_people(everybody):
    """Ten and sixty: the same where nobody has heard of it, where everybody has an unread line, and at night."""
    with clock.at(NOON):
        first = queries_of_a_batch("a", newcomers=10)
    with clock.at(after(60)):
        again = queries_of_a_batch("b")
        Message.objects.all().delete()
        assert queries_of_a_batch("c", newcomers=50) == first
    with clock.at(after(120)):
        assert queries_of_a_batch("d") == again
    assert (first, again) == (13, 14)
    assert Message.objects.count() == 60
    with clock.at(after(121)):
        assert queries_of_a_batch("e") <= 8  # everybody waits for the hour to be over
    assert Outgoing.objects.filter(state=WAITING).count() == 60
    with clock.at(after(11 * 60)):
        assert queries_of_a_batch("f") <= 16
    assert Outgoing.objects.filter(state=WAITING, message__steps=4).count() == 120
