"""The history in plain words, masked for whoever reads it."""

import pytest

from requests import afterwards, timeline, workflow
from requests.contacts import keeper_of
from requests.presenting import step_bar
from requests.states import ContactBy, Track
from tests.factories import a_city, a_grid_worker, a_user, appoint
from tests.workflow import a_photo, accepted, filed, in_progress, resolved

pytestmark = pytest.mark.django_db


def titles(service_request: object, viewer: object) -> list[str]:
    return [entry.title for entry in timeline.entries_of(service_request, viewer)]


def test_the_submitter_reads_about_himself_as_you() -> None:
    city = a_city()
    service_request = resolved(city)
    afterwards.rate(service_request, by=service_request.submitter, contacted=True, solved=True, satisfied=4)
    assert titles(service_request, service_request.submitter) == [
        "你评了 4 星",
        "办结：已解决",
        "书记 花城书记 负责办理",
        "花城社区受理，按要事商议办",
        "你提交了点单",
    ]


def test_staff_read_a_surname_only() -> None:
    city = a_city()
    service_request = filed(city, by=a_user("周小兰"), photos=[a_photo()])
    workflow.add(service_request, by=service_request.submitter, text="四楼也不亮")
    workflow.contact(service_request, by=city.home.secretary, how=ContactBy.PHONE)
    told = timeline.entries_of(service_request, city.home.secretary)
    assert [entry.title for entry in told] == [
        "电话联系了居民 周**",
        "居民 周**补充了情况",
        "居民 周**提交了点单",
    ]
    assert told[0].by == "书记 花城书记"
    assert told[1].text == "四楼也不亮"
    assert "周小兰" not in repr(told)
    assert len(told[2].photos) == 1


def test_the_promise_stands_in_the_history() -> None:
    service_request = accepted(a_city(), track=Track.URGENT)
    notes = [entry.note for entry in timeline.entries_of(service_request, service_request.submitter)]
    assert notes == ["承诺 24 小时内办结", "承诺 1 个工作日内受理"]


def test_what_was_filed_for_somebody_names_who_filed_it() -> None:
    city = a_city()
    service_request = filed(city, by=a_grid_worker(city.home), on_behalf_of=a_user("周阿婆"))
    entry = timeline.entries_of(service_request, service_request.submitter)[0]
    assert (entry.title, entry.by) == ("代点单", "网格员 网格员")


def test_redacted_words_stay_redacted() -> None:
    city = a_city()
    service_request = filed(city)
    workflow.add(service_request, by=service_request.submitter, text="我的身份证号是……")
    note = service_request.events.get(step="add").note
    note.redacted_at = note.event.at
    note.save()
    assert timeline.entries_of(service_request, service_request.submitter)[0].text == "（内容已隐去）"


def test_floors_above_add_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    service_request = filed(a_city())
    extra = timeline.Entry("claim", "王建国接单", service_request.submitted_at.replace(year=2099))
    monkeypatch.setattr(timeline, "contributors", [lambda thing, viewer: [extra]])
    assert titles(service_request, service_request.submitter)[0] == "王建国接单"


def test_who_has_it_in_hand() -> None:
    city = a_city()
    colleague = a_user("陈志明")
    appoint(colleague, "community_worker", city.home.organization, work_phone="0751-1234567")
    assert keeper_of(filed(city)) == ("花城社区", "", "0751-1234567")
    service_request = filed(city)
    workflow.accept(service_request, by=city.home.secretary, track=Track.IMPORTANT)
    workflow.handle(service_request, by=city.home.secretary, responsible=colleague)
    assert keeper_of(service_request) == ("陈志明", "社区工作者", "0751-1234567")


def test_the_step_bar_stops_where_it_was_withdrawn() -> None:
    city = a_city()
    service_request = in_progress(city)
    assert [each["state"] for each in step_bar(service_request)] == ["done", "done", "now", "todo", "todo"]
    workflow.withdraw(service_request, by=service_request.submitter)
    assert [each["label"] for each in step_bar(service_request)] == ["已提交", "已受理", "已撤回"]
    assert step_bar(service_request)[-1]["state"] == "stopped"
