"""Looking behind the mask: a power, a reason, a limit, a trace."""

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import access
from organizations.models import AccessLogEntry
from tests.factories import City, a_city, a_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def look(city: City, by: object = None, reason: str = "电话回访", **extra: object) -> str:
    member = extra.pop("member", None) or a_member(city)
    return access.reveal(
        by=by or city.home.secretary,
        subject=member,
        field="phone",
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


def test_the_log_is_seen_at_the_community_and_above_only(city):
    look(city)
    assert AccessLogEntry.objects.visible_to(city.home.secretary).count() == 1
    assert not AccessLogEntry.objects.visible_to(city.next_door.secretary).exists()
