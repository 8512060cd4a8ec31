"""Asking for a summary: who, once, with a trace; and what becomes of the job and of its file."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ground import clock, drafts, heartbeat, leases
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from organizations.models import AccessLogEntry, Appointment
from organizations.posts import Post
from tests.factories import a_grid_worker, a_unit, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes
from tests.volunteers.summary_scenes import Workbook, asked, moment, written
from volunteers.models import LedgerEntry, SummaryJob
from volunteers.summaries import asking, fetching, running, sheets

pytestmark = pytest.mark.django_db
State = SummaryJob.State
PAGE, API = "/desk/summaries/", "/api/v1/summaries/"
DAY = date(2026, 11, 20)
WHY = "年度考核核对"


@pytest.fixture
def city() -> Any:
    """One service of an employed member on 20 November."""
    made = scenes.a_city()
    made.home.extra["unit"] = a_unit(made, "市教育局")
    volunteer = scenes.a_volunteer(made, unit=made.home.extra["unit"], name="欧阳海")
    scenes.credited(made.home, volunteer, starts_at=moment(DAY, 19))
    return made


@pytest.fixture(autouse=True)
def today():
    with clock.at(moment(date(2026, 11, 30), 10)):
        yield


@pytest.fixture
def liaison(city) -> Any:
    user = a_user("联络员")
    appoint(user, Post.UNIT_LIAISON, city.home.extra["unit"])
    return user


def an_officer(place: Any = None) -> Any:
    user = a_user("上级")
    appoint(user, Post.OFFICER, place)
    return user


def ask_home(city: Any, **more: Any) -> SummaryJob:
    return asked(city.home.secretary, city.home.organization, DAY, DAY, **more)


def end_posts(user: Any) -> None:
    Appointment.objects.filter(user=user).update(ends_on=clock.today() - timedelta(days=1))


def files() -> list[Path]:
    folder = Path(SummaryJob._meta.get_field("file").storage.path("summaries"))
    return sorted(folder.iterdir()) if folder.exists() else []


# Who


def test_each_asks_about_his_own(city, liaison):
    home, next_door, unit = city.home.organization, city.next_door.organization, city.home.extra["unit"]
    everything = {city.district, city.street, home, next_door}
    for user, nodes, units in (
        (city.home.secretary, {home}, set()),
        (liaison, set(), {unit}),
        (an_officer(city.street), {city.street, home, next_door}, set()),
        (an_officer(city.district), everything, set()),
        (an_officer(), everything, set()),
        (a_grid_worker(city.home), set(), set()),
        (a_user("居民"), set(), set()),
    ):
        assert set(asking.organizations_of(user)) == nodes
        assert set(asking.units_of(user)) == units
        assert asking.may_ask_anywhere(user) is bool(nodes or units)


def test_names_are_shown_exactly_where_the_ledger_is_in_sight(city, liaison):
    """Whoever may name people sees their ledger (`LedgerEntry.objects.visible_to`); a community worker sees it and
    exports counts: names leave the house with the secretary only (RULES 5)."""
    worker = a_user("社区工作者")
    appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
    assert asking.can_ask(worker, city.home.organization)
    assert not asking.shows_names(worker, city.home.organization)
    officer = an_officer(city.district)
    for user in (city.home.secretary, city.next_door.secretary, liaison, officer, a_grid_worker(city.home)):
        seen = LedgerEntry.objects.visible_to(user)
        for place, rows in (
            (city.home.organization, seen.filter(community=city.home.organization)),
            (city.home.extra["unit"], seen.filter(unit=city.home.extra["unit"])),
        ):
            if asking.can_ask(user, place):
                assert asking.shows_names(user, place) == rows.exists()
            assert not asking.shows_names(user, city.district)


def test_elsewhere_and_names_above_are_refused(city, liaison):
    officer = an_officer(city.street)
    for by, place, named in (
        (city.next_door.secretary, city.home.organization, False),
        (liaison, a_unit(city), False),
        (liaison, city.home.organization, False),
        (officer, city.district, False),
        (officer, city.street, True),
        (officer, city.home.organization, True),
        (a_grid_worker(city.home), city.home.organization, False),
    ):
        with pytest.raises(NoPower):
            asked(by, place, DAY, DAY, with_names=named)
    assert not SummaryJob.objects.exists() and not AccessLogEntry.objects.exists()


# Asking


def test_the_same_tap_and_the_same_question_are_one_job(city):
    secretary, home = city.home.secretary, city.home.organization
    key = uuid.uuid4()
    first = asking.ask(by=secretary, key=key, place=home, first_day=DAY, last_day=DAY)
    assert asking.ask(by=secretary, key=key, place=home, first_day=DAY, last_day=DAY) == first
    assert ask_home(city) == first, "asked again while it is on its way"
    assert ask_home(city, with_names=True) != first, "another question"
    running.write(first.pk)
    assert asking.ask(by=secretary, key=key, place=home, first_day=DAY, last_day=DAY) == first
    assert ask_home(city) != first, "a finished one is asked anew: the ledger may have grown"


def test_a_key_of_somebody_else_gives_nothing_away(city):
    job = ask_home(city)
    officer = an_officer(city.district)
    with pytest.raises(RuleViolation):
        asking.ask(by=officer, key=job.key, place=city.district, first_day=DAY, last_day=DAY)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 2), date(2026, 11, 1), "不能早于"),
        (date(2026, 11, 1), date(2026, 12, 1), "不能晚于今天"),
        (date(2025, 11, 29), date(2026, 11, 30), "最多汇总 366 天"),
        (date(2026, 11, 1), date(2026, 11, 2), "没有活动"),
    ],
)
def test_days_that_cannot_be_summed_up(city, first, last, words):
    with pytest.raises(RuleViolation, match=words) as refused:
        asked(city.home.secretary, city.home.organization, first, last)
    assert refused.value.field == "last_day"


def test_the_beginning_of_the_calendar_is_too_early(city):
    with pytest.raises(RuleViolation, match="不能早于 2000") as refused:
        asked(city.home.secretary, city.home.organization, date.min, date.min)
    assert refused.value.field == "first_day"


def test_366_days_are_a_leap_year(city):
    assert asked(city.home.secretary, city.home.organization, date(2025, 11, 30), date(2026, 11, 30))


def test_three_on_the_way_are_enough(city):
    for number in range(asking.MOST_OPEN):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=number), DAY)
    with pytest.raises(RuleViolation, match="还没有生成好"):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=9), DAY)


def test_names_leave_a_trace_and_count_as_an_export(city):
    job = ask_home(city, with_names=True)
    assert ask_home(city, with_names=True) == job, "a second tap leaves no second line"
    entry = AccessLogEntry.objects.get()
    assert (entry.action, entry.rows, entry.reason) == ("export", 1, WHY)
    assert entry.subject == "花城社区活动汇总（含姓名）" and entry.organization == city.home.organization
    assert entry.is_unusual, "the first export of this person"
    assert not AccessLogEntry.objects.filter(reason__contains="欧阳").exists()
    for number in (1, 2):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=number), DAY, with_names=True)
        SummaryJob.objects.update(state=State.FAILED)
    with pytest.raises(RuleViolation, match="今天已导出 3 次"):
        asked(city.home.secretary, city.home.organization, DAY - timedelta(days=3), DAY, with_names=True)
    assert SummaryJob.objects.count() == 3
    assert asked(city.home.secretary, city.home.organization, DAY - timedelta(days=3), DAY), "counts go on"


def test_without_a_reason_there_are_no_names_and_no_job(city):
    with pytest.raises(RuleViolation) as refused:
        ask_home(city, with_names=True, reason="无")
    assert refused.value.field == "reason"
    assert not SummaryJob.objects.exists() and not AccessLogEntry.objects.exists()


def test_a_unit_s_trace_lies_where_the_unit_is(city, liaison):
    asked(liaison, city.home.extra["unit"], DAY, DAY, with_names=True)
    assert AccessLogEntry.objects.get().organization == city.district


# Running


def test_written_told_and_kept_sealed(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY, with_names=True)
    assert job.rows == job.total == 3 and job.ended_at
    assert Outgoing.objects.get(key=f"summary:{job.pk}:{job.by_id}").title.startswith("活动汇总可以下载了")
    (kept,) = files()
    assert not kept.read_bytes().startswith(b"PK") and "欧阳海".encode() not in kept.read_bytes()
    assert Workbook(job).content.startswith(b"PK")
    assert not list(drafts._root().glob("*")), "nothing lies open"


def test_twice_is_once(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    running.write(job.pk)
    assert len(files()) == 1 and Outgoing.objects.filter(key=f"summary:{job.pk}:{job.by_id}").count() == 1


def test_progress_stands_in_the_row(city):
    job = ask_home(city, with_names=True)
    seen: list[tuple[int, int]] = []

    class Watching(running.Teller):
        def heard(self, now: heartbeat.Progress) -> None:
            super().heard(now)
            seen.append(SummaryJob.objects.values_list("rows", "total").get(pk=job.pk))

    running.write(job.pk, listen=Watching)
    assert seen[0] == (0, 3) and seen[-1] == (3, 3)


def test_whoever_was_overtaken_writes_nothing(city):
    job = ask_home(city)

    class Overtaken(running.Teller):
        def heard(self, now: heartbeat.Progress) -> None:
            SummaryJob.objects.filter(pk=job.pk).update(began_at=clock.now() + timedelta(seconds=1))
            super().heard(now)

    running.write(job.pk, listen=Overtaken)
    job.refresh_from_db()
    assert job.state == State.WRITING and not job.file and files() == []


def test_a_lost_worker_is_replaced_and_after_five_it_is_given_up(city):
    job = ask_home(city)
    running.LEASES.take(job.pk, State.WAITING, State.WRITING)
    assert running.resume() == 0
    for minute in range(1, leases.MOST_TAKEOVERS + 1):
        with clock.at(clock.now() + timedelta(seconds=61 * minute)):
            assert running.LEASES.take(job.pk, State.WAITING, State.WRITING) is not None
    with clock.at(clock.now() + timedelta(seconds=61 * (minute + 1))):
        assert running.resume() == 1
    job.refresh_from_db()
    assert (job.state, job.sentence) == (State.FAILED, running.TOO_OFTEN)


def test_the_next_sweep_finishes_what_was_left_behind(city):
    job = ask_home(city)
    left = running.LEASES.take(job.pk, State.WAITING, State.WRITING)
    with drafts.folder(left) as folder:
        (folder / "half").write_bytes(b"half")
        with clock.at(clock.now() + timedelta(seconds=61)):
            assert running.resume() == 1
        assert not folder.exists(), "what the lost worker left lying is gone"
    job.refresh_from_db()
    assert job.state == State.DONE and job.takeovers == 1 and len(files()) == 1


def test_a_bug_is_said_and_not_tried_for_ever(city, monkeypatch):
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("欧阳海")

    monkeypatch.setattr(sheets, "write", broken)
    job = ask_home(city)
    running.write(job.pk)
    job.refresh_from_db()
    assert (job.state, job.sentence) == (State.FAILED, running.BROKEN) and files() == []


def test_a_post_that_ended_before_the_worker_came(city):
    job = ask_home(city, with_names=True)
    end_posts(city.home.secretary)
    running.write(job.pk)
    job.refresh_from_db()
    assert (job.state, job.sentence) == (State.FAILED, asking.NO_LONGER)


def test_files_go_after_seven_days(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    with clock.at(clock.now() + timedelta(days=7)):
        running.resume()
        assert len(files()) == 1
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        running.resume()
    job.refresh_from_db()
    assert job.state == State.EXPIRED and not job.file and files() == []
    with pytest.raises(RuleViolation, match="已按期删除"):
        fetching.fetch(job, by=job.by)


def test_files_that_belong_to_nothing_go_too(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    (files()[0].parent / "stray.sealed").write_bytes(b"a1:")
    with clock.at(timezone.now() + timedelta(hours=2)):  # files know no other clock
        running.resume()
    assert [each.name for each in files()] == [Path(job.file.name).name]


# Pages


def form(**more: Any) -> dict[str, Any]:
    days = {"period": "days", "first_day": "2026-11-20", "last_day": "2026-11-20"}
    return {**days, "names": "counts", "client_key": str(uuid.uuid4()), **more}


def test_a_secretary_asks_watches_and_fetches(city, django_capture_on_commit_callbacks):
    client = strong_client(city.home.secretary)
    assert "还没有要过汇总" in client.get(PAGE).content.decode()
    sent = form(names="names", reason=WHY)
    answer = client.post(PAGE, sent)
    job = SummaryJob.objects.get()
    assert answer.url == f"{PAGE}{job.pk}/" and job.with_names
    assert client.post(PAGE, sent).url == answer.url, "a second tap"
    page = client.get(answer.url).content.decode()
    assert "排队中" in page and "data-poll" in page and "下载 Excel" not in page
    part = client.get(answer.url, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<title>") and "<html" not in part
    running.write(job.pk)
    assert client.get(answer.url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "下载 Excel" in client.get(answer.url).content.decode()
    assert "可以下载" in client.get(PAGE).content.decode()
    file = client.get(f"{answer.url}file/")
    assert file.getvalue().startswith(b"PK") and "no-store" in file["Cache-Control"]
    assert "attachment" in file["Content-Disposition"]


def test_asking_hands_over_to_a_worker(city, django_capture_on_commit_callbacks):
    """Tasks are eager here: what is sent after commit runs at once."""
    with django_capture_on_commit_callbacks(execute=True):
        strong_client(city.home.secretary).post(PAGE, form())
    assert SummaryJob.objects.get().state == State.DONE


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"names": "names"}, "请写明理由。"),
        ({"last_day": "", "first_day": ""}, "请填日期。"),
        ({"last_day": "2026-11-19"}, "结束日期不能早于开始日期。"),
        ({"period": "decade"}, "decade"),
        ({"period": "last_month"}, "这段时间没有活动"),
    ],
)
def test_what_is_wrong_stands_at_its_field(city, wrong, sentence):
    page = strong_client(city.home.secretary).post(PAGE, form(**wrong))
    assert page.status_code == 200 and sentence in page.content.decode()
    assert not SummaryJob.objects.exists()


def test_periods_end_today(city):
    from volunteers.forms.summaries import days_of

    assert days_of("month") == (date(2026, 11, 1), date(2026, 11, 30))
    assert days_of("last_month") == (date(2026, 10, 1), date(2026, 10, 31))
    assert days_of("quarter") == (date(2026, 10, 1), date(2026, 11, 30))
    assert days_of("year") == (date(2026, 1, 1), date(2026, 11, 30))


def test_an_officer_chooses_a_node_and_is_asked_for_no_reason(city):
    client = strong_client(an_officer(city.district))
    page = client.get(PAGE).content.decode()
    assert "花城社区" in page and "要不要姓名" not in page
    sent = form(place=f"o{city.street.pk}")
    assert client.post(PAGE, sent).status_code == 302
    assert SummaryJob.objects.get().organization == city.street
    assert client.post(PAGE, form(place=f"u{city.home.extra['unit'].pk}")).status_code == 200
    assert client.post(PAGE, form(place="o999999")).status_code == 200


def test_a_failed_one_is_asked_for_again_with_the_same_days(city):
    job = ask_home(city)
    running.LEASES.fail(running.LEASES.take(job.pk, State.WAITING, State.WRITING), running.BROKEN)
    client = strong_client(city.home.secretary)
    page = client.get(f"{PAGE}{job.pk}/").content.decode()
    assert running.BROKEN in page and f"{PAGE}?again={job.pk}" in page
    again = client.get(f"{PAGE}?again={job.pk}").content.decode()
    assert again.count('value="2026-11-20"') == 2


def test_nobody_else_finds_it(city, liaison):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    colleague = a_user("同事")
    appoint(colleague, Post.SECRETARY, city.home.organization)
    for other in (colleague, city.next_door.secretary, liaison, an_officer(city.district)):
        client = strong_client(other)
        assert client.get(f"{PAGE}{job.pk}/").status_code == 404
        assert client.get(f"{PAGE}{job.pk}/file/").status_code == 404
        assert job.title not in client.get(PAGE).content.decode()
    assert strong_client(a_grid_worker(city.home)).get(PAGE).status_code == 404
    assert weak_client(a_user("居民")).get(PAGE).status_code == 404


def test_when_the_post_has_ended_the_file_is_refused_with_a_sentence(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY, with_names=True)
    end_posts(city.home.secretary)
    client = strong_client(city.home.secretary)
    answer = client.get(f"{PAGE}{job.pk}/file/")
    assert answer.status_code == 403 and asking.NO_LONGER in answer.content.decode()
    page = client.get(f"{PAGE}{job.pk}/").content.decode()
    assert asking.NO_LONGER in page and "下载 Excel" not in page


def test_a_file_that_is_gone_is_said(city):
    job = written(city.home.secretary, city.home.organization, DAY, DAY)
    files()[0].unlink()
    client = strong_client(city.home.secretary)
    answer = client.get(f"{PAGE}{job.pk}/file/", follow=True)
    assert "文件已经读不出来" in answer.content.decode()


def test_the_list_takes_the_same_queries_however_long_it_is(city):
    client = strong_client(city.home.secretary)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    one_job(city)
    few = cost()
    for _ in range(40):
        one_job(city)
    assert cost() == few
    page = client.get(PAGE).content.decode()
    assert page.count("row-link") == 30 and "更早的" in page
    last = SummaryJob.objects.order_by("-pk")[29]
    assert client.get(f"{PAGE}?before={last.pk}").content.decode().count("row-link") == 11


def one_job(city: Any) -> SummaryJob:
    days = {"first_day": DAY, "last_day": DAY}
    where = {"organization": city.home.organization, "by": city.home.secretary}
    return SummaryJob.objects.create(**where, **days, key=uuid.uuid4(), state=State.FAILED)


def test_the_menu_leads_there_only_where_there_is_something(city, liaison):
    for user, there in ((city.home.secretary, True), (liaison, True), (a_grid_worker(city.home), False)):
        page = strong_client(user).get("/desk/registry/", follow=True).content.decode()
        assert (f'href="{PAGE}"' in page) is there


# API


Call = Callable[..., Any]


@pytest.fixture
def call() -> Call:
    def asked_for(user: Any, method: str, path: str = "", data: Any = None) -> Any:
        client = strong_client(user)
        more = {"data": data, "content_type": "application/json"} if method == "post" else {}
        return getattr(client, method)(f"{API}{path}", **more)

    return asked_for


def test_the_api_asks_tells_and_gives(city, call):
    secretary = city.home.secretary
    days = {"first_day": "2026-11-20", "last_day": "2026-11-20"}
    sent = {"organization": city.home.organization.pk, **days, "key": str(uuid.uuid4())}
    answer = call(secretary, "post", "", sent)
    assert answer.status_code == 201, answer.content.decode()
    job = answer.json()
    assert (job["state"], job["with_names"], job["title"]) == ("waiting", False, "花城社区 2026年11月20日")
    assert call(secretary, "post", "", sent).json()["id"] == job["id"]
    waits = call(secretary, "get", f"{job['id']}/file/")
    assert waits.status_code == 409 and "还在排队" in waits.json()["detail"]
    running.write(job["id"])
    told = call(secretary, "get", f"{job['id']}/").json()
    assert (told["state"], told["rows"], told["total"]) == ("done", 2, 2)
    assert call(secretary, "get").json()["results"][0]["id"] == job["id"]
    assert call(secretary, "get", f"{job['id']}/file/").getvalue().startswith(b"PK")


def test_the_api_refuses_as_the_pages_do(city, call, liaison):
    days = {"first_day": "2026-11-20", "last_day": "2026-11-20"}
    home, unit = city.home.organization.pk, city.home.extra["unit"].pk
    for user, sent, code in (
        (liaison, {"organization": home, **days}, 400),
        (city.home.secretary, {"unit": unit, **days}, 400),
        (city.home.secretary, {"unit": unit, "organization": home, **days}, 400),
        (city.home.secretary, days, 400),
        (city.home.secretary, {"organization": home, **days, "with_names": True}, 409),
        (city.home.secretary, {"organization": home, **days, "last_day": "2026-12-30"}, 409),
        (an_officer(city.street), {"organization": home, **days, "with_names": True}, 403),
        (liaison, {"unit": unit, **days, "with_names": True, "reason": WHY}, 201),
    ):
        answer = call(user, "post", "", sent)
        assert answer.status_code == code, answer.content.decode()
    job = SummaryJob.objects.get()
    assert call(city.home.secretary, "get", f"{job.pk}/").status_code == 404
    assert call(city.home.secretary, "get", f"{job.pk}/file/").status_code == 404
    running.write(job.pk)
    end_posts(liaison)
    ended = call(liaison, "get", f"{job.pk}/file/")
    assert ended.status_code == 403 and ended.json()["detail"] == asking.NO_LONGER
