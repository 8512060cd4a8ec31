"""The page and the API of what somebody wants to be called for, and the inbox over the API."""

from datetime import time

import pytest
from django.test import Client

from notifications.models import Message, Preference
from tests import factories
from tests.notifications import step, sweep_at
from tests.notifications.test_inbox import a_message
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db
PAGE, API = "/messages/preferences/", "/api/v1/messages/"


def test_visitors_are_asked_to_sign_in():
    assert Client().get(PAGE)["Location"] == f"/sign-in/?next={PAGE}"
    for address in (API, f"{API}unread/", f"{API}preferences/"):
        assert Client().get(address).status_code == 401


def test_the_page_is_reached_from_me_and_from_the_inbox_and_shows_the_defaults():
    browser = weak_client(factories.a_user())
    assert all(PAGE in browser.get(where).content.decode() for where in ("/me/", "/messages/"))
    page = browser.get(PAGE).content.decode()
    assert 'value="22:00"' in page and 'value="07:00"' in page
    assert page.count("checked") == 3
    assert page.count("btn primary") == 1
    assert "工作提醒" not in page


def test_saying_what_one_wants_is_kept_and_only_for_oneself():
    me, other = factories.a_user(), factories.a_user()
    browser = weak_client(me)
    answer = browser.post(PAGE, {"wants_progress": "on", "quiet_from": "21:30", "quiet_to": "08:00"})
    assert answer["Location"] == "/messages/"
    kept = Preference.objects.get()
    assert (kept.user, kept.wants_progress, kept.wants_whistles) == (me, True, False)
    assert (kept.is_quiet_at_night, kept.quiet_from, kept.quiet_to) == (False, time(21, 30), time(8))
    assert 'value="21:30"' in browser.get(PAGE).content.decode()
    weak_client(other).post(PAGE, {"quiet_from": "22:00", "quiet_to": "07:00"})
    kept.refresh_from_db()
    assert kept.wants_progress


@pytest.mark.parametrize(
    ("begins", "ends", "sentence"),
    [("22:00", "22:00", "同一时间"), ("", "07:00", "请填开始时间"), ("22:00", "半夜", "结束时间请按")],
)
def test_hours_that_make_no_sense_are_refused_at_the_field(begins, ends, sentence):
    me = factories.a_user()
    answer = weak_client(me).post(PAGE, {"is_quiet_at_night": "on", "quiet_from": begins, "quiet_to": ends})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Preference.objects.exists()


def test_who_holds_a_post_reads_that_work_cannot_be_switched_off():
    secretary = factories.a_city().home.secretary
    assert "你有任职，工作提醒不能关" in strong_client(secretary).get(PAGE).content.decode()
    assert strong_client(secretary).get(f"{API}preferences/").json()["must_hear_of_work"] is True


def test_letters_of_dashboards_are_a_switch_for_posts_only():
    secretary, resident = factories.a_city().home.secretary, factories.a_user()
    for user, shown in ((secretary, True), (resident, False)):
        assert ("看板周报" in strong_client(user).get(PAGE).content.decode()) is shown
        strong_client(user).post(PAGE, {"quiet_from": "22:00", "quiet_to": "07:00"})
    kept = dict(Preference.objects.values_list("user", "wants_digests"))
    assert kept == {secretary.pk: False, resident.pk: True}  # where it is not shown, nothing was said of it


def test_the_api_changes_what_is_said_and_leaves_the_rest():
    me = factories.a_user()
    browser = weak_client(me)
    answer = browser.patch(f"{API}preferences/", {"quiet_to": "08:00"}, "application/json")
    assert answer.json() == {
        "wants_progress": True,
        "wants_whistles": True,
        "wants_digests": True,
        "is_quiet_at_night": True,
        "quiet_from": "22:00:00",
        "quiet_to": "08:00:00",
        "must_hear_of_work": False,
    }
    assert browser.get(f"{API}preferences/").json() == answer.json()
    refused = browser.patch(f"{API}preferences/", {"quiet_from": "08:00"}, "application/json")
    assert (refused.status_code, refused.json()["field"]) == (409, "quiet_to")
    assert browser.patch(f"{API}preferences/", {"quiet_to": "x"}, "application/json").status_code == 400
    assert browser.patch(f"{API}preferences/", [1], "application/json").status_code == 400


def test_the_inbox_over_the_api_page_by_page():
    me = factories.a_user()
    made = [a_message(me, f"第 {number} 条").pk for number in range(33)]
    a_message(factories.a_user(), "别人的")
    browser = weak_client(me)
    first = browser.get(API).json()
    assert first["unread"] == 33
    older = browser.get(API, {"before": first["older"]}).json()
    assert [row["id"] for row in first["results"] + older["results"]] == made[::-1]
    assert older["older"] == ""
    assert browser.get(API, {"before": "x"}).status_code == 400
    assert set(first["results"][0]) == {
        *("id", "title", "text", "url", "is_urgent", "steps", "at", "read_at"),
    }


def test_reading_over_the_api():
    me = factories.a_user()
    one, _ = a_message(me), a_message(me)
    browser = weak_client(me)
    assert browser.get(f"{API}unread/").json() == {"unread": 2}
    read = browser.post(f"{API}{one.pk}/read/").json()
    assert read["id"] == one.pk and read["read_at"]
    assert browser.post(f"{API}{one.pk}/read/").json() == read
    assert browser.post(f"{API}read-all/").json() == {"marked": 1}
    assert browser.get(f"{API}unread/").json() == {"unread": 0}


def test_another_persons_message_does_not_exist():
    message = a_message(factories.a_user())
    for outsider in (weak_client(factories.a_user()), strong_client(factories.a_city().home.secretary)):
        assert outsider.post(f"{API}{message.pk}/read/").status_code == 404
        assert outsider.post(f"{API}read-all/").json() == {"marked": 0}
        assert outsider.get(API).json()["results"] == []
    message.refresh_from_db()
    assert message.read_at is None


def test_a_line_of_several_steps_says_so_and_counts_once():
    me = factories.a_user()
    step(me, "已受理", 0)
    step(me, "小李负责", 5)
    sweep_at(60)
    page = weak_client(me).get("/messages/").content.decode()
    assert "1 条未读消息" in page
    assert "等 2 条进展。此前：已受理" in page
    assert weak_client(me).get(API).json()["results"][0]["steps"] == 2
    assert Message.objects.count() == 1
