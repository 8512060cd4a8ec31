"""Looking behind the mask: a power, a reason, a limit, a trace, and what is unusual about it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import access, unusual
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import City, a_city, a_member, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def look(city: City, by: object = None, reason: str = "电话回访", **extra: object) -> str:
    member = extra.pop("member", None) or a_member(city)
    return access.reveal(
        by=by or city.home.secretary,
        subject=member,
        field=extra.pop("field", "phone"),
        value_of=lambda: member.phone,
        reason=reason,
        organization=city.home.organization,
        **extra,
    )


def test_the_value_comes_with_a_trace_that_does_not_hold_it(city):
    member = a_member(city)
    assert look(city, member=member) == member.phone
    entry = AccessLogEntry.objects.get()
    assert (entry.by, entry.subject) == (city.home.secretary, f"organizations.member:{member.pk}")
    assert (entry.field, entry.reason, entry.organization) == ("phone", "电话回访", city.home.organization)
    assert member.phone not in str(entry.__dict__)


def test_without_the_power_nothing_is_read(city):
    def never() -> str:
        raise AssertionError("read without the power")

    with pytest.raises(NoPower):
        access.reveal(
            by=city.next_door.secretary,
            subject=a_member(city),
            field="phone",
            value_of=never,
            reason="电话回访",
            organization=city.home.organization,
        )
    assert not AccessLogEntry.objects.exists()


def test_a_floor_above_says_itself_what_is_covered(city):
    with pytest.raises(NoPower):
        look(city, may=lambda user, subject: False)
    assert look(city, by=city.next_door.secretary, may=lambda user, subject: True)


@pytest.mark.parametrize("reason", ["", "   ", "看看"])
def test_a_reason_is_needed(city, reason):
    with pytest.raises(RuleViolation, match="查看理由"):
        look(city, reason=reason)
    assert not AccessLogEntry.objects.exists()


def test_thirty_a_day(city):
    member = a_member(city)
    for _ in range(access.DAILY_LIMIT):
        look(city, member=member)
    with pytest.raises(RuleViolation, match="每日上限"):
        look(city, member=member)
    with clock.at(clock.now() + timedelta(days=1)):
        look(city, member=member)


def test_how_many_remain_today(city):
    secretary = city.home.secretary
    assert (access.left_today(secretary), access.exports_left_today(secretary)) == (30, 3)
    look(city)
    export(city)
    assert (access.left_today(secretary), access.exports_left_today(secretary)) == (29, 2)
    assert access.left_today(city.next_door.secretary) == 30
    with clock.at(clock.now() + timedelta(days=1)):
        assert access.left_today(secretary) == 30


def test_several_fields_shown_together_count_once(city):
    look(city, field=("phone", "name"))
    entry = AccessLogEntry.objects.get()
    assert (entry.field, entry.field_words) == ("phone,name", "手机号、姓名")
    assert entry.subject_words == f"党员 {entry.subject.partition(':')[2]}"
    assert access.revealed_today(city.home.secretary) == 1


def test_a_reason_keeps_no_number(city):
    look(city, reason="给13800005678回电话，证件 440203199001011234")
    assert AccessLogEntry.objects.get().reason == "给（号码）回电话，证件 （号码）"


def test_the_log_is_seen_at_the_community_and_above_only(city):
    street, district, other_street = a_user("街道"), a_user("区"), a_city("浈江").street
    appoint(street, Post.OFFICER, city.street)
    appoint(district, Post.OFFICER, city.district)
    stranger = a_user("别的街道")
    appoint(stranger, Post.OFFICER, other_street)
    look(city)
    for reader in (city.home.secretary, street, district):
        assert AccessLogEntry.objects.visible_to(reader).count() == 1
    for outsider in (city.next_door.secretary, stranger, a_user()):
        assert not AccessLogEntry.objects.visible_to(outsider).exists()


# Exports


def export(city: City, by: object = None, rows: int = 320, **extra: object) -> AccessLogEntry:
    fields = {"what": "花城社区居民台账", "reason": "上报街道汇总", "organization": city.home.organization}
    return access.record_export(by=by or city.home.secretary, rows=rows, **(fields | extra))


def test_an_export_is_written_before_anything_is_read(city):
    entry = export(city)
    assert AccessLogEntry.objects.get() == entry
    assert (entry.action, entry.subject, entry.rows) == ("export", "花城社区居民台账", 320)
    assert (entry.subject_words, entry.field_words) == ("花城社区居民台账", "")


def test_an_export_takes_the_secretary_and_a_reason(city):
    worker = a_user("社工")
    appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
    for person in (worker, city.next_door.secretary, a_user()):
        with pytest.raises(NoPower):
            export(city, by=person)
    with pytest.raises(NoPower):
        export(city, may=lambda user, node: False)
    with pytest.raises(RuleViolation, match="导出理由"):
        export(city, reason="汇总")
    assert not AccessLogEntry.objects.exists()


def test_three_exports_a_day_beside_the_looks(city):
    look(city)
    for _ in range(3):
        export(city)
    with pytest.raises(RuleViolation, match="今天已导出 3 次"):
        export(city)
    assert AccessLogEntry.objects.filter(action="export").count() == 3
    with clock.at(clock.now() + timedelta(days=1)):
        export(city)


@pytest.mark.django_db(transaction=True)
def test_an_export_inside_another_transaction_is_refused_for_its_trace_could_be_undone(city):
    with pytest.raises(RuntimeError), transaction.atomic():
        export(city)


# What is unusual

NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def latest_why() -> str:
    entry = AccessLogEntry.objects.latest("id")
    assert entry.is_unusual is bool(entry.why_unusual)
    return entry.why_unusual


def looks(city: City, count: int, *, every: timedelta, start: datetime = NOON, **extra: object) -> list[str]:
    """So many looks at different members, one `every` so long; gives why each was unusual."""
    found = []
    for number in range(count):
        with clock.at(start + number * every):
            look(city, **extra)
            found.append(latest_why())
    return found


def test_ten_within_ten_minutes_are_unusual_and_the_same_ten_spread_out_are_not(city):
    assert looks(city, 10, every=timedelta(seconds=60)) == [""] * 9 + ["burst"]
    later = NOON + timedelta(hours=1)
    assert looks(city, 10, every=timedelta(seconds=67), start=later) == [""] * 10


def test_the_last_third_of_the_day_is_unusual(city):
    assert looks(city, 22, every=timedelta(minutes=3)) == [""] * 20 + ["near_limit"] * 2


def test_the_third_look_at_one_person_is_unusual_but_not_on_another_day_or_by_another(city):
    member, colleague = a_member(city), a_user("副书记")
    appoint(colleague, Post.FIRST_SECRETARY, city.home.organization)
    hours = timedelta(hours=1)
    assert looks(city, 2, every=hours, member=member) == ["", ""]
    assert looks(city, 1, every=hours, start=NOON + 2 * hours, member=member, by=colleague) == [""]
    assert looks(city, 1, every=hours, start=NOON + 24 * hours, member=member) == [""]
    assert looks(city, 1, every=hours, start=NOON + 3 * hours, member=member) == ["same_subject"]


@pytest.mark.parametrize(
    ("hour", "minute", "why"),
    [(21, 59, ""), (22, 0, "out_of_hours"), (0, 5, "out_of_hours"), (5, 59, "out_of_hours"), (6, 0, "")],
)
def test_the_night_is_the_city_s(city, hour, minute, why):
    assert looks(city, 1, every=timedelta(), start=NOON.replace(hour=hour, minute=minute)) == [why]


def test_a_first_export_and_a_large_one_are_unusual(city):
    with clock.at(NOON):
        export(city)
        assert latest_why() == "first_export"
        export(city, rows=5000)
        assert latest_why() == ""
        export(city, rows=5001)
        assert latest_why() == "large_export"


def test_every_reason_has_its_rule():
    assert {rule.why for rule in unusual.RULES} == set(AccessLogEntry.Why)


# The list


def test_the_list_says_in_words_what_was_done_and_filters_the_unusual(city):
    with clock.at(NOON):
        member = a_member(city)
        look(city, member=member)
        export(city, rows=6000)
    client = strong_client(city.home.secretary)
    page = client.get("/desk/registry/organizations/accesslogentry/")
    text = page.content.decode()
    for words in (f"党员 {member.pk}", "手机号", "电话回访", "导出 6000 行", "异常：导出数量大"):
        assert words in text
    assert member.phone not in text
    assert [row.action for row in page.context["cl"].result_list] == ["export", "reveal"]
    unusual_only = client.get("/desk/registry/organizations/accesslogentry/?is_unusual__exact=1")
    assert [row.action for row in unusual_only.context["cl"].result_list] == ["export"]
    row = AccessLogEntry.objects.get(action="export")
    detail = client.get(f"/desk/registry/organizations/accesslogentry/{row.pk}/change/").content.decode()
    assert "异常：导出数量大" in detail


def test_the_next_community_s_list_is_empty(city):
    look(city, reason="只有花城知道")
    for client in (strong_client(city.next_door.secretary),):
        assert (
            "只有花城知道" not in client.get("/desk/registry/organizations/accesslogentry/").content.decode()
        )


def test_a_look_costs_a_fixed_number_of_queries(city):
    def queries(when: datetime) -> int:
        member, secretary = a_member(city), city.home.secretary
        with clock.at(when), CaptureQueriesContext(connection) as context:
            look(city, by=secretary, member=member)
        return len(context)

    few = queries(NOON)
    looks(city, 8, every=timedelta(minutes=2), start=NOON - timedelta(hours=2))
    assert queries(NOON + timedelta(minutes=1)) == few <= 8


# Two at once


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("ask", "limit"), [(look, 30), (export, 3)])
def test_the_last_one_is_given_once_however_many_ask(city, ask: Callable, limit: int):
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    people = [a_member(city) for _ in range(8)]
    extra = [{"member": member} if ask is look else {} for member in people]
    for _ in range(limit - 1):
        ask(city, **extra[0])
    results = together(*[lambda more=more: ask(city, **more) for more in extra])
    assert sum(isinstance(result, RuleViolation) for result in results) == 7
    assert AccessLogEntry.objects.count() == limit
