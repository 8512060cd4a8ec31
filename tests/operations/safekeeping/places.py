"""A platform with one of everything to be backed up, and empty places to restore into."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from grids.models import ImportJob
from ground import sealed
from operations.safekeeping.backup import backup
from operations.safekeeping.engines import engine
from operations.safekeeping.manifest import Refused
from tests.operations.safekeeping import databases
from tests.walk import world


def recorded() -> None:
    """The suite makes its tables from the models; here they count as made by the migrations, which is the same."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    there = recorder.applied_migrations()
    rows = [name for name in MigrationLoader(None).disk_migrations if name not in there]
    recorder.migration_qs.bulk_create(recorder.Migration(app=app, name=name) for app, name in rows)


def one_of_everything() -> None:
    """Rows in nearly every table, photos, and a sheet that lies sealed."""
    world.build()
    job = ImportJob.objects.order_by("pk").first()
    assert job is not None
    job.file.save(f"{uuid4().hex}.sealed", ContentFile(sealed.closed(job, b"\x00\xffsheet" * 50_000)))


@contextmanager
def elsewhere(media: Path, tmp_path: Path) -> Iterator[None]:
    """The default database is an empty one, and uploads go into `media`."""
    with databases.an_empty_one(tmp_path), override_settings(MEDIA_ROOT=media):
        yield


def everything() -> dict[str, list[Any]]:
    """Every row of every table, in the order of its own text: what two databases are compared by."""
    data = engine()
    quote = connection.ops.quote_name
    tables = [name for (name,) in data.ask(data.tables)]
    return {name: sorted(map(repr, data.ask(f"SELECT * FROM {quote(name)}"))) for name in tables}


def uploads(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@dataclass(frozen=True)
class Saved:
    """A backup, and the platform that it was made of: its database, its folder of uploads, what is in them."""

    folder: Path
    database: str
    media: Path
    rows: dict[str, list[Any]]
    files: dict[str, bytes]

    def copied(self, folder: Path) -> Saved:
        """A copy of the backup that may be harmed."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)


def a_backup(folder: Path) -> Saved:
    """Of one of everything, in a database of its own, which stays."""
    media, saved, database = folder / "media", folder / "saved", databases.copy_of_the_tests_own(folder)
    with databases.inside(database), override_settings(MEDIA_ROOT=media):
        cache.clear()  # what it tells of the test before
        recorded()
        one_of_everything()
        backup(saved)
        return Saved(saved, database, media, everything(), uploads(media))


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as why:
        call(*arguments)
    return str(why.value)
