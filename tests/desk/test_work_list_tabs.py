"""工作台: who has to act, tier by tier: taking over, consenting, supervising, calling back."""

from datetime import timedelta

import pytest

from desk import nav, worklist
from ground import clock
from organizations.posts import Post
from requests import afterwards, asking_back, consents, dispatching, merging, splitting, tiers, workflow
from requests.models import ServiceRequest
from requests.states import State
from tests.desk.full import a_leader, an_officer
from tests.desk.scenes import MORNING, accept, ask, finish, open_page, secretary_of
from tests.factories import City, a_city, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import a_category
from tests.workflow.dispatched import a_department, officer_of, sent

pytestmark = pytest.mark.django_db
WORK = "/desk/"


@pytest.fixture
def city() -> City:
    with clock.at(MORNING - timedelta(days=30)):
        return a_city()


@pytest.fixture
def mine(city: City) -> ServiceRequest:
    row = ask(city.home, clock.now())
    workflow.accept(row, by=city.home.secretary, track="important")
    return row


def counted(user: object) -> dict[str, int]:
    """The tabs that are not empty."""
    return {key: number for key, number in worklist.counts(user).items() if number}


def rows_in(tab: str, user: object) -> list[ServiceRequest]:
    return list(worklist.in_tab(tab, user, clock.now()))


def test_what_a_unit_has_in_hand_waits_until_it_answers(city: City, mine: ServiceRequest) -> None:
    unit, officer = a_department(city)
    dispatch = sent(city, unit, mine)
    assert counted(city.home.secretary) == {"waiting": 1}
    dispatching.sign(dispatch, by=officer)
    assert counted(city.home.secretary) == {"waiting": 1}
    dispatching.answer(dispatch, by=officer, text="换好了")
    assert counted(city.home.secretary) == {"mine": 1}
    assert "对方已回复，待核销" in open_page(secretary_of(city), f"{WORK}?tab=mine")


def test_a_dispatch_that_was_given_back_is_mine_again(city: City, mine: ServiceRequest) -> None:
    dispatch = sent(city, service_request=mine)
    dispatching.give_back(dispatch, by=officer_of(dispatch), reason="不归我们管")
    assert mine.holds.exists()  # another lead has to be found
    assert counted(city.home.secretary) == {"mine": 1}


def test_a_question_pauses_it_and_the_row_says_so(city: City, mine: ServiceRequest) -> None:
    asking_back.ask(mine, by=city.home.secretary, text="几单元？")
    assert counted(city.home.secretary) == {"waiting": 1}
    assert "时限暂停" in open_page(secretary_of(city), f"{WORK}?tab=waiting")


def test_the_whole_waits_for_its_parts_and_rows_say_how_they_hang_together(
    city: City, mine: ServiceRequest
) -> None:
    splitting.split(mine, by=city.home.secretary, parts=["换灯泡", "修线路"])
    merging.merge(ask(city.home, clock.now()), by=city.home.secretary, target=mine)
    assert counted(city.home.secretary) == {"waiting": 1, "mine": 2}
    client = secretary_of(city)
    assert "并 1 件" in open_page(client, f"{WORK}?tab=waiting")
    page = open_page(client, f"{WORK}?tab=mine&q={mine.number}-2")
    assert "修线路" in page and "分件" in page and "换灯泡" not in page


def test_what_nobody_is_responsible_for_is_everybodys(city: City, mine: ServiceRequest) -> None:
    other = ask(city.home, clock.now())
    merging.merge(other, by=city.home.secretary, target=mine)
    merging.unmerge(other, by=city.home.secretary)
    colleague = a_user("梁工")
    appoint(colleague, Post.COMMUNITY_WORKER, city.home.organization)
    assert rows_in("mine", colleague) == [other]


def test_the_street_takes_over_what_was_escalated(city: City, mine: ServiceRequest) -> None:
    officer = an_officer(city)
    tiers.escalate(mine, by=city.home.secretary, reason="要街道协调")
    assert counted(officer) == {"takeover": 1} and not counted(city.home.secretary)
    page = open_page(strong_client(officer), WORK)
    assert "1 件等你们接手" in page and mine.title in page and "上报来的" in page
    tiers.take_over(mine, by=officer)
    assert counted(officer) == {"mine": 1}


def test_a_pending_consent_waits_below_and_is_asked_above(city: City, mine: ServiceRequest) -> None:
    officer, leader = an_officer(city), a_leader(city)
    consents.extend(mine, by=city.home.secretary, new_due=clock.today() + timedelta(days=60), reason="等配件")
    assert counted(city.home.secretary) == {"waiting": 1}
    assert "等新华街道同意延期" in open_page(secretary_of(city), f"{WORK}?tab=waiting")
    for user in (officer, leader):
        assert rows_in("consent", user) == [mine]
    assert not rows_in("consent", an_officer(city, city.district, "区干部"))


def test_nobody_is_asked_to_consent_to_his_own(city: City, mine: ServiceRequest) -> None:
    officer, other = an_officer(city), an_officer(city)
    own, asked = ask(city.home, clock.now(), by=officer), mine
    workflow.accept(own, by=city.home.secretary, track="important")
    appoint(other, Post.COMMUNITY_WORKER, city.home.organization)
    later = clock.today() + timedelta(days=60)
    for row, by in ((own, city.home.secretary), (asked, other)):
        consents.extend(row, by=by, new_due=later, reason="等配件")
    assert rows_in("consent", officer) == [asked]
    assert rows_in("consent", other) == [own]


def test_a_leader_who_only_consents_has_a_work_list(city: City, mine: ServiceRequest) -> None:
    leader = a_leader(city)
    client = strong_client(leader)
    assert nav.first_page(leader) == WORK
    page = open_page(client, WORK)
    assert "tab=consent" in page and "tab=supervised" in page and "tab=new" not in page
    consents.extend(mine, by=city.home.secretary, new_due=clock.today() + timedelta(days=60), reason="等配件")
    page = open_page(client, WORK)
    assert "1 件等你同意" in page and mine.title in page
    assert "一起受理" not in page


def test_supervision_is_followed_where_it_was_said(city: City, mine: ServiceRequest) -> None:
    leader, far = a_leader(city), an_officer(city, city.district, "区干部")
    tiers.supervise(mine, by=leader, text="尽快")
    assert rows_in("supervised", leader) == [mine] and not rows_in("supervised", far)
    assert "街道督办" in open_page(secretary_of(city), f"{WORK}?tab=mine")


def test_the_city_follows_its_own_supervision(city: City, mine: ServiceRequest) -> None:
    officer = a_user("市干部")
    appoint(officer, Post.OFFICER)
    tiers.supervise(mine, by=officer, text="尽快")
    assert rows_in("supervised", officer) == [mine]
    assert mine.title in open_page(strong_client(officer), f"{WORK}?tab=supervised")
    assert nav.first_page(officer) != WORK  # its day begins with the figures
    assert "市里督办" in open_page(secretary_of(city), f"{WORK}?tab=mine")


def test_supervised_and_urged_ones_are_on_top(city: City) -> None:
    plain, urged, watched = (ask(city.home, clock.now(), text=text) for text in ("甲事", "乙事", "丙事"))
    workflow.urge(urged, by=urged.submitter)
    tiers.supervise(watched, by=a_leader(city), text="尽快")
    assert rows_in("new", city.home.secretary) == [watched, urged, plain]
    assert "催办 1 次" in open_page(secretary_of(city), f"{WORK}?tab=new")


def test_unsolved_is_bad_whatever_the_stars_say_and_goes_when_it_cannot_be_reopened(city: City) -> None:
    row = ask(city.home, MORNING)
    accept(row, city.home, MORNING)
    finish(row, city.home, MORNING + timedelta(minutes=5), stars=5, solved=False)
    row.refresh_from_db()
    with clock.at(row.reopen_until - timedelta(hours=1)):
        assert counted(city.home.secretary) == {"unsatisfied": 1}
    with clock.at(row.reopen_until + timedelta(hours=1)):
        assert not counted(city.home.secretary)


def test_reopened_ones_have_a_tab_and_a_mark(city: City) -> None:
    row = ask(city.home, MORNING)
    accept(row, city.home, MORNING)
    finish(row, city.home, MORNING + timedelta(minutes=5))
    with clock.at(MORNING + timedelta(hours=3)):
        afterwards.reopen(row, by=row.submitter, reason="又坏了")
        assert counted(city.home.secretary) | {"reopened": 1} == counted(city.home.secretary)
    assert "重办 1 次" in open_page(secretary_of(city), f"{WORK}?tab=reopened")


def test_calling_back_is_for_those_who_had_no_part_in_it(city: City) -> None:
    home, clerk = city.home, a_user("梁工")
    appoint(clerk, Post.COMMUNITY_WORKER, home.organization)
    row = workflow.submit(
        by=clerk, category=a_category(), text="要人陪诊", building=home.building, without_phone="吴奶奶"
    )
    workflow.accept(row, by=home.secretary, track="urgent")
    workflow.handle(row, by=home.secretary, responsible=home.secretary)
    workflow.resolve(row, by=home.secretary, outcome="solved", text="陪了")
    assert rows_in("callback", clerk) == [row] and not rows_in("callback", home.secretary)
    assert not rows_in("callback", city.next_door.secretary)
    page = open_page(strong_client(clerk), f"{WORK}?tab=callback")
    assert "待回访" in page and "吴**" in page and "吴奶奶" not in page
    afterwards.call_back(row, by=clerk, contacted=True, solved=True, satisfied=5)
    assert not rows_in("callback", clerk)
    row.refresh_from_db()
    assert row.state == State.CLOSED


def test_a_community_sees_no_wall_of_empty_tabs(city: City) -> None:
    labels = [
        tab.label for tab in worklist.tabs_for(city.home.secretary, worklist.counts(city.home.secretary))
    ]
    assert labels == ["待受理", "我在办", "今天到期", "已超时", "等别人", "不满意"]
    officer = an_officer(city)
    above = [tab.label for tab in worklist.tabs_for(officer, worklist.counts(officer))]
    assert above == ["上报来的", "我在办", "今天到期", "已超时", "等别人", "待我同意", "督办"]


def test_similar_ones_nearby_are_counted_on_new_rows(city: City) -> None:
    for text in ("灯坏了", "灯不亮"):
        ask(city.home, clock.now(), text=text)
    ask(city.home, clock.now() - timedelta(days=40), text="很久以前")
    assert "附近 1 件相似" in open_page(secretary_of(city), f"{WORK}?tab=new")
