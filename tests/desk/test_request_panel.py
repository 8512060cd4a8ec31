"""What lies around a request in the panel, who could help, which steps stand in front, words kept for again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from desk import helping, offers, panel
from ground import clock
from organizations.models import Skill
from requests import consents, dispatching, merging, tiers, workflow
from requests.models import ReplyTemplate, ServiceRequest
from requests.states import State
from tests.desk.full import a_leader, an_officer, everything
from tests.desk.scenes import ask, open_page, secretary_of
from tests.factories import City, a_grid_worker
from tests.signing_in import strong_client
from tests.volunteers import scenes
from tests.workflow import a_category, filed
from tests.workflow.dispatched import a_department, sent
from volunteers.joining import profile

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def city() -> City:
    return scenes.a_city()


@pytest.fixture
def row(city: City) -> ServiceRequest:
    return ask(city.home, clock.now(), text="三楼楼道灯不亮")


def url(row: ServiceRequest, *piece: str) -> str:
    return reverse("desk:request", args=[row.number]) + "".join(f"{each}/" for each in piece)


def choices(user: object, row: ServiceRequest) -> offers.Choices:
    found = panel.request_in_sight(user, row.number)
    return panel.context_of(user, found)["steps"]


def names(buttons: list[dict[str, object]]) -> list[object]:
    return [button["name"] for button in buttons]


def test_everything_about_it_is_on_the_page(city: City) -> None:
    row = everything(city)
    page = open_page(secretary_of(city), url(row))
    for said in (
        "街道督办",
        "催办 1 次",
        "报请新华街道同意：延期",
        "拆成 2 件",
        "并了 2 件",
        "附近相似 1 件",
    ):
        assert said in page, said
    assert "这里以前" in page and "去年也坏过" in page and "待签收" in page and "看回复，核销或退回" in page
    for dispatch in row.dispatches.all():
        assert reverse("desk:dispatch", args=[dispatch.pk]) in page
    assert "还不能办结" in page and "承诺" in page


def test_the_panel_brings_what_has_to_be_done_first_and_the_history_after(city: City) -> None:
    row, client = everything(city), secretary_of(city)
    page = open_page(client, url(row), **HTMX)
    assert url(row, "history") in page and "记一笔" not in page and page.count("<img") == 1
    history = open_page(client, url(row, "history"), **HTMX)
    assert "记一笔" in history and "<html" not in history
    assert client.get(url(row, "history"))["Location"] == url(row)  # without JavaScript it is on the page


def test_internal_words_stand_apart_and_whoever_asked_never_reads_them(
    city: City, row: ServiceRequest
) -> None:
    workflow.note(row, by=city.home.secretary, text="背景复杂")
    page = open_page(secretary_of(city), url(row))
    assert "背景复杂" in page and page.count('class="internal"') == 1
    mine = open_page(strong_client(row.submitter), reverse("requests:detail", args=[row.number]))
    assert "背景复杂" not in mine and 'class="internal"' not in mine


def test_four_in_front_the_others_under_more_and_danger_last(city: City, row: ServiceRequest) -> None:
    by = city.home.secretary
    assert names(choices(by, row).front) == ["accept", "contact", "merge", "note", "decline"]
    workflow.accept(row, by=by, track="important")
    found = choices(by, row)
    assert names(found.front) == ["handle", "dispatch", "whistle", "contact"]
    assert {"ask", "merge", "split", "escalate", "extend", "note"} <= set(names(found.more))
    assert [button["primary"] for button in found.front] == [True, False, False, False]
    workflow.handle(row, by=by, responsible=by)
    assert names(choices(by, row).front)[0] == "resolve"


def test_a_step_of_one_tap_says_what_it_does_and_is_one_post(city: City, row: ServiceRequest) -> None:
    officer = an_officer(city)
    workflow.accept(row, by=city.home.secretary, track="important")
    tiers.escalate(row, by=city.home.secretary, reason="要街道协调")
    client = strong_client(officer)
    page = open_page(client, url(row))
    assert "新华街道负责办理；对提出人承诺的期限不变" in page and "data-confirm" in page
    assert "对提出人承诺的期限不变" in open_page(client, url(row, "take_over"))  # without JavaScript
    client.post(url(row, "take_over"))
    row.refresh_from_db()
    assert row.responsible == officer and row.takeover_due is None


def test_a_leader_answers_from_the_panel(city: City, row: ServiceRequest) -> None:
    leader, by = a_leader(city), city.home.secretary
    workflow.accept(row, by=by, track="important")
    consents.extend(row, by=by, new_due=clock.today() + timedelta(days=60), reason="等配件")
    client = strong_client(leader)
    assert names(choices(leader, row).front)[0] == "consent_extension"
    assert "等配件" in open_page(client, url(row)) and "周小明" not in open_page(client, url(row))
    client.post(url(row, "consent_extension"))
    row.refresh_from_db()
    assert row.is_extended


def test_merging_with_a_similar_one_is_one_click_away(city: City, row: ServiceRequest) -> None:
    other = ask(city.home, clock.now(), text="四楼灯也不亮")
    client = secretary_of(city)
    link = f"{url(row, 'merge')}?target={other.number}"
    assert link in open_page(client, url(row))
    assert f'value="{other.number}"' in open_page(client, link)
    client.post(url(row, "merge"), {"target": other.number})
    row.refresh_from_db()
    assert (row.state, row.merged_into) == (State.MERGED, other)
    page = open_page(client, url(row))
    assert f"{other.number} {other.title}" in page and url(row, "unmerge") in page


def test_similar_is_what_is_open_of_the_same_kind_in_sight(city: City, row: ServiceRequest) -> None:
    ask(city.home, clock.now(), text="别类", category=a_category("clean", name="环境"))
    ask(city.home, clock.now() - timedelta(days=31), text="太久以前")
    ask(city.next_door, clock.now(), text="隔壁也不亮")
    assert "附近相似" not in open_page(secretary_of(city), url(row))


def test_staff_speak_for_one_without_a_phone_and_for_nobody_else(city: City, row: ServiceRequest) -> None:
    clerk = a_grid_worker(city.home)
    mute = workflow.submit(
        by=clerk, category=a_category(), text="要人陪诊", building=city.home.building, without_phone="吴奶奶"
    )
    client = secretary_of(city)
    page = open_page(client, url(mute))
    assert "吴奶奶" in page and "没有手机" in page and url(mute, "urge") in page
    client.post(url(mute, "urge"))
    mute.refresh_from_db()
    assert mute.urges == 1
    for name in ("urge", "withdraw", "add"):
        assert client.post(url(row, name)).status_code == 404


def test_volunteers_who_know_the_trade_are_named_and_nothing_more(city: City, row: ServiceRequest) -> None:
    knows = scenes.a_volunteer(city, skills=("电工",), name="王建国")
    far = scenes.a_volunteer(city, city.next_door, skills=("电工",), name="隔壁电工")
    found = helping.helpers_for(row)
    assert [(each.name, each.skills, each.is_free) for each in found] == [("王建国", ["电工"], True)]
    page = open_page(secretary_of(city), url(row, "helpers"), **HTMX)
    assert "王建国" in page and "今晚有空" in page and "<html" not in page
    assert knows.user.phone not in page and far.user.name not in page
    assert "1 位同志可能接得了" in open_page(secretary_of(city), url(row, "helpers"))


def test_what_somebody_says_he_can_counts_like_the_register(city: City, row: ServiceRequest) -> None:
    neighbour = scenes.a_plain_volunteer(city)
    profile.declare(neighbour, by=neighbour.user, skills=[Skill.objects.create(name="电工")], free_times=[])
    (found,) = helping.helpers_for(row)
    assert (found.name, found.skills) == (neighbour.user.name, ["电工"])


def test_who_has_a_claim_tonight_comes_after_who_is_free(city: City, row: ServiceRequest) -> None:
    busy = scenes.a_volunteer(city, skills=("电工",), name="忙的")
    scenes.a_volunteer(city, skills=("电工",), name="闲的")
    scenes.a_claim(scenes.a_whistle(city.home), busy)
    with clock.at(scenes.FRIDAY_NOON):
        assert [(each.name, each.is_free) for each in helping.helpers_for(row)] == [
            ("闲的", True),
            ("忙的", False),
        ]


def test_helpers_are_for_those_who_confirm_registrations(city: City, row: ServiceRequest) -> None:
    for user in (a_grid_worker(city.home), an_officer(city)):
        assert strong_client(user).get(url(row, "helpers")).status_code == 403
        assert url(row, "helpers") not in open_page(strong_client(user), url(row))
    assert strong_client(city.next_door.secretary).get(url(row, "helpers")).status_code == 404


def test_kept_words_are_offered_filled_in_and_used_where_nothing_was_written(
    city: City, row: ServiceRequest
) -> None:
    def keep(title: str, text: str, **extra: object) -> ReplyTemplate:
        fields = {"organization": city.home.organization, "step": "decline", **extra}
        return ReplyTemplate.objects.create(title=title, text=text, **fields)

    mine = keep("归物业", "{编号} 归物业，{承办}已转告，{姓名}", category=row.category)
    keep("停用的", "旧话", is_open=False)
    keep("隔壁的", "隔壁的话", organization=city.next_door.organization)
    keep("别类的", "别类的话", category=a_category("clean", name="环境"))
    client = secretary_of(city)
    page = open_page(client, url(row, "decline"))
    assert f"{row.number} 归物业，花城社区已转告，{{姓名}}" in page  # nothing else is filled in
    assert not any(words in page for words in ("停用的", "隔壁的", "别类的"))
    client.post(url(row, "decline"), {"reason": "", "reply": mine.pk})
    note = row.events.get(step="decline").note
    assert note.text == f"{row.number} 归物业，花城社区已转告，{{姓名}}"


def test_what_was_written_goes_before_what_was_kept(city: City, row: ServiceRequest) -> None:
    kept = ReplyTemplate.objects.create(
        organization=city.district, step="decline", title="归物业", text="归物业"
    )
    secretary_of(city).post(url(row, "decline"), {"reason": "我写的", "reply": kept.pk})
    assert row.events.get(step="decline").note.text == "我写的"


def test_what_another_community_merged_in_is_not_betrayed(city: City, row: ServiceRequest) -> None:
    officer, far = an_officer(city), ask(city.next_door, clock.now(), text="隔壁的秘密")
    for each, community in ((row, city.home), (far, city.next_door)):
        workflow.accept(each, by=community.secretary, track="important")
        tiers.escalate(each, by=community.secretary, reason="跨社区")
    merging.merge(far, by=officer, target=row)
    assert "隔壁的秘密" not in open_page(secretary_of(city), url(row))
    assert "隔壁的秘密" in open_page(strong_client(officer), url(row))
    page = open_page(strong_client(city.next_door.secretary), url(far))
    assert row.number in page and "三楼楼道灯不亮" not in page


def test_nor_is_the_main_one_told_to_a_grid_worker_of_another_grid(city: City, row: ServiceRequest) -> None:
    main = filed(city, community=city.home.organization, text="别处的秘密")  # in none of his grids
    for each in (row, main):
        workflow.accept(each, by=city.home.secretary, track="important")
    merging.merge(row, by=city.home.secretary, target=main)
    page = open_page(strong_client(a_grid_worker(city.home)), url(row))
    assert main.number in page and "别处的秘密" not in page and url(main) not in page
    assert url(main) in open_page(secretary_of(city), url(row))


def test_a_question_of_holds_asks_the_database_nothing(city: City, row: ServiceRequest) -> None:
    workflow.accept(row, by=city.home.secretary, track="important")
    unit, officer = a_department(city)
    dispatch = sent(city, unit, row)
    found = panel.request_in_sight(city.home.secretary, row.number)
    assert [hold.label for hold in found.holds.all()] == [hold.label for hold in row.holds.all()]
    dispatching.sign(dispatch, by=officer)
    assert panel.request_in_sight(city.home.secretary, row.number).has_dispatches
