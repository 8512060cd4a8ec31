"""Quiet hours and switches: channels keep still, the inbox receives everything at once."""

from datetime import datetime, time, timedelta

import pytest

from accounts.models import User
from ground import clock
from ground.errors import RuleViolation
from notifications import preferences
from notifications.models import Kind, Message, Outgoing, Preference
from notifications.outbox import say
from notifications.preferences import change, preference_of, quiet_until
from tests import factories
from tests.notifications import MATTER, NOON, after, somebody_awake, step, sweep_at, titles

pytestmark = pytest.mark.django_db
#: Minutes after noon.
EVENING, NIGHT, MORNING = 9 * 60, 11 * 60, 19 * 60
SENT, WAITING = Outgoing.State.SENT, Outgoing.State.WAITING
EVERYTHING = {
    "wants_progress": True,
    "wants_whistles": True,
    "is_quiet_at_night": True,
    "quiet_from": time(22),
    "quiet_to": time(7),
}


def somebody_who_wants(**wishes) -> User:
    user = factories.a_user()
    change(by=user, **(EVERYTHING | wishes))
    return user


def at(hour: int, minute: int = 0) -> datetime:
    return NOON.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("begins", "ends", "moment", "quiet_to"),
    [
        (time(22), time(7), at(21, 59), None),
        (time(22), time(7), at(22), at(7) + timedelta(days=1)),
        (time(22), time(7), at(23, 59), at(7) + timedelta(days=1)),
        (time(22), time(7), at(0), at(7)),
        (time(22), time(7), at(6, 59), at(7)),
        (time(22), time(7), at(7), None),
        (time(12, 30), time(14), at(12), None),
        (time(12, 30), time(14), at(13), at(14)),
        (time(12, 30), time(14), at(14), None),
    ],
)
def test_hours_go_over_midnight_and_end(begins, ends, moment, quiet_to):
    assert quiet_until(Preference(quiet_from=begins, quiet_to=ends), moment) == quiet_to
    assert quiet_until(Preference(quiet_from=begins, quiet_to=ends, is_quiet_at_night=False), moment) is None


def test_at_night_the_inbox_has_it_at_once_and_the_channel_waits_for_the_morning(calls):
    me = factories.a_user()
    row = step(me, "已受理", NIGHT)
    assert titles(me) == ["已受理"]
    assert (row.state, row.next_try_at, row.tries) == (WAITING, after(MORNING), 0)
    assert sweep_at(MORNING - 1) == 0
    assert sweep_at(MORNING) == 1
    assert calls == [(MORNING, "已受理")]


def test_a_night_of_one_matter_is_one_call_in_the_morning_and_starts_the_hour(calls):
    me = factories.a_user()
    for hours in range(4):
        step(me, f"第 {hours} 步", NIGHT + 61 * hours)
    step(me, "别的事", NIGHT, about="request:7")
    line = Message.objects.get(title="第 3 步")
    assert line.steps == 4
    step(me, "快到早上", MORNING - 30)
    sweep_at(MORNING)
    assert sorted(calls) == [(MORNING, "别的事"), (MORNING, "快到早上")]
    assert Message.objects.get(title="快到早上").steps == 5
    step(me, "早上", MORNING + 5)
    sweep_at(MORNING + 59)
    assert len(calls) == 2
    sweep_at(MORNING + 60)
    assert calls[-1] == (MORNING + 60, "早上")
    assert set(Outgoing.objects.values_list("state", flat=True)) == {SENT}


def test_the_hour_of_a_line_that_came_in_the_night_begins_with_its_call(calls):
    me = factories.a_user()
    step(me, "六点半", MORNING - 30)
    step(me, "六点四十", MORNING - 20)
    for minute in (0, 30, 59, 60):
        sweep_at(MORNING + minute)
    assert calls == [(MORNING, "六点半"), (MORNING + 60, "六点四十")]


def test_urgent_news_knows_no_night_and_no_switch(calls):
    me = somebody_who_wants(wants_progress=False)
    row = step(me, "停气了", NIGHT, is_urgent=True)
    assert (row.kind, row.state) == (Kind.PROGRESS, SENT)
    assert calls == [(NIGHT, "停气了")]


def test_ones_own_hours_and_none(calls):
    step(somebody_awake(), "夜班", NIGHT)
    step(somebody_who_wants(quiet_from=time(12, 30), quiet_to=time(14)), "午休", 45)
    sweep_at(120)
    assert calls == [(NIGHT, "夜班"), (120, "午休")]


def test_what_is_switched_off_is_in_the_inbox_and_calls_nobody(calls):
    me = somebody_who_wants(wants_progress=False, wants_whistles=False)
    rows = [
        step(me, "已受理", 0, url="/requests/WJ1/"),
        step(me, "吹哨", 1, about="whistle:7", url="/whistles/7/"),
        step(me, "工作", 2, about="request:7", url="/desk/requests/WJ7/"),
        step(me, "时长已认定", 3, about=""),
    ]
    assert [row.kind for row in rows] == [Kind.PROGRESS, Kind.WHISTLE, Kind.WORK, Kind.OTHER]
    assert {row.state for row in rows} == {SENT}
    assert len(titles(me)) == 4
    assert [title for _, title in calls] == ["工作", "时长已认定"]
    assert Message.objects.get(title="吹哨").carried_at is None


def test_what_is_switched_off_does_not_wait_for_the_morning():
    me = somebody_who_wants(wants_progress=False)
    assert step(me, "已受理", NIGHT).state == SENT


@pytest.mark.parametrize(
    ("key", "about", "url", "kind"),
    [
        ("request:1", "request:42", "/requests/WJ1/", Kind.PROGRESS),
        ("rate:1", "request:42", "/requests/WJ1/", Kind.PROGRESS),
        ("request:1:handler", "request:42", "/desk/requests/WJ1/", Kind.WORK),
        ("dispatch:5:officers", "request:42", "", Kind.WORK),
        ("whistle:7:publish", "", "/whistles/7/", Kind.WHISTLE),
        ("whistle:7:full", "whistle:7", "/desk/whistles/7/", Kind.WORK),
        ("claim:3:credit", "whistle:7", "/claims/3/", Kind.OTHER),
        ("registration:3", "", "/whistles/", Kind.OTHER),
    ],
)
def test_the_kind_is_told_from_address_and_matter(key, about, url, kind):
    me = factories.a_user()
    assert say(to=me, key=key, title="x", about=about, url=url).kind == kind
    assert say(to=me, key=f"{key}:said", title="x", about=about, url=url, kind=Kind.WORK).kind == Kind.WORK


def test_wishes_of_a_batch_are_read_in_one_query(django_assert_num_queries):
    people = [somebody_awake().pk for _ in range(3)] + [factories.a_user().pk]
    with django_assert_num_queries(1):
        read = preferences.preferences_of(people)
    assert [read[pk].is_quiet_at_night for pk in people] == [False, False, False, True]


def test_who_never_said_anything_has_the_defaults_and_no_row():
    me = factories.a_user()
    kept = preference_of(me)
    assert {name: getattr(kept, name) for name in EVERYTHING} == EVERYTHING
    assert not Preference.objects.exists()


def test_quiet_hours_must_end():
    with pytest.raises(RuleViolation, match="同一时间") as refusal:
        somebody_who_wants(quiet_to=time(22))
    assert refusal.value.field == "quiet_to"


def test_a_row_of_the_night_that_is_said_twice_arrives_once(calls):
    me = factories.a_user()
    with clock.at(after(NIGHT)):
        first = say(to=me, key="k", title="已受理", about=MATTER)
        assert say(to=me, key="k", title="已受理", about=MATTER) == first
    sweep_at(NIGHT + 1)
    sweep_at(MORNING)
    sweep_at(MORNING + 120)
    assert len(calls) == 1
    assert Message.objects.count() == 1
