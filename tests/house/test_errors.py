"""Refusals and failures: headers on every answer, sentences that help, JSON for the API."""

import errno
import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory

from governance import views
from governance.api import exception_handler
from governance.logs import mask, without_personal_data
from governance.middleware import ClientAddressMiddleware
from ground.errors import NoPower, RuleViolation


@pytest.mark.django_db
def test_the_health_check_asks_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_the_health_check_says_when_the_database_is_gone(client):
    def broken(execute, sql, params, many, context):
        raise DatabaseError

    with connection.execute_wrapper(broken):
        assert client.get("/healthz").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/no-such-page/"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_scripts_may_be_evaluated_under_the_registry_only(client):
    policy = client.get("/desk/registry/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy


@pytest.mark.django_db
def test_a_missing_page_says_so_in_chinese_and_the_api_in_json(client):
    page = client.get("/no-such-page/")
    assert page.status_code == 404
    assert "没有找到" in page.content.decode()
    assert client.get("/api/v1/no-such-thing/").json()["detail"].startswith("没有找到")


def error_request(path: str):
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda r: views.bad_request(r, Exception()), 400),
        (lambda r: views.permission_denied(r, NoPower("只有社区书记可以受理。")), 403),
        (lambda r: views.csrf_failure(r), 403),
        (lambda r: views.server_error(r), 500),
    ],
)
def test_every_error_page_renders_and_shows_a_way_on(answer, status):
    page = answer(error_request("/x/"))
    assert page.status_code == status
    assert 'href="/"' in page.content.decode()


def test_a_refused_power_is_shown_with_its_own_sentence():
    page = views.permission_denied(error_request("/x/"), NoPower("只有社区书记可以受理。"))
    assert "只有社区书记可以受理。" in page.content.decode()


def test_a_broken_rule_answers_409_with_its_sentence_and_field():
    answer = exception_handler(RuleViolation("该哨单已满员", field="places"), {})
    assert answer is not None
    assert (answer.status_code, answer.data) == (409, {"detail": "该哨单已满员", "field": "places"})


def test_a_missing_power_answers_403_with_its_sentence():
    answer = exception_handler(NoPower("只有社区书记可以受理。"), {})
    assert answer is not None
    assert (answer.status_code, str(answer.data["detail"])) == (403, "只有社区书记可以受理。")


@pytest.mark.django_db
def test_the_api_asks_who_is_calling(client):
    assert client.get("/api/v1/").status_code in (401, 403)
    assert client.get("/api/schema/").status_code in (401, 403)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        (2, "1.1.1.1", "10.0.0.9"),
        (1, "", "10.0.0.9"),
    ],
)
def test_the_callers_address_is_the_one_the_outermost_trusted_proxy_saw(
    settings, proxies, forwarded, address
):
    settings.PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=forwarded)
    ClientAddressMiddleware(lambda r: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == address


def test_logs_hold_no_phone_and_no_identity_number():
    line = "sent to 13800138000, id 440203199001011234 and 44020319900101123X, request 20261120000123"
    assert mask(line) == "sent to ●●●, id ●●● and ●●●, request 20261120000123"
    assert without_personal_data(None, "info", {"event": "13800138000", "n": 1}) == {"event": "●●●", "n": 1}


def answered(path: str, error: Exception):
    """What `server_error` gives for a page that broke with `error`."""
    try:
        raise error
    except Exception:
        return views.server_error(RequestFactory().get(path))


def test_a_database_that_is_away_is_503_and_passes():
    page = answered("/desk/", OperationalError("server closed the connection"))
    api = answered("/api/v1/requests/", InterfaceError("connection already closed"))
    assert "请过一会儿再试" in page.content.decode()
    assert "请过一会儿再试" in json.loads(api.content)["detail"]
    for answer in (page, api):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    broken = answered("/desk/", ValueError())
    assert broken.status_code == 500
    assert "Retry-After" not in broken.headers


def test_a_full_disk_is_said():
    answer = answered("/desk/", OSError(errno.ENOSPC, "No space left on device"))
    assert answer.status_code == 507
    assert "磁盘满了" in answer.content.decode()


def test_a_form_that_is_too_large_is_413_with_a_sentence(client):
    answer = client.post("/sign-in/", data={"phone": "1" * (6 * 1024 * 1024)})
    assert answer.status_code == 413
    assert "提交的内容太多" in answer.content.decode()
    api = client.post(
        "/api/v1/auth/token/", data=b"{" + b" " * (6 * 1024 * 1024), content_type="application/json"
    )
    assert api.status_code == 413
    assert "提交的内容太多" in api.json()["detail"]
