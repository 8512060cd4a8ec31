"""The QR code on a building: whoever holds it fills in the place of a request, and nothing else."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from grids.models import Building, new_qr_token
from grids.scope import covers
from ground.errors import NoPower
from ground.steps import lock_row
from organizations.posts import Power


def can_change_building(user: Any, building: Building) -> bool:
    return user is None or covers(user, Power.REGISTRY_CHANGE, building)


def renew_token(building: Building, *, by: Any) -> Building:
    """Give a building another QR code; the old one stops working at once. Raises NoPower."""
    with transaction.atomic():
        lock_row(building)
        if not can_change_building(by, building):
            raise NoPower()
        building.qr_token = new_qr_token()
        building.save(update_fields=["qr_token"])
    return building


def with_token(token: str) -> Building | None:
    """The building of a QR code; None for an unknown one and where the community is closed."""
    found = Building.objects.select_related("community", "grid").filter(qr_token=token).first()
    if found is None or found.community is None or found.community.closed_at is not None:
        return None
    return found
