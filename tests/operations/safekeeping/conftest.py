from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.operations import beside
from tests.operations.safekeeping import databases, places

transactional_db = beside.transactional_db


@pytest.fixture(scope="session")
def first(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[places.Saved]:
    """Made once. The test's own database is left alone, so that nothing has to be emptied after each test."""
    with django_db_blocker.unblock():
        made = places.a_backup(tmp_path_factory.mktemp("safe"))
    yield made
    with django_db_blocker.unblock():
        databases.drop_all()


@pytest.fixture
def made(transactional_db: None, first: places.Saved, tmp_path: Path) -> places.Saved:
    """A backup of one of everything for this test, and what was in it."""
    return first.copied(tmp_path / "saved")


@pytest.fixture
def saved(made: places.Saved) -> Path:
    return made.folder


@pytest.fixture
def platform(made: places.Saved, tmp_path: Path) -> Iterator[Path]:
    """The default database and the folder of uploads (given) hold one of everything; `saved` is a backup of it.

    A backup writes no row, so all tests look at one database; the folder is the test's own.
    """
    there = shutil.copytree(made.media, tmp_path / "media-there")
    with databases.inside(made.database), override_settings(MEDIA_ROOT=there):
        yield there
