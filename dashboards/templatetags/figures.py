"""One way to put a number on a dashboard: marked with what it counts, leading to it (`dashboards.page.numbers`)."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards.page.numbers import Number

register = template.Library()


@register.simple_tag
def n(number: Number | None, css: str = "") -> SafeString | str:
    """The number with its marks, as a link where it leads anywhere; "" for None."""
    if number is None:
        return ""
    if not number.url:
        return number.__html__()
    return format_html('<a class="{}" href="{}">{}</a>', css, number.url, number.__html__())


@register.simple_tag
def bare(number: Number | None) -> SafeString | str:
    """The number with its marks alone: for tiles that are links as a whole."""
    return "" if number is None else number.__html__()
