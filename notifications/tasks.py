"""Thin entries for the worker: ids in, verbs of the outbox called; safe to run twice."""

from celery import shared_task

from notifications import delivery, outbox


@shared_task(name="notifications.deliver_rows")
def deliver_rows(ids: list[int]) -> int:
    return delivery.deliver_many(ids)


@shared_task(name="notifications.expand_fan_out")
def expand_fan_out(fan_out_id: int) -> int:
    return outbox.expand(fan_out_id)


@shared_task(name="notifications.sweep", expires=50)
def sweep() -> int:
    """Every minute; one that waited for longer than that is worth nothing."""
    return outbox.sweep()
