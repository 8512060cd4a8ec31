"""The pages of summaries: ask, watch, fetch; nobody else finds them."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizations.posts import Post
from tests.factories import a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers.summaries.cast import DAY, PAGE, WHY, State, an_officer, ask_home, end_posts, files
from tests.volunteers.summary_scenes import written
from volunteers.models import SummaryJob
from volunteers.summaries import asking, running

pytestmark = pytest.mark.django_db


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
