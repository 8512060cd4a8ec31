"""What lower floors do that people must hear of: an unusual look behind the mask (RULES 5)."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from notifications.outbox import say
from organizations import access
from organizations.models import AccessLogEntry
from organizations.signals import access_noted

_VERB = {access.REVEAL: "查看号码", access.EXPORT: "导出个人信息", access.ERASE: "删除个人信息"}


@receiver(access_noted)
def alert_the_watchers(sender: Any, entry: AccessLogEntry, words: str, **kwargs: Any) -> None:
    """Told once per person who looks and hour: a burst of thirty is one alert, the list shows them all."""
    if not entry.is_unusual:
        return
    moment = timezone.localtime(entry.at)
    page = reverse("admin:organizations_accesslogentry_changelist")
    for watcher in access.watchers(entry):
        say(
            to=watcher,
            key=f"access:{entry.by_id}:{moment:%Y%m%d%H}",
            title=f"{entry.by}{_VERB[entry.action]}异常：{words}",  # type: ignore[index]
            text=f"{entry.organization}，{moment:%m月%d日 %H:%M}。请打开查看记录核对理由。",
            url=f"{page}?is_unusual__exact=1",
        )
