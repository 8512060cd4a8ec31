"""Thin entries for beat and the worker."""

from celery import shared_task

from dashboards import rolling


@shared_task(name="dashboards.roll_up", expires=590)
def roll_up() -> int:
    """Every ten minutes: what changed, and everything once a day. Returns how many rows were written."""
    done = rolling.catch_up()
    return done.rows if done else 0
