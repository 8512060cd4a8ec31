"""What a request carries: strength and an empty scope cache, without a query for who asks for nobody."""

import pytest
from django.test import Client

from organizations.scope import scope_of
from tests import factories
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db


def test_a_visitor_is_never_strong():
    user = Client().get("/sign-in/").wsgi_request.user
    assert not user.session_is_strong
    assert user.scope_cache == {}


def test_a_page_that_asks_for_nobody_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(1):  # its own SELECT 1
        Client().get("/healthz")


def test_the_scope_is_read_once_per_request_and_never_kept_longer(django_assert_num_queries):
    secretary = factories.a_city().home.secretary
    browser = strong_client(secretary)
    user = browser.get("/me/").wsgi_request.user
    user.scope_cache.clear()
    with django_assert_num_queries(1):
        assert scope_of(user).grants
        assert scope_of(user).grants
    secretary.appointments.all().delete()
    assert not scope_of(browser.get("/me/").wsgi_request.user).grants


@pytest.mark.parametrize("page", ["/desk/", "/desk/registry/"])
def test_staff_with_a_weak_session_are_asked_for_the_password_first(page):
    answer = weak_client(factories.a_city().home.secretary).get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/password/?next=")


def test_nobody_is_staff_by_a_session_alone():
    resident = factories.a_user()
    assert strong_client(resident).get("/desk/").status_code in (302, 403, 404)
    assert not scope_of(strong_client(resident).get("/me/").wsgi_request.user).grants
