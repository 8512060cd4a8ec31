"""Opening pages of the registry, and all the addresses of one person."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from grids.models import Resident

LIST = "/desk/residents/"


def page_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def url(route: str, row: Any = None, **more: Any) -> str:
    return reverse(f"grids:{route}", kwargs=({"pk": row.pk} if row is not None else {}) | more)


def addresses(person: Resident) -> list[str]:
    home = person.household
    steps = [url("resident_step", person, name=name) for name in ("change", "move", "leave", "erase", "link")]
    return [
        url("resident", person),
        url("resident_reveal", person),
        *steps,
        url("household", home),
        url("household_step", home, name="assess"),
        url("dwelling", home.dwelling),
        url("dwelling_use", home.dwelling),
        url("building", home.dwelling.building),
        url("dwelling_new", home.dwelling.building),
        f"{url('resident_new')}?household={home.pk}",
        f"{url('resident_new')}?dwelling={home.dwelling.pk}",
    ]
