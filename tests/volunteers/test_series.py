"""系列: every so many weeks, exactly once, nothing for the past."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from django.utils import timezone

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import FanOut, Outgoing
from organizations import tree
from organizations.posts import Tier
from tests.factories import a_member
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_draft, a_whistle
from tests.workflow import accepted
from volunteers.models import Team, Whistle, WhistleSeries
from volunteers.states import Audience, TeamKind, TeamTheme, WhistleState
from volunteers.whistling import series, whistles

pytestmark = pytest.mark.django_db

WEEK = timedelta(weeks=1)
DECEMBER = date(2026, 12, 18)


def a_series(city, first=None, *, every_weeks=1, until=DECEMBER):
    first = first or a_whistle(city.home)
    with clock.at(FRIDAY_NOON):
        return series.begin(first, by=city.home.secretary, every_weeks=every_weeks, until=until)


def beat(moment):
    with clock.at(moment):
        return series.make_due()


def starts(begun):
    return list(
        Whistle.objects.filter(series=begun).order_by("starts_at").values_list("starts_at", flat=True)
    )


def test_a_series_is_made_a_week_ahead_and_heard():
    city = a_city()
    begun = a_series(city)
    first = begun.first
    first.refresh_from_db()
    assert (first.series, begun.next_on) == (begun, date(2026, 11, 27))
    assert first.events.last().codes == {"weeks": 1, "until": "2026-12-18"}
    assert beat(FRIDAY_NOON - timedelta(days=1)) == 0
    assert beat(FRIDAY_NOON) == 1
    assert beat(FRIDAY_NOON) == 0
    second = Whistle.objects.get(starts_at=EVENING + WEEK)
    assert (second.state, second.title, second.series) == (WhistleState.OPEN, first.title, begun)
    assert [(event.step, event.by) for event in second.events.all()] == [("draft", None), ("publish", None)]
    assert (second.claim_by, second.created_by) == (EVENING + WEEK, city.home.secretary)
    assert FanOut.objects.filter(key=f"whistle:{second.pk}:publish").count() == 1
    assert second.remind_at is not None


def test_it_ends_by_itself_on_its_last_day():
    city = a_city()
    begun = a_series(city, every_weeks=2)
    for days in range(60):
        beat(FRIDAY_NOON + timedelta(days=days))
    assert starts(begun) == [EVENING + n * WEEK for n in (0, 2, 4)]
    begun.refresh_from_db()
    assert begun.next_on is None and begun.stopped_at is None


def test_after_an_outage_nobody_is_called_for_the_past():
    city = a_city()
    begun = a_series(city, until=date(2027, 1, 29))
    assert beat(EVENING + 3 * WEEK + timedelta(days=1)) == 1
    assert starts(begun) == [EVENING, EVENING + 4 * WEEK]
    assert beat(EVENING + 4 * WEEK) == 1


def test_the_same_again_gives_the_series_that_stands():
    city = a_city()
    begun = a_series(city)
    assert a_series(city, begun.first) == begun
    assert begun.first.events.filter(step="repeat").count() == 1
    with pytest.raises(RuleViolation, match="已经在一个系列里"):
        a_series(city, begun.first, every_weeks=2)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"every_weeks": 0}, "every_weeks"),
        ({"every_weeks": 5}, "every_weeks"),
        ({"until": date(2026, 11, 26)}, "until"),
        ({"until": date(2028, 1, 1)}, "until"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(given, field):
    city = a_city()
    with pytest.raises(RuleViolation) as refusal:
        a_series(city, **given)
    assert refusal.value.field == field
    assert not WhistleSeries.objects.exists()


def test_wishes_emergencies_and_requests_are_not_repeated():
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(city)
    for change in (
        {"kind": "wish", "places_max": 1},
        {"kind": "emergency"},
        {"service_request": service_request},
    ):
        with pytest.raises(RuleViolation, match="不能定为系列"):
            a_series(city, a_whistle(city.home, **change))


def test_only_the_community_begins_and_stops():
    city = a_city()
    whistle = a_whistle(city.home)
    with clock.at(FRIDAY_NOON), pytest.raises(NoPower):
        series.begin(whistle, by=city.next_door.secretary, every_weeks=1, until=DECEMBER)
    begun = a_series(city, whistle)
    with pytest.raises(NoPower):
        series.stop(begun, by=city.next_door.secretary)
    series.stop(begun, by=city.home.secretary)
    with pytest.raises(RuleViolation, match="没有下一次"):
        series.stop(begun, by=city.home.secretary)
    assert beat(FRIDAY_NOON) == 0
    begun.refresh_from_db()
    assert begun.next_on is None and begun.stopped_at is not None
    assert whistle.events.last().step == "stop"


def test_a_draft_may_be_the_first_and_waits_until_it_is_published():
    city = a_city()
    draft = a_draft(city.home)
    begun = a_series(city, draft)
    assert beat(FRIDAY_NOON) == 0
    with pytest.raises(RuleViolation) as refusal:
        whistles.edit(draft, by=city.home.secretary, starts_at=EVENING - timedelta(hours=1))
    assert refusal.value.field == "starts_at"
    with clock.at(FRIDAY_NOON):
        whistles.edit(draft, by=city.home.secretary, title="改过的")
        whistles.publish(draft, by=city.home.secretary)
    assert beat(FRIDAY_NOON) == 1
    assert Whistle.objects.get(starts_at=EVENING + WEEK).title == "改过的"
    assert begun.first_id == draft.pk


def test_a_cancelled_draft_takes_its_series_along_a_cancelled_evening_does_not():
    city = a_city()
    draft, open_one = a_draft(city.home), a_whistle(city.home, title="照旧")
    dropped, kept = a_series(city, draft), a_series(city, open_one)
    with clock.at(FRIDAY_NOON):
        for each in (draft, open_one):
            whistles.cancel(each, by=city.home.secretary, reason="下雨")
    assert beat(FRIDAY_NOON) == 1
    dropped.refresh_from_db()
    kept.refresh_from_db()
    assert (dropped.next_on, kept.next_on) == (None, date(2026, 12, 4))
    assert Outgoing.objects.filter(to=city.home.secretary, title__startswith="系列停止").count() == 1


def test_a_closed_community_ends_its_series_and_whoever_began_it_learns_why():
    city = a_city()
    begun = a_series(city)
    node = city.home.organization
    node.closed_at = FRIDAY_NOON
    node.save(update_fields=["closed_at"])
    assert beat(FRIDAY_NOON) == 0
    begun.refresh_from_db()
    assert begun.next_on is None and starts(begun) == [EVENING]
    told = Outgoing.objects.get(title__startswith="系列停止")
    assert (told.to, told.text) == (city.home.secretary, "这个社区已经撤并，不能在这里吹哨。")


def test_a_community_is_not_closed_over_its_open_whistles():
    city = a_city()
    bare = tree.plant(
        parent=city.street, tier=Tier.COMMUNITY, name="新社区党委", short_name="新社区", code="", by=None
    )
    whistle = a_whistle(city.home)
    Whistle.objects.update(community=bare)
    with pytest.raises(RuleViolation, match="还有 1 张哨单没有结束"):
        tree.close(bare, by=None)
    Whistle.objects.filter(pk=whistle.pk).update(state=WhistleState.DONE)
    tree.close(bare, by=None)


def test_a_dissolved_team_ends_it_too():
    city = a_city()
    team = Team(
        organization=city.home.organization, kind=TeamKind.SERVICE, name="夜巡队", theme=TeamTheme.OTHER
    )
    team.place_under(city.home.organization)
    team.save()
    begun = a_series(city, a_whistle(city.home, audience=Audience.TEAM, team=team))
    Team.objects.update(closed_at=FRIDAY_NOON)
    assert beat(FRIDAY_NOON) == 0
    begun.refresh_from_db()
    assert begun.next_on is None


def test_a_leader_who_left_does_not_end_it():
    city = a_city()
    begun = a_series(city, a_whistle(city.home, leader=city.home.secretary))
    city.home.secretary.appointments.update(ends_on=date(2026, 11, 1))
    assert beat(FRIDAY_NOON) == 1
    assert Whistle.objects.get(series=begun, starts_at=EVENING + WEEK).leader is None


def test_a_community_that_moved_takes_its_series_along():
    city = a_city()
    begun = a_series(city)
    with clock.at(FRIDAY_NOON):
        other = tree.plant(
            parent=city.district,
            tier=Tier.STREET,
            name="河西街道党工委",
            short_name="河西街道",
            code="990001",
            by=None,
        )
        city.home.organization.refresh_from_db()
        tree.move(city.home.organization, to=other, by=None)
    begun.refresh_from_db()
    assert begun.street == other
    assert beat(FRIDAY_NOON) == 1
    assert Whistle.objects.get(starts_at=EVENING + WEEK).street == other


def test_one_that_fails_does_not_stop_the_others(monkeypatch):
    city = a_city()
    broken, fine = a_series(city), a_series(city, a_whistle(city.home, title="好的"))
    draft = whistles.draft

    def sometimes(**given):
        if given["series"].pk == broken.pk:
            raise OSError("disk")
        return draft(**given)

    monkeypatch.setattr(whistles, "draft", sometimes)
    assert beat(FRIDAY_NOON) == 1
    monkeypatch.undo()
    assert beat(FRIDAY_NOON) == 1, "nothing is lost: the next beat makes it"
    assert len(starts(broken)) == len(starts(fine)) == 2


def test_a_worker_killed_between_the_copy_and_its_publishing_leaves_nothing_behind(monkeypatch):
    city = a_city()
    begun = a_series(city)

    def killed(*args, **given):
        raise KeyboardInterrupt

    monkeypatch.setattr(whistles, "publish", killed)
    with pytest.raises(KeyboardInterrupt):
        beat(FRIDAY_NOON)
    monkeypatch.undo()
    assert starts(begun) == [EVENING]
    assert beat(FRIDAY_NOON) == 1
    assert len(starts(begun)) == 2


def test_nobody_in_particular():
    """Somebody without a post begins nothing."""
    city = a_city()
    whistle = a_whistle(city.home)
    with clock.at(FRIDAY_NOON), pytest.raises(NoPower):
        series.begin(whistle, by=a_member(city).user, every_weeks=1, until=DECEMBER)


@pytest.mark.parametrize("seed", range(8))
def test_however_irregularly_beat_comes_each_is_made_once_and_none_for_the_past(seed):
    """What was looked at within the week before it stands, exactly once; what nobody looked at in time does not."""
    chance = random.Random(seed)  # noqa: S311 - moments of an unreliable worker
    city = a_city()
    every = chance.randint(1, 4)
    begun = a_series(city, every_weeks=every, until=date(2027, 2, 26))
    moments = sorted(FRIDAY_NOON + timedelta(hours=chance.uniform(0, 15 * 7 * 24)) for _ in range(18))
    for moment in moments:
        beat(moment)
        if chance.random() < 0.3:
            assert beat(moment) == 0
    planned = [EVENING + n * every * WEEK for n in range(1, 15) if n * every <= 14]
    looked = lambda start: any(_is_in_time(moment, start) for moment in moments)  # noqa: E731
    assert starts(begun) == [EVENING, *filter(looked, planned)]
    for whistle in Whistle.objects.filter(series=begun).exclude(pk=begun.first_id):
        assert whistle.events.get(step="publish").at < whistle.starts_at


def _is_in_time(moment, start):
    """Made from the first moment of the day a week before, as long as it has not begun."""
    return moment < start and timezone.localdate(moment + WEEK) >= timezone.localdate(start)
