"""Thin entries for the worker: ids in, the import's functions called; safe to run twice."""

from celery import shared_task

from grids.importing import running
from ground.leases import MESSAGE_SECONDS


@shared_task(name="grids.check_import", expires=MESSAGE_SECONDS)
def check_import(job_id: int) -> None:
    running.check(job_id)


@shared_task(name="grids.load_import", expires=MESSAGE_SECONDS)
def load_import(job_id: int) -> None:
    running.load(job_id)


@shared_task(name="grids.resume_imports", expires=50)
def resume_imports() -> int:
    """Every minute; one that waited for longer than that is worth nothing."""
    return running.resume()
