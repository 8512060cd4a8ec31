"""Clients that send a letter now and then hold nobody up; a form of ten megabytes is refused in a sentence."""

import socket
from contextlib import ExitStack

import pytest

from governance.threads import HEAD_SECONDS
from requests.models import RequestEvent
from tests import factories
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.platform import HOST
from tests.workflow import filed

pytestmark = [pytest.mark.services]
#: Threads of both workers, and as many again.
WORKERS, THREADS = 2, 4
SLOW = 2 * WORKERS * THREADS
#: One worker may have taken them all; it gives them up in fours, each after the deadline and at the next second.
LONGEST = (SLOW // THREADS + 1) * (HEAD_SECONDS + 1)
MEGABYTES = 10 * 1024 * 1024
TOO_MUCH = "提交的内容太多"


def test_clients_that_never_end_do_not_hold_the_others_up(platform):
    with ExitStack() as stack, platform.browser() as page:
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", platform.port))) for _ in range(SLOW)
        ]
        for each in slow:
            each.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode())
        answer = page.get("/sign-in/", timeout=LONGEST)
        assert answer.status_code == 200
        for each in slow:
            each.settimeout(LONGEST)
            assert each.recv(1000)[:12] in (b"", b"HTTP/1.1 400"), "given up, not waited for"
    doctor_is_clean()


def test_a_form_of_ten_megabytes_is_refused_in_a_sentence(platform):
    city = factories.a_city()
    service_request = filed(city)
    text = "长" * (MEGABYTES // len("%E9%95%BF"))
    with platform.browser(city.home.secretary) as page, platform.api(city.home.secretary) as api:
        form = page.post(f"/desk/requests/{service_request.number}/note/", data={"text": text})
        assert form.status_code == 413
        assert TOO_MUCH in form.text
        path = f"/requests/{service_request.number}/steps/note/"
        answer = api.post(path, json={"text": "长" * (MEGABYTES // 3)})
        assert answer.status_code == 413
        assert TOO_MUCH in answer.json()["detail"]
        assert page.get("/desk/").status_code == 200
    assert RequestEvent.objects.filter(subject=service_request).count() == 1
    doctor_is_clean()
