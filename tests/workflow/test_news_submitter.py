"""What whoever asked hears of his request: every answer with what comes next, and nothing that is internal."""

from datetime import date, datetime
from typing import Any

import pytest

from ground import clock
from notifications.models import Kind
from requests import (
    afterwards,
    asking_back,
    consents,
    dispatching,
    merging,
    splitting,
    ticking,
    tiers,
    workflow,
)
from requests.states import Outcome, Track
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.workflow import CHINA, a_category, accepted, filed, in_progress, resolved
from tests.workflow.hearing import heard, told

pytestmark = pytest.mark.django_db
SECRET = "内部理由不外传"


def at(day: int, hour: int = 10, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, 0, tzinfo=CHINA)


def officer_at(place: Any, post: str = "officer") -> Any:
    person = a_user("街道干部")
    appoint(person, post, place)
    return person


def test_the_straight_road() -> None:
    city = a_city()
    with clock.at(at(20)):
        row = resolved(city)
    titles = [(each.title, each.text) for each in told(row.submitter)]
    what = f"{row.number} 楼道灯不亮"
    assert titles == [
        ("花城社区受理了你的点单，按要事办理", f"{what}。承诺 11月27日 18:00 前办结"),
        ("花城书记 负责办你的点单", what),
        ("你的点单已解决，请评价", f"{what}。请在 11月27日 10:00 前评价，没有办好可以要求重办"),
    ]
    first = told(row.submitter)[0]
    assert (first.about, first.kind, first.url) == (
        f"request:{row.pk}",
        Kind.PROGRESS,
        f"/requests/{row.number}/",
    )
    with clock.at(at(21)):
        afterwards.reopen(row, by=row.submitter, reason="又不亮了")
    assert len(heard(row.submitter)) == 3


def test_after_reopening_it_says_so() -> None:
    city = a_city()
    row = resolved(city)
    afterwards.reopen(row, by=row.submitter, reason="又不亮了")
    workflow.handle(row, by=city.home.secretary, responsible=city.home.secretary)
    workflow.resolve(row, by=city.home.secretary, outcome=Outcome.SOLVED, text="换了线")
    assert heard(row.submitter)[-1] == "你的点单重办后已解决，请评价"


def test_a_question_says_until_when_and_is_urgent_where_the_matter_is() -> None:
    city = a_city()
    with clock.at(at(20)):
        urgent = accepted(city, track=Track.URGENT)
        asking_back.ask(urgent, by=city.home.secretary, text="哪一层？")
        row = accepted(city)
        asking_back.ask(row, by=city.home.secretary, text="哪一层？")
    question = told(row.submitter)[-1]
    assert (question.title, question.is_urgent) == ("有一个问题等你回答", False)
    assert told(urgent.submitter)[-1].is_urgent
    assert "请在 11月25日 10:00 前回答" in question.text
    with clock.at(at(25)):
        ticking.catch_up()
    assert heard(row.submitter)[-1] == "没有等到你的回答，你的点单继续办理"


def test_up_down_and_taken_over_with_the_promise() -> None:
    city = a_city()
    officer = officer_at(city.street)
    with clock.at(at(20)):
        row = accepted(city)
        tiers.escalate(row, by=city.home.secretary, reason=SECRET)
        tiers.take_over(row, by=officer)
        tiers.hand_down(row, by=officer, child=city.home.organization, text=SECRET)
    said = told(row.submitter)[1:]
    assert [each.title for each in said] == [
        "你的点单已上报到新华街道",
        "新华街道接手了你的点单",
        "你的点单已交给花城社区办理",
    ]
    assert all("原来的承诺不变：11月27日 18:00 前办结" in each.text for each in said)
    assert not [each for each in said if SECRET in each.title + each.text]


def test_declined_objected_and_declined_for_good() -> None:
    city = a_city()
    officer = officer_at(city.street)
    with clock.at(at(20)):
        row = filed(city)
        workflow.decline(row, by=city.home.secretary, reason="不属于社区")
        assert told(row.submitter)[-1].text.endswith("不同意的，12月5日 10:00 前可以申诉，由上一级重新答复")
        afterwards.object_to(row, by=row.submitter, reason="就在楼道里")
        workflow.decline(row, by=officer, reason="属于物业")
    assert heard(row.submitter) == ["你的点单没有受理，请看理由"] * 2
    assert "一件点单只能申诉一次" in told(row.submitter)[-1].text


def test_dispatched_to_a_lead_and_an_assistant() -> None:
    city = a_city()
    row = in_progress(city)
    for name in ("供电所", "城管队"):
        unit = a_unit(city, name)
        appoint(a_user("承办人"), "case_officer", unit)
        dispatching.dispatch(row, by=city.home.secretary, unit=unit, text=SECRET)
    assert heard(row.submitter)[2:] == ["你的点单已派给供电所办理", "请了城管队一起办你的点单"]


def test_consents_are_internal_until_they_are_given() -> None:
    city = a_city()
    officer = officer_at(city.street)
    with clock.at(at(20)):
        row = in_progress(city)
        before = len(heard(row.submitter))
        consents.extend(row, by=city.home.secretary, new_due=date(2026, 12, 4), reason=SECRET)
        consents.deny(row, by=officer, reason=SECRET)
        consents.extend(row, by=city.home.secretary, new_due=date(2026, 12, 4), reason=SECRET)
        workflow.note(row, by=city.home.secretary, text=SECRET)
        assert len(heard(row.submitter)) == before
        consents.consent_extension(row, by=officer)
        assert heard(row.submitter)[-1] == "你的点单延期到 12月4日 18:00"
        consents.explain(row, by=city.home.secretary, text="依据物业条例")
        consents.consent_explained(row, by=officer)
    assert heard(row.submitter)[-1] == "你的点单已依法依规解释，请看说明并评价"
    assert not [each for each in told(row.submitter) if SECRET in each.title + each.text]


def test_merged_ones_hear_of_the_merging_and_of_the_result() -> None:
    city = a_city()
    row, target = accepted(city, by=a_user()), in_progress(city, by=a_user())
    merging.merge(row, by=city.home.secretary, target=target)
    workflow.resolve(target, by=city.home.secretary, outcome=Outcome.PARTLY, text="先修了一半")
    assert heard(row.submitter)[1:] == ["你的点单和同一件事的点单一起办", "你的点单部分解决，请评价"]


def test_a_target_that_comes_to_nothing_sets_them_free() -> None:
    city = a_city()
    row, target = accepted(city, by=a_user()), accepted(city, by=a_user())
    merging.merge(row, by=city.home.secretary, target=target)
    workflow.withdraw(target, by=target.submitter)
    assert heard(row.submitter)[-1] == "你的点单改为单独办理"
    assert heard(city.home.secretary)[-1] == "并案的点单了结了，这件要单独办：楼道灯不亮"


def test_a_lapse_says_until_when_it_may_be_reopened() -> None:
    city = a_city()
    with clock.at(at(20)):
        row = resolved(city)
    with clock.at(at(27)):
        ticking.catch_up()
    last = told(row.submitter)[-1]
    assert last.title == "你的点单过了评价的日子，已办结"
    assert last.text.endswith("还没办好的，12月12日 10:00 前可以要求重办")


def test_parts_are_no_news_to_whoever_asked_for_the_whole() -> None:
    city = a_city()
    row = in_progress(city)
    before = len(heard(row.submitter))
    (part,) = splitting.split(row, by=city.home.secretary, parts=["先拆旧灯"])
    workflow.handle(part, by=city.home.secretary, responsible=city.home.secretary)
    splitting.complete(part, by=city.home.secretary, outcome=Outcome.SOLVED, text="拆了")
    assert len(heard(row.submitter)) == before


def without_phone(city: City) -> Any:
    return filed(city, by=officer_at(city.home.organization, "community_worker"), without_phone="陈伯")


def test_the_filer_hears_for_somebody_without_a_phone() -> None:
    city = a_city()
    row = without_phone(city)
    filer = row.submitter
    assert heard(filer) == [], "he filed it himself"
    workflow.accept(row, by=city.home.secretary, track="important")
    last = told(filer)[-1]
    assert last.title == "请转告：花城社区受理了你的点单，按要事办理"
    assert last.url == f"/desk/requests/{row.number}/"
    assert not [each for each in told(filer) if "陈伯" in each.title + each.text]
    workflow.handle(row, by=filer, responsible=city.home.secretary)
    assert len(heard(filer)) == 1, "nobody hears of his own step"


def test_numbers_in_titles_do_not_travel() -> None:
    city = a_city()
    row = accepted(city, text="请打13912345678联系", category=a_category())
    assert not [
        each for each in told(row.submitter) + told(city.home.secretary) if "139" in each.title + each.text
    ]
