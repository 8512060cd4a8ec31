"""What units do when the tree changes."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from organizations.models import Organization, Unit
from organizations.signals import organization_moved


@receiver(organization_moved)
def units_follow(sender: Any, node: Organization, **kwargs: Any) -> None:
    Unit.follow(node)
