"""The member's pages: what they show, to whom, with how many queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grids.models import Home
from ground import clock
from organizations.models import Skill
from tests.factories import City, a_member, a_user
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_draft,
    a_volunteer,
    a_whistle,
    credited,
)
from volunteers import leaderboards
from volunteers.accounting import crediting
from volunteers.models import Claim, Volunteer
from volunteers.states import ClaimState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
PAGES = ("/whistles/", "/claims/", "/service/", "/registration/")


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        response = client.get(url)
    assert response.status_code == 200, url
    return len(seen)


def test_nobody_is_sent_to_sign_in():
    for url in (*PAGES, "/leaderboards/", "/leaderboards/1/", "/whistles/1/", "/claims/1/"):
        response = Client().get(url)
        assert response.status_code == 302
        assert response.url.startswith("/sign-in/")


def test_a_newcomer_is_led_to_registration_and_chooses():
    city = a_city()
    client = signed_in(a_user("赵新"))
    assert "先报到，再接单" in client.get("/whistles/").content.decode()
    page = client.get("/registration/?q=花城").content.decode()
    assert "志愿者" in page and "选花城社区" in page
    page = client.post(
        "/registration/", {"community": city.home.organization.pk}, follow=True
    ).content.decode()
    assert "等社区确认" in page
    assert Volunteer.objects.get().kind == "volunteer"


def test_a_member_registers_as_what_he_is_and_sees_his_own_community_first():
    city = a_city()
    member = a_member(city)
    Home.objects.create(member=member, building=city.home.building)
    client = signed_in(member.user)
    page = client.get("/registration/").content.decode()
    assert "在职党员" in page and "你住的社区" in page and "选花城社区" in page
    client.post("/registration/", {"community": city.home.organization.pk})
    assert Volunteer.objects.get().kind == "employed"


def test_list_shows_distance_skill_and_button():
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工",))
    Home.objects.create(member=volunteer.member, lng=113.58, lat=24.805)
    whistle = a_whistle(city.home, skills=Skill.objects.filter(name="电工"))
    a_whistle(city.home, title="合唱排练", skills=[Skill.objects.create(name="声乐")])
    client = signed_in(volunteer.user)
    with clock.at(FRIDAY_NOON):
        page = client.get("/whistles/").content.decode()
        by_time = client.get("/whistles/?order=time").content.decode()
        near = client.get("/whistles/?show=near").content.decode()
        week = client.get("/whistles/?show=week&q=合唱").content.decode()
    assert "会电工 · 离家 560 米 · 这周还没接单" in page and "缺 2 人" in page
    assert f"/whistles/{whistle.pk}/claim/" in page
    assert "声乐优先" in page
    assert "今年还差 20 小时" in page
    assert page.index("楼道灯抢修") < page.index("合唱排练")
    assert by_time.index("楼道灯抢修") < by_time.index("合唱排练")
    assert "楼道灯抢修" in near
    assert "合唱排练" in week and "楼道灯抢修" not in week


def test_claiming_from_the_page_and_being_refused():
    city = a_city()
    whistle = a_whistle(city.home, places_max=1)
    first, second = signed_in(a_volunteer(city).user), signed_in(a_volunteer(city).user)
    with clock.at(FRIDAY_NOON):
        response = first.post(f"/whistles/{whistle.pk}/claim/", follow=True)
        assert "接单成功" in response.content.decode()
        response = second.post(f"/whistles/{whistle.pk}/claim/", follow=True)
        assert "已满员" in response.content.decode()
        page = second.get("/whistles/").content.decode()
    assert "已满员" in page and f"/whistles/{whistle.pk}/claim/" not in page
    assert Claim.objects.count() == 1


def test_out_of_sight_is_404():
    city = a_city()
    whistle = a_whistle(city.home)
    claim = a_claim(whistle, a_volunteer(city))
    outsider = signed_in(a_volunteer(city, city.next_door).user)
    for url in (f"/whistles/{whistle.pk}/", f"/claims/{claim.pk}/"):
        assert outsider.get(url).status_code == 404
    for url in (f"/whistles/{whistle.pk}/claim/", f"/claims/{claim.pk}/withdraw/"):
        assert outsider.post(url).status_code == 404
    member = signed_in(a_volunteer(city).user)
    assert member.get(f"/whistles/{a_draft(city.home).pk}/").status_code == 404
    assert member.get(f"/claims/{claim.pk}/").status_code == 404
    stranger = signed_in(a_volunteer(a_city("浈江")).user)
    assert stranger.get(f"/leaderboards/{city.district.pk}/").status_code == 404
    assert stranger.get(f"/leaderboards/{city.street.pk}/").status_code == 404


def test_a_claim_from_check_in_to_credit_on_its_page():
    city = a_city()
    volunteer, whistle = a_volunteer(city), a_whistle(city.home)
    claim, client = a_claim(whistle, volunteer), signed_in(volunteer.user)
    url = f"/claims/{claim.pk}/"
    with clock.at(FRIDAY_NOON):
        page = client.get(url).content.decode()
        assert "还没到签到时间" in page and "去不了，退单" in page
    here = {"lng": "113.58", "lat": "24.80", "accuracy": "20", "datum": "WGS84"}
    with clock.at(EVENING):
        assert "check-in/" in client.get(url).content.decode()
        page = client.post(url + "check-in/", here | {"lng": "113.60"}, follow=True).content.decode()
        assert "还有 2.0 公里" in page
        page = client.post(url + "check-in/", {}, follow=True).content.decode()
        assert "签到要用手机定位" in page
        page = client.post(url + "check-in/", here, follow=True).content.decode()
        assert "签到成功" in page and "check-out/" in page
    with clock.at(EVENING + timedelta(minutes=55)):
        assert "签退成功" in client.post(url + "check-out/", here, follow=True).content.decode()
        claim.refresh_from_db()
        crediting.credit(claim, by=city.home.secretary)
    page = client.get(url).content.decode()
    assert "认定 55 分钟" in page and "八小时外 55 分钟" in page
    assert client.get(url + "sing/").status_code == 404


def test_withdrawing_from_the_page():
    city = a_city()
    volunteer = a_volunteer(city)
    claim = a_claim(a_whistle(city.home), volunteer)
    with clock.at(FRIDAY_NOON):
        signed_in(volunteer.user).post(f"/claims/{claim.pk}/withdraw/")
    claim.refresh_from_db()
    assert claim.state == ClaimState.WITHDRAWN


def test_cancelled_whistle_tells_its_reason():
    city = a_city()
    volunteer = a_volunteer(city)
    claim = a_claim(whistle := a_whistle(city.home), volunteer)
    with clock.at(FRIDAY_NOON):
        whistles.cancel(whistle, by=city.home.secretary, reason="下大雨")
    page = signed_in(volunteer.user).get(f"/claims/{claim.pk}/").content.decode()
    assert "已取消，你不用去了" in page and "下大雨" in page


def test_service_page_and_scores():
    city = a_city()
    volunteer = a_volunteer(city)
    credited(city.home, volunteer)
    client = signed_in(volunteer.user)
    with clock.at(EVENING + timedelta(hours=2)):
        leaderboards.refresh_due()
        page = client.get("/service/").content.decode()
        assert "今年还差 19 小时" in page and "第 1 名" in page and "1.50 分" in page
        board = client.get("/leaderboards/", follow=True).content.decode()
        assert "武江区党员服务榜" in board and str(volunteer) in board and "1.50" in board
        score = client.get(f"/leaderboards/{city.district.pk}/{volunteer.pk}/?period=year").content.decode()
        assert "楼道灯抢修" in score
        assert client.get(f"/leaderboards/{city.district.pk}/999/").status_code == 404


def test_a_neighbour_of_the_district_and_the_staff_see_the_board():
    city = a_city()
    neighbour = a_volunteer(city, city.next_door)
    for user in (neighbour.user, city.home.secretary):
        assert leaderboards.visible_to(user).get() == city.district
    assert not leaderboards.visible_to(a_user()).exists()


@pytest.fixture
def many():
    """A member with that many open whistles, claims, entries and ranks in sight."""

    def make(number: int) -> tuple[City, Client]:
        city = a_city()
        me = a_volunteer(city, skills=("电工",))
        Home.objects.create(member=me.member, building=city.home.building)
        skill = Skill.objects.get(name="电工")
        for day in range(number):
            start = EVENING - timedelta(days=number - day, hours=4)
            credited(city.home, me, starts_at=start, minutes=30)
            a_claim(
                a_whistle(
                    city.home,
                    starts_at=EVENING + timedelta(days=day + 1),
                    skills=[skill],
                    ends_at=EVENING + timedelta(days=day + 1, hours=1),
                ),
                me,
            )
            a_whistle(
                city.home,
                starts_at=EVENING + timedelta(days=day + 1, hours=2),
                ends_at=EVENING + timedelta(days=day + 1, hours=3),
                skills=[skill],
            )
            credited(city.home, a_volunteer(city), starts_at=EVENING - timedelta(hours=2), minutes=30)
        with clock.at(EVENING + timedelta(hours=5)):
            leaderboards.refresh_due()
        return city, signed_in(me.user)

    return make


def test_lists_cost_the_same_queries_for_few_and_many(many):
    counted = {}
    for number in (4, 24):
        city, client = many(number)
        with clock.at(EVENING + timedelta(hours=5)):
            client.get("/whistles/")  # the session is warm
            for url in ("/whistles/", "/claims/", "/service/", "/leaderboards/{}/?period=year"):
                counted.setdefault(url, []).append(queries(client, url.format(city.district.pk)))
    for url, (few, plenty) in counted.items():
        assert few == plenty <= 25, (url, few, plenty)
