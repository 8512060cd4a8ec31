"""Transmission: how a text leaves the platform. Addresses and secrets of gateways come from the environment."""

from __future__ import annotations

from typing import Protocol

import httpx
import structlog
from django.conf import settings
from django.core.cache import cache

from ground.fields import blind_index, masked_phone

log = structlog.get_logger(__name__)

#: How long the demo's sign-in page shows a code that was "sent", in seconds.
SCREEN_SECONDS = 300
SMS_TIMEOUT = httpx.Timeout(8.0, connect=4.0)


class ChannelError(Exception):
    """The text did not leave, or nobody knows whether it did. The sentence is for the log, not for people."""


class Channel(Protocol):
    def send(self, to: str, text: str) -> None:
        """Hand `text` over for `to` (a phone number, or what the channel calls a person); raises ChannelError."""


def _masked(to: str) -> str:
    return masked_phone(to) if to.isdigit() else to


class Console:
    """A line in the log: for developers. The number is masked."""

    def send(self, to: str, text: str) -> None:
        log.info("console channel", to=_masked(to), text=text)


class Screen:
    """The demo's own: nothing leaves, the sign-in page shows the last text. Exists nowhere else."""

    def send(self, to: str, text: str) -> None:
        if not settings.WENSHAO_DEMO:
            raise ChannelError("the screen channel exists in the demo only")
        cache.set(self._key(to), text, SCREEN_SECONDS)

    @classmethod
    def last(cls, to: str) -> str:
        """The last text for a number, or "" outside the demo."""
        return cache.get(cls._key(to), "") if settings.WENSHAO_DEMO else ""

    @staticmethod
    def _key(to: str) -> str:
        return "screen:" + blind_index(to, "screen")


class HttpSms:
    """A short message through an HTTP gateway: POST {"phone", "text"} with a bearer token; 2xx means taken."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def send(self, to: str, text: str) -> None:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            answer = httpx.post(
                self.url, json={"phone": to, "text": text}, headers=headers, timeout=SMS_TIMEOUT
            )
        except httpx.HTTPError as error:
            raise ChannelError(f"SMS gateway: {type(error).__name__}") from error
        if not answer.is_success:
            raise ChannelError(f"SMS gateway answered {answer.status_code}")


class Nowhere:
    """Production without a gateway: refuses instead of writing codes into a log."""

    def send(self, to: str, text: str) -> None:
        raise ChannelError("WENSHAO_SMS_URL is not set")


def sms() -> Channel:
    """The channel for short messages: the demo's screen, the gateway, or an embedded platform's console."""
    if settings.WENSHAO_DEMO:
        return Screen()
    if settings.WENSHAO_SMS_URL:
        return HttpSms(settings.WENSHAO_SMS_URL, settings.WENSHAO_SMS_TOKEN)
    return Nowhere() if settings.PRODUCTION else Console()
