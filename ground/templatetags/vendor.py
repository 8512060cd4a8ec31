"""Files of other people's libraries, which `make install` lays out and a machine may lack."""

from __future__ import annotations

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage

register = template.Library()


@register.simple_tag
def vendor(name: str) -> str:
    """The address of a file under build/vendor/; "" where it is not there, so that the page goes without it."""
    try:
        return staticfiles_storage.url(f"vendor/{name}")
    except ValueError:  # the manifest of collectstatic does not name it
        return ""
