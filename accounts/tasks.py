"""Thin entries for the worker."""

from celery import shared_task
from django.core.management import call_command

from accounts import codes, devices


@shared_task(name="accounts.tidy_up")
def tidy_up() -> int:
    """Forget what no longer counts: old codes, expired devices, expired sessions."""
    call_command("clearsessions")
    return codes.forget_old_codes() + devices.forget_expired()
