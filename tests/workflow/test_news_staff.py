"""What staff hear of requests: whoever has to act, once, and never of his own step."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from grids.models import Absence
from ground import clock
from notifications.models import Kind
from requests import afterwards, asking_back, consents, merging, splitting, tiers, workflow
from requests.news import people
from requests.states import Outcome, Track
from tests.factories import LONG_AGO, City, a_city, a_grid_worker, a_user, appoint
from tests.workflow import CHINA, a_category, accepted, filed, in_progress, resolved
from tests.workflow.hearing import heard, told

pytestmark = pytest.mark.django_db
BAD = {"contacted": True, "solved": False, "satisfied": 1}


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 11, day, hour, 0, tzinfo=CHINA)


def staff(place: Any, post: str = "officer") -> Any:
    person = a_user("干部")
    appoint(person, post, place)
    return person


def test_a_new_one_is_told_to_verifiers_and_to_the_grid_worker_in_charge() -> None:
    city = a_city()
    worker, stand_in = a_grid_worker(city.home), a_grid_worker(city.home, part="B")
    officer = staff(city.street)
    row = filed(city, category=a_category("fire", track=Track.URGENT))
    for person in (city.home.secretary, worker):
        message = told(person)[-1]
        assert (message.title, message.is_urgent, message.kind) == ("新点单：楼道灯不亮", True, Kind.WORK)
        assert message.about == f"request:{row.pk}"
    assert heard(stand_in) == heard(officer) == heard(city.next_door.secretary) == []


def test_while_a_is_away_b_hears() -> None:
    city = a_city()
    worker, stand_in = a_grid_worker(city.home), a_grid_worker(city.home, part="B")
    Absence.objects.create(
        appointment=worker.appointments.get(), begins_on=LONG_AGO, noted_by=city.home.secretary
    )
    filed(city)
    assert (heard(worker), heard(stand_in)) == ([], ["新点单：楼道灯不亮"])


def test_nobody_hears_of_what_he_filed_or_did_himself() -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    filed(city, by=worker, on_behalf_of=("13900000001", "周阿婆"))
    filed(city, by=city.home.secretary)  # his own matter
    assert heard(worker) == ["新点单：楼道灯不亮"]
    assert heard(city.home.secretary) == ["新点单：楼道灯不亮"]


def test_words_reach_the_owner_and_no_one_else() -> None:
    city = a_city()
    colleague, worker = staff(city.home.organization, "first_secretary"), a_grid_worker(city.home)
    row = accepted(city)
    workflow.handle(row, by=city.home.secretary, responsible=worker)
    before = len(heard(colleague)), len(heard(city.home.secretary))
    workflow.add(row, by=row.submitter, text="二楼也不亮")
    asking_back.ask(row, by=worker, text="哪一层？")
    asking_back.answer(row, by=row.submitter, text="三楼")
    assert heard(worker)[-2:] == ["有补充：楼道灯不亮", "有回答：楼道灯不亮"]
    assert (len(heard(colleague)), len(heard(city.home.secretary))) == before


@pytest.mark.parametrize("why", ["post ended", "away"])
def test_an_owner_who_is_gone_is_stood_in_for_by_those_who_verify(why: str) -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    row = accepted(city)
    workflow.handle(row, by=city.home.secretary, responsible=worker)
    post = worker.appointments.get()
    if why == "away":
        Absence.objects.create(appointment=post, begins_on=LONG_AGO, noted_by=city.home.secretary)
    else:
        post.ends_on = date(2020, 1, 2)
        post.save()
    workflow.add(row, by=row.submitter, text="二楼也不亮")
    assert "有补充：楼道灯不亮" not in heard(worker)
    assert heard(city.home.secretary)[-1] == "有补充：楼道灯不亮"


def test_urging_supervising_withdrawing_and_bad_ratings() -> None:
    city = a_city()
    officer, secretary = staff(city.street), city.home.secretary
    row = in_progress(city)
    workflow.urge(row, by=row.submitter)
    tiers.supervise(row, by=officer, text="请抓紧")
    workflow.withdraw(row, by=row.submitter)
    assert heard(secretary)[-3:] == ["催办：楼道灯不亮", "督办：楼道灯不亮", "已撤回：楼道灯不亮"]
    assert heard(officer) == []
    done = resolved(city)
    afterwards.rate(done, by=done.submitter, **BAD)
    assert heard(secretary)[-1] == "不满意：楼道灯不亮（1 星）"


def test_a_bad_call_back_is_told_to_the_handler() -> None:
    city = a_city()
    caller = staff(city.street)
    row = filed(city, by=staff(city.home.organization, "community_worker"), without_phone="陈伯")
    workflow.accept(row, by=city.home.secretary, track="important")
    workflow.handle(row, by=city.home.secretary, responsible=city.home.secretary)
    workflow.resolve(row, by=city.home.secretary, outcome=Outcome.SOLVED, text="换了")
    afterwards.call_back(row, by=caller, **BAD)
    assert heard(city.home.secretary)[-1] == "不满意：楼道灯不亮（1 星）"


def test_the_new_tier_hears_of_what_comes_up_and_the_old_one_of_what_comes_down() -> None:
    city = a_city()
    officer = staff(city.street)
    row = accepted(city)
    assert heard(officer) == []
    tiers.escalate(row, by=city.home.secretary, reason="要协调")
    assert heard(officer) == ["上报来的，请接手：楼道灯不亮"]
    tiers.hand_down(row, by=officer, child=city.home.organization, text="先看现场")
    assert heard(city.home.secretary)[-1] == "交办，请接手：楼道灯不亮"
    assert len(heard(officer)) == 1


def test_an_objection_and_reopenings_climb() -> None:
    city = a_city()
    officer = staff(city.street)
    declined = filed(city)
    workflow.decline(declined, by=city.home.secretary, reason="不归我们")
    assert heard(officer) == []
    afterwards.object_to(declined, by=declined.submitter, reason="就在楼道里")
    assert heard(officer) == ["申诉，请重新答复：楼道灯不亮"]
    row = resolved(city)
    for count in (1, 2, 3):
        afterwards.reopen(row, by=row.submitter, reason="又不亮了")
        here = city.home.secretary if count < 3 else officer
        assert heard(here)[-1] == f"第 {count} 次要求重办：楼道灯不亮"
        if count < 3:
            workflow.handle(row, by=here, responsible=here)
            workflow.resolve(row, by=here, outcome=Outcome.SOLVED, text="又换了")
    assert heard(officer)[1:] == ["第 2 次要求重办：楼道灯不亮", "第 3 次要求重办：楼道灯不亮"]


def test_deciders_hear_what_is_asked_and_the_asker_what_was_answered() -> None:
    city = a_city()
    officer, leader = staff(city.street), staff(city.street, "leader_in_charge")
    row = in_progress(city)
    due = clock.today() + timedelta(days=90)
    consents.extend(row, by=city.home.secretary, new_due=due, reason="等配件")
    assert heard(officer) == heard(leader) == ["请答复：申请延期：楼道灯不亮"]
    consents.deny(row, by=leader, reason="先修一半")
    assert heard(city.home.secretary)[-1] == "没有同意延期：楼道灯不亮"
    consents.extend(row, by=city.home.secretary, new_due=due, reason="真的没有")
    consents.consent_extension(row, by=officer)
    assert heard(city.home.secretary)[-1] == "已同意延期：楼道灯不亮"
    assert len(heard(city.home.secretary)) == len({each.key for each in told(city.home.secretary)})


def test_at_the_district_the_leader_in_charge_decides() -> None:
    city = a_city()
    officer, leader = staff(city.district), staff(city.district, "leader_in_charge")
    street = staff(city.street)
    row = accepted(city)
    tiers.escalate(row, by=city.home.secretary, reason="要协调")
    tiers.escalate(row, by=street, reason="要区里协调")
    workflow.handle(row, by=officer, responsible=officer)
    consents.explain(row, by=officer, text="依据条例")
    assert heard(leader) == ["请答复：报请解释办结：楼道灯不亮"]
    consents.consent_explained(row, by=leader)
    assert heard(officer)[-1] == "已同意解释办结：楼道灯不亮"


def test_a_part_that_is_done_is_told_to_the_owner_of_the_whole() -> None:
    city = a_city()
    worker = a_grid_worker(city.home)
    row = in_progress(city)
    (part,) = splitting.split(row, by=city.home.secretary, parts=["先拆旧灯"])
    workflow.handle(part, by=city.home.secretary, responsible=worker)
    splitting.complete(part, by=worker, outcome=Outcome.SOLVED, text="拆了")
    assert heard(city.home.secretary)[-1] == "分件办完：先拆旧灯"


def test_internal_notes_and_own_merges_are_no_news() -> None:
    city: City = a_city()
    colleague = staff(city.home.organization, "first_secretary")
    row, target = accepted(city, by=a_user()), accepted(city, by=a_user())
    before = len(heard(colleague))
    workflow.note(row, by=city.home.secretary, text="已电话沟通")
    merging.merge(row, by=city.home.secretary, target=target)
    merging.unmerge(row, by=city.home.secretary)
    assert len(heard(colleague)) == before


def test_any_of_is_everybody_once_and_finds_them_by_keys() -> None:
    """With "or" PostgreSQL looks at every account of a city for every message: 100 ms of them at 176,000."""
    users = User.objects
    one, two, three = (a_user(name) for name in ("甲", "乙", "丙"))
    first, second = users.filter(pk__in=[one.pk, two.pk]), users.filter(pk__in=[two.pk, three.pk])
    nested = people.any_of(people.nobody(), people.any_of(first, second), users.filter(pk=one.pk))
    assert list(nested.order_by("pk")) == [one, two, three]
    assert list(nested.exclude(pk=two.pk).filter(pk__gt=one.pk)) == [three]
    assert list(people.any_of(people.nobody(), people.nobody())) == []
    assert people.any_of(first).exists() and " OR " not in str(nested.query)
