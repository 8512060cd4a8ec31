"""Who hears when time runs out: the owner, then the owner's tier and the tier above (RULES 4)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ground import clock
from requests import dispatching, splitting, ticking, tiers, workflow
from requests.news.phrases import span
from requests.states import Track
from tests.factories import City, a_city, a_grid_worker, a_unit, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import CHINA, a_category, accepted, everybody_was_rung, filed, in_progress
from tests.workflow.hearing import heard, told

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA)


def staff(place: Any, post: str = "officer") -> Any:
    person = a_user("干部")
    appoint(person, post, place)
    return person


def ticked(moment: datetime, *people: Any) -> list[list[str]]:
    """What each of them hears because of the clock at that moment."""
    before = [len(heard(person)) for person in people]
    everybody_was_rung()
    with clock.at(moment):
        while ticking.catch_up():
            pass
    return [heard(person)[count:] for person, count in zip(people, before, strict=True)]


def everybody(city: City) -> tuple[Any, ...]:
    worker = a_grid_worker(city.home)
    officer, leader = staff(city.street), staff(city.street, "leader_in_charge")
    return city.home.secretary, worker, officer, leader, staff(city.district), city.next_door.secretary


def test_while_nobody_owns_it_those_who_verify_hear_then_the_tier_above() -> None:
    city = a_city()
    people = everybody(city)
    with clock.at(at(20)):
        row = filed(city)
    half, over = [f"还剩 8 小时受理：{row.number}"], [f"超时 15 小时未受理：{row.number}"]
    assert ticked(at(23, 9, 30), *people) == [half, [], [], [], [], []]
    assert ticked(at(24, 9), *people) == [over, [], over, over, [], []]
    assert row.submitter not in people and len(heard(row.submitter)) == 0
    assert "楼道灯" not in repr([(each.title, each.text) for each in told(people[2])])


def test_the_owner_alone_hears_until_it_is_over() -> None:
    city = a_city()
    people = everybody(city)
    with clock.at(at(20)):
        row = accepted(city)
        workflow.handle(row, by=city.home.secretary, responsible=people[1])
    due = [f"办结到期：{row.number}"]
    assert ticked(at(27, 18), *people) == [[], due, [], [], [], []]
    over = [f"超时 2 天未办结：{row.number}"]
    assert ticked(at(30, 9), *people) == [over, over, over, over, [], []]


def test_an_owner_whose_post_ended_is_stood_in_for() -> None:
    city = a_city()
    people = everybody(city)
    with clock.at(at(20)):
        row = accepted(city)
        workflow.handle(row, by=city.home.secretary, responsible=people[1])
    people[1].appointments.update(ends_on=date(2020, 1, 2))
    due = [f"办结到期：{row.number}"]
    assert ticked(at(27, 18), *people) == [due, [], [], [], [], []]


def test_what_was_escalated_is_taken_over_or_told_to_the_district() -> None:
    city = a_city()
    people = everybody(city)
    with clock.at(at(20)):
        row = accepted(city)
        tiers.escalate(row, by=city.home.secretary, reason="要协调")
    left, over = [f"接手到期：{row.number}"], [f"超时 15 小时未接手：{row.number}"]
    assert ticked(at(23, 18), *people) == [[], [], left, [], [], []]
    assert ticked(at(24, 9), *people) == [[], [], over, [], over, []]


def test_at_the_district_its_leader_hears() -> None:
    city = a_city()
    leader, officer, street = (
        staff(city.district, "leader_in_charge"),
        staff(city.district),
        staff(city.street),
    )
    with clock.at(at(20)):
        row = accepted(city)
        tiers.escalate(row, by=city.home.secretary, reason="要协调")
        tiers.escalate(row, by=street, reason="要区里协调")
    over = [f"超时 15 小时未接手：{row.number}"]
    assert ticked(at(24, 9), leader, officer, street) == [over, over, []]


def test_a_tier_above_without_anybody_is_passed_over() -> None:
    city = a_city()
    district = staff(city.district)
    with clock.at(at(20)):
        row = filed(city)
    assert ticked(at(24, 9), district) == [[f"超时 15 小时未受理：{row.number}"]]


def test_an_urgent_one_is_urgent() -> None:
    city = a_city()
    with clock.at(at(20, 23)):
        row = filed(city, category=a_category("fire", track=Track.URGENT))
    assert ticked(at(20, 23, 15), city.home.secretary) == [[f"还剩 15 分钟受理：{row.number}"]]
    message = told(city.home.secretary)[-1]
    assert (message.is_urgent, message.text) == (True, "受理期限是 11月20日 23:30")
    assert message.about == f"request:{row.pk}"


def test_a_dispatch_is_for_its_officers_and_then_for_the_handler() -> None:
    city = a_city()
    unit = a_unit(city)
    case_officer, street = staff(unit, "case_officer"), staff(city.street)
    with clock.at(at(20)):
        row = in_progress(city)
        dispatching.dispatch(row, by=city.home.secretary, unit=unit, text="修灯")
    people = (case_officer, city.home.secretary, street)
    assert ticked(at(23, 18), *people) == [[f"签收到期：{row.number}"], [], []]
    over = [f"超时 15 小时未签收：{row.number}"]
    assert ticked(at(24, 9), *people) == [over, over, []]
    for person in people[:2]:  # a case officer opens no page of a request
        assert strong_client(person).get(told(person)[-1].url).status_code == 200
    with clock.at(at(24, 10)):
        dispatching.sign(row.dispatches.get(), by=case_officer)
    assert ticked(at(25, 18), *people)[0] == [f"到场到期：{row.number}"]


def test_an_overdue_part_is_not_told_upwards_beside_its_whole() -> None:
    city = a_city()
    street = staff(city.street)
    with clock.at(at(20)):
        row = in_progress(city)
        (part,) = splitting.split(row, by=city.home.secretary, parts=["先拆旧灯"])
    said = ticked(at(30, 9), street, city.home.secretary)
    assert said[0] == [f"超时 2 天未办结：{row.number}"]
    assert sorted(said[1]) == sorted([*said[0], f"超时 2 天未办结：{part.number}"])


def test_nobody_is_reminded_of_his_own_matter() -> None:
    city = a_city()
    with clock.at(at(20)):
        filed(city, by=city.home.secretary)
    assert ticked(at(23, 18), city.home.secretary) == [[]]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=5), "1 分钟"),
        (timedelta(minutes=59), "59 分钟"),
        (timedelta(minutes=150), "2 小时"),
        (timedelta(hours=47), "47 小时"),
        (timedelta(hours=80), "3 天"),
    ],
)
def test_how_long_in_words(length: timedelta, words: str) -> None:
    assert span(length) == words
