"""One dispatch: what its page and its panel show to whom, and the steps taken there."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ground import clock
from organizations.posts import Post
from requests import dispatching
from requests.models import Dispatch
from requests.states import DispatchState
from tests.desk.dispatch_scenes import a_town
from tests.desk.scenes import open_page, queries_of
from tests.factories import a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import FRIDAY, a_photo, accepted
from tests.workflow.dispatched import GOOD, a_department, again, sent

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


@pytest.fixture
def town():
    with clock.at(FRIDAY):
        yield a_town()


def page_of(dispatch):
    return reverse("desk:dispatch", args=[dispatch.pk])


def step_of(dispatch, name):
    return reverse("desk:dispatch_step", args=[dispatch.pk, name])


def the_main(page):
    return page[page.index('<main class="desk-main"') :] if "<main" in page else page


def test_whoever_asked_reads_no_words_and_no_marks_whatever_post_he_holds(town):
    """RULES 0: it is his own; on the page, over the API, and as an officer of the unit as well."""
    city, unit, _ = town
    asker, other = a_user("周小兰"), a_user("邓承办")
    for person in (asker, other):
        appoint(person, Post.CASE_OFFICER, unit)
    row = sent(city, unit, accepted(city, by=asker), text="密语：先安抚他")
    dispatching.sign(row, by=other)
    dispatching.answer(row, by=other, text="密语：他说不急")
    dispatching.confirm(row, by=city.home.secretary, **{**GOOD, "effective": 2}, text="密语：慢")
    for person, is_told in ((asker, False), (other, True)):
        page = the_main(open_page(strong_client(person), page_of(row)))
        shown = strong_client(person).get(f"/api/v1/dispatches/{row.pk}/")
        assert ("密语" in page, "反向评价" in page) == (is_told, is_told)
        assert ("密语" in shown.content.decode(), shown.json()["effective"]) == (
            is_told,
            2 if is_told else None,
        )


def test_the_unit_reads_what_is_asked_where_and_by_when(town):
    city, unit, officer = town
    asker = a_user("周小兰")
    row = sent(city, unit, accepted(city, by=asker, text="三楼灯不亮", photos=[a_photo()]), text="请换灯")
    page = the_main(open_page(strong_client(officer), page_of(row)))
    for said in (
        "三楼灯不亮",
        "请换灯",
        "花城小区 1 栋",
        "周**",
        "工作哨",
        "主办",
        "前签收",
        "前到场",
        "可以退回",
    ):
        assert said in page, said
    assert row.service_request.photos.get().pk.hex[:8] in page
    for hidden in ("周小兰", asker.phone, "打开点单"):
        assert hidden not in page


def test_the_number_shows_where_shared_and_only_while_in_hand(town):
    city, unit, officer = town
    asker, client = a_user("周小兰"), strong_client(officer)
    row = sent(city, unit, accepted(city, by=asker, shares_phone=True))

    def shows():
        response = client.get(page_of(row))
        assert response["Cache-Control"] == "no-store"
        return asker.phone in response.content.decode()

    assert not shows()
    dispatching.sign(row, by=officer)
    assert shows()
    assert asker.phone not in open_page(strong_client(city.home.secretary), page_of(row))
    dispatching.answer(row, by=officer, text="好了")
    assert shows()
    dispatching.confirm(row, by=city.home.secretary, **GOOD)
    assert not shows()


def test_without_consent_there_is_no_number(town):
    city, unit, officer = town
    asker = a_user("周小兰")
    row = sent(city, unit, accepted(city, by=asker))
    dispatching.sign(row, by=officer)
    page = open_page(strong_client(officer), page_of(row))
    assert asker.phone not in page and "没有同意公开号码" in page


def test_staff_who_filed_for_one_without_a_phone_do_not_stand_in_for_the_number(town):
    city, unit, officer = town
    worker = a_user("梁工")
    appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
    request = accepted(city, by=worker, without_phone="陈阿婆", shares_phone=True)
    row = sent(city, unit, request)
    dispatching.sign(row, by=officer)
    page = the_main(open_page(strong_client(officer), page_of(row)))
    assert "陈**" in page and "没有手机" in page
    assert worker.phone not in page and "陈阿婆" not in page


def test_signing_and_arriving_take_one_tap_with_and_without_htmx(town):
    city, unit, officer = town
    row, client = sent(city, unit), strong_client(officer)
    answer = client.post(step_of(row, "sign"))
    assert answer.status_code == 302 and answer.url == page_of(row)
    assert again(row).state == DispatchState.ACCEPTED
    panel = client.post(step_of(row, "arrive"), headers=HTMX)
    assert panel.status_code == 200 and "<html" not in panel.content.decode()
    assert "已到场" in panel.content.decode() and "worklist" in panel["HX-Trigger"]
    assert again(row).arrived_at == FRIDAY


def test_answering_with_words_and_photos_that_the_handler_sees(town):
    city, unit, officer = town
    row, client = sent(city, unit), strong_client(officer)
    client.post(step_of(row, "sign"))
    assert "怎么办的" in open_page(client, step_of(row, "answer"))
    empty = client.post(step_of(row, "answer"), {"text": " "})
    assert empty.status_code == 200 and again(row).state == DispatchState.ACCEPTED
    client.post(step_of(row, "answer"), {"text": "换了新灯管", "photos": [a_photo()]})
    photo = row.service_request.photos.get()
    page = open_page(strong_client(city.home.secretary), page_of(row))
    assert "换了新灯管" in page and str(photo.pk) in page


def test_confirming_and_rejecting_on_the_page(town):
    city, unit, officer = town
    row, theirs, ours = sent(city, unit), strong_client(officer), strong_client(city.home.secretary)
    theirs.post(step_of(row, "sign"))
    theirs.post(step_of(row, "answer"), {"text": "好了"})
    ours.post(step_of(row, "reject"), {"reason": "还是不亮"})
    assert again(row).rejections == 1
    assert "还是不亮" in open_page(theirs, page_of(row)) and "退回重办" in open_page(theirs, page_of(row))
    theirs.post(step_of(row, "answer"), {"text": "又换了"})
    refused = ours.post(step_of(row, "confirm"), {"timely": 5, "effective": 9, "attitude": 5})
    assert refused.status_code == 200 and again(row).state == DispatchState.ANSWERED
    ours.post(step_of(row, "confirm"), {name: str(mark) for name, mark in GOOD.items()})
    page = the_main(open_page(theirs, page_of(row)))
    assert again(row).state == DispatchState.CONFIRMED
    assert "反向评价" in page and "及时 <b>5 分</b>" in page


def test_what_is_not_possible_now_is_said_and_is_no_button(town):
    city, unit, officer = town
    row, client = sent(city, unit), strong_client(officer)
    page = the_main(open_page(client, page_of(row)))
    assert step_of(row, "sign") in page and step_of(row, "give_back") in page
    assert step_of(row, "answer") not in page and step_of(row, "recall") not in page
    with clock.at(row.give_back_until.replace(hour=23)):
        late = the_main(open_page(client, page_of(row)))
    assert step_of(row, "give_back") not in late and "已超过退回的期限" in late


def test_after_giving_back_the_own_words_stay_and_the_request_is_gone(town):
    city, unit, officer = town
    request = accepted(city, text="三楼灯不亮", photos=[a_photo()])
    row, client = sent(city, unit, request, text="请换灯管"), strong_client(officer)
    client.post(step_of(row, "give_back"), {"reason": "归供电局管"})
    page = the_main(open_page(client, page_of(row)))
    assert "归供电局管" in page and "看不到点单了" in page and request.number in page
    for hidden in ("三楼灯不亮", "请换灯管", "周**", "花城小区 1 栋"):
        assert hidden not in page, hidden
    photo = reverse("requests:photo", args=[request.number, request.photos.get().pk])
    for url in (
        photo,
        reverse("requests:detail", args=[request.number]),
        f"/desk/requests/{request.number}/",
    ):
        assert client.get(url).status_code == 404, url
    assert "归供电局管" in open_page(strong_client(city.home.secretary), page_of(row))


def test_after_taking_back_the_unit_reads_why(town):
    city, unit, officer = town
    row, client = sent(city, unit, accepted(city, text="三楼灯不亮")), strong_client(officer)
    dispatching.recall(row, by=city.home.secretary, reason="派重了")
    page = the_main(open_page(client, page_of(row)))
    assert "派重了" in page and "三楼灯不亮" not in page


def test_other_units_and_communities_find_nothing(town):
    city, unit, officer = town
    row, (_, stranger) = sent(city, unit), a_department(city)
    for who in (stranger, city.next_door.secretary, a_user()):
        client = strong_client(who)
        for url in (page_of(row), *(step_of(row, name) for name in dispatching.VERBS)):
            assert client.get(url).status_code == 404 and client.post(url).status_code in (404, 405)
    assert Dispatch.objects.get().state == DispatchState.SENT


def test_whose_step_it_is_not_is_refused(town):
    city, unit, officer = town
    row = sent(city, unit)
    assert strong_client(city.home.secretary).post(step_of(row, "sign")).status_code == 403
    assert strong_client(officer).get(step_of(row, "recall")).status_code == 403
    for name in ("send", "end_with", "nothing"):
        assert strong_client(officer).post(step_of(row, name)).status_code == 404


def test_the_loser_of_a_race_reads_why_and_keeps_the_words_where_they_still_help(town):
    city, unit, officer = town
    row, client = sent(city, unit), strong_client(officer)
    dispatching.sign(row, by=officer)
    twice = client.post(step_of(row, "sign"), headers=HTMX).content.decode()
    assert "现在是“办理中”，不能签收" in twice
    dispatching.recall(row, by=city.home.secretary, reason="派重了")
    late = client.post(step_of(row, "answer"), {"text": "好了"}).content.decode()
    assert "现在是“已收回”，不能回复" in late and "派重了" in late


def test_the_branch_watches_what_the_tiers_above_may_see(town):
    city, unit, _ = town
    watcher = a_user("区干部")
    appoint(watcher, Post.OFFICER, city.district)
    row = sent(city, unit)
    page = the_main(open_page(strong_client(watcher), page_of(row)))
    assert "楼道灯不亮" in page and step_of(row, "recall") not in page


def test_what_a_page_and_a_step_cost(town):
    city, unit, officer = town
    row = sent(city, unit, accepted(city, photos=[a_photo()], shares_phone=True))
    dispatching.sign(row, by=officer)
    for who in (officer, city.home.secretary):
        client = strong_client(who)
        assert queries_of(client, page_of(row)) <= 12
        assert queries_of(client, page_of(row), **HTMX) <= 12
    client = strong_client(officer)
    with CaptureQueriesContext(connection) as captured:
        client.post(step_of(row, "arrive"))
    took = [each["sql"] for each in captured if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(took) <= 15, "\n".join(took)
