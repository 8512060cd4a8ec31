"""Our app `requests` shadows a well-known library: it may not be installed, locked or half found."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import rest_framework.compat

ROOT = Path(__file__).parents[2]
UNWANTED = ("requests", "brotli", "pandas")


def locked(name: str) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("library", UNWANTED)
def test_it_is_not_installed(library):
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version(library)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_it_is_not_locked(lock):
    names = locked(lock)
    assert "django" in names
    assert not names & set(UNWANTED)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-front.lock"])
def test_a_lock_has_a_hash_for_every_library_and_names_no_host(lock):
    text = (ROOT / lock).read_text()
    for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text
    assert "--index-url" not in text


def test_the_locks_agree_with_each_other():
    assert locked("requirements.lock") <= locked("requirements-dev.lock")


def test_rest_framework_does_not_take_our_app_for_the_library():
    assert rest_framework.compat.requests is None
