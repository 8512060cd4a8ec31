"""The Chinese words of the themed admin: complete, with the placeholders of the original."""

import re
from pathlib import Path

from babel.messages.pofile import read_po

PLACEHOLDER = re.compile(r"%\(\w+\)s")


def messages():
    with Path("locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as source:
        return [message for message in read_po(source, locale="zh_Hans") if message.id]


def test_every_sentence_is_translated():
    assert len(messages()) > 90
    assert [message.id for message in messages() if not message.string] == []


def test_placeholders_survive():
    for message in messages():
        original = message.id[-1] if isinstance(message.id, tuple) else message.id
        chinese = message.string[0] if isinstance(message.string, tuple) else message.string
        assert set(PLACEHOLDER.findall(original)) == set(PLACEHOLDER.findall(chinese)), original
