"""An unusual look behind the mask reaches those who watch, once an hour, and never with the data."""

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from accounts.models import User
from ground import clock
from notifications.models import Message, Outgoing
from organizations import access, tree
from organizations.models import AccessLogEntry, Member
from organizations.posts import Post, Tier
from tests.factories import City, a_city, a_grid_worker, a_member, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import together

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
NIGHT = NOON.replace(hour=23, minute=10)


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def officer(city) -> User:
    user = a_user("街道干事")
    appoint(user, Post.OFFICER, city.street)
    return user


def look(city: City, *, by: User, at: datetime = NIGHT, **extra: object) -> str:
    with clock.at(at):
        return look_at(
            a_member(city), by=by, organization=extra.get("organization") or city.home.organization
        )


def look_at(member: Member, *, by: User, organization: object) -> str:
    return access.reveal(
        by=by,
        subject=member,
        field="phone",
        value_of=lambda: member.phone,
        reason="电话回访",
        organization=organization,
        may=lambda user, subject: True,
    )


def told() -> set[User]:
    return {row.to for row in Outgoing.objects.filter(key__startswith="access:")}


def test_secretary_and_street_hear_of_a_grid_worker_and_nobody_else(city, officer):
    for place in (city.district, city.next_door.organization):
        appoint(a_user("外人"), Post.OFFICER if place == city.district else Post.FIRST_SECRETARY, place)
    a_user("居民")
    look(city, by=a_grid_worker(city.home))
    assert told() == {city.home.secretary, officer}


def test_oneself_is_not_told_and_the_street_certainly_is(city, officer):
    look(city, by=city.home.secretary)
    assert told() == {officer}


def test_without_a_street_officer_the_district_hears_and_then_the_city(city):
    mayor = a_user("市级")
    appoint(mayor, Post.OFFICER)
    look(city, by=city.home.secretary)
    assert told() == {mayor}
    district = a_user("区干事")
    appoint(district, Post.OFFICER, city.district)
    look(city, by=city.home.secretary, at=NIGHT + timedelta(hours=1))
    assert told() == {mayor, district}


def test_what_happens_at_a_branch_is_heard_at_its_community(city, officer):
    branch = tree.plant(
        parent=city.home.organization, tier=Tier.GRID_BRANCH, name="花城第二网格党支部", by=None
    )
    look(city, by=a_user("支部"), organization=branch)
    assert told() == {city.home.secretary, officer}


def test_former_and_locked_people_hear_nothing(city, officer):
    officer.appointments.update(ends_on=NIGHT.date())
    User.objects.filter(pk=city.home.secretary.pk).update(is_active=False)
    look(city, by=a_user("网格员"))
    assert told() == set()


def test_an_ordinary_look_is_told_to_nobody(city, officer):
    look(city, by=city.home.secretary, at=NOON)
    assert told() == set()


def test_the_words_say_who_where_why_and_never_what(city, officer, django_capture_on_commit_callbacks):
    city.home.secretary.name = "周书记"
    city.home.secretary.save()
    with django_capture_on_commit_callbacks(execute=True):
        phones = [
            look(city, by=city.home.secretary, at=NOON + number * timedelta(seconds=30))
            for number in range(10)
        ]
    message = Message.objects.get(to=officer)
    assert message.title == "周书记查看号码异常：10 分钟内 10 次"
    assert message.text == "花城社区党委，11月20日 12:04。请打开查看记录核对理由。"
    assert not any(phone in f"{message.title}{message.text}{message.url}" for phone in phones)
    page = strong_client(officer).get(message.url)
    assert [row.pk for row in page.context["cl"].result_list] == [AccessLogEntry.objects.latest("id").pk]


def test_one_alert_per_person_and_hour(city, officer):
    worker = a_grid_worker(city.home)
    for minute in (0, 5, 49):
        look(city, by=worker, at=NIGHT + timedelta(minutes=minute))
    assert Outgoing.objects.filter(to=officer).count() == 1
    look(city, by=worker, at=NIGHT + timedelta(minutes=50))  # midnight: another hour
    look(city, by=a_grid_worker(city.home, part="B"))
    assert Outgoing.objects.filter(to=officer).count() == 3


def test_exports_are_told_too(city, officer):
    with clock.at(NOON):
        access.record_export(
            by=city.home.secretary,
            organization=city.home.organization,
            what="花城社区居民台账",
            rows=6000,
            reason="上报街道汇总",
        )
    assert Outgoing.objects.get().title.endswith("导出个人信息异常：一次 6000 行")


def test_an_erasure_at_night_is_told_as_what_it_is(city, officer):
    member = a_member(city)
    with clock.at(NIGHT), transaction.atomic():
        access.record_erasure(
            by=city.home.secretary,
            subject=member,
            reason="本人书面申请",
            organization=city.home.organization,
        )
    assert "删除个人信息异常" in Outgoing.objects.get(to=officer).title


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_colleagues_who_look_at_the_same_moment_do_not_wait_in_a_circle():
    """Each holds his own row and writes an alert to all the others."""
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    city = a_city()
    colleagues = [a_user(f"干事{number}") for number in range(4)]
    for user in colleagues:
        appoint(user, Post.SECRETARY, city.home.organization)
    members = [a_member(city) for _ in colleagues]

    def looks(user: User, member: Member) -> int:
        for _ in range(6):
            with clock.at(NIGHT):
                look_at(member, by=user, organization=city.home.organization)
        return 6

    pairs = zip(colleagues, members, strict=True)
    assert together(*(partial(looks, user, member) for user, member in pairs)) == [6] * 4
