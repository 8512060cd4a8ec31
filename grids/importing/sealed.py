"""The uploaded file: sealed from the first moment, bound to its job, deleted when the job has ended."""

from __future__ import annotations

from datetime import timedelta

from grids.models import ImportJob
from ground import clock
from ground.fields import seal, unseal

FOLDER = "imports"
#: A file that belongs to no job after so long was left behind by a worker or a server that was killed.
STRAY_AFTER = timedelta(hours=1)


def closed(job: ImportJob, content: bytes) -> bytes:
    return seal(content, _place(job))


def opened(job: ImportJob) -> bytes:
    """The file as it was uploaded. Raises OSError, ground.fields.Undecipherable."""
    with job.file.open("rb") as file:
        return unseal(file.read(), _place(job))


def throw_away(job: ImportJob) -> None:
    """Delete the file, then forget its name: killed in between, the next sweep does it again."""
    if job.file:
        job.file.delete(save=False)
        ImportJob.objects.filter(pk=job.pk).update(file="")


def sweep() -> int:
    """Delete files that no row names. Gives how many there were."""
    storage = ImportJob._meta.get_field("file").storage
    try:
        names = [f"{FOLDER}/{name}" for name in storage.listdir(FOLDER)[1]]
    except FileNotFoundError:
        return 0
    known = set(ImportJob.objects.exclude(file="").values_list("file", flat=True))
    stray = [
        name
        for name in names
        if name not in known and clock.now() - storage.get_modified_time(name) > STRAY_AFTER
    ]
    for name in stray:
        storage.delete(name)
    return len(stray)


def _place(job: ImportJob) -> str:
    return f"grids.importjob.file:{job.pk}"
