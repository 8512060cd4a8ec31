"""The inbox: one's own messages, unread ones, opening, pages that stay fast."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from ground import clock
from notifications import inbox
from notifications.models import Message, Outgoing
from tests import factories
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db


def a_message(to: User, title: str = "你的点单已受理", **more) -> Message:
    message = Message.objects.create(to=to, title=title, **more)
    Outgoing.objects.create(
        key=f"{message.pk}", to=to, title=title, state=Outgoing.State.SENT, message=message
    )
    return message


def test_visitors_are_sent_to_sign_in():
    assert Client().get("/messages/")["Location"] == "/sign-in/?next=/messages/"


def test_an_empty_inbox_says_what_to_expect():
    assert "还没有消息" in weak_client(factories.a_user()).get("/messages/").content.decode()


def test_one_sees_ones_own_newest_first():
    me, other = factories.a_user(), factories.a_user()
    a_message(me, "早的", at=clock.now() - timedelta(days=1))
    a_message(me, "新的", is_urgent=True)
    a_message(other, "别人的")
    page = weak_client(me).get("/messages/").content.decode()
    assert page.index("新的") < page.index("早的")
    assert "别人的" not in page
    assert "2 条未读消息" in page
    assert "紧急" in page


def test_opening_marks_as_read_and_goes_where_it_is_about():
    me = factories.a_user()
    message = a_message(me, url="/requests/WJ1/")
    browser = weak_client(me)
    assert browser.get(f"/messages/{message.pk}/read/").status_code == 405
    assert browser.post(f"/messages/{message.pk}/read/")["Location"] == "/requests/WJ1/"
    message.refresh_from_db()
    first = message.read_at
    assert first
    browser.post(f"/messages/{message.pk}/read/")
    message.refresh_from_db()
    assert message.read_at == first
    assert "未读" not in browser.get("/messages/").content.decode()


@pytest.mark.parametrize("url", ["", "https://evil.example/", "//evil.example/"])
def test_a_message_leads_nowhere_else(url):
    me = factories.a_user()
    message = a_message(me, url=url)
    assert weak_client(me).post(f"/messages/{message.pk}/read/")["Location"] == "/messages/"


def test_another_persons_message_does_not_exist():
    message = a_message(factories.a_user(), url="/requests/WJ1/")
    for outsider in (weak_client(factories.a_user()), strong_client(factories.a_city().home.secretary)):
        assert outsider.post(f"/messages/{message.pk}/read/").status_code == 404
    message.refresh_from_db()
    assert message.read_at is None
    assert Client().post(f"/messages/{message.pk}/read/").status_code == 302


def test_mark_all_read_leaves_others_alone():
    me, other = factories.a_user(), factories.a_user()
    [a_message(me) for _ in range(3)]
    a_message(other)
    weak_client(me).post("/messages/read/")
    assert inbox.unread_count(me) == 0
    assert inbox.unread_count(other) == 1


def test_forms_want_their_csrf_token():
    me = factories.a_user()
    message = a_message(me)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(me, backend="accounts.backends.PhoneBackend")
    assert browser.post(f"/messages/{message.pk}/read/").status_code == 403
    assert browser.post("/messages/read/").status_code == 403


def test_pages_follow_each_other_without_gaps_even_at_the_same_moment():
    me = factories.a_user()
    moment = clock.now()
    made = [a_message(me, f"第 {number} 条", at=moment).pk for number in range(70)]
    seen, before = [], ""
    while True:
        page = inbox.page_of(me, before)
        seen += [message.pk for message in page.messages]
        if not (before := page.older):
            break
    assert seen == made[::-1]
    browser = weak_client(me)
    first = browser.get("/messages/")
    older = first.content.decode().split('rel="next" href="')[1].split('"')[0]
    assert "第 30 条" in browser.get(f"/messages/{older}").content.decode()


@pytest.mark.parametrize(
    "mark", ["x", "2026-01-01~1", "~", "2026-01-01T00:00:00~1", "2026-13-01T00:00:00+00:00~1"]
)
def test_an_unreadable_mark_shows_the_first_page(mark):
    me = factories.a_user()
    a_message(me, "新的")
    assert "新的" in weak_client(me).get("/messages/", {"before": mark}).content.decode()


def test_queries_do_not_grow_with_messages(django_assert_max_num_queries):
    me = factories.a_user()
    browser = weak_client(me)
    for wanted in (3, 60):
        [a_message(me) for _ in range(wanted)]
        with django_assert_max_num_queries(6):
            assert browser.get("/messages/").status_code == 200


def test_counting_stops_at_a_hundred():
    me = factories.a_user()
    [a_message(me) for _ in range(103)]
    assert inbox.unread_count(me) == 100
    assert "100+ 条未读消息" in weak_client(me).get("/messages/").content.decode()


def test_the_administrator_sees_states_and_no_words():
    administrator = factories.a_user(is_administrator=True)
    a_message(factories.a_user(), "周明的点单")
    browser = strong_client(administrator)
    page = browser.get("/desk/registry/notifications/outgoing/").content.decode()
    assert "已送达" in page
    assert "周明的点单" not in page
    detail = browser.get(f"/desk/registry/notifications/outgoing/{Outgoing.objects.get().pk}/change/")
    assert "周明的点单" not in detail.content.decode()
    outsider = strong_client(factories.a_city().home.secretary)
    assert outsider.get("/desk/registry/notifications/outgoing/").status_code in (403, 404)


def test_a_page_refused_before_anybody_is_known_is_drawn_too():
    answer = Client(headers={"host": "evil.example"}).get("/messages/")
    assert answer.status_code == 400
    assert "首页" in answer.content.decode()
