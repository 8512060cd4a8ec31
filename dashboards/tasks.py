"""Thin entries for beat and the worker."""

from celery import shared_task

from dashboards import digests, rolling
from dashboards.patterns import finding


@shared_task(name="dashboards.roll_up", expires=590)
def roll_up() -> int:
    """Every ten minutes: what changed, and everything once a day. Returns how many rows were written."""
    done = rolling.catch_up()
    return done.rows if done else 0


@shared_task(name="dashboards.send_digests", expires=590)
def send_digests() -> int:
    """Every ten minutes: the weekly letters that are due. Returns how many were written."""
    return digests.send_due()


@shared_task(name="dashboards.find_patterns", expires=3500)
def find_patterns() -> int:
    """Every hour: what is asked for again and again. Returns how many patterns are new."""
    return finding.look_around()
