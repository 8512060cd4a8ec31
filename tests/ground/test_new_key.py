"""A new key for the ring: `manage.py rotate_field_keys --add-key`."""

from __future__ import annotations

import base64
import os
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance.environment import field_keys
from ground import rotation
from ground.fields import decrypt, encrypt
from tests.workflow import together


def run(*options: str) -> str:
    out = StringIO()
    call_command("rotate_field_keys", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def ring_file(tmp_path: Path, settings: Any) -> Path:
    path = tmp_path / "field_keys"
    path.write_text(",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items()))
    path.chmod(0o600)
    settings.FIELD_KEYS_FILE = path
    return path


def test_embedded_a_key_goes_into_the_file_and_is_good(ring_file, settings):
    before = field_keys(ring_file.read_text())
    said = run("--add-key")
    after = field_keys(ring_file.read_text())
    assert set(after) == {*before, "2"}
    assert {name: after[name] for name in before} == before
    assert "2 号密钥" in said and after["2"] not in said
    assert stat.S_IMODE(ring_file.stat().st_mode) == 0o600
    assert [
        each.name for each in ring_file.parent.iterdir() if "field_keys" in each.name and each != ring_file
    ] == [".field_keys.lock"]
    old = encrypt("13800005678", "x")
    settings.FIELD_KEYS = after
    new = encrypt("13800005678", "x")
    assert new.startswith("a2:") and decrypt(old, "x") == decrypt(new, "x")


def test_two_new_keys_at_once_are_both_kept(ring_file):
    numbers = together(*[lambda: rotation.add_key(ring_file)] * 6)
    assert sorted(numbers) == ["2", "3", "4", "5", "6", "7"]
    assert len(ring_file.read_text().split(",")) == 8


def test_a_file_that_cannot_be_written_is_told_and_stays(ring_file, monkeypatch):
    before = ring_file.read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError) as failure:
        run("--add-key")
    sentence = str(failure.value)
    assert "No space left" in sentence
    assert ring_file.read_text() == before
    assert not list(ring_file.parent.glob(".field_keys.[0-9]*"))


def test_in_production_a_key_is_shown_and_written_nowhere(ring_file, settings):
    before = ring_file.read_text()
    settings.FIELD_KEYS_FILE = None
    number, _, key = run("--add-key").strip().partition(":")
    assert number == "2" and len(base64.b64decode(key, validate=True)) == 32
    assert ring_file.read_text() == before and number not in settings.FIELD_KEYS
