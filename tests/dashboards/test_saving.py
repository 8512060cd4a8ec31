"""常看: kept under a name, opened as the powers of the moment allow, renamed, removed, switched to every week."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import stored
from accounts.models import User
from dashboards import rolling, saving
from dashboards.areas import area_of
from dashboards.models import SavedView
from dashboards.periods import window_of
from ground import clock
from ground.errors import RuleViolation
from organizations import tree
from organizations.models import Appointment, Organization
from organizations.posts import Post, Tier
from tests.desk.scenes import CHINA, open_page
from tests.factories import LONG_AGO, City, a_city, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers.racing import at_once

pytestmark = pytest.mark.django_db
PAGE = "/dashboards/views/"


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city: City) -> User:
    officer = a_user("谢科长")
    appoint(officer, Post.OFFICER, city.district)
    return officer


def keep(client: Client, node: Organization | None, name: str, query: str = "period=month") -> Any:
    place = node.pk if node else ""
    return client.post(f"{PAGE}save/", {"node": place, "query": query, "name": name})


def said(answer: Any) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def as_post_ends(user: User) -> None:
    Appointment.objects.filter(user=user).update(ends_on=LONG_AGO.replace(year=2021))


def test_what_is_kept_opens_again_as_it_was(city: City, officer: User) -> None:
    client = strong_client(officer)
    answer = keep(client, city.street, " 街道 本周 ", "?period=week&page=3&figure=overdue&next=//evil")
    view = SavedView.objects.get()
    assert (view.user, view.organization, view.name) == (officer, city.street, "街道 本周")
    assert view.query == "period=week&figure=overdue"
    assert [line.period for line in saving.lines_of(view.user)] == ["本周 · 超时"]
    address = f"/dashboards/{city.street.pk}/?{view.query}"
    assert answer["Location"] == address
    assert client.get(f"{PAGE}{view.pk}/")["Location"] == address
    assert client.get(address).status_code == 200


def test_any_days_are_kept_as_days_and_garbage_as_the_month(city: City, officer: User) -> None:
    client = strong_client(officer)
    keep(client, city.district, "三月", "period=any&from=2026-03-01&to=2026-03-31")
    keep(client, city.district, "乱写", "period=%00&figure=%3Cscript%3E&from=2026-02-30")
    assert list(SavedView.objects.values_list("query", flat=True)) == [
        "period=any&from=2026-03-01&to=2026-03-31",
        "period=month",
    ]


def test_the_city_is_kept_by_city_posts_only(city: City, officer: User) -> None:
    mayor = a_user("市里")
    appoint(mayor, Post.OFFICER)
    assert keep(strong_client(mayor), None, "全市")["Location"] == "/dashboards/city/?period=month"
    assert keep(strong_client(officer), None, "全市").status_code == 404
    assert SavedView.objects.get().organization is None


def test_a_double_tap_keeps_one(city: City, officer: User) -> None:
    client = strong_client(officer)
    assert keep(client, city.district, "全区")["Location"] == keep(client, city.district, "全区")["Location"]
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("全区", "已有叫“全区”的常看，请换个名字。"),
        ("  ", "请起个名字"),
        ("字" * 21, "名字最多 20 个字"),
        ("字" * 200, "名字最多 20 个字"),
        ("坏\x00名", ""),
    ],
)
def test_a_name_that_does_not_do_is_said_at_the_field_and_kept_there(
    city: City, officer: User, name: str, sentence: str
) -> None:
    client = strong_client(officer)
    keep(client, city.district, "全区")
    page = said(keep(client, city.street, name))
    field = page.split('name="name"')[1].split("</form>")[0]
    assert sentence in field and 'class="error"' in field
    assert f'name="node" value="{city.street.pk}"' in page and 'value="period=month"' in page
    assert SavedView.objects.count() == 1


def test_two_people_may_use_one_name_and_the_database_holds_the_last_line(city: City, officer: User) -> None:
    keep(strong_client(officer), city.district, "全区")
    keep(strong_client(city.home.secretary), city.home.organization, "全区")
    assert SavedView.objects.count() == 2
    twin = SavedView(user=officer, name="全区")
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    with pytest.raises(ValidationError, match="已经有同名的了"):
        twin.full_clean()


def test_twenty_at_most(city: City, officer: User) -> None:
    client = strong_client(officer)
    for number in range(saving.MOST):
        keep(client, city.district, f"第 {number} 个")
    assert "最多存 20 个常看，请先移除不用的" in said(keep(client, city.street, "再一个"))
    assert SavedView.objects.count() == saving.MOST
    assert "最多存 20 个" not in said(client.get(PAGE)).split("<table")[1]


def test_renaming_refuses_in_its_own_line(city: City, officer: User) -> None:
    client = strong_client(officer)
    keep(client, city.district, "甲")
    keep(client, city.street, "乙")
    first, second = SavedView.objects.all()
    page = said(client.post(f"{PAGE}{second.pk}/rename/", {"name": "甲"}))
    assert page.count("已有叫“甲”的常看") == 1 and page.count('class="rename" open') == 1
    assert client.post(f"{PAGE}{second.pk}/rename/", {"name": "乙"}).status_code == 302
    client.post(f"{PAGE}{second.pk}/rename/", {"name": "丙"})
    assert list(SavedView.objects.values_list("name", flat=True)) == ["甲", "丙"]
    client.post(f"{PAGE}{first.pk}/remove/")
    assert SavedView.objects.get() == second


def test_nobody_touches_or_opens_what_is_somebody_elses(city: City, officer: User) -> None:
    keep(strong_client(officer), city.home.organization, "社区")
    view = SavedView.objects.get()
    other = strong_client(city.home.secretary)  # sees the node, not the view
    assert other.get(f"{PAGE}{view.pk}/").status_code == 404
    for verb in ("rename", "remove", "weekly"):
        assert other.post(f"{PAGE}{view.pk}/{verb}/", {"name": "我的", "wanted": "1"}).status_code == 404
        assert other.get(f"{PAGE}{view.pk}/{verb}/").status_code == 405
    view.refresh_from_db()
    assert (view.name, view.has_digest) == ("社区", False)
    assert "社区" not in said(other.get(PAGE)).split("<main")[1].split("</main>")[0].replace("花城社区", "")


def test_what_is_out_of_sight_cannot_be_kept(city: City) -> None:
    client = strong_client(city.home.secretary)
    for place in (city.district.pk, city.next_door.organization.pk, 10**17, 10**40, "-1", "一", "1.5"):
        answer = client.post(f"{PAGE}save/", {"node": place, "query": "period=month", "name": "别处"})
        assert answer.status_code == 404, place
    assert not SavedView.objects.exists()


def test_a_view_whose_post_has_ended_is_shown_as_gone_and_can_only_be_removed(city: City) -> None:
    user = a_user("两处任职")
    appoint(user, Post.OFFICER, city.district)
    client = strong_client(user)
    keep(client, city.district, "全区")
    as_post_ends(user)
    appoint(user, Post.SECRETARY, city.home.organization)
    keep(client, city.home.organization, "社区")
    gone = SavedView.objects.get(name="全区")
    page = said(client.get(PAGE))
    assert "你在这里的任职已经结束，打不开了" in page and f"{PAGE}{gone.pk}/rename/" not in page
    assert client.get(f"{PAGE}{gone.pk}/").status_code == 404
    assert client.post(f"{PAGE}{gone.pk}/weekly/", {"wanted": "1"}).status_code == 404
    menu = saving.lines_of(User.objects.get(pk=user.pk))
    assert [(line.view.name, bool(line.gone)) for line in menu] == [("全区", True), ("社区", False)]
    client.post(f"{PAGE}{gone.pk}/remove/")
    assert SavedView.objects.get().name == "社区"


def test_a_closed_node_is_gone_for_everybody(city: City, officer: User) -> None:
    client = strong_client(officer)
    group = tree.plant(parent=city.street, tier=Tier.COMMUNITY, name="旧社区", code="", by=None)
    keep(client, group, "旧的")
    Organization.objects.filter(pk=group.pk).update(closed_at=clock.now())
    view = SavedView.objects.get()
    assert client.get(f"{PAGE}{view.pk}/").status_code == 404
    assert "这个组织已经撤销，打不开了" in said(client.get(PAGE))


def test_who_has_no_post_any_more_but_another_kind_still_finds_and_removes_his_views(city: City) -> None:
    """A case officer has a seat and no dashboards."""
    user = a_user("调走的")
    appoint(user, Post.OFFICER, city.district)
    client = strong_client(user)
    keep(client, city.district, "全区")
    as_post_ends(user)
    appoint(user, Post.BUILDING_HEAD, city.home.organization)
    assert "打不开了" in said(client.get(PAGE))
    assert client.post(f"{PAGE}{SavedView.objects.get().pk}/remove/").status_code == 302
    assert not SavedView.objects.exists()


def test_strangers_and_weak_sessions(city: City, officer: User) -> None:
    assert strong_client(a_user("居民")).get(PAGE).status_code == 404
    assert keep(strong_client(a_user("居民")), city.district, "x").status_code == 404
    for client in (Client(), weak_client(officer)):
        assert client.get(PAGE)["Location"].startswith("/sign-in/")
        assert keep(client, city.district, "x")["Location"].startswith("/sign-in/")
    assert not SavedView.objects.exists()


def test_weekly_is_switched_by_what_is_said_not_by_how_often(city: City, officer: User) -> None:
    client = strong_client(officer)
    keep(client, city.district, "全区")
    url = f"{PAGE}{SavedView.objects.get().pk}/weekly/"
    for wanted, kept in (("1", True), ("1", True), ("0", False), ("garbage", False)):
        client.post(url, {"wanted": wanted})
        assert SavedView.objects.get().has_digest is kept


@pytest.mark.parametrize(
    ("day", "hour", "next_on"),
    [(30, 7, date(2026, 11, 30)), (30, 9, date(2026, 12, 7)), (29, 12, date(2026, 11, 30))],
)
def test_switched_on_it_begins_with_the_next_monday(
    city: City, officer: User, day: int, hour: int, next_on: date
) -> None:
    view = saving.save(by=officer, node=city.district, query="", name="全区")
    with clock.at(datetime(2026, 11, day, hour, 0, tzinfo=CHINA)):
        saving.send_weekly(view, wanted=True)
        assert saving.lines_of(officer)[0].next_on == next_on


# The menu


def menu_of(user: User, node: Organization | None, query: str) -> dict[str, Any]:
    request = HttpRequest()
    request.user, request.GET = User.objects.get(pk=user.pk), QueryDict(query)
    request.user.scope_cache = {}  # type: ignore[attr-defined]
    saving.context(request, area_of(node), window_of(request.GET))  # the scope is read by the page before
    with CaptureQueriesContext(connection) as captured:
        context = saving.context(request, area_of(node), window_of(request.GET))
    assert len(captured) == 1
    return context


def test_the_menu_costs_one_query_whatever_is_kept(city: City, officer: User) -> None:
    assert menu_of(officer, city.district, "")["lines"] == []
    for number in range(9):
        saving.save(by=officer, node=city.street, query="period=week", name=f"{number}")
    context = menu_of(officer, city.street, "period=week&other=1")
    assert len(context["lines"]) == 9 and context["is_kept"]
    assert not menu_of(officer, city.street, "period=year")["is_kept"]
    worker = a_grid_worker(city.home)
    branch = Organization.objects.get(pk=city.home.grid.branch_id)
    saving.save(by=worker, node=branch, query="", name="我的网格")
    assert [line.gone for line in menu_of(worker, branch, "")["lines"]] == [""]


def test_the_menu_knows_where_one_is_and_proposes_a_name(city: City, officer: User) -> None:
    saving.save(by=officer, node=city.street, query="period=week&figure=overdue", name="超时")
    context = menu_of(officer, city.street, "period=week")
    assert not context["is_kept"] and context["suggestion"] == "新华街道本周"
    assert menu_of(officer, city.street, "period=week&figure=overdue")["is_kept"]
    assert not menu_of(officer, city.district, "period=week&figure=overdue")["is_kept"]


# What goes with an account


def test_the_account_knows_what_is_stored_and_takes_it_with_it(city: City, officer: User) -> None:
    assert not [fact for fact in stored.about(officer) if fact[0] == "常看的看板"]
    saving.save(by=officer, node=city.district, query="", name="全区")
    saving.send_weekly(saving.save(by=officer, node=city.street, query="", name="街道"), wanted=True)
    assert ("常看的看板", "2 个，其中 1 个每周一发到消息") in stored.about(officer)
    Appointment.objects.filter(user=officer).delete()
    officer.delete()
    assert not SavedView.objects.exists()


def test_the_list_is_empty_in_words_and_grows_without_queries(city: City, officer: User) -> None:
    client = strong_client(officer)
    assert "还没有常看" in open_page(client, PAGE)
    counts = []
    for number in (1, 12):
        for each in range(number):
            keep(client, city.district, f"{number}-{each}")
        open_page(client, PAGE)
        with CaptureQueriesContext(connection) as captured:
            open_page(client, PAGE)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert reverse("dashboards:home") in open_page(client, PAGE)


def test_the_page_has_the_menu_and_its_form_keeps_what_is_shown(city: City, officer: User) -> None:
    rolling.rebuild()
    client = strong_client(officer)
    page = open_page(client, f"/dashboards/{city.street.pk}/?period=week&figure=satisfaction_rate")
    menu = page.split('class="views-menu"')[1].split("</details>")[0]
    fields = dict(re.findall(r'name="(node|query|name)"[^>]*? value="([^"]*)"', menu))
    assert fields["name"] == "新华街道本周" and "<script" not in menu
    client.post(f"{PAGE}save/", {name: unescape(value) for name, value in fields.items()})
    view = SavedView.objects.get()
    assert (view.organization, view.query) == (city.street, "period=week&figure=satisfaction_rate")
    again = open_page(client, f"/dashboards/{city.street.pk}/?period=week&figure=satisfaction_rate")
    assert "现在这一页已经存了" in again


# Many windows at once


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_many_taps_at_once_keep_one_and_never_more_than_twenty(city: City, officer: User) -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"

    def tap(name: str) -> Callable[[], Any]:
        return lambda: saving.save(by=officer, node=city.district, query="period=week", name=name).pk

    same = at_once([tap("全区") for _ in range(6)])
    assert {how for how, _ in same} == {"done"} and len({pk for _, pk in same}) == 1
    for number in range(saving.MOST - 3):
        saving.save(by=officer, node=city.district, query="", name=f"{number}")
    found = at_once([tap(f"新 {number}") for number in range(6)])
    assert sorted(how for how, _ in found) == ["done"] * 2 + ["refused"] * 4
    assert SavedView.objects.count() == saving.MOST


def test_what_was_removed_in_another_window_stays_removed(city: City, officer: User) -> None:
    view = saving.save(by=officer, node=city.district, query="", name="全区")
    SavedView.objects.filter(pk=view.pk).delete()
    with pytest.raises(RuleViolation, match="已经移除"):
        saving.rename(view, by=officer, name="本区")
    saving.send_weekly(view, wanted=True)
    assert not SavedView.objects.exists()
