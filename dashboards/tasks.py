"""Thin entries for beat and the worker."""

from celery import shared_task

from dashboards import digests, rolling


@shared_task(name="dashboards.roll_up", expires=590)
def roll_up() -> int:
    """Every ten minutes: what changed, and everything once a day. Returns how many rows were written."""
    done = rolling.catch_up()
    return done.rows if done else 0


@shared_task(name="dashboards.send_digests", expires=590)
def send_digests() -> int:
    """Every ten minutes: the weekly letters that are due. Returns how many were written."""
    return digests.send_due()
