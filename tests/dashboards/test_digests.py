"""周报: on Mondays at eight, one message a person, once a week whatever happens, and only as far as powers reach."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from dashboards import digests, rolling, saving, weekly
from dashboards.areas import area_of
from dashboards.models import SavedView
from ground import clock
from notifications import outbox
from notifications.models import Message, Outgoing, Preference
from organizations.models import Appointment, Organization
from organizations.posts import Post
from requests.figures import total
from requests.models import ServiceRequest
from requests.states import OPEN
from tests.dashboards.working import at_work
from tests.desk.scenes import CHINA, ask, open_page
from tests.factories import LONG_AGO, City, a_city, a_grid_worker, a_user, appoint
from tests.grids.importing.scale import ROOT, environment
from tests.signing_in import strong_client
from tests.volunteers.racing import at, at_once

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=CHINA)
#: The week that is told on that Monday.
WEEK = weekly.week_before(MONDAY.date())


@pytest.fixture
def city() -> City:
    return a_city()


def an_officer(city: City, node: Organization | None = None) -> User:
    officer = a_user("谢科长")
    appoint(officer, Post.OFFICER, node or city.district)
    return officer


def a_view(user: User, node: Organization | None, name: str = "") -> SavedView:
    """One that has been sent before this week."""
    view = saving.save(by=user, node=node, query="period=month", name=name or f"看{node or '全市'}")
    SavedView.objects.filter(pk=view.pk).update(has_digest=True, sent_on=MONDAY.date() - timedelta(days=7))
    view.refresh_from_db()
    return view


def beat(moment: datetime = MONDAY, *, is_rolled: bool = True) -> int:
    with clock.at(moment):
        if is_rolled:
            rolling.rebuild()
        return digests.send_due()


def letters(user: User | None = None) -> list[Outgoing]:
    rows = Outgoing.objects.filter(key__startswith="digest:").order_by("pk")
    return list(rows.filter(to=user) if user else rows)


def test_it_says_what_the_rows_say(city: City) -> None:
    at_work(city.home)
    ask(city.next_door, MONDAY - timedelta(days=5))
    officer = an_officer(city)
    a_view(officer, city.district)
    assert beat() == 1
    row = letters(officer)[0]
    own = ServiceRequest.objects.filter(submitted_at__gte=WEEK.start, submitted_at__lt=WEEK.end)
    before = ServiceRequest.objects.filter(
        submitted_at__gte=WEEK.start - timedelta(days=7), submitted_at__lt=WEEK.start
    )
    now, then = total(own, MONDAY), total(before, MONDAY)
    late = ServiceRequest.objects.filter(state__in=OPEN, due__lt=MONDAY)
    at_home = late.filter(community=city.home.organization).count()
    assert 0 < at_home < late.count() and now.response_rate and then.response_rate
    assert row.title == f"看板周报 · 武江区：{late.count()} 件超时，都在新华街道"
    assert f"上周点单 {own.count()} 件，响应率 {now.response_rate:.1%}" in row.text
    change = round((now.response_rate - then.response_rate) * 100, 1)
    moved = f"{'升' if change > 0 else '降'} {abs(change)}" if change else "持平"
    assert f"响应率 {now.response_rate:.1%}（{moved}）" in row.text
    assert row.url == f"/dashboards/{city.district.pk}/?period=any&from={WEEK.first}&to={WEEK.last}"
    assert (row.kind, row.is_urgent) == ("digest", False)
    street = a_view(officer, city.street)
    with clock.at(MONDAY):
        report = weekly.reports([street], WEEK)[0]
    assert report.headline == f"{late.count()} 件超时，最多的是花城社区（{at_home} 件）"


def test_one_message_a_person_bundles_the_views_each_place_once(city: City) -> None:
    at_work(city.home)
    officer, secretary = an_officer(city), city.home.secretary
    a_view(officer, city.district)
    a_view(officer, city.street)
    SavedView.objects.filter(pk=a_view(officer, city.street, "又一次").pk).update(query="period=week")
    a_view(secretary, city.home.organization)
    assert beat() == 2
    mine = letters(officer)
    assert len(mine) == 1 and "（共 2 个看板）" in mine[0].title
    assert "武江区：" in mine[0].text and "新华街道：" in mine[0].text
    assert mine[0].url == f"/dashboards/weekly/?week={WEEK.first}"
    assert letters(secretary)[0].url.startswith(f"/dashboards/{city.home.organization.pk}/")
    assert set(SavedView.objects.values_list("sent_on", flat=True)) == {MONDAY.date()}
    page = open_page(strong_client(officer), mine[0].url)
    assert page.count('data-n="response_rate"') == 2


def test_what_does_not_fit_is_counted_and_on_the_page(city: City) -> None:
    at_work(city.home)
    officer = an_officer(city)
    nodes = [city.district, city.street, city.home.organization, city.next_door.organization]
    nodes += list(Organization.objects.filter(tier=4))
    for node in nodes:
        a_view(officer, node, f"第{node.pk}")
    beat()
    row = letters(officer)[0]
    told = row.text.count("。上周")
    assert 0 < told < len(nodes) and len(row.text) <= 300
    assert row.text.endswith(f"另有 {len(nodes) - told} 个，请打开看。")
    assert len(row.text.splitlines()) == told + 1
    assert open_page(strong_client(officer), row.url).count('data-n="response_rate"') == len(nodes)


def test_no_word_about_people(city: City) -> None:
    at_work(city.home)
    officer = an_officer(city)
    view = a_view(officer, city.home.organization, "给王建国看")
    beat()
    told = letters(officer)[0]
    for word in ("周小明", "王建国", view.name, "谢科长", "花城书记", "楼道灯"):
        assert word not in told.title + told.text
    assert "周小明" not in open_page(strong_client(officer), "/dashboards/weekly/")


def test_from_monday_eight_until_sunday_once(city: City) -> None:
    officer = an_officer(city)
    a_view(officer, city.district)
    assert beat(MONDAY - timedelta(minutes=1)) == 0
    assert beat(MONDAY - timedelta(days=1)) == 0
    assert beat(MONDAY) == 1
    for later in (timedelta(minutes=10), timedelta(days=2), timedelta(days=6, hours=15)):
        assert beat(MONDAY + later) == 0
    assert beat(MONDAY + timedelta(days=7)) == 1
    assert [row.key.split(":")[1] for row in letters(officer)] == ["20261116", "20261123"]


@pytest.mark.parametrize(("days", "said"), [(2, 1), (6, 1)])
def test_after_an_outage_it_comes_within_the_week(city: City, days: int, said: int) -> None:
    officer = an_officer(city)
    a_view(officer, city.district)
    assert beat(MONDAY + timedelta(days=days, hours=3)) == said
    assert beat(MONDAY + timedelta(days=days, hours=4)) == 0
    assert letters(officer)[0].key.startswith("digest:20261116:")


def test_what_was_missed_for_a_whole_week_is_not_told_the_next(city: City) -> None:
    officer = an_officer(city)
    a_view(officer, city.district)
    assert beat(MONDAY + timedelta(days=7, hours=-1)) == 0  # Monday at seven: neither the old nor the new one
    assert beat(MONDAY + timedelta(days=7)) == 1
    assert len(letters(officer)) == 1


def test_it_waits_for_fresh_figures(city: City) -> None:
    officer = an_officer(city)
    a_view(officer, city.district)
    assert beat(MONDAY, is_rolled=False) == 0  # never rolled
    with clock.at(MONDAY - timedelta(hours=9)):
        rolling.rebuild()
    assert beat(MONDAY, is_rolled=False) == 0
    assert beat(MONDAY + timedelta(minutes=10)) == 1


def test_only_as_far_as_powers_reach_in_that_moment(city: City) -> None:
    moved, closed = an_officer(city), an_officer(city, city.street)
    a_view(moved, city.district)
    Appointment.objects.filter(user=moved).update(ends_on=LONG_AGO.replace(year=2021))
    appoint(moved, Post.SECRETARY, city.home.organization)
    a_view(moved, city.home.organization)
    a_view(closed, city.next_door.organization)
    Organization.objects.filter(pk=city.next_door.organization.pk).update(closed_at=MONDAY)
    locked = an_officer(city)
    a_view(locked, city.district)
    User.objects.filter(pk=locked.pk).update(is_active=False)
    assert beat() == 1
    assert "花城社区" in letters(moved)[0].title and "共" not in letters(moved)[0].title
    assert not letters(closed) and not letters(locked)
    assert SavedView.objects.get(user=moved, organization=city.district).sent_on != MONDAY.date()
    appoint(moved, Post.OFFICER, city.district)  # back again on Wednesday: it was not told this week
    assert beat(MONDAY + timedelta(days=2)) == 1
    assert [("武江区" in row.title) for row in letters(moved)] == [False, True]


def test_a_grid_worker_and_the_city_get_their_own(city: City) -> None:
    at_work(city.home)
    worker, mayor = a_grid_worker(city.home), a_user("市里")
    appoint(mayor, Post.OFFICER)
    branch = Organization.objects.get(pk=city.home.grid.branch_id)
    a_view(worker, branch)
    a_view(mayor, None)
    assert beat() == 2
    late = ServiceRequest.objects.filter(state__in=OPEN, due__lt=MONDAY).count()
    assert letters(mayor)[0].title == f"看板周报 · 全市：{late} 件超时，都在武江区"
    assert letters(worker)[0].title == f"看板周报 · 第一网格党支部：{late} 件超时，都在第一网格"


def test_who_did_not_ask_hears_nothing(city: City) -> None:
    officer = an_officer(city)
    view = a_view(officer, city.district)
    saving.send_weekly(view, wanted=False)
    assert beat() == 0


def test_channels_ask_the_preference_the_inbox_does_not(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    wanting, quiet = an_officer(city), an_officer(city)
    Preference.objects.create(user=quiet, wants_digests=False)
    for user in (wanting, quiet):
        a_view(user, city.district)
    carried: list[int] = []
    monkeypatch.setattr("notifications.delivery.channels", [lambda row: carried.append(row.to_id)])
    assert beat() == 2
    with clock.at(MONDAY + timedelta(minutes=1)):
        outbox.sweep()
    assert set(Message.objects.values_list("to", flat=True)) == {wanting.pk, quiet.pk}
    assert carried == [wanting.pk]


def test_one_that_fails_does_not_keep_the_others(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = an_officer(city), an_officer(city)
    for user in (first, second):
        a_view(user, city.district)
    plain = outbox.say

    def falls(**said: Any) -> Any:
        if said["to"].pk == first.pk:
            raise RuntimeError("out of order")
        return plain(**said)

    monkeypatch.setattr("dashboards.digests.say", falls)
    assert beat() == 1
    assert SavedView.objects.get(user=first).sent_on != MONDAY.date()  # rolled back with the message
    monkeypatch.undo()
    assert beat(MONDAY + timedelta(minutes=10)) == 1
    assert len(letters(first)) == len(letters(second)) == 1


def test_the_cost_of_a_round_with_nothing_to_say(city: City, django_assert_num_queries: Any) -> None:
    for _ in range(6):
        a_view(an_officer(city), city.district)
    assert beat() == 6
    with django_assert_num_queries(2), clock.at(MONDAY + timedelta(minutes=10)):
        assert digests.send_due() == 0


def test_the_cost_of_reports_does_not_grow(city: City, django_assert_num_queries: Any) -> None:
    nodes = [city.district, city.home.organization, *Organization.objects.filter(tier=4)]
    officer = an_officer(city)
    for node in nodes:
        a_view(officer, node, f"{node.pk}")
    views = list(saving.in_sight(officer))
    beat()
    for few in (views[:2], views):
        with django_assert_num_queries(5), clock.at(MONDAY):
            weekly.reports(few, WEEK)


# The page


def test_the_page_shows_the_letter_as_it_comes(city: City) -> None:
    at_work(city.home)
    officer = an_officer(city)
    a_view(officer, city.district)
    beat()
    row = letters(officer)[0]
    with clock.at(MONDAY + timedelta(minutes=1)):
        page = open_page(strong_client(officer), "/dashboards/weekly/")
    assert row.title in page and row.text in page
    assert f'data-from="{WEEK.first}" data-to="{WEEK.last}"' in page


@pytest.mark.parametrize("week", ["", "2026-13-01", "9999-12-31", "0001-01-01", "2026-11-11x", "一"])
def test_weeks_that_are_none_are_the_last_one(city: City, week: str) -> None:
    officer = an_officer(city)
    a_view(officer, city.district)
    beat()
    with clock.at(MONDAY):
        page = open_page(strong_client(officer), f"/dashboards/weekly/?week={week}")
    assert "周报：11月9日至11月15日" in page


def test_an_earlier_week_is_asked_by_any_of_its_days(city: City) -> None:
    officer = an_officer(city)
    a_view(officer, city.district)
    beat()
    with clock.at(MONDAY):
        page = open_page(strong_client(officer), "/dashboards/weekly/?week=2026-11-04")
    assert "周报：11月2日至11月8日" in page and "上周点单" not in page


def test_the_page_is_empty_in_words_and_hidden_from_strangers(city: City) -> None:
    officer = an_officer(city)
    client = strong_client(officer)
    assert "还没有常看" in open_page(client, "/dashboards/weekly/")
    saving.save(by=officer, node=city.district, query="", name="全区")
    sample = open_page(client, "/dashboards/weekly/")
    assert "还没有选哪个每周一发；全部选上，消息就是这样一条" in sample and "看板周报 · 武江区" in sample
    saving.send_weekly(SavedView.objects.get(), wanted=True)
    assert "还没有选哪个" not in open_page(client, "/dashboards/weekly/")
    assert strong_client(a_user("居民")).get("/dashboards/weekly/").status_code == 404


def test_the_worst_of_a_community_is_a_grid_with_what_lies_in_it(city: City) -> None:
    ask(city.home, MONDAY - timedelta(days=5))
    beat()
    view = SavedView(organization=city.home.organization)
    with clock.at(MONDAY):
        report = weekly.reports([view], WEEK)[0]
    assert (report.worst.name, report.worst_overdue, report.overdue) == ("第一网格", 1, 1)  # type: ignore[union-attr]
    assert report.key == f"o{area_of(city.home.organization).node.pk}"  # type: ignore[union-attr]


# Twice at once, and killed between

KILLED = """
import os, signal, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
django.setup()
from datetime import datetime
from dashboards import digests
from ground import clock
from notifications import outbox
plain, said = outbox.say, []
def say_and_die(**words):
    plain(**words)
    said.append(words)
    if len(said) == 2:  # written, not committed
        os.kill(os.getpid(), signal.SIGKILL)
digests.say = say_and_die
with clock.at(datetime.fromisoformat(sys.argv[1])):
    digests.send_due()
"""


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_say_it_once(city: City) -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    people = [an_officer(city) for _ in range(12)]
    for user in people:
        a_view(user, city.district)
        a_view(user, city.street)
    with clock.at(MONDAY):
        rolling.rebuild()
    outcomes = at_once([at(MONDAY, digests.send_due) for _ in range(4)])
    assert {how for how, _ in outcomes} == {"done"}
    assert sum(number for _, number in outcomes) == len(people)
    told = letters()
    assert len(told) == len({row.to_id for row in told}) == len(people)
    assert all("（共 2 个看板）" in row.title for row in told)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_killed_between_writing_and_committing_it_is_said_once(city: City) -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    people = [an_officer(city) for _ in range(4)]
    for user in people:
        a_view(user, city.district)
    with clock.at(MONDAY):
        rolling.rebuild()
    worker = subprocess.run(
        [sys.executable, "-c", KILLED, MONDAY.isoformat()],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL, worker.stderr
    assert [row.to_id for row in letters()] == [people[0].pk]
    assert SavedView.objects.filter(sent_on=MONDAY.date()).count() == 1
    assert beat(MONDAY + timedelta(minutes=10)) == 3
    assert sorted(row.to_id for row in letters()) == [user.pk for user in people]
