"""谢意: of those who were served, once each; told to those who came, shown without names (RULES 7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from organizations.models import Policy
from organizations.models.policies import Preset
from requests.models import ServiceRequest
from tests.factories import a_grid_worker, a_user
from tests.signing_in import strong_client, weak_client
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_draft,
    a_volunteer,
    a_whistle,
    attended,
)
from tests.workflow import accepted
from volunteers import presenting
from volunteers.accounting import thanking
from volunteers.claiming import claims
from volunteers.models import BoardNews, Claim, Thanks, Volunteer, Whistle
from volunteers.presence import attendance, onsite
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
AFTER = EVENING + timedelta(hours=2)


@pytest.fixture
def city():
    return a_city()


@pytest.fixture
def asked(city) -> ServiceRequest:
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        return accepted(city, by=a_user("周小兰"))


@pytest.fixture
def volunteer(city) -> Volunteer:
    return a_volunteer(city)


@pytest.fixture
def done(city, asked, volunteer) -> Whistle:
    """A whistle for the request, to which one volunteer came; the other one stayed away."""
    with clock.at(FRIDAY_NOON):
        whistle = whistles.publish(a_draft(city.home, service_request=asked), by=city.home.secretary)
    a_claim(whistle, a_volunteer(city))
    attended(whistle, volunteer)
    with clock.at(AFTER):
        whistles.start_and_finish_due()
    whistle.refresh_from_db()
    return whistle


@pytest.fixture
def open_air(city, volunteer) -> Whistle:
    """A whistle of the community's own, to which the volunteer came."""
    start = FRIDAY_NOON + timedelta(hours=3)
    whistle = a_whistle(city.home, title="义诊", starts_at=start, ends_at=start + timedelta(hours=1))
    attended(whistle, volunteer)
    return whistle


def without_likes(city: Any) -> None:
    Policy.objects.create(
        district=city.district, begins_on=FRIDAY_NOON.date() - timedelta(days=30), document="减负", preset=Preset.OWN,
        likes_shown=False, signed_by=city.home.secretary,
    )  # fmt: skip


def scanning(user: Any, whistle: Whistle, *, hours_ago: float = 0) -> Client:
    """A phone that has scanned the code on the spot."""
    client = weak_client(user)
    session = client.session
    with clock.at(AFTER - timedelta(hours=hours_ago)):
        onsite.remember_scan(session, whistle.pk)
    session.save()
    return client


def thank(whistle: Whistle, by: Any, **said: Any) -> Thanks:
    with clock.at(AFTER):
        return thanking.thank(Whistle.objects.get(pk=whistle.pk), by=by, **said)


# Who asked


def test_whoever_asked_thanks_once_and_the_boards_hear_of_it(asked, done):
    BoardNews.objects.all().delete()
    thanks = thank(done, asked.submitter, is_like=True, stars=5, words=" 灯亮了，  谢谢！")
    assert (thanks.is_like, thanks.stars, thanks.words, thanks.at) == (True, None, "灯亮了， 谢谢！", AFTER)
    news = BoardNews.objects.get()
    assert (news.district_id, news.community_id) == (done.district_id, done.community_id)
    assert news.served_on == EVENING.date()
    again = thank(done, asked.submitter, words="再谢一次")
    assert again == thanks and Thanks.objects.get().words == "灯亮了， 谢谢！"
    assert BoardNews.objects.count() == 1


def test_those_who_came_are_told_once(city, asked, done, volunteer, open_air):
    thank(done, asked.submitter, is_like=True)
    told = Outgoing.objects.filter(key__contains=f"whistle:{done.pk}:thanks")
    assert [row.to for row in told] == [volunteer.user]
    assert told.get().about == f"whistle:{done.pk}" and not told.get().is_urgent
    for _ in range(3):
        thank(open_air, a_user(), words="谢谢", scanned=[open_air.pk])
    assert Outgoing.objects.filter(key__contains=f"whistle:{open_air.pk}:thanks").count() == 1


def test_not_before_somebody_has_left(city, asked):
    with clock.at(FRIDAY_NOON):
        whistle = whistles.publish(a_draft(city.home, service_request=asked), by=city.home.secretary)
    claim = a_claim(whistle, a_volunteer(city))
    with clock.at(EVENING):
        attendance.check_in(claim, by=claim.volunteer.user, point=whistle.point)
    with pytest.raises(NoPower):
        thank(whistle, asked.submitter, is_like=True)
    with clock.at(AFTER):
        assert weak_client(asked.submitter).get(f"/whistles/{whistle.pk}/thank/").status_code == 404
    assert thanking.to_thank_for(asked, asked.submitter) is None


def test_numbers_are_taken_out_and_long_words_refused(asked, done):
    with pytest.raises(RuleViolation) as refusal:
        thank(done, asked.submitter, words="谢" * 101)
    assert refusal.value.field == "words"
    thanks = thank(done, asked.submitter, words="王师傅 13812345678 修得好")
    assert "13812345678" not in thanks.words and "修得好" in thanks.words


def test_nothing_said_is_refused(asked, done, open_air):
    with pytest.raises(RuleViolation):
        thank(done, asked.submitter, stars=5, words="  ")  # stars do not count here
    with pytest.raises(RuleViolation):
        thank(open_air, a_user(), stars=7, scanned=[open_air.pk])
    assert not Thanks.objects.exists()


def test_without_likes_there_are_words_only(city, asked, done, volunteer):
    without_likes(city)
    with clock.at(AFTER):
        page = weak_client(asked.submitter).get(f"/whistles/{done.pk}/thank/").content.decode()
    assert "点个赞" not in page and 'name="stars"' not in page and 'name="words"' in page
    thanks = thank(done, asked.submitter, is_like=True, words="谢谢")
    assert not thanks.is_like
    with clock.at(AFTER):
        shown = presenting.thanks_to(volunteer.user, likes_shown=False)
    assert shown.likes is None and shown.figures == "1 位居民道谢"


def test_the_page_of_the_request_invites_until_it_is_said(asked, done):
    client = weak_client(asked.submitter)
    url, thank_url = f"/requests/{asked.number}/", f"/whistles/{done.pk}/thank/"
    with clock.at(AFTER):
        assert thank_url in client.get(url).content.decode()
        page = client.get(thank_url).content.decode()
        assert "点个赞" in page and 'name="stars"' not in page and "1 位同志来服务" in page
        page = client.post(thank_url, {"is_like": "on", "words": "谢谢"}, follow=True).content.decode()
        assert "谢意已送到" in page and "你点了赞，说：“谢谢”" in page
        assert thank_url not in client.get(url).content.decode()
        client.post(thank_url, {"words": "又来"})
    assert Thanks.objects.get().words == "谢谢"


def test_the_invitation_costs_one_query(asked, done):
    with clock.at(AFTER), CaptureQueriesContext(connection) as seen:
        assert thanking.to_thank_for(asked, asked.submitter) == done
    assert len(seen) == 1


def test_after_a_month_it_is_too_late(asked, done):
    with clock.at(AFTER + timedelta(days=31)):
        assert not thanking.served(asked.submitter).exists()
    thank(done, asked.submitter, words="谢谢")
    with clock.at(AFTER + timedelta(days=31)):
        assert weak_client(asked.submitter).get(f"/whistles/{done.pk}/thank/").status_code == 200


# Who scanned the code


def test_who_scanned_the_code_gives_stars_for_twelve_hours(open_air):
    resident, url = a_user("吴阿姨"), f"/whistles/{open_air.pk}/thank/"
    with clock.at(AFTER):
        assert weak_client(resident).get(url).status_code == 404
        assert scanning(resident, open_air, hours_ago=13).get(url).status_code == 404
        client = scanning(resident, open_air, hours_ago=11)
        assert 'name="stars"' in client.get(url).content.decode()
        answer = client.post(url, {"stars": "9"})
        assert answer.status_code == 422 and "一到五颗星" in answer.content.decode()
        assert client.post(url, {}).status_code == 422
        client.post(url, {"stars": "4", "words": "量得仔细"})
    thanks = Thanks.objects.get()
    assert (thanks.by, thanks.stars, thanks.is_like) == (resident, 4, False)


def test_no_stars_where_the_request_is_rated(done):
    thanks = thank(done, a_user(), stars=1, words="路过，谢谢", scanned=[done.pk])
    assert thanks.stars is None


def test_whoever_claimed_it_does_not_thank_himself(city, open_air, volunteer):
    with clock.at(AFTER):
        answer = scanning(volunteer.user, open_air).get(f"/whistles/{open_air.pk}/thank/")
    assert answer.status_code == 404
    with pytest.raises(NoPower):
        thank(open_air, volunteer.user, is_like=True, scanned=[open_air.pk])


def test_who_gave_the_place_up_may_be_served(city, volunteer):
    whistle = a_whistle(city.home)
    attended(whistle, volunteer)
    other = a_claim(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        claims.withdraw(other, by=other.volunteer.user)
    assert thank(whistle, other.volunteer.user, is_like=True, scanned=[whistle.pk]).is_like


def test_staff_do_not_praise_what_they_run(city, open_air):
    for user in (city.home.secretary, a_grid_worker(city.home)):
        with clock.at(AFTER):
            page = scanning(user, open_air).get(f"/whistles/{open_air.pk}/thank/").content.decode()
        if user == city.home.secretary:
            assert "工作人员不给自己组织的哨单评价" in page and 'name="words"' not in page
    with pytest.raises(NoPower):
        thank(open_air, city.home.secretary, is_like=True, scanned=[open_air.pk])
    Whistle.objects.filter(pk=open_air.pk).update(leader=(leader := a_user("负责人")))
    with pytest.raises(NoPower):
        thank(open_air, leader, is_like=True, scanned=[open_air.pk])


def test_outsiders_find_nothing(city, done, open_air):
    for whistle in (done, open_air):
        for user in (a_user(), a_volunteer(city).user, city.next_door.secretary):
            for method in ("get", "post"):
                answer = getattr(weak_client(user), method)(f"/whistles/{whistle.pk}/thank/", {"words": "谢"})
                assert answer.status_code == 404
    assert Client().get(f"/whistles/{done.pk}/thank/").status_code == 302


# Where it is shown


def test_the_volunteer_and_the_community_read_it_without_names(city, asked, done, volunteer, open_air):
    thank(done, asked.submitter, is_like=True, words="灯亮了，谢谢")
    thank(open_air, a_user("吴密语"), is_like=True, stars=4, words="量得仔细", scanned=[open_air.pk])
    client = weak_client(volunteer.user)
    claim = Claim.objects.get(whistle=done, volunteer=volunteer)
    with clock.at(AFTER):
        service = client.get("/service/").content.decode()
        one = client.get(f"/claims/{claim.pk}/").content.decode()
        desk = strong_client(city.home.secretary).get(f"/desk/whistles/{open_air.pk}/").content.decode()
    assert "2 位居民道谢，2 个赞，平均 4.0 星" in service
    assert "“灯亮了，谢谢”" in service and "周**" in service and "量得仔细" in service
    assert "“灯亮了，谢谢”" in one and "量得仔细" not in one
    assert "量得仔细" in desk and "吴**" in desk
    for page in (service, one, desk):
        assert "密语" not in page and "周小兰" not in page


def test_who_stayed_away_reads_nothing_and_owns_no_thanks(city, asked, done):
    thank(done, asked.submitter, is_like=True, words="谢谢")
    absent = Claim.objects.filter(whistle=done).exclude(state="checked_out").get().volunteer
    with clock.at(AFTER):
        assert presenting.thanks_to(absent.user, likes_shown=True) is None
        page = weak_client(absent.user).get(f"/claims/{absent.claims.get().pk}/").content.decode()
    assert "居民的谢意" not in page


def test_it_is_told_among_what_is_stored_about_me(asked, done):
    thank(done, asked.submitter, is_like=True)
    page = weak_client(asked.submitter).get("/me/").content.decode()
    assert "道谢" in page and "1 次" in page


def test_over_the_api(city, asked, done, volunteer):
    client, url = APIClient(), f"/api/v1/whistles/{done.pk}/thank/"
    client.force_authenticate(a_user())
    with clock.at(AFTER):
        assert client.post(url, {"is_like": True}).status_code == 404
        client.force_authenticate(asked.submitter)
        assert client.post(url, {}).status_code == 409
        assert client.post(url, {"stars": 6}).status_code == 400
        made = client.post(url, {"is_like": True, "words": "谢谢"})
        assert (made.status_code, client.post(url, {"words": "x"}).status_code) == (201, 200)
        client.force_authenticate(volunteer.user)
        (row,) = client.get("/api/v1/thanks/").json()["results"]
        client.force_authenticate(a_volunteer(city).user)
        assert client.get("/api/v1/thanks/").json()["results"] == []
    assert (row["by"], row["words"], row["is_like"], row["title"]) == ("周**", "谢谢", True, done.title)


def test_the_lists_of_thanks_cost_the_same_for_few_and_many(city, volunteer):
    counted = []
    for number in (2, 20):
        whistle = a_whistle(city.home, starts_at=EVENING - timedelta(hours=number / 10 + 1), ends_at=EVENING)
        Thanks.objects.bulk_create(
            Thanks(whistle=whistle, by=a_user(), is_like=True, words="谢谢") for _ in range(number)
        )
        with CaptureQueriesContext(connection) as seen:
            assert presenting.thanks_for(whistle, likes_shown=True).likes == number
        counted.append(len(seen))
    assert counted == [2, 2]
