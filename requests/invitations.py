"""What floors above invite whoever asked to do next, on the page of his request: thanking those who came."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from requests.models import ServiceRequest


@dataclass(frozen=True, slots=True)
class Invitation:
    """A card with one button; `icon_name` is a drawing of the sprite."""

    title: str
    text: str
    label: str
    url: str
    icon_name: str = "heart"


#: Registered in `apps.ready` of the floors above: (service_request, whoever asked) → invitations.
inviters: list[Callable[[ServiceRequest, Any], Iterable[Invitation]]] = []


def invitations_of(service_request: ServiceRequest, viewer: Any) -> list[Invitation]:
    """All of them, in the order of the floors. As many queries as the inviters need."""
    return [each for invite in inviters for each in invite(service_request, viewer)]
