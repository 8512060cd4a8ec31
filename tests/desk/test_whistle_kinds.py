"""哨单 on the desk: kinds and audiences in one form, drafts changed, copies, series, templates, the queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from ground import clock
from tests.desk.scenes import open_page, queries_of, secretary_of
from tests.desk.test_whistles import an_order
from tests.factories import City, a_unit
from tests.signing_in import strong_client
from tests.volunteers import scenes
from tests.volunteers.test_audiences import a_team
from volunteers.claiming import waiting
from volunteers.models import Whistle, WhistleSeries, WhistleTemplate
from volunteers.states import Audience, WhistleKind, WhistleState
from volunteers.whistling import series, usual, whistles

pytestmark = pytest.mark.django_db
NEW, LIST = "/desk/whistles/new/", "/desk/whistles/"


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def page_of(whistle: Whistle, name: str = "") -> str:
    if not name:
        return reverse("desk:whistle", args=[whistle.pk])
    return reverse("desk:whistle_step", args=[whistle.pk, name])


def a_later(city: City, **extra: Any) -> Whistle:
    """A published whistle of tomorrow, by the real clock that the browser has."""
    start = clock.now() + timedelta(days=1)
    fields = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
    return whistles.publish(scenes.a_draft(city.home, **(fields | extra)), by=city.home.secretary)


# Writing


def test_a_wish_needs_no_number_of_people(city: City) -> None:
    end = timezone.localtime(clock.now()) + timedelta(days=20)
    order = an_order(
        city, kind="wish", places_max="", places_min="9", ends_at=f"{end:%Y-%m-%dT%H:%M}", publish="1"
    )
    secretary_of(city).post(NEW, order)
    wish = Whistle.objects.get()
    assert (wish.kind, wish.places_max, wish.claim_by) == (WhistleKind.WISH, 1, wish.ends_at)
    page = open_page(secretary_of(city), page_of(wish))
    assert "还没有人认领" in page and "完成期限" in page and "签到范围" not in page


def test_an_emergency_may_have_begun_a_service_not(city: City) -> None:
    now = timezone.localtime(clock.now())
    times = {
        "starts_at": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(hours=3):%Y-%m-%dT%H:%M}",
    }
    client = secretary_of(city)
    assert "这个时间已经过了" in client.post(NEW, an_order(city, **times, draft="1")).content.decode()
    client.post(NEW, an_order(city, **times, kind="emergency", publish="1"))
    assert Whistle.objects.get().kind == WhistleKind.EMERGENCY


def test_units_and_teams_are_chosen_and_asked_for_at_their_field(city: City) -> None:
    unit, team, client = a_unit(city, "区医院"), a_team(city.home.organization), secretary_of(city)
    scenes.a_volunteer(city, unit=unit)
    page = open_page(client, NEW)
    assert "区医院" in page and "夜巡队" in page
    assert "请至少选一个单位" in client.post(NEW, an_order(city, audience="units")).content.decode()
    assert "请选一支队伍" in client.post(NEW, an_order(city, audience="team")).content.decode()
    client.post(NEW, an_order(city, audience="units", units=[unit.pk], team=team.pk, publish="1"))
    for_units = Whistle.objects.get(audience=Audience.UNITS)
    assert (list(for_units.units.all()), for_units.team) == ([unit], None)
    client.post(NEW, an_order(city, audience="team", team=team.pk, publish="1"))
    for_team = Whistle.objects.get(audience=Audience.TEAM)
    assert "夜巡队的队员" in open_page(client, page_of(for_team))
    assert "区医院的同志" in open_page(client, page_of(for_units))


def test_a_template_fills_the_form(city: City) -> None:
    usual.begin()
    template = WhistleTemplate.objects.get(name="周末清洁日")
    client = secretary_of(city)
    assert "从常用开始" in open_page(client, NEW)
    page = open_page(client, f"{NEW}?template={template.pk}")
    assert "清理楼道堆物和卫生死角" in page and "T09:00" in page
    assert "清理楼道堆物" not in open_page(client, f"{NEW}?template=999999")


def test_a_draft_is_changed_and_published(city: City) -> None:
    client = secretary_of(city)
    client.post(NEW, an_order(city, draft="1"))
    draft = Whistle.objects.get()
    url = reverse("desk:whistle_edit", args=[draft.pk])
    assert "带梯子" in open_page(client, url)
    order = an_order(city, title="换灯泡", building="", place=draft.place, lng=draft.lng, lat=draft.lat)
    client.post(url, order | {"draft": "1"})
    draft.refresh_from_db()
    assert (draft.title, draft.state, draft.grid) == ("换灯泡", WhistleState.DRAFT, city.home.grid)
    assert draft.events.last().codes == {"fields": ["title"]}
    assert "改了标题" in open_page(client, page_of(draft))
    client.post(url, order | {"publish": "1"})
    draft.refresh_from_db()
    assert draft.state == WhistleState.OPEN
    assert client.get(url)["Location"] == page_of(draft), "what is published is changed no more"
    neighbour = strong_client(city.next_door.secretary)
    assert neighbour.get(url).status_code == neighbour.post(url, order).status_code == 404


# Steps


def test_ending_early_asks_for_a_reason(city: City) -> None:
    whistle = a_later(city)
    client = secretary_of(city)
    with clock.at(whistle.starts_at):
        whistles.start_and_finish_due()
    client.post(page_of(whistle, "abort"), {"reason": ""})
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.RUNNING
    assert "服务时间算到现在" in open_page(client, page_of(whistle, "abort"))
    client.post(page_of(whistle, "abort"), {"reason": "下大雨"})
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.DONE
    page = open_page(client, page_of(whistle))
    assert "提前结束" in page and "下大雨" in page


def test_a_copy_opens_as_a_draft_and_a_double_tap_makes_one(city: City) -> None:
    whistle, client = a_later(city), secretary_of(city)
    key = {"client_key": "6f1f8a3e-0d7d-4c0e-9c6a-2f0a4a1d7b11"}
    answers = [client.post(page_of(whistle, "copy"), key) for _ in range(2)]
    made = Whistle.objects.exclude(pk=whistle.pk).get()
    assert {answer["Location"] for answer in answers} == {reverse("desk:whistle_edit", args=[made.pk])}
    assert made.starts_at == whistle.starts_at + timedelta(weeks=1)
    assert client.get(page_of(whistle, "copy")).status_code == 302
    client.post(page_of(whistle, "copy"), {"client_key": "?"})
    assert Whistle.objects.count() == 3


def test_a_series_is_begun_shown_and_stopped(city: City) -> None:
    whistle, client = a_later(city), secretary_of(city)
    until = timezone.localdate(whistle.starts_at) + timedelta(weeks=4)
    assert "定期重复" in open_page(client, page_of(whistle))
    assert "每周" in open_page(client, page_of(whistle, "repeat"))
    wrong = client.post(page_of(whistle, "repeat"), {"every_weeks": "1", "until": "2020-01-01"})
    assert "截止日期不能早于它" in wrong.content.decode()
    client.post(page_of(whistle, "repeat"), {"every_weeks": "1", "until": until.isoformat()})
    with clock.at(clock.now() + timedelta(days=2)):
        series.make_due()
    page = open_page(client, page_of(whistle))
    second = Whistle.objects.exclude(pk=whistle.pk).get()
    assert "每周一次" in page and page_of(second) in page and "停止系列" in page
    client.post(page_of(second, "stop"))
    assert WhistleSeries.objects.get().next_on is None
    assert "停止系列</button>" not in open_page(client, page_of(second))
    lonely = a_later(city, title="单独的")
    assert "不在系列里" in client.post(page_of(lonely, "stop"), follow=True).content.decode()


def test_who_leads_is_chosen_among_our_people(city: City) -> None:
    whistle, client = a_later(city), secretary_of(city)
    assert "花城书记" in open_page(client, page_of(whistle, "lead"))
    client.post(page_of(whistle, "lead"), {"leader": city.home.secretary.pk})
    whistle.refresh_from_db()
    assert whistle.leader == city.home.secretary
    assert client.post(page_of(whistle, "lead"), {"leader": city.next_door.secretary.pk}).status_code == 200


def test_a_whistle_is_kept_as_usual_and_retired(city: City) -> None:
    whistle, client = a_later(city), secretary_of(city)
    client.post(page_of(whistle, "keep"), {"name": "修灯"})
    template = WhistleTemplate.objects.get()
    assert "修灯" in open_page(client, "/desk/whistles/usual/")
    again = client.post(page_of(a_later(city, title="别的"), "keep"), {"name": "修灯"})
    assert "同名" in again.content.decode()
    retire = reverse("desk:whistle_usual_retire", args=[template.pk])
    assert strong_client(city.next_door.secretary).post(retire).status_code == 404
    client.post(retire)
    assert client.post(retire).status_code == 404
    assert "修灯" not in open_page(client, "/desk/whistles/usual/")


def test_no_other_steps_by_address(city: City) -> None:
    whistle, client = a_later(city), secretary_of(city)
    for name in ("start", "finish", "fulfil", "expire", "draft", "nonsense"):
        assert client.post(page_of(whistle, name)).status_code == 404, name
    assert client.get(page_of(whistle, "publish")).status_code == 302


# Seeing


def test_the_queue_is_shown_in_its_order(city: City) -> None:
    whistle = scenes.a_whistle(city.home, places_max=1)
    scenes.a_claim(whistle, scenes.a_volunteer(city))
    for name in ("候补甲", "候补乙"):
        with clock.at(scenes.FRIDAY_NOON):
            waiting.wait(whistle, by=scenes.a_volunteer(city, name=name).user)
    page = open_page(secretary_of(city), page_of(whistle))
    assert "2 人候补" in page and "1 / 1 人接单" in page
    assert page.index("候补甲") < page.index("候补乙")
    assert "候补 2 人" in open_page(secretary_of(city), LIST)


def test_the_list_is_narrowed_by_kind_audience_and_series(city: City) -> None:
    plain, wish = a_later(city, title="修灯"), a_later(city, title="老花镜", kind="wish", places_max=1)
    for_all = a_later(city, title="全区清洁", audience=Audience.DISTRICT)
    until = timezone.localdate(plain.starts_at) + timedelta(weeks=4)
    series.begin(plain, by=city.home.secretary, every_weeks=1, until=until)
    client = secretary_of(city)
    for query, shown in (
        ("kind=wish", wish),
        ("audience=district", for_all),
        ("series=yes", plain),
        ("q=老花", wish),
    ):
        page = open_page(client, f"{LIST}?tab=open&{query}")
        assert [row.title for row in (plain, wish, for_all) if row.title in page] == [shown.title], query
        assert f"{query}".split("=")[0] in page.split('class="tabsrow"')[1].split("</nav>")[0], "tabs keep it"
    assert "没有找到" in open_page(client, f"{LIST}?tab=open&kind=emergency")
    assert "修灯" in open_page(client, f"{LIST}?kind=nonsense&audience=x&series=?")


def test_pages_cost_the_same_however_many(city: City) -> None:
    client = secretary_of(city)
    whistle = scenes.a_whistle(city.home, places_max=1)
    scenes.a_claim(whistle, scenes.a_volunteer(city))
    usual.save(whistle, by=city.home.secretary, name="第 0 个")
    urls = (NEW, "/desk/whistles/usual/", page_of(whistle))
    few = [queries_of(client, url) for url in urls]
    for number in range(6):
        other = scenes.a_whistle(city.home, title=f"第 {number} 张")
        usual.save(other, by=city.home.secretary, name=f"又 {number} 个")
        with clock.at(scenes.FRIDAY_NOON):
            waiting.wait(whistle, by=scenes.a_volunteer(city).user)
    assert [queries_of(client, url) for url in urls] == few
    assert max(few) <= 18
