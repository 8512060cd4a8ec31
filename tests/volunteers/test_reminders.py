"""提醒: the evening before, an hour before, once each, and never too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ground import clock
from notifications.models import FanOut, Message, Outgoing
from notifications.outbox import sweep
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_claim, a_volunteer, a_whistle
from volunteers.claiming import claims
from volunteers.states import WhistleKind
from volunteers.whistling import reminders, whistles

pytestmark = pytest.mark.django_db

#: A whistle that is heard on Friday and held on Monday evening.
MONDAY = EVENING + timedelta(days=3)
SUNDAY_19 = MONDAY.replace(day=22, hour=19, minute=0)
HOUR_BEFORE = MONDAY - timedelta(hours=1)


def on_monday(city, **extra):
    fields = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(hours=1)}
    return a_whistle(city.home, **(fields | extra))


def beat(moment):
    with clock.at(moment):
        return reminders.remind_due()


def said():
    rows = FanOut.objects.filter(audience="claimants").order_by("id")
    return [row.key.rpartition(":")[2] for row in rows]


def test_the_evening_and_the_hour_before_to_those_who_go():
    city = a_city()
    goes, stays, late = a_volunteer(city), a_volunteer(city), a_volunteer(city)
    whistle = on_monday(city, places_max=3)
    assert whistle.remind_at == SUNDAY_19
    a_claim(whistle, goes)
    gone = a_claim(whistle, stays)
    with clock.at(FRIDAY_NOON):
        claims.withdraw(gone, by=stays.user)
    assert beat(SUNDAY_19 - timedelta(minutes=1)) == 0
    assert beat(SUNDAY_19) == 1
    assert beat(SUNDAY_19) == 0
    with clock.at(SUNDAY_19):
        sweep()
    message = Message.objects.get(title="明天 18:30：楼道灯抢修")
    assert (message.to, message.url) == (goes.user, f"/whistles/{whistle.pk}/")
    with clock.at(SUNDAY_19 + timedelta(hours=1)):
        claims.claim(whistle, by=late.user)
    assert beat(HOUR_BEFORE) == 1
    with clock.at(HOUR_BEFORE):
        sweep()
    told = Message.objects.filter(title="还有一小时：楼道灯抢修").values_list("to", flat=True)
    assert set(told) == {goes.user.pk, late.user.pk}
    whistle.refresh_from_db()
    assert whistle.remind_at is None
    assert said() == ["evening", "hour"]


def test_an_evening_that_is_caught_up_too_late_is_skipped_the_hour_still_comes():
    city = a_city()
    whistle = on_monday(city)
    assert beat(MONDAY - timedelta(hours=8)) == 0
    whistle.refresh_from_db()
    assert whistle.remind_at == HOUR_BEFORE
    assert beat(MONDAY - timedelta(minutes=20)) == 1
    assert said() == ["hour"]
    assert FanOut.objects.get(audience="claimants").title == "还有 20 分钟：楼道灯抢修"


def test_after_a_whole_outage_only_what_still_helps_is_said():
    city = a_city()
    on_monday(city)
    assert beat(MONDAY - timedelta(minutes=30)) == 1
    on_monday(city, title="晚了")
    assert beat(MONDAY) == 0
    assert said() == ["hour"]


def test_the_same_evening_late_is_still_the_evening():
    city = a_city()
    on_monday(city)
    assert beat(SUNDAY_19 + timedelta(hours=4)) == 1
    assert said() == ["evening"]


def test_heard_on_the_day_itself_only_the_hour_and_within_the_hour_nothing():
    city = a_city()
    assert a_whistle(city.home).remind_at == EVENING - timedelta(hours=1)
    soon = FRIDAY_NOON + timedelta(minutes=40)
    assert a_whistle(city.home, starts_at=soon).remind_at is None


def test_an_emergency_has_only_the_hour_and_is_urgent():
    city = a_city()
    whistle = on_monday(city, kind=WhistleKind.EMERGENCY)
    assert whistle.remind_at == HOUR_BEFORE
    assert beat(HOUR_BEFORE) == 1
    assert FanOut.objects.get(audience="claimants").is_urgent


def test_a_wish_is_remembered_the_evening_before_its_end():
    city = a_city()
    wish = a_whistle(city.home, kind=WhistleKind.WISH, places_max=1, ends_at=MONDAY, title="一副老花镜")
    assert wish.remind_at == SUNDAY_19
    assert beat(SUNDAY_19) == 1
    assert FanOut.objects.get(audience="claimants").title == "明天到期：一副老花镜"
    assert not Outgoing.objects.filter(title__startswith="还差").exists()


@pytest.mark.parametrize("ending", ["cancel", "start"])
def test_nobody_is_reminded_of_what_is_off_or_under_way(ending):
    city = a_city()
    whistle = on_monday(city)
    if ending == "cancel":
        with clock.at(FRIDAY_NOON):
            whistles.cancel(whistle, by=city.home.secretary, reason="下雨")
    else:
        with clock.at(MONDAY):
            whistles.start(whistle)
    whistle.refresh_from_db()
    assert whistle.remind_at is None
    assert beat(MONDAY - timedelta(minutes=30)) == 0


def test_the_community_learns_the_evening_before_how_many_are_missing():
    city = a_city()
    short, enough = on_monday(city, places_min=3, places_max=5), on_monday(city, title="够人")
    a_claim(short, a_volunteer(city))
    a_claim(enough, a_volunteer(city))
    beat(SUNDAY_19)
    told = Outgoing.objects.get(to=city.home.secretary, title__startswith="还差")
    assert told.title == "还差 2 人：楼道灯抢修"
    assert told.url == f"/desk/whistles/{short.pk}/"
    with clock.at(MONDAY):
        whistles.start_and_finish_due()
    assert Outgoing.objects.filter(to=city.home.secretary, title__startswith="人手不足").count() == 1


def test_a_worker_killed_half_way_reminds_once(monkeypatch):
    city = a_city()
    whistle = on_monday(city)
    once = reminders.next_after

    def killed(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(reminders, "next_after", killed)
    with pytest.raises(KeyboardInterrupt):
        beat(SUNDAY_19)
    monkeypatch.setattr(reminders, "next_after", once)
    assert said() == []
    assert beat(SUNDAY_19) == 1
    assert said() == ["evening"]
    whistle.refresh_from_db()
    assert whistle.remind_at == HOUR_BEFORE


def test_one_that_fails_does_not_stop_the_others(monkeypatch):
    city = a_city()
    broken, _ = on_monday(city), on_monday(city, title="好的")
    say = reminders._say

    def sometimes(whistle, *given):
        if whistle.pk == broken.pk:
            raise ValueError("broken")
        say(whistle, *given)

    monkeypatch.setattr(reminders, "_say", sometimes)
    assert beat(SUNDAY_19) == 1
    monkeypatch.undo()
    assert beat(SUNDAY_19) == 1
