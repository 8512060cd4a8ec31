"""服务指标: who is behind, by name for community and unit, in totals above; 我们的党员 and their liaison."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from ground import clock
from organizations import policies
from organizations.models import AccessLogEntry, Member
from organizations.posts import Post
from tests.desk.scenes import open_page, queries_of, secretary_of
from tests.factories import City, a_grid_worker, a_member, a_unit, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers import scenes
from volunteers.joining import registry
from volunteers.models import Claim, Registration, ServiceBalance, Volunteer
from volunteers.states import RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db
QUOTAS, PEOPLE, PROPOSALS = "/desk/quotas/", "/desk/our-people/", "/desk/our-people/proposals/"
AFTERWARDS = scenes.EVENING + timedelta(hours=3)


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def officer_of(city: City) -> User:
    user = a_user("组织部")
    with clock.at(scenes.LONG_AGO):
        appoint(user, Post.OFFICER, city.district)
    return user


def liaison_of(volunteer: Volunteer) -> User:
    user = a_user("联络员")
    with clock.at(scenes.LONG_AGO):
        appoint(user, Post.UNIT_LIAISON, volunteer.unit)
    return user


def ahead(city: City, name: str) -> Volunteer:
    """Twenty hours this year, and one service this quarter."""
    volunteer = scenes.a_volunteer(city, name=name)
    ServiceBalance.objects.create(
        volunteer=volunteer, quarter="2026-01-01", minutes=1140, off_hours_minutes=1140,
        times=9, off_hours_times=9,
    )  # fmt: skip
    scenes.credited(city.home, volunteer, starts_at=scenes.EVENING - timedelta(days=1))
    return volunteer


def test_the_community_sees_who_is_behind_the_most_first(city: City) -> None:
    scenes.a_volunteer(city, name="没来过")
    some = scenes.a_volunteer(city, name="来过一次")
    scenes.credited(city.home, some)
    ahead(city, "都完成了")
    scenes.a_plain_volunteer(city)  # no quota binds him
    scenes.a_volunteer(city, city.next_door, name="隔壁的")
    client = secretary_of(city)
    with clock.at(AFTERWARDS):
        page = open_page(client, QUOTAS)
        assert "2 人还没有完成服务指标" in page
        assert page.index("没来过") < page.index("来过一次") and "都完成了</b>" not in page
        assert "还差 1 次、20 小时" in page and "还差 19 小时" in page
        assert "隔壁的" not in page
        done = open_page(client, f"{QUOTAS}?which=none")
        assert "都完成了</b>" in done and "没来过" not in done
        assert "来过一次" in open_page(client, f"{QUOTAS}?q=来过一次")
        assert "来过一次" not in open_page(client, f"{QUOTAS}?which=quarter")


def test_the_list_of_names_is_downloaded_with_a_reason_and_leaves_a_trace(city: City) -> None:
    scenes.a_volunteer(city, name="=没来过")
    url, client = reverse("desk:quota_names"), secretary_of(city)
    with clock.at(AFTERWARDS):
        assert client.post(url).status_code == 302 and not AccessLogEntry.objects.exists()
        answer = client.post(url, {"reason": "季度通报"})
        worker = a_user("社工")
        with clock.at(scenes.LONG_AGO):
            appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
        assert strong_client(worker).post(url, {"reason": "看看"}).status_code == 404
    said = answer.content.decode("utf-8-sig")
    assert "'=没来过" in said and "还差 1 次、20 小时" in said
    assert AccessLogEntry.objects.get().reason == "季度通报"


def test_above_the_community_there_are_totals_and_no_names(city: City) -> None:
    ahead(city, "甲同志")
    scenes.a_volunteer(city, name="乙同志")
    scenes.a_volunteer(city, city.next_door, name="丙同志")
    registry.enrol(
        user=(member := a_member(city, name="丁同志")).user,
        kind=VolunteerKind.EMPLOYED,
        member=member,
        district=city.district,
    )
    client = strong_client(officer_of(city))
    with clock.at(AFTERWARDS):
        page = open_page(client, QUOTAS)
        assert "4 名在职党员，1 人完成了服务指标" in page
        assert "花城社区" in page and "隔壁社区" in page and "还没有报到" in page
        units = open_page(client, f"{QUOTAS}?by=unit")
        street = open_page(client, f"{QUOTAS}?node={city.street.pk}")
        assert "3 名在职党员" in street
        assert client.get(f"{QUOTAS}?node=999999").status_code == 404
        table = client.get(reverse("desk:quota_totals")).content.decode("utf-8-sig")
    for said in (page, units, street, table):
        assert "同志" not in said.replace("这里的同志", "")
    assert table.splitlines()[0].startswith("社区,在职党员,都完成")
    assert "花城社区,2,1,1,1,1,20.0" in table


def test_outsiders_see_no_quotas(city: City) -> None:
    volunteer = scenes.a_volunteer(city)
    for user in (volunteer.user, a_grid_worker(city.home)):
        for url in (QUOTAS, PEOPLE, PROPOSALS, reverse("desk:quota_totals")):
            assert strong_client(user).get(url).status_code == 404
    assert strong_client(city.home.secretary).get(reverse("desk:quota_totals")).status_code == 404


@pytest.mark.parametrize("query", ["which=x&by=y&page=²", f"node={'9' * 30}", "page=-1&q=%F0%9F%98%80"])
def test_strange_addresses_are_passed_over(city: City, query: str) -> None:
    volunteer = scenes.a_volunteer(city)
    for user, urls in (
        (city.home.secretary, (QUOTAS, "/desk/crediting/", "/desk/crediting/judged/")),
        (officer_of(city), (QUOTAS, reverse("desk:quota_totals"))),
        (liaison_of(volunteer), (PEOPLE, PROPOSALS)),
    ):
        for url in urls:
            assert strong_client(user).get(f"{url}?{query}").status_code == 200, url
    data = {"claim": ["9" * 30, "²", "-1", ""], "do": "\0"}
    assert secretary_of(city).post("/desk/crediting/", data).status_code == 302
    answer = secretary_of(city).post(reverse("desk:quota_names"), {"reason": "季度通\0报"})
    assert answer.status_code == 200 and AccessLogEntry.objects.get().reason == "季度通报"


def test_without_a_quota_there_is_no_line_in_the_menu(city: City) -> None:
    client, district = secretary_of(city), city.district
    assert "服务指标" in open_page(client, "/desk/")
    with clock.at(scenes.LONG_AGO):
        officer = officer_of(city)
    policies.sign(
        by=officer_with_strong_session(officer), district=district, begins_on=clock.today(),
        document="韶减负〔2026〕1 号", preset="relief",
    )  # fmt: skip
    assert "服务指标" not in open_page(client, "/desk/")


def officer_with_strong_session(user: User) -> User:
    user.session_is_strong = True
    return user


def test_the_liaison_sees_the_people_of_the_unit(city: City) -> None:
    volunteer = scenes.a_volunteer(city, name="本单位的")
    scenes.a_volunteer(city, name="别家的")
    member = a_member(city, unit=volunteer.unit, name="没报到的")
    assert Member.objects.filter(pk=member.pk, volunteer=None).exists()
    scenes.credited(city.home, volunteer)
    client = strong_client(liaison_of(volunteer))
    with clock.at(AFTERWARDS):
        page = open_page(client, PEOPLE)
        assert "1 名在职党员" in page and "本单位的" in page and "别家的" not in page
        assert "1 名党员没有报到" in page and "还差 19 小时" in page
        answer = client.post(reverse("desk:our_people_names"), {"reason": "支部会通报"})
        assert "本单位的" in answer.content.decode()
    assert AccessLogEntry.objects.get().subject.endswith("服务指标名单")


def test_the_liaison_proposes_and_the_community_sees_it(city: City) -> None:
    volunteer = scenes.a_volunteer(city)
    claim = scenes.attended(scenes.a_whistle(city.home), volunteer, leaves=False)
    client = strong_client(liaison_of(volunteer))
    url, prefix = reverse("desk:propose", args=[claim.pk]), f"p{claim.pk}"
    with clock.at(AFTERWARDS):
        assert "1 次服务等社区认定" in open_page(client, PROPOSALS)
        refused = client.post(url, {f"{prefix}-minutes": 90, f"{prefix}-reason": "值班表"})
        assert "不能超过服务时间 60 分钟" in refused.content.decode()
        assert client.post(url, {f"{prefix}-minutes": 50, f"{prefix}-reason": "值班表"}).status_code == 302
        assert "已建议 50 分钟" in open_page(client, PROPOSALS)
        assert "单位建议 50 分钟：值班表" in open_page(secretary_of(city), "/desk/crediting/")
        stranger = strong_client(liaison_of(scenes.a_volunteer(city)))
        assert stranger.post(url, {f"{prefix}-minutes": 10, f"{prefix}-reason": "改"}).status_code == 404
    assert Claim.objects.get(pk=claim.pk).proposed_minutes == 50


def test_the_lists_cost_the_same_for_six_and_for_two_hundred(city: City) -> None:
    first = scenes.a_volunteer(city)
    pages = [
        (secretary_of(city), QUOTAS),
        (strong_client(officer_of(city)), QUOTAS),
        (strong_client(officer_of(city)), f"{QUOTAS}?by=unit"),
        (strong_client(liaison_of(first)), PEOPLE),
        (strong_client(liaison_of(first)), PROPOSALS),
    ]

    def costs() -> list[int]:
        with clock.at(AFTERWARDS):
            return [queries_of(each, url) for each, url in pages]

    a_crowd(city, 5, first)
    few = costs()
    a_crowd(city, 200, first)
    assert costs() == few
    assert max(few) <= 12


def a_crowd(city: City, count: int, like: Volunteer) -> None:
    """Employed members of one unit and of others, registered here, each with a claim that waits."""
    whistle = scenes.a_whistle(city.home, places_max=count, title=f"大家来{count}")
    for number in range(count):
        unit = like.unit if number % 2 else a_unit(city)
        user = a_user(f"党员{count}-{number}")
        member = Member.objects.create(
            user=user, name=user.name, phone=user.phone, phone_index=user.phone_index,
            unit=unit, district=city.district,
        )  # fmt: skip
        volunteer = Volunteer.objects.create(
            user=user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district
        )
        registration = Registration(
            volunteer=volunteer, state=RegistrationState.CONFIRMED, grid=city.home.grid,
            confirmed_at=scenes.LONG_AGO,
        )  # fmt: skip
        registration.place_under(city.home.organization)
        registration.save()
        Claim.objects.create(
            whistle=whistle, volunteer=volunteer, state="checked_in", checked_in_at=whistle.starts_at
        )
        ServiceBalance.objects.create(
            volunteer=volunteer, quarter="2026-10-01", minutes=60, off_hours_minutes=60,
            times=1, off_hours_times=1,
        )  # fmt: skip
