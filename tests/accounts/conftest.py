"""What the tests of signing in share: a screen that shows what would have been sent."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from ground.channels import Screen

PHONE = "13800001111"
PASSWORD = "huacheng-2026"


@pytest.fixture
def code_of(settings) -> Callable[[str], str]:
    """The code that was sent last to a number, read where the demo shows it."""
    settings.WENSHAO_DEMO = True

    def last(phone: str = PHONE) -> str:
        digits = re.search(r"\d{6}", Screen.last(phone))
        return digits.group() if digits else ""

    return last


@pytest.fixture
def signed_in_by_code(code_of) -> Callable[..., Client]:
    """A browser that went through the pages with a code."""

    def go(phone: str = PHONE, **headers: str) -> Client:
        browser = Client(headers=headers)
        browser.post("/sign-in/", {"phone": phone})
        answer = browser.post("/sign-in/code/", {"code": code_of(phone)})
        assert answer.status_code == 302, answer.content.decode()
        return browser

    return go
