"""Transmission: a gateway over HTTP is spoken to by the book, the demo's screen exists in the demo only."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ground import channels
from ground.channels import ChannelError, Console, HttpSms, Nowhere, Screen, sms
from tests.house.test_settings import PRODUCTION, read_settings

PHONE = "13800001111"


class Gateway(ThreadingHTTPServer):
    """Takes what is posted, and answers with `status`; `hangs` makes it say nothing until it is set free."""

    status = 200
    hangs = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.taken: list[dict[str, Any]] = []
        self.free = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/send"


class Answer(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(
            {"path": self.path, "token": self.headers["Authorization"], "body": json.loads(body)}
        )
        if self.server.hangs:
            self.server.free.wait(20)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.free.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_is_posted_as_json_with_the_token(gateway):
    HttpSms(gateway.url, "s3cret").send(PHONE, "验证码 123456")
    assert gateway.taken == [
        {"path": "/send", "token": "Bearer s3cret", "body": {"phone": PHONE, "text": "验证码 123456"}}
    ]


@pytest.mark.parametrize("status", [302, 400, 401, 429, 500, 503])
def test_anything_but_success_is_an_error_that_names_no_number(gateway, status):
    gateway.status = status
    with pytest.raises(ChannelError, match=str(status)) as refused:
        HttpSms(gateway.url, "s3cret").send(PHONE, "验证码 123456")
    assert PHONE not in str(refused.value)


def test_a_gateway_that_is_away_or_silent_is_an_error(gateway, monkeypatch):
    with pytest.raises(ChannelError, match="ConnectError"):
        HttpSms("http://127.0.0.1:9/send", "s3cret").send(PHONE, "x")
    monkeypatch.setattr(channels, "SMS_TIMEOUT", channels.httpx.Timeout(0.3))
    gateway.hangs = True
    with pytest.raises(ChannelError, match="Timeout"):
        HttpSms(gateway.url, "s3cret").send(PHONE, "x")


def test_the_settings_choose(settings):
    assert isinstance(sms(), Console)
    settings.PRODUCTION = True
    assert isinstance(sms(), Nowhere)
    with pytest.raises(ChannelError):
        sms().send(PHONE, "x")
    settings.WENSHAO_SMS_URL = "http://127.0.0.1:9/"
    assert isinstance(sms(), HttpSms)
    settings.PRODUCTION, settings.WENSHAO_DEMO = False, True
    assert isinstance(sms(), Screen)


def test_the_screen_shows_the_last_text_in_the_demo_and_nothing_outside(settings):
    settings.WENSHAO_DEMO = True
    Screen().send(PHONE, "一")
    Screen().send(PHONE, "二")
    assert Screen.last(PHONE) == "二"
    assert Screen.last("13900002222") == ""
    settings.WENSHAO_DEMO = False
    assert Screen.last(PHONE) == ""
    with pytest.raises(ChannelError):
        Screen().send(PHONE, "三")


def test_the_console_masks_the_number(caplog):
    Console().send(PHONE, "验证码 123456")
    assert "138****1111" in caplog.text
    assert PHONE not in caplog.text


def test_production_refuses_the_demo(tmp_path):
    answer = read_settings(tmp_path, **PRODUCTION, WENSHAO_DEMO="1")
    assert answer.returncode == 1
    assert "WENSHAO_DEMO" in answer.stderr
