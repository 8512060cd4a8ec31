"""Thin entries for the worker."""

from celery import shared_task
from django.core.management import call_command

from accounts import codes, devices
from accounts.models import ApiToken
from ground import clock


@shared_task(name="accounts.tidy_up")
def tidy_up() -> int:
    """Forget what no longer counts: old codes, expired devices, tokens and sessions."""
    call_command("clearsessions")
    tokens, _ = ApiToken.objects.filter(expiry__lt=clock.now()).delete()
    return codes.forget_old_codes() + devices.forget_expired() + tokens
