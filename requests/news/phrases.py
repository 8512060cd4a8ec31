"""How messages say a moment, and what never stands in one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from ground.personal import without_numbers
from requests.models import ServiceRequest


def moment(at: datetime | None) -> str:
    """“11月27日 18:00”, as the city's clocks show it."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def span(length: timedelta) -> str:
    """“40 分钟”, “2 小时”, “3 天”: whole ones, and never nothing."""
    minutes = max(int(length.total_seconds()) // 60, 1)
    if minutes < 60:
        return f"{minutes} 分钟"
    return f"{minutes // 60} 小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)} 天"


def about(service_request: ServiceRequest) -> str:
    """The matter by which messages are bundled."""
    return f"request:{service_request.pk}"


def title_of(service_request: ServiceRequest) -> str:
    """People write numbers everywhere; messages travel farther than pages."""
    return without_numbers(service_request.title, "（号码）")


def line_of(service_request: ServiceRequest) -> str:
    """For staff: number and place."""
    return f"{service_request.number} · {without_numbers(service_request.place, '（号码）')}"
