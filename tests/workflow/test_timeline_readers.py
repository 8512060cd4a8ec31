"""Each reads his own history: whoever asked, staff of the tiers, the unit, the public."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from organizations.posts import Post
from requests import (
    afterwards,
    asking_back,
    consents,
    dispatching,
    merging,
    readers,
    splitting,
    telling,
    tiers,
    timeline,
    workflow,
)
from requests.models import Dispatch, ServiceRequest
from requests.states import Outcome, Track
from requests.tables import REQUESTS
from tests.factories import City, a_city, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import a_photo, accepted, escalated, filed, in_progress, resolved, seated
from tests.workflow.dispatched import a_department, officer_of, sent, signed

pytestmark = pytest.mark.django_db
SECRET = "住户情绪激动"


def fresh(service_request: ServiceRequest) -> ServiceRequest:
    return ServiceRequest.objects.get(pk=service_request.pk)


def told(service_request: ServiceRequest, viewer: object) -> list[timeline.Entry]:
    """Oldest first."""
    return timeline.entries_of(fresh(service_request), viewer)[::-1]


def titles(service_request: ServiceRequest, viewer: object) -> list[str]:
    return [entry.title for entry in told(service_request, viewer)]


def an_officer(city: City) -> User:
    officer = a_user("林街道")
    appoint(officer, Post.OFFICER, city.street)
    return officer


def test_every_step_of_the_table_has_words_of_its_own() -> None:
    assert [name for name in REQUESTS.steps if not hasattr(telling.Teller, f"_{name}")] == []


def test_internal_words_are_for_the_tiers_alone() -> None:
    city = a_city()
    dispatch = signed(city)
    service_request = dispatch.service_request
    workflow.note(service_request, by=city.home.secretary, text=SECRET)
    for reader in (city.home.secretary, an_officer(city)):
        assert [entry.text for entry in told(service_request, reader)][-1] == SECRET
    for reader in (service_request.submitter, officer_of(dispatch), None):
        assert SECRET not in repr(told(service_request, reader))
        assert "内部" not in repr(told(service_request, reader))


def test_a_secretary_reads_his_own_request_as_any_resident() -> None:
    city = a_city()
    service_request = filed(city, by=city.home.secretary)
    colleague = a_user("陈社工")
    appoint(colleague, Post.COMMUNITY_WORKER, city.home.organization)
    workflow.note(service_request, by=colleague, text=SECRET)
    assert titles(service_request, city.home.secretary) == ["你提交了点单"]


def test_an_extension_is_public_once_it_is_consented() -> None:
    city = a_city()
    officer = an_officer(city)
    service_request = accepted(city)
    due = service_request.resolve_due
    assert due is not None
    later = due.date().replace(year=due.year + 1)
    consents.extend(service_request, by=city.home.secretary, new_due=later, reason=SECRET)
    assert titles(service_request, city.home.secretary)[-1] == "报请新华街道同意延期"
    assert titles(service_request, service_request.submitter)[-1] == "花城社区受理，按要事商议办"
    consents.consent_extension(fresh(service_request), by=officer)
    last = told(service_request, service_request.submitter)[-1]
    assert last.title == "经上级同意，办结延期"
    assert "18:00" in last.note


def test_a_refusal_stays_between_the_tiers() -> None:
    city = a_city()
    officer = an_officer(city)
    service_request = in_progress(city)
    consents.explain(service_request, by=city.home.secretary, text="依据条例第三条")
    consents.deny(fresh(service_request), by=officer, reason=SECRET)
    assert titles(service_request, officer)[-2:] == ["报请新华街道同意依法依规解释办结", "不同意解释办结"]
    assert titles(service_request, service_request.submitter)[-1] == "书记 花城书记 负责办理"


def test_what_is_explained_shows_with_its_words_after_consent() -> None:
    city = a_city()
    officer = an_officer(city)
    service_request = in_progress(city)
    consents.explain(service_request, by=city.home.secretary, text="依据条例第三条")
    consents.consent_explained(fresh(service_request), by=officer)
    last = told(service_request, service_request.submitter)[-1]
    assert (last.title, last.text) == ("办结：依法依规解释", "依据条例第三条")


def test_up_and_down_names_who_had_it_when() -> None:
    city = a_city()
    officer = an_officer(city)
    service_request = accepted(city)
    tiers.escalate(service_request, by=city.home.secretary, reason="要整套更换")
    tiers.take_over(fresh(service_request), by=officer)
    tiers.hand_down(fresh(service_request), by=officer, child=city.home.organization, text="请社区先办")
    tiers.supervise(fresh(service_request), by=officer, text="本周办完")
    assert titles(service_request, service_request.submitter) == [
        "你提交了点单",
        "花城社区受理，按要事商议办",
        "上报到新华街道",
        "新华街道接手办理",
        "新华街道交办给花城社区",
        "新华街道督办",
    ]


def test_asking_back_and_the_answer() -> None:
    city = a_city()
    service_request = accepted(city)
    asking_back.ask(service_request, by=city.home.secretary, text="堵在哪里？")
    asking_back.answer(fresh(service_request), by=service_request.submitter, text="在门口")
    asked, answered = told(service_request, service_request.submitter)[-2:]
    assert (asked.title, asked.text) == ("请你补充情况", "堵在哪里？")
    assert (answered.title, answered.text) == ("你作了回答", "在门口")
    assert titles(service_request, city.home.secretary)[-1].startswith("居民 ")


def test_merging_names_the_other_request_to_staff_only() -> None:
    city = a_city()
    target, service_request = filed(city, text="别人的事"), accepted(city)
    merging.merge(service_request, by=city.home.secretary, target=target)
    merging.unmerge(fresh(service_request), by=city.home.secretary)
    staff = told(service_request, city.home.secretary)[-2:]
    assert [(entry.title, entry.note) for entry in staff] == [
        (f"并到 {target.number} 一起办", ""),
        ("重新单独办理", f"原来并在 {target.number}"),
    ]
    assert target.number not in repr(told(service_request, service_request.submitter))


def test_merged_ones_are_resolved_with_the_main_one() -> None:
    city = a_city()
    target, service_request = in_progress(city), accepted(city)
    merging.merge(service_request, by=city.home.secretary, target=target)
    workflow.resolve(fresh(target), by=city.home.secretary, outcome=Outcome.SOLVED, text="都换了")
    last = told(service_request, service_request.submitter)[-1]
    assert (last.title, last.text, last.by) == ("随同一件事办结：已解决", "都换了", "系统")
    assert titles(service_request, city.home.secretary)[-1] == f"随{target.number}办结：已解决"


def test_parts_tell_where_they_come_from() -> None:
    city = a_city()
    service_request = accepted(city)
    (part,) = splitting.split(service_request, by=city.home.secretary, parts=["拆飞线"])
    assert titles(service_request, service_request.submitter)[-1] == "拆成 1 件分头办"
    assert titles(part, city.home.secretary) == [f"从 {service_request.number} 拆出"]


class TestDispatches:
    def test_whoever_asked_reads_headlines_only(self) -> None:
        dispatch = self.judged(a_city())
        service_request = dispatch.service_request
        entries = told(service_request, service_request.submitter)
        name = dispatch.recipient
        assert [entry.title for entry in entries][2:] == [
            f"派单给{name}",
            f"{name}签收",
            f"{name}电话联系了你",
            f"{name}到场",
            f"{name}回复了办理情况",
            f"请{name}重新办理",
            f"{name}回复了办理情况",
            f"{name}的办理情况已核实",
        ]
        said = repr(entries)
        for secret in ("还有一处", "评得不错", "及时", "邓承办", "已更换线路"):
            assert secret not in said
        assert all(not entry.photos for entry in entries)

    def test_staff_and_the_unit_read_all_of_it(self) -> None:
        city = a_city()
        dispatch = self.judged(city)
        for reader in (city.home.secretary, officer_of(dispatch)):
            entries = told(dispatch.service_request, reader)
            said = repr(entries)
            for words in ("还有一处", "评得不错", "及时 5 分", "邓承办", "已更换线路", "第 1 次退回"):
                assert words in said
            assert sum(len(entry.photos) for entry in entries) == 1

    def test_another_unit_reads_headlines_of_it(self) -> None:
        city = a_city()
        dispatch = self.judged(city)
        other = sent(city, service_request=fresh(dispatch.service_request))
        said = repr(told(dispatch.service_request, officer_of(other)))
        assert "还有一处" not in said
        assert f"{dispatch.recipient}到场" in said

    def judged(self, city: City) -> Dispatch:
        unit, officer = a_department(city, "供电所")
        dispatch = sent(city, unit)
        dispatching.sign(dispatch, by=officer)
        dispatching.contact(dispatch, by=officer, how="phone")
        dispatching.arrive(dispatch, by=officer)
        dispatching.answer(dispatch, by=officer, text="已更换线路", photos=[a_photo()])
        dispatching.reject(dispatch, by=city.home.secretary, reason="还有一处")
        dispatching.answer(dispatch, by=officer, text="又办了")
        marks = {"timely": 5, "effective": 4, "attitude": 5}
        dispatching.confirm(dispatch, by=city.home.secretary, **marks, text="评得不错")
        return dispatch


def test_what_is_asked_of_the_tier_above_is_not_for_whoever_asked() -> None:
    city = a_city()
    worker, leader = seated(city.home.organization, Post.COMMUNITY_WORKER), seated(city.street)
    row = in_progress(city, by=worker)
    consents.explain(row, by=city.home.secretary, text="密语：管线产权不清")
    address = f"/api/v1/requests/{row.number}/"
    for person, kind in ((worker, ""), (leader, "explained")):
        page = strong_client(person).get(f"/desk/requests/{row.number}/")
        assert ("密语" in page.content.decode()) is bool(kind)
        assert strong_client(person).get(address).json()["consent_kind"] == kind


def test_a_leader_in_charge_reads_what_he_consents_to_at_his_own_tier() -> None:
    city = a_city()
    row, leader = escalated(city, times=2), seated(city.district, Post.LEADER_IN_CHARGE)
    officer = seated(city.district)
    workflow.handle(row, by=officer, responsible=officer)
    consents.explain(row, by=officer, text="密语：依法不能解决")
    assert readers.reader_of(row, leader) is readers.Reader.STAFF
    assert "密语" in strong_client(leader).get(f"/desk/requests/{row.number}/").content.decode()


def test_who_reads_as_what() -> None:
    city = a_city()
    dispatch = signed(city)
    row = dispatch.service_request
    assert readers.reader_of(row, row.submitter) is readers.Reader.ASKER
    assert readers.reader_of(row, city.home.secretary) is readers.Reader.STAFF
    assert readers.reader_of(row, an_officer(city)) is readers.Reader.STAFF
    assert readers.reader_of(row, officer_of(dispatch)) is readers.Reader.UNIT
    assert readers.reader_of(row, None) is readers.Reader.PUBLIC


def test_reopening_and_objecting_say_which_time_and_to_whom() -> None:
    city = a_city()
    service_request = resolved(city)
    afterwards.reopen(service_request, by=service_request.submitter, reason="还是不亮")
    assert titles(service_request, service_request.submitter)[-1] == "你要求重办（第 1 次）"
    declined = filed(city)
    workflow.decline(declined, by=city.home.secretary, reason="不归社区管")
    afterwards.object_to(fresh(declined), by=declined.submitter, reason="归社区管")
    last = told(declined, declined.submitter)[-1]
    assert (last.title, last.note) == ("你提出申诉", "由新华街道重新核实")
    assert titles(declined, declined.submitter)[1] == "花城社区不予受理"


def test_one_without_a_phone_is_named_by_his_own_name() -> None:
    city = a_city()
    service_request = filed(city, by=city.home.secretary, without_phone="周阿婆")
    entry = told(service_request, city.home.secretary)[0]
    assert (entry.title, entry.by) == ("代居民 周**点单", "书记 花城书记")


def test_the_public_reads_no_names_and_no_words() -> None:
    city = a_city()
    service_request = in_progress(city, photos=[a_photo()])
    workflow.add(service_request, by=service_request.submitter, text="四楼也不亮", photos=[a_photo()])
    entries = timeline.headlines_of(fresh(service_request))
    assert [entry.title for entry in entries][::-1] == [
        "提出人提交了点单",
        "花城社区受理，按要事商议办",
        "花城社区开始办理",
        "提出人补充了情况",
    ]
    assert {(entry.by, entry.text, len(entry.photos)) for entry in entries} == {("", "", 0)}


def test_many_events_cost_as_much_as_few() -> None:
    city = a_city()
    service_request = in_progress(city, track=Track.HARD)
    for _ in range(2):
        dispatch_and_answer(city, service_request)
    few = cost(service_request)
    for _ in range(3):
        dispatch_and_answer(city, service_request)
        workflow.add(fresh(service_request), by=service_request.submitter, text="再说", photos=[a_photo()])
    assert cost(service_request) == few <= 6


def dispatch_and_answer(city: City, service_request: ServiceRequest) -> None:
    unit, officer = a_department(city)
    dispatch = sent(city, unit, fresh(service_request))
    dispatching.sign(dispatch, by=officer)
    dispatching.answer(dispatch, by=officer, text="办了")


def cost(service_request: ServiceRequest) -> int:
    row = ServiceRequest.objects.whole().get(pk=service_request.pk)
    with CaptureQueriesContext(connection) as captured:
        timeline.entries_of(row, service_request.submitter)
    return len(captured)
